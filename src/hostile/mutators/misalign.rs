//! Everything behind some byte moves by one to seven: tensors lie at addresses that do not fit them.

use super::{Cases, Mutator, replaced};

/// Bytes are put in, or taken out.
pub const MISALIGN: Mutator = Mutator {
    id: "misalign",
    title: "moved by a few bytes",
    cases: Cases::Random,
    make: |material, seed, _, random| {
        let bytes = material.seeds.get(seed)?;
        let (place, count) = (random.below(bytes.len()), 1 + random.below(7));
        match random.below(2) {
            0 => replaced(bytes, place, count.min(bytes.len() - place), &[]),
            _ => replaced(bytes, place, 0, &vec![[0, b' ', 0xff][random.below(3)]; count]),
        }
    },
};
