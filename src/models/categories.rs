//! Categories of features, and the search for a value among them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use super::{Column, ModelError, Rows};
use crate::base::{Array, DType, Parameters};

/// The categories of every feature.
#[derive(Debug)]
pub(super) struct Categories {
    lists: Vec<Array>,
    missing: Array,
    /// Made when the first row is asked for: it looks at every category.
    places: OnceLock<Vec<Places>>,
}

/// Where each category of a feature stands.
#[derive(Debug)]
enum Places {
    Numbers(HashMap<u64, usize>),
    Texts(HashMap<String, usize>),
}

/// Equal numbers have equal bits: 0.0 and -0.0 are one category.
fn bits(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

/// The arrays `name.0`, `name.1`, ... of parameters whose kind was checked, one for each feature.
pub(super) fn numbered(
    parameters: &Parameters,
    name: &'static str,
    features: usize,
) -> Result<Vec<Array>, ModelError> {
    let found = parameters.numbered(name).count();
    if found != features {
        return Err(ModelError::Invalid {
            array: name,
            index: 0,
            expected: format!("{features} lists, one a feature"),
            found: found.to_string(),
        });
    }
    (0..features).map(|index| Ok(parameters.array(&format!("{name}.{index}"))?.clone())).collect()
}

impl Categories {
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let missing = parameters.array("missing")?.clone();
        let lists = numbered(parameters, "categories", missing.element_count())?;
        Ok(Categories { lists, missing, places: OnceLock::new() })
    }

    pub(super) fn n_features(&self) -> usize {
        self.lists.len()
    }

    /// How many categories a feature has.
    pub(super) fn count(&self, feature: usize) -> usize {
        self.lists[feature].element_count()
    }

    /// Arrays with their names, for parameters.
    pub(super) fn arrays(&self) -> impl Iterator<Item = (Cow<'static, str>, &Array)> {
        let lists = self.lists.iter().enumerate();
        let lists = lists.map(|(index, list)| (Cow::Owned(format!("categories.{index}")), list));
        lists.chain([(Cow::Borrowed("missing"), &self.missing)])
    }

    fn places(&self) -> Result<&[Places], ModelError> {
        if let Some(places) = self.places.get() {
            return Ok(places);
        }
        let missing = self.missing.as_slice::<i64>()?;
        let of_feature = |(list, missing): (&Array, &i64)| {
            let absent = usize::try_from(*missing).ok();
            let seen = |index: &usize| Some(*index) != absent;
            Ok(match list.dtype() {
                DType::Text => {
                    let mut places = HashMap::new();
                    for (index, text) in list.texts()?.into_iter().enumerate() {
                        if seen(&index) {
                            places.entry(text.to_owned()).or_insert(index);
                        }
                    }
                    Places::Texts(places)
                }
                _ => {
                    let mut places = HashMap::new();
                    for (index, number) in list.as_slice::<f64>()?.iter().enumerate() {
                        if seen(&index) {
                            places.entry(bits(*number)).or_insert(index);
                        }
                    }
                    Places::Numbers(places)
                }
            })
        };
        let places =
            self.lists.iter().zip(missing).map(of_feature).collect::<Result<_, ModelError>>()?;
        Ok(self.places.get_or_init(|| places))
    }

    /// For each row and feature calls `found` with row, feature, and the place of the value among
    /// the categories; `None` for a value that is none of them, with what it is.
    pub(super) fn look_up(
        &self,
        rows: Rows<'_>,
        mut found: impl FnMut(usize, usize, Result<usize, Unknown<'_>>) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        if rows.width() != self.n_features() {
            let (expected, found) = (self.n_features(), rows.width());
            return Err(ModelError::Features { expected, found });
        }
        let missing = self.missing.as_slice::<i64>()?;
        let places = self.places()?;
        for (feature, (places, missing)) in places.iter().zip(missing).enumerate() {
            // A place that no category has is found out by who uses it.
            let missing = usize::try_from(*missing).ok();
            let absent = || missing.ok_or(Unknown::Missing);
            let number = |value: f64| match places {
                _ if value.is_nan() => Ok(absent()),
                Places::Numbers(places) => {
                    Ok(places.get(&bits(value)).copied().ok_or(Unknown::Number(value)))
                }
                Places::Texts(_) => Err(value),
            };
            let no_text = |row, value: f64| {
                ModelError::Table(format!(
                    "row {row}, column {feature}: expected a text, as the categories are, found the number {value}"
                ))
            };
            match rows {
                Rows::Numbers(values) => {
                    for (row, value) in values.column(feature).iter().enumerate() {
                        let place = number(*value).map_err(|value| no_text(row, value))?;
                        found(row, feature, place)?;
                    }
                }
                Rows::Table(table) => match &table.columns()[feature] {
                    Column::Numbers(values) => {
                        for (row, value) in values.iter().enumerate() {
                            let place = number(*value).map_err(|value| no_text(row, value))?;
                            found(row, feature, place)?;
                        }
                    }
                    Column::Texts(texts) => {
                        for (row, text) in texts.iter().enumerate() {
                            let place = match (text, places) {
                                (None, _) => absent(),
                                (Some(text), Places::Texts(places)) => {
                                    places.get(text).copied().ok_or(Unknown::Text(text))
                                }
                                (Some(text), Places::Numbers(_)) => {
                                    let (column, found) = (feature, text.clone());
                                    return Err(ModelError::Text { row, column, found });
                                }
                            };
                            found(row, feature, place)?;
                        }
                    }
                },
            }
        }
        Ok(())
    }

    pub(super) fn validate(&self) -> Result<(), ModelError> {
        let missing = self.missing.as_slice::<i64>()?;
        for (feature, (list, missing)) in self.lists.iter().zip(missing).enumerate() {
            let count = list.element_count();
            if *missing != -1 && usize::try_from(*missing).map_or(true, |place| place >= count) {
                return Err(ModelError::Invalid {
                    array: "missing",
                    index: feature,
                    expected: format!("-1, or a place below {count}"),
                    found: missing.to_string(),
                });
            }
            let present = count - usize::from(*missing >= 0);
            let distinct = match &self.places()?[feature] {
                Places::Numbers(places) => places.len(),
                Places::Texts(places) => places.len(),
            };
            if distinct != present {
                return Err(ModelError::Invalid {
                    array: "categories",
                    index: feature,
                    expected: "categories that stand once".into(),
                    found: format!("{distinct} different ones among {present}"),
                });
            }
        }
        Ok(())
    }
}

impl Clone for Categories {
    fn clone(&self) -> Self {
        let (lists, missing) = (self.lists.clone(), self.missing.clone());
        Categories { lists, missing, places: OnceLock::new() }
    }
}

/// A value that is no category.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unknown<'a> {
    Missing,
    Number(f64),
    Text(&'a str),
}

impl Unknown<'_> {
    /// The error for encoders that take no other values.
    pub(super) fn error(self, row: usize, column: usize) -> ModelError {
        let found = match self {
            Unknown::Missing => "a missing value".to_owned(),
            Unknown::Number(value) => value.to_string(),
            Unknown::Text(text) => format!("{text:?}"),
        };
        ModelError::Table(format!(
            "row {row}, column {column}: expected one of the categories, found {found}"
        ))
    }
}
