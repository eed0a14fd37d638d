//! Features times a scale plus a constant, held within a range or not.

use ndarray::Ix1;

use super::scaling::{check_not_infinite, finite_or_missing};
use super::{Model, ModelError, Rows, Transformed};
use crate::base::{Array, Metadata, Parameters, kinds};

const KIND: &str = "min_max_scaler";

/// A scaler over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct MinMaxScaler {
    scale: Array,
    min: Array,
    clip: Option<(f64, f64)>,
    entries: Metadata,
}

impl MinMaxScaler {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let has = |entry: &str| parameters.metadata().contains_key(entry);
        let clip = match (has("clip_low"), has("clip_high")) {
            (false, false) => None,
            _ => Some((parameters.float("clip_low")?, parameters.float("clip_high")?)),
        };
        Ok(MinMaxScaler {
            scale: parameters.array("scale")?.clone(),
            min: parameters.array("min")?.clone(),
            clip,
            entries: super::entries_of(kind, parameters),
        })
    }
}

impl Model for MinMaxScaler {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        self.scale.element_count()
    }

    fn to_parameters(&self) -> Parameters {
        let arrays = [("scale", &self.scale), ("min", &self.min)];
        super::assemble(KIND, self.entries.clone(), arrays)
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        let mut values = rows.numbers()?.into_owned();
        super::check_features(self.n_features(), &values.view())?;
        finite_or_missing(&values.view())?;
        values *= &self.scale.view::<f64, Ix1>()?;
        values += &self.min.view::<f64, Ix1>()?;
        if let Some((low, high)) = self.clip {
            // Comparisons in place of `clamp`, which panics on a range that is none.
            values.mapv_inplace(|value| match value {
                value if value > high => high,
                value if value < low => low,
                value => value,
            });
        }
        Ok(Transformed::Numbers(values))
    }

    fn validate(&self) -> Result<(), ModelError> {
        check_not_infinite("scale", self.scale.as_slice()?)?;
        check_not_infinite("min", self.min.as_slice()?)?;
        match self.clip {
            Some((low, high)) if low.is_nan() || high.is_nan() || low > high => {
                Err(ModelError::Entry {
                    entry: "clip_high",
                    expected: format!("at least clip_low, which is {low}"),
                    found: high.to_string(),
                })
            }
            _ => Ok(()),
        }
    }
}
