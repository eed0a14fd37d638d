//! Lists in lists, up to a million deep: a loader that calls itself for each runs out of stack.

use super::{Cases, Material, Mutator, places, replaced};

/// One level in JSON, CBOR (of known and unknown length), MessagePack, and in what tags lists by
/// their number and length, as postcard and its like do.
const LEVELS: [&[u8]; 8] =
    [b"[", b"{\"a\":", b"\x81", b"\x9f", b"\xa1\x61a", b"\x91", b"\x81\xa1a", b"\x05\x01"];
const DEPTHS: [usize; 4] = [100, 1000, 30_000, 1_000_000];
/// Where they are put.
const PLACES: usize = 3;

/// Every kind of level at every depth and place, and files whose own types nest.
pub const NESTING: Mutator = Mutator {
    id: "nesting",
    title: "nested up to a million levels deep",
    cases: Cases::Each(|material, seed| match seed {
        0 => (LEVELS.len() * DEPTHS.len() * PLACES + own(material)) as u64,
        _ => 0,
    }),
    make: |material, seed, case, _| {
        let case = usize::try_from(case).ok()?;
        let depth = *DEPTHS.get(case % DEPTHS.len())?;
        let case = case / DEPTHS.len();
        if let Some(place) = case.checked_sub(LEVELS.len() * PLACES) {
            return (place == 0)
                .then_some(material.nested.as_ref())
                .flatten()
                .map(|[before, level, after]| [&before[..], &level.repeat(depth), after].concat());
        }
        let level = LEVELS.get(case % LEVELS.len())?.repeat(depth);
        let seed = material.seeds.get(seed)?;
        // After the mark or key, where a value is expected; at the start; in place of the metadata.
        let (place, length) = match case / LEVELS.len() {
            0 => (0, seed.len()),
            1 => places(seed, b"metadata").first().map_or((seed.len() / 2, 0), |at| (at + 8, 0)),
            _ => places(seed, b"{}").first().map_or((seed.len(), 0), |at| (*at, 2)),
        };
        replaced(seed, place, length, &level)
    },
};

fn own(material: &Material) -> usize {
    if material.nested.is_some() { DEPTHS.len() } else { 0 }
}
