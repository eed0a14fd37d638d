//! Labels to whole numbers.

use std::collections::HashMap;

use ndarray::Array2;

use super::labels::Classes;
use super::{Column, Model, ModelError, Rows, Transformed};
use crate::base::{DType, Metadata, Parameters, kinds};

const KIND: &str = "label_encoder";

/// An encoder over its classes.
#[derive(Debug, Clone)]
pub struct LabelEncoder {
    classes: Classes,
}

impl LabelEncoder {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        kinds::check(parameters)?;
        Ok(LabelEncoder { classes: Classes::from_parameters(parameters)? })
    }

    fn of_texts(&self, texts: &[Option<String>]) -> Result<Vec<f64>, ModelError> {
        let classes = self.classes.array();
        if classes.dtype() != DType::Text {
            let (row, found) =
                match texts.iter().enumerate().find_map(|(r, t)| Some((r, t.as_ref()?))) {
                    Some((row, text)) => (row, text.clone()),
                    None => (0, String::new()),
                };
            return Err(ModelError::Text { row, column: 0, found });
        }
        let places: HashMap<&str, usize> =
            classes.texts()?.into_iter().enumerate().map(|(place, text)| (text, place)).collect();
        let place = |(row, text): (usize, &Option<String>)| {
            let found = text.as_deref().and_then(|text| places.get(text));
            found.map(|place| *place as f64).ok_or_else(|| unseen(row, &format!("{text:?}")))
        };
        texts.iter().enumerate().map(place).collect()
    }

    fn of_numbers<'v>(
        &self,
        values: impl Iterator<Item = &'v f64>,
    ) -> Result<Vec<f64>, ModelError> {
        let classes = self.classes.array();
        let numbers: Vec<f64> = match classes.dtype() {
            DType::F64 => classes.as_slice()?.to_vec(),
            DType::I64 => classes.as_slice::<i64>()?.iter().map(|label| *label as f64).collect(),
            DType::Bool => {
                classes.bools()?.into_iter().map(|label| f64::from(u8::from(label))).collect()
            }
            _ => {
                return Err(ModelError::Table(
                    "expected labels that are texts, found numbers".into(),
                ));
            }
        };
        // NaN is a label like any other, and 0.0 is -0.0.
        let bits = |value: f64| if value.is_nan() { u64::MAX } else { (value + 0.0).to_bits() };
        let places: HashMap<u64, usize> =
            numbers.into_iter().enumerate().map(|(place, value)| (bits(value), place)).collect();
        let place = |(row, value): (usize, &f64)| {
            let found = places.get(&bits(*value));
            found.map(|place| *place as f64).ok_or_else(|| unseen(row, &value.to_string()))
        };
        values.enumerate().map(place).collect()
    }
}

fn unseen(row: usize, found: &str) -> ModelError {
    ModelError::Table(format!("row {row}: expected one of the classes, found {found}"))
}

impl Model for LabelEncoder {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        1
    }

    fn to_parameters(&self) -> Parameters {
        super::assemble(KIND, Metadata::new(), [("classes", self.classes.array())])
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        if rows.width() != 1 {
            return Err(ModelError::Features { expected: 1, found: rows.width() });
        }
        let places = match rows {
            Rows::Numbers(values) => self.of_numbers(values.iter())?,
            Rows::Table(table) => match &table.columns()[0] {
                Column::Numbers(values) => self.of_numbers(values.iter())?,
                Column::Texts(texts) => self.of_texts(texts)?,
            },
        };
        let shape = (places.len(), 1);
        let result = Array2::from_shape_vec(shape, places);
        result.map(Transformed::Numbers).map_err(|error| ModelError::Table(error.to_string()))
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.classes.validate()
    }
}
