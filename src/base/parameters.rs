//! A model as named arrays plus metadata: what every format stores, and all it stores.

use std::fmt;

use indexmap::IndexMap;
use thiserror::Error;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::array::{Array, ArrayError};
use super::limits::Limits;
use super::value::{self, Metadata, Value};

/// Metadata key that says how much of the model is kept; see [`Content`].
pub const CONTENT_KEY: &str = "content";
/// Metadata key of the map that says where the model came from (`library`, `version`, ...).
pub const ORIGIN_KEY: &str = "origin";
/// Metadata key of the list of names that the columns had in the training, where they had some and
/// the model finds them by place.
pub const COLUMN_NAMES_KEY: &str = "column_names";
/// The kind of parameters that are only arrays, without a known estimator.
pub const PLAIN_ARRAYS: &str = "arrays";

/// How much of a model its parameters hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// Every fitted attribute: lossless, so the original object could be rebuilt.
    Full,
    /// What prediction needs, and no more.
    Predict,
}

impl Content {
    /// The name used in metadata, records and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Content::Full => "full",
            Content::Predict => "predict",
        }
    }

    /// The content of a name.
    pub fn from_id(id: &str) -> Option<Content> {
        [Content::Full, Content::Predict].into_iter().find(|content| content.id() == id)
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Why parameters are not what was asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ParametersError {
    /// An array is missing.
    #[error("array {name:?} is missing; there are: {present}")]
    MissingArray {
        /// Its name.
        name: String,
        /// The arrays that are there.
        present: String,
    },
    /// An array is there but is not usable as asked.
    #[error("array {name:?}: {source}")]
    Array {
        /// Its name.
        name: String,
        /// What is wrong.
        source: ArrayError,
    },
    /// A metadata entry is missing.
    #[error("metadata entry {name:?} is missing, expected {expected}")]
    MissingMetadata {
        /// Its name.
        name: String,
        /// The type that is expected.
        expected: &'static str,
    },
    /// A metadata entry has another type.
    #[error("metadata entry {name:?} is {found}, expected {expected}")]
    MetadataType {
        /// Its name.
        name: String,
        /// The type that is expected.
        expected: &'static str,
        /// The type that was found.
        found: &'static str,
    },
    /// An array or metadata name stands twice.
    #[error("array {0:?} stands twice")]
    Duplicate(String),
    /// A bound of [`Limits`] is crossed.
    #[error("{what}: {found}, at most {limit} allowed")]
    Limit {
        /// What is bounded.
        what: &'static str,
        /// What was found.
        found: u64,
        /// The limit.
        limit: u64,
    },
}

/// A model as named arrays plus metadata.
///
/// ```
/// use deadweight::base::{Array, Parameters};
/// let mut parameters = Parameters::new("linear_regression", 1);
/// parameters.insert("coef", Array::from_vec(vec![2.0f64, 3.0], &[1, 2])?)?;
/// parameters.insert("intercept", Array::from_vec(vec![0.5f64], &[1])?)?;
/// assert_eq!(parameters.slice::<f64>("intercept")?, [0.5]);
/// assert_eq!(parameters.byte_len(), 24);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Parameters {
    kind: String,
    layout_version: u32,
    metadata: Metadata,
    arrays: IndexMap<String, Array>,
}

impl Parameters {
    /// Parameters without arrays. The kind need not be known: see [`super::kinds`].
    pub fn new(kind: impl Into<String>, layout_version: u32) -> Self {
        Parameters {
            kind: kind.into(),
            layout_version,
            metadata: Metadata::new(),
            arrays: IndexMap::new(),
        }
    }

    /// The kind of the model, [`PLAIN_ARRAYS`] where there is none.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The version of the kind's layout, see [`super::kinds`].
    pub fn layout_version(&self) -> u32 {
        self.layout_version
    }

    /// Adds an array after those that are there.
    ///
    /// # Errors
    /// [`ParametersError::Duplicate`] when the name is taken.
    pub fn insert(&mut self, name: impl Into<String>, array: Array) -> Result<(), ParametersError> {
        let name = name.into();
        if self.arrays.contains_key(&name) {
            return Err(ParametersError::Duplicate(name));
        }
        self.arrays.insert(name, array);
        Ok(())
    }

    /// Sets a metadata entry, replacing the one of that name.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.metadata.insert(name.into(), value.into());
    }

    /// The same with a metadata entry set.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// The same with all its metadata replaced.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// All metadata, in order.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// All arrays with their names, in order.
    pub fn arrays(&self) -> impl ExactSizeIterator<Item = (&str, &Array)> + Clone {
        self.arrays.iter().map(|(name, array)| (name.as_str(), array))
    }

    /// The array of a name, if there is one.
    pub fn get(&self, name: &str) -> Option<&Array> {
        self.arrays.get(name)
    }

    /// The array of a name.
    ///
    /// # Errors
    /// [`ParametersError::MissingArray`], which names those that are there.
    pub fn array(&self, name: &str) -> Result<&Array, ParametersError> {
        self.arrays.get(name).ok_or_else(|| {
            let mut present: Vec<&str> = self.arrays.keys().take(12).map(String::as_str).collect();
            if self.arrays.len() > present.len() {
                present.push("...");
            }
            ParametersError::MissingArray { name: name.into(), present: present.join(", ") }
        })
    }

    /// The arrays in order, without their names.
    pub fn into_arrays(self) -> impl ExactSizeIterator<Item = Array> {
        self.arrays.into_values()
    }

    /// The elements of an array.
    ///
    /// # Errors
    /// When it is missing or of another dtype.
    pub fn slice<T: super::Element>(&self, name: &str) -> Result<&[T], ParametersError> {
        self.array(name)?
            .as_slice()
            .map_err(|source| ParametersError::Array { name: name.into(), source })
    }

    /// A text of the metadata.
    ///
    /// # Errors
    /// When it is missing or of another type.
    pub fn text(&self, name: &str) -> Result<&str, ParametersError> {
        match self.entry(name, "text")? {
            Value::Text(text) => Ok(text),
            other => Err(wrong_type(name, "text", other)),
        }
    }

    /// An integer of the metadata.
    ///
    /// # Errors
    /// When it is missing or of another type.
    pub fn integer(&self, name: &str) -> Result<i64, ParametersError> {
        match self.entry(name, "integer")? {
            Value::Integer(value) => Ok(*value),
            other => Err(wrong_type(name, "integer", other)),
        }
    }

    /// A float of the metadata; an integer counts as one.
    ///
    /// # Errors
    /// When it is missing or of another type.
    pub fn float(&self, name: &str) -> Result<f64, ParametersError> {
        match self.entry(name, "float")? {
            Value::Float(value) => Ok(*value),
            Value::Integer(value) => Ok(*value as f64),
            other => Err(wrong_type(name, "float", other)),
        }
    }

    /// A truth value of the metadata.
    ///
    /// # Errors
    /// When it is missing or of another type.
    pub fn boolean(&self, name: &str) -> Result<bool, ParametersError> {
        match self.entry(name, "bool")? {
            Value::Bool(value) => Ok(*value),
            other => Err(wrong_type(name, "bool", other)),
        }
    }

    /// A list of the metadata.
    ///
    /// # Errors
    /// When it is missing or of another type.
    pub fn list(&self, name: &str) -> Result<&[Value], ParametersError> {
        match self.entry(name, "list")? {
            Value::List(values) => Ok(values),
            other => Err(wrong_type(name, "list", other)),
        }
    }

    /// The arrays called `name.0`, `name.1`, ... in the order in which they stand.
    pub fn numbered<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (usize, &'a Array)> {
        self.arrays.iter().filter_map(move |(found, array)| {
            let number = found.strip_prefix(name)?.strip_prefix('.')?;
            // One spelling a number, so that no array stands twice.
            let index: usize = number.parse().ok()?;
            (index.to_string() == number).then_some((index, array))
        })
    }

    pub(super) fn entry(
        &self,
        name: &str,
        expected: &'static str,
    ) -> Result<&Value, ParametersError> {
        self.metadata
            .get(name)
            .ok_or_else(|| ParametersError::MissingMetadata { name: name.into(), expected })
    }

    /// How much of the model is here. Without a word about it: everything there was.
    pub fn content(&self) -> Content {
        match self.metadata.get(CONTENT_KEY) {
            Some(Value::Text(id)) => Content::from_id(id).unwrap_or(Content::Full),
            _ => Content::Full,
        }
    }

    /// The names that the columns had in the training, in their order; `None` where they had none,
    /// or where the model finds them by name itself.
    pub fn column_names(&self) -> Option<Vec<&str>> {
        let Some(Value::List(names)) = self.metadata.get(COLUMN_NAMES_KEY) else { return None };
        let mut texts = Vec::with_capacity(names.len());
        for name in names {
            let Value::Text(name) = name else { return None };
            texts.push(name.as_str());
        }
        Some(texts)
    }

    /// Library and version that trained or wrote the model, where they are known.
    pub fn origin(&self) -> (Option<&str>, Option<&str>) {
        let Some(Value::Map(origin)) = self.metadata.get(ORIGIN_KEY) else { return (None, None) };
        let text = |key: &str| match origin.get(key) {
            Some(Value::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        (text("library"), text("version"))
    }

    /// Bytes of all arrays together.
    pub fn byte_len(&self) -> usize {
        self.arrays.values().map(Array::byte_len).sum()
    }

    /// Checks the bounds that hold for every format: number and names of arrays, dimensions.
    ///
    /// # Errors
    /// [`ParametersError::Limit`] names the bound that is crossed.
    pub fn check_limits(&self, limits: &Limits) -> Result<(), ParametersError> {
        let within = |what, found: usize, limit: usize| match found <= limit {
            true => Ok(()),
            false => Err(ParametersError::Limit { what, found: found as u64, limit: limit as u64 }),
        };
        within("number of arrays", self.arrays.len(), limits.max_arrays)?;
        for (name, array) in &self.arrays {
            within("bytes in an array's name", name.len(), limits.max_name_bytes)?;
            within("dimensions of an array", array.shape().len(), limits.max_dimensions)?;
        }
        Ok(())
    }

    /// The first difference to `other`, to the bit and in order; `None` when there is none.
    pub fn first_difference(&self, other: &Parameters) -> Option<String> {
        if self.kind != other.kind || self.layout_version != other.layout_version {
            return Some(format!(
                "kind {} layout {} against {} layout {}",
                self.kind, self.layout_version, other.kind, other.layout_version
            ));
        }
        if self.arrays.len() != other.arrays.len() {
            return Some(format!("{} arrays against {}", self.arrays.len(), other.arrays.len()));
        }
        for ((name, array), (other_name, other_array)) in self.arrays.iter().zip(&other.arrays) {
            if name != other_name {
                return Some(format!("array {name:?} against {other_name:?}"));
            }
            if !array.bits_equal(other_array) {
                return Some(describe_difference(name, array, other_array));
            }
        }
        let same = value::maps_bits_equal(&self.metadata, &other.metadata);
        (!same).then(|| {
            format!(
                "metadata {} against {}",
                value::to_json(&self.metadata),
                value::to_json(&other.metadata)
            )
        })
    }

    /// What these parameters are, small enough to keep when their arrays are let go.
    pub fn fingerprint(&self) -> Fingerprint {
        let arrays = self.arrays.iter().map(|(name, array)| (name.clone(), ArrayDigest::of(array)));
        let mut described = Parameters::new(self.kind.clone(), self.layout_version);
        described.metadata = self.metadata.clone();
        Fingerprint { described, arrays: arrays.collect() }
    }

    /// xxh3 (64 bits) over kind, layout, metadata, names, shapes and every byte: the same for
    /// the same parameters, whatever format they came from.
    pub fn checksum(&self) -> u64 {
        let mut hasher = Xxh3::new();
        let mut text = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        text(self.kind.as_bytes());
        text(&self.layout_version.to_le_bytes());
        text(value::to_json(&self.metadata).as_bytes());
        for (name, array) in &self.arrays {
            text(name.as_bytes());
            text(array.dtype().name().as_bytes());
            let shape: Vec<u8> =
                array.shape().iter().flat_map(|length| (*length as u64).to_le_bytes()).collect();
            text(&shape);
            text(array.as_bytes());
        }
        hasher.digest()
    }
}

/// Kind, layout and metadata of parameters, and a digest of each array.
///
/// It tells copies that went wrong from copies that did not; it is no signature: whoever chooses the
/// bytes can make two arrays of one digest.
///
/// ```
/// use deadweight::base::{Array, Parameters};
/// let mut parameters = Parameters::new("arrays", 1);
/// parameters.insert("a", Array::from_vec(vec![1.0f64], &[1])?)?;
/// let fingerprint = parameters.fingerprint();
/// assert_eq!(fingerprint.first_difference(&parameters), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Fingerprint {
    /// Parameters without arrays.
    described: Parameters,
    arrays: Vec<(String, ArrayDigest)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ArrayDigest {
    dtype: super::DType,
    shape: Vec<usize>,
    /// xxh3 (128 bits) of the bytes.
    bytes: u128,
}

impl ArrayDigest {
    fn of(array: &Array) -> Self {
        let bytes = xxh3_128(array.as_bytes());
        ArrayDigest { dtype: array.dtype(), shape: array.shape().to_vec(), bytes }
    }
}

impl Fingerprint {
    /// The first difference of `other` to the parameters whose fingerprint this is, in order;
    /// `None` when there is none.
    pub fn first_difference(&self, other: &Parameters) -> Option<String> {
        if self.arrays.len() != other.arrays.len() {
            return Some(format!("{} arrays against {}", self.arrays.len(), other.arrays.len()));
        }
        for ((name, digest), (other_name, array)) in self.arrays.iter().zip(&other.arrays) {
            if name != other_name {
                return Some(format!("array {name:?} against {other_name:?}"));
            }
            if (digest.dtype, digest.shape.as_slice()) != (array.dtype(), array.shape()) {
                let ArrayDigest { dtype, shape, .. } = digest;
                return Some(format!("array {name:?}: {dtype} {shape:?} against {array:?}"));
            }
            if digest.bytes != xxh3_128(array.as_bytes()) {
                return Some(format!("array {name:?}: other bytes"));
            }
        }
        let mut others = Parameters::new(other.kind.clone(), other.layout_version);
        others.metadata = other.metadata.clone();
        self.described.first_difference(&others)
    }
}

pub(super) fn wrong_type(name: &str, expected: &'static str, found: &Value) -> ParametersError {
    ParametersError::MetadataType { name: name.into(), expected, found: found.type_name() }
}

fn describe_difference(name: &str, array: &Array, other: &Array) -> String {
    if array.dtype() != other.dtype() || array.shape() != other.shape() {
        return format!("array {name:?}: {array:?} against {other:?}");
    }
    let (a, b) = (array.as_bytes(), other.as_bytes());
    match a.iter().zip(b).position(|(a, b)| a != b) {
        Some(byte) => format!("array {name:?}: byte {byte} differs"),
        None => format!("array {name:?}: {} bytes against {}", a.len(), b.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Parameters {
        let mut parameters = Parameters::new("linear_regression", 1).with("content", "predict");
        parameters.insert("coef", Array::from_vec(vec![1.0f64, 2.0], &[1, 2]).unwrap()).unwrap();
        parameters
    }

    #[test]
    fn differences_are_named_and_change_the_checksum() {
        let same = example();
        assert_eq!(example().first_difference(&same), None);
        assert_eq!(example().checksum(), same.checksum());
        let mut other = Parameters::new("linear_regression", 1).with("content", "predict");
        other.insert("coef", Array::from_vec(vec![1.0f64, -2.0], &[1, 2]).unwrap()).unwrap();
        assert_eq!(example().first_difference(&other).unwrap(), "array \"coef\": byte 15 differs");
        assert_ne!(example().checksum(), other.checksum());
    }

    #[test]
    fn a_fingerprint_tells_every_difference() {
        let fingerprint = example().fingerprint();
        assert_eq!(fingerprint.first_difference(&example()), None);
        let with = |name: &str, array: Array, content: &str| {
            let mut other = Parameters::new("linear_regression", 1).with("content", content);
            other.insert(name, array).unwrap();
            fingerprint.first_difference(&other).unwrap()
        };
        let array =
            |values: [f64; 2], shape: &[usize]| Array::from_vec(values.to_vec(), shape).unwrap();
        assert_eq!(
            with("coef", array([1.0, -2.0], &[1, 2]), "predict"),
            "array \"coef\": other bytes"
        );
        assert!(with("coef", array([1.0, 2.0], &[2]), "predict").contains("[1, 2] against"));
        assert!(with("coefs", array([1.0, 2.0], &[1, 2]), "predict").contains("\"coefs\""));
        assert!(with("coef", array([1.0, 2.0], &[1, 2]), "full").starts_with("metadata"));
        let none = Parameters::new("linear_regression", 1);
        assert_eq!(fingerprint.first_difference(&none).unwrap(), "1 arrays against 0");
    }

    #[test]
    fn what_is_missing_is_named_with_what_is_there() {
        let error = example().array("intercept").unwrap_err();
        assert_eq!(error.to_string(), "array \"intercept\" is missing; there are: coef");
        let error = example().integer("content").unwrap_err();
        assert_eq!(error.to_string(), "metadata entry \"content\" is text, expected integer");
        assert!(example().insert("coef", Array::from_vec(vec![0u8], &[1]).unwrap()).is_err());
    }
}
