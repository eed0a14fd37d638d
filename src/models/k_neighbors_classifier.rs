//! Nearest neighbours classifier: the training rows themselves, searched by brute force.
//!
//! Distances are Euclidean; of equally near rows the first in the data counts as nearer, so that
//! the result never depends on a search structure.

use ndarray::{Array2, ArrayView2};

use super::labels::{Classes, largest};
use super::{Model, ModelError, Predictions};
use crate::base::{Array, Metadata, Parameters, kinds};

const KIND: &str = "k_neighbors_classifier";

/// A nearest neighbours classifier over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct KNeighborsClassifier {
    data: Array,
    labels: Array,
    classes: Classes,
    n_neighbors: usize,
    by_distance: bool,
    entries: Metadata,
}

impl KNeighborsClassifier {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let data = parameters.array("data")?.clone();
        let samples = data.shape().first().copied().unwrap_or(0);
        let asked = parameters.integer("n_neighbors")?;
        let n_neighbors = usize::try_from(asked).ok().filter(|n| (1..=samples).contains(n));
        let Some(n_neighbors) = n_neighbors else {
            return Err(ModelError::Entry {
                entry: "n_neighbors",
                expected: format!("1 to {samples}, the number of rows"),
                found: asked.to_string(),
            });
        };
        Ok(KNeighborsClassifier {
            data,
            labels: parameters.array("labels")?.clone(),
            classes: Classes::from_parameters(parameters)?,
            n_neighbors,
            by_distance: parameters.text("weights")? == "distance",
            entries: super::entries_of(kind, parameters),
        })
    }

    /// Weight of each neighbour: one, or one divided by its distance; where some are at distance
    /// zero only those count, as in scikit-learn.
    fn weight(&self, square: f64, any_at_zero: bool) -> f64 {
        match (self.by_distance, any_at_zero) {
            (false, _) => 1.0,
            (true, true) => f64::from(u8::from(square == 0.0)),
            (true, false) => 1.0 / square.sqrt(),
        }
    }
}

impl Model for KNeighborsClassifier {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        self.data.shape().get(1).copied().unwrap_or(0)
    }

    fn to_parameters(&self) -> Parameters {
        let arrays =
            [("data", &self.data), ("labels", &self.labels), ("classes", self.classes.array())];
        super::assemble(KIND, self.entries.clone(), arrays)
    }

    fn predict(&self, rows: ArrayView2<'_, f64>) -> Result<Predictions, ModelError> {
        let probabilities = self.predict_proba(rows)?;
        let indices: Vec<usize> =
            probabilities.outer_iter().map(|row| largest(row.iter().copied())).collect();
        self.classes.label(&indices)
    }

    fn predict_proba(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, ModelError> {
        super::check_features(self.n_features(), &rows)?;
        let features = self.n_features();
        let data = self.data.as_slice::<f64>()?;
        let labels = self.labels.as_slice::<i64>()?;
        let mut probabilities = Array2::zeros((rows.nrows(), self.classes.len()));
        let mut row_values = vec![0.0; features];
        let mut squares: Vec<(f64, u32)> = Vec::with_capacity(labels.len());
        for (row_index, row) in rows.outer_iter().enumerate() {
            for (column, (target, value)) in row_values.iter_mut().zip(row).enumerate() {
                if value.is_nan() {
                    return Err(ModelError::Input { row: row_index, column, found: *value });
                }
                *target = *value;
            }
            squares.clear();
            for index in 0..labels.len() {
                let sample = &data[index * features..][..features];
                let square = sample.iter().zip(&row_values).map(|(a, b)| (a - b) * (a - b)).sum();
                squares.push((square, index as u32));
            }
            let nearer = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
            squares.select_nth_unstable_by(self.n_neighbors - 1, nearer);
            let nearest = &mut squares[..self.n_neighbors];
            nearest.sort_unstable_by(nearer);
            let any_at_zero = nearest.iter().any(|(square, _)| *square == 0.0);
            let mut target = probabilities.row_mut(row_index);
            for (square, index) in nearest.iter() {
                let label = labels[*index as usize];
                let class = usize::try_from(label).ok().and_then(|class| target.get_mut(class));
                let Some(class) = class else {
                    return Err(ModelError::Invalid {
                        array: "labels",
                        index: *index as usize,
                        expected: format!("an index below {}", self.classes.len()),
                        found: label.to_string(),
                    });
                };
                *class += self.weight(*square, any_at_zero);
            }
            let sum = target.sum();
            target.mapv_inplace(|weight| weight / sum);
        }
        Ok(probabilities)
    }

    fn validate(&self) -> Result<(), ModelError> {
        super::check_finite("data", self.data.as_slice()?)?;
        let classes = self.classes.len();
        let labels = self.labels.as_slice::<i64>()?;
        let outside = |label: &i64| !usize::try_from(*label).is_ok_and(|label| label < classes);
        match labels.iter().position(outside) {
            None => self.classes.validate(),
            Some(index) => Err(ModelError::Invalid {
                array: "labels",
                index,
                expected: format!("an index below {classes}"),
                found: labels[index].to_string(),
            }),
        }
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
            model("uniform").predict(rows.view()).unwrap(),
            Predictions::Integers(vec![9, 9])
        );
        let weighted = model("distance").predict_proba(rows.view()).unwrap();
        // Distances 0.5, 0.5, 1.5: weights 2 against 2 + 2/3; at distance zero only that one counts.
        assert!((weighted[[0, 0]] - 2.0 / (4.0 + 2.0 / 3.0)).abs() < 1e-15);
        assert_eq!(weighted.row(1).to_vec(), [1.0, 0.0]);
    }
}
