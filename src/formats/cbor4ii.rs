//! `cbor4ii` and `cbor4ii-elements`: RFC 8949 again, through the crate cbor4ii: what one crate makes of
//! CBOR is not what CBOR is.
//!
//! The document is that of [`super::cbor`] under its own mark: tag 55799, then a map
//! `{"format": "deadweight cbor4ii 1", "parameters": {...}}`. Floats keep their width here, where
//! ciborium takes the shortest that holds them, so the rows do not read each other's numbers.

use std::convert::Infallible;
use std::io;

use cbor4ii::core::dec::{Read, Reference};
use cbor4ii::core::enc::Write;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::wire::{BorrowingCodec, BytesRow, Codec, ElementsRow, parameters_codec};
use super::{Descriptor, Encoding, FormatError, FormatKind, Warning, WarningKind};

/// The codec.
pub struct Cbor4ii;

/// The row `cbor4ii`.
pub static BYTES: BytesRow<Cbor4ii> = BytesRow { descriptor: &BYTES_DESCRIPTOR, codec: Cbor4ii };
/// The row `cbor4ii-elements`.
pub static ELEMENTS: ElementsRow<Cbor4ii> =
    ElementsRow { descriptor: &ELEMENTS_DESCRIPTOR, codec: Cbor4ii };

/// Tag 55799, "self-described CBOR" (RFC 8949, 3.4.6). The crate's serde side knows no such tag.
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
        text: "cbor4ii recurses 256 deep by default; we stop at 32",
        reference: None,
    },
];

static BYTES_DESCRIPTOR: Descriptor = Descriptor {
    id: "cbor4ii",
    title: "CBOR (cbor4ii), arrays as bytes",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Bytes,
    crate_name: Some("cbor4ii"),
    extension: "cbor",
    view: false,
    arena: true,
    warnings: WARNINGS,
    losses: &[],
    specification: "https://www.rfc-editor.org/rfc/rfc8949",
};

static ELEMENTS_DESCRIPTOR: Descriptor = Descriptor {
    id: "cbor4ii-elements",
    title: "CBOR (cbor4ii), number by number",
    encoding: Encoding::Elements,
    arena: false,
    ..BYTES_DESCRIPTOR
};

/// Appends what the crate writes to a buffer that has bytes already.
struct Appended<'a>(&'a mut Vec<u8>);

impl Write for Appended<'_> {
    type Error = Infallible;

    fn push(&mut self, input: &[u8]) -> Result<(), Infallible> {
        self.0.extend_from_slice(input);
        Ok(())
    }
}

/// Hands on what the crate writes.
struct Written<'a>(&'a mut dyn io::Write);

impl Write for Written<'_> {
    type Error = io::Error;

    fn push(&mut self, input: &[u8]) -> Result<(), io::Error> {
        self.0.write_all(input)
    }
}

/// Bytes that values may borrow from. It counts how deep the crate recurses, and is where the value
/// ends afterwards; the crate's own reader tells neither.
struct Bounded<'a> {
    rest: &'a [u8],
    levels: usize,
}

impl<'de> Read<'de> for Bounded<'de> {
    type Error = Infallible;

    #[inline]
    fn fill<'short>(&'short mut self, want: usize) -> Result<Reference<'de, 'short>, Infallible> {
        Ok(Reference::Long(self.rest.get(..want).unwrap_or(self.rest)))
    }

    #[inline]
    fn advance(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    fn step_in(&mut self) -> bool {
        match self.levels.checked_sub(1) {
            Some(left) => {
                self.levels = left;
                true
            }
            None => false,
        }
    }

    fn step_out(&mut self) {
        self.levels = self.levels.saturating_add(1);
    }
}

impl Codec for Cbor4ii {
    const ID: &'static str = "cbor4ii";
    const SELF_DESCRIBING: bool = true;

    fn encode<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        out.extend_from_slice(&SELF_DESCRIBED);
        value
            .serialize(&mut cbor4ii::serde::Serializer::new(Appended(out)))
            .map_err(|error| FormatError::codec(Self::ID, error))
    }

    fn write<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut dyn io::Write,
    ) -> Result<(), FormatError> {
        out.write_all(&SELF_DESCRIBED)?;
        value
            .serialize(&mut cbor4ii::serde::Serializer::new(Written(out)))
            .map_err(|error| FormatError::codec(Self::ID, error))
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError> {
        self.decode_borrowed(bytes)
    }
}

impl BorrowingCodec for Cbor4ii {
    fn decode_borrowed<'a, T: Deserialize<'a>>(&self, bytes: &'a [u8]) -> Result<T, FormatError> {
        let rest = bytes.strip_prefix(&SELF_DESCRIBED).ok_or_else(|| {
            FormatError::codec(Self::ID, "expected the tag of self-described CBOR, d9 d9 f7")
        })?;
        let mut deserializer =
            cbor4ii::serde::Deserializer::new(Bounded { rest, levels: MAX_DEPTH });
        let value = T::deserialize(&mut deserializer)
            .map_err(|error| FormatError::codec(Self::ID, error))?;
        match deserializer.into_inner().rest.len() {
            0 => Ok(value),
            found => {
                Err(FormatError::Trailing { offset: bytes.len().saturating_sub(found), found })
            }
        }
    }
}

parameters_codec!(
    Cbor4ii,
    fn begins_with_field(&self, mark: &str, bytes: &[u8]) -> bool {
        let mut text = Vec::new();
        let rest =
            bytes.strip_prefix(&SELF_DESCRIBED).and_then(|rest| rest.strip_prefix(&FIRST_KEY));
        rest.is_some_and(|rest| {
            mark.serialize(&mut cbor4ii::serde::Serializer::new(Appended(&mut text))).is_ok()
                && rest.starts_with(&text)
        })
    },
    fn expected_len(&self, array_bytes: usize, elements: bool) -> usize {
        // A double takes nine bytes.
        if elements { array_bytes.saturating_add(array_bytes / 8) } else { array_bytes }
    },
);
