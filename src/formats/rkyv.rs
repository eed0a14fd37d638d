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

use rkyv::rancor::{Error, Fallible};
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

impl Format for Rkyv {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encode(&self, parameters: &Parameters, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let metadata = value::to_json(parameters.metadata());
        let entry =
            |(name, array): (&'_ str, &'_ crate::base::Array)| (name.len(), array.shape().len());
        let around: usize = parameters
            .arrays()
            .map(entry)
            .map(|(name, axes)| name.saturating_add(axes.saturating_mul(8)).saturating_add(160))
            .sum();
        let array = |(name, array)| entry_of(name, array);
        let document = Document {
            kind: parameters.kind(),
            layout_version: parameters.layout_version(),
            metadata: &metadata,
            arrays: parameters.arrays().map(array).collect(),
        };
        out.reserve(
            parameters.byte_len().saturating_add(around).saturating_add(metadata.len() + 256),
        );
        let beginning = out.len();
        out.extend_from_slice(wire::mark(ID).as_bytes());
        out.push(b'\n');
        let start = beginning.saturating_add(START);
        out.resize(start, 0);
        rkyv::api::high::to_bytes_in::<_, Error>(&document, Append { out, start })
            .map_err(|error| FormatError::codec(ID, error))?;
        let length = (out.len().saturating_sub(start) as u64).to_le_bytes();
        let place = beginning.saturating_add(LENGTH_AT)..start;
        if let Some(target) = out.get_mut(place) {
            target.copy_from_slice(&length);
        }
        Ok(())
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
