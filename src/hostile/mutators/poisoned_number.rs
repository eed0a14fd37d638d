//! NaN, infinities and extremes where weights, thresholds and indices stand.

use super::{Cases, Mutator, digits, is_text, replaced};

/// Bits of eight bytes: NaN of both signs, signalling NaN, infinities, -1, smallest, largest.
const BITS: [u64; 8] = [
    0x7ff8_0000_0000_0000,
    0xfff8_0000_0000_0000,
    0x7ff0_0000_0000_0001,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    u64::MAX,
    1 << 63,
    i64::MAX as u64,
];
const WORDS: [&[u8]; 10] = [
    b"NaN",
    b"null",
    b"1e999",
    b"-1",
    b"-0",
    b"\"NaN\"",
    b"18446744073709551616",
    b"1e-400",
    b"true",
    b"-1e999",
];

/// Four or eight bytes, or a number in digits.
pub const POISONED_NUMBER: Mutator = Mutator {
    id: "poisoned-number",
    title: "NaN and extremes for weights and indices",
    cases: Cases::Random,
    make: |material, seed, _, random| {
        let bytes = material.seeds.get(seed)?;
        if is_text(bytes) {
            let (place, length) = *random.pick(&digits(bytes))?;
            return replaced(bytes, place, length, random.pick(&WORDS)?);
        }
        let bits = *random.pick(&BITS)?;
        let width = [4, 8][random.below(2)];
        let place = random.below(bytes.len().checked_sub(width)?);
        // The upper half is what makes a number NaN, in either width.
        replaced(bytes, place, width, &bits.to_le_bytes()[8 - width..])
    },
};
