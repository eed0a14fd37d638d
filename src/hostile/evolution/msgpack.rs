//! `rmp-serde`: fields by their place in `to_vec`, by their name in `to_vec_named`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Codec;

/// The plain derive.
pub(super) const PLAIN: Codec = Codec {
    id: "msgpack",
    way: "a derive of serde and `to_vec`: fields by their place, each with its type",
    crate_name: "rmp-serde",
    read: plain::read,
};

/// As recommended.
pub(super) const RECOMMENDED: Codec = Codec {
    id: "msgpack-recommended",
    way: "`to_vec_named`: fields by their name; each type with `#[serde(default)]`, a renamed field with `#[serde(rename)]`: the bytes keep its name",
    crate_name: "rmp-serde",
    read: recommended::read,
};

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    ::rmp_serde::to_vec(value).map_err(|error| error.to_string())
}

fn encode_named<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    ::rmp_serde::to_vec_named(value).map_err(|error| error.to_string())
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    ::rmp_serde::from_slice(bytes).map_err(|error| error.to_string())
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

    use super::super::versions::{plain_pair, versions};
    use super::{decode, encode_named};

    versions!(
        { #[derive(Default, Serialize, Deserialize)] #[serde(default)] },
        renamed: { #[serde(rename = "rate")] }
    );
    plain_pair!([Serialize + DeserializeOwned], encode_named, decode);
}
