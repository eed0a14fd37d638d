//! Support vector classifier with a kernel; more than two classes by one against one.
//!
//! The layout of `dual_coef` and the votes are those of libsvm (Chang and Lin 2011), which
//! scikit-learn uses: of the pair of classes i < j, vectors of class i carry row j - 1 and
//! vectors of class j carry row i, and a positive decision is a vote for i. With two classes the
//! one decision is turned so that positive means the second, as scikit-learn reports it.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1};

use super::kernel::{self, Kernel};
use super::labels::{Classes, largest};
use super::{Model, ModelError, Predictions, Rows};
use crate::base::{Array, DType, Metadata, Parameters, kinds};

/// How the decisions of pairs become decision values of classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DecisionShape {
    Pairs,
    Classes,
    ClassesOfAllRows,
}

/// A support vector classifier over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct SupportVectorClassifier {
    support_vectors: Array,
    dual_coef: Array,
    intercept: Array,
    support_counts: Array,
    classes: Classes,
    /// The a and b of each pair's probability.
    probability: Option<(Array, Array)>,
    kernel: Kernel,
    zero_is_second: bool,
    shape: DecisionShape,
    break_ties: bool,
    entries: Metadata,
}

const KIND: &str = "support_vector_classifier";

impl SupportVectorClassifier {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let model = SupportVectorClassifier {
            support_vectors: parameters.array("support_vectors")?.clone(),
            dual_coef: parameters.array("dual_coef")?.clone(),
            intercept: parameters.array("intercept")?.clone(),
            support_counts: parameters.array("support_counts")?.clone(),
            classes: Classes::from_parameters(parameters)?,
            probability: match (parameters.get("probability_a"), parameters.get("probability_b")) {
                (Some(a), Some(b)) => Some((a.clone(), b.clone())),
                _ => None,
            },
            kernel: Kernel::from_parameters(parameters)?,
            zero_is_second: parameters.text("zero_decision").is_ok_and(|text| text == "second"),
            shape: match parameters.text("decision_shape") {
                Ok("classes") => DecisionShape::Classes,
                Ok("classes_of_all_rows") => DecisionShape::ClassesOfAllRows,
                _ => DecisionShape::Pairs,
            },
            break_ties: parameters.boolean("break_ties").unwrap_or(false),
            entries: super::entries_of(kind, parameters),
        };
        let classes = model.classes.len();
        let pairs = classes.checked_mul(classes.saturating_sub(1)).map(|twice| twice / 2);
        let fits = classes >= 2
            && model.dual_coef.shape().first() == Some(&(classes - 1))
            && pairs == Some(model.intercept.element_count());
        if let Some((a, _)) = &model.probability
            && pairs != Some(a.element_count())
        {
            return Err(ModelError::Invalid {
                array: "probability_a",
                index: 0,
                expected: "a number for each pair of classes".into(),
                found: format!("{} for {classes} classes", a.element_count()),
            });
        }
        if fits {
            return Ok(model);
        }
        Err(ModelError::Invalid {
            array: "dual_coef",
            index: 0,
            expected: "two classes or more, a row for each but one, an intercept a pair".into(),
            found: format!(
                "{classes} classes, dual_coef of shape {:?}, {} intercepts",
                model.dual_coef.shape(),
                model.intercept.element_count()
            ),
        })
    }

    /// First vector of each class and one past the last.
    fn starts(&self) -> Result<Vec<usize>, ModelError> {
        let vectors = self.support_vectors.shape().first().copied().unwrap_or(0);
        let mut starts = vec![0usize];
        let mut end = 0usize;
        for (index, count) in self.support_counts.as_slice::<i64>()?.iter().enumerate() {
            let next = usize::try_from(*count).ok().and_then(|count| end.checked_add(count));
            end = next.filter(|next| *next <= vectors).ok_or_else(|| ModelError::Invalid {
                array: "support_counts",
                index,
                expected: format!("counts that add up to {vectors}"),
                found: count.to_string(),
            })?;
            starts.push(end);
        }
        if end == vectors {
            return Ok(starts);
        }
        Err(ModelError::Invalid {
            array: "support_counts",
            index: 0,
            expected: format!("counts that add up to {vectors}"),
            found: end.to_string(),
        })
    }

    /// One decision a pair of classes, in the order (0, 1), (0, 2), ..., (1, 2), ...
    fn decisions(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, ModelError> {
        super::check_rows(self.n_features(), &rows)?;
        let starts = self.starts()?;
        let features = self.n_features();
        let vectors = self.support_vectors.as_slice::<f64>()?;
        let dual_coef = self.dual_coef.as_slice::<f64>()?;
        let intercept = self.intercept.as_slice::<f64>()?;
        let count = starts.last().copied().unwrap_or(0);
        let classes = self.classes.len();
        let mut decisions = Array2::zeros((rows.nrows(), intercept.len()));
        let mut row_values = vec![0.0; features];
        let mut kernel = vec![0.0; count];
        for (row, mut target) in rows.outer_iter().zip(decisions.outer_iter_mut()) {
            row_values.iter_mut().zip(row).for_each(|(value, x)| *value = *x);
            for (index, value) in kernel.iter_mut().enumerate() {
                *value = self.kernel.apply(&row_values, &vectors[index * features..][..features]);
            }
            // The second class is added to the sum of the first, as libsvm does.
            let add = |sum: f64, row: usize, class: usize| -> f64 {
                let range = starts[class]..starts[class + 1];
                let weights = &dual_coef[row * count..][..count];
                range.fold(sum, |sum, index| sum + weights[index] * kernel[index])
            };
            for (((i, j), value), constant) in pairs(classes).zip(target.iter_mut()).zip(intercept)
            {
                *value = add(add(0.0, j - 1, i), i, j) + constant;
            }
        }
        Ok(decisions)
    }

    /// Votes of each class, and something less than a vote by the sum of its decisions: what
    /// scikit-learn reports one value a class by.
    fn by_class(&self, decisions: &Array2<f64>, shape: DecisionShape) -> Array2<f64> {
        let classes = self.classes.len();
        let mut votes = Array2::zeros((decisions.nrows(), classes));
        let mut sums = Array2::<f64>::zeros((decisions.nrows(), classes));
        for (row, decisions) in decisions.outer_iter().enumerate() {
            for ((i, j), value) in pairs(classes).zip(decisions) {
                sums[[row, i]] += value;
                sums[[row, j]] -= value;
                votes[[row, if *value < 0.0 { j } else { i }]] += 1.0;
            }
        }
        if shape == DecisionShape::ClassesOfAllRows {
            // scikit-learn 0.20 scales by the largest sum of all rows that were asked together.
            let largest = sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let smallest = sums.iter().copied().fold(f64::INFINITY, f64::min);
            if largest != smallest {
                let scale = (0.5 - f64::EPSILON) / largest.abs().max(smallest.abs());
                votes += &(sums * scale);
            }
        } else {
            votes += &sums.mapv(|sum| sum / (3.0 * (sum.abs() + 1.0)));
        }
        votes
    }

    fn vote(&self, decisions: ArrayView1<'_, f64>, votes: &mut [f64]) -> usize {
        votes.fill(0.0);
        for ((i, j), value) in pairs(votes.len()).zip(decisions) {
            votes[if *value > 0.0 { i } else { j }] += 1.0;
        }
        largest(votes.iter().copied())
    }

    fn arrays(&self) -> Vec<(&'static str, &Array)> {
        let mut arrays = vec![
            ("support_vectors", &self.support_vectors),
            ("dual_coef", &self.dual_coef),
            ("intercept", &self.intercept),
            ("support_counts", &self.support_counts),
            ("classes", self.classes.array()),
        ];
        if let Some((a, b)) = &self.probability {
            arrays.extend([("probability_a", a), ("probability_b", b)]);
        }
        arrays
    }
}

/// Every pair of classes: (0, 1), (0, 2), ..., (1, 2), ...
fn pairs(classes: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..classes).flat_map(move |i| (i + 1..classes).map(move |j| (i, j)))
}

/// Probabilities of the classes from those of each pair, `pairwise[i][j]` that of i against j:
/// the second approach of Wu, Lin and Weng (2004), iterated and ended as in libsvm, so that
/// even what is left of the error is the same.
fn couple(pairwise: &Array2<f64>, mut target: ArrayViewMut1<'_, f64>) {
    let k = pairwise.nrows();
    let r = |i: usize, j: usize| pairwise[[i, j]];
    let mut q = Array2::<f64>::zeros((k, k));
    for t in 0..k {
        for j in (0..k).filter(|j| *j != t) {
            q[[t, t]] += r(j, t) * r(j, t);
            q[[t, j]] = if j < t { q[[j, t]] } else { -r(j, t) * r(t, j) };
        }
    }
    let mut p = vec![1.0 / k as f64; k];
    let mut qp = vec![0.0; k];
    let limit = 0.005 / k as f64;
    for _ in 0..k.max(100) {
        let mut pqp = 0.0;
        for t in 0..k {
            qp[t] = (0..k).fold(0.0, |sum, j| sum + q[[t, j]] * p[j]);
            pqp += p[t] * qp[t];
        }
        let error = qp.iter().map(|value| (value - pqp).abs()).fold(0.0, f64::max);
        if error < limit {
            break;
        }
        for t in 0..k {
            let diff = (-qp[t] + pqp) / q[[t, t]];
            p[t] += diff;
            pqp = (pqp + diff * (diff * q[[t, t]] + 2.0 * qp[t])) / (1.0 + diff) / (1.0 + diff);
            for j in 0..k {
                qp[j] = (qp[j] + diff * q[[t, j]]) / (1.0 + diff);
                p[j] /= 1.0 + diff;
            }
        }
    }
    target.iter_mut().zip(p).for_each(|(target, p)| *target = p);
}

/// libsvm's `sigmoid_predict`: 1 / (1 + exp(a d + b)), kept away from 0 and 1.
fn pair_probability(decision: f64, a: f64, b: f64) -> f64 {
    const LEAST: f64 = 1e-7;
    let z = decision * a + b;
    let probability =
        if z >= 0.0 { (-z).exp() / (1.0 + (-z).exp()) } else { 1.0 / (1.0 + z.exp()) };
    probability.clamp(LEAST, 1.0 - LEAST)
}

impl Model for SupportVectorClassifier {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        self.support_vectors.shape().get(1).copied().unwrap_or(0)
    }

    fn to_parameters(&self) -> Parameters {
        super::assemble(KIND, self.entries.clone(), self.arrays())
    }

    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        let decisions = self.decisions(rows.numbers()?.view())?;
        let classes = self.classes.len();
        let indices: Vec<usize> = if classes == 2 {
            let second = |value: &f64| *value > 0.0 || (self.zero_is_second && *value == 0.0);
            let choose = |row: ArrayView1<'_, f64>| usize::from(row.iter().any(second));
            decisions.outer_iter().map(choose).collect()
        } else if self.break_ties {
            let values = self.by_class(&decisions, DecisionShape::Classes);
            values.outer_iter().map(|row| largest(row.iter().copied())).collect()
        } else {
            let mut votes = vec![0.0; classes];
            decisions.outer_iter().map(|row| self.vote(row, &mut votes)).collect()
        };
        self.classes.label(&indices)
    }

    fn predict_proba(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        let Some((a, b)) = &self.probability else {
            return Err(ModelError::Unsupported { kind: KIND, method: "predict_proba" });
        };
        let mut decisions = self.decisions(rows.numbers()?.view())?;
        let classes = self.classes.len();
        if classes == 2 {
            decisions.mapv_inplace(|value| -value);
        }
        let (a, b) = (a.as_slice::<f64>()?, b.as_slice::<f64>()?);
        let mut probabilities = Array2::zeros((decisions.nrows(), classes));
        let mut pairwise = Array2::zeros((classes, classes));
        for (row, target) in decisions.outer_iter().zip(probabilities.outer_iter_mut()) {
            for ((((i, j), decision), a), b) in pairs(classes).zip(row).zip(a).zip(b) {
                let probability = pair_probability(*decision, *a, *b);
                pairwise[[i, j]] = probability;
                pairwise[[j, i]] = 1.0 - probability;
            }
            couple(&pairwise, target);
        }
        Ok(probabilities)
    }

    /// One column for two classes, positive for the second; else as `decision_shape` says.
    fn decision_function(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        let decisions = self.decisions(rows.numbers()?.view())?;
        if self.classes.len() == 2 || self.shape == DecisionShape::Pairs {
            return Ok(decisions);
        }
        Ok(self.by_class(&decisions, self.shape))
    }

    fn decides_together(&self) -> bool {
        self.classes.len() > 2 && self.shape == DecisionShape::ClassesOfAllRows
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.starts()?;
        kernel::validate(&self.entries)?;
        for (name, array) in self.arrays() {
            if array.dtype() == DType::F64 && name != "classes" {
                super::check_finite(name, array.as_slice()?)?;
            }
        }
        self.classes.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three classes on a line at 0, 1 and 2, one vector each, linear kernel.
    fn three() -> Parameters {
        let mut parameters = Parameters::new(KIND, 1)
            .with("kernel", "linear")
            .with("gamma", 1.0)
            .with("coef0", 0.0)
            .with("degree", 3i64);
        let f = |values: &[f64], shape: &[usize]| Array::from_vec(values.to_vec(), shape).unwrap();
        parameters.insert("support_vectors", f(&[0.0, 1.0, 2.0], &[3, 1])).unwrap();
        // Pairs (0, 1): -2x + 1; (0, 2): -x + 1; (1, 2): -2x + 3.
        let dual = [0.0, -2.0, -0.5, 0.0, 0.0, -1.0];
        parameters.insert("dual_coef", f(&dual, &[2, 3])).unwrap();
        parameters.insert("intercept", f(&[1.0, 1.0, 3.0], &[3])).unwrap();
        let counts = Array::from_vec(vec![1i64, 1, 1], &[3]).unwrap();
        parameters.insert("support_counts", counts).unwrap();
        parameters.insert("classes", Array::from_texts(&["a", "b", "c"], &[3]).unwrap()).unwrap();
        parameters
    }

    #[test]
    fn pairs_vote_as_in_libsvm() {
        let model = SupportVectorClassifier::from_parameters(&three()).unwrap();
        let rows = ndarray::array![[-1.0], [1.0], [4.0]];
        let decisions = model.decision_function(rows.view().into()).unwrap();
        // (0,1): row 0 of class 0 (0) + row 0 of class 1 (-2 * x * 1) + 1, and so on.
        assert_eq!(decisions.row(0).to_vec(), [3.0, 2.0, 5.0]);
        assert_eq!(decisions.row(1).to_vec(), [-1.0, 0.0, 1.0]);
        assert_eq!(
            model.predict(rows.view().into()).unwrap(),
            Predictions::Texts(vec!["a".into(), "b".into(), "c".into()])
        );
    }

    #[test]
    fn counts_that_lie_are_refused() {
        for counts in [vec![1i64, 1, 2], vec![1, -1, 3], vec![i64::MAX, 1, 1], vec![1, 1, 0]] {
            let good = three();
            let mut bad = Parameters::new(KIND, 1).with_metadata(good.metadata().clone());
            for (name, array) in good.arrays() {
                let array = match name {
                    "support_counts" => Array::from_vec(counts.clone(), &[3]).unwrap(),
                    _ => array.clone(),
                };
                bad.insert(name, array).unwrap();
            }
            let model = SupportVectorClassifier::from_parameters(&bad).unwrap();
            assert!(model.validate().is_err());
            assert!(model.predict(ndarray::array![[0.0]].view().into()).is_err());
        }
    }
}
