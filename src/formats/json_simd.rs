//! `json-simd` and `json-simd-elements`: the files of [`super::json`], written and read by the crate
//! sonic-rs, which looks at many characters at once.
//!
//! The documents and their marks are the same, so the rows read each other's files; whatever opens
//! one by its content takes `json`. What differs is the crate.
//!
//! Where the crate skips over a value, to keep it as it is or because it is of another type than was asked for, it
//! recurses as deep as that nests, without a bound: a file of a few hundred kilobytes would overflow the stack.
//! So brackets are counted first; in a document whose arrays are blocks, only up to these.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use memchr::memchr2;
use serde::de::{DeserializeOwned, Deserializer, SeqAccess, Visitor};
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};
use sonic_rs::LazyValue;

use super::documents::{bytes_document, elements_to_read, elements_to_write};
use super::json::{self, Json};
use super::serde_documents::{Block, Marked, Text};
use super::shallow::Shallow;
use super::wire::{BorrowingCodec, BytesRow, Codec, ElementsRow, ParametersCodec};
use super::{
    DecodeOptions, Descriptor, Encoding, FormatError, FormatKind, Loss, Warning, WarningKind,
};
use crate::base::{Parameters, value};

/// The codec.
pub struct JsonSimd;

/// The row `json-simd`.
pub static BYTES: BytesRow<JsonSimd> = BytesRow { descriptor: &BYTES_DESCRIPTOR, codec: JsonSimd };
/// The row `json-simd-elements`.
pub static ELEMENTS: ElementsRow<JsonSimd> =
    ElementsRow { descriptor: &ELEMENTS_DESCRIPTOR, codec: JsonSimd };

/// As many as serde_json allows. A build without optimization takes 28 kB of stack for each: there, a
/// thread needs more than the usual 2 MiB.
const MAX_DEPTH: usize = 128;
/// Bytes that are looked at together.
const BLOCK: usize = 128;

const NO_CHECKSUM: Warning = Warning {
    kind: WarningKind::NoChecksum,
    text: "changed digits decode to other numbers without an error",
    reference: None,
};
const DEPTH: Warning = Warning {
    kind: WarningKind::HostileInput,
    text: "sonic-rs recurses without a bound where it skips values, which overflows the stack; we count brackets first, and stop at 128",
    reference: Some("https://github.com/cloudwego/sonic-rs"),
};
const UNSAFE_CODE: Warning = Warning {
    kind: WarningKind::HostileInput,
    text: "much of sonic-rs is unsafe code; panics are contained, a fault in it could not be",
    reference: Some("https://github.com/cloudwego/sonic-rs"),
};

static BYTES_DESCRIPTOR: Descriptor = Descriptor {
    id: "json-simd",
    title: "JSON (sonic-rs), arrays as base64",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Bytes,
    crate_name: Some("sonic-rs"),
    extension: "json",
    view: false,
    arena: false,
    warnings: &[
        NO_CHECKSUM,
        DEPTH,
        UNSAFE_CODE,
        Warning {
            kind: WarningKind::Convention,
            text: "arrays are base64 of little-endian bytes: other programs must know dtype and shape",
            reference: None,
        },
    ],
    losses: &[],
    specification: "https://www.rfc-editor.org/rfc/rfc8259",
};

static ELEMENTS_DESCRIPTOR: Descriptor = Descriptor {
    id: "json-simd-elements",
    title: "JSON (sonic-rs), number by number",
    encoding: Encoding::Elements,
    warnings: &[
        NO_CHECKSUM,
        DEPTH,
        UNSAFE_CODE,
        Warning {
            kind: WarningKind::Convention,
            text: "JSON has no NaN and no infinity: they are the strings \"NaN\", \"Infinity\" and \"-Infinity\"",
            reference: None,
        },
    ],
    losses: &[Loss::NanPayload],
    ..BYTES_DESCRIPTOR
};

impl Codec for JsonSimd {
    const ID: &'static str = "json-simd";
    const SELF_DESCRIBING: bool = true;

    fn encode<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        sonic_rs::to_writer(out, value).map_err(|error| FormatError::codec(Self::ID, error))
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError> {
        self.decode_borrowed(bytes)
    }
}

impl BorrowingCodec for JsonSimd {
    fn decode_borrowed<'a, T: Deserialize<'a>>(&self, bytes: &'a [u8]) -> Result<T, FormatError> {
        check_depth(bytes)?;
        sonic_rs::from_str(text(bytes)?).map_err(|error| FormatError::codec(Self::ID, error))
    }
}

/// The document as text. The crate's own `from_slice` (0.5.10) hands out what it takes as it is, numbers among it,
/// before it says that it is not UTF-8: until then there are `&str` that Rust promises cannot be.
fn text(bytes: &[u8]) -> Result<&str, FormatError> {
    std::str::from_utf8(bytes).map_err(|error| FormatError::codec(JsonSimd::ID, error))
}

/// Counts the brackets that are open together, outside of strings. Up to where the crate finds an
/// error, it sees the same strings and brackets.
pub(super) fn check_depth(bytes: &[u8]) -> Result<(), FormatError> {
    let (mut depth, mut in_string, mut place) = (0usize, false, 0usize);
    while let Some(rest) = bytes.get(place..).filter(|rest| !rest.is_empty()) {
        if in_string {
            // Blocks of base64 are most of a file.
            let Some(found) = memchr2(b'"', b'\\', rest) else { return Ok(()) };
            in_string = rest.get(found) == Some(&b'\\');
            // The next byte is escaped, whatever it is.
            place = place.saturating_add(found).saturating_add(if in_string { 2 } else { 1 });
            continue;
        }
        // Most blocks of a file hold nothing that matters: looking at all of their bytes alike is
        // many times faster than looking at one after the other.
        let block = rest.get(..BLOCK).unwrap_or(rest);
        let matters = block
            .iter()
            .fold(false, |any, byte| any | matches!(byte, b'"' | b'[' | b'{' | b']' | b'}'));
        if !matters {
            place = place.saturating_add(block.len());
            continue;
        }
        let end = place.saturating_add(block.len());
        while let Some(byte) = bytes.get(place).filter(|_| place < end && !in_string) {
            match byte {
                b'"' => in_string = true,
                b'[' | b'{' => depth = depth.saturating_add(1),
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > MAX_DEPTH {
                return Err(FormatError::Malformed {
                    offset: place,
                    what: "nesting of JSON",
                    expected: format!("at most {MAX_DEPTH} levels"),
                    found: "one more".into(),
                });
            }
            place = place.saturating_add(1);
        }
    }
    Ok(())
}

/// The same for a `bytes` document, of which most are blocks that cannot nest. It is read by [`Shallow`], so that
/// metadata is all that the crate skips over: behind it nothing has to be counted, since what comes twice is
/// refused before its value is looked at. A document that does not begin as it is written is counted as a whole.
pub(super) fn check_depth_of_bytes(bytes: &[u8]) -> Result<(), FormatError> {
    let counted = end_of_metadata(bytes).and_then(|end| bytes.get(..end));
    check_depth(counted.unwrap_or(bytes))
}

/// Where the value of `metadata` ends that stands before `arrays`, in the second of two open objects.
fn end_of_metadata(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut place, mut found) = (0usize, 0usize, false);
    loop {
        let byte = *bytes.get(place)?;
        place = place.checked_add(1)?;
        match byte {
            b'[' | b'{' => depth = depth.checked_add(1)?,
            b']' | b'}' => depth = depth.checked_sub(1)?,
            b'"' => {
                let text = bytes.get(place..)?;
                let end = end_of_string(text)?;
                place = place.checked_add(end)?.checked_add(1)?;
                let (text, behind) = (text.get(..end)?, bytes.get(place..)?.trim_ascii_start());
                match text {
                    _ if depth != 2 || found || !behind.starts_with(b":") => {}
                    b"metadata" => found = true,
                    b"kind" | b"layout_version" => {}
                    _ => return None,
                }
            }
            b',' if found && depth == 2 => return Some(place),
            _ => {}
        }
    }
}

/// Where the quote is that ends a string, which begins behind its first.
fn end_of_string(text: &[u8]) -> Option<usize> {
    let mut place = 0usize;
    loop {
        place = place.checked_add(memchr2(b'"', b'\\', text.get(place..)?)?)?;
        if text.get(place) == Some(&b'"') {
            return Some(place);
        }
        place = place.checked_add(2)?;
    }
}

// The documents of `serde_documents.rs` have raw JSON in them, which serde has no word for: each
// crate finds its own.

bytes_document! {
    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    BytesDocument, BytesArray,
    text: #[serde(borrow)] Text<'a>,
    metadata: #[serde(borrow)] RawText<'a>,
    data: #[serde(borrow)] Block<'a>,
}

elements_to_write! {
    #[derive(Serialize)]
    #[serde(rename_all = "lowercase")]
    ElementsDocument, ElementsArray, Elements,
    metadata: RawText<'a>,
    floats: { #[serde(serialize_with = "json::serialize_floats")] },
}

elements_to_read! {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase", deny_unknown_fields)]
    OwnedDocument, OwnedArray, OwnedElements,
    text: Text<'static>,
    metadata: RawText<'static>,
    floats: { #[serde(deserialize_with = "deserialize_floats")] },
}

/// JSON inside of JSON, as it is.
struct RawText<'a>(Cow<'a, str>);

impl<'a> From<&'a str> for RawText<'a> {
    fn from(text: &'a str) -> Self {
        RawText(Cow::Borrowed(text))
    }
}

impl<'a> From<RawText<'a>> for Cow<'a, str> {
    fn from(text: RawText<'a>) -> Self {
        text.0
    }
}

impl From<RawText<'_>> for String {
    fn from(text: RawText<'_>) -> Self {
        text.0.into_owned()
    }
}

impl Serialize for RawText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: LazyValue<'_> = sonic_rs::from_str(&self.0).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de, 'a> Deserialize<'de> for RawText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = LazyValue::deserialize(deserializer)?;
        Ok(RawText(Cow::Owned(raw.as_raw_str().to_owned())))
    }
}

/// A float that JSON may lack a number for.
trait Float: Sized {
    /// The next element of a list.
    fn next<'de, A: SeqAccess<'de>>(items: &mut A) -> Result<Option<Self>, A::Error>;
}

impl Float for f64 {
    fn next<'de, A: SeqAccess<'de>>(items: &mut A) -> Result<Option<Self>, A::Error> {
        // From its digits: the crate (0.5.10) reads -0.0 as 0.0.
        let item = items.next_element::<LazyValue<'de>>()?;
        item.map(|item| json::double(item.as_raw_str())).transpose()
    }
}

impl Float for f32 {
    fn next<'de, A: SeqAccess<'de>>(items: &mut A) -> Result<Option<Self>, A::Error> {
        // By way of f64, which is all that the crate gives for a value of any type, it would be
        // rounded twice.
        let item = items.next_element::<LazyValue<'de>>()?;
        item.map(|item| json::single(item.as_raw_str())).transpose()
    }
}

fn deserialize_floats<'de, T: Float, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_seq(Floats(PhantomData))
}

struct Floats<T>(PhantomData<T>);

impl<'de, T: Float> Visitor<'de> for Floats<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = T::next(&mut items)? {
            values.push(value);
        }
        Ok(values)
    }
}

impl ParametersCodec for JsonSimd {
    const MARK_IS_FIELD: bool = true;

    fn marked_as(&self, id: &'static str) -> &'static str {
        match id {
            "json-simd" => "json",
            _ => "json-elements",
        }
    }

    fn encode_bytes(
        &self,
        mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let metadata = value::to_json(parameters.metadata());
        self.encode(&Marked::new(mark, BytesDocument::of(parameters, &metadata)), out)
    }

    fn decode_bytes(
        &self,
        mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError> {
        check_depth_of_bytes(bytes)?;
        let text = text(bytes)?;
        let document = sonic_rs::from_str::<Shallow<Marked<Text<'_>, BytesDocument<'_>>>>(text)
            .map_err(|error| FormatError::codec(Self::ID, error))?;
        document.0.check(mark)?.into_parameters(options)
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
        let document = self.decode::<Marked<Text<'_>, OwnedDocument>>(bytes)?;
        document.check(mark)?.into_parameters(options)
    }

    fn begins_with_field(&self, mark: &str, bytes: &[u8]) -> bool {
        Json.begins_with_field(mark, bytes)
    }

    fn expected_len(&self, array_bytes: usize, elements: bool) -> usize {
        Json.expected_len(array_bytes, elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Format, json};

    #[test]
    fn depth_is_bounded_before_the_crate_recurses() {
        for place in ["\"metadata\":", "\"arrays\":[{\"name\":\"x\",\"elements\":{\"f32\":["] {
            let beginning =
                format!("{{\"format\":\"deadweight json-elements 1\",\"parameters\":{{{place}");
            let bytes = [beginning.as_bytes(), &b"[".repeat(1_000_000)].concat();
            let error = ELEMENTS.decode(&bytes, &DecodeOptions::default()).unwrap_err().to_string();
            assert!(error.contains("expected at most 128 levels"), "{error}");
        }
    }

    #[test]
    fn depth_is_bounded_wherever_it_is_in_a_document_of_bytes() {
        let format = "\"format\":\"deadweight json 1\"";
        let array = "{\"name\":\"x\",\"dtype\":\"f64\",\"shape\":[0],\"data\":\"\"}";
        let head = "\"kind\":\"arrays\",\"layout_version\":1";
        let metadata = "\"metadata\":{\"note\":\"a \\\"[{\"}";
        let whole =
            format!("{{{format},\"parameters\":{{{head},{metadata},\"arrays\":[{array}]}}}}");
        BYTES.decode(whole.as_bytes(), &DecodeOptions::default()).unwrap();
        let end = end_of_metadata(whole.as_bytes()).unwrap();
        assert!(whole[end..].starts_with("\"arrays\""), "{}", &whole[end..]);

        // In place of each value, behind each value, and under another key there.
        let mut places: Vec<usize> =
            whole.match_indices([':', ',', '[', '{']).map(|found| found.0 + 1).collect();
        places.push(whole.len());
        let other_keys =
            ["", "\"metadata\":", "\"other\":", "\"parameters\":{\"metadata\":", "\"parameters\":"];
        for place in places {
            for open in ["[", "{\"metadata\":", "[{\"kind\":"] {
                for key in other_keys {
                    let before = format!("{}{key}", &whole[..place]);
                    let bytes = [before.as_bytes(), &open.as_bytes().repeat(300_000)].concat();
                    assert!(BYTES.decode(&bytes, &DecodeOptions::default()).is_err(), "{before}");
                }
            }
        }
        // Another order is as good.
        let turned =
            format!("{{{format},\"parameters\":{{\"arrays\":[{array}],{metadata},{head}}}}}");
        assert_eq!(end_of_metadata(turned.as_bytes()), None);
        BYTES.decode(turned.as_bytes(), &DecodeOptions::default()).unwrap();
    }

    #[test]
    fn what_is_not_text_is_refused_before_the_crate_reads_it() {
        /// Panics where it is handed what is not UTF-8.
        #[derive(Debug)]
        struct Checked;

        impl<'de> Deserialize<'de> for Checked {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = LazyValue::deserialize(deserializer)?;
                std::str::from_utf8(value.as_raw_str().as_bytes()).unwrap();
                Ok(Checked)
            }
        }

        let wrong = b"[\"\xff\"]";
        let error = JsonSimd.decode_borrowed::<Vec<Checked>>(wrong).unwrap_err().to_string();
        assert!(error.contains("index 2"), "{error}");
        for row in [&BYTES as &dyn crate::formats::Format, &ELEMENTS] {
            let mut bytes = Vec::new();
            row.encode(&Parameters::new("arrays", 1), &mut bytes).unwrap();
            let place = bytes.windows(8).position(|window| window == b"\"arrays\"").unwrap();
            bytes[place + 1] = 0xff;
            let error = row.decode(&bytes, &DecodeOptions::default()).unwrap_err().to_string();
            assert!(error.contains("utf-8"), "{error}");
        }
    }

    #[test]
    fn brackets_count_where_they_are_brackets() {
        let padding = " ".repeat(BLOCK - 3);
        for start in 0..4 {
            let quoted = format!("{}[\"{}\\\"", &padding[start..], "[".repeat(500));
            check_depth(quoted.as_bytes()).unwrap();
            check_depth(format!("{quoted}\"]").as_bytes()).unwrap();
            let levels = |count| format!("{quoted}\",{}", "{".repeat(count));
            check_depth(levels(MAX_DEPTH - 1).as_bytes()).unwrap();
            assert!(check_depth(levels(MAX_DEPTH).as_bytes()).is_err());
            let closed = format!("{quoted}\"]{}", "[{}]".repeat(500));
            check_depth(closed.as_bytes()).unwrap();
        }
    }

    #[test]
    fn the_rows_of_json_read_these_files_and_the_other_way_round() {
        let mut parameters = Parameters::new("arrays", 1).with("note", "a \"b\" \\ c");
        let singles = vec![f32::from_bits(0x15ae_43fd), f32::INFINITY, -0.0];
        parameters.insert("x", crate::base::Array::from_vec(singles, &[3]).unwrap()).unwrap();
        let rows: [(&dyn Format, &dyn Format); 4] = [
            (&BYTES, &json::BYTES),
            (&json::BYTES, &BYTES),
            (&ELEMENTS, &json::ELEMENTS),
            (&json::ELEMENTS, &ELEMENTS),
        ];
        for (writer, reader) in rows {
            let mut bytes = Vec::new();
            writer.encode(&parameters, &mut bytes).unwrap();
            let back = reader.decode(&bytes, &DecodeOptions::default()).unwrap();
            assert_eq!(back.first_difference(&parameters), None);
        }
    }
}
