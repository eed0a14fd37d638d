//! Counts of terms to weights.

use super::scaling::{check_width, width};
use super::weighting::Weighting;
use super::{Model, ModelError, Rows, Transformed};
use crate::base::{Metadata, Parameters, kinds};

const KIND: &str = "tfidf_transformer";

/// Weights of terms.
#[derive(Debug, Clone)]
pub struct TfidfTransformer {
    weighting: Weighting,
    n_features: Option<usize>,
    entries: Metadata,
}

impl TfidfTransformer {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let weighting = Weighting::from_parameters(parameters)?;
        let n_features = width(parameters, weighting.idf())?;
        Ok(TfidfTransformer { weighting, n_features, entries: super::entries_of(kind, parameters) })
    }
}

impl Model for TfidfTransformer {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// 0 where any number of features will do.
    fn n_features(&self) -> usize {
        self.n_features.unwrap_or(0)
    }

    fn to_parameters(&self) -> Parameters {
        let idf = self.weighting.idf().map(|array| ("idf", array));
        super::assemble(KIND, self.entries.clone(), idf)
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        let rows = rows.numbers()?;
        check_width(self.n_features, rows.ncols())?;
        super::check_rows(rows.ncols(), &rows.view())?;
        let mut result = super::rows::zeros(rows.nrows(), rows.ncols())?;
        for (row, mut target) in rows.outer_iter().zip(result.outer_iter_mut()) {
            let present = row.iter().copied().enumerate().filter(|(_, count)| *count != 0.0);
            let mut counts: Vec<(usize, f64)> = present.collect();
            self.weighting.weigh(&mut counts)?;
            counts.into_iter().for_each(|(column, weight)| target[column] = weight);
        }
        Ok(Transformed::Numbers(result))
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.weighting.validate()
    }
}
