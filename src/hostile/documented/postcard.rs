//! `postcard`, as its first example has it: `from_bytes`, which leaves what stands behind the value alone.

use super::{Weights, documented, refused};
use crate::hostile::reader::Failure;

fn write(weights: Weights) -> Result<Vec<u8>, String> {
    ::postcard::to_stdvec(&weights).map_err(|error| error.to_string())
}

fn read(bytes: &[u8]) -> Result<Weights, Failure> {
    ::postcard::from_bytes(bytes).map_err(refused)
}

documented!(
    Documented,
    "postcard",
    "postcard",
    write,
    read,
    fn nested(&self, depth: usize) -> Option<Vec<u8>> {
        write(Weights::nested(depth)).ok()
    }
);
