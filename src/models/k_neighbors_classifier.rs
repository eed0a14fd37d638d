//! Nearest neighbours classifier: the training rows themselves, searched through.
//!
//! Of equally near rows the first in the data counts as nearer, or the one that scikit-learn's
//! search keeps, as the parameters say.

use ndarray::{Array2, Axis, Zip, s};

use super::activations::lane_sum;
use super::labels::{Classes, largest};
use super::neighbors::Neighbors;
use super::{Model, ModelError, Predictions, Rows};
use crate::base::{Array, Metadata, Parameters, kinds};

const KIND: &str = "k_neighbors_classifier";

/// A nearest neighbours classifier over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct KNeighborsClassifier {
    neighbors: Neighbors,
    /// Labels of the rows and classes, of each output.
    outputs: Vec<(Array, Classes)>,
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
        let classes = Classes::from_parameters(parameters)?;
        let mut outputs = vec![(parameters.array("labels")?.clone(), classes)];
        let more = parameters.numbered("other_labels").count();
        if more != parameters.numbered("other_classes").count() {
            return Err(ModelError::Invalid {
                array: "other_classes",
                index: 0,
                expected: format!("{more} arrays, one for each of other_labels"),
                found: parameters.numbered("other_classes").count().to_string(),
            });
        }
        for index in 0..more {
            let labels = parameters.array(&format!("other_labels.{index}"))?.clone();
            let name = format!("other_classes.{index}");
            outputs.push((labels, Classes::named(parameters, &name, "other_classes")?));
        }
        Ok(KNeighborsClassifier { neighbors, outputs, entries })
    }

    /// The sum of the weights of each class: rows by the classes of all outputs side by side.
    /// `exact` adds them in the order in which scikit-learn adds what decides the label.
    fn votes(&self, rows: Rows<'_>, exact: bool) -> Result<Array2<f64>, ModelError> {
        let rows = rows.numbers()?;
        let width = self.outputs.iter().map(|(_, classes)| classes.len()).sum();
        let mut votes = Array2::zeros((rows.nrows(), width));
        let labels = self
            .outputs
            .iter()
            .map(|(labels, classes)| Ok((labels.as_slice::<i64>()?, classes.len())))
            .collect::<Result<Vec<_>, ModelError>>()?;
        let mut of_class = Vec::new();
        self.neighbors.each(rows.view(), |row, indices, weights| {
            let mut offset = 0;
            for (labels, classes) in &labels {
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

    /// Where the classes of each output stand among the columns.
    fn columns(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let mut offset = 0;
        self.outputs.iter().map(move |(_, classes)| {
            offset += classes.len();
            offset - classes.len()..offset
        })
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
        for (index, (labels, classes)) in self.outputs.iter().enumerate() {
            let names = match index.checked_sub(1) {
                None => ["labels".to_owned(), "classes".to_owned()],
                Some(index) => [format!("other_labels.{index}"), format!("other_classes.{index}")],
            };
            for (name, array) in names.into_iter().zip([labels, classes.array()]) {
                // Names that differ by their numbers: none is refused.
                let _ = parameters.insert(name, array.clone());
            }
        }
        parameters
    }

    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        let votes = self.votes(rows, self.neighbors.by_distance)?;
        let mut outputs = Vec::with_capacity(self.outputs.len());
        for ((_, classes), columns) in self.outputs.iter().zip(self.columns()) {
            let votes = votes.slice(s![.., columns]);
            let indices: Vec<usize> =
                votes.outer_iter().map(|row| largest(row.iter().copied())).collect();
            outputs.push(classes.label(&indices)?);
        }
        Ok(match outputs.len() {
            1 => outputs.remove(0),
            _ => Predictions::Outputs(outputs),
        })
    }

    fn predict_proba(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        let mut votes = self.votes(rows, false)?;
        for columns in self.columns() {
            let mut votes = votes.slice_mut(s![.., columns]);
            let sums = votes.sum_axis(Axis(1));
            Zip::from(votes.rows_mut()).and(&sums).for_each(|mut row, sum| {
                if *sum != 0.0 {
                    row.mapv_inplace(|weight| weight / sum);
                }
            });
        }
        Ok(votes)
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.neighbors.validate()?;
        for (labels, classes) in &self.outputs {
            let labels = labels.as_slice::<i64>()?;
            for index in 0..labels.len() {
                class_of(labels, classes.len(), index)?;
            }
            classes.validate()?;
        }
        Ok(())
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
