//! `serde_json`: fields by their name.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Codec;

/// The plain derive.
pub(super) const PLAIN: Codec = Codec {
    id: "json",
    way: "a derive of serde, fields by their name",
    crate_name: "serde_json",
    read: plain::read,
};

/// As recommended.
pub(super) const RECOMMENDED: Codec = Codec {
    id: "json-recommended",
    way: "each type with `#[serde(default)]`, a renamed field with `#[serde(rename)]`: the bytes keep its name",
    crate_name: "serde_json",
    read: recommended::read,
};

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    ::serde_json::to_vec(value).map_err(|error| error.to_string())
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    ::serde_json::from_slice(bytes).map_err(|error| error.to_string())
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
    use super::{decode, encode};

    versions!(
        { #[derive(Default, Serialize, Deserialize)] #[serde(default)] },
        renamed: { #[serde(rename = "rate")] }
    );
    plain_pair!([Serialize + DeserializeOwned], encode, decode);
}
