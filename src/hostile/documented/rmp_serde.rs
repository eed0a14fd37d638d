//! `rmp-serde`, as its documentation has it: structures as arrays, and nesting up to the 1024 levels that it allows.

use super::{Weights, documented, refused};
use crate::hostile::reader::Failure;

fn write(weights: Weights) -> Result<Vec<u8>, String> {
    ::rmp_serde::to_vec(&weights).map_err(|error| error.to_string())
}

fn read(bytes: &[u8]) -> Result<Weights, Failure> {
    ::rmp_serde::from_slice(bytes).map_err(refused)
}

documented!(
    Documented,
    "msgpack",
    "rmp-serde",
    write,
    read,
    fn nested(&self, depth: usize) -> Option<Vec<u8>> {
        write(Weights::nested(depth)).ok()
    }
);
