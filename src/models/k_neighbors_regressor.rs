//! Nearest neighbours regressor: the mean of what the nearest training rows stand for.

use ndarray::{Array2, Ix2};

use super::neighbors::Neighbors;
use super::{Model, ModelError, Predictions, Rows};
use crate::base::{Array, Metadata, Parameters, kinds};

const KIND: &str = "k_neighbors_regressor";

/// A nearest neighbours regressor over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct KNeighborsRegressor {
    neighbors: Neighbors,
    targets: Array,
    entries: Metadata,
}

impl KNeighborsRegressor {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let entries = super::entries_of(kinds::check(parameters)?, parameters);
        let neighbors = Neighbors::from_parameters(parameters)?;
        let targets = parameters.array("targets")?.clone();
        Ok(KNeighborsRegressor { neighbors, targets, entries })
    }
}

impl Model for KNeighborsRegressor {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        self.neighbors.n_features()
    }

    fn to_parameters(&self) -> Parameters {
        let targets = [("targets", &self.targets)];
        let arrays = self.neighbors.arrays().into_iter().chain(targets);
        super::assemble(KIND, self.entries.clone(), arrays)
    }

    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        let rows = rows.numbers()?;
        let targets = self.targets.view::<f64, Ix2>()?;
        let mut values = Array2::zeros((rows.nrows(), targets.ncols()));
        self.neighbors.each(rows.view(), |row, indices, weights| {
            let total: f64 = weights.iter().sum();
            for (column, value) in values.row_mut(row).iter_mut().enumerate() {
                let weighed = indices.iter().zip(weights);
                let sum: f64 =
                    weighed.map(|(index, weight)| targets[[*index, column]] * weight).sum();
                *value = sum / total;
            }
            Ok(())
        })?;
        Ok(Predictions::Values(values))
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.neighbors.validate()?;
        super::check_finite("targets", self.targets.as_slice()?)
    }
}
