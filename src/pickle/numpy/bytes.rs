//! Bytes, in the ways in which the protocols spell them.
//!
//! Protocols 3 and above have an opcode. Below it Python 3 writes `_codecs.encode(text, "latin1")`,
//! a text whose code points are the bytes; Python 2 writes its string; protocol 5 may leave bytes
//! to a buffer beside the pickle. A bytearray is a call of its class up to protocol 4.

use std::borrow::Cow;

use super::array::{Context, place_of};
use crate::pickle::error::{PickleError, Place};
use crate::pickle::globals::Known;
use crate::pickle::value::{Node, NodeId, Object, Text};

impl<'d> Context<'d> {
    /// The bytes that a node spells; borrowed wherever they stand as they are.
    pub fn bytes(&self, place: Place, node: NodeId) -> Result<Cow<'d, [u8]>, PickleError> {
        match self.values.get(node) {
            Some(Node::Bytes(bytes) | Node::ByteArray(bytes)) => Ok(Cow::Borrowed(bytes)),
            Some(Node::String(bytes)) => Ok(Cow::Borrowed(bytes)),
            Some(Node::Buffer { index, .. }) => match self.buffers.get(*index) {
                Some(buffer) => Ok(Cow::Borrowed(buffer.as_bytes())),
                None => {
                    let found = format!("buffer {index} of {}", self.buffers.len());
                    Err(place.malformed("buffer", "one that came with the file", found))
                }
            },
            Some(Node::Object(object)) => self.spelled_bytes(node, object),
            _ => Err(self.wrong(place, "data", "bytes", node)),
        }
    }

    fn spelled_bytes(&self, node: NodeId, object: &Object) -> Result<Cow<'d, [u8]>, PickleError> {
        let place = place_of(object);
        let edited = !object.states.is_empty()
            || !object.items.is_empty()
            || !object.entries.is_empty()
            || object.keywords.is_some();
        let arguments = self.tuple(object.arguments);
        match (self.known(object), arguments) {
            _ if edited => Err(self.wrong(place, "data", "bytes alone", node)),
            (Some(Known::Bytes | Known::ByteArray), Some([])) => Ok(Cow::Borrowed(&[])),
            // Protocols 3 and 4 give bytes to it; below, those are an encoded text themselves.
            (Some(Known::ByteArray), Some([bytes])) => match self.values.get(*bytes) {
                Some(Node::Bytes(bytes)) => Ok(Cow::Borrowed(bytes)),
                Some(Node::Object(inner)) if self.known(inner) == Some(Known::CodecsEncode) => {
                    self.encoded(*bytes, inner)
                }
                _ => Err(self.wrong(place, "data", "bytes", *bytes)),
            },
            (Some(Known::CodecsEncode | Known::ByteArray), _) => self.encoded(node, object),
            _ => Err(self.wrong(place, "data", "bytes", node)),
        }
    }

    /// A text and the name of its encoding, which must be latin1.
    fn encoded(&self, node: NodeId, object: &Object) -> Result<Cow<'d, [u8]>, PickleError> {
        let place = place_of(object);
        let plain = object.states.is_empty() && object.items.is_empty();
        match self.tuple(object.arguments) {
            Some([text, encoding]) if plain && object.keywords.is_none() => {
                let name = self.values.get(*encoding).and_then(Node::as_str);
                if !matches!(name, Some("latin1" | "latin-1")) {
                    return Err(self.wrong(place, "encoding", "latin1", *encoding));
                }
                self.latin_1(place, *text).map(Cow::Owned)
            }
            _ => Err(self.wrong(place, "data", "a text and its encoding", node)),
        }
    }

    /// The bytes of which each is the code point of one character.
    fn latin_1(&self, place: Place, node: NodeId) -> Result<Vec<u8>, PickleError> {
        let text = match self.values.get(node) {
            Some(Node::Text(Text::Plain(text))) => text,
            // What Python 2 had as a string and is ASCII is the same text.
            Some(Node::String(bytes)) if bytes.is_ascii() => return Ok(bytes.to_vec()),
            _ => return Err(self.wrong(place, "data", "text in latin1", node)),
        };
        let mut bytes = Vec::with_capacity(text.len());
        for (at, character) in text.char_indices() {
            bytes.push(u8::try_from(u32::from(character)).map_err(|_| {
                let found = format!("U+{:04X} at its byte {at}", u32::from(character));
                place.malformed("data", "characters up to U+00FF", found)
            })?);
        }
        bytes.shrink_to_fit();
        Ok(bytes)
    }
}
