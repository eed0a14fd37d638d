//! Decision tree regressor: the values of one leaf.

use super::tree_ensemble::TreeEnsemble;
use super::{Model, ModelError, Predictions, Rows};
use crate::base::Parameters;

/// A tree over the columns of its parameters.
#[derive(Debug, Clone)]
pub struct DecisionTreeRegressor(TreeEnsemble);

impl DecisionTreeRegressor {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        TreeEnsemble::from_parameters(parameters).map(DecisionTreeRegressor)
    }
}

impl Model for DecisionTreeRegressor {
    fn kind(&self) -> &'static str {
        self.0.kind()
    }

    fn n_features(&self) -> usize {
        self.0.n_features()
    }

    fn to_parameters(&self) -> Parameters {
        self.0.to_parameters()
    }

    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        self.0.predict(rows.numbers()?.view())
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.0.validate()
    }
}
