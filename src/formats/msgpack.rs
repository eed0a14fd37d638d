//! `msgpack` and `msgpack-elements`: MessagePack through rmp-serde, structures as maps.
//!
//! A file is a map `{"format": "deadweight msgpack 1", "parameters": {...}}`.

use std::io::Write;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::wire::{BorrowingCodec, BytesRow, Codec, ElementsRow, parameters_codec};
use super::{Descriptor, Encoding, FormatError, FormatKind, Warning, WarningKind};

/// The codec.
pub struct Msgpack;

/// The row `msgpack`.
pub static BYTES: BytesRow<Msgpack> = BytesRow { descriptor: &BYTES_DESCRIPTOR, codec: Msgpack };
/// The row `msgpack-elements`.
pub static ELEMENTS: ElementsRow<Msgpack> =
    ElementsRow { descriptor: &ELEMENTS_DESCRIPTOR, codec: Msgpack };

/// A map of two entries; the first key, a text of six bytes.
const FIRST_KEY: [u8; 8] = *b"\x82\xa6format";
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
        text: "deep nesting overflows the stack of rmp-serde's default of 1024 levels; we stop at 32",
        reference: Some("https://github.com/3Hren/msgpack-rust/issues/381"),
    },
];

static BYTES_DESCRIPTOR: Descriptor = Descriptor {
    id: "msgpack",
    title: "MessagePack, arrays as bytes",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Bytes,
    crate_name: Some("rmp-serde"),
    extension: "msgpack",
    view: false,
    arena: true,
    warnings: WARNINGS,
    losses: &[],
    specification: "https://github.com/msgpack/msgpack/blob/master/spec.md",
};

static ELEMENTS_DESCRIPTOR: Descriptor = Descriptor {
    id: "msgpack-elements",
    title: "MessagePack, number by number",
    encoding: Encoding::Elements,
    arena: false,
    ..BYTES_DESCRIPTOR
};

impl Codec for Msgpack {
    const ID: &'static str = "msgpack";
    const SELF_DESCRIBING: bool = true;

    fn encode<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        rmp_serde::encode::write_named(out, value)
            .map_err(|error| FormatError::codec(Self::ID, error))
    }

    fn write<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut dyn Write,
    ) -> Result<(), FormatError> {
        let mut out = out;
        rmp_serde::encode::write_named(&mut out, value)
            .map_err(|error| FormatError::codec(Self::ID, error))
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError> {
        self.decode_borrowed(bytes)
    }
}

impl BorrowingCodec for Msgpack {
    fn decode_borrowed<'a, T: Deserialize<'a>>(&self, bytes: &'a [u8]) -> Result<T, FormatError> {
        let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
        deserializer.set_max_depth(MAX_DEPTH);
        let value = T::deserialize(&mut deserializer)
            .map_err(|error| FormatError::codec(Self::ID, error))?;
        // The reader's position is not to be had; only at the end is there no further marker.
        match bool::deserialize(&mut deserializer) {
            Err(rmp_serde::decode::Error::InvalidMarkerRead(_)) => Ok(value),
            _ => Err(FormatError::codec(Self::ID, "expected the end of the file, found more")),
        }
    }
}

parameters_codec!(
    Msgpack,
    fn begins_with_field(&self, mark: &str, bytes: &[u8]) -> bool {
        let mut text = Vec::new();
        bytes.strip_prefix(&FIRST_KEY).is_some_and(|rest| {
            rmp_serde::encode::write(&mut text, mark).is_ok() && rest.starts_with(&text)
        })
    },
    fn largest_array(&self) -> u64 {
        // Lengths have 32 bits; the crate cuts longer ones off without a word.
        u32::MAX.into()
    },
    fn expected_len(&self, array_bytes: usize, elements: bool) -> usize {
        // A double takes nine bytes.
        if elements { array_bytes.saturating_add(array_bytes / 8) } else { array_bytes }
    },
);
