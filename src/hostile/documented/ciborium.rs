//! `ciborium`, as its documentation has it: `into_writer` and `from_reader`.

use super::{Weights, documented, refused};
use crate::hostile::reader::Failure;

fn write(weights: Weights) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    ::ciborium::into_writer(&weights, &mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn read(bytes: &[u8]) -> Result<Weights, Failure> {
    ::ciborium::from_reader(bytes).map_err(refused)
}

documented!(
    Documented,
    "cbor",
    "ciborium",
    write,
    read,
    fn nested(&self, depth: usize) -> Option<Vec<u8>> {
        write(Weights::nested(depth)).ok()
    }
);
