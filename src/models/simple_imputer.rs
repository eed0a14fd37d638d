//! Missing values replaced by a statistic of their feature.

use ndarray::Array2;

use super::scaling::optional_arrays;
use super::{Column, Model, ModelError, Rows, Transformed};
use crate::base::{Array, Metadata, Parameters, kinds};

const KIND: &str = "simple_imputer";

/// What counts as missing.
#[derive(Debug, Clone, PartialEq)]
enum Missing {
    Absent,
    Number(f64),
    Text(String),
}

/// An imputer over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct SimpleImputer {
    statistics: Array,
    text_statistics: Option<Array>,
    is_text: Option<Array>,
    kept: Array,
    indicator: Option<Array>,
    missing: Missing,
    entries: Metadata,
}

/// What takes the place of a missing value.
enum Filler<'a> {
    Number(f64),
    Text(&'a str),
}

impl SimpleImputer {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let missing = match parameters.text("missing")? {
            "number" => Missing::Number(parameters.float("missing_number")?),
            "text" => Missing::Text(parameters.text("missing_text")?.to_owned()),
            _ => Missing::Absent,
        };
        let is_text = parameters.get("is_text").cloned();
        let text_statistics = match &is_text {
            Some(_) => Some(parameters.array("text_statistics")?.clone()),
            None => parameters.get("text_statistics").cloned(),
        };
        Ok(SimpleImputer {
            statistics: parameters.array("statistics")?.clone(),
            text_statistics,
            is_text,
            kept: parameters.array("kept")?.clone(),
            indicator: parameters.get("indicator").cloned(),
            missing,
            entries: super::entries_of(kind, parameters),
        })
    }

    fn arrays(&self) -> impl Iterator<Item = (&'static str, &Array)> {
        let optional = [
            ("text_statistics", &self.text_statistics),
            ("is_text", &self.is_text),
            ("indicator", &self.indicator),
        ];
        [("statistics", &self.statistics), ("kept", &self.kept)]
            .into_iter()
            .chain(optional_arrays(optional))
    }

    fn fillers(&self) -> Result<Vec<Filler<'_>>, ModelError> {
        let numbers = self.statistics.as_slice::<f64>()?.iter().map(|value| Filler::Number(*value));
        let (Some(texts), Some(is_text)) = (&self.text_statistics, &self.is_text) else {
            return Ok(numbers.collect());
        };
        let texts = texts.texts()?.into_iter().zip(is_text.bools()?);
        let choose = |(number, (text, is_text))| if is_text { Filler::Text(text) } else { number };
        Ok(numbers.zip(texts).map(choose).collect())
    }

    /// Features for which a column says what was missing.
    fn indicated(&self) -> Result<Vec<usize>, ModelError> {
        let Some(indicator) = &self.indicator else { return Ok(Vec::new()) };
        let width = self.n_features();
        let feature = |(index, feature): (usize, &i64)| {
            let found = usize::try_from(*feature).ok().filter(|feature| *feature < width);
            found.ok_or_else(|| ModelError::Invalid {
                array: "indicator",
                index,
                expected: format!("a feature below {width}"),
                found: feature.to_string(),
            })
        };
        indicator.as_slice::<i64>()?.iter().enumerate().map(feature).collect()
    }

    fn number_is_missing(&self, value: f64) -> bool {
        match &self.missing {
            Missing::Number(missing) => value == *missing,
            Missing::Absent => value.is_nan(),
            // A number that is absent from a column whose texts can be missing.
            Missing::Text(_) => false,
        }
    }

    fn text_is_missing(&self, text: &Option<String>) -> bool {
        match (&self.missing, text) {
            (Missing::Absent, None) => true,
            (Missing::Text(missing), Some(text)) => text == missing,
            _ => false,
        }
    }

    /// Which values of a column are missing.
    fn mask(&self, column: &Column) -> Vec<bool> {
        match column {
            Column::Numbers(values) => values.iter().map(|v| self.number_is_missing(*v)).collect(),
            Column::Texts(texts) => texts.iter().map(|text| self.text_is_missing(text)).collect(),
        }
    }

    fn fill(
        &self,
        feature: usize,
        column: &Column,
        mask: &[bool],
        filler: &Filler<'_>,
    ) -> Result<Column, ModelError> {
        let all = mask.iter().all(|missing| *missing);
        if !mask.contains(&true) {
            return Ok(column.clone());
        }
        Ok(match (column, filler) {
            (Column::Numbers(values), Filler::Number(filler)) => Column::Numbers(
                values
                    .iter()
                    .zip(mask)
                    .map(|(v, missing)| if *missing { *filler } else { *v })
                    .collect(),
            ),
            (Column::Texts(texts), Filler::Text(filler)) => {
                let fill = |(text, missing): (&Option<String>, &bool)| match missing {
                    true => Some((*filler).to_owned()),
                    false => text.clone(),
                };
                Column::Texts(texts.iter().zip(mask).map(fill).collect())
            }
            // A column in which nothing is there has no type of its own.
            (_, Filler::Number(filler)) if all => Column::Numbers(vec![*filler; mask.len()]),
            (_, Filler::Text(filler)) if all => {
                Column::Texts(vec![Some((*filler).to_owned()); mask.len()])
            }
            (_, Filler::Text(filler)) => {
                return Err(ModelError::Table(format!(
                    "column {feature}: expected texts, as {filler:?} takes the place of what is missing, found numbers"
                )));
            }
            (_, Filler::Number(filler)) => {
                return Err(ModelError::Table(format!(
                    "column {feature}: expected numbers, as {filler} takes the place of what is missing, found texts"
                )));
            }
        })
    }

    fn check_rows(&self, rows: &Rows<'_>) -> Result<(), ModelError> {
        if rows.width() != self.n_features() {
            let (expected, found) = (self.n_features(), rows.width());
            return Err(ModelError::Features { expected, found });
        }
        let Rows::Numbers(values) = rows else { return Ok(()) };
        let refused = |value: f64| match self.missing {
            Missing::Absent => value.is_infinite(),
            _ => !value.is_finite(),
        };
        match values.indexed_iter().find(|(_, value)| refused(**value)) {
            None => Ok(()),
            Some(((row, column), found)) => Err(ModelError::Input { row, column, found: *found }),
        }
    }

    fn of_numbers(&self, rows: ndarray::ArrayView2<'_, f64>) -> Result<Transformed, ModelError> {
        let statistics = self.statistics.as_slice::<f64>()?;
        let kept = self.kept.bools()?;
        let features: Vec<usize> = (0..kept.len()).filter(|feature| kept[*feature]).collect();
        let indicated = self.indicated()?;
        let width = features.len() + indicated.len();
        let mut result: Array2<f64> = super::rows::zeros(rows.nrows(), width)?;
        for (row, mut target) in rows.outer_iter().zip(result.outer_iter_mut()) {
            let filled = features.iter().map(|feature| match row[*feature] {
                value if self.number_is_missing(value) => statistics[*feature],
                value => value,
            });
            let missing = |feature: &usize| f64::from(self.number_is_missing(row[*feature]));
            let values = filled.chain(indicated.iter().map(missing));
            target.iter_mut().zip(values).for_each(|(target, value)| *target = value);
        }
        Ok(Transformed::Numbers(result))
    }
}

impl Model for SimpleImputer {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        self.statistics.element_count()
    }

    fn to_parameters(&self) -> Parameters {
        super::assemble(KIND, self.entries.clone(), self.arrays())
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        self.check_rows(&rows)?;
        let has_texts = match &self.is_text {
            Some(is_text) => is_text.bools()?.contains(&true),
            None => false,
        };
        if let (Rows::Numbers(rows), false) = (rows, has_texts) {
            return self.of_numbers(rows);
        }
        let table = rows.to_table();
        let masks: Vec<Vec<bool>> = table.columns().iter().map(|c| self.mask(c)).collect();
        let mut columns = Vec::new();
        let fillers = self.fillers()?;
        for (feature, (filler, kept)) in fillers.iter().zip(self.kept.bools()?).enumerate() {
            if kept {
                let column = &table.columns()[feature];
                columns.push(self.fill(feature, column, &masks[feature], filler)?);
            }
        }
        for feature in self.indicated()? {
            let missing = masks[feature].iter().map(|missing| f64::from(u8::from(*missing)));
            columns.push(Column::Numbers(missing.collect()));
        }
        Transformed::of_columns(table.len(), columns)
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.indicated()?;
        super::scaling::check_not_infinite("statistics", self.statistics.as_slice()?)
    }
}
