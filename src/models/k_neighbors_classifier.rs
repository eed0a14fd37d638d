//! Nearest neighbours classifier: the training rows themselves, searched by brute force.
//!
//! Distances are Euclidean; of equally near rows the first in the data counts as nearer, so that
//! the result never depends on a search structure.

use ndarray::{Array2, ArrayViewMut1};

use super::labels::{Classes, largest};
use super::{Model, ModelError, Predictions, Rows};
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

    /// The share of each class in the weights of the nearest rows.
    fn vote(&self, nearest: Nearest, mut target: ArrayViewMut1<'_, f64>) -> Result<(), ModelError> {
        let labels = self.labels.as_slice::<i64>()?;
        let nearest = nearest.sorted();
        let any_at_zero = nearest.iter().any(|(square, _)| *square == 0.0);
        for (square, index) in nearest {
            let label = labels.get(index).copied().unwrap_or(-1);
            let class = usize::try_from(label).ok().and_then(|class| target.get_mut(class));
            let Some(class) = class else {
                return Err(ModelError::Invalid {
                    array: "labels",
                    index,
                    expected: format!("an index below {}", self.classes.len()),
                    found: label.to_string(),
                });
            };
            *class += self.weight(square, any_at_zero);
        }
        let sum = target.sum();
        target.mapv_inplace(|weight| weight / sum);
        Ok(())
    }
}

/// Rows that are searched for in one pass over the data: a pass waits for memory, not for sums.
const TOGETHER: usize = 8;

/// The square of the Euclidean distance, summed in four lanes.
fn square_distance(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 4];
    let (a_chunks, b_chunks) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest = a_chunks.remainder().iter().zip(b_chunks.remainder());
    let rest: f64 = rest.map(|(a, b)| (a - b) * (a - b)).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for lane in 0..4 {
            lanes[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
        }
    }
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + rest
}

/// The nearest of the samples that were offered so far, in any order.
struct Nearest {
    count: usize,
    kept: Vec<(f64, usize)>,
    /// The distance from which on nothing is kept any more.
    bound: f64,
}

impl Nearest {
    fn new(count: usize) -> Self {
        Nearest { count, kept: Vec::new(), bound: f64::from_bits(i64::MAX as u64) }
    }

    /// Takes a sample in; samples come in the order of their indices.
    fn offer(&mut self, square: f64, index: usize) {
        if square.total_cmp(&self.bound).is_lt() {
            self.kept.push((square, index));
            // Twice as many are kept as are wanted, so that selecting is rare.
            if self.kept.len() >= self.count.saturating_mul(2).max(64) {
                self.select();
                let farthest = self.kept.iter().map(|(square, _)| *square);
                self.bound = farthest.max_by(f64::total_cmp).unwrap_or(self.bound);
            }
        }
    }

    fn select(&mut self) {
        if self.kept.len() > self.count {
            self.kept.select_nth_unstable_by(self.count.saturating_sub(1), nearer);
            self.kept.truncate(self.count);
        }
    }

    /// The nearest first.
    fn sorted(mut self) -> Vec<(f64, usize)> {
        self.select();
        self.kept.sort_unstable_by(nearer);
        self.kept
    }
}

/// By distance; of equally near ones the first in the data.
fn nearer(a: &(f64, usize), b: &(f64, usize)) -> std::cmp::Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
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

    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        let probabilities = self.predict_proba(rows)?;
        let indices: Vec<usize> =
            probabilities.outer_iter().map(|row| largest(row.iter().copied())).collect();
        self.classes.label(&indices)
    }

    fn predict_proba(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        let rows = rows.numbers()?;
        let rows = rows.view();
        super::check_rows(self.n_features(), &rows)?;
        let data = self.data.as_slice::<f64>()?;
        let mut probabilities = Array2::zeros((rows.nrows(), self.classes.len()));
        for first in (0..rows.nrows()).step_by(TOGETHER) {
            let last = rows.nrows().min(first + TOGETHER);
            let mut searches = Vec::with_capacity(TOGETHER);
            for row in first..last {
                let values = rows.row(row).to_vec();
                searches.push((values, Nearest::new(self.n_neighbors)));
            }
            // `max` because rows without features have no chunks to speak of.
            for (index, sample) in data.chunks_exact(self.n_features().max(1)).enumerate() {
                for (values, nearest) in &mut searches {
                    nearest.offer(square_distance(sample, values), index);
                }
            }
            for (row, (_, nearest)) in (first..last).zip(searches) {
                self.vote(nearest, probabilities.row_mut(row))?;
            }
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
    fn the_nearest_are_those_of_a_full_sort() {
        let squares: Vec<f64> = (0..1000).map(|n| f64::from(n * 7919 % 211)).collect();
        let mut all: Vec<(f64, usize)> = squares.iter().copied().zip(0..).collect();
        all.sort_by(nearer);
        for count in [1, 5, 64, 999, 1000] {
            let mut nearest = Nearest::new(count);
            squares.iter().enumerate().for_each(|(index, square)| nearest.offer(*square, index));
            assert_eq!(nearest.sorted(), all[..count], "{count}");
        }
        assert_eq!(square_distance(&[1.0; 7], &[3.0; 7]), 28.0);
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
