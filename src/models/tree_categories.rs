//! Categories in trees: nodes that ask whether a category is in a set, and the codes of categories.

use std::collections::HashMap;

use ndarray::Array2;

use super::tree_columns::{Learned, Rule, Trees, invalid};
use super::{Column, ModelError, Rows};
use crate::base::{Array, DType, Parameters};

const CATEGORY_SET: &str = "category_set";
const LEFT_CATEGORIES: &str = "left_categories";
const KNOWN_CATEGORIES: &str = "known_categories";
const CATEGORICAL_COLUMNS: &str = "categorical_columns";
const CATEGORIES: &str = "categories";

/// Words of 32 bits for the categories 0 to 255.
const WORDS: usize = 8;

/// The sets of categories that nodes ask for.
#[derive(Debug, Clone)]
pub(super) struct Sets {
    of_node: Array,
    left: Array,
    known: Array,
    wrapped: bool,
}

/// The rule of trees some of whose nodes ask for categories.
#[derive(Clone, Copy)]
pub(super) struct Categorical<'a> {
    learned: Learned<'a>,
    of_node: &'a [i32],
    left: &'a [u32],
    known: &'a [u32],
    wrapped: bool,
}

impl Rule for Categorical<'_> {
    fn goes_left(self, node: usize, feature: usize, value: f64, threshold: f64) -> bool {
        if value.is_nan() {
            return self.learned.missing_left(node);
        }
        let set = match self.of_node.get(node).map(|set| usize::try_from(*set)) {
            Some(Ok(set)) => set,
            _ => return value <= threshold,
        };
        if value < 0.0 && !self.wrapped {
            return self.learned.missing_left(node);
        }
        let category = low_byte(value);
        if has(self.left, set, category) {
            return true;
        }
        !has(self.known, feature, category) && self.learned.missing_left(node)
    }
}

/// The last eight bits of the whole part, as C has it on the processors that models are used on:
/// what does not fit 32 bits becomes -2^31.
fn low_byte(value: f64) -> usize {
    let whole = match value > -2_147_483_649.0 && value < 2_147_483_648.0 {
        true => value as i32,
        false => i32::MIN,
    };
    (whole & 0xff) as usize
}

fn has(sets: &[u32], set: usize, category: usize) -> bool {
    let word = set.saturating_mul(WORDS).saturating_add(category / 32);
    sets.get(word).is_some_and(|word| word >> (category % 32) & 1 == 1)
}

impl Sets {
    /// The sets of parameters whose kind was checked; `None` where no node asks for categories.
    pub(super) fn from_parameters(
        parameters: &Parameters,
        trees: &Trees,
    ) -> Result<Option<Self>, ModelError> {
        let Some(of_node) = parameters.get(CATEGORY_SET).cloned() else { return Ok(None) };
        let left = parameters.array(LEFT_CATEGORIES)?.clone();
        let known = parameters.array(KNOWN_CATEGORIES)?.clone();
        let (rows, features) = (known.shape().first().copied().unwrap_or(0), trees.n_features());
        if rows != features {
            let expected = format!("{features} rows, one a feature");
            return Err(invalid(KNOWN_CATEGORIES, 0, expected, rows));
        }
        let wrapped = parameters.text("negative_categories")? == "wrapped";
        Ok(Some(Sets { of_node, left, known, wrapped }))
    }

    pub(super) fn rule<'a>(&'a self, learned: Learned<'a>) -> Result<Categorical<'a>, ModelError> {
        Ok(Categorical {
            learned,
            of_node: self.of_node.as_slice()?,
            left: self.left.as_slice()?,
            known: self.known.as_slice()?,
            wrapped: self.wrapped,
        })
    }

    /// The arrays with their names.
    pub(super) fn arrays(&self) -> impl Iterator<Item = (&'static str, &Array)> {
        [
            (CATEGORY_SET, &self.of_node),
            (LEFT_CATEGORIES, &self.left),
            (KNOWN_CATEGORIES, &self.known),
        ]
        .into_iter()
    }

    /// Every set that a node asks for is there.
    pub(super) fn validate(&self) -> Result<(), ModelError> {
        let sets = self.left.shape().first().copied().unwrap_or(0);
        let of_node: &[i32] = self.of_node.as_slice()?;
        let wrong = |set: &i32| *set != -1 && !usize::try_from(*set).is_ok_and(|set| set < sets);
        match of_node.iter().position(wrong) {
            None => Ok(()),
            Some(node) => {
                let expected = format!("-1 or a set below {sets}");
                Err(invalid(CATEGORY_SET, node, expected, of_node[node]))
            }
        }
    }
}

/// Replaces categories by their codes and puts their columns first.
#[derive(Debug, Clone)]
pub(super) struct Encoder {
    columns: Array,
    categories: Vec<Array>,
    /// Says how many features there are; trees may ask for none of its categories.
    known: Array,
    /// The other columns, in order.
    others: Vec<usize>,
}

/// The codes of the categories of one column.
enum Codes<'a> {
    Numbers(HashMap<u64, f64>),
    Texts(HashMap<&'a str, f64>),
}

/// The bits by which numbers are compared: those of zero are the same with either sign.
fn bits(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

impl Encoder {
    /// The encoder of parameters whose kind was checked; `None` where x is taken as it is.
    pub(super) fn from_parameters(
        parameters: &Parameters,
        features: usize,
    ) -> Result<Option<Self>, ModelError> {
        let Some(columns) = parameters.get(CATEGORICAL_COLUMNS).cloned() else { return Ok(None) };
        let mut numbered: Vec<_> = parameters.numbered(CATEGORIES).collect();
        numbered.sort_by_key(|(index, _)| *index);
        let categories: Vec<Array> = numbered.into_iter().map(|(_, array)| array.clone()).collect();
        let of_columns: &[i64] = columns.as_slice()?;
        if of_columns.len() != categories.len() {
            let expected = format!("{} columns, one for each of {CATEGORIES}.*", categories.len());
            return Err(invalid(CATEGORICAL_COLUMNS, 0, expected, of_columns.len()));
        }
        let mut before = -1;
        for (index, column) in of_columns.iter().enumerate() {
            if *column <= before || !usize::try_from(*column).is_ok_and(|c| c < features) {
                let expected = format!("columns that ascend and are below {features}");
                return Err(invalid(CATEGORICAL_COLUMNS, index, expected, column));
            }
            before = *column;
        }
        // As many as there are rows in the known categories: no more than the arrays hold.
        let known = parameters.array(KNOWN_CATEGORIES)?.clone();
        let rows = known.shape().first().copied().unwrap_or(0);
        if rows != features {
            return Err(invalid(KNOWN_CATEGORIES, 0, format!("{features} rows"), rows));
        }
        let others =
            (0..features).filter(|f| of_columns.binary_search(&(*f as i64)).is_err()).collect();
        Ok(Some(Encoder { columns, categories, known, others }))
    }

    /// The arrays with their names.
    pub(super) fn arrays(&self) -> impl Iterator<Item = (String, &Array)> {
        let categories = self.categories.iter().enumerate();
        [(CATEGORICAL_COLUMNS, &self.columns), (KNOWN_CATEGORIES, &self.known)]
            .into_iter()
            .map(|(name, array)| (name.to_owned(), array))
            .chain(categories.map(|(index, array)| (format!("{CATEGORIES}.{index}"), array)))
    }

    /// Rows as the trees compare them.
    pub(super) fn encode(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        let features = self.categories.len() + self.others.len();
        if rows.width() != features {
            return Err(ModelError::Features { expected: features, found: rows.width() });
        }
        let mut encoded = Array2::zeros((rows.len(), features));
        let columns: &[i64] = self.columns.as_slice()?;
        let mut targets = encoded.columns_mut().into_iter();
        for (column, categories) in columns.iter().zip(&self.categories) {
            let codes = Codes::of(categories)?;
            let Some(mut target) = targets.next() else { break };
            let column = *column as usize;
            match rows {
                Rows::Numbers(rows) => {
                    let codes = rows.column(column).mapv(|value| codes.of_number(value));
                    target.assign(&codes);
                }
                Rows::Table(table) => match &table.columns()[column] {
                    Column::Numbers(values) => target
                        .iter_mut()
                        .zip(values)
                        .for_each(|(target, value)| *target = codes.of_number(*value)),
                    Column::Texts(texts) => target
                        .iter_mut()
                        .zip(texts)
                        .for_each(|(target, text)| *target = codes.of_text(text.as_deref())),
                },
            }
        }
        for (column, mut target) in self.others.iter().zip(targets) {
            match rows {
                Rows::Numbers(rows) => target.assign(&rows.column(*column)),
                Rows::Table(table) => match &table.columns()[*column] {
                    Column::Numbers(values) => {
                        target.iter_mut().zip(values).for_each(|(target, value)| *target = *value);
                    }
                    Column::Texts(texts) => {
                        for (row, (target, text)) in target.iter_mut().zip(texts).enumerate() {
                            if let Some(found) = text.clone() {
                                return Err(ModelError::Text { row, column: *column, found });
                            }
                            *target = f64::NAN;
                        }
                    }
                },
            }
        }
        Ok(encoded)
    }
}

impl<'a> Codes<'a> {
    fn of(categories: &'a Array) -> Result<Self, ModelError> {
        let numbers = |values: Vec<f64>| {
            let codes = values.iter().enumerate().map(|(code, value)| (bits(*value), code as f64));
            Codes::Numbers(codes.collect())
        };
        Ok(match categories.dtype() {
            DType::Text => {
                let texts = categories.texts()?.into_iter().enumerate();
                Codes::Texts(texts.map(|(code, text)| (text, code as f64)).collect())
            }
            DType::Bool => {
                numbers(categories.bools()?.into_iter().map(|b| f64::from(u8::from(b))).collect())
            }
            DType::F64 => numbers(categories.as_slice::<f64>()?.to_vec()),
            _ => numbers(categories.as_slice::<i64>()?.iter().map(|n| *n as f64).collect()),
        })
    }

    fn of_number(&self, value: f64) -> f64 {
        match self {
            Codes::Numbers(codes) => codes.get(&bits(value)).copied().unwrap_or(f64::NAN),
            Codes::Texts(_) => f64::NAN,
        }
    }

    fn of_text(&self, text: Option<&str>) -> f64 {
        match (self, text) {
            (Codes::Texts(codes), Some(text)) => codes.get(text).copied().unwrap_or(f64::NAN),
            _ => f64::NAN,
        }
    }
}
