//! `serde_json`, as its documentation has it: `to_vec` and `from_slice`.

use super::{Weights, documented, refused};
use crate::hostile::reader::Failure;

fn write(weights: Weights) -> Result<Vec<u8>, String> {
    ::serde_json::to_vec(&weights).map_err(|error| error.to_string())
}

fn read(bytes: &[u8]) -> Result<Weights, Failure> {
    ::serde_json::from_slice(bytes).map_err(refused)
}

documented!(
    Documented,
    "json",
    "serde_json",
    write,
    read,
    fn nested(&self, depth: usize) -> Option<Vec<u8>> {
        write(Weights::nested(depth)).ok()
    }
);
