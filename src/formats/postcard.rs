//! `postcard` and `postcard-elements`: compact, little-endian, integers as varints.

use std::io::Write;

use postcard::ser_flavors::Flavor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::wire::{BorrowingCodec, BytesRow, Codec, ElementsRow, parameters_codec};
use super::{Descriptor, Encoding, FormatError, FormatKind, Warning, WarningKind};

/// The codec.
pub struct Postcard;

/// The row `postcard`.
pub static BYTES: BytesRow<Postcard> = BytesRow { descriptor: &BYTES_DESCRIPTOR, codec: Postcard };
/// The row `postcard-elements`.
pub static ELEMENTS: ElementsRow<Postcard> =
    ElementsRow { descriptor: &ELEMENTS_DESCRIPTOR, codec: Postcard };

const WARNINGS: &[Warning] = &[
    Warning {
        kind: WarningKind::NoChecksum,
        text: "changed bytes can decode to other numbers without an error",
        reference: None,
    },
    Warning {
        kind: WarningKind::HostileInput,
        text: "recursive types overflow the stack on hostile nesting; ours do not recurse",
        reference: None,
    },
];

static BYTES_DESCRIPTOR: Descriptor = Descriptor {
    id: "postcard",
    title: "postcard, arrays as bytes",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Bytes,
    crate_name: Some("postcard"),
    extension: "postcard",
    view: false,
    arena: true,
    warnings: WARNINGS,
    losses: &[],
    specification: "https://postcard.jamesmunns.com/wire-format",
};

static ELEMENTS_DESCRIPTOR: Descriptor = Descriptor {
    id: "postcard-elements",
    title: "postcard, number by number",
    encoding: Encoding::Elements,
    arena: false,
    ..BYTES_DESCRIPTOR
};

impl Codec for Postcard {
    const ID: &'static str = "postcard";
    const SELF_DESCRIBING: bool = false;

    fn encode<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        postcard::serialize_with_flavor(value, Append(out))
            .map_err(|error| FormatError::codec(Self::ID, error))
    }

    fn write<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut dyn Write,
    ) -> Result<(), FormatError> {
        postcard::to_io(value, out).map(|_| ()).map_err(|error| FormatError::codec(Self::ID, error))
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError> {
        self.decode_borrowed(bytes)
    }
}

impl BorrowingCodec for Postcard {
    fn decode_borrowed<'a, T: Deserialize<'a>>(&self, bytes: &'a [u8]) -> Result<T, FormatError> {
        let (value, rest) = postcard::take_from_bytes(bytes)
            .map_err(|error| FormatError::codec(Self::ID, error))?;
        match rest.len() {
            0 => Ok(value),
            found => {
                Err(FormatError::Trailing { offset: bytes.len().saturating_sub(found), found })
            }
        }
    }
}

parameters_codec!(Postcard);

/// Writes behind what is there, a slice at a time.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.0.push(data);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
