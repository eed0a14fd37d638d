//! The same name twice: readers that take the first and readers that take the last see two models.

use super::{Cases, Mutator, is_text, places, replaced, two_names};

/// A name becomes another one that is there already, or a member of a JSON object stands there twice.
pub const DUPLICATE_KEY: Mutator = Mutator {
    id: "duplicate-key",
    title: "a key or name that is there twice",
    cases: Cases::Random,
    make: |material, seed, _, random| {
        let bytes = material.seeds.get(seed)?;
        if is_text(bytes) && random.below(2) == 0 {
            // From one quote behind a comma to the next comma: as a rule, a member or an element.
            let commas = places(bytes, b",");
            let start = *random.pick(&commas)?;
            let end = *commas.iter().find(|comma| **comma > start)?;
            let member = bytes.get(start..end)?.to_vec();
            return replaced(bytes, end, 0, &member);
        }
        let [(first, places), (second, _)] = two_names(bytes, random)?;
        let (place, all) = (*random.pick(&places)?, random.below(2) == 0);
        let mut changed = bytes.clone();
        for at in if all { places } else { vec![place] } {
            changed.get_mut(at..at + first.len())?.copy_from_slice(second);
        }
        Some(changed)
    },
};
