//! `serde-pickle` and `serde-pickle-elements`: Python's pickle as a data format, written and read by
//! Rust, through the crate serde-pickle.
//!
//! A file is a pickle of protocol 3 that makes dicts, lists, texts, bytes and numbers, and names
//! nothing: `{"format": "deadweight serde-pickle 1", "parameters": {...}}`. Python reads it with
//! `pickle.load`, which would also run a file that was put in its place.
//!
//! The crate itself understands more, ignores a part of that, and recurses as deep as a file nests
//! its values. So the instructions are looked at first, with the decoder of [`crate::pickle`]: only
//! those that write this document are let through, and only to a bounded depth. An instruction that
//! imports or calls is not among them.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};

use super::documents::{bytes_document, elements_to_read, elements_to_write};
use super::serde_documents::Marked;
use super::wire::{BytesRow, Codec, ElementsRow, ParametersCodec};
use super::{
    DecodeOptions, Descriptor, Encoding, FormatError, FormatKind, Loss, Warning, WarningKind,
};
use crate::base::{Parameters, value};
use crate::pickle::decode::Decoder;
use crate::pickle::opcode::Op;

/// The codec.
pub struct SerdePickle;

/// The row `serde-pickle`.
pub static BYTES: BytesRow<SerdePickle> =
    BytesRow { descriptor: &BYTES_DESCRIPTOR, codec: SerdePickle };
/// The row `serde-pickle-elements`.
pub static ELEMENTS: ElementsRow<SerdePickle> =
    ElementsRow { descriptor: &ELEMENTS_DESCRIPTOR, codec: SerdePickle };

const ID: &str = "serde-pickle";
/// Protocol 3, a dict, a mark, and the first key: a text of six bytes.
const BEGINNING: &[u8] = b"\x80\x03}(X\x06\0\0\0format";
/// Our documents nest eight deep.
const MAX_DEPTH: usize = 32;

const PYTHON: Warning = Warning {
    kind: WarningKind::HostileInput,
    text: "Python can read it only with pickle.load, which runs whatever a file says: never load one there that you did not write",
    reference: Some("https://docs.python.org/3/library/pickle.html"),
};
const DEPTH: Warning = Warning {
    kind: WarningKind::HostileInput,
    text: "serde-pickle recurses as deep as a file nests; we look at the instructions first, and stop at 32 levels",
    reference: None,
};
const NO_CHECKSUM: Warning = Warning {
    kind: WarningKind::NoChecksum,
    text: "changed bytes can decode to other numbers without an error",
    reference: None,
};

static BYTES_DESCRIPTOR: Descriptor = Descriptor {
    id: ID,
    title: "pickle as data (serde-pickle), arrays as bytes",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Bytes,
    crate_name: Some("serde-pickle"),
    extension: "pkl",
    view: false,
    arena: false,
    warnings: &[PYTHON, DEPTH, NO_CHECKSUM],
    losses: &[],
    specification: "https://docs.python.org/3/library/pickletools.html",
};

static ELEMENTS_DESCRIPTOR: Descriptor = Descriptor {
    id: "serde-pickle-elements",
    title: "pickle as data (serde-pickle), number by number",
    encoding: Encoding::Elements,
    warnings: &[
        PYTHON,
        DEPTH,
        NO_CHECKSUM,
        Warning {
            kind: WarningKind::Convention,
            text: "a u64 of 2^63 or more is a text of its digits: serde-pickle cannot read it as a number",
            reference: None,
        },
    ],
    losses: &[Loss::SignallingNan32],
    ..BYTES_DESCRIPTOR
};

impl Codec for SerdePickle {
    const ID: &'static str = ID;
    const SELF_DESCRIBING: bool = true;

    fn encode<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        serde_pickle::to_writer(out, &value, serde_pickle::SerOptions::new())
            .map_err(|error| FormatError::codec(ID, error))
    }

    fn write<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut dyn Write,
    ) -> Result<(), FormatError> {
        let mut out = out;
        serde_pickle::to_writer(&mut out, &value, serde_pickle::SerOptions::new())
            .map_err(|error| FormatError::codec(ID, error))
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError> {
        decode(bytes)
    }
}

/// Nothing is borrowed from `bytes`; the lifetime is that of a document which could.
fn decode<'de, T: Deserialize<'de>>(bytes: &[u8]) -> Result<T, FormatError> {
    check_instructions(bytes)?;
    serde_pickle::from_slice(bytes, serde_pickle::DeOptions::new())
        .map_err(|error| FormatError::codec(ID, error))
}

/// Looks at every instruction before the crate does: dicts, lists, texts, bytes and numbers, nested
/// at most [`MAX_DEPTH`] deep, with as many marks at once, and the end of the file behind STOP.
pub(super) fn check_instructions(bytes: &[u8]) -> Result<(), FormatError> {
    let mut decoder = Decoder::new(bytes);
    // No value above a mark nests deeper than its number here; the first is the bottom of the stack.
    let mut frames = vec![0usize];
    loop {
        // They nest in nothing, and nothing in them.
        decoder.skip_numbers();
        let step = decoder.step().map_err(|error| FormatError::codec(ID, error))?;
        let Some(instruction) = step else { break };
        let refused = |expected: &str| FormatError::Malformed {
            offset: instruction.offset,
            what: "instruction of a pickle",
            expected: expected.to_owned(),
            found: instruction.opcode.name.to_owned(),
        };
        // How deep the instruction can make a value of the topmost frame.
        let depth = match instruction.opcode.op {
            Op::Mark => {
                frames.push(0);
                0
            }
            Op::EmptyDict | Op::EmptyList => 1,
            // What lay above the mark goes into a container below it.
            Op::Appends | Op::SetItems => match (frames.pop(), frames.is_empty()) {
                (Some(depth), false) => depth.saturating_add(1),
                _ => return Err(refused("a mark before it")),
            },
            // A value goes into a container of its own frame.
            Op::SetItem => frames.last().map_or(0, |depth| depth.saturating_add(1)),
            Op::Proto | Op::Stop | Op::NewTrue | Op::NewFalse | Op::BinFloat => 0,
            Op::BinInt | Op::BinInt1 | Op::BinInt2 | Op::Long1 => 0,
            Op::BinUnicode | Op::BinBytes | Op::ShortBinBytes => 0,
            _ => {
                return Err(refused("only those that make dicts, lists, texts, bytes and numbers"));
            }
        };
        if depth > MAX_DEPTH || frames.len() > MAX_DEPTH {
            return Err(refused("at most 32 levels and marks"));
        }
        if let Some(deepest) = frames.last_mut() {
            *deepest = depth.max(*deepest);
        }
    }
    match bytes.len().saturating_sub(decoder.position()) {
        0 => Ok(()),
        found => Err(FormatError::Trailing { offset: decoder.position(), found }),
    }
}

// The crate says that it is read by people, for which the documents of `serde_documents.rs` would
// take base64.

bytes_document! {
    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    BytesDocument, BytesArray,
    text: #[serde(borrow)] Cow<'a, str>,
    metadata: #[serde(borrow)] Cow<'a, str>,
    data: #[serde(borrow, with = "serde_bytes")] Cow<'a, [u8]>,
}

elements_to_write! {
    #[derive(Serialize)]
    #[serde(rename_all = "lowercase")]
    ElementsDocument, ElementsArray, Elements,
    metadata: &'a str,
    floats: {},
    wide: { #[serde(serialize_with = "serialize_wide")] },
}

elements_to_read! {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase", deny_unknown_fields)]
    OwnedDocument, OwnedArray, OwnedElements,
    text: String,
    metadata: String,
    floats: {},
    wide: { #[serde(deserialize_with = "deserialize_wide")] },
}

/// Numbers beyond the signed ones are texts: the crate writes them as numbers and cannot read them.
fn serialize_wide<S: Serializer>(values: &&[u64], serializer: S) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(Some(values.len()))?;
    for value in values.iter() {
        match i64::try_from(*value) {
            Ok(value) => sequence.serialize_element(&value)?,
            Err(_) => sequence.serialize_element(&value.to_string())?,
        }
    }
    sequence.end()
}

fn deserialize_wide<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    let values = Vec::<Wide>::deserialize(deserializer)?;
    Ok(values.into_iter().map(|Wide(value)| value).collect())
}

/// A number, or the digits of one.
struct Wide(u64);

impl<'de> Deserialize<'de> for Wide {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WideVisitor).map(Wide)
    }
}

struct WideVisitor;

impl Visitor<'_> for WideVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number without a sign, or a text of its digits")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<u64, E> {
        let wrong = |_| E::invalid_value(de::Unexpected::Signed(value), &self);
        u64::try_from(value).map_err(wrong)
    }

    fn visit_u64<E>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
        text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl ParametersCodec for SerdePickle {
    const MARK_IS_FIELD: bool = true;

    fn encode_bytes(
        &self,
        mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let metadata = value::to_json(parameters.metadata());
        self.encode(&Marked::new(mark, BytesDocument::of(parameters, &metadata)), out)
    }

    fn write_bytes(
        &self,
        mark: &str,
        parameters: &Parameters,
        out: &mut dyn Write,
    ) -> Result<(), FormatError> {
        let metadata = value::to_json(parameters.metadata());
        self.write(&Marked::new(mark, BytesDocument::of(parameters, &metadata)), out)
    }

    fn decode_bytes(
        &self,
        mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError> {
        let document = decode::<Marked<String, BytesDocument<'static>>>(bytes)?;
        document.check(mark)?.into_parameters(options)
    }

    fn encode_elements(
        &self,
        mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let metadata = value::to_json(parameters.metadata());
        self.encode(&Marked::new(mark, ElementsDocument::of(parameters, &metadata)?), out)
    }

    fn decode_elements(
        &self,
        mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError> {
        let document = self.decode::<Marked<String, OwnedDocument>>(bytes)?;
        document.check(mark)?.into_parameters(options)
    }

    fn begins_with_field(&self, mark: &str, bytes: &[u8]) -> bool {
        let length = (mark.len() as u32).to_le_bytes();
        let rest = bytes
            .strip_prefix(BEGINNING)
            .and_then(|rest| rest.strip_prefix(b"X"))
            .and_then(|rest| rest.strip_prefix(&length));
        rest.is_some_and(|rest| rest.starts_with(mark.as_bytes()))
    }

    fn largest_array(&self) -> u64 {
        // Lengths have 32 bits; the crate cuts longer ones off without a word.
        u32::MAX.into()
    }

    fn expected_len(&self, array_bytes: usize, elements: bool) -> usize {
        // A double takes nine bytes.
        if elements { array_bytes.saturating_add(array_bytes / 8) } else { array_bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Format;

    #[test]
    fn what_imports_calls_or_remembers_is_refused() {
        for (body, name) in [
            (&b"cos\nsystem\nX\x02\0\0\0id\x85R."[..], "GLOBAL"),
            (b"\x8c\x02os\x8c\x06system\x93.", "SHORT_BINUNICODE"),
            (b"K\x01q\0h\0.", "BINPUT"),
            (b"K\x012.", "DUP"),
            (b"K\x01K\x02\x86.", "TUPLE2"),
        ] {
            let mut bytes = BEGINNING.to_vec();
            bytes.extend_from_slice(b"X\x19\0\0\0deadweight serde-pickle 1");
            bytes.extend_from_slice(body);
            assert!(BYTES.recognizes(&bytes));
            let error = BYTES.decode(&bytes, &DecodeOptions::default()).unwrap_err().to_string();
            assert!(error.contains(&format!("found {name}")), "{error}");
        }
    }

    #[test]
    fn depth_is_bounded_however_it_is_made() {
        let nested: [Vec<u8>; 3] = [
            [&b"\x80\x03"[..], &b"](".repeat(100_000), &b"e".repeat(100_000), b"."].concat(),
            [&b"\x80\x03"[..], &b"}K\x01".repeat(40), b"}", &b"s".repeat(40), b"."].concat(),
            [&b"\x80\x03"[..], &b"(".repeat(40), b"."].concat(),
        ];
        for bytes in nested {
            let error = check_instructions(&bytes).unwrap_err().to_string();
            assert!(error.contains("at most 32 levels and marks"), "{error}");
        }
        let wide = [&b"\x80\x03]("[..], &b"](K\x01e".repeat(100_000), b"e."].concat();
        check_instructions(&wide).unwrap();
    }
}
