//! Linear regression: `y = x . coef^T + intercept`, one or more outputs.

use super::linear::Linear;
use super::{Model, ModelError, Predictions, Rows};
use crate::base::Parameters;

/// A linear regression over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct LinearRegression(Linear);

impl LinearRegression {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        Linear::from_parameters(parameters).map(LinearRegression)
    }
}

impl Model for LinearRegression {
    fn kind(&self) -> &'static str {
        self.0.kind
    }

    fn n_features(&self) -> usize {
        self.0.n_features()
    }

    fn to_parameters(&self) -> Parameters {
        self.0.to_parameters()
    }

    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        self.0.values(rows.numbers()?.view()).map(Predictions::Values)
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.0.validate()
    }
}
