//! Rows as they are: a step of a pipeline that does nothing, or columns that pass through.

use super::scaling::{check_width, width};
use super::{Model, ModelError, Rows, Transformed};
use crate::base::{Metadata, Parameters, kinds};

const KIND: &str = "identity";

/// Nothing at all.
#[derive(Debug, Clone)]
pub struct Identity {
    n_features: Option<usize>,
    entries: Metadata,
}

impl Identity {
    /// Makes the model.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let n_features = width(parameters, None)?;
        Ok(Identity { n_features, entries: super::entries_of(kind, parameters) })
    }
}

impl Model for Identity {
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
        check_width(self.n_features, rows.width())?;
        Ok(match rows {
            Rows::Numbers(rows) => Transformed::Numbers(rows.to_owned()),
            Rows::Table(table) => Transformed::Table(table.clone()),
        })
    }

    fn validate(&self) -> Result<(), ModelError> {
        Ok(())
    }
}
