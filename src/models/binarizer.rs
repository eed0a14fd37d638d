//! 1 above a threshold, else 0.

use super::scaling::{check_width, width};
use super::{Model, ModelError, Rows, Transformed};
use crate::base::{Metadata, Parameters, kinds};

const KIND: &str = "binarizer";

/// A threshold: it has no arrays.
#[derive(Debug, Clone)]
pub struct Binarizer {
    threshold: f64,
    n_features: Option<usize>,
    entries: Metadata,
}

impl Binarizer {
    /// Makes the model.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let threshold = parameters.float("threshold")?;
        let n_features = width(parameters, None)?;
        Ok(Binarizer { threshold, n_features, entries: super::entries_of(kind, parameters) })
    }
}

impl Model for Binarizer {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// 0 where any number of features will do.
    fn n_features(&self) -> usize {
        self.n_features.unwrap_or(0)
    }

    fn to_parameters(&self) -> Parameters {
        super::assemble(KIND, self.entries.clone(), [])
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        let rows = rows.numbers()?;
        check_width(self.n_features, rows.ncols())?;
        super::check_rows(rows.ncols(), &rows.view())?;
        Ok(Transformed::Numbers(rows.mapv(|value| f64::from(value > self.threshold))))
    }

    fn validate(&self) -> Result<(), ModelError> {
        match self.threshold.is_finite() {
            true => Ok(()),
            false => Err(ModelError::Entry {
                entry: "threshold",
                expected: "a finite number".into(),
                found: self.threshold.to_string(),
            }),
        }
    }
}
