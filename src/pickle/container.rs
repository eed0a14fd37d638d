//! What a model file is on the outside: a plain pickle or joblib stream, or a compressed one.
//!
//! ```text
//! Storage (the file) -> magic -> plain: the same Storage
//!                             -> compressed: every member decompressed into a new one
//! ```
//!
//! The first bytes decide, never the name of the file, and none of them can begin a pickle that any
//! Python reads. A compressed file is decompressed as a whole: the buffer grows with what really
//! comes out, under the bounds of [`Limits`], and no size that a header declares is believed.
//!
//! Members, frames or streams of the same sort may follow each other, and the last one must end with
//! the file. joblib itself stops reading where the pickle ends; bytes behind that it never looks at
//! are refused here, since two readers would see two different files.

use super::decompress::{self, Member};
use super::error::{PickleError, Place};
use crate::base::{Limits, Storage};

/// How a file was compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// `78`, with a header that adds up.
    Zlib,
    /// `1f 8b`.
    Gzip,
    /// `BZh`.
    Bzip2,
    /// `fd 37 7a 58 5a 00`.
    Xz,
    /// `5d 00`: LZMA alone, without a container.
    Lzma,
    /// `04 22 4d 18`: LZ4 frames.
    Lz4,
    /// `28 b5 2f fd`.
    Zstd,
}

impl Compression {
    /// The name used in messages and records.
    pub fn name(self) -> &'static str {
        match self {
            Compression::Zlib => "zlib",
            Compression::Gzip => "gzip",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
            Compression::Lzma => "lzma",
            Compression::Lz4 => "lz4",
            Compression::Zstd => "zstd",
        }
    }

    /// The compression that bytes begin with; `None` for all else.
    pub fn of(bytes: &[u8]) -> Option<Compression> {
        match bytes {
            [0x78, flags, ..] if (0x7800 | u16::from(*flags)).is_multiple_of(31) => {
                Some(Compression::Zlib)
            }
            [0x1f, 0x8b, ..] => Some(Compression::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Compression::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0x00, ..] => Some(Compression::Xz),
            [0x5d, 0x00, ..] => Some(Compression::Lzma),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Compression::Lz4),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
            _ => None,
        }
    }
}

/// A file whose bytes are a pickle or joblib stream.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The stream: the file itself, or what came out of it.
    pub storage: Storage,
    /// How the file was compressed, if it was.
    pub compression: Option<Compression>,
    /// How many members, frames or streams followed each other; 0 in a plain file.
    pub members: usize,
    /// How many bytes the file has.
    pub file_bytes: u64,
}

/// Most members of a compressed file. Each costs a decoder with buffers of up to some megabytes,
/// however few bytes it has; what writes models writes one.
const MAX_MEMBERS: usize = 1000;

/// Up to here the ratio of sizes is not looked at: a small file of zeros harms nobody.
const RATIO_FREE_BYTES: u64 = 16 << 20;

/// Bytes that are decompressed in one step.
const STEP: usize = 256 << 10;

/// Looks at what the file is, and decompresses it if it is compressed.
///
/// # Errors
/// [`PickleError::Refused`] for files of joblib before 0.10, [`PickleError::Limit`] for a file that
/// becomes too large, [`PickleError::Malformed`] for damage, with the position in the file.
pub fn open(source: Storage, limits: &Limits) -> Result<Opened, PickleError> {
    let file_bytes = source.len() as u64;
    let start = Place { offset: 0, opcode: "file" };
    if file_bytes > limits.max_file_bytes {
        let maximum = usize::try_from(limits.max_file_bytes).unwrap_or(usize::MAX);
        return Err(start.limit("max_file_bytes", maximum));
    }
    if source.as_bytes().starts_with(b"ZF0x") {
        return Err(start.refused(
            "a Z-file",
            "joblib before 0.10 wrote it; load it with an old joblib and save it again",
        ));
    }
    let Some(compression) = Compression::of(source.as_bytes()) else {
        return Ok(Opened { storage: source, compression: None, members: 0, file_bytes });
    };
    let (bytes, members) = decompress_all(compression, source.as_bytes(), limits)?;
    let storage = Storage::adopt(bytes);
    Ok(Opened { storage, compression: Some(compression), members, file_bytes })
}

fn decompress_all(
    compression: Compression,
    file: &[u8],
    limits: &Limits,
) -> Result<(Vec<u8>, usize), PickleError> {
    let mut output = Output { bytes: Vec::new(), most: most_bytes(file.len() as u64, limits) };
    let mut scratch = vec![0u8; STEP];
    let (mut start, mut members) = (0usize, 0usize);
    while start < file.len() {
        let rest = file.get(start..).unwrap_or_default();
        let place = Place { offset: start, opcode: compression.name() };
        if Compression::of(rest) != Some(compression) {
            let found = super::error::shown(rest);
            return Err(place.malformed("end", "the end of the file or another member", found));
        }
        members = members.saturating_add(1);
        if members > MAX_MEMBERS {
            return Err(place.limit("members", MAX_MEMBERS));
        }
        let mut member = decompress::member(compression, rest)
            .map_err(|found| place.malformed("header", "one that can be read", found))?;
        output.take(member.as_mut(), &mut scratch, place)?;
        start = start.saturating_add(member.consumed());
    }
    // What was set aside and not used goes back.
    output.bytes.shrink_to_fit();
    Ok((output.bytes, members))
}

/// The largest output that is accepted, with the name of the limit that says so.
fn most_bytes(compressed: u64, limits: &Limits) -> (u64, &'static str) {
    let by_ratio = compressed.saturating_mul(limits.max_decompression_ratio).max(RATIO_FREE_BYTES);
    if by_ratio < limits.max_decompressed_bytes {
        (by_ratio, "max_decompression_ratio")
    } else {
        (limits.max_decompressed_bytes, "max_decompressed_bytes")
    }
}

struct Output {
    bytes: Vec<u8>,
    most: (u64, &'static str),
}

impl Output {
    /// Appends all that a member holds.
    fn take(
        &mut self,
        member: &mut dyn Member,
        scratch: &mut [u8],
        place: Place,
    ) -> Result<(), PickleError> {
        loop {
            let before = member.consumed();
            let step = member.read(scratch).map_err(|found| {
                let at = place.offset.saturating_add(member.consumed());
                let at = Place { offset: at, opcode: place.opcode };
                at.malformed("compressed data", "what its format allows", found)
            })?;
            self.append(scratch.get(..step.produced).unwrap_or_default(), place)?;
            if step.ended {
                return Ok(());
            }
            if step.produced == 0 && member.consumed() == before {
                let at =
                    Place { offset: place.offset.saturating_add(before), opcode: place.opcode };
                return Err(at.malformed("compressed data", "more of it", "the end of the file"));
            }
        }
    }

    fn append(&mut self, bytes: &[u8], place: Place) -> Result<(), PickleError> {
        let len = self.bytes.len().saturating_add(bytes.len());
        let (most, limit) = self.most;
        if len as u64 > most {
            let maximum = usize::try_from(most).unwrap_or(usize::MAX);
            return Err(place.limit(limit, maximum));
        }
        if len > self.bytes.capacity() {
            // Doubling at first; later by a quarter, so that little is set aside in vain. Large
            // blocks grow without being copied where the system can move pages.
            let capacity = self.bytes.capacity();
            let step = if capacity < 64 << 20 { capacity } else { capacity / 4 };
            let wanted = capacity.saturating_add(step).max(len).max(STEP);
            self.bytes
                .try_reserve_exact(wanted.saturating_sub(self.bytes.len()))
                .map_err(|_| PickleError::NoMemory { offset: place.offset, bytes: wanted })?;
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pickle_begins_like_a_compressed_file() {
        use crate::pickle::opcode::by_byte;
        // Where the first byte is an opcode, what follows is none or no argument of it.
        assert!(by_byte(0x78).is_none() && by_byte(0x1f).is_none() && by_byte(0xfd).is_none());
        assert!(by_byte(0x04).is_none() && by_byte(b'Z').is_none());
        assert!(by_byte(0x5d).is_some() && by_byte(0x00).is_none());
        assert!(by_byte(0x28).is_some() && by_byte(0xb5).is_none());
        assert_eq!(Compression::of(b"]q\x00."), None);
        assert_eq!(Compression::of(b"x\x9d"), None, "a header that does not add up");
        assert_eq!(Compression::of(b"x\x9c"), Some(Compression::Zlib));
        assert_eq!(Compression::of(b""), None);
    }

    #[test]
    fn the_smaller_bound_counts() {
        let limits = Limits::default();
        assert_eq!(most_bytes(10, &limits), (RATIO_FREE_BYTES, "max_decompression_ratio"));
        assert_eq!(most_bytes(1 << 20, &limits), (1100 << 20, "max_decompression_ratio"));
        assert_eq!(most_bytes(u64::MAX, &limits), (16 << 30, "max_decompressed_bytes"));
    }
}
