//! `raw`: a header and aligned bytes, nothing else. Our own floor: no layout can be simpler.
//!
//! ```text
//! 0   8  magic "DWEIGHT" and the version, one byte
//! 8   8  length of the header text, u64 little-endian
//! 16  8  xxh3 of the header text
//! 24  n  header: one JSON text {kind, layout_version, metadata, arrays: [[name, dtype, shape, start, end], ...]}
//!        zero bytes up to a multiple of 64
//!        the arrays, each at a multiple of 64 from the start of the file
//! ```
//!
//! The arrays begin 64-aligned from the start of the file, so that a map of it can be used as it
//! is. `start` and `end` count from the start of the array section. The header is checked by its
//! hash; the arrays are not (see [`crate::base::Parameters::checksum`]).

use std::io::Write;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    DecodeOptions, Descriptor, Encoding, Format, FormatError, FormatKind, Warning, WarningKind,
    sniff,
};
use crate::base::storage::ARENA_ALIGNMENT;
use crate::base::value;
use crate::base::{Array, DType, Limits, Parameters, Storage};

const MAGIC: &[u8; 7] = b"DWEIGHT";
const VERSION: u8 = 1;
const HEADER_START: usize = 24;

/// The format `raw`.
pub struct Raw;

static DESCRIPTOR: Descriptor = Descriptor {
    id: "raw",
    title: "raw aligned bytes",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Native,
    crate_name: None,
    extension: "dw",
    view: true,
    arena: true,
    warnings: &[
        Warning {
            kind: WarningKind::NoChecksum,
            text: "the header is hashed, the array bytes are not",
            reference: None,
        },
        Warning {
            kind: WarningKind::OwnLayout,
            text: "only deadweight reads and writes it",
            reference: None,
        },
    ],
    losses: &[],
    specification: "src/formats/raw.rs",
};

#[derive(Serialize, Deserialize)]
struct Header {
    kind: String,
    layout_version: u32,
    metadata: String,
    arrays: Vec<(String, DType, Vec<usize>, usize, usize)>,
}

impl Format for Raw {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encode(&self, parameters: &Parameters, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let beginning = Beginning::of(parameters)?;
        out.reserve(beginning.bytes.len().saturating_add(beginning.body_len));
        beginning.write(parameters, out)?;
        Ok(())
    }

    fn write(&self, parameters: &Parameters, out: &mut dyn Write) -> Result<u64, FormatError> {
        Beginning::of(parameters)?.write(parameters, out)
    }

    fn decode(&self, bytes: &[u8], options: &DecodeOptions) -> Result<Parameters, FormatError> {
        let (header, body) = read_header(bytes, &options.limits)?;
        let mut parts = Vec::with_capacity(header.arrays.len());
        for entry in &header.arrays {
            let part = entry_bytes(bytes, body, entry)?;
            parts.push((entry.0.as_str(), entry.1, entry.2.as_slice(), part));
        }
        let arrays = super::copy_parts(&parts, bytes, options)?;
        assemble(header, arrays, &options.limits)
    }

    fn view(&self, source: &Storage, options: &DecodeOptions) -> Result<Parameters, FormatError> {
        let bytes = source.as_bytes();
        let (header, body) = read_header(bytes, &options.limits)?;
        let mut arrays = Vec::with_capacity(header.arrays.len());
        for entry in &header.arrays {
            let part = entry_bytes(bytes, body, entry)?;
            let array = super::borrow_or_copy(entry.1, &entry.2, source, part, options.pages)
                .map_err(|error| FormatError::Array { name: entry.0.clone(), source: error })?;
            arrays.push(array);
        }
        assemble(header, arrays, &options.limits)
    }

    fn recognizes(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }
}

/// What a file begins with, and where its arrays come.
struct Beginning {
    /// All that stands before the body, padded.
    bytes: Vec<u8>,
    /// Where each array starts in the body.
    starts: Vec<usize>,
    body_len: usize,
}

impl Beginning {
    fn of(parameters: &Parameters) -> Result<Self, FormatError> {
        let mut entries = Vec::new();
        let mut end = 0usize;
        for (name, array) in parameters.arrays() {
            let start = end.next_multiple_of(ARENA_ALIGNMENT);
            end = start.saturating_add(array.byte_len());
            entries.push((name.to_owned(), array.dtype(), array.shape().to_vec(), start, end));
        }
        let starts: Vec<usize> = entries.iter().map(|entry| entry.3).collect();
        let header = serde_json::to_vec(&Header {
            kind: parameters.kind().to_owned(),
            layout_version: parameters.layout_version(),
            metadata: value::to_json(parameters.metadata()),
            arrays: entries,
        })
        .map_err(|error| FormatError::codec("raw", error))?;

        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&xxh3_64(&header).to_le_bytes());
        bytes.extend_from_slice(&header);
        if !starts.is_empty() {
            bytes.resize(bytes.len().next_multiple_of(ARENA_ALIGNMENT), 0);
        }
        Ok(Beginning { bytes, starts, body_len: end })
    }

    /// Writes a whole file, its arrays from where they lie.
    fn write(&self, parameters: &Parameters, out: &mut dyn Write) -> Result<u64, FormatError> {
        out.write_all(&self.bytes)?;
        let mut position = 0usize;
        for ((_, array), start) in parameters.arrays().zip(&self.starts) {
            // Less than the alignment of an arena.
            let padding = start.saturating_sub(position).min(ARENA_ALIGNMENT);
            out.write_all([0; ARENA_ALIGNMENT].get(..padding).unwrap_or_default())?;
            out.write_all(array.as_bytes())?;
            position = start.saturating_add(array.byte_len());
        }
        Ok((self.bytes.len() as u64).saturating_add(position as u64))
    }
}

fn word(bytes: &[u8], offset: usize) -> Result<u64, FormatError> {
    bytes
        .get(offset..offset.saturating_add(8))
        .and_then(|word| word.try_into().ok())
        .map(u64::from_le_bytes)
        .ok_or(FormatError::Truncated {
            offset,
            what: "raw header",
            expected: 8,
            found: bytes.len().saturating_sub(offset) as u64,
        })
}

/// Reads and checks the header; returns it with the offset at which the arrays begin.
fn read_header(bytes: &[u8], limits: &Limits) -> Result<(Header, usize), FormatError> {
    if !bytes.starts_with(MAGIC) {
        return Err(FormatError::Malformed {
            offset: 0,
            what: "raw magic",
            expected: format!("{:?}", String::from_utf8_lossy(MAGIC)),
            found: sniff::found(bytes),
        });
    }
    let version = bytes.get(MAGIC.len()).copied().unwrap_or_default();
    if version != VERSION {
        return Err(FormatError::Version {
            format: "raw",
            found: version.into(),
            expected: VERSION.into(),
        });
    }
    let (len, hash) = (word(bytes, 8)?, word(bytes, 16)?);
    let left = bytes.len().saturating_sub(HEADER_START);
    let len =
        usize::try_from(len).ok().filter(|len| *len <= left).ok_or(FormatError::Truncated {
            offset: HEADER_START,
            what: "raw header text",
            expected: len,
            found: left as u64,
        })?;
    super::check_header_len(len, limits)?;
    let end = HEADER_START.saturating_add(len);
    let text = bytes.get(HEADER_START..end).unwrap_or_default();
    if xxh3_64(text) != hash {
        return Err(FormatError::Malformed {
            offset: 16,
            what: "hash of the raw header",
            expected: format!("{:016x}", xxh3_64(text)),
            found: format!("{hash:016x}; the file is damaged"),
        });
    }
    let header: Header = serde_json::from_slice(text).map_err(|error| FormatError::Malformed {
        offset: HEADER_START,
        what: "raw header text",
        expected: "JSON".into(),
        found: error.to_string(),
    })?;
    let body = end.next_multiple_of(ARENA_ALIGNMENT);
    check_positions(&header.arrays, body)?;
    let last = header.arrays.iter().map(|entry| entry.4).max();
    match last {
        Some(last) if body.checked_add(last) != Some(bytes.len()) => Err(FormatError::Malformed {
            offset: body,
            what: "length of the raw array section",
            expected: last.to_string(),
            found: bytes.len().saturating_sub(body).to_string(),
        }),
        None if bytes.len() != end => {
            Err(FormatError::Trailing { offset: end, found: bytes.len().saturating_sub(end) })
        }
        _ => Ok((header, body)),
    }
}

type Entry = (String, DType, Vec<usize>, usize, usize);

/// Each array begins where the one before it ends, rounded up. Were they allowed to share bytes,
/// a small file could ask for any amount of memory.
fn check_positions(arrays: &[Entry], body: usize) -> Result<(), FormatError> {
    let mut end = 0usize;
    for (name, _, _, start, next) in arrays {
        if end.checked_next_multiple_of(ARENA_ALIGNMENT) != Some(*start) || next < start {
            return Err(FormatError::Malformed {
                offset: body,
                what: "position of an array",
                expected: format!("a start at the next multiple of 64 from {end}"),
                found: format!("{start}..{next} for {name:?}"),
            });
        }
        end = *next;
    }
    Ok(())
}

fn entry_bytes<'a>(bytes: &'a [u8], body: usize, entry: &Entry) -> Result<&'a [u8], FormatError> {
    let (name, _, _, start, end) = entry;
    let range = body.checked_add(*start).zip(body.checked_add(*end));
    range.and_then(|(start, end)| bytes.get(start..end)).ok_or_else(|| FormatError::Malformed {
        offset: body,
        what: "position of an array",
        expected: format!("inside {} bytes", bytes.len().saturating_sub(body)),
        found: format!("{start}..{end} for {name:?}"),
    })
}

fn assemble(
    header: Header,
    arrays: Vec<Array>,
    limits: &Limits,
) -> Result<Parameters, FormatError> {
    let metadata = value::from_json(&header.metadata, limits)?;
    let mut parameters =
        Parameters::new(header.kind, header.layout_version).with_metadata(metadata);
    for (entry, array) in header.arrays.into_iter().zip(arrays) {
        parameters.insert(entry.0, array)?;
    }
    parameters.check_limits(limits)?;
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_begin_aligned_and_a_view_borrows_them() {
        let mut parameters = Parameters::new("arrays", 1).with("note", "ü");
        let small = Array::from_vec(vec![1u8, 2, 3], &[3]).unwrap();
        parameters.insert("small", small).unwrap();
        let large = Array::from_vec(vec![0.5f64; 100], &[10, 10]).unwrap();
        parameters.insert("large", large).unwrap();
        let mut bytes = Vec::new();
        Raw.encode(&parameters, &mut bytes).unwrap();
        let source = Storage::copy_of(&bytes, crate::base::PagePolicy::Heap).unwrap();
        let view = Raw.view(&source, &DecodeOptions::default()).unwrap();
        assert_eq!(view.first_difference(&parameters), None);
        let range = source.range_of(view.get("large").unwrap().as_bytes()).unwrap();
        assert_eq!(range.start % 64, 0);
    }

    #[test]
    fn a_changed_header_is_noticed() {
        let mut bytes = Vec::new();
        Raw.encode(&Parameters::new("arrays", 1), &mut bytes).unwrap();
        bytes[30] ^= 1;
        let error = Raw.decode(&bytes, &DecodeOptions::default()).err().unwrap();
        assert!(error.to_string().contains("hash of the raw header"), "{error}");
    }
}
