//! `wincode` and `wincode-elements`: bincode's successor, through its own derive.
//!
//! Its bytes are those of bincode's `legacy()` configuration: little-endian, fixed width, lengths
//! of eight bytes.

use std::io::Write;

use wincode::config::{Config, Configuration};
use wincode::io::std_write::WriteAdapter;
use wincode::{SchemaRead, SchemaWrite};

use super::documents::{bytes_document, elements_to_read, elements_to_write};
use super::wire::{BytesRow, ElementsRow, ParametersCodec, with_ceiling};
use super::{DecodeOptions, Descriptor, Encoding, FormatError, FormatKind, Warning, WarningKind};
use crate::base::{Parameters, value};

/// The codec of our documents. It goes through wincode's derive, not through serde.
pub struct Wincode;

/// The row `wincode`.
pub static BYTES: BytesRow<Wincode> = BytesRow { descriptor: &BYTES_DESCRIPTOR, codec: Wincode };
/// The row `wincode-elements`.
pub static ELEMENTS: ElementsRow<Wincode> =
    ElementsRow { descriptor: &ELEMENTS_DESCRIPTOR, codec: Wincode };

const WARNINGS: &[Warning] = &[
    Warning {
        kind: WarningKind::NoChecksum,
        text: "changed bytes can decode to other numbers without an error",
        reference: None,
    },
    Warning {
        kind: WarningKind::HostileInput,
        text: "by default a vector of more than 4 MiB is refused; we set the limit by the input's length instead",
        reference: None,
    },
];

static BYTES_DESCRIPTOR: Descriptor = Descriptor {
    id: "wincode",
    title: "wincode, arrays as bytes",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Bytes,
    crate_name: Some("wincode"),
    extension: "wincode",
    view: false,
    arena: true,
    warnings: WARNINGS,
    losses: &[],
    specification: "https://docs.rs/wincode",
};

static ELEMENTS_DESCRIPTOR: Descriptor = Descriptor {
    id: "wincode-elements",
    title: "wincode, vectors by its derive",
    encoding: Encoding::Elements,
    arena: false,
    ..BYTES_DESCRIPTOR
};

bytes_document! {
    #[derive(SchemaRead, SchemaWrite)]
    BytesDocument, BytesArray,
    text: &'a str,
    metadata: &'a str,
    data: &'a [u8],
}

elements_to_write! {
    #[derive(SchemaWrite)]
    ElementsDocument, ElementsArray, Elements,
    metadata: &'a str,
    floats: {},
}

elements_to_read! {
    #[derive(SchemaRead)]
    OwnedDocument, OwnedArray, OwnedElements,
    text: String,
    metadata: String,
    floats: {},
}

impl ParametersCodec for Wincode {
    const MARK_IS_FIELD: bool = false;

    fn encode_bytes(
        &self,
        _mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let metadata = value::to_json(parameters.metadata());
        let document = BytesDocument::of(parameters, &metadata);
        wincode::config::serialize_into(out, &document, unlimited())
            .map_err(|error| FormatError::codec("wincode", error))
    }

    fn write_bytes(
        &self,
        _mark: &str,
        parameters: &Parameters,
        out: &mut dyn Write,
    ) -> Result<(), FormatError> {
        let metadata = value::to_json(parameters.metadata());
        let document = BytesDocument::of(parameters, &metadata);
        wincode::config::serialize_into(WriteAdapter::new(out), &document, unlimited())
            .map_err(|error| FormatError::codec("wincode", error))
    }

    fn decode_bytes(
        &self,
        _mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError> {
        let document: BytesDocument = with_ceiling!(bytes.len(), limited(bytes))?;
        document.into_parameters(options)
    }

    fn encode_elements(
        &self,
        _mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let metadata = value::to_json(parameters.metadata());
        let document = ElementsDocument::of(parameters, &metadata)?;
        wincode::config::serialize_into(out, &document, unlimited())
            .map_err(|error| FormatError::codec("wincode", error))
    }

    fn decode_elements(
        &self,
        _mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError> {
        let document: OwnedDocument = with_ceiling!(bytes.len(), limited(bytes))?;
        document.into_parameters(options)
    }
}

/// What is written lies in memory already: nothing has to be bounded.
fn unlimited() -> impl Config {
    Configuration::default().disable_preallocation_size_limit()
}

/// A configuration whose vectors take at most `LIMIT` bytes each.
type Limited<const LIMIT: usize> = Configuration<true, LIMIT>;

fn limited<'a, T, const LIMIT: usize>(bytes: &'a [u8]) -> Result<T, FormatError>
where
    T: SchemaRead<'a, Limited<LIMIT>, Dst = T>,
{
    let config = Configuration::default().with_preallocation_size_limit::<LIMIT>();
    wincode::config::deserialize_exact(bytes, config)
        .map_err(|error| FormatError::codec("wincode", error))
}
