//! `rkyv`: a memory image that is checked and then used where it lies.
//!
//! ```text
//! 0    n  mark "deadweight rkyv 1\n", zero bytes up to 56
//! 56   8  length of the archive, u64 little-endian
//! 64      the archive; array bytes at multiples of 64 from the start of the file
//! ```
//!
//! The length is there because rkyv finds its root from the end: without it, bytes after the
//! archive would move the root and could pass for another one.

use std::io::Write;

use rkyv::rancor::{Error, Fallible, ResultExt};
use rkyv::ser::{Positional, Writer};
use rkyv::vec::{ArchivedVec, VecResolver};
use rkyv::with::InlineAsBox;
use rkyv::{Archive, Place, Serialize};

use super::{
    DecodeOptions, Descriptor, Encoding, Format, FormatError, FormatKind, Warning, WarningKind,
    borrow_or_copy, contain, wire,
};
use crate::base::storage::ARENA_ALIGNMENT;
use crate::base::{DType, Parameters, Storage, value};

/// The format `rkyv`, validated on each load.
pub struct Rkyv;

const ID: &str = "rkyv";
const LENGTH_AT: usize = 56;
const START: usize = 64;

static DESCRIPTOR: Descriptor = Descriptor {
    id: ID,
    title: "rkyv, checked",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Native,
    crate_name: Some("rkyv"),
    extension: "rkyv",
    view: true,
    arena: true,
    warnings: &[
        Warning {
            kind: WarningKind::NoChecksum,
            text: "the structure is checked, the numbers are not",
            reference: None,
        },
        Warning {
            kind: WarningKind::PastAdvisory,
            text: "versions before 0.8.17 accept some invalid archives; a newer one is used here",
            reference: Some("RUSTSEC-2026-0233, RUSTSEC-2026-0234, RUSTSEC-2026-0235"),
        },
        Warning {
            kind: WarningKind::OwnLayout,
            text: "the layout is that of Rust types: only this program's types read it",
            reference: None,
        },
    ],
    losses: &[],
    specification: "https://rkyv.org/format.html",
};

#[derive(Archive, Serialize)]
struct Document<'a> {
    #[rkyv(with = InlineAsBox)]
    kind: &'a str,
    layout_version: u32,
    #[rkyv(with = InlineAsBox)]
    metadata: &'a str,
    arrays: Vec<Entry<'a>>,
}

#[derive(Archive, Serialize)]
struct Entry<'a> {
    #[rkyv(with = InlineAsBox)]
    name: &'a str,
    dtype: u8,
    shape: Vec<u64>,
    data: Aligned<'a>,
}

/// Bytes that are archived at a multiple of 64.
struct Aligned<'a>(&'a [u8]);

impl Archive for Aligned<'_> {
    type Archived = ArchivedVec<u8>;
    type Resolver = VecResolver;

    fn resolve(&self, resolver: VecResolver, out: Place<Self::Archived>) {
        ArchivedVec::resolve_from_len(self.0.len(), resolver, out);
    }
}

impl<S: Fallible + Writer + ?Sized> Serialize<S> for Aligned<'_> {
    fn serialize(&self, serializer: &mut S) -> Result<VecResolver, S::Error> {
        const ZEROS: [u8; ARENA_ALIGNMENT] = [0; ARENA_ALIGNMENT];
        let position = serializer.pos();
        let aligned = position.next_multiple_of(ARENA_ALIGNMENT);
        serializer.write(ZEROS.get(..aligned.saturating_sub(position)).unwrap_or_default())?;
        serializer.write(self.0)?;
        Ok(VecResolver::from_pos(aligned))
    }
}

/// Writes behind what is there; positions count from the start of the archive.
struct Append<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl Positional for Append<'_> {
    fn pos(&self) -> usize {
        self.out.len().saturating_sub(self.start)
    }
}

impl Writer<Error> for Append<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.out.extend_from_slice(bytes);
        Ok(())
    }
}

/// Writes onto a writer; positions count what went through it.
struct Onto<'a, 'b>(&'a mut wire::Counted<'b>);

impl Positional for Onto<'_, '_> {
    fn pos(&self) -> usize {
        self.0.written as usize
    }
}

impl Writer<Error> for Onto<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.0.write_all(bytes).into_error()
    }
}

impl Format for Rkyv {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encode(&self, parameters: &Parameters, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let entry =
            |(name, array): (&'_ str, &'_ crate::base::Array)| (name.len(), array.shape().len());
        let around: usize = parameters
            .arrays()
            .map(entry)
            .map(|(name, axes)| name.saturating_add(axes.saturating_mul(8)).saturating_add(160))
            .sum();
        let metadata = value::to_json(parameters.metadata());
        out.reserve(
            parameters.byte_len().saturating_add(around).saturating_add(metadata.len() + 256),
        );
        let document = document(parameters, &metadata);
        let beginning = out.len();
        out.extend_from_slice(&beginning_with(0));
        let start = out.len();
        rkyv::api::high::to_bytes_in::<_, Error>(&document, Append { out, start })
            .map_err(|error| FormatError::codec(ID, error))?;
        let length = out.len().saturating_sub(start) as u64;
        if let Some(target) = out.get_mut(beginning..start) {
            target.copy_from_slice(&beginning_with(length));
        }
        Ok(())
    }

    /// The length stands before the archive: a first pass counts, a second one writes.
    fn write(&self, parameters: &Parameters, out: &mut dyn Write) -> Result<u64, FormatError> {
        let metadata = value::to_json(parameters.metadata());
        let document = document(parameters, &metadata);
        let archive = |out: &mut dyn Write| {
            let mut counted = wire::Counted { out, written: 0 };
            rkyv::api::high::to_bytes_in::<_, Error>(&document, Onto(&mut counted))
                .map_err(|error| FormatError::codec(ID, error))?;
            Ok::<u64, FormatError>(counted.written)
        };
        let length = archive(&mut std::io::sink())?;
        let beginning = beginning_with(length);
        out.write_all(&beginning)?;
        archive(out)?;
        Ok(length.saturating_add(beginning.len() as u64))
    }

    fn decode(&self, bytes: &[u8], options: &DecodeOptions) -> Result<Parameters, FormatError> {
        archive(bytes)?;
        // The archive needs aligned memory: the whole file is copied once, and viewed there.
        self.view(&options.spare.copy_of(bytes, options.pages)?, options)
    }

    fn view(&self, source: &Storage, options: &DecodeOptions) -> Result<Parameters, FormatError> {
        let bytes = archive(source.as_bytes())?;
        if !(bytes.as_ptr() as usize).is_multiple_of(align_of::<ArchivedDocument>()) {
            return self.decode(source.as_bytes(), options);
        }
        contain(ID, || {
            let document = rkyv::access::<ArchivedDocument, Error>(bytes)
                .map_err(|error| FormatError::codec(ID, error))?;
            read(document, source, options)
        })
    }

    fn recognizes(&self, bytes: &[u8]) -> bool {
        bytes.strip_prefix(wire::mark(ID).as_bytes()).is_some_and(|rest| rest.starts_with(b"\n"))
    }
}

/// What stands before an archive of `length` bytes.
fn beginning_with(length: u64) -> Vec<u8> {
    let mut bytes = wire::mark(ID).into_bytes();
    bytes.push(b'\n');
    bytes.resize(LENGTH_AT, 0);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes
}

fn document<'a>(parameters: &'a Parameters, metadata: &'a str) -> Document<'a> {
    Document {
        kind: parameters.kind(),
        layout_version: parameters.layout_version(),
        metadata,
        arrays: parameters.arrays().map(|(name, array)| entry_of(name, array)).collect(),
    }
}

fn entry_of<'a>(name: &'a str, array: &'a crate::base::Array) -> Entry<'a> {
    Entry {
        name,
        dtype: array.dtype().code(),
        shape: super::documents::wide(array.shape()),
        data: Aligned(array.as_bytes()),
    }
}

/// The archive inside a file, by the length that the file states.
fn archive(bytes: &[u8]) -> Result<&[u8], FormatError> {
    if !Rkyv.recognizes(bytes) {
        return Err(wire::not_this_format(ID, bytes));
    }
    let body = bytes.get(START..).unwrap_or_default();
    let length = bytes
        .get(LENGTH_AT..START)
        .and_then(|word| word.try_into().ok())
        .map_or(u64::MAX, u64::from_le_bytes);
    match usize::try_from(length) {
        Ok(length) if length == body.len() => Ok(body),
        Ok(length) if length < body.len() => Err(FormatError::Trailing {
            offset: START.saturating_add(length),
            found: body.len().saturating_sub(length),
        }),
        _ => Err(FormatError::Truncated {
            offset: START,
            what: "rkyv archive",
            expected: length,
            found: body.len() as u64,
        }),
    }
}

fn read(
    document: &ArchivedDocument,
    source: &Storage,
    options: &DecodeOptions,
) -> Result<Parameters, FormatError> {
    let metadata = value::from_json(&document.metadata, &options.limits)?;
    let mut parameters = Parameters::new(&*document.kind, document.layout_version.to_native())
        .with_metadata(metadata);
    for entry in document.arrays.iter() {
        let name = &*entry.name;
        let shape: Result<Vec<usize>, _> =
            entry.shape.iter().map(|length| usize::try_from(length.to_native())).collect();
        let (Some(dtype), Ok(shape)) = (DType::from_code(entry.dtype), shape) else {
            return Err(FormatError::Malformed {
                offset: START,
                what: "dtype and shape of an array",
                expected: "a dtype below 14 and lengths that can be addressed".into(),
                found: format!("{} and {:?} for {name:?}", entry.dtype, entry.shape),
            });
        };
        let array = borrow_or_copy(dtype, &shape, source, &entry.data, options.pages)
            .map_err(|source| FormatError::Array { name: name.to_owned(), source })?;
        parameters.insert(name, array)?;
    }
    parameters.check_limits(&options.limits)?;
    Ok(parameters)
}
