//! Multilayer perceptron regressor: one or more outputs.

use super::perceptron::Perceptron;
use super::{Model, ModelError, Predictions, Rows};
use crate::base::{Metadata, Parameters, kinds};

const KIND: &str = "multilayer_perceptron_regressor";

/// A multilayer perceptron regressor over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct MultilayerPerceptronRegressor {
    perceptron: Perceptron,
    entries: Metadata,
}

impl MultilayerPerceptronRegressor {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind, or a layer not the one before.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let entries = super::entries_of(kinds::check(parameters)?, parameters);
        let perceptron = Perceptron::from_parameters(parameters)?;
        Ok(MultilayerPerceptronRegressor { perceptron, entries })
    }
}

impl Model for MultilayerPerceptronRegressor {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        self.perceptron.n_features()
    }

    fn to_parameters(&self) -> Parameters {
        let mut parameters = super::assemble(KIND, self.entries.clone(), []);
        self.perceptron.add_to(&mut parameters);
        parameters
    }

    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        self.perceptron.forward(rows.numbers()?.view()).map(Predictions::Values)
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.perceptron.validate()
    }
}
