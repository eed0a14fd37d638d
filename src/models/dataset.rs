//! Data to train on: real sets that come with linfa, and a seeded generator.
//!
//! The same seed gives the same data on every machine: ChaCha8 is portable, and nothing here
//! depends on the order of a hash map or of threads.

use std::fmt;

use ndarray::{Array2, ArrayView1, Axis, s};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// What a row is to be predicted as.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// Index of a class, below the number of classes.
    Classes(Vec<usize>),
    /// A value.
    Values(Vec<f64>),
}

/// Rows and what they are to be predicted as.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Rows by features.
    pub rows: Array2<f64>,
    /// One target a row.
    pub targets: Targets,
}

/// Where data comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Source {
    /// Fisher's iris: 150 rows, 4 features, 3 classes.
    Iris,
    /// Diabetes progression (Efron et al. 2004): 441 rows, 10 features, a value. The study has
    /// 442: linfa-datasets 0.8.1 takes the first for a header.
    Diabetes,
    /// Red wine quality (Cortez et al. 2009): 1,599 rows, 11 features; good (6 and more) or not.
    WineQuality,
    /// Made by [`Classification::generate`].
    Generated(Classification),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Iris => f.write_str("iris, 150 x 4"),
            Source::Diabetes => f.write_str("diabetes, 441 x 10"),
            Source::WineQuality => f.write_str("winequality (6 and more against less), 1599 x 11"),
            Source::Generated(c) => write!(
                f,
                "generated classification, {} x {}, {} informative, {} redundant, {} classes, separation {}, {} % labels flipped, seed {}",
                c.rows,
                c.features,
                c.informative,
                c.redundant,
                c.classes,
                c.class_separation,
                c.flipped * 100.0,
                c.seed
            ),
        }
    }
}

impl Source {
    /// Loads or generates the data.
    pub fn load(&self) -> Dataset {
        match self {
            Source::Iris => {
                let (rows, targets) = plain(linfa_datasets::iris());
                Dataset { rows, targets: Targets::Classes(targets) }
            }
            Source::Diabetes => {
                let (rows, targets) = plain(linfa_datasets::diabetes());
                Dataset { rows, targets: Targets::Values(targets) }
            }
            Source::WineQuality => {
                let (rows, targets) = plain(linfa_datasets::winequality());
                let good = targets.into_iter().map(|quality| usize::from(quality >= 6)).collect();
                Dataset { rows, targets: Targets::Classes(good) }
            }
            Source::Generated(classification) => classification.generate(),
        }
    }

    /// Names of the classes, where the data has names.
    pub fn class_names(&self) -> Option<&'static [&'static str]> {
        match self {
            Source::Iris => Some(&["setosa", "versicolor", "virginica"]),
            _ => None,
        }
    }
}

fn plain<T: Clone>(dataset: linfa::Dataset<f64, T, ndarray::Ix1>) -> (Array2<f64>, Vec<T>) {
    let targets = dataset.targets.iter().cloned().collect();
    (dataset.records, targets)
}

impl Dataset {
    /// The rows of indices.
    fn select(&self, indices: &[usize]) -> Dataset {
        let targets = match &self.targets {
            Targets::Classes(all) => Targets::Classes(indices.iter().map(|i| all[*i]).collect()),
            Targets::Values(all) => Targets::Values(indices.iter().map(|i| all[*i]).collect()),
        };
        Dataset { rows: self.rows.select(Axis(0), indices), targets }
    }

    /// Shuffles and splits into a part to train on and a part to test on.
    pub fn split(&self, test_share: f64, seed: u64) -> (Dataset, Dataset) {
        let mut order: Vec<usize> = (0..self.rows.nrows()).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let test = (order.len() as f64 * test_share).round() as usize;
        let (test, train) = order.split_at(test.min(order.len()));
        (self.select(train), self.select(test))
    }

    /// Mean and standard deviation of each feature; 1 in place of a deviation of 0.
    pub fn scaling(&self) -> Vec<(f64, f64)> {
        let of_column = |column: ArrayView1<'_, f64>| {
            let deviation = column.std(0.0);
            (column.mean().unwrap_or(0.0), if deviation > 0.0 { deviation } else { 1.0 })
        };
        self.rows.columns().into_iter().map(of_column).collect()
    }

    /// The same with each mean subtracted and divided by each deviation.
    pub fn scaled(&self, scaling: &[(f64, f64)]) -> Dataset {
        let mut rows = self.rows.clone();
        for (mut column, (mean, deviation)) in rows.columns_mut().into_iter().zip(scaling) {
            column.mapv_inplace(|value| (value - mean) / deviation);
        }
        Dataset { rows, targets: self.targets.clone() }
    }
}

/// A seeded classification problem after `make_classification` of scikit-learn
/// (`sklearn/datasets/_samples_generator.py`): clusters of normal points around the corners of
/// a hypercube, redundant features as random combinations of the informative ones, noise
/// features, flipped labels, and everything shuffled. The random numbers differ from numpy's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Classification {
    /// Number of rows.
    pub rows: usize,
    /// Number of features.
    pub features: usize,
    /// Features that carry the classes.
    pub informative: usize,
    /// Features that are combinations of those.
    pub redundant: usize,
    /// Number of classes.
    pub classes: usize,
    /// Clusters of each class.
    pub clusters_per_class: usize,
    /// Half the edge of the hypercube: larger is easier.
    pub class_separation: f64,
    /// Share of the rows whose label is drawn anew.
    pub flipped: f64,
    /// Seed.
    pub seed: u64,
}

impl Classification {
    /// Makes the data.
    ///
    /// # Panics
    /// When the hypercube has fewer corners than there are clusters, or there are more
    /// informative and redundant features than features.
    pub fn generate(&self) -> Dataset {
        let clusters = self.classes * self.clusters_per_class;
        assert!(
            self.informative < 31 && clusters <= 1 << self.informative,
            "{clusters} clusters need as many corners"
        );
        assert!(self.informative + self.redundant <= self.features, "too many features asked for");
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut rows = Array2::from_shape_simple_fn((self.rows, self.features), || {
            StandardNormal.sample(&mut rng)
        });
        let corners = distinct_corners(self.informative, clusters, &mut rng);
        let mut classes = vec![0; self.rows];
        for (cluster, corner) in corners.iter().enumerate() {
            let uniform = |rng: &mut ChaCha8Rng| 2.0 * rng.random::<f64>() - 1.0;
            let mixing = Array2::from_shape_simple_fn((self.informative, self.informative), || {
                uniform(&mut rng)
            });
            for index in (cluster..self.rows).step_by(clusters) {
                let point = rows.slice(s![index, ..self.informative]).dot(&mixing);
                for feature in 0..self.informative {
                    let side = if corner >> feature & 1 == 1 { 1.0 } else { -1.0 };
                    rows[[index, feature]] = point[feature] + side * self.class_separation;
                }
                classes[index] = cluster % self.classes;
            }
        }
        let combining = Array2::from_shape_simple_fn((self.informative, self.redundant), || {
            2.0 * rng.random::<f64>() - 1.0
        });
        let redundant = rows.slice(s![.., ..self.informative]).dot(&combining);
        rows.slice_mut(s![.., self.informative..self.informative + self.redundant])
            .assign(&redundant);
        for class in &mut classes {
            if rng.random::<f64>() < self.flipped {
                *class = rng.random_range(0..self.classes);
            }
        }
        let mut columns: Vec<usize> = (0..self.features).collect();
        columns.shuffle(&mut rng);
        let mut order: Vec<usize> = (0..self.rows).collect();
        order.shuffle(&mut rng);
        let dataset =
            Dataset { rows: rows.select(Axis(1), &columns), targets: Targets::Classes(classes) };
        dataset.select(&order)
    }
}

/// Different corners of a hypercube, as the bits of a number.
fn distinct_corners(dimensions: usize, count: usize, rng: &mut ChaCha8Rng) -> Vec<u64> {
    let mut corners = Vec::with_capacity(count);
    while corners.len() < count {
        let corner = rng.random_range(0..1u64 << dimensions);
        if !corners.contains(&corner) {
            corners.push(corner);
        }
    }
    corners
}

/// Share of predictions that are right.
pub fn accuracy(found: &[usize], expected: &[usize]) -> f64 {
    let right = found.iter().zip(expected).filter(|(found, expected)| found == expected).count();
    right as f64 / expected.len().max(1) as f64
}

/// Coefficient of determination: 1 - residual sum of squares / total sum of squares.
pub fn r2(found: ArrayView1<'_, f64>, expected: &[f64]) -> f64 {
    let mean = expected.iter().sum::<f64>() / expected.len().max(1) as f64;
    let residual: f64 = found.iter().zip(expected).map(|(a, b)| (a - b) * (a - b)).sum();
    let total: f64 = expected.iter().map(|value| (value - mean) * (value - mean)).sum();
    1.0 - residual / total
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBLEM: Classification = Classification {
        rows: 4000,
        features: 12,
        informative: 4,
        redundant: 3,
        classes: 3,
        clusters_per_class: 2,
        class_separation: 2.0,
        flipped: 0.0,
        seed: 1,
    };

    #[test]
    fn the_generator_is_seeded_balanced_and_flips_what_it_says() {
        let data = PROBLEM.generate();
        assert_eq!(data.rows.dim(), (4000, 12));
        assert_eq!(data, PROBLEM.generate());
        assert_ne!(data, Classification { seed: 2, ..PROBLEM }.generate());
        let Targets::Classes(classes) = &data.targets else { panic!() };
        for class in 0..3 {
            let count = classes.iter().filter(|found| **found == class).count();
            assert!((1300..=1400).contains(&count), "{count}");
        }
        let flipped = Classification { flipped: 0.3, ..PROBLEM }.generate();
        let Targets::Classes(flipped) = flipped.targets else { panic!() };
        // Rows are shuffled alike only up to the flips, so the counts are compared: a third of
        // the flipped labels fall on the same class again.
        assert_ne!(&flipped, classes);
    }

    #[test]
    fn a_split_loses_and_repeats_no_row() {
        let data = PROBLEM.generate();
        let (train, test) = data.split(0.3, 42);
        assert_eq!((train.rows.nrows(), test.rows.nrows()), (2800, 1200));
        let sum = train.rows.sum() + test.rows.sum();
        assert!((sum - data.rows.sum()).abs() < 1e-6);
    }

    #[test]
    fn metrics_are_those_of_the_definition() {
        assert_eq!(accuracy(&[1, 0, 1, 1], &[1, 0, 0, 1]), 0.75);
        assert_eq!(r2(ndarray::array![1.0, 2.0, 3.0].view(), &[1.0, 2.0, 3.0]), 1.0);
        assert_eq!(r2(ndarray::array![2.0, 2.0, 2.0].view(), &[1.0, 2.0, 3.0]), 0.0);
    }

    #[test]
    fn real_data_is_there() {
        assert_eq!(Source::Iris.load().rows.dim(), (150, 4));
        assert_eq!(Source::Diabetes.load().rows.dim(), (441, 10));
        assert_eq!(Source::WineQuality.load().rows.dim(), (1599, 11));
    }
}
