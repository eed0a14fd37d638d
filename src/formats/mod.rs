//! Ways to turn parameters into bytes and back: one file each, one line each in [`registry`].
//!
//! A [`Format`] knows [`Parameters`] and never a model. It encodes into a buffer of the
//! caller's, decodes into memory of the result's own, and where its layout allows it opens a
//! *view*: parameters whose arrays borrow from the bytes. It opens no file and keeps no state.
//!
//! What is true of a format beside its bytes (known problems, losses, its crate) is data on its
//! [`Descriptor`]: it appears in `formats --json`, in the records and in the report.
//!
//! Bytes come from strangers: each loader compares lengths with what is there before it
//! allocates, does not recurse, and answers with a [`FormatError`], never with a panic.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::base::record::{FormatRecord, WarningRecord};
use crate::base::{
    Array, ArrayError, DType, Limits, PagePolicy, Parameters, ParametersError, Spare, Storage,
};

pub mod arrow;
pub mod bincode;
pub mod bitcode;
pub mod borsh;
pub mod cbor;
pub mod cbor4ii;
pub mod codecs;
mod documents;
mod envelope;
pub mod error;
mod flat_reader;
pub mod flatbuffers;
pub mod guards;
pub mod joblib;
pub mod json;
pub mod json_simd;
pub mod msgpack;
pub mod npy;
pub mod npz;
pub mod parquet;
mod parquet_layout;
pub mod pco;
pub mod pickle;
pub mod postcard;
pub mod protobuf;
pub mod raw;
pub mod registry;
pub mod rkyv;
pub mod safetensors;
pub mod seal;
mod serde_documents;
pub mod serde_pickle;
mod shallow;
pub mod sniff;
pub mod wincode;
pub mod wire;

pub use error::FormatError;

/// Whether loading can run code that the file chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatKind {
    /// It cannot: the file is only data.
    DataOnly,
    /// It can: loading calls what the file names.
    Executable,
}

impl FormatKind {
    /// The name used in records: `data-only`, `executable`.
    pub fn id(self) -> &'static str {
        match self {
            FormatKind::DataOnly => "data-only",
            FormatKind::Executable => "executable",
        }
    }
}

/// How a format stores the elements of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// In the one way the format has for arrays.
    Native,
    /// As one block of little-endian bytes with dtype and shape beside it.
    Bytes,
    /// Each number through the codec, as a derive on a `Vec<f64>` does it.
    Elements,
}

impl Encoding {
    /// The name used in records: `native`, `bytes`, `elements`.
    pub fn id(self) -> &'static str {
        match self {
            Encoding::Native => "native",
            Encoding::Bytes => "bytes",
            Encoding::Elements => "elements",
        }
    }
}

/// What sort of problem a [`Warning`] tells of; also the badge in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarningKind {
    /// A published security advisory concerns the version of the crate that is used.
    Advisory,
    /// One concerned earlier versions: the version that is used has its repair.
    PastAdvisory,
    /// Nobody maintains the crate.
    Unmaintained,
    /// The bytes may change with the next version of the crate.
    UnstableFormat,
    /// Changed bytes can decode without an error.
    NoChecksum,
    /// The crate aborts, panics or overflows its stack on some inputs; how we contain it.
    HostileInput,
    /// Other programs need to know our conventions to make sense of the file.
    Convention,
    /// Other programs cannot read the arrays at all: their layout is this program's.
    OwnLayout,
}

impl WarningKind {
    /// The name used in records.
    pub fn id(self) -> &'static str {
        match self {
            WarningKind::Advisory => "advisory",
            WarningKind::PastAdvisory => "past-advisory",
            WarningKind::Unmaintained => "unmaintained",
            WarningKind::UnstableFormat => "unstable-format",
            WarningKind::NoChecksum => "no-checksum",
            WarningKind::HostileInput => "hostile-input",
            WarningKind::Convention => "convention",
            WarningKind::OwnLayout => "own-layout",
        }
    }
}

/// A known problem of a format, as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning {
    /// What sort of problem.
    pub kind: WarningKind,
    /// One sentence for users.
    pub text: &'static str,
    /// An advisory id, an issue, a specification.
    pub reference: Option<&'static str>,
}

/// Something that a round trip does not keep. Declared here, tested, and shown in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The sign and payload of NaN: it comes back as the one quiet NaN.
    NanPayload,
    /// The signalling bit of 32-bit NaN: it comes back quiet.
    SignallingNan32,
    /// All NaN: saving an array with one fails.
    NanRefused,
}

impl Loss {
    /// One sentence for users.
    pub fn text(self) -> &'static str {
        match self {
            Loss::NanPayload => {
                "every NaN comes back as the one quiet NaN; its payload and sign are lost"
            }
            Loss::SignallingNan32 => "a signalling NaN of f32 comes back quiet",
            Loss::NanRefused => "an array of f32 or f64 with a NaN in it cannot be saved",
        }
    }
}

/// What is true of a format beside its bytes.
#[derive(Debug)]
pub struct Descriptor {
    /// Its id, in records and on the command line: the file's stem, with `-elements` added for
    /// the row that puts each number through the codec.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// Whether loading can run code.
    pub kind: FormatKind,
    /// How arrays are stored.
    pub encoding: Encoding,
    /// The crate that does the work, as it is called in Cargo.lock; `None` for our own.
    pub crate_name: Option<&'static str>,
    /// Extension that files of the format usually have. Only for naming output: content decides.
    pub extension: &'static str,
    /// True when [`Format::view`] works: arrays can borrow from the bytes.
    pub view: bool,
    /// True when [`Format::decode`] copies arrays into one arena, so that the page policy matters,
    /// and memory can be reused.
    pub arena: bool,
    /// Known problems.
    pub warnings: &'static [Warning],
    /// What a round trip does not keep.
    pub losses: &'static [Loss],
    /// Where the bytes are specified.
    pub specification: &'static str,
}

impl Descriptor {
    /// The operations that the format has.
    pub fn modes(&self) -> Vec<&'static str> {
        if self.kind == FormatKind::Executable {
            return vec!["read"];
        }
        let mut modes = vec!["encode", "decode"];
        if self.arena {
            modes.push("decode-reused");
        }
        if self.view {
            modes.push("view");
        }
        modes
    }

    /// The description as a record; `version` looks a crate's version up.
    pub fn record(&self, version: impl Fn(&str) -> Option<String>) -> FormatRecord {
        let implementation = self.crate_name.map(|name| match version(name) {
            Some(version) => format!("{name} {version}"),
            None => name.to_owned(),
        });
        let warning = |warning: &Warning| WarningRecord {
            id: warning.kind.id().to_owned(),
            text: warning.text.to_owned(),
            reference: warning.reference.map(str::to_owned),
        };
        FormatRecord {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            kind: self.kind.id().to_owned(),
            runtime: "rust".to_owned(),
            encoding: self.encoding.id().to_owned(),
            implementation,
            modes: self.modes().into_iter().map(str::to_owned).collect(),
            warnings: self.warnings.iter().map(warning).collect(),
            losses: self.losses.iter().map(|loss| loss.text().to_owned()).collect(),
            content: None,
        }
    }
}

/// What a loader is told beside the bytes.
#[derive(Debug, Clone, Default)]
pub struct DecodeOptions {
    /// Bounds on what is accepted.
    pub limits: Limits,
    /// Pages of the arena that owned arrays are copied into.
    pub pages: PagePolicy,
    /// Memory of earlier parameters that may be filled instead, by formats whose descriptor says
    /// [`Descriptor::arena`]; the others make memory of their own.
    pub spare: Spare,
}

/// One way to turn parameters into bytes and back.
pub trait Format: Send + Sync {
    /// What is true of the format.
    fn descriptor(&self) -> &'static Descriptor;

    /// Appends the encoded parameters to `out`. Equal parameters give equal bytes.
    ///
    /// # Errors
    /// [`FormatError`] when the format cannot hold them.
    fn encode(&self, parameters: &Parameters, out: &mut Vec<u8>) -> Result<(), FormatError>;

    /// Writes what [`Format::encode`] appends, and says how many bytes that were. Formats that lay
    /// arrays down as they are write them from where they lie; the others encode in memory first.
    ///
    /// # Errors
    /// As [`Format::encode`]; [`FormatError::Write`] when the bytes cannot be written.
    fn write(
        &self,
        parameters: &Parameters,
        out: &mut dyn std::io::Write,
    ) -> Result<u64, FormatError> {
        let mut bytes = Vec::new();
        self.encode(parameters, &mut bytes)?;
        out.write_all(&bytes)?;
        Ok(bytes.len() as u64)
    }

    /// Does what [`Format::write`] does, and lets go of each array as soon as it is written where
    /// the format can: what was the array's becomes the memory of the file that is written.
    ///
    /// # Errors
    /// As [`Format::write`].
    fn write_out(
        &self,
        parameters: Parameters,
        out: &mut dyn std::io::Write,
    ) -> Result<u64, FormatError> {
        self.write(&parameters, out)
    }

    /// Reads parameters that own their memory. Nothing may follow them in `bytes`.
    ///
    /// # Errors
    /// [`FormatError`] says where, what was expected and what was found.
    fn decode(&self, bytes: &[u8], options: &DecodeOptions) -> Result<Parameters, FormatError>;

    /// Reads parameters whose arrays borrow from `source`. An array that does not lie at an
    /// aligned address is copied.
    ///
    /// # Errors
    /// As [`Format::decode`]; [`FormatError::NoView`] when the format has no such mode.
    fn view(&self, source: &Storage, options: &DecodeOptions) -> Result<Parameters, FormatError> {
        let _ = (source, options);
        Err(FormatError::NoView { format: self.descriptor().id })
    }

    /// True when `bytes`, the beginning of a file, is of this format: by a magic number or a
    /// structure that no other format has, never by a file's name.
    fn recognizes(&self, bytes: &[u8]) -> bool;
}

/// Runs a decoder of another crate; a panic in it becomes [`FormatError::Panicked`].
///
/// Nothing that the closure changed is looked at after a panic, so no broken state gets out.
pub(crate) fn contain<T>(
    format: &'static str,
    decode: impl FnOnce() -> Result<T, FormatError>,
) -> Result<T, FormatError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(decode)).unwrap_or_else(|payload| {
        let message = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
            (Some(message), _) => (*message).to_owned(),
            (_, Some(message)) => message.clone(),
            _ => "no message".to_owned(),
        };
        Err(FormatError::Panicked { format, message })
    })
}

/// Compares the length of a header that lies in the input with the bound on it.
pub(crate) fn check_header_len(found: usize, limits: &Limits) -> Result<(), ParametersError> {
    match limits.max_header_bytes {
        limit if found > limit => Err(ParametersError::Limit {
            what: "bytes in the header",
            found: found as u64,
            limit: limit as u64,
        }),
        _ => Ok(()),
    }
}

/// Name, dtype, shape and bytes of an array that a parser found in its input.
pub(crate) type Part<'a> = (String, DType, Vec<usize>, &'a [u8]);

/// Copies arrays that a parser found, in `source` as a rule, into one arena; an error names the
/// array.
pub(crate) fn copy_parts(
    parts: &[(&str, DType, &[usize], &[u8])],
    source: &[u8],
    options: &DecodeOptions,
) -> Result<Vec<Array>, FormatError> {
    let DecodeOptions { pages, spare, .. } = options;
    let pages = *pages;
    let views = parts.iter().map(|(_, dtype, shape, bytes)| (*dtype, *shape, *bytes));
    crate::base::array::copy_into_arena(views.clone(), source, pages, spare).map_err(|error| {
        // The rare way: find the array that the error speaks of by asking for each alone.
        let alone =
            |view| crate::base::array::copy_into_arena(std::iter::once(view), source, pages, spare);
        let culprit = parts.iter().zip(views).find(|(_, view)| alone(*view).is_err());
        let name = culprit.map_or("(all)", |((name, ..), _)| name);
        FormatError::Array { name: name.to_owned(), source: error }
    })
}

/// Copies what a parser found into one arena, and adds it to the parameters under its names.
pub(crate) fn insert_copies(
    parameters: &mut Parameters,
    parts: Vec<Part<'_>>,
    source: &[u8],
    options: &DecodeOptions,
) -> Result<(), FormatError> {
    let views: Vec<_> = parts
        .iter()
        .map(|(name, dtype, shape, bytes)| (name.as_str(), *dtype, shape.as_slice(), *bytes))
        .collect();
    let arrays = copy_parts(&views, source, options)?;
    for ((name, ..), array) in parts.into_iter().zip(arrays) {
        parameters.insert(name, array)?;
    }
    Ok(())
}

/// An array over `part` of `source`, or a copy where `part` does not lie at an aligned address
/// or does not belong to `source`.
pub(crate) fn borrow_or_copy(
    dtype: DType,
    shape: &[usize],
    source: &Storage,
    part: &[u8],
    pages: PagePolicy,
) -> Result<Array, ArrayError> {
    let aligned = (part.as_ptr() as usize).is_multiple_of(dtype.alignment());
    match source.range_of(part) {
        Some(range) if aligned => Array::from_storage(dtype, shape, source.clone(), range),
        _ => Array::copied_from(dtype, shape, part, pages),
    }
}
