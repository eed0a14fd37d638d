//! Nearest neighbours classifier: the training rows themselves, searched through.
//!
//! Of equally near rows the first in the data counts as nearer, or the one that scikit-learn's
//! search keeps, as the parameters say.

use ndarray::{Array2, s};

use super::activations::lane_sum;
use super::neighbors::Neighbors;
use super::output_labels::OutputClasses;
use super::{Model, ModelError, Predictions, Rows};
use crate::base::{Array, Metadata, Parameters, kinds};

const KIND: &str = "k_neighbors_classifier";

/// A nearest neighbours classifier over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct KNeighborsClassifier {
    neighbors: Neighbors,
    /// Index of the class of each row, of each output.
    labels: Vec<Array>,
    classes: OutputClasses,
    entries: Metadata,
}

impl KNeighborsClassifier {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let entries = super::entries_of(kinds::check(parameters)?, parameters);
        let neighbors = Neighbors::from_parameters(parameters)?;
        let classes = OutputClasses::from_parameters(parameters)?;
        let labels = classes
            .arrays()
            .map(|(name, _)| Ok(parameters.array(&name.replace("classes", "labels"))?.clone()))
            .collect::<Result<Vec<_>, ModelError>>()?;
        Ok(KNeighborsClassifier { neighbors, labels, classes, entries })
    }

    /// The sum of the weights of each class: rows by the classes of all outputs side by side.
    /// `exact` adds them in the order in which scikit-learn adds what decides the label.
    fn votes(&self, rows: Rows<'_>, exact: bool) -> Result<Array2<f64>, ModelError> {
        let rows = rows.numbers()?;
        let mut votes = Array2::zeros((rows.nrows(), self.classes.columns()));
        let labels = self.labels.iter().map(|labels| Ok(labels.as_slice::<i64>()?));
        let labels = labels.collect::<Result<Vec<_>, ModelError>>()?;
        let counts: Vec<usize> = self.classes.counts().collect();
        let mut of_class = Vec::new();
        self.neighbors.each(rows.view(), |row, indices, weights| {
            let mut offset = 0;
            for (labels, classes) in labels.iter().zip(&counts) {
                let class = |index: usize| class_of(labels, *classes, index);
                if exact {
                    for target in 0..*classes {
                        of_class.clear();
                        for (index, weight) in indices.iter().zip(weights) {
                            let counts = class(*index)? == target;
                            of_class.push(if counts { *weight } else { 0.0 });
                        }
                        votes[[row, offset + target]] = lane_sum(&of_class);
                    }
                } else {
                    for (index, weight) in indices.iter().zip(weights) {
                        votes[[row, offset + class(*index)?]] += weight;
                    }
                }
                offset += classes;
            }
            Ok(())
        })?;
        Ok(votes)
    }
}

/// The class of a training row.
fn class_of(labels: &[i64], classes: usize, index: usize) -> Result<usize, ModelError> {
    let label = labels.get(index).copied().unwrap_or(-1);
    usize::try_from(label).ok().filter(|class| *class < classes).ok_or_else(|| {
        ModelError::Invalid {
            array: "labels",
            index,
            expected: format!("an index below {classes}"),
            found: label.to_string(),
        }
    })
}

impl Model for KNeighborsClassifier {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        self.neighbors.n_features()
    }

    fn to_parameters(&self) -> Parameters {
        let mut parameters = super::assemble(KIND, self.entries.clone(), self.neighbors.arrays());
        for ((name, classes), labels) in self.classes.arrays().zip(&self.labels) {
            // Names that differ by their numbers: none is refused.
            let _ = parameters.insert(name.replace("classes", "labels"), labels.clone());
            let _ = parameters.insert(name, classes.clone());
        }
        parameters
    }

    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        let votes = self.votes(rows, self.neighbors.by_distance)?;
        self.classes.largest(votes.view())
    }

    fn predict_proba(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        let mut votes = self.votes(rows, false)?;
        for mut row in votes.outer_iter_mut() {
            let mut first = 0;
            for count in self.classes.counts() {
                let mut of_output = row.slice_mut(s![first..first + count]);
                let sum = of_output.sum();
                if sum != 0.0 {
                    of_output.mapv_inplace(|weight| weight / sum);
                }
                first += count;
            }
        }
        Ok(votes)
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.neighbors.validate()?;
        for (labels, classes) in self.labels.iter().zip(self.classes.counts()) {
            let labels = labels.as_slice::<i64>()?;
            for index in 0..labels.len() {
                class_of(labels, classes, index)?;
            }
        }
        self.classes.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(weights: &str) -> KNeighborsClassifier {
        let mut parameters = Parameters::new(KIND, 1)
            .with("n_neighbors", 3i64)
            .with("weights", weights)
            .with("metric", "euclidean");
        let data = Array::from_vec(vec![0.0, 1.0, 2.0, 10.0], &[4, 1]).unwrap();
        parameters.insert("data", data).unwrap();
        let labels = Array::from_vec(vec![0i64, 1, 1, 0], &[4]).unwrap();
        parameters.insert("labels", labels).unwrap();
        parameters.insert("classes", Array::from_vec(vec![7i64, 9], &[2]).unwrap()).unwrap();
        KNeighborsClassifier::from_parameters(&parameters).unwrap()
    }

    #[test]
    fn neighbours_vote_or_weigh() {
        let rows = ndarray::array![[0.5], [0.0]];
        assert_eq!(
            model("uniform").predict(rows.view().into()).unwrap(),
            Predictions::Integers(vec![9, 9])
        );
        let weighted = model("distance").predict_proba(rows.view().into()).unwrap();
        // Distances 0.5, 0.5, 1.5: weights 2 against 2 + 2/3; at distance zero only that one counts.
        assert!((weighted[[0, 0]] - 2.0 / (4.0 + 2.0 / 3.0)).abs() < 1e-15);
        assert_eq!(weighted.row(1).to_vec(), [1.0, 0.0]);
    }
}
