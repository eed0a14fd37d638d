//! Logistic regression: binary, multinomial or one against the rest.

use ndarray::Array2;

use super::linear::LinearClassifier;
use super::{Model, ModelError, Predictions, Rows};
use crate::base::{Metadata, Parameters, kinds};

/// How decision values become probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MultiClass {
    Binary,
    Multinomial,
    OneVsRest,
}

/// A logistic regression over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct LogisticRegression {
    model: LinearClassifier,
    multi_class: MultiClass,
    entries: Metadata,
}

impl LogisticRegression {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let model = LinearClassifier::from_parameters(parameters)?;
        let text = parameters.text("multi_class")?;
        let multi_class = match (text, model.classes.len()) {
            ("binary", 2) => MultiClass::Binary,
            ("multinomial", 3..) => MultiClass::Multinomial,
            ("one_vs_rest", 3..) => MultiClass::OneVsRest,
            (text, classes) => {
                return Err(ModelError::Invalid {
                    array: "classes",
                    index: 0,
                    expected: "binary with two classes, others with more".into(),
                    found: format!("{text} with {classes}"),
                });
            }
        };
        let entries = super::entries_of(kind, parameters);
        Ok(LogisticRegression { model, multi_class, entries })
    }
}

/// 1 / (1 + e^-z), without overflow on either side.
fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + (-z).exp())
    } else {
        let e = z.exp();
        e / (1.0 + e)
    }
}

impl Model for LogisticRegression {
    fn kind(&self) -> &'static str {
        self.model.linear.kind
    }

    fn n_features(&self) -> usize {
        self.model.linear.n_features()
    }

    fn to_parameters(&self) -> Parameters {
        self.model.to_parameters(self.entries.clone())
    }

    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        self.model.predict(rows.numbers()?.view())
    }

    fn predict_proba(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        let mut values = self.model.linear.values(rows.numbers()?.view())?;
        if self.multi_class == MultiClass::Binary {
            let mut both = Array2::zeros((values.nrows(), 2));
            for (row, mut target) in values.outer_iter().zip(both.outer_iter_mut()) {
                for (value, pair) in row.iter().zip(target.exact_chunks_mut(2)) {
                    let second = sigmoid(*value);
                    pair.into_iter().zip([1.0 - second, second]).for_each(|(p, v)| *p = v);
                }
            }
            return Ok(both);
        }
        for mut row in values.outer_iter_mut() {
            match self.multi_class {
                // The largest is taken off first, so that no exponential overflows.
                MultiClass::Multinomial => {
                    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    row.mapv_inplace(|value| (value - largest).exp());
                }
                _ => row.mapv_inplace(sigmoid),
            }
            let sum = row.sum();
            row.mapv_inplace(|value| value / sum);
        }
        Ok(values)
    }

    fn decision_function(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        self.model.linear.values(rows.numbers()?.view())
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.model.validate()
    }
}
