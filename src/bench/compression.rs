//! Compression as a dimension over all formats: zstd at three levels, and lz4.

use std::io::{Read, Write};

use crate::base::case::Operation;

/// One codec at one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// zstd at a level.
    Zstd(i32),
    /// lz4 in its frame format.
    Lz4,
}

impl Compression {
    /// All that are measured, in the order of tables.
    pub const ALL: [Compression; 4] =
        [Compression::Lz4, Compression::Zstd(1), Compression::Zstd(3), Compression::Zstd(19)];

    /// The name used in records.
    pub fn id(self) -> String {
        match self {
            Compression::Zstd(level) => format!("zstd-{level}"),
            Compression::Lz4 => "lz4".to_owned(),
        }
    }

    /// True for the one whose size is told even where time is short.
    pub fn is_quick(self) -> bool {
        self == Compression::Zstd(3)
    }

    /// The codec behind an operation, with `true` when the operation compresses.
    pub fn of(operation: Operation) -> Option<(Compression, bool)> {
        Some(match operation {
            Operation::CompressZstd1 => (Compression::Zstd(1), true),
            Operation::CompressZstd3 => (Compression::Zstd(3), true),
            Operation::CompressZstd19 => (Compression::Zstd(19), true),
            Operation::CompressLz4 => (Compression::Lz4, true),
            Operation::DecompressZstd1 => (Compression::Zstd(1), false),
            Operation::DecompressZstd3 => (Compression::Zstd(3), false),
            Operation::DecompressZstd19 => (Compression::Zstd(19), false),
            Operation::DecompressLz4 => (Compression::Lz4, false),
            _ => return None,
        })
    }

    /// Compresses into a fresh buffer.
    ///
    /// # Errors
    /// What the codec says.
    pub fn compress(self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Compression::Zstd(level) => zstd::bulk::compress(bytes, level),
            Compression::Lz4 => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder.write_all(bytes)?;
                Ok(encoder.finish()?)
            }
        }
    }

    /// Decompresses into a fresh buffer of `len` bytes, the length that is known to come out.
    ///
    /// # Errors
    /// What the codec says, and when another length comes out.
    pub fn decompress(self, bytes: &[u8], len: usize) -> std::io::Result<Vec<u8>> {
        let out = match self {
            Compression::Zstd(_) => zstd::bulk::decompress(bytes, len)?,
            Compression::Lz4 => {
                let mut out = Vec::with_capacity(len);
                let limit = (len as u64).saturating_add(1);
                lz4_flex::frame::FrameDecoder::new(bytes).take(limit).read_to_end(&mut out)?;
                out
            }
        };
        if out.len() == len {
            return Ok(out);
        }
        Err(std::io::Error::other(format!("expected {len} bytes, found {}", out.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_codec_gives_the_bytes_back_and_notices_a_wrong_length() {
        let bytes: Vec<u8> = (0..100_000u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        for codec in Compression::ALL {
            let small = codec.compress(&bytes).unwrap();
            assert!(small.len() < bytes.len() / 2, "{}", codec.id());
            assert_eq!(codec.decompress(&small, bytes.len()).unwrap(), bytes);
            assert!(codec.decompress(&small, bytes.len() - 1).is_err());
        }
    }
}
