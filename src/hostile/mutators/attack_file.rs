//! The hostile files of `src/attacks` for the format: lies about lengths, overlapping tensors,
//! decompression bombs, header floods, duplicate keys, poisoned indices, built by hand.

use super::{Cases, Mutator};

/// Each of them once.
pub const ATTACK_FILE: Mutator = Mutator {
    id: "attack-file",
    title: "a hostile file built by hand, bombs among them",
    cases: Cases::Each(|material, seed| if seed == 0 { material.attacks.len() as u64 } else { 0 }),
    make: |material, _, case, _| material.attacks.get(usize::try_from(case).ok()?).cloned(),
};
