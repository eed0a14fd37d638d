//! Texts to weights of terms.

use super::terms::Terms;
use super::weighting::Weighting;
use super::{Model, ModelError, Rows, Transformed};
use crate::base::{Metadata, Parameters, kinds};

const KIND: &str = "tfidf_vectorizer";

/// A vocabulary that counts, and the weights of its terms.
#[derive(Debug, Clone)]
pub struct TfidfVectorizer {
    terms: Terms,
    weighting: Weighting,
    entries: Metadata,
}

impl TfidfVectorizer {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        Ok(TfidfVectorizer {
            terms: Terms::from_parameters(parameters)?,
            weighting: Weighting::from_parameters(parameters)?,
            entries: super::entries_of(kind, parameters),
        })
    }
}

impl Model for TfidfVectorizer {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// One column of texts.
    fn n_features(&self) -> usize {
        1
    }

    fn to_parameters(&self) -> Parameters {
        let idf = self.weighting.idf().map(|array| ("idf", array));
        super::assemble(KIND, self.entries.clone(), self.terms.arrays().chain(idf))
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        let mut result = super::rows::zeros(rows.len(), self.terms.len())?;
        let mut wrong = None;
        self.terms.count_rows(rows, |row, mut counts| {
            if let Err(error) = self.weighting.weigh(&mut counts) {
                wrong = Some(error);
            }
            counts.into_iter().for_each(|(column, weight)| result[[row, column]] = weight);
        })?;
        wrong.map_or(Ok(Transformed::Numbers(result)), Err)
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.terms.validate()?;
        self.weighting.validate()
    }
}
