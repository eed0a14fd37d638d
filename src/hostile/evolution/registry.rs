//! The list of codecs. A new one is a file beside this one and its lines here.

use super::{
    Codec, bincode, bitcode, borsh, cbor, json, msgpack, parquet, postcard, protobuf, rkyv, wincode,
};

/// Every way to use a codec, in the order of the formats.
pub static CODECS: &[Codec] = &[
    rkyv::PLAIN,
    parquet::PLAIN,
    parquet::RECOMMENDED,
    postcard::PLAIN,
    postcard::RECOMMENDED,
    bincode::PLAIN,
    bincode::RECOMMENDED,
    wincode::PLAIN,
    bitcode::PLAIN,
    borsh::PLAIN,
    borsh::RECOMMENDED,
    cbor::PLAIN,
    cbor::RECOMMENDED,
    msgpack::PLAIN,
    msgpack::RECOMMENDED,
    protobuf::PLAIN,
    protobuf::RECOMMENDED,
    json::PLAIN,
    json::RECOMMENDED,
];
