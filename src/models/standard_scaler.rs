//! Features minus a center, divided by a scale: standard, robust and largest-value scaling.

use ndarray::Ix1;

use super::scaling::{check_width, finite_or_missing, optional_arrays, width};
use super::{Model, ModelError, Rows, Transformed};
use crate::base::{Array, Metadata, Parameters, kinds};

const KIND: &str = "standard_scaler";

/// A scaler over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct StandardScaler {
    mean: Option<Array>,
    scale: Option<Array>,
    clip: bool,
    n_features: Option<usize>,
    entries: Metadata,
}

impl StandardScaler {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let (mean, scale) = (parameters.get("mean").cloned(), parameters.get("scale").cloned());
        let clip = parameters.metadata().contains_key("clip") && parameters.boolean("clip")?;
        let n_features = width(parameters, mean.as_ref().or(scale.as_ref()))?;
        let entries = super::entries_of(kind, parameters);
        Ok(StandardScaler { mean, scale, clip, n_features, entries })
    }
}

impl Model for StandardScaler {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// 0 where any number of features will do.
    fn n_features(&self) -> usize {
        self.n_features.unwrap_or(0)
    }

    fn to_parameters(&self) -> Parameters {
        let arrays = optional_arrays([("mean", &self.mean), ("scale", &self.scale)]);
        super::assemble(KIND, self.entries.clone(), arrays)
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        let mut values = rows.numbers()?.into_owned();
        check_width(self.n_features, values.ncols())?;
        finite_or_missing(&values.view())?;
        if let Some(mean) = &self.mean {
            values -= &mean.view::<f64, Ix1>()?;
        }
        if let Some(scale) = &self.scale {
            values /= &scale.view::<f64, Ix1>()?;
        }
        if self.clip {
            values.mapv_inplace(|value| value.clamp(-1.0, 1.0));
        }
        Ok(Transformed::Numbers(values))
    }

    fn validate(&self) -> Result<(), ModelError> {
        for (name, array) in optional_arrays([("mean", &self.mean), ("scale", &self.scale)]) {
            super::scaling::check_not_infinite(name, array.as_slice()?)?;
        }
        Ok(())
    }
}
