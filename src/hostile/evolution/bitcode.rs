//! `bitcode`: all values of a field together, fields by their place.
//!
//! An enum of versions is no way out: one with a single variant has other bytes than one with two.

use super::Codec;

/// The plain derive.
pub(super) const PLAIN: Codec = Codec {
    id: "bitcode",
    way: "its derive, fields by their place",
    crate_name: "bitcode",
    read: plain::read,
};

fn encode<T: bitcode::Encode>(value: &T) -> Result<Vec<u8>, String> {
    Ok(bitcode::encode(value))
}

fn decode<T: bitcode::DecodeOwned>(bytes: &[u8]) -> Result<T, String> {
    bitcode::decode(bytes).map_err(|error| error.to_string())
}

mod plain {
    use bitcode::{Decode, DecodeOwned, Encode};

    use super::super::versions::{plain_pair, versions};
    use super::{decode, encode};

    versions!({ #[derive(Encode, Decode)] }, renamed: {});
    plain_pair!([Encode + DecodeOwned], encode, decode);
}
