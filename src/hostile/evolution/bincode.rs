//! `bincode`: fields by their place, nothing in the bytes tells of types.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Codec;

/// The plain derive.
pub(super) const PLAIN: Codec = Codec {
    id: "bincode",
    way: "a derive of serde, fields by their place",
    crate_name: "bincode",
    read: plain::read,
};

/// As recommended.
pub(super) const RECOMMENDED: Codec = Codec {
    id: "bincode-recommended",
    way: "an enum with a variant for each version",
    crate_name: "bincode",
    read: recommended::read,
};

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    ::bincode::serde::encode_to_vec(value, ::bincode::config::standard())
        .map_err(|error| error.to_string())
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    ::bincode::serde::decode_from_slice(bytes, ::bincode::config::standard())
        .map(|(value, _)| value)
        .map_err(|error| error.to_string())
}

mod plain {
    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Serialize};

    use super::super::versions::{plain_pair, versions};
    use super::{decode, encode};

    versions!({ #[derive(Serialize, Deserialize)] }, renamed: {});
    plain_pair!([Serialize + DeserializeOwned], encode, decode);
}

mod recommended {
    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Serialize};

    use super::super::versions::{versioned_pair, versions};
    use super::{decode, encode};

    versions!({ #[derive(Serialize, Deserialize)] }, renamed: {});
    versioned_pair!(
        { #[derive(Serialize, Deserialize)] },
        [Serialize + DeserializeOwned],
        encode,
        decode
    );
}
