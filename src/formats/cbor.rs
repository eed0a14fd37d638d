//! `cbor` and `cbor-elements`: RFC 8949 through ciborium.
//!
//! A file begins with tag 55799, which says "this is CBOR" to any program, and is then a map
//! `{"format": "deadweight cbor 1", "parameters": {...}}`.

use std::borrow::Cow;
use std::io::Write;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::documents::elements_to_read;
use super::serde_documents::{Marked, growing};
use super::wire::{self, BytesRow, Codec, ElementsRow, ParametersCodec};
use super::{
    DecodeOptions, Descriptor, Encoding, FormatError, FormatKind, Loss, Warning, WarningKind,
};
use crate::base::Parameters;

/// The codec.
pub struct Cbor;

/// The row `cbor`.
pub static BYTES: BytesRow<Cbor> = BytesRow { descriptor: &BYTES_DESCRIPTOR, codec: Cbor };
/// The row `cbor-elements`.
pub static ELEMENTS: ElementsRow<Cbor> =
    ElementsRow { descriptor: &ELEMENTS_DESCRIPTOR, codec: Cbor };

/// Tag 55799, "self-described CBOR" (RFC 8949, 3.4.6).
const SELF_DESCRIBED: [u8; 3] = [0xd9, 0xd9, 0xf7];
/// A map of two entries; the first key, a text of six bytes.
const FIRST_KEY: [u8; 8] = *b"\xa2\x66format";
/// Our documents nest eight deep.
const MAX_DEPTH: usize = 32;

const WARNINGS: &[Warning] = &[
    Warning {
        kind: WarningKind::NoChecksum,
        text: "changed bytes can decode to other numbers without an error",
        reference: None,
    },
    Warning {
        kind: WarningKind::HostileInput,
        text: "ciborium recurses 256 deep by default; we stop at 32",
        reference: None,
    },
    Warning {
        kind: WarningKind::Unmaintained,
        text: "ciborium gets little maintenance",
        reference: None,
    },
];

static BYTES_DESCRIPTOR: Descriptor = Descriptor {
    id: "cbor",
    title: "CBOR (ciborium), arrays as bytes",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Bytes,
    crate_name: Some("ciborium"),
    extension: "cbor",
    view: false,
    arena: false,
    warnings: WARNINGS,
    losses: &[],
    specification: "https://www.rfc-editor.org/rfc/rfc8949",
};

static ELEMENTS_DESCRIPTOR: Descriptor = Descriptor {
    id: "cbor-elements",
    title: "CBOR (ciborium), number by number",
    encoding: Encoding::Elements,
    losses: &[Loss::SignallingNan32],
    ..BYTES_DESCRIPTOR
};

impl Codec for Cbor {
    const ID: &'static str = "cbor";
    const SELF_DESCRIBING: bool = true;

    fn encode<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        out.extend_from_slice(&SELF_DESCRIBED);
        ciborium::into_writer(value, &mut *out).map_err(|error| FormatError::codec(Self::ID, error))
    }

    fn write<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut dyn Write,
    ) -> Result<(), FormatError> {
        out.write_all(&SELF_DESCRIBED)?;
        ciborium::into_writer(value, out).map_err(|error| FormatError::codec(Self::ID, error))
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError> {
        let mut rest = bytes;
        let value = ciborium::de::from_reader_with_recursion_limit(&mut rest, MAX_DEPTH)
            .map_err(|error| FormatError::codec(Self::ID, error))?;
        match rest.len() {
            0 => Ok(value),
            found => {
                Err(FormatError::Trailing { offset: bytes.len().saturating_sub(found), found })
            }
        }
    }
}

impl ParametersCodec for Cbor {
    const MARK_IS_FIELD: bool = true;

    fn encode_bytes(
        &self,
        mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        wire::encode_bytes(self, mark, parameters, out)
    }

    fn write_bytes(
        &self,
        mark: &str,
        parameters: &Parameters,
        out: &mut dyn Write,
    ) -> Result<(), FormatError> {
        wire::write_bytes(self, mark, parameters, out)
    }

    fn decode_bytes(
        &self,
        mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError> {
        let document: Marked<String, OwnedBytesDocument> = self.decode(bytes)?;
        document.check(mark)?.into_parameters(options)
    }

    fn encode_elements(
        &self,
        mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        wire::encode_elements(self, mark, parameters, out)
    }

    fn decode_elements(
        &self,
        mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError> {
        let document: Marked<String, OwnedDocument> = self.decode(bytes)?;
        document.check(mark)?.into_parameters(options)
    }

    fn begins_with_field(&self, mark: &str, bytes: &[u8]) -> bool {
        let mut text = Vec::new();
        bytes
            .strip_prefix(&SELF_DESCRIBED)
            .and_then(|rest| rest.strip_prefix(&FIRST_KEY))
            .is_some_and(|rest| {
                ciborium::into_writer(mark, &mut text).is_ok() && rest.starts_with(&text)
            })
    }

    fn expected_len(&self, array_bytes: usize, elements: bool) -> usize {
        // A double takes nine bytes.
        if elements { array_bytes.saturating_add(array_bytes / 8) } else { array_bytes }
    }
}

// ciborium hands texts and bytes out as owned values only, in chunks of its scratch buffer, so
// that a length which lies costs nothing. It has to be asked for `String` and byte buffers.

/// The `bytes` document as ciborium gives it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnedBytesDocument {
    kind: String,
    layout_version: u32,
    metadata: String,
    #[serde(deserialize_with = "growing")]
    arrays: Vec<OwnedBytesArray>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnedBytesArray {
    name: String,
    dtype: String,
    #[serde(deserialize_with = "growing")]
    shape: Vec<u64>,
    #[serde(with = "serde_bytes")]
    data: Vec<u8>,
}

impl OwnedBytesDocument {
    fn into_parameters(self, options: &DecodeOptions) -> Result<Parameters, FormatError> {
        let head = super::documents::Head {
            kind: self.kind.into(),
            layout_version: self.layout_version,
            metadata: self.metadata.into(),
        };
        let entries = self.arrays.into_iter().map(|array| {
            (array.name.into(), array.dtype.into(), array.shape, Cow::Owned(array.data))
        });
        super::documents::from_bytes_document(head, entries, options)
    }
}

elements_to_read! {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase", deny_unknown_fields)]
    OwnedDocument, OwnedArray, OwnedElements,
    text: String,
    metadata: String,
    floats: { #[serde(deserialize_with = "growing")] },
    lists: { #[serde(deserialize_with = "growing")] },
}
