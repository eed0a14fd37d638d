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

use ndarray::{Array2, ArrayView2, Axis};

use crate::base::parameters::CONTENT_KEY;
use crate::base::{Array, Metadata, Parameters, kinds};

mod activations;
pub mod binarizer;
mod boosted_trees;
mod boosting_start;
mod categories;
pub mod column_transformer;
mod composition;
pub mod count_vectorizer;
pub mod dataset;
pub mod decision_tree_classifier;
pub mod decision_tree_regressor;
pub mod error;
pub mod feature_union;
pub mod gradient_boosting_classifier;
pub mod gradient_boosting_regressor;
pub mod hist_gradient_boosting_classifier;
pub mod hist_gradient_boosting_regressor;
pub mod identity;
pub mod k_neighbors_classifier;
pub mod k_neighbors_regressor;
mod kernel;
pub mod label_encoder;
mod labels;
mod linear;
pub mod linear_regression;
pub mod linear_support_vector_classifier;
pub mod logistic_regression;
pub mod min_max_scaler;
pub mod multilayer_perceptron_classifier;
pub mod multilayer_perceptron_regressor;
mod nearest;
mod neighbor_tree;
mod neighbors;
pub mod normalizer;
pub mod one_hot_encoder;
pub mod ordinal_encoder;
mod output_labels;
mod partition;
mod perceptron;
pub mod pipeline;
pub mod principal_component_analysis;
mod python_text;
pub mod random_forest_classifier;
pub mod random_forest_regressor;
pub mod recipes;
pub mod registry;
pub mod rows;
mod scaling;
mod shared;
pub mod simple_imputer;
pub mod standard_scaler;
pub mod support_vector_classifier;
pub mod support_vector_regressor;
mod terms;
pub mod tfidf_transformer;
pub mod tfidf_vectorizer;
mod token_pattern;
mod train_linear;
mod train_perceptron;
mod train_trees;
mod tree_categories;
mod tree_columns;
mod tree_ensemble;
mod tree_order;
mod weighting;

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

    /// The predictions for parts of rows, one after the other.
    ///
    /// # Errors
    /// [`ModelError::Table`] when they are of different sorts.
    fn joined(parts: Vec<Predictions>) -> Result<Predictions, ModelError> {
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or(Predictions::Integers(Vec::new()));
        parts.try_for_each(|part| all.append(part))?;
        Ok(all)
    }

    fn append(&mut self, more: Predictions) -> Result<(), ModelError> {
        let different = || ModelError::Table("predictions of different sorts".into());
        match (self, more) {
            (Predictions::Integers(all), Predictions::Integers(more)) => all.extend(more),
            (Predictions::Texts(all), Predictions::Texts(more)) => all.extend(more),
            (Predictions::Booleans(all), Predictions::Booleans(more)) => all.extend(more),
            (Predictions::Values(all), Predictions::Values(more)) => {
                all.append(Axis(0), more.view()).map_err(|_| different())?;
            }
            (Predictions::Outputs(all), Predictions::Outputs(more)) if all.len() == more.len() => {
                for (all, more) in all.iter_mut().zip(more) {
                    all.append(more)?;
                }
            }
            _ => return Err(different()),
        }
        Ok(())
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

    /// True when the decision values of a row depend on the rows that are asked about with it, so
    /// that all have to be asked about at once.
    fn decides_together(&self) -> bool {
        false
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

/// As [`assemble`], with names that are made on the way: those of numbered arrays.
fn assemble_named<'a>(
    kind: &'static str,
    entries: Metadata,
    arrays: impl IntoIterator<Item = (std::borrow::Cow<'static, str>, &'a Array)>,
) -> Parameters {
    let mut parameters = assemble(kind, entries, []);
    for (name, array) in arrays {
        // Numbers make the names of a sequence different from each other.
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

/// True where no number is infinite or NaN. Without a branch a number, so that several can be looked at
/// together.
fn all_finite(values: &[f64]) -> bool {
    values.iter().fold(true, |all, value| all & value.is_finite())
}

fn check_finite(array: &'static str, values: &[f64]) -> Result<(), ModelError> {
    if all_finite(values) {
        return Ok(());
    }
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
