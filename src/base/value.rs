//! Metadata values, and the one JSON text that every format stores them as.
//!
//! A format that goes through serde, a derive or a header of its own keeps metadata as this
//! text, for three reasons: it is lossless (numbers that JSON lacks are spelled out), it keeps
//! the order of keys, and no codec has to recurse over hostile nesting, since the only parser
//! that does is bounded.
//!
//! Spelling: integers and floats differ by the point (`1` and `1.0`); a float that JSON cannot
//! write is `{"$float": "<16 hex digits of its bits>"}`; a map whose only key starts with `$`
//! is `{"$map": [[key, value]]}`, so that the two spellings can never be confused with data.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::limits::Limits;

/// Names and values in the order in which they were put in.
pub type Metadata = IndexMap<String, Value>;

/// What a model says about itself beside its arrays.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    Map(Metadata),
}

impl Value {
    /// The JSON-like name of the variant, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Integer(_) => "integer",
            Value::Float(_) => "float",
            Value::Text(_) => "text",
            Value::List(_) => "list",
            Value::Map(_) => "map",
        }
    }

    /// True when both are the same to the bit and in the same order.
    pub fn bits_equal(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.bits_equal(b))
            }
            (Value::Map(a), Value::Map(b)) => maps_bits_equal(a, b),
            _ => self == other,
        }
    }
}

/// True when both maps hold the same names in the same order with the same values to the bit.
pub fn maps_bits_equal(a: &Metadata, b: &Metadata) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|((name_a, a), (name_b, b))| name_a == name_b && a.bits_equal(b))
}

macro_rules! from {
    ($($type:ty => $variant:ident),* $(,)?) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self { Value::$variant(value.into()) }
        }
    )*};
}
from! { bool => Bool, i64 => Integer, i32 => Integer, u32 => Integer, f64 => Float, &str => Text, String => Text, Metadata => Map, Vec<Value> => List }

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Integer(value) => serializer.serialize_i64(*value),
            Value::Float(value) if value.is_finite() => serializer.serialize_f64(*value),
            Value::Float(value) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("$float", &format!("{:016x}", value.to_bits()))?;
                map.end()
            }
            Value::Text(value) => serializer.serialize_str(value),
            Value::List(values) => serializer.collect_seq(values),
            Value::Map(map) if needs_escape(map) => {
                let mut outer = serializer.serialize_map(Some(1))?;
                outer.serialize_entry("$map", &map.iter().collect::<Vec<_>>())?;
                outer.end()
            }
            Value::Map(map) => serializer.collect_map(map),
        }
    }
}

fn needs_escape(map: &Metadata) -> bool {
    map.len() == 1 && map.keys().all(|key| key.starts_with('$'))
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a metadata value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value)
            .map(Value::Integer)
            .map_err(|_| E::custom(format!("integer {value} is beyond 64 signed bits")))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Metadata::new();
        while let Some((key, value)) = entries.next_entry::<String, Value>()? {
            if map.contains_key(&key) {
                return Err(de::Error::custom(format!("the key {key:?} stands twice")));
            }
            map.insert(key, value);
        }
        if needs_escape(&map) {
            unescape(map).map_err(de::Error::custom)
        } else {
            Ok(Value::Map(map))
        }
    }
}

/// Turns the two spellings back into what they stand for.
fn unescape(map: Metadata) -> Result<Value, String> {
    match map.into_iter().next() {
        Some((key, Value::Text(bits))) if key == "$float" => parse_float_bits(&bits),
        Some((key, Value::List(pairs))) if key == "$map" => {
            let mut map = Metadata::new();
            for pair in pairs {
                let Value::List(pair) = pair else { return Err("$map holds no pairs".into()) };
                match <[Value; 2]>::try_from(pair) {
                    Ok([Value::Text(key), value]) if !map.contains_key(&key) => {
                        map.insert(key, value);
                    }
                    _ => return Err("$map holds no pairs of a new key and a value".into()),
                }
            }
            if needs_escape(&map) {
                Ok(Value::Map(map))
            } else {
                Err("$map where none is needed".into())
            }
        }
        Some((key, _)) => Err(format!("{key:?} is not a known spelling")),
        None => Ok(Value::Map(Metadata::new())),
    }
}

fn parse_float_bits(text: &str) -> Result<Value, String> {
    match u64::from_str_radix(text, 16) {
        Ok(bits) if text.len() == 16 && !f64::from_bits(bits).is_finite() => {
            Ok(Value::Float(f64::from_bits(bits)))
        }
        _ => Err(format!("$float {text:?} is not 16 hex digits of a number that JSON lacks")),
    }
}

/// Why a metadata text could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// The text is longer than allowed.
    #[error("metadata of {found} bytes, at most {limit} allowed")]
    TooLong {
        /// Its length.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// The text is not the JSON that is expected.
    #[error("metadata: {0}")]
    Json(#[from] serde_json::Error),
    /// Lists and maps nest too deep.
    #[error("metadata nests deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
}

/// The JSON text of a map. Keys keep their order, so equal maps give equal texts.
pub fn to_json(metadata: &Metadata) -> String {
    // Maps with text keys, and floats that are finite, always serialize.
    serde_json::to_string(metadata).unwrap_or_default()
}

/// Reads what [`to_json`] wrote, to the bit.
///
/// # Errors
/// [`MetadataError`], with line and column where the text is not JSON.
pub fn from_json(text: &str, limits: &Limits) -> Result<Metadata, MetadataError> {
    if text.len() > limits.max_header_bytes {
        return Err(MetadataError::TooLong { found: text.len(), limit: limits.max_header_bytes });
    }
    check_depth(text, limits.max_metadata_depth)?;
    struct Top;
    impl<'de> Visitor<'de> for Top {
        type Value = Metadata;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of metadata")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Metadata, A::Error> {
            let mut map = Metadata::new();
            while let Some((key, value)) = entries.next_entry::<String, Value>()? {
                if map.contains_key(&key) {
                    return Err(de::Error::custom(format!("the key {key:?} stands twice")));
                }
                map.insert(key, value);
            }
            Ok(map)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let map = deserializer.deserialize_map(Top)?;
    deserializer.end()?;
    Ok(map)
}

/// Refuses what is nested too deep, before anything recurses.
///
/// # Errors
/// [`MetadataError::TooDeep`].
pub fn check_depth(text: &str, limit: usize) -> Result<(), MetadataError> {
    match too_deep(text.as_bytes(), limit) {
        None => Ok(()),
        Some(_) => Err(MetadataError::TooDeep { limit }),
    }
}

/// Where the nesting of a JSON text becomes deeper than `limit`, if it does. Brackets inside strings do
/// not count.
pub fn too_deep(text: &[u8], limit: usize) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for (offset, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth = depth.saturating_add(1),
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return Some(offset);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: Vec<(&str, Value)>) -> Metadata {
        entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    #[test]
    fn depth_is_counted_outside_of_strings() {
        assert_eq!(too_deep("[".repeat(32).as_bytes(), 32), None);
        assert_eq!(too_deep("[".repeat(1 << 20).as_bytes(), 32), Some(32));
        assert_eq!(too_deep(format!("\"\\\"{}\"", "[".repeat(100)).as_bytes(), 32), None);
        assert_eq!(too_deep("[{},".repeat(32).as_bytes(), 32), Some(4 * 31 + 1));
    }

    #[test]
    fn awkward_values_come_back_to_the_bit() {
        let awkward = map(vec![
            ("zebra", Value::Float(f64::from_bits(0x7ff8_dead_beef_0001))),
            ("alpha", Value::Float(-0.0)),
            ("one", Value::Float(1.0)),
            ("integer", Value::Integer(i64::MIN)),
            ("tiny", Value::Float(5e-324)),
            ("infinite", Value::List(vec![Value::Float(f64::INFINITY), Value::Null])),
            ("日本", Value::Text("quote \" and \u{0} and 🦀".into())),
            ("trap", Value::Map(map(vec![("$float", Value::Text("x".into()))]))),
            ("trap2", Value::Map(map(vec![("$map", Value::Map(Metadata::new()))]))),
            ("two", Value::Map(map(vec![("$a", true.into()), ("$b", Value::Null)]))),
        ]);
        let text = to_json(&awkward);
        let back = from_json(&text, &Limits::default()).unwrap();
        assert!(maps_bits_equal(&awkward, &back), "{text}\n{back:?}");
    }

    #[test]
    fn nesting_and_repeated_keys_are_refused() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(
            from_json(&deep, &Limits::default()),
            Err(MetadataError::TooDeep { limit: 64 })
        ));
        let error = from_json("{\"a\":1,\"a\":2}", &Limits::default()).unwrap_err();
        assert!(error.to_string().contains("stands twice"), "{error}");
        assert!(from_json("{\"a\":1} x", &Limits::default()).is_err());
        assert!(from_json("[1]", &Limits::default()).is_err());
    }
}
