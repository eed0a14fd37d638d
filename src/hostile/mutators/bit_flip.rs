//! One bit is another: what memory, disks and cables do.

use super::{Cases, Mutator};

/// Any bit of the file.
pub const BIT_FLIP: Mutator = Mutator {
    id: "bit-flip",
    title: "one bit flipped",
    cases: Cases::Random,
    make: |material, seed, _, random| {
        let mut bytes = material.seeds.get(seed)?.clone();
        let place = random.below(bytes.len());
        let bit = random.below(8);
        *bytes.get_mut(place)? ^= 1 << bit;
        Some(bytes)
    },
};
