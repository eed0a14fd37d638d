//! Logistic regression: binary, multinomial or one against the rest.

use ndarray::Array2;

use super::activations::{sigmoid, softmax};
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
            ("multinomial", 2..) => MultiClass::Multinomial,
            ("one_vs_rest", 3..) => MultiClass::OneVsRest,
            (text, classes) => {
                return Err(ModelError::Invalid {
                    array: "classes",
                    index: 0,
                    expected: "binary with two classes, one_vs_rest with more, multinomial with any of these".into(),
                    found: format!("{text} with {classes}"),
                });
            }
        };
        let entries = super::entries_of(kind, parameters);
        Ok(LogisticRegression { model, multi_class, entries })
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
        if self.model.classes.len() == 2 {
            let mut both = Array2::zeros((values.nrows(), 2));
            for (value, mut pair) in values.iter().zip(both.outer_iter_mut()) {
                if self.multi_class == MultiClass::Binary {
                    let second = sigmoid(*value);
                    pair.assign(&ndarray::arr1(&[1.0 - second, second]));
                } else {
                    pair.assign(&ndarray::arr1(&[-value, *value]));
                    softmax(pair.iter_mut());
                }
            }
            return Ok(both);
        }
        for mut row in values.outer_iter_mut() {
            if self.multi_class == MultiClass::Multinomial {
                softmax(row.iter_mut());
                continue;
            }
            row.mapv_inplace(sigmoid);
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
