//! `protobuf` and `protobuf-elements`: Protocol Buffers through prost, by its derive.
//!
//! A file is one message, without a line before it, so that any protobuf tool can read it. The
//! schema stands in `docs/formats/protobuf.md`. Field 1 is the mark. Protobuf has no end of a
//! message and lets fields come doubled, unknown and in any order: field 4 says how many arrays
//! follow, and before anything is decoded `check_fields` walks over the fields of the file and
//! wants exactly those that were written, so that a cut file and one with something behind it are
//! refused.

use std::borrow::Cow;

use bytes::Bytes;
use prost::{Message, Oneof};

use super::documents::{self, Head, adopt, wide};
use super::wire::{BytesRow, ElementsRow, ParametersCodec};
use super::{DecodeOptions, Descriptor, Encoding, FormatError, FormatKind, Warning, WarningKind};
use crate::base::{Array, ArrayError, DType, Parameters, ParametersError, value};

/// The codec of our documents. It goes through prost's derive, not through serde.
pub struct Protobuf;

/// The row `protobuf`.
pub static BYTES: BytesRow<Protobuf> = BytesRow { descriptor: &BYTES_DESCRIPTOR, codec: Protobuf };
/// The row `protobuf-elements`.
pub static ELEMENTS: ElementsRow<Protobuf> =
    ElementsRow { descriptor: &ELEMENTS_DESCRIPTOR, codec: Protobuf };

const ID: &str = "protobuf";
/// Field 1, of a length.
const FIRST_KEY: u8 = 0x0a;

const WARNINGS: &[Warning] = &[
    Warning {
        kind: WarningKind::NoChecksum,
        text: "changed bytes can decode to other numbers without an error",
        reference: None,
    },
    Warning {
        kind: WarningKind::Convention,
        text: "messages carry field numbers, not names: other programs need the schema in docs/formats/protobuf.md",
        reference: Some("https://protobuf.dev/programming-guides/encoding/"),
    },
];

static BYTES_DESCRIPTOR: Descriptor = Descriptor {
    id: ID,
    title: "Protocol Buffers, arrays as bytes",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Bytes,
    crate_name: Some("prost"),
    extension: "pb",
    view: false,
    arena: false,
    warnings: WARNINGS,
    losses: &[],
    specification: "https://protobuf.dev/programming-guides/encoding/",
};

static ELEMENTS_DESCRIPTOR: Descriptor = Descriptor {
    id: "protobuf-elements",
    title: "Protocol Buffers, packed numbers",
    encoding: Encoding::Elements,
    ..BYTES_DESCRIPTOR
};

/// A file. The numbers of the fields are those of the schema.
#[derive(Clone, PartialEq, Message)]
struct BytesDocument {
    #[prost(string, tag = "1")]
    format: String,
    #[prost(string, tag = "2")]
    kind: String,
    #[prost(uint32, tag = "3")]
    layout_version: u32,
    #[prost(uint64, tag = "4")]
    array_count: u64,
    #[prost(string, tag = "5")]
    metadata: String,
    #[prost(message, repeated, tag = "6")]
    arrays: Vec<BytesArray>,
}

#[derive(Clone, PartialEq, Message)]
struct BytesArray {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint64, repeated, tag = "2")]
    shape: Vec<u64>,
    #[prost(string, tag = "3")]
    dtype: String,
    /// Borrowed from the array while it is encoded; one block of its own when it was decoded.
    #[prost(bytes = "bytes", tag = "4")]
    data: Bytes,
}

#[derive(Clone, PartialEq, Message)]
struct ElementsDocument {
    #[prost(string, tag = "1")]
    format: String,
    #[prost(string, tag = "2")]
    kind: String,
    #[prost(uint32, tag = "3")]
    layout_version: u32,
    #[prost(uint64, tag = "4")]
    array_count: u64,
    #[prost(string, tag = "5")]
    metadata: String,
    #[prost(message, repeated, tag = "6")]
    arrays: Vec<ElementsArray>,
}

#[derive(Clone, PartialEq, Message)]
struct ElementsArray {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint64, repeated, tag = "2")]
    shape: Vec<u64>,
    #[prost(oneof = "Elements", tags = "3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16")]
    elements: Option<Elements>,
}

/// The dtype is the number of the field. Protobuf has no integers below 32 bits.
#[derive(Clone, PartialEq, Oneof)]
enum Elements {
    #[prost(message, tag = "3")]
    F64(Doubles),
    #[prost(message, tag = "4")]
    F32(Floats),
    #[prost(message, tag = "5")]
    F16(Unsigned32),
    #[prost(message, tag = "6")]
    Bf16(Unsigned32),
    #[prost(message, tag = "7")]
    I64(Signed64),
    #[prost(message, tag = "8")]
    I32(Signed32),
    #[prost(message, tag = "9")]
    I16(Signed32),
    #[prost(message, tag = "10")]
    I8(Signed32),
    #[prost(message, tag = "11")]
    U64(Unsigned64),
    #[prost(message, tag = "12")]
    U32(Unsigned32),
    #[prost(message, tag = "13")]
    U16(Unsigned32),
    #[prost(message, tag = "14")]
    U8(Unsigned32),
    #[prost(message, tag = "15")]
    Bool(Unsigned32),
    #[prost(message, tag = "16")]
    Text(Texts),
}

/// Messages of one repeated field; that of numbers is packed, as proto3 has it.
macro_rules! lists {
    ($($name:ident: $type:ident $element:ty;)*) => {
        $(#[derive(Clone, PartialEq, Message)]
        struct $name {
            #[prost($type, repeated, tag = "1")]
            values: Vec<$element>,
        })*
    };
}

lists! {
    Doubles: double f64;
    Floats: float f32;
    Signed64: sint64 i64;
    Signed32: sint32 i32;
    Unsigned64: uint64 u64;
    Unsigned32: uint32 u32;
    Texts: string String;
}

/// Keeps an array alive as long as a field that borrows its bytes.
struct ArrayBytes(Array);

impl AsRef<[u8]> for ArrayBytes {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Elements {
    fn of(array: &Array) -> Result<Self, ArrayError> {
        fn widened<T: Copy, W: From<T>>(values: &[T]) -> Vec<W> {
            values.iter().map(|value| W::from(*value)).collect()
        }
        let unsigned = |values: Vec<u32>| Unsigned32 { values };
        let signed = |values: Vec<i32>| Signed32 { values };
        let half = |values: &[half::f16]| unsigned(widened::<u16, _>(bytemuck::cast_slice(values)));
        let brain =
            |values: &[half::bf16]| unsigned(widened::<u16, _>(bytemuck::cast_slice(values)));
        Ok(match array.dtype() {
            DType::F64 => Elements::F64(Doubles { values: array.as_slice()?.to_vec() }),
            DType::F32 => Elements::F32(Floats { values: array.as_slice()?.to_vec() }),
            DType::F16 => Elements::F16(half(array.as_slice()?)),
            DType::Bf16 => Elements::Bf16(brain(array.as_slice()?)),
            DType::I64 => Elements::I64(Signed64 { values: array.as_slice()?.to_vec() }),
            DType::I32 => Elements::I32(signed(array.as_slice()?.to_vec())),
            DType::I16 => Elements::I16(signed(widened::<i16, _>(array.as_slice()?))),
            DType::I8 => Elements::I8(signed(widened::<i8, _>(array.as_slice()?))),
            DType::U64 => Elements::U64(Unsigned64 { values: array.as_slice()?.to_vec() }),
            DType::U32 => Elements::U32(unsigned(array.as_slice()?.to_vec())),
            DType::U16 => Elements::U16(unsigned(widened::<u16, _>(array.as_slice()?))),
            DType::U8 => Elements::U8(unsigned(widened::<u8, _>(array.as_slice()?))),
            DType::Bool => Elements::Bool(unsigned(widened::<u8, _>(array.as_bytes()))),
            DType::Text => {
                let values = array.texts()?.into_iter().map(str::to_owned).collect();
                Elements::Text(Texts { values })
            }
        })
    }

    fn adopt(self, shape: &[u64]) -> Result<Result<Array, ArrayError>, FormatError> {
        use documents::{adopt_bits, texts};
        Ok(match self {
            Elements::F64(list) => adopt(list.values, shape),
            Elements::F32(list) => adopt(list.values, shape),
            Elements::F16(list) => adopt_bits::<u16, half::f16>(narrowed(list.values)?, shape),
            Elements::Bf16(list) => adopt_bits::<u16, half::bf16>(narrowed(list.values)?, shape),
            Elements::I64(list) => adopt(list.values, shape),
            Elements::I32(list) => adopt(list.values, shape),
            Elements::I16(list) => adopt(narrowed::<_, i16>(list.values)?, shape),
            Elements::I8(list) => adopt(narrowed::<_, i8>(list.values)?, shape),
            Elements::U64(list) => adopt(list.values, shape),
            Elements::U32(list) => adopt(list.values, shape),
            Elements::U16(list) => adopt(narrowed::<_, u16>(list.values)?, shape),
            Elements::U8(list) => adopt(narrowed::<_, u8>(list.values)?, shape),
            Elements::Bool(list) => flags(narrowed(list.values)?, shape),
            Elements::Text(list) => texts(&list.values, shape),
        })
    }
}

/// Booleans: on the wire they are numbers, and protobuf takes any but 0 for true; here only 1 is.
fn flags(values: Vec<u8>, shape: &[u64]) -> Result<Array, ArrayError> {
    let array = adopt(values, shape)?;
    let (shape, range) = (array.shape(), 0..array.byte_len());
    Array::from_storage(DType::Bool, shape, array.storage().clone(), range)
}

/// Numbers in the width that they had before protobuf widened them.
fn narrowed<W: Copy + std::fmt::Display, T: TryFrom<W>>(
    values: Vec<W>,
) -> Result<Vec<T>, FormatError> {
    let number = |value: W| {
        T::try_from(value).map_err(|_| {
            FormatError::codec(ID, format!("{value} does not fit {}", std::any::type_name::<T>()))
        })
    };
    values.into_iter().map(number).collect()
}

impl ParametersCodec for Protobuf {
    const MARK_IS_FIELD: bool = true;

    fn encode_bytes(
        &self,
        mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let array = |(name, array): (&str, &Array)| BytesArray {
            name: name.to_owned(),
            shape: wide(array.shape()),
            dtype: array.dtype().name().to_owned(),
            data: Bytes::from_owner(ArrayBytes(array.clone())),
        };
        let document = BytesDocument {
            format: mark.to_owned(),
            kind: parameters.kind().to_owned(),
            layout_version: parameters.layout_version(),
            array_count: parameters.arrays().len() as u64,
            metadata: value::to_json(parameters.metadata()),
            arrays: parameters.arrays().map(array).collect(),
        };
        document.encode(out).map_err(|error| FormatError::codec(ID, error))
    }

    fn decode_bytes(
        &self,
        _mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError> {
        check_fields(bytes, options)?;
        let document =
            BytesDocument::decode(bytes).map_err(|error| FormatError::codec(ID, error))?;
        check_count(document.array_count, document.arrays.len())?;
        let head = Head {
            kind: document.kind.into(),
            layout_version: document.layout_version,
            metadata: document.metadata.into(),
        };
        let entries = document.arrays.into_iter().map(|array| {
            // Nobody else holds the block: it changes its owner without being copied.
            let data = Cow::Owned(Vec::from(array.data));
            (array.name.into(), array.dtype.into(), array.shape, data)
        });
        documents::from_bytes_document(head, entries, options)
    }

    fn encode_elements(
        &self,
        mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let mut arrays = Vec::with_capacity(parameters.arrays().len());
        for (name, array) in parameters.arrays() {
            let elements = Elements::of(array)
                .map_err(|source| FormatError::Array { name: name.to_owned(), source })?;
            let (name, shape) = (name.to_owned(), wide(array.shape()));
            arrays.push(ElementsArray { name, shape, elements: Some(elements) });
        }
        let document = ElementsDocument {
            format: mark.to_owned(),
            kind: parameters.kind().to_owned(),
            layout_version: parameters.layout_version(),
            array_count: arrays.len() as u64,
            metadata: value::to_json(parameters.metadata()),
            arrays,
        };
        document.encode(out).map_err(|error| FormatError::codec(ID, error))
    }

    fn decode_elements(
        &self,
        _mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError> {
        check_fields(bytes, options)?;
        let document =
            ElementsDocument::decode(bytes).map_err(|error| FormatError::codec(ID, error))?;
        check_count(document.array_count, document.arrays.len())?;
        let head = Head {
            kind: document.kind.into(),
            layout_version: document.layout_version,
            metadata: document.metadata.into(),
        };
        let mut arrays = Vec::with_capacity(document.arrays.len());
        for array in document.arrays {
            let elements = array.elements.ok_or_else(|| {
                FormatError::codec(ID, format!("array {:?} has no elements", array.name))
            })?;
            arrays.push((Cow::Owned(array.name), elements.adopt(&array.shape)?));
        }
        documents::from_elements_document(head, arrays.into_iter(), options)
    }

    fn begins_with_field(&self, mark: &str, bytes: &[u8]) -> bool {
        // The mark is shorter than 128 bytes: its length takes one.
        let rest = bytes.strip_prefix(&[FIRST_KEY]).and_then(<[u8]>::split_first);
        rest.is_some_and(|(length, rest)| {
            usize::from(*length) == mark.len() && rest.starts_with(mark.as_bytes())
        })
    }
}

fn check_count(announced: u64, found: usize) -> Result<(), FormatError> {
    if announced == found as u64 {
        return Ok(());
    }
    Err(FormatError::Malformed {
        offset: 0,
        what: "number of arrays",
        expected: format!("{announced}, as field 4 says"),
        found: found.to_string(),
    })
}

/// Walks over the fields of a file under the default limits.
pub(super) fn check(bytes: &[u8]) -> Result<(), FormatError> {
    check_fields(bytes, &DecodeOptions::default())
}

/// Walks over the fields of a file: their numbers rise, only the arrays repeat, and the last ends
/// where the file does. It also counts the arrays before a decoder makes one of two bytes each.
fn check_fields(bytes: &[u8], options: &DecodeOptions) -> Result<(), FormatError> {
    const VARINT: u64 = 0;
    const OF_LENGTH: u64 = 2;
    let (mut rest, mut last, mut arrays) = (bytes, 0, 0usize);
    while !rest.is_empty() {
        let offset = bytes.len().saturating_sub(rest.len());
        let (key, _) = varint(bytes, &mut rest)?;
        let (number, kind) = (key >> 3, key & 7);
        let expected = match number {
            3 | 4 => VARINT,
            1 | 2 | 5 | 6 => OF_LENGTH,
            _ => u64::MAX,
        };
        if kind != expected || number < last || (number == last && number != 6) {
            return Err(FormatError::Malformed {
                offset,
                what: "field of a protobuf file",
                expected: "fields 1 to 6 in their order, only field 6 repeated".into(),
                found: format!("field {number} of wire type {kind} after field {last}"),
            });
        }
        let (length, offset) = varint(bytes, &mut rest)?;
        if kind == OF_LENGTH {
            let end = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
            let found = rest.len() as u64;
            (_, rest) = end.ok_or(FormatError::Truncated {
                offset,
                what: "field of a protobuf file",
                expected: length,
                found,
            })?;
        }
        last = number;
        arrays = arrays.saturating_add(usize::from(number == 6));
    }
    let limit = options.limits.max_arrays;
    match arrays > limit {
        false => Ok(()),
        true => Err(ParametersError::Limit {
            what: "number of arrays",
            found: arrays as u64,
            limit: limit as u64,
        }
        .into()),
    }
}

/// A number of seven bits a byte, and where it ends.
fn varint(bytes: &[u8], rest: &mut &[u8]) -> Result<(u64, usize), FormatError> {
    let offset = bytes.len().saturating_sub(rest.len());
    let number = prost::decode_length_delimiter(&mut *rest).ok();
    let number = number.ok_or_else(|| FormatError::Malformed {
        offset,
        what: "number of a protobuf file",
        expected: "at most ten bytes, the last below 128".into(),
        found: super::sniff::found(bytes.get(offset..).unwrap_or_default()),
    })?;
    Ok((number as u64, bytes.len().saturating_sub(rest.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::Format;

    #[test]
    fn what_protobuf_would_accept_is_refused_here() {
        let mut parameters = Parameters::new("arrays", 1);
        for name in ["a", "b"] {
            let array = Array::from_vec(vec![1.5f64, -2.0], &[2]).unwrap();
            parameters.insert(name, array).unwrap();
        }
        for row in [&BYTES as &dyn Format, &ELEMENTS] {
            let mut bytes = Vec::new();
            row.encode(&parameters, &mut bytes).unwrap();
            let words = |bytes: &[u8]| {
                row.decode(bytes, &DecodeOptions::default()).unwrap_err().to_string()
            };
            let unknown = [&bytes[..], &[0x3a, 0]].concat();
            assert!(words(&unknown).contains("found field 7 of wire type 2 after field 6"));
            let doubled = [&bytes[..], &bytes].concat();
            assert!(words(&doubled).contains("found field 1 of wire type 2 after field 6"));
            // The last array begins with its key, and its length in one byte.
            let start = bytes.windows(5).rposition(|w| w[0] == 0x32 && w[2..] == *b"\x0a\x01b");
            let cut = &bytes[..start.unwrap()];
            assert!(words(cut).contains("expected 2, as field 4 says, found 1"), "{}", words(cut));
        }
    }

    #[test]
    fn a_number_that_its_dtype_cannot_hold_is_refused() {
        let error = narrowed::<i32, i8>(vec![1, 128]).unwrap_err().to_string();
        assert_eq!(error, "protobuf: 128 does not fit i8");
    }
}
