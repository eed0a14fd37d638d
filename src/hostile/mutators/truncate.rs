//! Cut off at every length: a download that broke, a disk that was full.

use super::{Cases, Material, Mutator};

/// Every proper beginning of every valid file.
pub const TRUNCATE: Mutator = Mutator {
    id: "truncate",
    title: "cut off, at every length",
    cases: Cases::Each(|material, seed| seed_of(material, seed).len() as u64),
    make: |material, seed, case, _| {
        let length = usize::try_from(case).ok()?;
        seed_of(material, seed).get(..length).map(<[u8]>::to_vec)
    },
};

fn seed_of(material: &Material, seed: usize) -> &[u8] {
    material.seeds.get(seed).map(Vec::as_slice).unwrap_or_default()
}
