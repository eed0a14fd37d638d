//! `ciborium`: fields by their name.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Codec;

/// The plain derive.
pub(super) const PLAIN: Codec = Codec {
    id: "cbor",
    way: "a derive of serde, fields by their name",
    crate_name: "ciborium",
    read: plain::read,
};

/// As recommended.
pub(super) const RECOMMENDED: Codec = Codec {
    id: "cbor-recommended",
    way: "each type with `#[serde(default)]`, a renamed field with `#[serde(rename)]`: the bytes keep its name",
    crate_name: "ciborium",
    read: recommended::read,
};

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    ::ciborium::into_writer(value, &mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    ::ciborium::from_reader(bytes).map_err(|error| error.to_string())
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
