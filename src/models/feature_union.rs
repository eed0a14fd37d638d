//! Several transformers of the same rows, their results side by side.

use super::composition::{self, Child};
use super::scaling::optional_arrays;
use super::{Model, ModelError, Rows, Transformed};
use crate::base::{Array, Metadata, Parameters, kinds};

const KIND: &str = "feature_union";
const SLOT: &str = "transformers";

/// Transformers and their weights.
pub struct FeatureUnion {
    transformers: Vec<Child>,
    weights: Option<Array>,
}

impl FeatureUnion {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        kinds::check(parameters)?;
        let transformers = composition::children(parameters, SLOT)?;
        let weights = composition::weights(parameters, transformers.len())?;
        Ok(FeatureUnion { transformers, weights })
    }
}

impl Model for FeatureUnion {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// What the first transformer that says it has.
    fn n_features(&self) -> usize {
        let all = self.transformers.iter().map(|child| child.model.n_features());
        all.into_iter().find(|width| *width > 0).unwrap_or(0)
    }

    fn to_parameters(&self) -> Parameters {
        let weights = optional_arrays([("weights", &self.weights)]);
        let mut parameters = super::assemble(KIND, Metadata::new(), weights);
        composition::set_children(&mut parameters, SLOT, &self.transformers);
        parameters
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        let transform = |child: &Child| composition::transform(SLOT, child, rows);
        let results = self.transformers.iter().map(transform).collect::<Result<_, _>>()?;
        composition::side_by_side(rows.len(), results, self.weights.as_ref())
    }

    fn validate(&self) -> Result<(), ModelError> {
        composition::validate(SLOT, &self.transformers)?;
        self.weights.as_ref().map_or(Ok(()), |w| super::check_finite("weights", w.as_slice()?))
    }
}
