//! More bytes behind the end: what a loader does not look at can be anything.

use super::{Cases, Mutator};

/// One byte, zeros, text, and the file a second time.
pub const TRAILING: Mutator = Mutator {
    id: "trailing",
    title: "garbage behind the end",
    cases: Cases::Each(|_, _| 8),
    make: |material, seed, case, random| {
        let seed = material.seeds.get(seed)?;
        let garbage = match case {
            0 => vec![0],
            1 => vec![b'\n'],
            2 => vec![0xff],
            3 => vec![0; 64],
            4 => b"garbage".to_vec(),
            5 => seed.clone(),
            6 => vec![0; 4096],
            _ => (0..64).map(|_| random.byte()).collect(),
        };
        Some([&seed[..], &garbage].concat())
    },
};
