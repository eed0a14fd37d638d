//! numpy's arrays in pickles and joblib files: what the libraries wrote, and what nobody should.
//!
//! The files in `tests/data/pickle_numpy` and what is in them come from
//! `scripts/make_pickle_numpy_fixtures.py`.

use std::path::{Path, PathBuf};

use deadweight::base::{Limits, Storage};
use deadweight::pickle::{Document, PickleError};

#[path = "pickle_numpy/containers.rs"]
mod containers;
#[path = "pickle_numpy/fixtures.rs"]
mod fixtures;
#[path = "pickle_numpy/hostile.rs"]
mod hostile;
#[path = "pickle_numpy/strict.rs"]
mod strict;
#[path = "pickle_numpy/wrappers.rs"]
mod wrappers;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pickle_numpy").join(name)
}

fn file(name: &str) -> Storage {
    Storage::adopt(std::fs::read(data(name)).unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// Reads a file without buffers beside it.
fn read(source: &Storage) -> Result<Document<'_>, PickleError> {
    Document::read(source, &[], &Limits::default())
}

/// The error with which bytes are refused.
fn error(bytes: &[u8]) -> String {
    let source = Storage::adopt(bytes.to_vec());
    match read(&source) {
        Ok(_) => panic!("accepted: {}", bytes.escape_ascii()),
        Err(error) => error.to_string(),
    }
}
