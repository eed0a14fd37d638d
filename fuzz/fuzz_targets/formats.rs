//! The loader of one format of the registry; see `tests/reader_checks/format.rs`.
//!
//! `DEADWEIGHT_FUZZ` names the format. Each is a target of its own for `scripts/fuzz`, with a corpus of
//! its own; one program holds them all, since one of each would fill a disk.

#![no_main]

use deadweight_fuzz::{checks, guarded, many, memory};
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: {
        guarded::keep_panics();
        many::begin(&checks::format::ids(), many::files);
    },
    |bytes: &[u8]| {
        let most = (1 << 20) + 64 * bytes.len();
        memory::bounded(most, || {
            guarded::run(|contained| checks::format::format(many::chosen(), bytes, contained));
        });
    }
);
