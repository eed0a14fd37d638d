//! Class labels: numbers or text, in the order of the columns of probabilities.

use ndarray::{Array1, Axis};

use super::{ModelError, Predictions};
use crate::base::{Array, DType, Parameters};

/// The `classes` array of a classifier.
#[derive(Debug, Clone)]
pub(super) struct Classes(Array);

impl Classes {
    /// Takes the array from parameters whose kind was checked.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        Self::from_array(parameters.array("classes")?.clone())
    }

    /// Takes an array of labels.
    pub(super) fn from_array(classes: Array) -> Result<Self, ModelError> {
        match classes.element_count() {
            0 => Err(ModelError::Invalid {
                array: "classes",
                index: 0,
                expected: "at least one class".into(),
                found: "none".into(),
            }),
            _ => Ok(Classes(classes)),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.element_count()
    }

    pub(super) fn array(&self) -> &Array {
        &self.0
    }

    /// The labels of class indices, which must be below [`Classes::len`].
    pub(super) fn label(&self, indices: &[usize]) -> Result<Predictions, ModelError> {
        let wrong = |index: &usize| ModelError::Invalid {
            array: "classes",
            index: *index,
            expected: format!("an index below {}", self.len()),
            found: index.to_string(),
        };
        fn pick<T: Clone>(
            labels: &[T],
            indices: &[usize],
            wrong: impl Fn(&usize) -> ModelError,
        ) -> Result<Vec<T>, ModelError> {
            let label = |index: &usize| labels.get(*index).cloned().ok_or_else(|| wrong(index));
            indices.iter().map(label).collect()
        }
        Ok(match self.0.dtype() {
            DType::Text => {
                let labels = pick(&self.0.texts()?, indices, wrong)?;
                Predictions::Texts(labels.into_iter().map(str::to_owned).collect())
            }
            DType::Bool => Predictions::Booleans(pick(&self.0.bools()?, indices, wrong)?),
            DType::F64 => {
                let labels = pick(self.0.as_slice::<f64>()?, indices, wrong)?;
                Predictions::Values(Array1::from(labels).insert_axis(Axis(1)))
            }
            _ => Predictions::Integers(pick(self.0.as_slice::<i64>()?, indices, wrong)?),
        })
    }

    /// Every label stands once.
    pub(super) fn validate(&self) -> Result<(), ModelError> {
        let repeated = match self.0.dtype() {
            DType::Text => first_repeated(&self.0.texts()?),
            DType::Bool => first_repeated(&self.0.bools()?),
            DType::F64 => {
                let bits = |label: &f64| label.to_bits();
                let labels = self.0.as_slice::<f64>()?;
                first_repeated(&labels.iter().map(bits).collect::<Vec<_>>())
            }
            _ => first_repeated(self.0.as_slice::<i64>()?),
        };
        match repeated {
            None => Ok(()),
            Some(index) => Err(ModelError::Invalid {
                array: "classes",
                index,
                expected: "a label that stands once".into(),
                found: "one that stood before".into(),
            }),
        }
    }
}

fn first_repeated<T: Eq + std::hash::Hash>(labels: &[T]) -> Option<usize> {
    let mut seen = std::collections::HashSet::new();
    labels.iter().position(|label| !seen.insert(label))
}

/// Index of the largest value as numpy's `argmax` has it: the first of equals, or the first NaN.
pub(super) fn largest(values: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (index, value) in values.enumerate() {
        if value.is_nan() {
            return index;
        }
        if value > best.1 {
            best = (index, value);
        }
    }
    best.0
}
