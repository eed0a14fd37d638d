//! The documents that serde codecs write and read, and how their texts, metadata and blocks of
//! bytes appear in a codec that is read by people and in one that is not.
//!
//! What they consist of is in `documents.rs`; which codec writes which is in `wire.rs`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::documents::{bytes_document, elements_to_read, elements_to_write};
use super::{FormatError, json};

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
    shape: { #[serde(deserialize_with = "growing")] },
    arrays: { #[serde(borrow, deserialize_with = "growing")] },
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
    lists: { #[serde(deserialize_with = "growing")] },
}

/// Room that a list gets on the word of its length alone. serde gives a mebibyte, which a file of a
/// hundred bytes could ask for several times.
const LIST_BYTES: usize = 64 << 10;

/// Reads a list that takes memory as its elements come.
pub(crate) fn growing<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_seq(ListVisitor(PhantomData))
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let most = LIST_BYTES / size_of::<T>().max(1);
        let mut values = Vec::with_capacity(items.size_hint().unwrap_or_default().min(most));
        while let Some(value) = items.next_element()? {
            values.push(value);
        }
        Ok(values)
    }
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
