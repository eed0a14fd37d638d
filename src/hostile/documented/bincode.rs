//! `bincode`, as its documentation begins: the standard configuration, which has no limit.

use super::{Weights, documented, refused};
use crate::hostile::reader::Failure;

fn write(weights: Weights) -> Result<Vec<u8>, String> {
    ::bincode::serde::encode_to_vec(&weights, ::bincode::config::standard())
        .map_err(|error| error.to_string())
}

fn read(bytes: &[u8]) -> Result<Weights, Failure> {
    ::bincode::serde::decode_from_slice(bytes, ::bincode::config::standard())
        .map(|(weights, _)| weights)
        .map_err(refused)
}

documented!(
    Documented,
    "bincode",
    "bincode",
    write,
    read,
    fn nested(&self, depth: usize) -> Option<Vec<u8>> {
        write(Weights::nested(depth)).ok()
    }
);
