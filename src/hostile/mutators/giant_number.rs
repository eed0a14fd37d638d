//! Giant shapes over tiny bodies: every digit run, or several lengths at once, so that a product
//! wraps around or an allocation follows from it.

use super::{Cases, Mutator, digits, lengths, replaced};

/// What a dimension becomes: products of two of them are 0, 1 or huge in 64 bits.
const DIMENSIONS: [u64; 6] = [1 << 32, 1 << 33, 1 << 62, u32::MAX as u64, 3 << 30, 1_000_000_007];

/// Two or three numbers of the file become giant.
pub const GIANT_NUMBER: Mutator = Mutator {
    id: "giant-number",
    title: "giant shapes, tiny bodies",
    cases: Cases::Random,
    make: |material, seed, _, random| {
        let mut bytes = material.seeds.get(seed)?.clone();
        let text = random.below(2) == 0;
        for _ in 0..2 + random.below(2) {
            let giant = *random.pick(&DIMENSIONS)?;
            let runs = if text { digits(&bytes) } else { Vec::new() };
            bytes = match random.pick(&runs) {
                Some((place, length)) => {
                    replaced(&bytes, *place, *length, giant.to_string().as_bytes())?
                }
                None => random.pick(&lengths(&bytes))?.set(&bytes, giant),
            };
        }
        Some(bytes)
    },
};
