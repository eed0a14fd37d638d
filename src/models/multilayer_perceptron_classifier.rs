//! Multilayer perceptron classifier: two classes, more, or a label for each of several.

use ndarray::Array2;

use super::labels::{Classes, largest};
use super::perceptron::{Activation, Perceptron};
use super::{Model, ModelError, Predictions, Rows};
use crate::base::{Metadata, Parameters, kinds};

const KIND: &str = "multilayer_perceptron_classifier";

/// A multilayer perceptron classifier over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct MultilayerPerceptronClassifier {
    perceptron: Perceptron,
    classes: Classes,
    multilabel: bool,
    entries: Metadata,
}

impl MultilayerPerceptronClassifier {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind, a layer not the one before, or the
    /// outputs not the classes.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let entries = super::entries_of(kinds::check(parameters)?, parameters);
        let perceptron = Perceptron::from_parameters(parameters)?;
        let classes = Classes::from_parameters(parameters)?;
        let multilabel = parameters.boolean("multilabel").unwrap_or(false);
        let outputs = perceptron.outputs();
        let fits = match (perceptron.output, multilabel) {
            (Activation::Softmax, false) => outputs == classes.len(),
            (Activation::Logistic, false) => outputs == 1 && classes.len() == 2,
            (Activation::Logistic, true) => outputs == classes.len(),
            _ => false,
        };
        if fits {
            return Ok(MultilayerPerceptronClassifier { perceptron, classes, multilabel, entries });
        }
        Err(ModelError::Invalid {
            array: "classes",
            index: 0,
            expected:
                "softmax with an output a class, logistic with one output for two classes or \
                       with an output a label"
                    .into(),
            found: format!(
                "{:?} with {outputs} outputs for {} classes",
                perceptron.output,
                classes.len()
            ),
        })
    }
}

impl Model for MultilayerPerceptronClassifier {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        self.perceptron.n_features()
    }

    fn to_parameters(&self) -> Parameters {
        let classes = ("classes", self.classes.array());
        let mut parameters = super::assemble(KIND, self.entries.clone(), [classes]);
        self.perceptron.add_to(&mut parameters);
        parameters
    }

    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        let values = self.perceptron.forward(rows.numbers()?.view())?;
        if self.multilabel {
            let labels = |column: ndarray::ArrayView1<'_, f64>| {
                Predictions::Integers(column.iter().map(|value| i64::from(*value > 0.5)).collect())
            };
            return Ok(Predictions::Outputs(values.columns().into_iter().map(labels).collect()));
        }
        let choose = |row: ndarray::ArrayView1<'_, f64>| match row.len() {
            1 => usize::from(self.classes.len() == 2 && row.iter().any(|value| *value > 0.5)),
            _ => largest(row.iter().copied()),
        };
        let indices: Vec<usize> = values.outer_iter().map(choose).collect();
        self.classes.label(&indices)
    }

    /// Rows by classes; where each class is a label of its own, the probability of that label.
    fn predict_proba(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        let values = self.perceptron.forward(rows.numbers()?.view())?;
        if self.multilabel || self.perceptron.output == Activation::Softmax {
            return Ok(values);
        }
        let mut both = Array2::zeros((values.nrows(), 2));
        for (value, mut pair) in values.iter().zip(both.outer_iter_mut()) {
            pair.assign(&ndarray::arr1(&[1.0 - value, *value]));
        }
        Ok(both)
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.perceptron.validate()?;
        self.classes.validate()
    }
}
