//! A model as the plain Rust types that a developer would write down, with the derives of every crate.
//!
//! Apart from the readers of `src/hostile/documented/`, whose files are called like the crates: derives
//! name their crate, and would find the file.

use std::fmt::Debug;

use bytemuck::cast_slice;

use crate::base::{Array, DType, Parameters};

/// A model as plain Rust types.
#[derive(
    Debug,
    Clone,
    serde::Serialize,
    serde::Deserialize,
    borsh::BorshSerialize,
    borsh::BorshDeserialize,
)]
pub struct Weights {
    /// What sort of model.
    pub kind: String,
    /// Version of the layout.
    pub version: u32,
    /// Everything that is no array.
    pub metadata: Tree,
    /// The arrays.
    pub arrays: Vec<Named>,
}

/// Metadata: values in values.
#[derive(
    Debug,
    Clone,
    serde::Serialize,
    serde::Deserialize,
    borsh::BorshSerialize,
    borsh::BorshDeserialize,
)]
pub enum Tree {
    /// Nothing.
    Null,
    /// Truth.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
    /// Values.
    List(Vec<Tree>),
}

/// A named array.
#[derive(
    Debug,
    Clone,
    serde::Serialize,
    serde::Deserialize,
    borsh::BorshSerialize,
    borsh::BorshDeserialize,
    bitcode::Encode,
    bitcode::Decode,
    wincode::SchemaWrite,
    wincode::SchemaRead,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<u64>,
    /// Its elements.
    pub elements: Elements,
}

/// The elements of an array.
#[derive(
    Debug,
    Clone,
    serde::Serialize,
    serde::Deserialize,
    borsh::BorshSerialize,
    borsh::BorshDeserialize,
    bitcode::Encode,
    bitcode::Decode,
    wincode::SchemaWrite,
    wincode::SchemaRead,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
pub enum Elements {
    /// 64-bit floats.
    F64(Vec<f64>),
    /// Whole numbers with sign.
    I64(Vec<i64>),
    /// Whole numbers without sign.
    U32(Vec<u32>),
    /// Texts.
    Texts(Vec<String>),
}

/// The same without a tree, for derives that do not take types which contain themselves.
#[derive(
    Debug,
    Clone,
    bitcode::Encode,
    bitcode::Decode,
    wincode::SchemaWrite,
    wincode::SchemaRead,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
pub struct FlatWeights {
    /// What sort of model.
    pub kind: String,
    /// Version of the layout.
    pub version: u32,
    /// Everything that is no array, as a text.
    pub metadata: String,
    /// The arrays.
    pub arrays: Vec<Named>,
}

impl Weights {
    /// The first field that differs, bit by bit for floats; `None` when none does.
    pub fn first_difference(&self, found: &Weights) -> Option<String> {
        let differs = |what: &str, a: &dyn Debug, b: &dyn Debug| {
            let (a, b) = (format!("{a:?}"), format!("{b:?}"));
            let short = |text: &str| text.chars().take(60).collect::<String>();
            (a != b).then(|| format!("{what} is {} instead of {}", short(&b), short(&a)))
        };
        differs("kind", &self.kind, &found.kind)
            .or_else(|| differs("version", &self.version, &found.version))
            .or_else(|| differs("metadata", &self.metadata, &found.metadata))
            .or_else(|| differs("number of arrays", &self.arrays.len(), &found.arrays.len()))
            .or_else(|| {
                self.arrays.iter().zip(&found.arrays).find_map(|(a, b)| {
                    differs("name of an array", &a.name, &b.name)
                        .or_else(|| differs("shape", &a.shape, &b.shape))
                        .or_else(|| differs("elements", &a.elements, &b.elements))
                        .or_else(|| match (&a.elements, &b.elements) {
                            // NaN of any bits prints alike.
                            (Elements::F64(a), Elements::F64(b)) => differs(
                                "bits of elements",
                                &cast_slice::<f64, u64>(a),
                                &cast_slice::<f64, u64>(b),
                            ),
                            _ => None,
                        })
                })
            })
    }

    /// The sample as these types.
    pub fn of(parameters: &Parameters) -> Self {
        let metadata = crate::base::value::to_json(parameters.metadata());
        let array = |(name, array): (&str, &Array)| Named {
            name: name.to_owned(),
            shape: array.shape().iter().map(|length| *length as u64).collect(),
            elements: elements(array),
        };
        Weights {
            kind: parameters.kind().to_owned(),
            version: parameters.layout_version(),
            metadata: Tree::List(vec![
                Tree::Text(metadata),
                Tree::Flag(true),
                Tree::Integer(7),
                Tree::List(vec![Tree::Null]),
            ]),
            arrays: parameters.arrays().map(array).collect(),
        }
    }

    /// A model whose metadata is lists in lists, so many deep.
    pub fn nested(depth: usize) -> Self {
        let mut metadata = Tree::Null;
        for _ in 0..depth {
            metadata = Tree::List(vec![metadata]);
        }
        Weights { kind: "nested".into(), version: 1, metadata, arrays: Vec::new() }
    }
}

impl From<Weights> for FlatWeights {
    fn from(weights: Weights) -> Self {
        let metadata = format!("{:?}", weights.metadata);
        FlatWeights {
            kind: weights.kind,
            version: weights.version,
            metadata,
            arrays: weights.arrays,
        }
    }
}

impl From<FlatWeights> for Weights {
    fn from(flat: FlatWeights) -> Self {
        let metadata = Tree::Text(flat.metadata);
        Weights { kind: flat.kind, version: flat.version, metadata, arrays: flat.arrays }
    }
}

fn elements(array: &Array) -> Elements {
    let bytes = array.as_bytes();
    match array.dtype() {
        DType::F64 => Elements::F64(array.as_slice().map(<[f64]>::to_vec).unwrap_or_default()),
        DType::I64 => Elements::I64(array.as_slice().map(<[i64]>::to_vec).unwrap_or_default()),
        DType::U32 => Elements::U32(array.as_slice().map(<[u32]>::to_vec).unwrap_or_default()),
        DType::Text => {
            let texts = array.texts().unwrap_or_default();
            Elements::Texts(texts.into_iter().map(str::to_owned).collect())
        }
        // The others of the samples are few: as numbers of one of these types.
        _ => Elements::I64(bytes.iter().map(|byte| i64::from(*byte)).collect()),
    }
}
