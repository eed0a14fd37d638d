//! Principal component analysis, and other projections of the same form.

use ndarray::{Array1, Array2, Ix1, Ix2};

use super::{Model, ModelError, Rows, Transformed};
use crate::base::{Array, Metadata, Parameters, kinds};

const KIND: &str = "principal_component_analysis";

/// A projection over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct PrincipalComponentAnalysis {
    components: Array,
    mean: Option<Array>,
    explained_variance: Option<Array>,
    center_before: bool,
    entries: Metadata,
}

impl PrincipalComponentAnalysis {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        Ok(PrincipalComponentAnalysis {
            components: parameters.array("components")?.clone(),
            mean: parameters.get("mean").cloned(),
            explained_variance: parameters.get("explained_variance").cloned(),
            center_before: parameters.text("centering")? == "before",
            entries: super::entries_of(kind, parameters),
        })
    }

    /// What each projected value is divided by.
    fn divisors(&self) -> Result<Option<Array1<f64>>, ModelError> {
        let Some(variance) = &self.explained_variance else { return Ok(None) };
        let least = if self.center_before { 0.0 } else { f64::EPSILON };
        let divisor = |value: &f64| match value.sqrt() {
            root if root < least => least,
            root => root,
        };
        Ok(Some(variance.view::<f64, Ix1>()?.map(divisor)))
    }
}

/// Sum of products in the order of features, the same however many rows are asked at once.
fn dot<'a>(a: impl IntoIterator<Item = &'a f64>, b: impl IntoIterator<Item = &'a f64>) -> f64 {
    a.into_iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Model for PrincipalComponentAnalysis {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        self.components.shape().get(1).copied().unwrap_or(0)
    }

    fn to_parameters(&self) -> Parameters {
        let optional = [("mean", &self.mean), ("explained_variance", &self.explained_variance)];
        let optional = optional.into_iter().filter_map(|(name, a)| Some((name, a.as_ref()?)));
        let arrays = std::iter::once(("components", &self.components)).chain(optional);
        super::assemble(KIND, self.entries.clone(), arrays)
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        let rows = rows.numbers()?;
        super::check_rows(self.n_features(), &rows.view())?;
        let components = self.components.view::<f64, Ix2>()?;
        let mean = self.mean.as_ref().map(Array::view::<f64, Ix1>).transpose()?;
        let projected_mean: Option<Vec<f64>> = match (&mean, self.center_before) {
            (Some(mean), false) => {
                Some(components.outer_iter().map(|weights| dot(mean, weights)).collect())
            }
            _ => None,
        };
        let divisors = self.divisors()?;
        let mut result = Array2::zeros((rows.nrows(), components.nrows()));
        let mut centered = vec![0.0; components.ncols()];
        for (row, mut target) in rows.outer_iter().zip(result.outer_iter_mut()) {
            centered.iter_mut().zip(row).for_each(|(centered, value)| *centered = *value);
            if let (Some(mean), true) = (&mean, self.center_before) {
                centered.iter_mut().zip(mean).for_each(|(centered, mean)| *centered -= mean);
            }
            for (target, weights) in target.iter_mut().zip(components.outer_iter()) {
                *target = dot(&centered, weights);
            }
            if let Some(mean) = &projected_mean {
                target.iter_mut().zip(mean).for_each(|(target, mean)| *target -= mean);
            }
            if let Some(divisors) = &divisors {
                target.iter_mut().zip(divisors).for_each(|(target, divisor)| *target /= divisor);
            }
        }
        Ok(Transformed::Numbers(result))
    }

    fn validate(&self) -> Result<(), ModelError> {
        super::check_finite("components", self.components.as_slice()?)?;
        if let Some(mean) = &self.mean {
            super::check_finite("mean", mean.as_slice()?)?;
        }
        if let Some(variance) = &self.explained_variance {
            super::check_finite("explained_variance", variance.as_slice()?)?;
        }
        Ok(())
    }
}
