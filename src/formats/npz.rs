//! `npz`: numpy's own data-only container, a zip archive of `.npy` files.
//!
//! Each array is an entry `<name>.npy`, stored without compression and aligned so that its
//! elements begin at a multiple of 64 from the start of the file: a map of the file can be used as
//! it is, and `np.load` reads it as any other. The first entry, `__deadweight__.npy`, is a text
//! that holds what npz has no place for.
//!
//! Files of `np.savez` and `np.savez_compressed` load as kind `arrays`. Arrays of Python objects
//! are refused: loading them means running a pickle.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::envelope::{self, Envelope};
use super::npy::{self, Encoded, Header};
use super::{
    DecodeOptions, Descriptor, Encoding, Format, FormatError, FormatKind, Warning, WarningKind,
    borrow_or_copy, contain, copy_parts, wire,
};
use crate::base::parameters::PLAIN_ARRAYS;
use crate::base::storage::ARENA_ALIGNMENT;
use crate::base::{Array, ArrayError, DType, Limits, PagePolicy, Parameters, Storage};

/// The format `npz`.
pub struct Npz;

const ID: &str = "npz";
/// The entry that holds the envelope.
const RESERVED: &str = "__deadweight__";
const SUFFIX: &str = ".npy";

static DESCRIPTOR: Descriptor = Descriptor {
    id: ID,
    title: "numpy npz",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Native,
    crate_name: Some("zip"),
    extension: "npz",
    view: true,
    arena: true,
    warnings: &[
        Warning {
            kind: WarningKind::HostileInput,
            text: "npz files of others can hold pickles (object arrays) and can be decompression bombs; the first are refused, the second bounded",
            reference: None,
        },
        Warning {
            kind: WarningKind::NoChecksum,
            text: "the CRC-32 of each entry is checked when decoding, not when viewing",
            reference: None,
        },
        Warning {
            kind: WarningKind::Convention,
            text: "kind, metadata and order stand in the entry __deadweight__; bf16 is stored as uint16",
            reference: None,
        },
    ],
    losses: &[],
    specification: "https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html",
};

impl Format for Npz {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encode(&self, parameters: &Parameters, out: &mut Vec<u8>) -> Result<(), FormatError> {
        if parameters.get(RESERVED).is_some() {
            return Err(FormatError::codec(ID, "an array cannot be named __deadweight__ here"));
        }
        let names: usize = parameters.arrays().map(|(name, _)| name.len()).sum();
        let around = parameters.arrays().len().saturating_add(1).saturating_mul(400);
        let expected = parameters.byte_len().saturating_add(around).saturating_add(names * 2);
        out.reserve(expected);
        let mut zip = ZipWriter::new(Append::to(out));
        let text = npy::encode_text(&Envelope::text(ID, parameters)?);
        write_entry(&mut zip, RESERVED, &text)?;
        for (name, array) in parameters.arrays() {
            write_entry(&mut zip, name, &npy::encode(array))?;
        }
        zip.finish().map_err(|error| FormatError::codec(ID, error))?;
        Ok(())
    }

    fn decode(&self, bytes: &[u8], options: &DecodeOptions) -> Result<Parameters, FormatError> {
        let (parameters, pieces) = contain(ID, || read(bytes, options, true))?;
        // What lies in the input as it is goes to one arena; what had to be made is adopted.
        let plain = pieces.iter().filter_map(|piece| match &piece.data {
            Data::Input(part) => {
                Some((piece.name.as_str(), piece.dtype, piece.shape.as_slice(), *part))
            }
            Data::Made(..) => None,
        });
        let plain: Vec<_> = plain.collect();
        let mut copies = copy_parts(&plain, bytes, options)?.into_iter();
        finish(parameters, pieces, options, |piece| match &piece.data {
            Data::Input(part) => match copies.next() {
                Some(copy) => Ok(copy),
                None => Array::copied_from(piece.dtype, &piece.shape, part, options.pages),
            },
            Data::Made(made, start) => made_array(piece, made, *start, options.pages),
        })
    }

    fn view(&self, source: &Storage, options: &DecodeOptions) -> Result<Parameters, FormatError> {
        let (parameters, pieces) = contain(ID, || read(source.as_bytes(), options, false))?;
        finish(parameters, pieces, options, |piece| match &piece.data {
            Data::Input(part) => {
                borrow_or_copy(piece.dtype, &piece.shape, source, part, options.pages)
            }
            Data::Made(made, start) => made_array(piece, made, *start, options.pages),
        })
    }

    fn recognizes(&self, bytes: &[u8]) -> bool {
        // A zip whose first entry is an array.
        let length = match (bytes.first_chunk::<4>(), bytes.get(26..28)) {
            (Some(b"PK\x03\x04"), Some([low, high])) => u16::from_le_bytes([*low, *high]),
            _ => return false,
        };
        let name = bytes.get(30..30usize.saturating_add(length.into()));
        name.is_some_and(|name| name.ends_with(SUFFIX.as_bytes()))
    }
}

fn made_array(
    piece: &Piece,
    made: &Storage,
    start: usize,
    pages: PagePolicy,
) -> Result<Array, ArrayError> {
    let part = made.as_bytes().get(start..).unwrap_or_default();
    borrow_or_copy(piece.dtype, &piece.shape, made, part, pages)
}

fn finish<'a>(
    mut parameters: Parameters,
    pieces: Vec<Piece<'a>>,
    options: &DecodeOptions,
    mut array: impl FnMut(&Piece<'a>) -> Result<Array, ArrayError>,
) -> Result<Parameters, FormatError> {
    for piece in pieces {
        let array = array(&piece)
            .map_err(|source| FormatError::Array { name: piece.name.clone(), source })?;
        parameters.insert(piece.name, array)?;
    }
    parameters.check_limits(&options.limits)?;
    Ok(parameters)
}

fn write_entry(
    zip: &mut ZipWriter<Append<'_>>,
    name: &str,
    npy: &Encoded<'_>,
) -> Result<(), FormatError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .with_alignment(ARENA_ALIGNMENT as u16)
        .large_file(npy.data.len() as u64 >= u64::from(u32::MAX) - 65_536);
    zip.start_file(format!("{name}{SUFFIX}"), options)
        .map_err(|error| FormatError::codec(ID, format!("array {name:?}: {error}")))?;
    zip.write_all(&npy.header)
        .and_then(|()| zip.write_all(&npy.data))
        .map_err(|error| FormatError::codec(ID, format!("array {name:?}: {error}")))
}

/// Writes behind what is there; positions count from where it began.
struct Append<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    position: usize,
}

impl<'a> Append<'a> {
    fn to(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Append { out, start, position: start }
    }
}

impl Write for Append<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let end = self.position.saturating_add(bytes.len());
        let over = self.out.len().saturating_sub(self.position).min(bytes.len());
        let (first, rest) = bytes.split_at_checked(over).unwrap_or((bytes, &[]));
        if let Some(target) = self.out.get_mut(self.position..self.position.saturating_add(over)) {
            target.copy_from_slice(first);
        }
        self.out.extend_from_slice(rest);
        self.position = end;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Append<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => self.start.checked_add_signed(offset as isize),
            SeekFrom::End(offset) => self.out.len().checked_add_signed(offset as isize),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset as isize),
        };
        match target {
            Some(target) if (self.start..=self.out.len()).contains(&target) => {
                self.position = target;
                Ok(target.saturating_sub(self.start) as u64)
            }
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

/// An array that was found in the archive.
struct Piece<'a> {
    name: String,
    dtype: DType,
    shape: Vec<usize>,
    data: Data<'a>,
}

enum Data<'a> {
    /// Elements that lie in the input in our form.
    Input(&'a [u8]),
    /// Bytes that were decompressed or converted, and where the elements begin in them.
    Made(Storage, usize),
}

/// An entry of the archive: its bytes as a `.npy` file.
type Entry<'a> = (String, Cow<'a, [u8]>);

fn codec(error: impl std::fmt::Display) -> FormatError {
    FormatError::codec(ID, error)
}

fn read<'a>(
    bytes: &'a [u8],
    options: &DecodeOptions,
    checked: bool,
) -> Result<(Parameters, Vec<Piece<'a>>), FormatError> {
    if !Npz.recognizes(bytes) {
        return Err(wire::not_this_format(ID, bytes));
    }
    check_count(bytes, &options.limits)?;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(codec)?;
    check_end(bytes, &archive)?;
    let entries = read_entries(bytes, &mut archive, &options.limits, checked)?;
    let Some(place) = entries.iter().position(|(name, _)| name == RESERVED) else {
        let mut pieces = Vec::with_capacity(entries.len());
        for (name, file) in entries {
            let header = Header::parse(&file).map_err(|error| in_array(&name, error))?;
            pieces.push(piece(name, header, file, None)?);
        }
        return Ok((Parameters::new(PLAIN_ARRAYS, 1), pieces));
    };
    let mut entries: HashMap<String, Cow<'a, [u8]>> = {
        let count = entries.len();
        let text = entries.get(place).map(|(_, file)| file.to_vec()).unwrap_or_default();
        let map: HashMap<_, _> = entries.into_iter().collect();
        if map.len() != count {
            return Err(codec("two entries have the same name"));
        }
        let mut map = map;
        map.insert(RESERVED.to_owned(), Cow::Owned(text));
        map
    };
    let file = entries.remove(RESERVED).unwrap_or_default();
    let text = npy::read(&file, PagePolicy::Heap)?;
    let texts =
        text.texts().map_err(|source| FormatError::Array { name: RESERVED.into(), source })?;
    let text = texts.first().copied().unwrap_or_default();
    let (parameters, listed) = Envelope::parse(ID, text, &options.limits)?.open(&options.limits)?;
    let mut pieces = Vec::with_capacity(listed.len());
    for (name, dtype, shape) in listed {
        let file = entries
            .remove(&name)
            .ok_or_else(|| envelope::disagreement(&name, "an entry of the archive", "none"))?;
        let header = Header::parse(&file).map_err(|error| in_array(&name, error))?;
        if !npy::holds(&header, dtype, &shape) {
            let found = format!("{header:?}");
            return Err(envelope::disagreement(&name, &format!("{dtype} {shape:?}"), &found));
        }
        pieces.push(piece(name, header, file, Some((dtype, shape)))?);
    }
    match entries.keys().next() {
        None => Ok((parameters, pieces)),
        Some(name) => Err(envelope::disagreement(name, "no entry of the archive", "one")),
    }
}

/// Fewest bytes of an entry with an array in it: two headers of 30 and 46 bytes, two names, and a
/// header of numpy's, which deflate makes no smaller than this. The crate takes about twice as much
/// memory for each.
const SMALLEST_ENTRY: usize = 160;

/// Refuses a flood of entries by the number that stands in the last record, before the crate reads
/// them all. A number that lies costs the crate an error.
fn check_count(bytes: &[u8], limits: &Limits) -> Result<(), FormatError> {
    // The record has 22 bytes and a comment of at most 65,535.
    let start = bytes.len().saturating_sub(22 + usize::from(u16::MAX));
    let tail = bytes.get(start..).unwrap_or_default();
    let Some(end) = tail.windows(4).rposition(|window| window == b"PK\x05\x06") else {
        return Ok(());
    };
    let number = |from: usize, width: usize| {
        let part = bytes.get(from..from.checked_add(width)?)?;
        Some(part.iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte)))
    };
    let end = start.saturating_add(end);
    let mut count = number(end.saturating_add(10), 2).unwrap_or_default();
    if count == u64::from(u16::MAX) {
        // The record of zip64 is where its locator, just before, says (APPNOTE.TXT, 4.3.14 and 4.3.15).
        let record = end.checked_sub(12).and_then(|at| usize::try_from(number(at, 8)?).ok());
        count = record.and_then(|at| number(at.checked_add(32)?, 8)).unwrap_or(count);
    }
    let most = (bytes.len() / SMALLEST_ENTRY).max(1).min(limits.max_archive_entries) as u64;
    match count <= most {
        true => Ok(()),
        false => Err(codec(format!(
            "{count} entries, at most {most} fit a file of {} bytes",
            bytes.len()
        ))),
    }
}

/// Refuses what stands before or behind the archive; zip readers in general allow it.
fn check_end(bytes: &[u8], archive: &ZipArchive<Cursor<&[u8]>>) -> Result<(), FormatError> {
    if archive.offset() != 0 {
        return Err(codec(format!("{} bytes stand before the archive", archive.offset())));
    }
    let end = bytes.len().checked_sub(archive.comment().len().saturating_add(22));
    let record = end.and_then(|end| bytes.get(end..));
    let Some(record) = record.filter(|record| record.starts_with(b"PK\x05\x06")) else {
        return Err(codec("bytes stand behind the archive"));
    };
    // The crate keeps the last of entries with one name, numpy the first: two readers of one file.
    let listed = record.get(10..12).and_then(|count| count.try_into().ok());
    match listed.map(u16::from_le_bytes) {
        // That many and more stand in the record of zip64.
        Some(u16::MAX) | None => Ok(()),
        Some(listed) if usize::from(listed) == archive.len() => Ok(()),
        Some(listed) => {
            let found = format!("{listed} entries of {} names", archive.len());
            Err(codec(format!("two entries have the same name: {found}")))
        }
    }
}

/// All entries by name; stored ones as slices of the input, compressed ones decompressed within
/// the limits.
fn read_entries<'a>(
    bytes: &'a [u8],
    archive: &mut ZipArchive<Cursor<&'a [u8]>>,
    limits: &Limits,
    checked: bool,
) -> Result<Vec<Entry<'a>>, FormatError> {
    if archive.len() > limits.max_archive_entries {
        let found = format!("{} entries, at most {}", archive.len(), limits.max_archive_entries);
        return Err(codec(found));
    }
    let mut entries = Vec::with_capacity(archive.len());
    let (mut packed, mut unpacked) = (0u64, 0u64);
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(codec)?;
        let name = file.name().map_err(codec)?.into_owned();
        let name = match name.strip_suffix(SUFFIX) {
            Some(name) => name.to_owned(),
            None => return Err(codec(format!("entry {name:?} is no array (*.npy)"))),
        };
        packed = packed.saturating_add(file.compressed_size());
        unpacked = unpacked.saturating_add(file.size());
        if packed > bytes.len() as u64 {
            return Err(codec("entries overlap: together they are larger than the file"));
        }
        let ratio = file.compressed_size().saturating_mul(limits.max_decompression_ratio);
        if unpacked > limits.max_decompressed_bytes || file.size() > ratio {
            let size = file.size();
            return Err(codec(format!(
                "array {name:?}: {size} bytes when decompressed is too much"
            )));
        }
        let content = match file.compression() {
            CompressionMethod::Stored => {
                let part = file.data_start().zip(Some(file.compressed_size()));
                let part = part.and_then(|(start, size)| slice(bytes, start, size));
                let part = part.filter(|part| part.len() as u64 == file.size());
                let part = part.ok_or_else(|| codec(format!("array {name:?} is cut off")))?;
                if checked && crc32fast::hash(part) != file.crc32() {
                    return Err(codec(format!("array {name:?}: the CRC-32 is wrong")));
                }
                Cow::Borrowed(part)
            }
            _ => {
                let size = file.size();
                Cow::Owned(decompress(&mut file, size).map_err(|error| in_array(&name, error))?)
            }
        };
        entries.push((name, content));
    }
    Ok(entries)
}

/// Decompresses an entry of `size` bytes. Its header is looked at first: an array of two numbers whose
/// entry goes on for gigabytes costs nothing.
fn decompress(file: &mut impl Read, size: u64) -> Result<Vec<u8>, FormatError> {
    let mut content = Vec::new();
    file.take(size.min(npy::LONGEST_BEGINNING)).read_to_end(&mut content).map_err(codec)?;
    let expected = Header::parse(&content)?.file_len()?;
    if expected as u64 != size {
        return Err(codec(format!("its header asks for {expected} bytes, the entry has {size}")));
    }
    content.try_reserve_exact(expected.saturating_sub(content.len())).map_err(codec)?;
    file.take(size.saturating_add(1).saturating_sub(content.len() as u64))
        .read_to_end(&mut content)
        .map_err(codec)?;
    match content.len() == expected {
        true => Ok(content),
        false => Err(codec("it is not of the size it states")),
    }
}

fn slice(bytes: &[u8], start: u64, size: u64) -> Option<&[u8]> {
    let start = usize::try_from(start).ok()?;
    bytes.get(start..start.checked_add(usize::try_from(size).ok()?)?)
}

fn in_array(name: &str, error: FormatError) -> FormatError {
    codec(format!("array {name:?}: {error}"))
}

/// The elements of an entry. `listed` is what the envelope says, where there is one: it knows
/// dtypes that numpy lacks.
fn piece<'a>(
    name: String,
    header: Header,
    file: Cow<'a, [u8]>,
    listed: Option<(DType, Vec<usize>)>,
) -> Result<Piece<'a>, FormatError> {
    let start = header.data_start;
    let (found, data) = match file {
        Cow::Borrowed(file) => {
            let (dtype, contents) =
                header.contents(file).map_err(|error| in_array(&name, error))?;
            match contents {
                Cow::Borrowed(part) => (dtype, Data::Input(part)),
                Cow::Owned(made) => (dtype, Data::Made(Storage::adopt(made), 0)),
            }
        }
        Cow::Owned(file) => {
            let (dtype, contents) =
                header.contents(&file).map_err(|error| in_array(&name, error))?;
            match contents {
                Cow::Owned(made) => (dtype, Data::Made(Storage::adopt(made), 0)),
                Cow::Borrowed(_) => (dtype, Data::Made(Storage::adopt(file), start)),
            }
        }
    };
    let (dtype, shape) = listed.unwrap_or((found, header.shape));
    Ok(Piece { name, dtype, shape, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_name_are_refused() {
        let mut parameters = Parameters::new("arrays", 1);
        for name in ["weights_a", "weights_b"] {
            parameters.insert(name, Array::from_vec(vec![1.0f64], &[1]).unwrap()).unwrap();
        }
        let mut bytes = Vec::new();
        Npz.encode(&parameters, &mut bytes).unwrap();
        let places: Vec<usize> = bytes
            .windows(b"weights_b.npy".len())
            .enumerate()
            .filter(|(_, window)| *window == b"weights_b.npy")
            .map(|(place, _)| place + b"weights_".len())
            .collect();
        assert_eq!(places.len(), 2, "in the entry and in the directory");
        for place in places {
            bytes[place] = b'a';
        }
        let error = Npz.decode(&bytes, &DecodeOptions::default()).err().unwrap().to_string();
        assert!(error.contains("two entries have the same name"), "{error}");
    }
}
