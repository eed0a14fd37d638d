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

use crate::base::Parameters;

pub mod error;
pub mod registry;

pub use error::ModelError;

/// What a model says of rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Predictions {
    /// Class labels that are numbers, one a row.
    Integers(Vec<i64>),
    /// Class labels that are text, one a row.
    Texts(Vec<String>),
    /// Values of a regression: rows by outputs.
    Values(Array2<f64>),
}

impl Predictions {
    /// True when both are the same to the bit.
    pub fn bits_equal(&self, other: &Predictions) -> bool {
        match (self, other) {
            (Predictions::Values(a), Predictions::Values(b)) => {
                a.dim() == b.dim() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
            }
            _ => self == other,
        }
    }

    /// How many rows were predicted.
    pub fn len(&self) -> usize {
        match self {
            Predictions::Integers(labels) => labels.len(),
            Predictions::Texts(labels) => labels.len(),
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

    /// Predicts each row of `rows` (rows by features).
    ///
    /// # Errors
    /// [`ModelError`] when the number of features differs, or a step leads out of the model.
    fn predict(&self, rows: ArrayView2<'_, f64>) -> Result<Predictions, ModelError>;

    /// Probability of each class: rows by classes.
    ///
    /// # Errors
    /// [`ModelError::Unsupported`] for kinds without probabilities, else as [`Model::predict`].
    fn predict_proba(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, ModelError> {
        let _ = rows;
        Err(ModelError::Unsupported { kind: self.kind(), method: "predict_proba" })
    }

    /// Decision values: rows by one column for two classes, else rows by classes (or by pairs of
    /// classes where the kind says so).
    ///
    /// # Errors
    /// [`ModelError::Unsupported`] for kinds without decision values, else as [`Model::predict`].
    fn decision_function(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, ModelError> {
        let _ = rows;
        Err(ModelError::Unsupported { kind: self.kind(), method: "decision_function" })
    }

    /// Looks at every element: each node has one parent, numbers are finite, fractions add up.
    ///
    /// # Errors
    /// [`ModelError::Invalid`] names array and element of the first thing that is wrong.
    fn validate(&self) -> Result<(), ModelError>;
}
