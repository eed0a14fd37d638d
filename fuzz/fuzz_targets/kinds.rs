//! One kind of model with wrong numbers in it; see `tests/reader_checks/kind.rs`.
//!
//! `DEADWEIGHT_FUZZ` names the kind. Each is a target of its own for `scripts/fuzz`, as those of
//! `formats.rs` are.

#![no_main]

use std::sync::LazyLock;

use deadweight::base::Parameters;
use deadweight_fuzz::{by_hand, checks, many};
use libfuzzer_sys::fuzz_target;

static EXAMPLES: LazyLock<Vec<Parameters>> = LazyLock::new(|| by_hand::of_kind(many::chosen()));

fuzz_target!(
    init: many::begin(&checks::kind::ids(), many::changes),
    |bytes: &[u8]| checks::kind::kind(&EXAMPLES, bytes)
);
