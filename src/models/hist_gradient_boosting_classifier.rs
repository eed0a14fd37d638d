//! Histogram gradient boosting classifier: probabilities of sums of trees.

use ndarray::Array2;

use super::boosted_trees::BoostedTrees;
use super::{Model, ModelError, Predictions, Rows};
use crate::base::Parameters;

/// A sum of trees over the columns of its parameters.
pub struct HistGradientBoostingClassifier(BoostedTrees);

impl HistGradientBoostingClassifier {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        BoostedTrees::from_parameters(parameters).map(HistGradientBoostingClassifier)
    }
}

impl Model for HistGradientBoostingClassifier {
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
        self.0.predict(rows)
    }

    fn predict_proba(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        self.0.predict_proba(rows)
    }

    fn decision_function(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        self.0.raw(rows)
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.0.validate()
    }
}
