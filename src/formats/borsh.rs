//! `borsh` and `borsh-elements`: a binary format with one encoding for each value, through its
//! own derive.

use std::borrow::Cow;
use std::io::Write;

use borsh::{BorshDeserialize, BorshSerialize};

use super::documents::{bytes_document, elements_to_read, elements_to_write};
use super::wire::{BytesRow, ElementsRow, ParametersCodec};
use super::{
    DecodeOptions, Descriptor, Encoding, FormatError, FormatKind, Loss, Warning, WarningKind,
};
use crate::base::{DType, Parameters, value};

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

    fn write_bytes(
        &self,
        _mark: &str,
        parameters: &Parameters,
        mut out: &mut dyn Write,
    ) -> Result<(), FormatError> {
        let metadata = value::to_json(parameters.metadata());
        encode(&BytesDocument::of(parameters, &metadata), &mut out)
    }

    fn decode_bytes(
        &self,
        _mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError> {
        check_lengths(bytes, false)?;
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
        check_lengths(bytes, true)?;
        decode::<OwnedDocument>(bytes)?.into_parameters(options)
    }
}

/// What is left of a document while its lengths are looked at.
struct Skim<'a>(&'a [u8]);

impl<'a> Skim<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn length(&mut self) -> Option<usize> {
        let word = self.take(4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(word)).ok()
    }

    /// A text or a block of bytes.
    fn block(&mut self) -> Option<()> {
        let length = self.length()?;
        self.take(length).map(drop)
    }

    fn document(&mut self, elements: bool) -> Option<()> {
        self.block()?;
        self.take(size_of::<u32>())?;
        self.block()?;
        // Each turn takes bytes, so a number that lies ends with them.
        for _ in 0..self.length()? {
            self.block()?;
            if !elements {
                self.block()?;
            }
            let axes = self.length()?;
            self.take(axes.checked_mul(size_of::<u64>())?)?;
            match elements {
                true => self.elements()?,
                false => self.block()?,
            }
        }
        Some(())
    }

    fn elements(&mut self) -> Option<()> {
        let dtype = DType::from_code(*self.take(1)?.first()?)?;
        let count = self.length()?;
        match dtype.item_size() {
            Some(size) => self.take(count.checked_mul(size)?).map(drop),
            None => (0..count).try_for_each(|_| self.block()),
        }
    }
}

/// Compares every length with what is there. The crate would first set a mebibyte aside for each text
/// and block of bytes, however short the file is.
pub(super) fn check_lengths(bytes: &[u8], elements: bool) -> Result<(), FormatError> {
    let mut skim = Skim(bytes);
    skim.document(elements).ok_or_else(|| {
        let left = skim.0.len();
        FormatError::codec(
            "borsh",
            format!("a length or dtype does not fit the {left} bytes before the end of the file"),
        )
    })
}

fn encode(document: &impl BorshSerialize, out: &mut impl Write) -> Result<(), FormatError> {
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
