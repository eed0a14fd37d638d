//! What the arrays of each kind of model are called, which shapes they have and what they mean.
//!
//! Trainers, readers and predictors must agree on this to the last comparison, so it stands in
//! one place, is versioned, and is checked in time that grows with the number of arrays, not
//! with their length: [`check`] before a model is made from parameters of unknown origin. What
//! needs a look at every element is the model's own `validate`.
//!
//! Arrays that a kind does not name are allowed: content `full` keeps more than prediction uses.
//! Models inside a model stand in named slots, see [`ChildSpec`] and [`super::nested`].

mod boosted_trees;
mod check;
mod compositions;
mod linear;
mod neighbors;
mod perceptrons;
mod spec;
mod support_vectors;
mod text;
mod transformers;
mod trees;

use thiserror::Error;

use super::array::DType;
use super::parameters::ParametersError;
pub use check::{MAX_NESTING, check};
pub use spec::{ArraySpec, ChildSpec, EntrySpec, EntryType, KindSpec, Length, Presence};

/// Every kind, in the order of the documentation.
pub const KINDS: &[KindSpec] = &[
    linear::LINEAR_REGRESSION,
    linear::LOGISTIC_REGRESSION,
    trees::DECISION_TREE_CLASSIFIER,
    trees::DECISION_TREE_REGRESSOR,
    trees::RANDOM_FOREST_CLASSIFIER,
    trees::RANDOM_FOREST_REGRESSOR,
    boosted_trees::GRADIENT_BOOSTING_CLASSIFIER,
    boosted_trees::GRADIENT_BOOSTING_REGRESSOR,
    boosted_trees::HIST_GRADIENT_BOOSTING_CLASSIFIER,
    boosted_trees::HIST_GRADIENT_BOOSTING_REGRESSOR,
    linear::LINEAR_SUPPORT_VECTOR_CLASSIFIER,
    support_vectors::SUPPORT_VECTOR_CLASSIFIER,
    support_vectors::SUPPORT_VECTOR_REGRESSOR,
    neighbors::K_NEIGHBORS_CLASSIFIER,
    neighbors::K_NEIGHBORS_REGRESSOR,
    perceptrons::MULTILAYER_PERCEPTRON_CLASSIFIER,
    perceptrons::MULTILAYER_PERCEPTRON_REGRESSOR,
    transformers::PRINCIPAL_COMPONENT_ANALYSIS,
    transformers::STANDARD_SCALER,
    transformers::MIN_MAX_SCALER,
    transformers::NORMALIZER,
    transformers::BINARIZER,
    transformers::SIMPLE_IMPUTER,
    transformers::ONE_HOT_ENCODER,
    transformers::ORDINAL_ENCODER,
    transformers::LABEL_ENCODER,
    transformers::IDENTITY,
    text::COUNT_VECTORIZER,
    text::TFIDF_TRANSFORMER,
    text::TFIDF_VECTORIZER,
    compositions::COLUMN_TRANSFORMER,
    compositions::FEATURE_UNION,
    compositions::PIPELINE,
];

/// Why parameters do not fit the kind they claim.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KindError {
    /// No such kind.
    #[error("kind {found:?} is not known; known kinds: {known}")]
    Unknown {
        /// The kind found.
        found: String,
        /// All kinds.
        known: String,
    },
    /// The layout is of a version that this program does not read.
    #[error(
        "{kind}: layout version {found}, this program reads version {expected}; a newer deadweight wrote the file: upgrade"
    )]
    Layout {
        /// The kind.
        kind: &'static str,
        /// Version found.
        found: u32,
        /// Version that is read.
        expected: u32,
    },
    /// An array has a wrong dtype.
    #[error("{kind}: array {array:?} is {found}, expected {expected}")]
    DType {
        /// The kind.
        kind: &'static str,
        /// The array.
        array: String,
        /// Its dtype.
        found: DType,
        /// Allowed dtypes.
        expected: String,
    },
    /// An array has a wrong shape.
    #[error("{kind}: array {array:?} has shape {found:?}, expected ({expected})")]
    Shape {
        /// The kind.
        kind: &'static str,
        /// The array.
        array: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape with the lengths that are known so far.
        expected: String,
    },
    /// A metadata entry is none of its choices.
    #[error("{kind}: {entry} is {found:?}, expected one of {expected}")]
    Choice {
        /// The kind.
        kind: &'static str,
        /// The entry.
        entry: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        expected: String,
    },
    /// A numbered sequence of arrays has a gap.
    #[error("{kind}: array {array:?} is missing, but there are {found} arrays called {name}.*")]
    Gap {
        /// The kind.
        kind: &'static str,
        /// The sequence.
        name: &'static str,
        /// The array that is missing.
        array: String,
        /// How many there are.
        found: usize,
    },
    /// Models stand inside models deeper than any honest one.
    #[error("models are nested deeper than {limit} levels")]
    Nesting {
        /// The most levels.
        limit: usize,
    },
    /// A model inside the model does not fit its own kind.
    #[error("{path}: {source}")]
    Child {
        /// The slot: `steps.1`.
        path: String,
        /// What is wrong in it.
        source: Box<KindError>,
    },
    /// An array or entry is missing.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
}

/// The kind of an id.
pub fn find(id: &str) -> Option<&'static KindSpec> {
    KINDS.iter().find(|kind| kind.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Array, Parameters};

    fn linear(coef: &[usize], intercept: &[usize]) -> Parameters {
        let mut parameters = Parameters::new("linear_regression", 1);
        let array =
            |shape: &[usize]| Array::from_vec(vec![0.0f64; shape.iter().product()], shape).unwrap();
        parameters.insert("coef", array(coef)).unwrap();
        parameters.insert("intercept", array(intercept)).unwrap();
        parameters
    }

    #[test]
    fn shapes_must_agree_with_each_other() {
        assert_eq!(check(&linear(&[2, 3], &[2])).unwrap().id, "linear_regression");
        assert_eq!(
            check(&linear(&[2, 3], &[3])).unwrap_err().to_string(),
            "linear_regression: array \"intercept\" has shape [3], expected (outputs = 2)"
        );
        assert!(
            matches!(check(&linear(&[6], &[2])), Err(KindError::Shape { array, .. }) if array == "coef")
        );
    }

    #[test]
    fn unknown_kinds_layouts_and_missing_arrays_are_named() {
        let error = check(&Parameters::new("perceptron", 1)).unwrap_err().to_string();
        assert!(error.starts_with("kind \"perceptron\" is not known; known kinds: linear_"));
        let newer = Parameters::new("linear_regression", 2);
        assert!(check(&newer).unwrap_err().to_string().contains("upgrade"));
        let empty = Parameters::new("linear_regression", 1);
        assert!(check(&empty).unwrap_err().to_string().contains("\"coef\" is missing"));
    }

    #[test]
    fn ids_are_unique_and_names_are_documented() {
        for (position, kind) in KINDS.iter().enumerate() {
            assert!(KINDS[..position].iter().all(|other| other.id != kind.id));
            assert!(!kind.semantics.is_empty());
            assert!(kind.arrays.iter().all(|array| !array.meaning.is_empty()));
        }
    }
}
