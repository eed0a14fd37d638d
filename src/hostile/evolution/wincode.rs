//! `wincode`: fields by their place, nothing in the bytes tells of types.

use wincode::config::DefaultConfig;
use wincode::{SchemaReadOwned, SchemaWrite};

use super::Codec;

/// The plain derive.
pub(super) const PLAIN: Codec = Codec {
    id: "wincode",
    way: "its derive, fields by their place",
    crate_name: "wincode",
    read: plain::read,
};

fn encode<T: SchemaWrite<DefaultConfig, Src = T>>(value: &T) -> Result<Vec<u8>, String> {
    wincode::serialize(value).map_err(|error| error.to_string())
}

fn decode<T: SchemaReadOwned<DefaultConfig, Dst = T>>(bytes: &[u8]) -> Result<T, String> {
    wincode::deserialize(bytes).map_err(|error| error.to_string())
}

mod plain {
    use wincode::config::DefaultConfig;
    use wincode::{SchemaRead, SchemaReadOwned, SchemaWrite};

    use super::super::versions::{Shape, versions};
    use super::{decode, encode};

    versions!({ #[derive(SchemaWrite, SchemaRead)] }, renamed: {});

    fn pair<O, N>(old_reads_new: bool) -> crate::base::hostility::Reading
    where
        O: Shape + SchemaWrite<DefaultConfig, Src = O> + SchemaReadOwned<DefaultConfig, Dst = O>,
        N: Shape + SchemaWrite<DefaultConfig, Src = N> + SchemaReadOwned<DefaultConfig, Dst = N>,
    {
        let (old, new) = (O::sample(), N::sample());
        match old_reads_new {
            true => super::super::reading(&new.fields(), &mut || {
                Ok(decode::<O>(&encode(&new)?)?.fields())
            }),
            false => super::super::reading(&old.fields(), &mut || {
                Ok(decode::<N>(&encode(&old)?)?.fields())
            }),
        }
    }
}
