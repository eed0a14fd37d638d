//! `borsh` and `borsh-elements`: a binary format with one encoding for each value, through its
//! own derive.

use std::borrow::Cow;

use borsh::{BorshDeserialize, BorshSerialize};

use super::documents::{bytes_document, elements_to_read, elements_to_write};
use super::wire::{BytesRow, ElementsRow, ParametersCodec};
use super::{
    DecodeOptions, Descriptor, Encoding, FormatError, FormatKind, Loss, Warning, WarningKind,
};
use crate::base::{Parameters, value};

/// The codec of our documents. It goes through borsh's derive, not through serde.
pub struct Borsh;

/// The row `borsh`.
pub static BYTES: BytesRow<Borsh> = BytesRow { descriptor: &BYTES_DESCRIPTOR, codec: Borsh };
/// The row `borsh-elements`.
pub static ELEMENTS: ElementsRow<Borsh> =
    ElementsRow { descriptor: &ELEMENTS_DESCRIPTOR, codec: Borsh };

const NO_CHECKSUM: Warning = Warning {
    kind: WarningKind::NoChecksum,
    text: "changed bytes can decode to other numbers without an error",
    reference: None,
};

static BYTES_DESCRIPTOR: Descriptor = Descriptor {
    id: "borsh",
    title: "borsh, arrays as bytes",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Bytes,
    crate_name: Some("borsh"),
    extension: "borsh",
    view: false,
    arena: false,
    warnings: &[NO_CHECKSUM],
    losses: &[],
    specification: "https://borsh.io",
};

static ELEMENTS_DESCRIPTOR: Descriptor = Descriptor {
    id: "borsh-elements",
    title: "borsh, number by number",
    encoding: Encoding::Elements,
    losses: &[Loss::NanRefused],
    ..BYTES_DESCRIPTOR
};

bytes_document! {
    #[derive(BorshSerialize, BorshDeserialize)]
    BytesDocument, BytesArray,
    text: Cow<'a, str>,
    metadata: Cow<'a, str>,
    data: Cow<'a, [u8]>,
}

elements_to_write! {
    #[derive(BorshSerialize)]
    ElementsDocument, ElementsArray, Elements,
    metadata: &'a str,
    floats: {},
}

elements_to_read! {
    #[derive(BorshDeserialize)]
    OwnedDocument, OwnedArray, OwnedElements,
    text: String,
    metadata: String,
    floats: {},
}

impl ParametersCodec for Borsh {
    const MARK_IS_FIELD: bool = false;

    fn encode_bytes(
        &self,
        _mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let metadata = value::to_json(parameters.metadata());
        encode(&BytesDocument::of(parameters, &metadata), out)
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
        let metadata = value::to_json(parameters.metadata());
        encode(&ElementsDocument::of(parameters, &metadata)?, out)
    }

    fn decode_elements(
        &self,
        _mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError> {
        decode::<OwnedDocument>(bytes)?.into_parameters(options)
    }
}

fn encode(document: &impl BorshSerialize, out: &mut Vec<u8>) -> Result<(), FormatError> {
    borsh::to_writer(out, document).map_err(|error| FormatError::codec("borsh", error))
}

fn decode<T: BorshDeserialize>(bytes: &[u8]) -> Result<T, FormatError> {
    let mut rest = bytes;
    let document = T::deserialize(&mut rest).map_err(|error| FormatError::codec("borsh", error))?;
    match rest.len() {
        0 => Ok(document),
        found => Err(FormatError::Trailing { offset: bytes.len().saturating_sub(found), found }),
    }
}
