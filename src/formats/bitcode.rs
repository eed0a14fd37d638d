//! `bitcode` and `bitcode-elements`: all values of a field together, integers in as few bytes as
//! hold them, through its own derive.
//!
//! The derive borrows texts, but neither writes borrowed slices nor hands any out: arrays are
//! copied into vectors before they are encoded, and the vectors it makes are adopted.

use bitcode::{Decode, Encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::documents::{bytes_document, elements_to_read, wide};
use super::wire::{BytesRow, Codec, ElementsRow, ParametersCodec};
use super::{DecodeOptions, Descriptor, Encoding, FormatError, FormatKind, Warning, WarningKind};
use crate::base::{Array, ArrayError, DType, Parameters, value};

/// The codec. Our documents go through bitcode's own derive; any other type goes through serde, which
/// gives other bytes.
pub struct Bitcode;

/// The row `bitcode`.
pub static BYTES: BytesRow<Bitcode> = BytesRow { descriptor: &BYTES_DESCRIPTOR, codec: Bitcode };
/// The row `bitcode-elements`.
pub static ELEMENTS: ElementsRow<Bitcode> =
    ElementsRow { descriptor: &ELEMENTS_DESCRIPTOR, codec: Bitcode };

const WARNINGS: &[Warning] = &[
    Warning {
        kind: WarningKind::UnstableFormat,
        text: "the bytes may change with each major version of the crate",
        reference: Some("https://docs.rs/bitcode"),
    },
    Warning {
        kind: WarningKind::HostileInput,
        text: "an open report of undefined behaviour concerns the crate's unsafe code; panics are contained, that could not be",
        reference: Some("https://github.com/SoftbearStudios/bitcode/issues/50"),
    },
    Warning {
        kind: WarningKind::NoChecksum,
        text: "changed bytes can decode to other numbers without an error",
        reference: None,
    },
];

static BYTES_DESCRIPTOR: Descriptor = Descriptor {
    id: "bitcode",
    title: "bitcode, arrays as bytes",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Bytes,
    crate_name: Some("bitcode"),
    extension: "bitcode",
    view: false,
    arena: false,
    warnings: WARNINGS,
    losses: &[],
    specification: "https://docs.rs/bitcode",
};

static ELEMENTS_DESCRIPTOR: Descriptor = Descriptor {
    id: "bitcode-elements",
    title: "bitcode, vectors by its derive",
    encoding: Encoding::Elements,
    ..BYTES_DESCRIPTOR
};

bytes_document! {
    #[derive(Encode, Decode)]
    BytesDocument, BytesArray,
    text: &'a str,
    metadata: &'a str,
    data: Vec<u8>,
}

elements_to_read! {
    #[derive(Encode, Decode)]
    Document, DocumentArray, Elements,
    text: String,
    metadata: String,
    floats: {},
}

impl Codec for Bitcode {
    const ID: &'static str = "bitcode";
    const SELF_DESCRIBING: bool = false;

    fn encode<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let bytes =
            bitcode::serialize(value).map_err(|error| FormatError::codec(Self::ID, error))?;
        out.extend_from_slice(&bytes);
        Ok(())
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError> {
        bitcode::deserialize(bytes).map_err(|error| FormatError::codec(Self::ID, error))
    }
}

impl Document {
    fn of(parameters: &Parameters) -> Result<Self, FormatError> {
        let mut arrays = Vec::with_capacity(parameters.arrays().len());
        for (name, array) in parameters.arrays() {
            let elements = Elements::of(array)
                .map_err(|source| FormatError::Array { name: name.to_owned(), source })?;
            let name = name.to_owned();
            arrays.push(DocumentArray { name, shape: wide(array.shape()), elements });
        }
        Ok(Document {
            kind: parameters.kind().to_owned(),
            layout_version: parameters.layout_version(),
            metadata: value::to_json(parameters.metadata()),
            arrays,
        })
    }
}

impl Elements {
    fn of(array: &Array) -> Result<Self, ArrayError> {
        let bits = |values: &[half::f16]| bytemuck::cast_slice::<_, u16>(values).to_vec();
        let brain = |values: &[half::bf16]| bytemuck::cast_slice::<_, u16>(values).to_vec();
        Ok(match array.dtype() {
            DType::F64 => Elements::F64(array.as_slice()?.to_vec()),
            DType::F32 => Elements::F32(array.as_slice()?.to_vec()),
            DType::F16 => Elements::F16(bits(array.as_slice()?)),
            DType::Bf16 => Elements::Bf16(brain(array.as_slice()?)),
            DType::I64 => Elements::I64(array.as_slice()?.to_vec()),
            DType::I32 => Elements::I32(array.as_slice()?.to_vec()),
            DType::I16 => Elements::I16(array.as_slice()?.to_vec()),
            DType::I8 => Elements::I8(array.as_slice()?.to_vec()),
            DType::U64 => Elements::U64(array.as_slice()?.to_vec()),
            DType::U32 => Elements::U32(array.as_slice()?.to_vec()),
            DType::U16 => Elements::U16(array.as_slice()?.to_vec()),
            DType::U8 => Elements::U8(array.as_slice()?.to_vec()),
            DType::Bool => Elements::Bool(array.bools()?),
            DType::Text => Elements::Text(array.texts()?.into_iter().map(str::to_owned).collect()),
        })
    }
}

impl ParametersCodec for Bitcode {
    const MARK_IS_FIELD: bool = false;

    fn encode_bytes(
        &self,
        _mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let metadata = value::to_json(parameters.metadata());
        out.extend_from_slice(&bitcode::encode(&BytesDocument::of(parameters, &metadata)));
        Ok(())
    }

    fn decode_bytes(
        &self,
        _mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError> {
        decode::<BytesDocument>(bytes)?.into_parameters(options)
    }

    fn encode_elements(
        &self,
        _mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        out.extend_from_slice(&bitcode::encode(&Document::of(parameters)?));
        Ok(())
    }

    fn decode_elements(
        &self,
        _mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError> {
        decode::<Document>(bytes)?.into_parameters(options)
    }
}

fn decode<'a, T: Decode<'a>>(bytes: &'a [u8]) -> Result<T, FormatError> {
    bitcode::decode(bytes).map_err(|error| FormatError::codec("bitcode", error))
}
