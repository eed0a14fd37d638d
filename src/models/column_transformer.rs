//! Transformers that are each given some of the columns, their results side by side.

use std::borrow::Cow;
use std::collections::HashMap;

use ndarray::Axis;

use super::categories::numbered;
use super::composition::{self, Child};
use super::scaling::{optional_arrays, width};
use super::{Model, ModelError, Rows, Transformed};
use crate::base::{Array, DType, Metadata, Parameters, kinds};

const KIND: &str = "column_transformer";
const SLOT: &str = "transformers";

/// Transformers, their columns and weights.
pub struct ColumnTransformer {
    transformers: Vec<Child>,
    columns: Vec<Array>,
    feature_names: Option<Array>,
    weights: Option<Array>,
    n_features: usize,
    entries: Metadata,
}

impl ColumnTransformer {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let transformers = composition::children(parameters, SLOT)?;
        Ok(ColumnTransformer {
            columns: numbered(parameters, "columns", transformers.len())?,
            weights: composition::weights(parameters, transformers.len())?,
            feature_names: parameters.get("feature_names").cloned(),
            n_features: width(parameters, parameters.get("feature_names"))?.unwrap_or(0),
            transformers,
            entries: super::entries_of(kind, parameters),
        })
    }

    /// For each transformer which columns of these rows it is given.
    ///
    /// A table with names is read by name, whatever the order of its columns; rows without names,
    /// or a model that knows none, by index.
    fn chosen(&self, rows: Rows<'_>) -> Result<Vec<Vec<usize>>, ModelError> {
        let table_names = match rows {
            Rows::Table(table) => table.names(),
            Rows::Numbers(_) => None,
        };
        let feature_names = self.feature_names.as_ref().map(Array::texts).transpose()?;
        // Where the name of a column is found, and where the index of one.
        let by_name: Option<HashMap<&str, usize>> = match (table_names, &feature_names) {
            (Some(names), _) => Some(names.iter().map(String::as_str).zip(0..).collect()),
            (None, Some(names)) => Some(names.iter().copied().zip(0..).collect()),
            (None, None) => None,
        };
        let reads_names = table_names.is_some() && feature_names.is_some();
        if !reads_names && rows.width() != self.n_features {
            let (expected, found) = (self.n_features, rows.width());
            return Err(ModelError::Features { expected, found });
        }
        let at_name = |name: &str| match &by_name {
            Some(places) => places.get(name).copied().ok_or_else(|| {
                ModelError::Table(format!("expected a column called {name:?}, found none"))
            }),
            None => Err(ModelError::Table(format!(
                "expected a table with names, since the model takes a column called {name:?}"
            ))),
        };
        let at_index = |place: usize, index: i64| {
            let index = usize::try_from(index).ok().filter(|index| *index < self.n_features);
            let index = index.ok_or_else(|| ModelError::Invalid {
                array: "columns",
                index: place,
                expected: format!("an index below {}", self.n_features),
                found: "another".into(),
            })?;
            match &feature_names {
                Some(names) if reads_names => at_name(names[index]),
                _ => Ok(index),
            }
        };
        let of_transformer = |columns: &Array| -> Result<Vec<usize>, ModelError> {
            match columns.dtype() {
                DType::Text => columns.texts()?.into_iter().map(at_name).collect(),
                _ => {
                    let indices = columns.as_slice::<i64>()?.iter().enumerate();
                    indices.map(|(place, index)| at_index(place, *index)).collect()
                }
            }
        };
        self.columns.iter().map(of_transformer).collect()
    }
}

impl Model for ColumnTransformer {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        self.n_features
    }

    fn to_parameters(&self) -> Parameters {
        let columns = self.columns.iter().enumerate();
        let columns = columns.map(|(index, array)| (Cow::Owned(format!("columns.{index}")), array));
        let optional =
            optional_arrays([("feature_names", &self.feature_names), ("weights", &self.weights)]);
        let optional = optional.map(|(name, array)| (Cow::Borrowed(name), array));
        let mut parameters =
            super::assemble_named(KIND, self.entries.clone(), columns.chain(optional));
        composition::set_children(&mut parameters, SLOT, &self.transformers);
        parameters
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        let chosen = self.chosen(rows)?;
        let mut results = Vec::with_capacity(self.transformers.len());
        for (child, columns) in self.transformers.iter().zip(chosen) {
            results.push(match rows {
                Rows::Numbers(rows) => {
                    let part = rows.select(Axis(1), &columns);
                    composition::transform(SLOT, child, part.view().into())?
                }
                Rows::Table(table) => {
                    composition::transform(SLOT, child, (&table.select(&columns)).into())?
                }
            });
        }
        composition::side_by_side(rows.len(), results, self.weights.as_ref())
    }

    fn validate(&self) -> Result<(), ModelError> {
        for columns in self.columns.iter().filter(|columns| columns.dtype() != DType::Text) {
            let indices = columns.as_slice::<i64>()?;
            let wrong = |index: &i64| !usize::try_from(*index).is_ok_and(|i| i < self.n_features);
            if let Some(index) = indices.iter().position(wrong) {
                return Err(ModelError::Invalid {
                    array: "columns",
                    index,
                    expected: format!("an index below {}", self.n_features),
                    found: indices[index].to_string(),
                });
            }
        }
        composition::validate(SLOT, &self.transformers)?;
        self.weights.as_ref().map_or(Ok(()), |w| super::check_finite("weights", w.as_slice()?))
    }
}
