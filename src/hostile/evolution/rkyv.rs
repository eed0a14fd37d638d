//! `rkyv`: a memory image of the type; its documentation says that it has no means for types that change
//! but an enum around them.

use super::Codec;

/// The plain derive, with validation.
pub(super) const PLAIN: Codec = Codec {
    id: "rkyv",
    way: "its derive, checked: a memory image of the type",
    crate_name: "rkyv",
    read: plain::read,
};

mod plain {
    use rkyv::rancor::Error;
    use rkyv::util::AlignedVec;
    use rkyv::{Archive, Deserialize, Serialize};

    use super::super::versions::{plain_pair, versions};

    /// What a type can do; the bounds of the crate's functions are long.
    trait Image: Sized {
        fn encode(&self) -> Result<Vec<u8>, String>;
        fn decode(bytes: &[u8]) -> Result<Self, String>;
    }

    macro_rules! image {
        ($($type:ty),*) => {$(
            impl Image for $type {
                fn encode(&self) -> Result<Vec<u8>, String> {
                    let bytes = rkyv::to_bytes::<Error>(self).map_err(|error| error.to_string())?;
                    Ok(bytes.to_vec())
                }

                fn decode(bytes: &[u8]) -> Result<Self, String> {
                    let mut aligned = AlignedVec::<16>::with_capacity(bytes.len());
                    aligned.extend_from_slice(bytes);
                    rkyv::from_bytes::<$type, Error>(&aligned).map_err(|error| error.to_string())
                }
            }
        )*};
    }

    fn encode<T: Image>(value: &T) -> Result<Vec<u8>, String> {
        value.encode()
    }

    fn decode<T: Image>(bytes: &[u8]) -> Result<T, String> {
        T::decode(bytes)
    }

    versions!({ #[derive(Archive, Serialize, Deserialize)] }, renamed: {});
    image!(
        Old,
        AddedAtEnd,
        AddedInMiddle,
        Removed,
        Reordered,
        Renamed,
        Widened,
        Optional,
        Required
    );
    plain_pair!([Image], encode, decode);
}
