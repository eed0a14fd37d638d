//! What must be true of all readers and of the predictors over any bytes at all.
//!
//! The fuzz targets call these functions, and `tests/fuzz_regressions.rs` calls them with the
//! files that once broke one of them. A function ends for every input, and panics when a promise is
//! broken.

mod container;
mod decoder;
mod estimator;
pub mod format;
pub mod kind;
mod machine;
pub mod mutate;
mod predictions;

pub use container::container;
pub use decoder::decoder;
pub use estimator::{estimator, models};
pub use machine::machine;

use deadweight::base::{Limits, Storage};

/// A check of some bytes, by the name of its fuzz target.
pub type Check = (&'static str, fn(&[u8]));

/// All of them.
pub const CHECKS: &[Check] = &[
    ("pickle_decoder", decoder),
    ("pickle_machine", machine),
    ("joblib_container", container),
    ("sklearn_estimators", estimator),
];

/// Bounds under which no input takes long. The defaults let a file of many gigabytes pass, and a
/// fuzzer that looks for such files finds nothing else.
pub fn limits() -> Limits {
    let change = |limits: &mut Limits| {
        limits.max_file_bytes = 1 << 20;
        limits.max_decompressed_bytes = 1 << 20;
        limits.max_pickle_nodes = 1 << 17;
        limits.max_pickle_stack = 1 << 16;
        limits.max_pickle_memo = 1 << 16;
    };
    Limits::default().with(change).expect("limits above zero")
}

/// What lies beside a pickle of protocol 5.
fn buffers() -> Vec<Storage> {
    let bytes: Vec<u8> = (0..BUFFER_BYTES).map(|byte| (byte * 37) as u8).collect();
    (0..BUFFERS).map(|_| Storage::adopt(bytes.clone())).collect()
}

/// How many buffers.
const BUFFERS: usize = 4;
/// How many bytes each of them has.
const BUFFER_BYTES: usize = 192;

/// Messages quote the file, but never much of it.
fn is_short(error: &impl std::fmt::Display) {
    let text = error.to_string();
    assert!(!text.is_empty() && text.len() < 64 << 10, "a message of {} bytes", text.len());
}
