//! `rkyv`, as its documentation has it with validation: `to_bytes` and the checked `from_bytes`.

use ::rkyv::rancor::Error;

use super::{FlatWeights, Weights, documented, refused};
use crate::hostile::reader::Failure;

fn write(weights: Weights) -> Result<Vec<u8>, String> {
    let weights = FlatWeights::from(weights);
    let bytes = ::rkyv::to_bytes::<Error>(&weights).map_err(|error| error.to_string())?;
    Ok(bytes.to_vec())
}

fn read(bytes: &[u8]) -> Result<Weights, Failure> {
    // It needs an aligned buffer, and has one: a file is read into an AlignedVec.
    let mut aligned = ::rkyv::util::AlignedVec::<16>::with_capacity(bytes.len());
    aligned.extend_from_slice(bytes);
    ::rkyv::from_bytes::<FlatWeights, Error>(&aligned).map(Weights::from).map_err(refused)
}

documented!(Documented, "rkyv", "rkyv", write, read);
