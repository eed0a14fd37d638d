//! Valid files of other formats: a wrong extension, a wrong path.

use super::{Cases, Mutator};

/// Each of them once.
pub const FOREIGN_FILE: Mutator = Mutator {
    id: "foreign-file",
    title: "a valid file of another format",
    // They are no change of a file of the loader's: once is enough.
    cases: Cases::Each(|material, seed| if seed == 0 { material.foreign.len() as u64 } else { 0 }),
    make: |material, _, case, _| material.foreign.get(usize::try_from(case).ok()?).cloned(),
};
