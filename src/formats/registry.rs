//! The list of formats. A new one is a file beside this one and a line here.
//!
//! The order is that of tables: our own floor, containers of their own layout, then the codecs of
//! our documents from compact to readable, each with `bytes` before `elements`.

use super::{
    Descriptor, Format, arrow, bincode, bitcode, borsh, cbor, cbor4ii, flatbuffers, joblib, json,
    json_simd, msgpack, npz, parquet, pco, pickle, postcard, protobuf, raw, rkyv, safetensors,
    serde_pickle, wincode,
};

/// Every format, in the order of tables.
pub static FORMATS: &[&dyn Format] = &[
    &raw::Raw,
    &safetensors::Safetensors,
    &rkyv::Rkyv,
    &npz::Npz,
    &arrow::Arrow,
    &parquet::Parquet,
    &flatbuffers::FlatBuffers,
    &pco::Pco,
    &postcard::BYTES,
    &postcard::ELEMENTS,
    &bincode::BYTES,
    &bincode::ELEMENTS,
    &wincode::BYTES,
    &wincode::ELEMENTS,
    &bitcode::BYTES,
    &bitcode::ELEMENTS,
    &borsh::BYTES,
    &borsh::ELEMENTS,
    &cbor::BYTES,
    &cbor::ELEMENTS,
    &cbor4ii::BYTES,
    &cbor4ii::ELEMENTS,
    &msgpack::BYTES,
    &msgpack::ELEMENTS,
    &serde_pickle::BYTES,
    &serde_pickle::ELEMENTS,
    &protobuf::BYTES,
    &protobuf::ELEMENTS,
    &json::BYTES,
    &json::ELEMENTS,
    &json_simd::BYTES,
    &json_simd::ELEMENTS,
];

/// Executable formats of other programs: models are read out of them without running anything, and
/// none is ever written.
pub static READ_ONLY: [&Descriptor; 2] = [&pickle::DESCRIPTOR, &joblib::DESCRIPTOR];

/// The format of an id.
pub fn find(id: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.descriptor().id == id)
}

/// The format that `bytes`, the beginning of a file, is of. Content decides, never a name.
pub fn recognize(bytes: &[u8]) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.recognizes(bytes))
}

/// The id that `id` was most likely meant to be.
pub fn nearest(id: &str) -> Option<&'static str> {
    let ids = FORMATS.iter().map(|format| format.descriptor().id);
    let distance = |other: &&str| strsim::damerau_levenshtein(&id.to_lowercase(), other);
    ids.min_by_key(distance).filter(|other| distance(other) <= 3.min(other.len() / 2))
}

/// What to tell a user who asked for a format that is not there.
pub fn unknown(id: &str) -> String {
    let ids: Vec<&str> = FORMATS.iter().map(|format| format.descriptor().id).collect();
    let hint = nearest(id).map_or(".".to_owned(), |id| format!("; did you mean {id:?}?"));
    format!("no format {id:?}{hint} Formats: {}", ids.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_gets_a_suggestion() {
        assert_eq!(nearest("safetensor"), Some("safetensors"));
        assert_eq!(nearest("POSTCARD"), Some("postcard"));
        assert_eq!(nearest("onnxruntime"), None);
        assert!(
            unknown("jsno").starts_with("no format \"jsno\"; did you mean \"json\"? Formats: raw,")
        );
        assert!(unknown("onnxruntime").starts_with("no format \"onnxruntime\". Formats: raw, "));
    }
}
