//! Metrics of predictions against labels, computed and never believed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::StoreError;
use crate::models::Predictions;

/// What is right, a row each.
#[derive(Debug, Clone, PartialEq)]
pub enum Labels {
    /// Values of a regression, or classes that are numbers; false and true are 0 and 1.
    Numbers(Vec<f64>),
    /// The same as whole numbers. Classes of more than 53 bits are different ones only here.
    Integers(Vec<i64>),
    /// Classes that are texts.
    Texts(Vec<String>),
}

impl Labels {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Labels::Numbers(labels) => labels.len(),
            Labels::Integers(labels) => labels.len(),
            Labels::Texts(labels) => labels.len(),
        }
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// There is a label for each of so many rows, and each can be compared with something.
    ///
    /// # Errors
    /// [`StoreError::Labels`] with both counts, or with the row whose label is NaN.
    pub fn check(&self, rows: usize) -> Result<(), StoreError> {
        let failed = |message| Err(StoreError::Labels { message });
        if self.len() != rows || self.is_empty() {
            let found = self.len();
            return failed(format!("expected a label for each of {rows} rows, found {found}"));
        }
        let Labels::Numbers(labels) = self else { return Ok(()) };
        match labels.iter().position(|label| label.is_nan()) {
            Some(row) => {
                let row = row.saturating_add(1);
                failed(format!("row {row}: expected a number, found NaN or nothing"))
            }
            None => Ok(()),
        }
    }
}

/// A class that is a number: the same one is equal, whatever type it was stored as.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Whole(i64),
    /// The bits of a number that no `i64` is.
    Other(u64),
}

impl From<f64> for Class {
    fn from(value: f64) -> Self {
        const END: f64 = 9_223_372_036_854_775_808.0;
        match value.fract() == 0.0 && (-END..END).contains(&value) {
            // Exact: it is whole, and in the range. Both zeros are one class.
            true => Class::Whole(value as i64),
            false => Class::Other(value.to_bits()),
        }
    }
}

impl From<i64> for Class {
    fn from(value: i64) -> Self {
        Class::Whole(value)
    }
}

/// The metrics that are computed, with their definitions.
pub const METRICS: &[(&str, &str)] = &[
    ("accuracy", "share of rows whose class is right"),
    ("error_rate", "share of rows whose class is wrong"),
    (
        "precision_macro",
        "mean over the classes of right ones among those predicted so; 0 where none was",
    ),
    (
        "recall_macro",
        "mean over the classes of right ones among those that are so; 0 where none is",
    ),
    ("f1_macro", "mean over the classes of the harmonic mean of precision and recall"),
    ("mae", "mean of the absolute error"),
    ("mse", "mean of the squared error"),
    ("rmse", "square root of mse"),
    ("r2", "1 - mse / variance of the labels"),
];

/// Computes a metric.
///
/// ```
/// use deadweight::models::Predictions;
/// use deadweight::store::metrics::{Labels, compute};
/// let predicted = Predictions::Integers(vec![0, 1, 1, 0]);
/// let labels = Labels::Numbers(vec![0.0, 1.0, 0.0, 0.0]);
/// assert_eq!(compute("accuracy", &predicted, &labels)?, 0.75);
/// # Ok::<(), deadweight::store::StoreError>(())
/// ```
///
/// # Errors
/// [`StoreError::Labels`] as [`Labels::check`]; [`StoreError::Metric`] when it is not known, the labels
/// are of another type than the predictions, or the result is no finite number.
pub fn compute(name: &str, predicted: &Predictions, labels: &Labels) -> Result<f64, StoreError> {
    let failed = |message: String| StoreError::Metric { name: name.to_owned(), message };
    if !METRICS.iter().any(|(known, _)| *known == name) {
        return Err(failed("it is not known how to compute it".to_owned()));
    }
    labels.check(predicted.len())?;
    let value = match name {
        "mae" | "mse" | "rmse" | "r2" => {
            let (predicted, labels) = numbers(predicted, labels).map_err(failed)?;
            regression(name, &predicted, &labels)
        }
        _ => classification(name, &classes(predicted, labels).map_err(failed)?),
    };
    match value.is_finite() {
        true => Ok(value),
        false => {
            Err(StoreError::Metric { name: name.to_owned(), message: format!("it is {value}") })
        }
    }
}

fn numbers<'a>(
    predicted: &Predictions,
    labels: &'a Labels,
) -> Result<(Vec<f64>, Cow<'a, [f64]>), String> {
    let labels = match labels {
        Labels::Numbers(labels) => Cow::Borrowed(labels.as_slice()),
        Labels::Integers(labels) => labels.iter().map(|label| *label as f64).collect(),
        Labels::Texts(_) => {
            return Err("expected labels that are numbers, found texts".to_owned());
        }
    };
    let predicted = match predicted {
        Predictions::Values(values) if values.ncols() == 1 => values.iter().copied().collect(),
        Predictions::Integers(values) => values.iter().map(|value| *value as f64).collect(),
        _ => return Err("expected a model that predicts one number a row".to_owned()),
    };
    Ok((predicted, labels))
}

/// Pairs of predicted and right class, as numbers that stand for them.
fn classes(predicted: &Predictions, labels: &Labels) -> Result<Vec<(usize, usize)>, String> {
    fn ranked<T: Ord + Copy>(pairs: Vec<(T, T)>) -> Vec<(usize, usize)> {
        let all: BTreeSet<T> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
        let ranks: BTreeMap<T, usize> = all.into_iter().zip(0..).collect();
        let rank = |value| ranks.get(value).copied().unwrap_or_default();
        pairs.iter().map(|(a, b)| (rank(a), rank(b))).collect()
    }
    fn numbered<T: Copy + Into<Class>>(values: &[T]) -> Vec<Class> {
        values.iter().map(|value| (*value).into()).collect()
    }
    let predicted = match predicted {
        Predictions::Texts(predicted) => {
            let Labels::Texts(labels) = labels else {
                return Err("expected labels that are texts, found numbers".to_owned());
            };
            let pairs = predicted.iter().zip(labels).map(|(a, b)| (a.as_str(), b.as_str()));
            return Ok(ranked(pairs.collect()));
        }
        Predictions::Integers(predicted) => numbered(predicted),
        Predictions::Booleans(predicted) => {
            predicted.iter().map(|value| Class::Whole(i64::from(*value))).collect()
        }
        Predictions::Values(predicted) if predicted.ncols() == 1 => {
            predicted.iter().map(|value| Class::from(*value)).collect()
        }
        Predictions::Values(_) | Predictions::Outputs(_) => {
            return Err("expected a model that predicts one class a row".to_owned());
        }
    };
    let labels = match labels {
        Labels::Integers(labels) => numbered(labels),
        Labels::Numbers(labels) => numbered(labels),
        Labels::Texts(_) => {
            return Err("expected labels that are numbers, found texts".to_owned());
        }
    };
    Ok(ranked(predicted.into_iter().zip(labels).collect()))
}

fn classification(name: &str, pairs: &[(usize, usize)]) -> f64 {
    let total = pairs.len() as f64;
    let right = pairs.iter().filter(|(predicted, label)| predicted == label).count() as f64;
    match name {
        "accuracy" => return right / total,
        "error_rate" => return (total - right) / total,
        _ => {}
    }
    // Of each class: predicted, so in truth, both.
    let mut counts: BTreeMap<usize, [f64; 3]> = BTreeMap::new();
    for (predicted, label) in pairs {
        let [times, _, both] = counts.entry(*predicted).or_default();
        *times += 1.0;
        *both += f64::from(u8::from(predicted == label));
        let [_, truly, _] = counts.entry(*label).or_default();
        *truly += 1.0;
    }
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let of_class = |[predicted, truly, both]: &[f64; 3]| match name {
        "precision_macro" => share(*both, *predicted),
        "recall_macro" => share(*both, *truly),
        _ => share(2.0 * both, predicted + truly),
    };
    counts.values().map(of_class).sum::<f64>() / counts.len() as f64
}

fn regression(name: &str, predicted: &[f64], labels: &[f64]) -> f64 {
    let rows = labels.len() as f64;
    let errors = predicted.iter().zip(labels).map(|(predicted, label)| predicted - label);
    if name == "mae" {
        return errors.map(f64::abs).sum::<f64>() / rows;
    }
    let mse = errors.map(|error| error * error).sum::<f64>() / rows;
    match name {
        "mse" => mse,
        "rmse" => mse.sqrt(),
        _ => {
            let mean = labels.iter().sum::<f64>() / rows;
            let variance =
                labels.iter().map(|label| (label - mean) * (label - mean)).sum::<f64>() / rows;
            1.0 - mse / variance
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn classes_are_counted_as_defined() {
        let predicted = Predictions::Texts(["a", "a", "b", "c"].map(String::from).to_vec());
        let labels = Labels::Texts(["a", "b", "b", "b"].map(String::from).to_vec());
        let of = |name| compute(name, &predicted, &labels).unwrap();
        assert_eq!(of("accuracy"), 0.5);
        assert_eq!(of("error_rate"), 0.5);
        // Precision: a 1/2, b 1/1, c 0/1; recall: a 1/1, b 1/3, c 0.
        assert_eq!(of("precision_macro"), 0.5);
        assert!((of("recall_macro") - 4.0 / 9.0).abs() < 1e-15);
        // F1: a 2/3, b 1/2, c 0.
        assert!((of("f1_macro") - 7.0 / 18.0).abs() < 1e-15);
        let zeros = Predictions::Values(array![[-0.0], [1.0]]);
        assert_eq!(compute("accuracy", &zeros, &Labels::Numbers(vec![0.0, 1.0])).unwrap(), 1.0);
        let booleans = Predictions::Booleans(vec![true, false]);
        assert_eq!(compute("accuracy", &booleans, &Labels::Numbers(vec![1.0, 1.0])).unwrap(), 0.5);
    }

    #[test]
    fn numbers_are_compared_as_defined() {
        let predicted = Predictions::Values(array![[1.0], [2.0], [5.0]]);
        let labels = Labels::Numbers(vec![1.0, 2.0, 3.0]);
        let of = |name| compute(name, &predicted, &labels).unwrap();
        assert_eq!(of("mse"), 4.0 / 3.0);
        assert_eq!(of("mae"), 2.0 / 3.0);
        assert_eq!(of("rmse"), (4.0f64 / 3.0).sqrt());
        assert_eq!(of("r2"), -1.0);
    }

    #[test]
    fn large_classes_stay_apart() {
        // As f64 all three are 2^53.
        let large = 1i64 << 53;
        let predicted = Predictions::Integers(vec![large, large + 1, -large - 1, i64::MAX]);
        let accuracy = |labels| compute("accuracy", &predicted, &labels).unwrap();
        assert_eq!(accuracy(Labels::Integers(vec![large, large + 1, -large - 1, i64::MAX])), 1.0);
        assert_eq!(accuracy(Labels::Integers(vec![large + 1, large, -large, i64::MAX - 1])), 0.0);
        // Numbers that are whole are the same classes, where there is such a number.
        let ends = vec![large as f64, large as f64, -large as f64, 9_223_372_036_854_775_808.0];
        assert_eq!(accuracy(Labels::Numbers(ends)), 0.25);
        let values = Predictions::Values(array![[9_007_199_254_740_992.0], [0.5]]);
        let labels = Labels::Integers(vec![large + 1, 0]);
        assert_eq!(compute("accuracy", &values, &labels).unwrap(), 0.0);
        assert_eq!(compute("mae", &values, &Labels::Integers(vec![large, 0])).unwrap(), 0.25);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let error = |name: &str, predicted: &Predictions, labels: Labels| {
            compute(name, predicted, &labels).unwrap_err().to_string()
        };
        let integers = Predictions::Integers(vec![1, 0]);
        assert!(error("auc", &integers, Labels::Numbers(vec![1.0, 0.0])).contains("not known"));
        assert!(
            error("accuracy", &integers, Labels::Numbers(vec![1.0]))
                .contains("each of 2 rows, found 1")
        );
        assert!(
            error("accuracy", &integers, Labels::Texts(vec!["a".into(); 2]))
                .contains("found texts")
        );
        assert!(error("r2", &integers, Labels::Numbers(vec![1.0; 2])).contains("it is -inf"));
        for metric in ["accuracy", "mae"] {
            assert_eq!(
                error(metric, &integers, Labels::Numbers(vec![1.0, f64::NAN])),
                "labels: row 2: expected a number, found NaN or nothing"
            );
        }
    }
}
