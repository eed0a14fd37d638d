//! Why a model could not be made, trained or asked.

use thiserror::Error;

use crate::base::kinds::KindError;
use crate::base::{ArrayError, ParametersError};

/// Why a model could not be made, trained or asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The parameters do not fit their kind.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// An array or entry is missing or of another type.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
    /// An array could not be made.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// A row has another number of features than the model.
    #[error("the model takes {expected} features a row, the input has {found}")]
    Features {
        /// Features of the model.
        expected: usize,
        /// Features of the input.
        found: usize,
    },
    /// The kind has no such method.
    #[error("{kind} has no {method}")]
    Unsupported {
        /// The kind.
        kind: &'static str,
        /// The method asked for.
        method: &'static str,
    },
    /// An element of an array is wrong.
    #[error("array {array:?}, element {index}: expected {expected}, found {found}")]
    Invalid {
        /// The array.
        array: &'static str,
        /// Index of the element in C order.
        index: usize,
        /// What would be right.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A metadata entry has a value that no model can have.
    #[error("metadata entry {entry:?}: expected {expected}, found {found}")]
    Entry {
        /// The entry.
        entry: &'static str,
        /// What would be right.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A value of the input cannot be predicted from.
    #[error("input row {row}, column {column}: {found} is not accepted by this model")]
    Input {
        /// Row of the input.
        row: usize,
        /// Column of the input.
        column: usize,
        /// The value.
        found: f64,
    },
    /// A text where a number is needed.
    #[error("input row {row}, column {column}: expected a number, found the text {found:?}")]
    Text {
        /// Row of the input.
        row: usize,
        /// Column of the input.
        column: usize,
        /// The text.
        found: String,
    },
    /// The columns of a table do not fit each other, or not the model.
    #[error("input: {0}")]
    Table(String),
    /// A model inside the model.
    #[error("{path}: {source}")]
    Child {
        /// The slot: `steps.1`.
        path: String,
        /// What is wrong in it.
        source: Box<ModelError>,
    },
    /// Training failed.
    #[error("training {what}: {message}")]
    Training {
        /// What was trained.
        what: &'static str,
        /// What the trainer said.
        message: String,
    },
}
