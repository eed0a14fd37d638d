//! `bincode` and `bincode-elements`: bincode 2 in its standard configuration, through serde.

use std::io::Write;

use bincode::config::{self, Config};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::wire::{BorrowingCodec, BytesRow, Codec, ElementsRow, parameters_codec, with_ceiling};
use super::{Descriptor, Encoding, FormatError, FormatKind, Warning, WarningKind};

/// The codec: `bincode::config::standard()` (little-endian, varints) with a limit.
pub struct Bincode;

/// The row `bincode`.
pub static BYTES: BytesRow<Bincode> = BytesRow { descriptor: &BYTES_DESCRIPTOR, codec: Bincode };
/// The row `bincode-elements`.
pub static ELEMENTS: ElementsRow<Bincode> =
    ElementsRow { descriptor: &ELEMENTS_DESCRIPTOR, codec: Bincode };

const WARNINGS: &[Warning] = &[
    Warning {
        kind: WarningKind::Unmaintained,
        text: "development has stopped; 3.0.0 is only a compile error; wincode is its successor",
        reference: Some("RUSTSEC-2025-0141"),
    },
    Warning {
        kind: WarningKind::HostileInput,
        text: "without a limit a short file can abort the program by a length that lies; we decode under a limit that follows from the input's length, or into types whose lengths are all compared with the input",
        reference: None,
    },
    Warning {
        kind: WarningKind::NoChecksum,
        text: "changed bytes can decode to other numbers without an error",
        reference: None,
    },
];

static BYTES_DESCRIPTOR: Descriptor = Descriptor {
    id: "bincode",
    title: "bincode 2, arrays as bytes",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Bytes,
    crate_name: Some("bincode"),
    extension: "bincode",
    view: false,
    arena: true,
    warnings: WARNINGS,
    losses: &[],
    specification: "https://docs.rs/bincode/2.0.1/bincode/spec/",
};

static ELEMENTS_DESCRIPTOR: Descriptor = Descriptor {
    id: "bincode-elements",
    title: "bincode 2, number by number",
    encoding: Encoding::Elements,
    arena: false,
    ..BYTES_DESCRIPTOR
};

impl Codec for Bincode {
    const ID: &'static str = "bincode";
    const SELF_DESCRIBING: bool = false;

    fn encode<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        bincode::serde::encode_into_writer(value, Append(out), config::standard())
            .map_err(|error| FormatError::codec(Self::ID, error))
    }

    fn write<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut dyn Write,
    ) -> Result<(), FormatError> {
        let mut out = out;
        bincode::serde::encode_into_std_write(value, &mut out, config::standard())
            .map(|_| ())
            .map_err(|error| FormatError::codec(Self::ID, error))
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError> {
        self.decode_borrowed(bytes)
    }

    // The crate counts against its limit at each number, which is a quarter of the time of a list of floats.
    fn decode_document<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError> {
        decode(bytes, config::standard())
    }
}

impl BorrowingCodec for Bincode {
    fn decode_borrowed<'a, T: Deserialize<'a>>(&self, bytes: &'a [u8]) -> Result<T, FormatError> {
        with_ceiling!(bytes.len(), limited(bytes))
    }
}

parameters_codec!(Bincode);

fn limited<'a, T: Deserialize<'a>, const LIMIT: usize>(bytes: &'a [u8]) -> Result<T, FormatError> {
    decode(bytes, config::standard().with_limit::<LIMIT>())
}

fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8], config: impl Config) -> Result<T, FormatError> {
    let (value, read) = bincode::serde::borrow_decode_from_slice(bytes, config)
        .map_err(|error| FormatError::codec("bincode", error))?;
    match bytes.len().saturating_sub(read) {
        0 => Ok(value),
        found => Err(FormatError::Trailing { offset: read, found }),
    }
}

/// The bytes of a value in bincode's fixed-width encoding: each number as wide as it is, texts and
/// lists behind a length of eight bytes. It tells how much there is to store, whatever the format,
/// and whether two values are the same to the bit, NaN and all.
///
/// # Errors
/// [`FormatError::Codec`] when serde cannot write the value.
pub fn fixed_width<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, FormatError> {
    bincode::serde::encode_to_vec(value, config::legacy())
        .map_err(|error| FormatError::codec("bincode", error))
}

/// Writes behind what is there.
struct Append<'a>(&'a mut Vec<u8>);

impl bincode::enc::write::Writer for Append<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), bincode::error::EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}
