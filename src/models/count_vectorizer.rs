//! Texts to counts of terms.

use super::terms::Terms;
use super::{Model, ModelError, Rows, Transformed};
use crate::base::{Metadata, Parameters, kinds};

const KIND: &str = "count_vectorizer";

/// A vocabulary that counts.
#[derive(Debug, Clone)]
pub struct CountVectorizer {
    terms: Terms,
    entries: Metadata,
}

impl CountVectorizer {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let terms = Terms::from_parameters(parameters)?;
        Ok(CountVectorizer { terms, entries: super::entries_of(kind, parameters) })
    }
}

impl Model for CountVectorizer {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// One column of texts.
    fn n_features(&self) -> usize {
        1
    }

    fn to_parameters(&self) -> Parameters {
        super::assemble(KIND, self.entries.clone(), self.terms.arrays())
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        let mut result = super::rows::zeros(rows.len(), self.terms.len())?;
        self.terms.count_rows(rows, |row, counts| {
            counts.into_iter().for_each(|(column, count)| result[[row, column]] = count);
        })?;
        Ok(Transformed::Numbers(result))
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.terms.validate()
    }
}
