//! `postcard`: fields by their place, nothing in the bytes tells of types.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Codec;

/// The plain derive.
pub(super) const PLAIN: Codec = Codec {
    id: "postcard",
    way: "a derive of serde, fields by their place",
    crate_name: "postcard",
    read: plain::read,
};

/// As recommended.
pub(super) const RECOMMENDED: Codec = Codec {
    id: "postcard-recommended",
    way: "an enum with a variant for each version",
    crate_name: "postcard",
    read: recommended::read,
};

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    ::postcard::to_stdvec(value).map_err(|error| error.to_string())
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    ::postcard::from_bytes(bytes).map_err(|error| error.to_string())
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
