//! Support vector regressor with a kernel.

use ndarray::Array2;

use super::kernel::{self, Kernel};
use super::{Model, ModelError, Predictions, Rows};
use crate::base::{Array, Metadata, Parameters, kinds};

const KIND: &str = "support_vector_regressor";

/// A support vector regressor over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct SupportVectorRegressor {
    support_vectors: Array,
    dual_coef: Array,
    intercept: Array,
    kernel: Kernel,
    entries: Metadata,
}

impl SupportVectorRegressor {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        Ok(SupportVectorRegressor {
            support_vectors: parameters.array("support_vectors")?.clone(),
            dual_coef: parameters.array("dual_coef")?.clone(),
            intercept: parameters.array("intercept")?.clone(),
            kernel: Kernel::from_parameters(parameters)?,
            entries: super::entries_of(kind, parameters),
        })
    }
}

impl Model for SupportVectorRegressor {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        self.support_vectors.shape().get(1).copied().unwrap_or(0)
    }

    fn to_parameters(&self) -> Parameters {
        let arrays = [
            ("support_vectors", &self.support_vectors),
            ("dual_coef", &self.dual_coef),
            ("intercept", &self.intercept),
        ];
        super::assemble(KIND, self.entries.clone(), arrays)
    }

    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        let rows = rows.numbers()?;
        let rows = rows.view();
        super::check_rows(self.n_features(), &rows)?;
        let features = self.n_features();
        let vectors = self.support_vectors.as_slice::<f64>()?;
        let weights = self.dual_coef.as_slice::<f64>()?;
        let constant = self.intercept.as_slice::<f64>()?.iter().sum::<f64>();
        let mut values = Array2::zeros((rows.nrows(), 1));
        let mut x = vec![0.0; features];
        for (row, value) in rows.outer_iter().zip(&mut values) {
            x.iter_mut().zip(row).for_each(|(target, x)| *target = *x);
            let mut sum = 0.0;
            for (index, weight) in weights.iter().enumerate() {
                let vector = &vectors[index * features..][..features];
                sum += weight * self.kernel.apply(&x, vector);
            }
            *value = sum + constant;
        }
        Ok(Predictions::Values(values))
    }

    fn validate(&self) -> Result<(), ModelError> {
        kernel::validate(&self.entries)?;
        super::check_finite("support_vectors", self.support_vectors.as_slice()?)?;
        super::check_finite("dual_coef", self.dual_coef.as_slice()?)?;
        super::check_finite("intercept", self.intercept.as_slice()?)
    }
}
