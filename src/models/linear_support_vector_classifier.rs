//! Linear support vector classifier: a hyperplane, or one a class.

use ndarray::Array2;

use super::linear::LinearClassifier;
use super::{Model, ModelError, Predictions, Rows};
use crate::base::{Metadata, Parameters};

/// A linear support vector classifier over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct LinearSupportVectorClassifier(LinearClassifier);

impl LinearSupportVectorClassifier {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        LinearClassifier::from_parameters(parameters).map(LinearSupportVectorClassifier)
    }
}

impl Model for LinearSupportVectorClassifier {
    fn kind(&self) -> &'static str {
        self.0.linear.kind
    }

    fn n_features(&self) -> usize {
        self.0.linear.n_features()
    }

    fn to_parameters(&self) -> Parameters {
        self.0.to_parameters(Metadata::new())
    }

    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        self.0.predict(rows.numbers()?.view())
    }

    fn decision_function(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        self.0.linear.values(rows.numbers()?.view())
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.0.validate()
    }
}
