//! Ways to change a file; one file of this folder for each.
//!
//! A [`Mutator`] makes a mutant of valid files and knows no format: it looks for what files have in
//! common, numbers that could be lengths, names, dtypes, digits. What it cannot do to a file, it does
//! not do, and the plan takes another mutator instead.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub mod registry;

mod attack_file;
mod bit_flip;
mod byte_change;
mod duplicate_key;
mod foreign_file;
mod giant_number;
mod length_field;
mod misalign;
mod nesting;
mod other_dtype;
mod overlap;
mod poisoned_number;
mod reorder;
mod splice;
mod trailing;
mod truncate;

/// What mutants of one loader are made of.
pub struct Material {
    /// The loader's valid files.
    pub seeds: Vec<Vec<u8>>,
    /// Valid files of other formats.
    pub foreign: Vec<Vec<u8>>,
    /// Hostile files for the format, built by hand.
    pub attacks: Vec<Vec<u8>>,
    /// Where the loader's types contain themselves: what stands before, one level, what stands behind.
    pub nested: Option<[Vec<u8>; 3]>,
}

/// Random choices that follow from a number.
pub struct Random(ChaCha8Rng);

impl Random {
    /// Choices that follow from this number alone.
    pub fn new(seed: u64) -> Self {
        Random(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `end`; 0 when there is none.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { self.0.random_range(0..end) }
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }

    /// A byte.
    pub fn byte(&mut self) -> u8 {
        self.0.random()
    }
}

/// Which mutants a mutator makes of one file.
pub enum Cases {
    /// Any number; each follows from random choices.
    Random,
    /// So many of the file of this number, each once.
    Each(fn(&Material, usize) -> u64),
}

/// One way to change a file.
pub struct Mutator {
    /// Its id: the stem of its file, with `-` for `_`.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// Which mutants there are.
    pub cases: Cases,
    /// Makes one: of the file of this number, the case of this number. `None` where the file has
    /// nothing to change in this way.
    pub make: fn(&Material, usize, u64, &mut Random) -> Option<Vec<u8>>,
}

/// What a length, an offset or an index is set to: 0, 1, largest, largest divided by the size of an
/// element, the sign bit alone, and near what is there.
const EXTREMES: [u64; 12] = [
    0,
    1,
    u64::MAX,
    u64::MAX / 8,
    u64::MAX / 4,
    1 << 63,
    i64::MAX as u64,
    u32::MAX as u64,
    1 << 31,
    1 << 28,
    0xffff,
    0x80,
];

/// A number in a file: where, how many bytes, and whether the most significant one is first.
#[derive(Clone, Copy)]
struct Number {
    place: usize,
    width: usize,
    big_endian: bool,
    value: u64,
}

impl Number {
    /// The file with another number there; what does not fit the width is cut off.
    fn set(self, bytes: &[u8], value: u64) -> Vec<u8> {
        let mut changed = bytes.to_vec();
        for (index, byte) in value.to_le_bytes().into_iter().take(self.width).enumerate() {
            let index = if self.big_endian { self.width - 1 - index } else { index };
            if let Some(place) = changed.get_mut(self.place + index) {
                *place = byte;
            }
        }
        changed
    }
}

/// Numbers that could be lengths, offsets or counts: not zero, and not larger than twice the file.
fn lengths(bytes: &[u8]) -> Vec<Number> {
    let most = bytes.len() as u64 * 2;
    let mut found = Vec::new();
    for place in 0..bytes.len() {
        for width in [8, 4, 2, 1] {
            let Some(part) = bytes.get(place..place + width) else { continue };
            let little = part.iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
            let big = part.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
            for (value, big_endian) in [(little, false), (big, true)] {
                if (1..=most).contains(&value) && (width > 1 || !big_endian) {
                    found.push(Number { place, width, big_endian, value });
                }
            }
            // A wide number is not also taken for narrow ones at the same place.
            if found.last().is_some_and(|last| last.place == place) {
                break;
            }
        }
    }
    found
}

/// Runs of decimal digits, with a point, sign or exponent inside: where and how long.
fn digits(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (place, byte) in bytes.iter().enumerate() {
        match runs.last_mut() {
            Some((start, length))
                if *start + *length == place
                    && (byte.is_ascii_digit() || matches!(byte, b'.' | b'e')) =>
            {
                *length += 1;
            }
            _ if byte.is_ascii_digit() => runs.push((place, 1)),
            _ => {}
        }
    }
    runs
}

/// True when the file is mostly text, so that its numbers are digits.
fn is_text(bytes: &[u8]) -> bool {
    let plain = |byte: &&u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    bytes.iter().filter(plain).count() * 10 > bytes.len() * 8
}

/// The file with `length` bytes from `place` on replaced.
fn replaced(bytes: &[u8], place: usize, length: usize, new: &[u8]) -> Option<Vec<u8>> {
    let (before, after) = (bytes.get(..place)?, bytes.get(place.checked_add(length)?..)?);
    Some([before, new, after].concat())
}

/// Every place where `part` stands.
fn places(bytes: &[u8], part: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(part.len().max(1)).enumerate();
    windows.filter(|(_, window)| *window == part).map(|(place, _)| place).collect()
}

/// Names that stand in the files: of arrays, and of fields of documents and containers.
const NAMES: [&[u8]; 21] = [
    b"alpha",
    b"gamma",
    b"delta",
    b"omega",
    b"coef",
    b"left",
    b"right",
    b"feature",
    b"classes",
    b"value",
    b"kind",
    b"name",
    b"dtype",
    b"shape",
    b"data",
    b"arrays",
    b"elements",
    b"metadata",
    b"format",
    b"intercept",
    b"threshold",
];

/// Two names of one length that stand in the file, each with its places.
fn two_names(bytes: &[u8], random: &mut Random) -> Option<[(&'static [u8], Vec<usize>); 2]> {
    let there: Vec<_> = NAMES
        .iter()
        .map(|name| (*name, places(bytes, name)))
        .filter(|(_, places)| !places.is_empty())
        .collect();
    let (first, first_places) = random.pick(&there)?;
    let alike: Vec<_> =
        there.iter().filter(|(name, _)| name != first && name.len() == first.len()).collect();
    let (second, second_places) = random.pick(&alike)?;
    Some([(first, first_places.clone()), (second, second_places.clone())])
}
