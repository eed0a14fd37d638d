//! One compressed member, whichever library reads it.
//!
//! The libraries differ in how they end: some stop at the end of a member, some read on, some take
//! the end of the input for the end of the data. A [`Member`] says after each step how much came out,
//! whether the member has ended, and how many bytes of the input belong to it; an input that ends
//! before the member does is always an error.

use std::io::{self, Read};

use flate2::FlushDecompress;
use lzma_rust2::{Action, LzmaStream, XzStream};
use zstd::stream::raw::Operation;

use super::container::Compression;

/// What one step did.
pub(super) struct Stepped {
    /// Bytes that were written.
    pub produced: usize,
    /// True when the member has ended.
    pub ended: bool,
}

/// A member that is being decompressed.
pub(super) trait Member {
    /// Decompresses into `output`, as much as fits.
    fn read(&mut self, output: &mut [u8]) -> Result<Stepped, String>;
    /// How many bytes of the input were taken; at the end, how long the member is.
    fn consumed(&self) -> usize;
}

/// Memory that a dictionary of xz or lzma may take. Their strongest preset has 64 MiB.
const MAX_DICTIONARY_KIB: u32 = 512 << 10;

/// A decoder at the beginning of `input`.
pub(super) fn member<'a>(
    compression: Compression,
    input: &'a [u8],
) -> Result<Box<dyn Member + 'a>, String> {
    Ok(match compression {
        Compression::Zlib => pushed(input, flate2::Decompress::new(true)),
        Compression::Gzip => pushed(input, flate2::Decompress::new_gzip(15)),
        Compression::Bzip2 => pushed(input, bzip2::Decompress::new(false)),
        Compression::Xz => pushed(input, XzStream::new_mem_limit(false, MAX_DICTIONARY_KIB)),
        Compression::Lzma => pushed(input, LzmaStream::new_mem_limit(MAX_DICTIONARY_KIB, None)),
        Compression::Zstd => {
            let decoder = zstd::stream::raw::Decoder::new().map_err(|error| error.to_string())?;
            pushed(input, decoder)
        }
        Compression::Lz4 => {
            let source = Source { input, consumed: 0 };
            Box::new(Lz4 { decoder: lz4_flex::frame::FrameDecoder::new(source) })
        }
    })
}

/// A decoder that is given slices: how many bytes it took, how many it wrote, whether it ended.
trait Push {
    fn push(&mut self, input: &[u8], output: &mut [u8]) -> Result<(usize, usize, bool), String>;
}

struct Pushed<'a, P> {
    input: &'a [u8],
    consumed: usize,
    decoder: P,
}

fn pushed<'a, P: Push + 'a>(input: &'a [u8], decoder: P) -> Box<dyn Member + 'a> {
    Box::new(Pushed { input, consumed: 0, decoder })
}

impl<P: Push> Member for Pushed<'_, P> {
    fn read(&mut self, output: &mut [u8]) -> Result<Stepped, String> {
        let rest = self.input.get(self.consumed..).unwrap_or_default();
        let (taken, produced, ended) = self.decoder.push(rest, output)?;
        self.consumed = self.consumed.saturating_add(taken).min(self.input.len());
        Ok(Stepped { produced, ended })
    }

    fn consumed(&self) -> usize {
        self.consumed
    }
}

/// Differences of counters that count in 64 bits.
fn difference(after: u64, before: u64) -> usize {
    usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
}

impl Push for flate2::Decompress {
    fn push(&mut self, input: &[u8], output: &mut [u8]) -> Result<(usize, usize, bool), String> {
        let before = (self.total_in(), self.total_out());
        let status = self
            .decompress(input, output, FlushDecompress::None)
            .map_err(|error| error.to_string())?;
        let taken = difference(self.total_in(), before.0);
        let produced = difference(self.total_out(), before.1);
        Ok((taken, produced, status == flate2::Status::StreamEnd))
    }
}

impl Push for bzip2::Decompress {
    fn push(&mut self, input: &[u8], output: &mut [u8]) -> Result<(usize, usize, bool), String> {
        let before = (self.total_in(), self.total_out());
        let status = self.decompress(input, output).map_err(|error| error.to_string())?;
        let taken = difference(self.total_in(), before.0);
        let produced = difference(self.total_out(), before.1);
        match status {
            bzip2::Status::MemNeeded => Err("no memory for a block".into()),
            status => Ok((taken, produced, status == bzip2::Status::StreamEnd)),
        }
    }
}

impl Push for XzStream {
    fn push(&mut self, input: &[u8], output: &mut [u8]) -> Result<(usize, usize, bool), String> {
        let result = self.process(input, output, Action::Finish).map_err(|e| e.to_string())?;
        let ended = result.status == lzma_rust2::Status::StreamEnd;
        Ok((result.bytes_consumed, result.bytes_produced, ended))
    }
}

impl Push for LzmaStream {
    fn push(&mut self, input: &[u8], output: &mut [u8]) -> Result<(usize, usize, bool), String> {
        let result = self.process(input, output, Action::Finish).map_err(|e| e.to_string())?;
        let ended = result.status == lzma_rust2::Status::StreamEnd;
        // What was read ahead belongs to whatever follows.
        let ahead = if ended { self.unused_input().len() } else { 0 };
        Ok((result.bytes_consumed.saturating_sub(ahead), result.bytes_produced, ended))
    }
}

impl Push for zstd::stream::raw::Decoder<'_> {
    fn push(&mut self, input: &[u8], output: &mut [u8]) -> Result<(usize, usize, bool), String> {
        let status = self.run_on_buffers(input, output).map_err(|error| error.to_string())?;
        Ok((status.bytes_read, status.bytes_written, status.remaining == 0))
    }
}

struct Lz4<'a> {
    decoder: lz4_flex::frame::FrameDecoder<Source<'a>>,
}

/// The input of the LZ4 decoder, which takes an input that ends between two blocks for a frame that
/// ends. This one fails at its end instead of saying so, and counts.
struct Source<'a> {
    input: &'a [u8],
    consumed: usize,
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.input.get(self.consumed..).unwrap_or_default();
        let taken = rest.read(buffer)?;
        if taken == 0 && !buffer.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the end of the file"));
        }
        self.consumed = self.consumed.saturating_add(taken);
        Ok(taken)
    }
}

impl Member for Lz4<'_> {
    fn read(&mut self, output: &mut [u8]) -> Result<Stepped, String> {
        let produced = self.decoder.read(output).map_err(|error| error.to_string())?;
        Ok(Stepped { produced, ended: produced == 0 })
    }

    fn consumed(&self) -> usize {
        self.decoder.get_ref().consumed
    }
}
