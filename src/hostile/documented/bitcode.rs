//! `bitcode`, as its documentation has it: `encode` and `decode`.

use super::{FlatWeights, Weights, documented, refused};
use crate::hostile::reader::Failure;

fn write(weights: Weights) -> Result<Vec<u8>, String> {
    Ok(::bitcode::encode(&FlatWeights::from(weights)))
}

fn read(bytes: &[u8]) -> Result<Weights, Failure> {
    ::bitcode::decode::<FlatWeights>(bytes).map(Weights::from).map_err(refused)
}

documented!(Documented, "bitcode", "bitcode", write, read);
