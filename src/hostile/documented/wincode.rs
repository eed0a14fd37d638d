//! `wincode`, as its documentation has it: `serialize` and `deserialize`.

use super::{FlatWeights, Weights, documented, refused};
use crate::hostile::reader::Failure;

fn write(weights: Weights) -> Result<Vec<u8>, String> {
    let weights = FlatWeights::from(weights);
    ::wincode::serialize(&weights).map_err(|error| error.to_string())
}

fn read(bytes: &[u8]) -> Result<Weights, Failure> {
    ::wincode::deserialize::<FlatWeights>(bytes).map(Weights::from).map_err(refused)
}

documented!(Documented, "wincode", "wincode", write, read);
