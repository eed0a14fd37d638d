//! Class labels of one output, or of several side by side.

use ndarray::ArrayView2;

use super::labels::{Classes, largest};
use super::{ModelError, Predictions};
use crate::base::{Array, Parameters};

/// The array `classes`, or the arrays `classes.0`, `classes.1`, ...
#[derive(Debug, Clone)]
pub(super) struct OutputClasses {
    outputs: Vec<Classes>,
    several: bool,
}

impl OutputClasses {
    /// Takes the arrays from parameters whose kind was checked.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let mut numbered: Vec<_> = parameters.numbered("classes").collect();
        numbered.sort_by_key(|(index, _)| *index);
        if numbered.is_empty() {
            let classes = Classes::from_parameters(parameters)?;
            return Ok(OutputClasses { outputs: vec![classes], several: false });
        }
        if parameters.get("classes").is_some() {
            return Err(ModelError::Invalid {
                array: "classes",
                index: 0,
                expected: "none beside classes.0".into(),
                found: "both".into(),
            });
        }
        let outputs = numbered
            .into_iter()
            .map(|(_, array)| Classes::from_array(array.clone()))
            .collect::<Result<_, _>>()?;
        Ok(OutputClasses { outputs, several: true })
    }

    /// Columns of probabilities: the classes of all outputs.
    pub(super) fn columns(&self) -> usize {
        self.outputs.iter().map(Classes::len).sum()
    }

    pub(super) fn len(&self) -> usize {
        self.outputs.len()
    }

    /// How many classes each output has.
    pub(super) fn counts(&self) -> impl Iterator<Item = usize> {
        self.outputs.iter().map(Classes::len)
    }

    /// The arrays with their names.
    pub(super) fn arrays(&self) -> impl Iterator<Item = (String, &Array)> {
        self.outputs.iter().enumerate().map(|(index, classes)| match self.several {
            true => (format!("classes.{index}"), classes.array()),
            false => ("classes".to_owned(), classes.array()),
        })
    }

    /// The labels of the largest probability of each output, the first of equals.
    pub(super) fn largest(
        &self,
        probabilities: ArrayView2<'_, f64>,
    ) -> Result<Predictions, ModelError> {
        let mut first = 0;
        let mut indices = Vec::with_capacity(self.outputs.len());
        for count in self.counts() {
            let columns = first..first + count;
            let largest_of = |row: ndarray::ArrayView1<'_, f64>| {
                largest(columns.clone().map(|column| row[column]))
            };
            indices.push(probabilities.outer_iter().map(largest_of).collect());
            first += count;
        }
        self.label(&indices)
    }

    /// The labels of class indices, of each output those of all rows.
    pub(super) fn label(&self, indices: &[Vec<usize>]) -> Result<Predictions, ModelError> {
        let mut labels = self.outputs.iter().zip(indices).map(|(classes, i)| classes.label(i));
        match (self.several, labels.next()) {
            (false, Some(only)) => only,
            (_, first) => {
                let all = first.into_iter().chain(labels).collect::<Result<_, _>>()?;
                Ok(Predictions::Outputs(all))
            }
        }
    }

    /// Every label stands once in its output.
    pub(super) fn validate(&self) -> Result<(), ModelError> {
        self.outputs.iter().try_for_each(Classes::validate)
    }
}
