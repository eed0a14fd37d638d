//! `prost`: fields by their number, each with the form of its bytes. A schema format: which number a field has
//! is an agreement between programs, and what is recommended is to keep it.

use prost::Message;

use super::Codec;

/// The plain derive.
pub(super) const PLAIN: Codec = Codec {
    id: "protobuf",
    way: "a derive of prost without numbers: fields are numbered by their place, as a schema is that is written anew",
    crate_name: "prost",
    read: plain::read,
};

/// As recommended.
pub(super) const RECOMMENDED: Codec = Codec {
    id: "protobuf-recommended",
    way: "a number for each field, which it keeps: that of a removed field is never given again, and no field is required",
    crate_name: "prost",
    read: recommended::read,
};

fn encode<T: Message>(value: &T) -> Result<Vec<u8>, String> {
    Ok(value.encode_to_vec())
}

fn decode<T: Message + Default>(bytes: &[u8]) -> Result<T, String> {
    T::decode(bytes).map_err(|error| error.to_string())
}

/// All versions, with the numbers of their fields or without.
macro_rules! messages {
    (
        note: { $($note:tt)* },
        $({
            name: $name_tag:literal, count: $count_tag:literal, rate: $rate_tag:literal,
            limit: $limit_tag:literal, weights: $weights_tag:literal, momentum: $momentum_tag:literal,
            note: $note_tag:literal
        })?
    ) => {
        version!({ #[derive(Clone, PartialEq, Message)] } Old {
            #[prost(string $(, tag = $name_tag)?)] name: String = "name", "forest".into();
            #[prost(uint32 $(, tag = $count_tag)?)] count: u32 = "count", 300;
            #[prost(double $(, tag = $rate_tag)?)] rate: f64 = "rate", 0.25;
            #[prost(double $(, tag = $limit_tag)?)] limit: f64 = "limit", 4.5;
            #[prost(double, repeated $(, tag = $weights_tag)?)]
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        version!({ #[derive(Clone, PartialEq, Message)] } AddedAtEnd {
            #[prost(string $(, tag = $name_tag)?)] name: String = "name", "forest".into();
            #[prost(uint32 $(, tag = $count_tag)?)] count: u32 = "count", 300;
            #[prost(double $(, tag = $rate_tag)?)] rate: f64 = "rate", 0.25;
            #[prost(double $(, tag = $limit_tag)?)] limit: f64 = "limit", 4.5;
            #[prost(double, repeated $(, tag = $weights_tag)?)]
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
            #[prost(double $(, tag = $momentum_tag)?)] momentum: f64 = "momentum", 0.875;
        });
        version!({ #[derive(Clone, PartialEq, Message)] } AddedInMiddle {
            #[prost(string $(, tag = $name_tag)?)] name: String = "name", "forest".into();
            #[prost(uint32 $(, tag = $count_tag)?)] count: u32 = "count", 300;
            #[prost(double $(, tag = $momentum_tag)?)] momentum: f64 = "momentum", 0.875;
            #[prost(double $(, tag = $rate_tag)?)] rate: f64 = "rate", 0.25;
            #[prost(double $(, tag = $limit_tag)?)] limit: f64 = "limit", 4.5;
            #[prost(double, repeated $(, tag = $weights_tag)?)]
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        version!({ #[derive(Clone, PartialEq, Message)] } Removed {
            #[prost(string $(, tag = $name_tag)?)] name: String = "name", "forest".into();
            #[prost(uint32 $(, tag = $count_tag)?)] count: u32 = "count", 300;
            #[prost(double $(, tag = $limit_tag)?)] limit: f64 = "limit", 4.5;
            #[prost(double, repeated $(, tag = $weights_tag)?)]
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        version!({ #[derive(Clone, PartialEq, Message)] } Reordered {
            #[prost(string $(, tag = $name_tag)?)] name: String = "name", "forest".into();
            #[prost(uint32 $(, tag = $count_tag)?)] count: u32 = "count", 300;
            #[prost(double $(, tag = $limit_tag)?)] limit: f64 = "limit", 4.5;
            #[prost(double $(, tag = $rate_tag)?)] rate: f64 = "rate", 0.25;
            #[prost(double, repeated $(, tag = $weights_tag)?)]
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        version!({ #[derive(Clone, PartialEq, Message)] } Renamed {
            #[prost(string $(, tag = $name_tag)?)] name: String = "name", "forest".into();
            #[prost(uint32 $(, tag = $count_tag)?)] count: u32 = "count", 300;
            #[prost(double $(, tag = $rate_tag)?)] learning_rate: f64 = "rate", 0.25;
            #[prost(double $(, tag = $limit_tag)?)] limit: f64 = "limit", 4.5;
            #[prost(double, repeated $(, tag = $weights_tag)?)]
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        version!({ #[derive(Clone, PartialEq, Message)] } Widened {
            #[prost(string $(, tag = $name_tag)?)] name: String = "name", "forest".into();
            #[prost(uint64 $(, tag = $count_tag)?)] count: u64 = "count", 300;
            #[prost(double $(, tag = $rate_tag)?)] rate: f64 = "rate", 0.25;
            #[prost(double $(, tag = $limit_tag)?)] limit: f64 = "limit", 4.5;
            #[prost(double, repeated $(, tag = $weights_tag)?)]
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        version!({ #[derive(Clone, PartialEq, Message)] } Optional {
            #[prost(string $(, tag = $name_tag)?)] name: String = "name", "forest".into();
            #[prost(string, optional $(, tag = $note_tag)?)] note: Option<String> = "note", None;
            #[prost(uint32 $(, tag = $count_tag)?)] count: u32 = "count", 300;
            #[prost(double, repeated $(, tag = $weights_tag)?)]
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        version!({ #[derive(Clone, PartialEq, Message)] } Required {
            #[prost(string $(, tag = $name_tag)?)] name: String = "name", "forest".into();
            #[prost($($note)* $(, tag = $note_tag)?)] note: String = "note", "a".into();
            #[prost(uint32 $(, tag = $count_tag)?)] count: u32 = "count", 300;
            #[prost(double, repeated $(, tag = $weights_tag)?)]
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        reader!();
        plain_pair!([Message + Default], encode, decode);
    };
}

mod plain {
    use prost::Message;

    use super::super::versions::{plain_pair, reader, version};
    use super::{decode, encode};

    messages!(note: { string, required },);
}

mod recommended {
    use prost::Message;

    use super::super::versions::{plain_pair, reader, version};
    use super::{decode, encode};

    messages!(
        note: { string },
        {
            name: "1", count: "2", rate: "3", limit: "4", weights: "5", momentum: "6", note: "7"
        }
    );
}
