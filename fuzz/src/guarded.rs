//! Panics that a loader makes errors: named once each, and no finding. Any other ends the process.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::Mutex;

/// Names the file that gets a line for each.
const CONTAINED: &str = "DEADWEIGHT_FUZZ_CONTAINED";

static LAST: Mutex<String> = Mutex::new(String::new());
static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Replaces the hook of the fuzzer, which ends the process at every panic, caught or not.
pub fn keep_panics() {
    set_hook(Box::new(|panic| *LAST.lock().unwrap() = panic.to_string()));
}

/// Runs a check, which says of each panic that became an error what its message was.
pub fn run(check: impl FnOnce(&mut dyn FnMut(&str))) {
    let mut contained = |_: &str| {
        let told = LAST.lock().unwrap().replace('\n', " ");
        if SEEN.lock().unwrap().insert(told.clone()) {
            note(&told);
        }
    };
    if catch_unwind(AssertUnwindSafe(|| check(&mut contained))).is_err() {
        eprintln!("{}", LAST.lock().unwrap());
        std::process::abort();
    }
}

fn note(told: &str) {
    let Some(path) = std::env::var_os(CONTAINED) else { return };
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| writeln!(file, "    contained: {told}"));
    written.expect("the file of contained panics can be written to");
}
