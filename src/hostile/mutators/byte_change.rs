//! One byte is another one.

use super::{Cases, Mutator};

/// Any byte of the file, any other value.
pub const BYTE_CHANGE: Mutator = Mutator {
    id: "byte-change",
    title: "one byte changed",
    cases: Cases::Random,
    make: |material, seed, _, random| {
        let mut bytes = material.seeds.get(seed)?.clone();
        let place = random.below(bytes.len());
        let other = 1 + random.below(255) as u8;
        let byte = bytes.get_mut(place)?;
        *byte = byte.wrapping_add(other);
        Some(bytes)
    },
};
