//! A number for each category.

use std::borrow::Cow;

use super::categories::{Categories, numbered};
use super::{Model, ModelError, Rows, Transformed};
use crate::base::{Array, Metadata, Parameters, kinds};

const KIND: &str = "ordinal_encoder";

/// An encoder over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct OrdinalEncoder {
    categories: Categories,
    codes: Vec<Array>,
    unknown_value: Option<f64>,
    entries: Metadata,
}

impl OrdinalEncoder {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let categories = Categories::from_parameters(parameters)?;
        let codes = numbered(parameters, "codes", categories.n_features())?;
        for (feature, codes) in codes.iter().enumerate() {
            if codes.element_count() != categories.count(feature) {
                return Err(ModelError::Invalid {
                    array: "codes",
                    index: feature,
                    expected: format!("{} codes, one a category", categories.count(feature)),
                    found: codes.element_count().to_string(),
                });
            }
        }
        let unknown_value = match parameters.text("handle_unknown")? {
            "value" => Some(parameters.float("unknown_value")?),
            _ => None,
        };
        let entries = super::entries_of(kind, parameters);
        Ok(OrdinalEncoder { categories, codes, unknown_value, entries })
    }
}

impl Model for OrdinalEncoder {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        self.categories.n_features()
    }

    fn to_parameters(&self) -> Parameters {
        let codes = self.codes.iter().enumerate();
        let codes = codes.map(|(index, array)| (Cow::Owned(format!("codes.{index}")), array));
        super::assemble_named(KIND, self.entries.clone(), self.categories.arrays().chain(codes))
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        let codes =
            self.codes.iter().map(|array| array.as_slice()).collect::<Result<Vec<_>, _>>()?;
        if rows.width() != self.n_features() {
            let (expected, found) = (self.n_features(), rows.width());
            return Err(ModelError::Features { expected, found });
        }
        let mut result = super::rows::zeros(rows.len(), self.n_features())?;
        self.categories.look_up(rows, |row, feature, place| {
            let codes: &[f64] = codes[feature];
            result[[row, feature]] = match (place, self.unknown_value) {
                (Ok(place), _) => *codes.get(place).ok_or_else(|| ModelError::Invalid {
                    array: "missing",
                    index: feature,
                    expected: format!("a place below {}", codes.len()),
                    found: place.to_string(),
                })?,
                (Err(_), Some(value)) => value,
                (Err(value), None) => return Err(value.error(row, feature)),
            };
            Ok(())
        })?;
        Ok(Transformed::Numbers(result))
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.categories.validate()?;
        for codes in &self.codes {
            super::scaling::check_not_infinite("codes", codes.as_slice()?)?;
        }
        Ok(())
    }
}
