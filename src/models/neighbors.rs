//! What nearest neighbours models share: the training rows, the search and the weights.

use ndarray::ArrayView2;

use super::ModelError;
use super::nearest::{Heap, Metric, Nearest, Order, by_products, square_distance, square_length};
use super::neighbor_tree::{Shape, Tree};
use super::partition::Partition;
use crate::base::{Array, Parameters};

/// Which of equally near rows are taken.
#[derive(Debug, Clone)]
enum Ties {
    First,
    Heap,
    Partition,
    Tree(Box<Tree>),
}

/// Training rows and how the nearest of them are found and weighed.
#[derive(Debug, Clone)]
pub(super) struct Neighbors {
    data: Array,
    /// Of rows whose squares were summed in an order of their own.
    square_lengths: Option<Array>,
    n_neighbors: usize,
    metric: Metric,
    pub(super) by_distance: bool,
    ties: Ties,
}

/// Rows that are searched for in one pass over the data: a pass waits for memory, not for sums.
const TOGETHER: usize = 8;

impl Neighbors {
    /// Takes arrays and entries from parameters whose kind was checked.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
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
        let metric = match parameters.text("metric")? {
            "euclidean_by_products" => {
                Metric::EuclideanByProducts(match parameters.text("row_order") {
                    Ok("ascending") => Order::Ascending,
                    Ok("descending") => Order::Descending,
                    _ => Order::Dense,
                })
            }
            "euclidean_by_fused_products" => Metric::EuclideanByProducts(Order::Fused),
            "manhattan" => Metric::Manhattan,
            "chebyshev" => Metric::Chebyshev,
            "cosine" => Metric::Cosine,
            "minkowski" => Metric::Minkowski(parameters.float("p")?),
            _ => Metric::Euclidean,
        };
        let ties = match parameters.text("search") {
            Ok("heap") => Ties::Heap,
            Ok("partition") => Ties::Partition,
            Ok("kd_tree") => Ties::Tree(Box::new(Tree::from_parameters(parameters, Shape::Boxes)?)),
            Ok("ball_tree") => {
                Ties::Tree(Box::new(Tree::from_parameters(parameters, Shape::Balls)?))
            }
            _ => Ties::First,
        };
        let by_distance = parameters.text("weights")? == "distance";
        let square_lengths = parameters.get("square_lengths").cloned();
        Ok(Neighbors { data, square_lengths, n_neighbors, metric, by_distance, ties })
    }

    pub(super) fn n_features(&self) -> usize {
        self.data.shape().get(1).copied().unwrap_or(0)
    }

    /// The data and, where there is one, the tree.
    pub(super) fn arrays(&self) -> Vec<(&'static str, &Array)> {
        let mut arrays = vec![("data", &self.data)];
        arrays.extend(self.square_lengths.iter().map(|array| ("square_lengths", array)));
        if let Ties::Tree(tree) = &self.ties {
            arrays.extend(tree.arrays());
        }
        arrays
    }

    /// Calls `found` for each row with the indices of its neighbours, the nearest first, and their
    /// weights.
    pub(super) fn each(
        &self,
        rows: ArrayView2<'_, f64>,
        mut found: impl FnMut(usize, &[usize], &[f64]) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        super::check_rows(self.n_features(), &rows)?;
        let data = self.data.as_slice::<f64>()?;
        let (mut indices, mut weights) = (Vec::new(), Vec::new());
        let mut report = |row: usize, nearest: Vec<(f64, usize)>| {
            indices.clear();
            indices.extend(nearest.iter().map(|(_, index)| *index));
            self.weigh(&nearest, &mut weights);
            found(row, &indices, &weights)
        };
        let search = match &self.ties {
            Ties::Tree(tree) => Some(tree.search(data, self.n_features(), self.metric)?),
            Ties::First | Ties::Heap | Ties::Partition => None,
        };
        if let Some(search) = search {
            for (index, row) in rows.outer_iter().enumerate() {
                let mut heap = Heap::new(self.n_neighbors);
                search.nearest(&row.to_vec(), &mut heap)?;
                report(index, heap.sorted())?;
            }
            return Ok(());
        }
        for first in (0..rows.nrows()).step_by(TOGETHER) {
            let last = rows.nrows().min(first + TOGETHER);
            let together = (first..last).map(|row| rows.row(row).to_vec()).collect();
            let nearest = match self.ties {
                Ties::Heap => self.scan(data, together, Heap::new, Heap::push, Heap::merged),
                Ties::Partition => {
                    self.scan(data, together, Partition::new, Partition::offer, Partition::sorted)
                }
                _ => self.scan(data, together, Nearest::new, Nearest::offer, Nearest::sorted),
            }?;
            for (row, nearest) in (first..last).zip(nearest) {
                report(row, nearest)?;
            }
        }
        Ok(())
    }

    /// Looks at all of the data for a few rows at once.
    fn scan<K>(
        &self,
        data: &[f64],
        rows: Vec<Vec<f64>>,
        new: fn(usize) -> K,
        offer: fn(&mut K, f64, usize),
        sorted: fn(K) -> Vec<(f64, usize)>,
    ) -> Result<Vec<Vec<(f64, usize)>>, ModelError> {
        let mut searches: Vec<_> =
            rows.into_iter().map(|row| (row, new(self.n_neighbors))).collect();
        let length = |row: &[f64]| match self.metric {
            Metric::EuclideanByProducts(order) => square_length(row, order),
            _ => 0.0,
        };
        let known = self.square_lengths.as_ref().map(Array::as_slice::<f64>).transpose()?;
        let lengths: Vec<f64> = searches.iter().map(|(row, _)| length(row)).collect();
        // `max` because rows without features have no chunks to speak of.
        for (index, sample) in data.chunks_exact(self.n_features().max(1)).enumerate() {
            let known = known.and_then(|known| known.get(index)).copied();
            let of_sample = known.unwrap_or_else(|| length(sample));
            for ((values, kept), of_row) in searches.iter_mut().zip(&lengths) {
                let reduced = match self.metric {
                    Metric::Euclidean => square_distance(sample, values),
                    Metric::EuclideanByProducts(order) => {
                        by_products(values, *of_row, sample, of_sample, order)
                    }
                    metric => metric.reduced(values, sample),
                };
                offer(kept, reduced, index);
            }
        }
        Ok(searches.into_iter().map(|(_, kept)| sorted(kept)).collect())
    }

    /// Weight of each neighbour: one, or one divided by its distance; where that is infinite only
    /// those count, as in scikit-learn.
    fn weigh(&self, nearest: &[(f64, usize)], weights: &mut Vec<f64>) {
        weights.clear();
        if !self.by_distance {
            weights.resize(nearest.len(), 1.0);
            return;
        }
        weights.extend(nearest.iter().map(|(reduced, _)| 1.0 / self.metric.distance(*reduced)));
        if weights.iter().any(|weight| weight.is_infinite()) {
            weights
                .iter_mut()
                .for_each(|weight| *weight = f64::from(u8::from(weight.is_infinite())));
        }
    }

    pub(super) fn validate(&self) -> Result<(), ModelError> {
        super::check_finite("data", self.data.as_slice()?)?;
        if let Some(lengths) = &self.square_lengths {
            super::check_finite("square_lengths", lengths.as_slice()?)?;
        }
        if let Metric::Minkowski(p) = self.metric
            && !(p.is_finite() && p > 0.0)
        {
            let (expected, found) = ("a positive number".into(), p.to_string());
            return Err(ModelError::Entry { entry: "p", expected, found });
        }
        match &self.ties {
            Ties::Tree(tree) => tree.validate(),
            Ties::First | Ties::Heap | Ties::Partition => Ok(()),
        }
    }
}
