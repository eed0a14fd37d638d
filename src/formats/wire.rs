//! From one codec, two formats: the rows `bytes` and `elements` of every format that goes
//! through serde or a derive of its own.
//!
//! A [`Codec`] turns any serde type into bytes and back; it is public, so that a developer can
//! compare codecs on a type of their own. A [`ParametersCodec`] does the same for the documents
//! of `documents.rs`; serde codecs get it from a macro, the others implement it over documents
//! with their own derive. [`BytesRow`] and [`ElementsRow`] make it a [`Format`].
//!
//! Every file says which row wrote it, so that content alone decides how it is read. The mark is
//! the text `deadweight <id> <version>`: a line of its own before the bytes of a codec that does
//! not describe itself (the codec's own bytes follow, unchanged), and the value of the first
//! field, `format`, of one that does (so that a JSON file is JSON).
//!
//! Decoding never allocates on the word of a length alone, refuses trailing bytes, and contains
//! a panic of the codec's crate.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::documents::{bytes_document, elements_to_read, elements_to_write};
use super::{DecodeOptions, Descriptor, Format, FormatError, contain, json, sniff};
use crate::base::{Parameters, value};

/// The version in the mark of every file that the rows write.
pub const VERSION: u32 = 1;

/// A way to turn any serde type into bytes and back.
///
/// ```
/// use deadweight::formats::wire::Codec;
/// let mut bytes = Vec::new();
/// let codec = deadweight::formats::postcard::Postcard;
/// codec.encode(&(1u8, "one"), &mut bytes)?;
/// assert_eq!(codec.decode::<(u8, String)>(&bytes)?, (1, "one".to_owned()));
/// # Ok::<(), deadweight::formats::FormatError>(())
/// ```
pub trait Codec: Send + Sync {
    /// The id of the `bytes` row that is made of it: `postcard`.
    const ID: &'static str;
    /// True when the bytes name their fields and types, so that they make sense without the type.
    const SELF_DESCRIBING: bool;

    /// Appends the encoded value to `out`.
    ///
    /// # Errors
    /// [`FormatError::Codec`] when the codec cannot hold the value.
    fn encode<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError>;

    /// Reads a value that owns its memory. Nothing may follow it.
    ///
    /// # Errors
    /// [`FormatError::Codec`] with the codec's own words, [`FormatError::Trailing`].
    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError>;
}

/// A codec whose values can borrow text and bytes from the input.
pub trait BorrowingCodec: Codec {
    /// Reads a value that may borrow from `bytes`. Nothing may follow it.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    fn decode_borrowed<'a, T: Deserialize<'a>>(&self, bytes: &'a [u8]) -> Result<T, FormatError>;
}

/// A way to turn parameters into bytes and back, in both encodings. `mark` is the text that tells
/// the row; decoding begins after it was checked where it is a line.
pub trait ParametersCodec: Send + Sync {
    /// True when the mark is a field of the codec's own; else it is a line before its bytes.
    const MARK_IS_FIELD: bool;

    /// Appends a `bytes` document.
    ///
    /// # Errors
    /// When the codec cannot hold the parameters.
    fn encode_bytes(
        &self,
        mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError>;
    /// Reads a `bytes` document.
    ///
    /// # Errors
    /// When the bytes are not one.
    fn decode_bytes(
        &self,
        mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError>;
    /// Appends an `elements` document.
    ///
    /// # Errors
    /// When the codec cannot hold the parameters.
    fn encode_elements(
        &self,
        mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError>;
    /// Reads an `elements` document.
    ///
    /// # Errors
    /// When the bytes are not one.
    fn decode_elements(
        &self,
        mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError>;

    /// True when `bytes` begin as a file of the mark does, for codecs whose mark is a field.
    fn begins_with_field(&self, mark: &str, bytes: &[u8]) -> bool {
        let _ = (mark, bytes);
        false
    }

    /// How many bytes to set aside before encoding arrays of `array_bytes`.
    fn expected_len(&self, array_bytes: usize, elements: bool) -> usize {
        let _ = elements;
        array_bytes
    }
}

/// The text that tells which row wrote a file.
pub fn mark(id: &str) -> String {
    format!("deadweight {id} {VERSION}")
}

/// The error for bytes that do not begin as a file of format `id` does.
pub(crate) fn not_this_format(id: &'static str, bytes: &[u8]) -> FormatError {
    let words = format!("deadweight {id} ");
    let found = bytes.strip_prefix(words.as_bytes()).and_then(|rest| {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()
    });
    if let Some(found) = found {
        return FormatError::Version { format: id, found, expected: VERSION };
    }
    FormatError::Malformed {
        offset: 0,
        what: "beginning of the file",
        expected: format!("{:?}", mark(id)),
        found: sniff::found(bytes),
    }
}

fn after_line<'a>(id: &'static str, bytes: &'a [u8]) -> Result<&'a [u8], FormatError> {
    bytes
        .strip_prefix(mark(id).as_bytes())
        .and_then(|rest| rest.strip_prefix(b"\n"))
        .ok_or_else(|| not_this_format(id, bytes))
}

/// The row that stores each array as one block of bytes.
pub struct BytesRow<C> {
    pub(crate) descriptor: &'static Descriptor,
    pub(crate) codec: C,
}

/// The row that puts each number through the codec.
pub struct ElementsRow<C> {
    pub(crate) descriptor: &'static Descriptor,
    pub(crate) codec: C,
}

macro_rules! row {
    ($row:ident, $encode:ident, $decode:ident, $elements:literal) => {
        impl<C: ParametersCodec> Format for $row<C> {
            fn descriptor(&self) -> &'static Descriptor {
                self.descriptor
            }

            fn encode(
                &self,
                parameters: &Parameters,
                out: &mut Vec<u8>,
            ) -> Result<(), FormatError> {
                let mark = mark(self.descriptor.id);
                out.reserve(expected_len(&self.codec, parameters, $elements));
                if !C::MARK_IS_FIELD {
                    out.extend_from_slice(mark.as_bytes());
                    out.push(b'\n');
                }
                self.codec.$encode(&mark, parameters, out)
            }

            fn decode(
                &self,
                bytes: &[u8],
                options: &DecodeOptions,
            ) -> Result<Parameters, FormatError> {
                let id = self.descriptor.id;
                let rest = match C::MARK_IS_FIELD {
                    false => after_line(id, bytes)?,
                    true if self.recognizes(bytes) => bytes,
                    true => return Err(not_this_format(id, bytes)),
                };
                contain(id, || self.codec.$decode(&mark(id), rest, options))
            }

            fn recognizes(&self, bytes: &[u8]) -> bool {
                let mark = mark(self.descriptor.id);
                match C::MARK_IS_FIELD {
                    false => after_line(self.descriptor.id, bytes).is_ok(),
                    true => self.codec.begins_with_field(&mark, bytes),
                }
            }
        }
    };
}

row!(BytesRow, encode_bytes, decode_bytes, false);
row!(ElementsRow, encode_elements, decode_elements, true);

/// What to set aside for a document: its arrays, and names, dtypes, shapes and field names.
fn expected_len<C: ParametersCodec>(codec: &C, parameters: &Parameters, elements: bool) -> usize {
    let named = |(name, array): (&str, &crate::base::Array)| {
        name.len().saturating_add(array.shape().len().saturating_mul(9)).saturating_add(72)
    };
    let around: usize = parameters.arrays().map(named).sum();
    codec.expected_len(parameters.byte_len(), elements).saturating_add(around).saturating_add(1024)
}

/// A document with its mark as the first field, for codecs that describe themselves.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Marked<S, T> {
    format: S,
    parameters: T,
}

impl<S: AsRef<str>, T> Marked<S, T> {
    pub(crate) fn new(format: S, parameters: T) -> Self {
        Marked { format, parameters }
    }

    pub(crate) fn check(self, mark: &str) -> Result<T, FormatError> {
        if self.format.as_ref() == mark {
            return Ok(self.parameters);
        }
        Err(FormatError::Malformed {
            offset: 0,
            what: "format",
            expected: format!("{mark:?}"),
            found: format!("{:?}", self.format.as_ref()),
        })
    }
}

bytes_document! {
    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    BytesDocument, BytesArray,
    text: #[serde(borrow)] Text<'a>,
    metadata: #[serde(borrow)] MetadataText<'a>,
    data: #[serde(borrow)] Block<'a>,
}

elements_to_write! {
    #[derive(Serialize)]
    #[serde(rename_all = "lowercase")]
    ElementsDocument, ElementsArray, Elements,
    metadata: MetadataText<'a>,
    floats: { #[serde(serialize_with = "json::serialize_floats")] },
}

elements_to_read! {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase", deny_unknown_fields)]
    OwnedDocument, OwnedArray, OwnedElements,
    text: Text<'static>,
    metadata: MetadataText<'static>,
    floats: { #[serde(deserialize_with = "json::deserialize_floats")] },
}

/// A text that is asked for as a `str`: a codec that can borrow then compares its length with the
/// input before anything is allocated.
pub(crate) struct Text<'a>(Cow<'a, str>);

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Text(Cow::Borrowed(text))
    }
}

impl<'a> From<Text<'a>> for Cow<'a, str> {
    fn from(text: Text<'a>) -> Self {
        text.0
    }
}

impl From<Text<'_>> for String {
    fn from(text: Text<'_>) -> Self {
        text.0.into_owned()
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Names are short: copying them keeps one document type for all lifetimes.
        deserializer.deserialize_str(TextVisitor).map(|text| Text(Cow::Owned(text)))
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E>(self, text: String) -> Result<String, E> {
        Ok(text)
    }
}

/// The JSON text of the metadata: nested as it is in a format that is read by people (JSON), a
/// string in all others.
pub(crate) struct MetadataText<'a>(Cow<'a, str>);

impl<'a> From<&'a str> for MetadataText<'a> {
    fn from(text: &'a str) -> Self {
        MetadataText(Cow::Borrowed(text))
    }
}

impl<'a> From<MetadataText<'a>> for Cow<'a, str> {
    fn from(text: MetadataText<'a>) -> Self {
        text.0
    }
}

impl From<MetadataText<'_>> for String {
    fn from(text: MetadataText<'_>) -> Self {
        text.0.into_owned()
    }
}

impl Serialize for MetadataText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_str(&self.0);
        }
        serde_json::from_str::<&RawValue>(&self.0)
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de, 'a> Deserialize<'de> for MetadataText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return Text::deserialize(deserializer).map(|text| MetadataText(text.0));
        }
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(MetadataText(Cow::Owned(raw.get().to_owned())))
    }
}

/// The block of bytes of an array: base64 in a format that is read by people (JSON), the codec's
/// byte string in all others, borrowed where the codec can.
pub(crate) struct Block<'a>(Cow<'a, [u8]>);

impl<'a> From<&'a [u8]> for Block<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Block(Cow::Borrowed(bytes))
    }
}

impl<'a> From<Block<'a>> for Cow<'a, [u8]> {
    fn from(block: Block<'a>) -> Self {
        block.0
    }
}

impl Serialize for Block<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer
                .collect_str(&base64::display::Base64Display::new(&self.0, &STANDARD));
        }
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Block<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_str(Base64Visitor).map(|block| Block(block.into()));
        }
        deserializer.deserialize_bytes(BlockVisitor(PhantomData)).map(Block)
    }
}

struct Base64Visitor;

impl Visitor<'_> for Base64Visitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
        STANDARD.decode(text).map_err(|error| E::custom(format!("base64: {error}")))
    }
}

struct BlockVisitor<'a>(PhantomData<&'a ()>);

impl<'a, 'de: 'a> Visitor<'de> for BlockVisitor<'a> {
    type Value = Cow<'a, [u8]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte string")
    }

    fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(bytes))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(bytes.to_vec()))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Self::Value, E> {
        Ok(Cow::Owned(bytes))
    }
}

/// Encodes both documents with a serde codec; decoding differs for codecs that cannot borrow.
pub(crate) fn encode_bytes<C: Codec>(
    codec: &C,
    mark: &str,
    parameters: &Parameters,
    out: &mut Vec<u8>,
) -> Result<(), FormatError> {
    let metadata = value::to_json(parameters.metadata());
    let document = BytesDocument::of(parameters, &metadata);
    match C::SELF_DESCRIBING {
        true => codec.encode(&Marked::new(mark, document), out),
        false => codec.encode(&document, out),
    }
}

/// As [`encode_bytes`], each number on its own.
pub(crate) fn encode_elements<C: Codec>(
    codec: &C,
    mark: &str,
    parameters: &Parameters,
    out: &mut Vec<u8>,
) -> Result<(), FormatError> {
    let metadata = value::to_json(parameters.metadata());
    let document = ElementsDocument::of(parameters, &metadata)?;
    match C::SELF_DESCRIBING {
        true => codec.encode(&Marked::new(mark, document), out),
        false => codec.encode(&document, out),
    }
}

/// Reads a `bytes` document with a codec that can borrow.
pub(crate) fn decode_bytes<C: BorrowingCodec>(
    codec: &C,
    mark: &str,
    bytes: &[u8],
    options: &DecodeOptions,
) -> Result<Parameters, FormatError> {
    let document = match C::SELF_DESCRIBING {
        true => codec.decode_borrowed::<Marked<Text, BytesDocument>>(bytes)?.check(mark)?,
        false => codec.decode_borrowed::<BytesDocument>(bytes)?,
    };
    document.into_parameters(options)
}

/// Reads an `elements` document with a codec that gives `str` to those who ask for it.
pub(crate) fn decode_elements<C: Codec>(
    codec: &C,
    mark: &str,
    bytes: &[u8],
    options: &DecodeOptions,
) -> Result<Parameters, FormatError> {
    let document = match C::SELF_DESCRIBING {
        true => codec.decode::<Marked<Text, OwnedDocument>>(bytes)?.check(mark)?,
        false => codec.decode::<OwnedDocument>(bytes)?,
    };
    document.into_parameters(options)
}

/// Implements [`ParametersCodec`] for a serde codec that can borrow; what follows the type
/// replaces defaults of the trait.
macro_rules! parameters_codec {
    ($codec:ty $(, $replaced:item)* $(,)?) => {
        impl $crate::formats::wire::ParametersCodec for $codec {
            const MARK_IS_FIELD: bool = <Self as $crate::formats::wire::Codec>::SELF_DESCRIBING;

            fn encode_bytes(
                &self,
                mark: &str,
                parameters: &$crate::base::Parameters,
                out: &mut Vec<u8>,
            ) -> Result<(), $crate::formats::FormatError> {
                $crate::formats::wire::encode_bytes(self, mark, parameters, out)
            }

            fn decode_bytes(
                &self,
                mark: &str,
                bytes: &[u8],
                options: &$crate::formats::DecodeOptions,
            ) -> Result<$crate::base::Parameters, $crate::formats::FormatError> {
                $crate::formats::wire::decode_bytes(self, mark, bytes, options)
            }

            fn encode_elements(
                &self,
                mark: &str,
                parameters: &$crate::base::Parameters,
                out: &mut Vec<u8>,
            ) -> Result<(), $crate::formats::FormatError> {
                $crate::formats::wire::encode_elements(self, mark, parameters, out)
            }

            fn decode_elements(
                &self,
                mark: &str,
                bytes: &[u8],
                options: &$crate::formats::DecodeOptions,
            ) -> Result<$crate::base::Parameters, $crate::formats::FormatError> {
                $crate::formats::wire::decode_elements(self, mark, bytes, options)
            }

            $($replaced)*
        }
    };
}

/// Calls `$function::<LIMIT>(...)` with the smallest of a ladder of limits that is at least eight
/// times the input: for crates whose limit on what a length may claim is a const generic. Eight,
/// because a number of eight bytes in memory can stand in one byte of the input.
macro_rules! with_ceiling {
    ($len:expr, $function:ident($($argument:expr),*)) => {
        match $len {
            ..=0x2_0000 => $function::<_, 0x10_0000>($($argument),*),
            ..=0x8_0000 => $function::<_, 0x40_0000>($($argument),*),
            ..=0x20_0000 => $function::<_, 0x100_0000>($($argument),*),
            ..=0x80_0000 => $function::<_, 0x400_0000>($($argument),*),
            ..=0x200_0000 => $function::<_, 0x1000_0000>($($argument),*),
            ..=0x800_0000 => $function::<_, 0x4000_0000>($($argument),*),
            ..=0x2000_0000 => $function::<_, 0x1_0000_0000>($($argument),*),
            ..=0x8000_0000 => $function::<_, 0x4_0000_0000>($($argument),*),
            _ => $function::<_, 0x40_0000_0000>($($argument),*),
        }
    };
}

pub(crate) use {parameters_codec, with_ceiling};
