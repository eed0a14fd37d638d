//! From one codec, two formats: the rows `bytes` and `elements` of every format that goes
//! through serde or a derive of its own.
//!
//! A [`Codec`] turns any serde type into bytes and back; it is public, so that a developer can
//! compare codecs on a type of their own. A [`ParametersCodec`] does the same for the documents
//! of `documents.rs`; serde codecs get it from a macro, the others implement it over documents
//! with their own derive. [`BytesRow`] and [`ElementsRow`] make it a [`Format`].
//!
//! Every file says which row wrote it, so that content alone decides how it is read. The mark is
//! the text `deadweight <id> <version>`: a line of its own before the bytes of a codec that does
//! not describe itself (the codec's own bytes follow, unchanged), and the value of the first
//! field, `format`, of one that does (so that a JSON file is JSON).
//!
//! Decoding never allocates on the word of a length alone, refuses trailing bytes, and contains
//! a panic of the codec's crate.

use std::io::Write;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::serde_documents::{BytesDocument, ElementsDocument, Marked, OwnedDocument, Text};
use super::{DecodeOptions, Descriptor, Format, FormatError, contain, sniff};
use crate::base::{Parameters, value};

/// The version in the mark of every file that the rows write.
pub const VERSION: u32 = 1;

/// A way to turn any serde type into bytes and back.
///
/// ```
/// use deadweight::formats::wire::Codec;
/// let mut bytes = Vec::new();
/// let codec = deadweight::formats::postcard::Postcard;
/// codec.encode(&(1u8, "one"), &mut bytes)?;
/// assert_eq!(codec.decode::<(u8, String)>(&bytes)?, (1, "one".to_owned()));
/// # Ok::<(), deadweight::formats::FormatError>(())
/// ```
pub trait Codec: Send + Sync {
    /// The id of the `bytes` row that is made of it: `postcard`.
    const ID: &'static str;
    /// True when the bytes name their fields and types, so that they make sense without the type.
    const SELF_DESCRIBING: bool;

    /// Appends the encoded value to `out`.
    ///
    /// # Errors
    /// [`FormatError::Codec`] when the codec cannot hold the value.
    fn encode<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError>;

    /// Writes what [`Codec::encode`] appends. Codecs whose crate takes a writer hand it on, so that
    /// a block of bytes goes out from where it lies; the others encode in memory first.
    ///
    /// # Errors
    /// As [`Codec::encode`], and when the bytes cannot be written.
    fn write<T: Serialize + ?Sized>(
        &self,
        value: &T,
        out: &mut dyn Write,
    ) -> Result<(), FormatError> {
        let mut bytes = Vec::new();
        self.encode(value, &mut bytes)?;
        Ok(out.write_all(&bytes)?)
    }

    /// Reads a value that owns its memory. Nothing may follow it.
    ///
    /// # Errors
    /// [`FormatError::Codec`] with the codec's own words, [`FormatError::Trailing`].
    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError>;

    /// As [`Codec::decode`], of a type that compares every length with the input by itself: it asks for
    /// texts as `str`, and its lists grow as elements come. A codec may do without a limit of its crate then.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    fn decode_document<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, FormatError> {
        self.decode(bytes)
    }
}

/// A codec whose values can borrow text and bytes from the input.
pub trait BorrowingCodec: Codec {
    /// Reads a value that may borrow from `bytes`. Nothing may follow it.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    fn decode_borrowed<'a, T: Deserialize<'a>>(&self, bytes: &'a [u8]) -> Result<T, FormatError>;
}

/// A way to turn parameters into bytes and back, in both encodings. `mark` is the text that tells
/// the row; decoding begins after it was checked where it is a line.
pub trait ParametersCodec: Send + Sync {
    /// True when the mark is a field of the codec's own; else it is a line before its bytes.
    const MARK_IS_FIELD: bool;

    /// Appends a `bytes` document.
    ///
    /// # Errors
    /// When the codec cannot hold the parameters.
    fn encode_bytes(
        &self,
        mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError>;

    /// Writes what [`ParametersCodec::encode_bytes`] appends, arrays from where they lie where the
    /// codec can.
    ///
    /// # Errors
    /// As [`ParametersCodec::encode_bytes`], and when the bytes cannot be written.
    fn write_bytes(
        &self,
        mark: &str,
        parameters: &Parameters,
        out: &mut dyn Write,
    ) -> Result<(), FormatError> {
        let mut bytes = Vec::with_capacity(expected_len(self, parameters, false));
        self.encode_bytes(mark, parameters, &mut bytes)?;
        Ok(out.write_all(&bytes)?)
    }

    /// Reads a `bytes` document.
    ///
    /// # Errors
    /// When the bytes are not one.
    fn decode_bytes(
        &self,
        mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError>;
    /// Appends an `elements` document.
    ///
    /// # Errors
    /// When the codec cannot hold the parameters.
    fn encode_elements(
        &self,
        mark: &str,
        parameters: &Parameters,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError>;
    /// Reads an `elements` document.
    ///
    /// # Errors
    /// When the bytes are not one.
    fn decode_elements(
        &self,
        mark: &str,
        bytes: &[u8],
        options: &DecodeOptions,
    ) -> Result<Parameters, FormatError>;

    /// The id in the mark of the row `id`: its own, or that of another row whose files are the same.
    fn marked_as(&self, id: &'static str) -> &'static str {
        id
    }

    /// True when `bytes` begin as a file of the mark does, for codecs whose mark is a field.
    fn begins_with_field(&self, mark: &str, bytes: &[u8]) -> bool {
        let _ = (mark, bytes);
        false
    }

    /// The most bytes, or elements, that an array can have in the codec.
    fn largest_array(&self) -> u64 {
        u64::MAX
    }

    /// How many bytes to set aside before encoding arrays of `array_bytes`.
    fn expected_len(&self, array_bytes: usize, elements: bool) -> usize {
        let _ = elements;
        array_bytes
    }
}

/// The text that tells which row wrote a file.
pub fn mark(id: &str) -> String {
    format!("deadweight {id} {VERSION}")
}

/// The error for bytes that do not begin as a file of format `id` does.
pub(crate) fn not_this_format(id: &'static str, bytes: &[u8]) -> FormatError {
    let words = format!("deadweight {id} ");
    let found = bytes.strip_prefix(words.as_bytes()).and_then(|rest| {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()
    });
    if let Some(found) = found {
        return FormatError::Version { format: id, found, expected: VERSION };
    }
    FormatError::Malformed {
        offset: 0,
        what: "beginning of the file",
        expected: format!("{:?}", mark(id)),
        found: sniff::found(bytes),
    }
}

/// What follows the mark of a file that begins with it.
pub(crate) fn after_line<'a>(id: &'static str, bytes: &'a [u8]) -> Result<&'a [u8], FormatError> {
    bytes
        .strip_prefix(mark(id).as_bytes())
        .and_then(|rest| rest.strip_prefix(b"\n"))
        .ok_or_else(|| not_this_format(id, bytes))
}

/// The row that stores each array as one block of bytes.
pub struct BytesRow<C> {
    pub(crate) descriptor: &'static Descriptor,
    pub(crate) codec: C,
}

/// The row that puts each number through the codec.
pub struct ElementsRow<C> {
    pub(crate) descriptor: &'static Descriptor,
    pub(crate) codec: C,
}

macro_rules! row {
    ($row:ident, $encode:ident, $decode:ident, $elements:literal $(, $written:item)?) => {
        impl<C: ParametersCodec> Format for $row<C> {
            fn descriptor(&self) -> &'static Descriptor {
                self.descriptor
            }

            fn encode(
                &self,
                parameters: &Parameters,
                out: &mut Vec<u8>,
            ) -> Result<(), FormatError> {
                let mark = mark(self.codec.marked_as(self.descriptor.id));
                check_lengths(self.descriptor.id, &self.codec, parameters)?;
                out.reserve(expected_len(&self.codec, parameters, $elements));
                if !C::MARK_IS_FIELD {
                    out.extend_from_slice(mark.as_bytes());
                    out.push(b'\n');
                }
                self.codec.$encode(&mark, parameters, out)
            }

            $($written)?

            fn decode(
                &self,
                bytes: &[u8],
                options: &DecodeOptions,
            ) -> Result<Parameters, FormatError> {
                let id = self.descriptor.id;
                let rest = match C::MARK_IS_FIELD {
                    false => after_line(id, bytes)?,
                    true if self.recognizes(bytes) => bytes,
                    true => return Err(not_this_format(id, bytes)),
                };
                let mark = mark(self.codec.marked_as(id));
                contain(id, || self.codec.$decode(&mark, rest, options))
            }

            fn recognizes(&self, bytes: &[u8]) -> bool {
                let mark = mark(self.codec.marked_as(self.descriptor.id));
                match C::MARK_IS_FIELD {
                    false => after_line(self.descriptor.id, bytes).is_ok(),
                    true => self.codec.begins_with_field(&mark, bytes),
                }
            }
        }
    };
}

row!(
    BytesRow,
    encode_bytes,
    decode_bytes,
    false,
    fn write(&self, parameters: &Parameters, out: &mut dyn Write) -> Result<u64, FormatError> {
        let mark = mark(self.codec.marked_as(self.descriptor.id));
        check_lengths(self.descriptor.id, &self.codec, parameters)?;
        let mut out = Counted { out, written: 0 };
        if !C::MARK_IS_FIELD {
            out.write_all(mark.as_bytes())?;
            out.write_all(b"\n")?;
        }
        self.codec.write_bytes(&mark, parameters, &mut out)?;
        Ok(out.written)
    }
);
row!(ElementsRow, encode_elements, decode_elements, true);

/// Refuses what the codec has no length for, before anything is written.
fn check_lengths<C: ParametersCodec>(
    id: &'static str,
    codec: &C,
    parameters: &Parameters,
) -> Result<(), FormatError> {
    let most = codec.largest_array();
    match parameters.arrays().find(|(_, array)| array.byte_len() as u64 > most) {
        None => Ok(()),
        Some((name, array)) => Err(FormatError::codec(
            id,
            format!("array {name:?} has {} bytes, {most} are possible", array.byte_len()),
        )),
    }
}

/// What to set aside for a document: its arrays, and names, dtypes, shapes and field names.
fn expected_len<C: ParametersCodec + ?Sized>(
    codec: &C,
    parameters: &Parameters,
    elements: bool,
) -> usize {
    let named = |(name, array): (&str, &crate::base::Array)| {
        name.len().saturating_add(array.shape().len().saturating_mul(9)).saturating_add(72)
    };
    let around: usize = parameters.arrays().map(named).sum();
    codec.expected_len(parameters.byte_len(), elements).saturating_add(around).saturating_add(1024)
}

/// Counts what goes through it.
pub(super) struct Counted<'a> {
    pub out: &'a mut dyn Write,
    pub written: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.written = self.written.saturating_add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// Encodes both documents with a serde codec; decoding differs for codecs that cannot borrow.
pub(crate) fn encode_bytes<C: Codec>(
    codec: &C,
    mark: &str,
    parameters: &Parameters,
    out: &mut Vec<u8>,
) -> Result<(), FormatError> {
    let metadata = value::to_json(parameters.metadata());
    let document = BytesDocument::of(parameters, &metadata);
    match C::SELF_DESCRIBING {
        true => codec.encode(&Marked::new(mark, document), out),
        false => codec.encode(&document, out),
    }
}

/// As [`encode_bytes`], into a writer.
pub(crate) fn write_bytes<C: Codec>(
    codec: &C,
    mark: &str,
    parameters: &Parameters,
    out: &mut dyn Write,
) -> Result<(), FormatError> {
    let metadata = value::to_json(parameters.metadata());
    let document = BytesDocument::of(parameters, &metadata);
    match C::SELF_DESCRIBING {
        true => codec.write(&Marked::new(mark, document), out),
        false => codec.write(&document, out),
    }
}

/// As [`encode_bytes`], each number on its own.
pub(crate) fn encode_elements<C: Codec>(
    codec: &C,
    mark: &str,
    parameters: &Parameters,
    out: &mut Vec<u8>,
) -> Result<(), FormatError> {
    let metadata = value::to_json(parameters.metadata());
    let document = ElementsDocument::of(parameters, &metadata)?;
    match C::SELF_DESCRIBING {
        true => codec.encode(&Marked::new(mark, document), out),
        false => codec.encode(&document, out),
    }
}

/// Reads a `bytes` document with a codec that can borrow.
pub(crate) fn decode_bytes<C: BorrowingCodec>(
    codec: &C,
    mark: &str,
    bytes: &[u8],
    options: &DecodeOptions,
) -> Result<Parameters, FormatError> {
    let document = match C::SELF_DESCRIBING {
        true => codec.decode_borrowed::<Marked<Text, BytesDocument>>(bytes)?.check(mark)?,
        false => codec.decode_borrowed::<BytesDocument>(bytes)?,
    };
    document.into_parameters(options)
}

/// Reads an `elements` document with a codec that gives `str` to those who ask for it.
pub(crate) fn decode_elements<C: Codec>(
    codec: &C,
    mark: &str,
    bytes: &[u8],
    options: &DecodeOptions,
) -> Result<Parameters, FormatError> {
    let document = match C::SELF_DESCRIBING {
        true => codec.decode_document::<Marked<Text, OwnedDocument>>(bytes)?.check(mark)?,
        false => codec.decode_document::<OwnedDocument>(bytes)?,
    };
    document.into_parameters(options)
}

/// Implements [`ParametersCodec`] for a serde codec that can borrow; what follows the type
/// replaces defaults of the trait.
macro_rules! parameters_codec {
    ($codec:ty $(, $replaced:item)* $(,)?) => {
        impl $crate::formats::wire::ParametersCodec for $codec {
            const MARK_IS_FIELD: bool = <Self as $crate::formats::wire::Codec>::SELF_DESCRIBING;

            fn encode_bytes(
                &self,
                mark: &str,
                parameters: &$crate::base::Parameters,
                out: &mut Vec<u8>,
            ) -> Result<(), $crate::formats::FormatError> {
                $crate::formats::wire::encode_bytes(self, mark, parameters, out)
            }

            fn write_bytes(
                &self,
                mark: &str,
                parameters: &$crate::base::Parameters,
                out: &mut dyn std::io::Write,
            ) -> Result<(), $crate::formats::FormatError> {
                $crate::formats::wire::write_bytes(self, mark, parameters, out)
            }

            fn decode_bytes(
                &self,
                mark: &str,
                bytes: &[u8],
                options: &$crate::formats::DecodeOptions,
            ) -> Result<$crate::base::Parameters, $crate::formats::FormatError> {
                $crate::formats::wire::decode_bytes(self, mark, bytes, options)
            }

            fn encode_elements(
                &self,
                mark: &str,
                parameters: &$crate::base::Parameters,
                out: &mut Vec<u8>,
            ) -> Result<(), $crate::formats::FormatError> {
                $crate::formats::wire::encode_elements(self, mark, parameters, out)
            }

            fn decode_elements(
                &self,
                mark: &str,
                bytes: &[u8],
                options: &$crate::formats::DecodeOptions,
            ) -> Result<$crate::base::Parameters, $crate::formats::FormatError> {
                $crate::formats::wire::decode_elements(self, mark, bytes, options)
            }

            $($replaced)*
        }
    };
}

/// Calls `$function::<LIMIT>(...)` with the smallest of a ladder of limits that is at least eight
/// times the input: for crates whose limit on what a length may claim is a const generic. Eight,
/// because a number of eight bytes in memory can stand in one byte of the input.
macro_rules! with_ceiling {
    ($len:expr, $function:ident($($argument:expr),*)) => {
        match $len {
            ..=0x2_0000 => $function::<_, 0x10_0000>($($argument),*),
            ..=0x8_0000 => $function::<_, 0x40_0000>($($argument),*),
            ..=0x20_0000 => $function::<_, 0x100_0000>($($argument),*),
            ..=0x80_0000 => $function::<_, 0x400_0000>($($argument),*),
            ..=0x200_0000 => $function::<_, 0x1000_0000>($($argument),*),
            ..=0x800_0000 => $function::<_, 0x4000_0000>($($argument),*),
            ..=0x2000_0000 => $function::<_, 0x1_0000_0000>($($argument),*),
            ..=0x8000_0000 => $function::<_, 0x4_0000_0000>($($argument),*),
            _ => $function::<_, 0x40_0000_0000>($($argument),*),
        }
    };
}

pub(crate) use {parameters_codec, with_ceiling};
