//! Train, predict, become parameters: one file per kind, one line each in [`registry`].
//!
//! A [`Model`] is made [`from parameters`](registry::from_parameters) of unknown origin, owned or
//! borrowed, after a check that costs O(number of arrays). Prediction then checks each step it
//! takes (indices in range, children after their parents), so that it is memory-safe and ends
//! over any bytes. The look at every element is [`Model::validate`], an operation of its own.
//!
//! These predictors are the reference: what a trainer of another library says of its own model
//! does not count, what these say of its parameters does.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ndarray::{Array2, ArrayView2};

use crate::base::parameters::CONTENT_KEY;
use crate::base::{Array, Metadata, Parameters, kinds};

mod activations;
pub mod dataset;
pub mod decision_tree_classifier;
pub mod error;
pub mod k_neighbors_classifier;
pub mod k_neighbors_regressor;
mod kernel;
mod labels;
mod linear;
pub mod linear_regression;
pub mod linear_support_vector_classifier;
pub mod logistic_regression;
pub mod multilayer_perceptron_classifier;
pub mod multilayer_perceptron_regressor;
mod nearest;
mod neighbor_tree;
mod neighbors;
mod perceptron;
pub mod random_forest_classifier;
pub mod recipes;
pub mod registry;
pub mod rows;
pub mod support_vector_classifier;
pub mod support_vector_regressor;
mod train_linear;
mod train_trees;
mod tree_ensemble;

pub use error::ModelError;
pub use rows::{Column, Rows, Table, Transformed};

/// What a model says of rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Predictions {
    /// Class labels that are numbers, one a row.
    Integers(Vec<i64>),
    /// Class labels that are text, one a row.
    Texts(Vec<String>),
    /// Class labels that are true or false, one a row.
    Booleans(Vec<bool>),
    /// Values of a regression, or class labels that are no whole numbers: rows by outputs.
    Values(Array2<f64>),
    /// Class labels of several outputs, one after the other.
    Outputs(Vec<Predictions>),
}

impl Predictions {
    /// True when both are the same to the bit.
    pub fn bits_equal(&self, other: &Predictions) -> bool {
        match (self, other) {
            (Predictions::Values(a), Predictions::Values(b)) => {
                a.dim() == b.dim() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
            }
            (Predictions::Outputs(a), Predictions::Outputs(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.bits_equal(b))
            }
            _ => self == other,
        }
    }

    /// How many rows were predicted.
    pub fn len(&self) -> usize {
        match self {
            Predictions::Integers(labels) => labels.len(),
            Predictions::Texts(labels) => labels.len(),
            Predictions::Booleans(labels) => labels.len(),
            Predictions::Outputs(outputs) => outputs.first().map_or(0, Predictions::len),
            Predictions::Values(values) => values.nrows(),
        }
    }

    /// True when there were no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A model that predicts. It holds arrays, owned or borrowed, and copies none of them.
pub trait Model: Send + Sync {
    /// Its kind, as in [`crate::base::kinds`].
    fn kind(&self) -> &'static str;

    /// How many features a row has.
    fn n_features(&self) -> usize;

    /// The model as parameters, content `predict`, arrays shared and not copied.
    fn to_parameters(&self) -> Parameters;

    /// Predicts each row.
    ///
    /// # Errors
    /// [`ModelError`] when the number of features differs, or a step leads out of the model;
    /// [`ModelError::Unsupported`] for kinds that only transform.
    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        let _ = rows;
        Err(ModelError::Unsupported { kind: self.kind(), method: "predict" })
    }

    /// Probability of each class: rows by classes, of several outputs side by side.
    ///
    /// # Errors
    /// [`ModelError::Unsupported`] for kinds without probabilities, else as [`Model::predict`].
    fn predict_proba(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        let _ = rows;
        Err(ModelError::Unsupported { kind: self.kind(), method: "predict_proba" })
    }

    /// Decision values: rows by one column for two classes, else rows by classes (or by pairs of
    /// classes where the kind says so).
    ///
    /// # Errors
    /// [`ModelError::Unsupported`] for kinds without decision values, else as [`Model::predict`].
    fn decision_function(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        let _ = rows;
        Err(ModelError::Unsupported { kind: self.kind(), method: "decision_function" })
    }

    /// Makes other features of each row: scales, encodes, projects. What scikit-learn returns as a
    /// sparse matrix is dense here.
    ///
    /// # Errors
    /// [`ModelError::Unsupported`] for kinds that only predict, else as [`Model::predict`].
    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        let _ = rows;
        Err(ModelError::Unsupported { kind: self.kind(), method: "transform" })
    }

    /// Looks at every element: each node has one parent, numbers are finite, fractions add up.
    ///
    /// # Errors
    /// [`ModelError::Invalid`] names array and element of the first thing that is wrong.
    fn validate(&self) -> Result<(), ModelError>;
}

/// Parameters of a kind with content `predict`, its arrays shared.
fn assemble<'a>(
    kind: &'static str,
    entries: Metadata,
    arrays: impl IntoIterator<Item = (&'static str, &'a Array)>,
) -> Parameters {
    let version = kinds::find(kind).map_or(1, |spec| spec.layout_version);
    let mut parameters =
        Parameters::new(kind, version).with_metadata(entries).with(CONTENT_KEY, "predict");
    for (name, array) in arrays {
        // The names of a kind are different from each other: none is refused.
        let _ = parameters.insert(name, array.clone());
    }
    parameters
}

/// The metadata entries that a kind requires, out of all that there are.
fn entries_of(kind: &kinds::KindSpec, parameters: &Parameters) -> Metadata {
    let entry = |spec: &kinds::EntrySpec| {
        Some((spec.name.to_owned(), parameters.metadata().get(spec.name)?.clone()))
    };
    kind.entries.iter().filter_map(entry).collect()
}

/// Refuses rows of another width, and what is no number: scikit-learn refuses it too, and a
/// comparison with NaN would quietly choose a class.
fn check_rows(expected: usize, rows: &ArrayView2<'_, f64>) -> Result<(), ModelError> {
    check_features(expected, rows)?;
    match rows.indexed_iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some(((row, column), found)) => Err(ModelError::Input { row, column, found: *found }),
    }
}

fn check_features(expected: usize, rows: &ArrayView2<'_, f64>) -> Result<(), ModelError> {
    match rows.ncols() {
        found if found == expected => Ok(()),
        found => Err(ModelError::Features { expected, found }),
    }
}

fn check_finite(array: &'static str, values: &[f64]) -> Result<(), ModelError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(ModelError::Invalid {
            array,
            index,
            expected: "a finite number".into(),
            found: values[index].to_string(),
        }),
    }
}
