//! `pco`: numeric compression, without loss: each array of numbers through the crate pco, which looks
//! for a common divisor, small differences or few bits, and packs what is left.
//!
//! ```text
//! "deadweight pco 1\n"
//! 8 bytes   length of the header text, little-endian
//! header    one JSON text, as the other containers carry it (envelope.rs)
//! for each array, in order:
//!   1 byte    0: its bytes as they are; 1: pco
//!   4 bytes   pco: elements in a chunk, the last may have fewer; else 0
//!   8 bytes   length of what follows
//!   bytes     pco: the crate's header, then chunks of one page each ("wrapped" pco)
//! ```
//!
//! Texts, booleans and 8-bit integers are stored as they are: they are nothing for pco. So is what
//! does not get smaller. The number of elements is the shape's, and what a block may become is
//! bounded by its length before memory is taken.

use pco::data_types::Number;
use pco::metadata::DeltaEncoding;
use pco::wrapped::{FileCompressor, FileDecompressor};
use pco::{ChunkConfig, PagingSpec};

use super::envelope::{Envelope, Listed};
use super::{
    DecodeOptions, Descriptor, Encoding, Format, FormatError, FormatKind, Warning, WarningKind,
    check_header_len, contain, wire,
};
use crate::base::storage::ArenaLayout;
use crate::base::{
    Array, ArrayError, DType, Element, Limits, Parameters, ParametersError, Storage,
};

/// The format `pco`.
pub struct Pco;

const ID: &str = "pco";
const AS_IT_IS: u8 = 0;
const COMPRESSED: u8 = 1;
/// Elements in a chunk: the crate's own choice for a page.
const CHUNK: usize = pco::DEFAULT_MAX_PAGE_N;
/// Elements in a chunk where larger ones would be compressed so well that loaders, which bound the
/// ratio, refuse them.
const SMALL_CHUNK: usize = 1 << 10;
/// Below the default of [`Limits::max_decompression_ratio`].
const MOST_RATIO: usize = 1000;
/// The crate asks for two windows before it has read what fills them.
const LARGEST_WINDOW: usize = 1 << 15;

static DESCRIPTOR: Descriptor = Descriptor {
    id: ID,
    title: "pco, compressed numbers",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Native,
    crate_name: Some("pco"),
    extension: "pco",
    view: false,
    arena: true,
    warnings: &[
        Warning {
            kind: WarningKind::NoChecksum,
            text: "changed bytes can decode to other numbers without an error",
            reference: None,
        },
        Warning {
            kind: WarningKind::HostileInput,
            text: "pco takes up to 512 MB on the word of a few bits; we look at those first, and contain a panic",
            reference: None,
        },
        Warning {
            kind: WarningKind::OwnLayout,
            text: "the blocks are pco's wrapped format; what stands around them is ours",
            reference: Some("https://github.com/pcodec/pcodec/blob/main/docs/format.md"),
        },
    ],
    losses: &[],
    specification: "https://github.com/pcodec/pcodec/blob/main/docs/format.md",
};

impl Format for Pco {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encode(&self, parameters: &Parameters, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let header = Envelope::text(ID, parameters)?;
        out.extend_from_slice(wire::mark(ID).as_bytes());
        out.push(b'\n');
        out.extend_from_slice(&(header.len() as u64).to_le_bytes());
        out.extend_from_slice(header.as_bytes());
        for (name, array) in parameters.arrays() {
            let block = compressed(array)
                .map_err(|error| codec(format!("array {name:?}: {error}")))?
                .filter(|(_, block)| block.len() < array.byte_len());
            let (coding, chunk, bytes) = match &block {
                Some((chunk, block)) => (COMPRESSED, *chunk, block.as_slice()),
                None => (AS_IT_IS, 0, array.as_bytes()),
            };
            out.push(coding);
            out.extend_from_slice(&(chunk as u32).to_le_bytes());
            out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            out.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn decode(&self, bytes: &[u8], options: &DecodeOptions) -> Result<Parameters, FormatError> {
        let rest = wire::after_line(ID, bytes)?;
        contain(ID, || read(bytes, rest, options))
    }

    fn recognizes(&self, bytes: &[u8]) -> bool {
        wire::after_line(ID, bytes).is_ok()
    }
}

fn codec(error: impl std::fmt::Display) -> FormatError {
    FormatError::codec(ID, error)
}

/// Calls `$function::<T>(...)` for the type that the crate compresses elements of a dtype as;
/// `None` for those that it is not given.
macro_rules! by_number {
    ($dtype:expr, $function:ident($($argument:expr),*)) => {
        match $dtype {
            DType::F64 => Some($function::<f64>($($argument),*)),
            DType::F32 => Some($function::<f32>($($argument),*)),
            DType::F16 => Some($function::<half::f16>($($argument),*)),
            DType::I64 => Some($function::<i64>($($argument),*)),
            DType::I32 => Some($function::<i32>($($argument),*)),
            DType::I16 => Some($function::<i16>($($argument),*)),
            DType::U64 => Some($function::<u64>($($argument),*)),
            DType::U32 => Some($function::<u32>($($argument),*)),
            // The crate knows no bf16; its bits compress as numbers do.
            DType::U16 | DType::Bf16 => Some($function::<u16>($($argument),*)),
            DType::I8 | DType::U8 | DType::Bool | DType::Text => None,
        }
    };
}

/// Elements in a chunk, and the block; `None` for dtypes that are nothing for pco.
fn compressed(array: &Array) -> Result<Option<(usize, Vec<u8>)>, pco::errors::PcoError> {
    if array.byte_len() == 0 {
        return Ok(None);
    }
    for chunk in [CHUNK, SMALL_CHUNK] {
        let Some(block) = by_number!(array.dtype(), compress(array.as_bytes(), chunk)) else {
            return Ok(None);
        };
        let block = block?;
        if array.byte_len() / block.len().max(1) <= MOST_RATIO {
            return Ok(Some((chunk, block)));
        }
    }
    Ok(None)
}

fn compress<T: Number + Element>(
    bytes: &[u8],
    chunk: usize,
) -> Result<Vec<u8>, pco::errors::PcoError> {
    let numbers: &[T] = bytemuck::try_cast_slice(bytes).unwrap_or_default();
    let compressor = FileCompressor::default();
    let mut out = compressor.write_header(Vec::new())?;
    for numbers in numbers.chunks(chunk) {
        let one_page = PagingSpec::Exact(vec![numbers.len()]);
        let config = ChunkConfig::default().with_paging_spec(one_page);
        let mut chunk = compressor.chunk_compressor(numbers, &config)?;
        out = chunk.write_page(0, chunk.write_meta(out)?)?;
    }
    Ok(out)
}

/// A block of the file, and the array that it becomes.
struct Block<'a> {
    listed: Listed,
    /// Elements in a chunk; `None` for bytes as they are.
    chunk: Option<usize>,
    bytes: &'a [u8],
    /// Where in the arena the array lies.
    range: std::ops::Range<usize>,
}

fn read(bytes: &[u8], rest: &[u8], options: &DecodeOptions) -> Result<Parameters, FormatError> {
    let mut source = Input { all: bytes, rest };
    let length = source.number("length of the pco header", 8)?;
    let header = source.take("pco header", length)?;
    check_header_len(header.len(), &options.limits)?;
    let text = std::str::from_utf8(header).map_err(codec)?;
    let (mut parameters, listed) =
        Envelope::parse(ID, text, &options.limits)?.open(&options.limits)?;
    let mut layout = ArenaLayout::default();
    let mut blocks = Vec::new();
    for listed in listed {
        let [coding] = *source.take("coding of an array", 1)? else { return Err(codec("coding")) };
        let chunk = source.number("elements of a chunk", 4)?;
        let length = source.number("length of an array", 8)?;
        let bytes = source.take("array", length)?;
        let chunk = chunk_of(coding, chunk)?;
        let size = size(&listed, chunk, bytes, layout.len(), &options.limits)?;
        let range = layout.reserve(size)?;
        blocks.push(Block { listed, chunk, bytes, range });
    }
    if !source.rest.is_empty() {
        let found = source.rest.len();
        return Err(FormatError::Trailing { offset: bytes.len().saturating_sub(found), found });
    }
    let mut arena = options.spare.arena(layout.len(), options.pages)?;
    for block in &blocks {
        let target = arena.as_mut_slice().get_mut(block.range.clone()).unwrap_or_default();
        fill(block, target)?;
    }
    let storage = Storage::from(arena);
    for Block { listed: (name, dtype, shape), range, .. } in blocks {
        let array = Array::from_storage(dtype, &shape, storage.clone(), range)
            .map_err(|source| FormatError::Array { name: name.clone(), source })?;
        parameters.insert(name, array)?;
    }
    parameters.check_limits(&options.limits)?;
    Ok(parameters)
}

/// What is left of a file.
struct Input<'a> {
    all: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    fn take(&mut self, what: &'static str, length: u64) -> Result<&'a [u8], FormatError> {
        let split = usize::try_from(length).ok().and_then(|len| self.rest.split_at_checked(len));
        let (part, rest) = split.ok_or(FormatError::Truncated {
            offset: self.all.len().saturating_sub(self.rest.len()),
            what,
            expected: length,
            found: self.rest.len() as u64,
        })?;
        self.rest = rest;
        Ok(part)
    }

    /// A number of up to eight bytes, little-endian.
    fn number(&mut self, what: &'static str, width: u64) -> Result<u64, FormatError> {
        let bytes = self.take(what, width)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

fn chunk_of(coding: u8, chunk: u64) -> Result<Option<usize>, FormatError> {
    match (coding, usize::try_from(chunk)) {
        (AS_IT_IS, Ok(0)) => Ok(None),
        (COMPRESSED, Ok(chunk)) if (1..=CHUNK).contains(&chunk) => Ok(Some(chunk)),
        _ => Err(codec(format!(
            "expected coding 0 without chunks, or 1 with chunks of 1 to {CHUNK} elements; found coding {coding} with {chunk}"
        ))),
    }
}

/// Bytes of an array in memory, within the bounds on what is compressed.
fn size(
    (name, dtype, shape): &Listed,
    chunk: Option<usize>,
    block: &[u8],
    before: usize,
    limits: &Limits,
) -> Result<usize, FormatError> {
    if chunk.is_none() {
        return Ok(block.len());
    }
    let too_large = || FormatError::Array {
        name: name.clone(),
        source: ArrayError::TooLarge { dtype: *dtype, shape: shape.clone() },
    };
    let item = dtype.item_size().ok_or_else(|| codec(format!("{dtype} is never compressed")))?;
    let size = shape.iter().try_fold(item, |size, length| size.checked_mul(*length));
    let size = size.ok_or_else(too_large)?;
    let all = before.checked_add(size).ok_or_else(too_large)?;
    let limit = limits.max_decompressed_bytes;
    if all as u64 > limit {
        let (what, found) = ("decompressed bytes", all as u64);
        return Err(ParametersError::Limit { what, found, limit }.into());
    }
    let (ratio, limit) = (size.div_ceil(block.len().max(1)) as u64, limits.max_decompression_ratio);
    if ratio > limit {
        let what = "times larger when decompressed";
        return Err(ParametersError::Limit { what, found: ratio, limit }.into());
    }
    Ok(size)
}

fn fill(block: &Block<'_>, target: &mut [u8]) -> Result<(), FormatError> {
    let (name, dtype, _) = &block.listed;
    let Some(chunk) = block.chunk else {
        target.copy_from_slice(block.bytes);
        return Ok(());
    };
    match by_number!(dtype, decompress(block.bytes, chunk, target)) {
        Some(result) => result.map_err(|error| codec(format!("array {name:?}: {error}"))),
        None => Err(codec(format!("array {name:?}: {dtype} is never compressed"))),
    }
}

fn decompress<T: Number + Element>(
    block: &[u8],
    chunk: usize,
    target: &mut [u8],
) -> Result<(), String> {
    let words = |error: pco::errors::PcoError| error.to_string();
    // The arena aligns each array.
    let target: &mut [T] = bytemuck::try_cast_slice_mut(target).map_err(|e| e.to_string())?;
    let (decompressor, mut rest) = FileDecompressor::new(block).map_err(words)?;
    for numbers in target.chunks_mut(chunk) {
        check_dictionary(rest, size_of::<T>())?;
        let (mut chunk, after) = decompressor.chunk_decompressor::<T, _>(rest).map_err(words)?;
        check_window(&chunk.meta().delta_encoding)?;
        let mut page = chunk.page_decompressor(after, numbers.len()).map_err(words)?;
        let progress = page.read(numbers).map_err(words)?;
        if !progress.finished || progress.n_processed != numbers.len() {
            let (found, expected) = (progress.n_processed, numbers.len());
            return Err(format!("a page ends after {found} of {expected} elements"));
        }
        rest = page.into_src();
    }
    match rest.len() {
        0 => Ok(()),
        found => Err(format!("{found} bytes follow the last chunk")),
    }
}

/// The crate takes memory for a dictionary before it looks whether that is there. A chunk begins
/// with four bits for its mode and, in that of a dictionary, 25 bits for its length.
fn check_dictionary(chunk: &[u8], item: usize) -> Result<(), String> {
    const DICTIONARY: u32 = 4;
    let word = chunk.first_chunk::<4>().map_or(0, |word| u32::from_le_bytes(*word));
    let entries = (word >> 4 & 0x1ff_ffff) as usize;
    match word & 15 == DICTIONARY && entries.saturating_mul(item) > chunk.len() {
        false => Ok(()),
        true => Err(format!("a dictionary of {entries} entries in {} bytes", chunk.len())),
    }
}

/// The same of the window that repetitions are looked up in.
fn check_window(delta: &DeltaEncoding) -> Result<(), String> {
    let window = match delta {
        DeltaEncoding::Lookback { config, .. } => 1usize.checked_shl(config.window_n_log),
        _ => return Ok(()),
    };
    match window.is_some_and(|window| window <= LARGEST_WINDOW) {
        true => Ok(()),
        false => Err(format!("a window of more than {LARGEST_WINDOW} elements")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_of(array: Array) -> (Parameters, Vec<u8>) {
        let mut parameters = Parameters::new("arrays", 1);
        parameters.insert("values", array).unwrap();
        let mut bytes = Vec::new();
        Pco.encode(&parameters, &mut bytes).unwrap();
        (parameters, bytes)
    }

    #[test]
    fn numbers_get_smaller_but_never_by_more_than_loaders_accept() {
        let million = 1_000_000usize;
        let steps = (0..million as i64).map(|step| step * 3).collect();
        for array in [
            Array::from_vec(vec![0.0f64; million], &[million]).unwrap(),
            Array::from_vec::<i64>(steps, &[1000, 1000]).unwrap(),
        ] {
            let (parameters, bytes) = file_of(array);
            let ratio = parameters.byte_len() / bytes.len();
            assert!((100..=MOST_RATIO).contains(&ratio), "{ratio}");
            let back = Pco.decode(&bytes, &DecodeOptions::default()).unwrap();
            assert_eq!(back.first_difference(&parameters), None);
        }
    }

    /// Bytes of the only block of a file: its length stands before it.
    fn block_len(file: &[u8]) -> usize {
        let lengths = (0..file.len() - 8).map(|at| file[at..at + 8].try_into().unwrap());
        let mut lengths = lengths.map(u64::from_le_bytes).enumerate();
        lengths.find(|(at, len)| at + 8 + *len as usize == file.len()).unwrap().1 as usize
    }

    /// The crate sees damaged blocks: nothing gets out but an error or numbers.
    #[test]
    fn a_damaged_block_is_an_error_or_numbers() {
        let few = |index: usize| [3.25f64, -17.5, 1e9][index * index % 97 % 3];
        let (mut refused, mut read) = (0, 0);
        for array in [
            Array::from_vec((0..600i64).map(|i| i * i).collect(), &[600]).unwrap(),
            Array::from_vec((0..600).map(|i| f64::from(i * 31 % 100) * 0.1).collect(), &[600])
                .unwrap(),
            Array::from_vec((0..600).map(few).collect(), &[20, 30]).unwrap(),
        ] {
            let (_, whole) = file_of(array);
            let start = whole.len() - 13 - block_len(&whole);
            for (place, bit) in (start..whole.len()).flat_map(|at| (0..8).map(move |bit| (at, bit)))
            {
                let mut bytes = whole.clone();
                bytes[place] ^= 1 << bit;
                match Pco.decode(&bytes, &DecodeOptions::default()) {
                    Ok(found) => {
                        assert_eq!(found.get("values").unwrap().element_count(), 600);
                        read += 1;
                    }
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(refused > 1000 && read > 1000, "{refused} refused, {read} read");
    }

    #[test]
    fn what_is_nothing_for_pco_is_stored_as_it_is() {
        let bytes: Vec<u8> = (0..=255).collect();
        let (_, file) = file_of(Array::from_vec(bytes.clone(), &[256]).unwrap());
        assert!(file.ends_with(&bytes));
    }

    #[test]
    fn what_a_few_bits_ask_for_is_bounded() {
        let values: Vec<f64> = (0..5000).map(|value| f64::from(value % 7) * 1.1).collect();
        let (_, bytes) = file_of(Array::from_vec(values, &[5000]).unwrap());
        let small = DecodeOptions {
            limits: Limits::default()
                .with(|limits| limits.max_decompressed_bytes = 39_999)
                .unwrap(),
            ..DecodeOptions::default()
        };
        let error = Pco.decode(&bytes, &small).unwrap_err().to_string();
        assert_eq!(error, "decompressed bytes: 40000, at most 39999 allowed");
        // Mode 4, a dictionary of all 25 bits.
        let error = check_dictionary(&[0xf4, 0xff, 0xff, 0x1f, 0, 0], 8).unwrap_err();
        assert_eq!(error, "a dictionary of 33554431 entries in 6 bytes");
        assert_eq!(check_dictionary(&[0x14, 0, 0, 0, 1, 2, 3, 4], 8), Ok(()));
        assert_eq!(check_dictionary(&[0xf0, 0xff, 0xff, 0x1f], 8), Ok(()));
    }
}
