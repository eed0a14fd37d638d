//! The same keys in another order: names change places, or stretches of the file do.

use super::{Cases, Mutator, places, two_names};

/// Two names of one length change places; or two stretches.
pub const REORDER: Mutator = Mutator {
    id: "reorder",
    title: "keys or stretches in another order",
    cases: Cases::Random,
    make: |material, seed, _, random| {
        let bytes = material.seeds.get(seed)?;
        if random.below(2) == 0
            && let Some([(first, first_places), (second, second_places)]) = two_names(bytes, random)
        {
            let mut changed = bytes.clone();
            for (places, new) in [(first_places, second), (second_places, first)] {
                for place in places {
                    changed.get_mut(place..place + new.len())?.copy_from_slice(new);
                }
            }
            return Some(changed);
        }
        // Members of a text; else any two stretches of one length that do not overlap.
        let commas = places(bytes, b",");
        if commas.len() > 2 && random.below(2) == 0 {
            let at = random.below(commas.len() - 2);
            let (a, b, c) = (commas[at], commas[at + 1], commas[at + 2]);
            return Some([&bytes[..a], &bytes[b..c], &bytes[a..b], &bytes[c..]].concat());
        }
        let length = 1 + random.below(16).min(bytes.len() / 4);
        let first = random.below(bytes.len().checked_sub(2 * length)?);
        let second = first + length + random.below(bytes.len() - first - 2 * length);
        let mut changed = bytes.clone();
        let (left, right) = changed.split_at_mut(second);
        left.get_mut(first..first + length)?.swap_with_slice(right.get_mut(..length)?);
        Some(changed)
    },
};
