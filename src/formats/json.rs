//! `json` and `json-elements`: the format that people read.
//!
//! A file is `{"format": "deadweight json 1", "parameters": {"kind", "layout_version",
//! "metadata", "arrays"}}`, with the metadata nested as it is. In `json` the bytes of an array are
//! base64 (RFC 4648, with padding). In `json-elements` they are numbers; what JSON has no number
//! for is a string: `"NaN"`, `"Infinity"`, `"-Infinity"`.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

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
pub(crate) trait Float: Copy + FromStr + Serialize + for<'de> Deserialize<'de> {
    /// As the wider type, which holds every value of the narrower.
    fn widen(self) -> f64;
    /// From the wider type, where that is exact: for what is no number.
    fn narrow(wide: f64) -> Self;
}

impl Float for f64 {
    fn widen(self) -> f64 {
        self
    }
    fn narrow(wide: f64) -> Self {
        wide
    }
}

impl Float for f32 {
    fn widen(self) -> f64 {
        self.into()
    }
    fn narrow(wide: f64) -> Self {
        wide as f32
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
        return Vec::deserialize(deserializer);
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
        // Each number is read from its digits as the type that it is to be: by way of f64 an f32
        // would be rounded twice.
        while let Some(item) = items.next_element::<&'de RawValue>()? {
            values.push(float(item.get())?);
        }
        Ok(values)
    }
}

/// A number that the type has, or one of the three strings.
fn float<T: Float, E: de::Error>(text: &str) -> Result<T, E> {
    let value = match text {
        "\"NaN\"" => return Ok(T::narrow(f64::NAN)),
        "\"Infinity\"" => return Ok(T::narrow(f64::INFINITY)),
        "\"-Infinity\"" => return Ok(T::narrow(f64::NEG_INFINITY)),
        digits => digits.parse().ok().filter(|value: &T| value.widen().is_finite()),
    };
    value.ok_or_else(|| {
        let found = text.get(..32).unwrap_or(text);
        let expected = "a number in range, \"NaN\", \"Infinity\" or \"-Infinity\"";
        E::custom(format!("expected {expected}, found {found}"))
    })
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
        let read = |text: &str| float::<f32, serde_json::Error>(text).ok();
        assert_eq!(read("1.5e3"), Some(1500.0));
        assert_eq!(read("\"-Infinity\""), Some(f32::NEG_INFINITY));
        for wrong in ["1e39", "\"inf\"", "[1]", "null", "{}", "true"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
