//! Two tensors on the same bytes: an offset or a length becomes that of another one.

use super::{Cases, Mutator, digits, is_text, lengths, replaced};

/// One number of the file becomes another number of it.
pub const OVERLAP: Mutator = Mutator {
    id: "overlap",
    title: "an offset that is another one's",
    cases: Cases::Random,
    make: |material, seed, _, random| {
        let bytes = material.seeds.get(seed)?;
        let runs = digits(bytes);
        if is_text(bytes) || (!runs.is_empty() && random.below(2) == 0) {
            let (place, length) = *random.pick(&runs)?;
            let (other, other_length) = *random.pick(&runs)?;
            let new = bytes.get(other..other + other_length)?.to_vec();
            return replaced(bytes, place, length, &new);
        }
        let numbers = lengths(bytes);
        let other = random.pick(&numbers)?.value;
        Some(random.pick(&numbers)?.set(bytes, other))
    },
};
