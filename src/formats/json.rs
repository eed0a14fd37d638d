//! `json` and `json-elements`: the format that people read.
//!
//! A file is `{"format": "deadweight json 1", "parameters": {"kind", "layout_version",
//! "metadata", "arrays"}}`, with the metadata nested as it is. In `json` the bytes of an array are
//! base64 (RFC 4648, with padding). In `json-elements` they are numbers; what JSON has no number
//! for is a string: `"NaN"`, `"Infinity"`, `"-Infinity"`.

use std::fmt;
use std::io::Write;
use std::marker::PhantomData;

use serde::de::{self, DeserializeOwned, Deserializer, SeqAccess, Visitor};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::wire::{BorrowingCodec, BytesRow, Codec, ElementsRow, parameters_codec};
use super::{Descriptor, Encoding, FormatError, FormatKind, Loss, Warning, WarningKind};

/// The codec.
pub struct Json;

/// The row `json`.
pub static BYTES: BytesRow<Json> = BytesRow { descriptor: &BYTES_DESCRIPTOR, codec: Json };
/// The row `json-elements`.
pub static ELEMENTS: ElementsRow<Json> =
    ElementsRow { descriptor: &ELEMENTS_DESCRIPTOR, codec: Json };

const NO_CHECKSUM: Warning = Warning {
    kind: WarningKind::NoChecksum,
    text: "changed digits decode to other numbers without an error",
    reference: None,
};

static BYTES_DESCRIPTOR: Descriptor = Descriptor {
    id: "json",
    title: "JSON, arrays as base64",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Bytes,
    crate_name: Some("serde_json"),
    extension: "json",
    view: false,
    arena: false,
    warnings: &[
        NO_CHECKSUM,
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
    id: "json-elements",
    title: "JSON, number by number",
    encoding: Encoding::Elements,
    warnings: &[
        NO_CHECKSUM,
        Warning {
            kind: WarningKind::Convention,
            text: "JSON has no NaN and no infinity: they are the strings \"NaN\", \"Infinity\" and \"-Infinity\"",
            reference: None,
        },
    ],
    losses: &[Loss::NanPayload],
    ..BYTES_DESCRIPTOR
};

impl Codec for Json {
    const ID: &'static str = "json";
    const SELF_DESCRIBING: bool = true;

    fn encode<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        serde_json::to_writer(out, value).map_err(|error| FormatError::codec(Self::ID, error))
    }

    fn write<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut dyn Write,
    ) -> Result<(), FormatError> {
        serde_json::to_writer(out, value).map_err(|error| FormatError::codec(Self::ID, error))
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError> {
        self.decode_borrowed(bytes)
    }
}

impl BorrowingCodec for Json {
    fn decode_borrowed<'a, T: Deserialize<'a>>(&self, bytes: &'a [u8]) -> Result<T, FormatError> {
        serde_json::from_slice(bytes).map_err(|error| FormatError::codec(Self::ID, error))
    }
}

parameters_codec!(
    Json,
    fn begins_with_field(&self, mark: &str, bytes: &[u8]) -> bool {
        // Space between the tokens is allowed: people format JSON.
        let mark = format!("\"{mark}\"");
        let tokens: [&[u8]; 4] = [b"{", b"\"format\"", b":", mark.as_bytes()];
        let mut rest = Some(bytes);
        for token in tokens {
            rest = rest.and_then(|rest| rest.trim_ascii_start().strip_prefix(token));
        }
        rest.is_some()
    },
    fn expected_len(&self, array_bytes: usize, elements: bool) -> usize {
        // Base64 takes four bytes for three; a double takes up to 25 characters, 18 as a rule.
        let bytes = if elements { array_bytes.saturating_mul(9) / 4 } else { array_bytes / 3 * 4 };
        bytes.saturating_add(4)
    },
);

/// A float that JSON may lack a number for.
pub(crate) trait Float: Copy + Serialize + for<'de> Deserialize<'de> {
    /// As the wider type, which holds every value of the narrower.
    fn widen(self) -> f64;
    /// The next element of a list.
    fn next<'de, A: SeqAccess<'de>>(items: &mut A) -> Result<Option<Self>, A::Error>;
}

impl Float for f64 {
    fn widen(self) -> f64 {
        self
    }
    fn next<'de, A: SeqAccess<'de>>(items: &mut A) -> Result<Option<Self>, A::Error> {
        Ok(items.next_element()?.map(|AnyFloat(value)| value))
    }
}

impl Float for f32 {
    fn widen(self) -> f64 {
        self.into()
    }
    fn next<'de, A: SeqAccess<'de>>(items: &mut A) -> Result<Option<Self>, A::Error> {
        // From its digits: by way of f64, which is all that the crate gives for a number of any
        // type, it would be rounded twice.
        let item = items.next_element::<&'de RawValue>()?;
        item.map(|item| single(item.get())).transpose()
    }
}

/// Serializes floats: as they are, or, for a format that people read, with the three strings.
pub(crate) fn serialize_floats<T: Float, S: Serializer>(
    values: &&[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if !serializer.is_human_readable() {
        return values.serialize(serializer);
    }
    let mut sequence = serializer.serialize_seq(Some(values.len()))?;
    for value in values.iter() {
        let wide = value.widen();
        if wide.is_finite() {
            sequence.serialize_element(value)?;
        } else if wide.is_nan() {
            sequence.serialize_element("NaN")?;
        } else {
            sequence.serialize_element(if wide > 0.0 { "Infinity" } else { "-Infinity" })?;
        }
    }
    sequence.end()
}

/// Reads what [`serialize_floats`] wrote.
pub(crate) fn deserialize_floats<'de, T: Float, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    if !deserializer.is_human_readable() {
        return super::serde_documents::growing(deserializer);
    }
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

const EXPECTED: &str = "a number in range, \"NaN\", \"Infinity\" or \"-Infinity\"";

fn no_number(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// A number that the type has, or one of the three strings.
pub(crate) fn single<E: de::Error>(text: &str) -> Result<f32, E> {
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let value = match quoted {
        Some(text) => no_number(text).map(|value| value as f32),
        None => text.parse().ok().filter(|value: &f32| value.is_finite()),
    };
    value.ok_or_else(|| no_float(text))
}

/// As [`single`], in the wider type.
pub(crate) fn double<E: de::Error>(text: &str) -> Result<f64, E> {
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let value = match quoted {
        Some(text) => no_number(text),
        None => text.parse().ok().filter(|value: &f64| value.is_finite()),
    };
    value.ok_or_else(|| no_float(text))
}

fn no_float<E: de::Error>(text: &str) -> E {
    let found: String = text.chars().take(32).collect();
    E::custom(format!("expected {EXPECTED}, found {found}"))
}

/// A number or one of the three strings.
struct AnyFloat(f64);

impl<'de> Deserialize<'de> for AnyFloat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyFloatVisitor).map(AnyFloat)
    }
}

struct AnyFloatVisitor;

impl Visitor<'_> for AnyFloatVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_f64<E>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_u64<E>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_i64<E>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<f64, E> {
        no_number(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Array, Parameters};
    use crate::formats::{DecodeOptions, Format};

    #[test]
    fn single_precision_is_rounded_once() {
        // By way of f64 this one comes back a bit off.
        let values = [f32::from_bits(0x15ae_43fd), f32::MIN_POSITIVE, f32::from_bits(1), -0.0];
        let mut parameters = Parameters::new("arrays", 1);
        parameters.insert("values", Array::from_vec(values.to_vec(), &[4]).unwrap()).unwrap();
        let mut bytes = Vec::new();
        ELEMENTS.encode(&parameters, &mut bytes).unwrap();
        let back = ELEMENTS.decode(&bytes, &DecodeOptions::default()).unwrap();
        assert_eq!(back.first_difference(&parameters), None);
    }

    #[test]
    fn numbers_out_of_range_are_no_infinities() {
        let read = |text: &str| single::<serde_json::Error>(text).ok();
        assert_eq!(read("1.5e3"), Some(1500.0));
        assert_eq!(read("\"-Infinity\""), Some(f32::NEG_INFINITY));
        for wrong in ["1e39", "\"inf\"", "[1]", "null", "{}", "true"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
