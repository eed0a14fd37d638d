//! A column for each category: 1 where the value is that category.

use std::borrow::Cow;

use super::categories::{Categories, numbered};
use super::{Model, ModelError, Rows, Transformed};
use crate::base::{Array, Metadata, Parameters, kinds};

const KIND: &str = "one_hot_encoder";
/// Most columns of a result: more than any memory holds a row of.
const MOST_COLUMNS: i64 = i32::MAX as i64;
/// A feature has no more columns than categories, and one for what is none of them. Without this bound a file of a
/// hundred bytes could ask for rows of gigabytes.
const FOR_UNKNOWN: usize = 1;

/// An encoder over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct OneHotEncoder {
    categories: Categories,
    columns: Vec<Array>,
    widths: Array,
    unknown: Array,
    ignore_unknown: bool,
    entries: Metadata,
}

impl OneHotEncoder {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let categories = Categories::from_parameters(parameters)?;
        let columns = numbered(parameters, "columns", categories.n_features())?;
        for (feature, columns) in columns.iter().enumerate() {
            if columns.element_count() != categories.count(feature) {
                return Err(ModelError::Invalid {
                    array: "columns",
                    index: feature,
                    expected: format!("{} places, one a category", categories.count(feature)),
                    found: columns.element_count().to_string(),
                });
            }
        }
        Ok(OneHotEncoder {
            categories,
            columns,
            widths: parameters.array("widths")?.clone(),
            unknown: parameters.array("unknown")?.clone(),
            ignore_unknown: parameters.text("handle_unknown")? == "ignore",
            entries: super::entries_of(kind, parameters),
        })
    }

    /// Where the columns of each feature begin, and where the last end.
    fn offsets(&self) -> Result<Vec<usize>, ModelError> {
        let mut total = 0i64;
        let mut offsets = vec![0];
        for (index, width) in self.widths.as_slice::<i64>()?.iter().enumerate() {
            let most = self.categories.count(index).saturating_add(FOR_UNKNOWN);
            total = total.saturating_add((*width).max(0));
            let fits = usize::try_from(*width).is_ok_and(|width| width <= most);
            if !fits || total > MOST_COLUMNS {
                return Err(ModelError::Invalid {
                    array: "widths",
                    index,
                    expected: format!(
                        "at most {most} columns, and {MOST_COLUMNS} of all features together"
                    ),
                    found: width.to_string(),
                });
            }
            offsets.push(total as usize);
        }
        Ok(offsets)
    }
}

/// The column of a feature, from the array that says it; `None` for no column.
fn column(
    array: &'static str,
    columns: &[i64],
    place: usize,
    width: usize,
) -> Result<Option<usize>, ModelError> {
    match columns.get(place).copied() {
        Some(-1) => Ok(None),
        Some(column) if usize::try_from(column).is_ok_and(|column| column < width) => {
            Ok(Some(column as usize))
        }
        other => Err(ModelError::Invalid {
            array,
            index: place,
            expected: format!("-1, or a column below {width}"),
            found: other.map_or("none".to_owned(), |column| column.to_string()),
        }),
    }
}

impl Model for OneHotEncoder {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        self.categories.n_features()
    }

    fn to_parameters(&self) -> Parameters {
        let columns = self.columns.iter().enumerate();
        let columns = columns.map(|(index, array)| (Cow::Owned(format!("columns.{index}")), array));
        let last = [("widths", &self.widths), ("unknown", &self.unknown)];
        let last = last.map(|(name, array)| (Cow::Borrowed(name), array));
        let arrays = self.categories.arrays().chain(columns).chain(last);
        super::assemble_named(KIND, self.entries.clone(), arrays)
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        let offsets = self.offsets()?;
        let unknown = self.unknown.as_slice::<i64>()?;
        let columns =
            self.columns.iter().map(|array| array.as_slice()).collect::<Result<Vec<_>, _>>()?;
        // The widths are checked against the rows before so many columns are made.
        if rows.width() != self.n_features() {
            let (expected, found) = (self.n_features(), rows.width());
            return Err(ModelError::Features { expected, found });
        }
        let width = offsets.last().copied().unwrap_or(0);
        let mut result = super::rows::zeros(rows.len(), width)?;
        self.categories.look_up(rows, |row, feature, place| {
            let (first, last) = (offsets[feature], offsets[feature + 1]);
            let found = match place {
                Ok(place) => column("columns", columns[feature], place, last - first)?,
                Err(_) if self.ignore_unknown => column("unknown", unknown, feature, last - first)?,
                Err(value) => return Err(value.error(row, feature)),
            };
            if let Some(found) = found {
                result[[row, first + found]] = 1.0;
            }
            Ok(())
        })?;
        Ok(Transformed::Numbers(result))
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.categories.validate()?;
        let offsets = self.offsets()?;
        let unknown = self.unknown.as_slice::<i64>()?;
        for (feature, columns) in self.columns.iter().enumerate() {
            let width = offsets[feature + 1] - offsets[feature];
            column("unknown", unknown, feature, width)?;
            let columns = columns.as_slice::<i64>()?;
            for place in 0..columns.len() {
                column("columns", columns, place, width)?;
            }
        }
        Ok(())
    }
}
