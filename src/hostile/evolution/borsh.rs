//! `borsh`: fields by their place, nothing in the bytes tells of types; bytes behind the end are refused.

use super::Codec;

/// The plain derive.
pub(super) const PLAIN: Codec = Codec {
    id: "borsh",
    way: "its derive, fields by their place",
    crate_name: "borsh",
    read: plain::read,
};

/// As recommended.
pub(super) const RECOMMENDED: Codec = Codec {
    id: "borsh-recommended",
    way: "an enum with a variant for each version",
    crate_name: "borsh",
    read: recommended::read,
};

fn encode<T: borsh::BorshSerialize>(value: &T) -> Result<Vec<u8>, String> {
    borsh::to_vec(value).map_err(|error| error.to_string())
}

fn decode<T: borsh::BorshDeserialize>(bytes: &[u8]) -> Result<T, String> {
    borsh::from_slice(bytes).map_err(|error| error.to_string())
}

mod plain {
    use borsh::{BorshDeserialize, BorshSerialize};

    use super::super::versions::{plain_pair, versions};
    use super::{decode, encode};

    versions!({ #[derive(BorshSerialize, BorshDeserialize)] }, renamed: {});
    plain_pair!([BorshSerialize + BorshDeserialize], encode, decode);
}

mod recommended {
    use borsh::{BorshDeserialize, BorshSerialize};

    use super::super::versions::{versioned_pair, versions};
    use super::{decode, encode};

    versions!({ #[derive(BorshSerialize, BorshDeserialize)] }, renamed: {});
    versioned_pair!({ #[derive(BorshSerialize, BorshDeserialize)] }, [BorshSerialize + BorshDeserialize], encode, decode);
}
