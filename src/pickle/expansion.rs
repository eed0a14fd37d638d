//! What a file could become when its arrays are copied out of it.
//!
//! A pickle can name the same bytes again and again: a hundred arrays over one block of memory are
//! a few hundred bytes of instructions, and a hundred copies for whoever converts them. numpy never
//! writes that, since it makes fresh bytes for every array. So the bytes of all arrays together are
//! at most those of the file and the buffers beside it, and a file that asks for more is refused
//! before anything is converted.
//!
//! Texts in object arrays are different: Python writes a text once and then refers to it, and a
//! column of labels has the same few a million times. They may add up to many times the file.

use super::error::{PickleError, Place};
use super::globals::Known;
use super::numpy::{Context, place_of};
use super::value::{Node, NodeId, Object};

/// How many times larger than the file its texts in object arrays may be; a label of a hundred
/// characters, repeated, is two bytes in the file each time.
const TEXT_RATIO: usize = 64;
/// Up to here the texts are not counted against the file.
const TEXT_FREE_BYTES: usize = 64 << 20;

/// Compares what the arrays ask for with what there is.
pub(super) fn check(context: &Context) -> Result<(), PickleError> {
    let file = context.source.len();
    let beside = context.buffers.iter().map(|buffer| buffer.len()).fold(0, usize::saturating_add);
    let most = file.saturating_add(beside);
    let most_text = file.saturating_mul(TEXT_RATIO).max(TEXT_FREE_BYTES);
    let (mut sum, mut text) = (0usize, 0usize);
    for (_, node) in context.values.iter() {
        let Node::Object(object) = node else { continue };
        let Some(data) = data_of(context, object) else { continue };
        let place = place_of(object);
        sum = sum.saturating_add(length_of(context, data));
        if sum > most {
            return Err(too_much(place, most, "bytes in arrays, each of them once"));
        }
        if let Some(Node::List(elements)) = context.values.get(data) {
            let lengths = elements.iter().map(|id| text_length(context, *id));
            text = lengths.fold(text, usize::saturating_add);
            if text > most_text {
                return Err(too_much(place, most_text, "bytes of text in object arrays"));
            }
        }
    }
    Ok(())
}

fn too_much(place: Place, most: usize, what: &str) -> PickleError {
    place.malformed("arrays", format!("at most {most} {what}"), "more")
}

/// Where an array has its data; `None` for all other objects.
fn data_of(context: &Context, object: &Object) -> Option<NodeId> {
    match context.known(object)? {
        Known::ArrayFromBuffer => context.tuple(object.arguments)?.first().copied(),
        Known::ArrayReconstruct => context.tuple(object.state()?)?.last().copied(),
        _ => None,
    }
}

/// How many bytes or elements a node has, as a bound.
fn length_of(context: &Context, node: NodeId) -> usize {
    match context.values.get(node) {
        Some(Node::List(elements)) => elements.len(),
        Some(Node::Buffer { index, .. }) => {
            context.buffers.get(*index).map_or(0, |buffer| buffer.len())
        }
        // Bytes that are spelled as a call stand in its first argument, a character for each: one
        // byte of a file in protocol 0, but one or two of UTF-8.
        Some(Node::Object(object)) => {
            let first = context.tuple(object.arguments).and_then(|arguments| arguments.first());
            match first.and_then(|first| context.values.get(*first)) {
                Some(Node::Text(text)) => text.character_count(),
                _ => first.map_or(0, |first| text_length(context, *first)),
            }
        }
        _ => text_length(context, node),
    }
}

fn text_length(context: &Context, node: NodeId) -> usize {
    match context.values.get(node) {
        Some(Node::Bytes(bytes) | Node::ByteArray(bytes)) => bytes.len(),
        Some(Node::String(bytes)) => bytes.len(),
        Some(Node::Text(text)) => text.as_bytes().len(),
        _ => 0,
    }
}
