//! Support vector classifier with a kernel; more than two classes by one against one.
//!
//! The layout of `dual_coef` and the votes are those of libsvm (Chang and Lin 2011), which
//! scikit-learn uses: of the pair of classes i < j, vectors of class i carry row j - 1 and
//! vectors of class j carry row i, and a positive decision is a vote for i. With two classes the
//! one decision is turned so that positive means the second, as scikit-learn reports it.

use ndarray::{Array2, ArrayView2};

use super::labels::{Classes, largest};
use super::{Model, ModelError, Predictions, Rows};
use crate::base::{Array, Metadata, Parameters, Value, kinds};

#[derive(Debug, Clone, Copy)]
enum Kernel {
    Linear,
    Rbf { gamma: f64 },
    Poly { gamma: f64, coef0: f64, degree: i32 },
    Sigmoid { gamma: f64, coef0: f64 },
}

impl Kernel {
    fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let gamma = parameters.float("gamma")?;
        let coef0 = parameters.float("coef0")?;
        let degree = parameters.float("degree")?;
        Ok(match parameters.text("kernel")? {
            "linear" => Kernel::Linear,
            "rbf" => Kernel::Rbf { gamma },
            // A cast from float saturates: a hostile degree gives infinities, not a panic.
            "poly" => Kernel::Poly { gamma, coef0, degree: degree as i32 },
            _ => Kernel::Sigmoid { gamma, coef0 },
        })
    }

    fn apply(self, x: &[f64], v: &[f64]) -> f64 {
        let pairs = || x.iter().zip(v);
        let dot = || pairs().map(|(x, v)| x * v).sum::<f64>();
        match self {
            Kernel::Linear => dot(),
            Kernel::Rbf { gamma } => {
                (-gamma * pairs().map(|(x, v)| (x - v) * (x - v)).sum::<f64>()).exp()
            }
            Kernel::Poly { gamma, coef0, degree } => (gamma * dot() + coef0).powi(degree),
            Kernel::Sigmoid { gamma, coef0 } => (gamma * dot() + coef0).tanh(),
        }
    }
}

/// A support vector classifier over the arrays of its parameters.
#[derive(Debug, Clone)]
pub struct SupportVectorClassifier {
    support_vectors: Array,
    dual_coef: Array,
    intercept: Array,
    support_counts: Array,
    classes: Classes,
    kernel: Kernel,
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
            kernel: Kernel::from_parameters(parameters)?,
            entries: super::entries_of(kind, parameters),
        };
        let classes = model.classes.len();
        let pairs = classes.checked_mul(classes.saturating_sub(1)).map(|twice| twice / 2);
        let fits = classes >= 2
            && model.dual_coef.shape().first() == Some(&(classes - 1))
            && pairs == Some(model.intercept.element_count());
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
            let sum = |row: usize, class: usize| -> f64 {
                let range = starts[class]..starts[class + 1];
                let weights = &dual_coef[row * count..][..count];
                range.map(|index| weights[index] * kernel[index]).sum()
            };
            let pairs = (0..classes).flat_map(|i| (i + 1..classes).map(move |j| (i, j)));
            for (((i, j), value), constant) in pairs.zip(target.iter_mut()).zip(intercept) {
                *value = sum(j - 1, i) + sum(i, j) + constant;
            }
        }
        Ok(decisions)
    }
}

impl Model for SupportVectorClassifier {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn n_features(&self) -> usize {
        self.support_vectors.shape().get(1).copied().unwrap_or(0)
    }

    fn to_parameters(&self) -> Parameters {
        let arrays = [
            ("support_vectors", &self.support_vectors),
            ("dual_coef", &self.dual_coef),
            ("intercept", &self.intercept),
            ("support_counts", &self.support_counts),
            ("classes", self.classes.array()),
        ];
        super::assemble(KIND, self.entries.clone(), arrays)
    }

    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        let decisions = self.decisions(rows.numbers()?.view())?;
        let classes = self.classes.len();
        let mut votes = vec![0.0; classes];
        let mut choose = |row: ndarray::ArrayView1<'_, f64>| {
            if classes == 2 {
                return usize::from(row.iter().any(|value| *value > 0.0));
            }
            votes.fill(0.0);
            let pairs = (0..classes).flat_map(|i| (i + 1..classes).map(move |j| (i, j)));
            for ((i, j), value) in pairs.zip(row) {
                votes[if *value > 0.0 { i } else { j }] += 1.0;
            }
            largest(votes.iter().copied())
        };
        let indices: Vec<usize> = decisions.outer_iter().map(&mut choose).collect();
        self.classes.label(&indices)
    }

    /// One column for two classes, positive for the second; else a column a pair of classes, in
    /// the order (0, 1), (0, 2), ..., (1, 2), ..., positive for the first of the pair.
    fn decision_function(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        self.decisions(rows.numbers()?.view())
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.starts()?;
        for entry in ["gamma", "coef0", "degree"] {
            if let Some(Value::Float(value)) = self.entries.get(entry)
                && !value.is_finite()
            {
                let (expected, found) = ("a finite number".into(), value.to_string());
                return Err(ModelError::Entry { entry, expected, found });
            }
        }
        super::check_finite("support_vectors", self.support_vectors.as_slice()?)?;
        super::check_finite("dual_coef", self.dual_coef.as_slice()?)?;
        super::check_finite("intercept", self.intercept.as_slice()?)?;
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
    fn kernels_are_those_of_the_definition() {
        let (x, v) = ([1.0, 2.0], [3.0, 5.0]);
        assert_eq!(Kernel::Linear.apply(&x, &v), 13.0);
        assert_eq!(Kernel::Rbf { gamma: 0.5 }.apply(&x, &v), (-0.5f64 * 13.0).exp());
        assert_eq!(Kernel::Poly { gamma: 0.5, coef0: 0.5, degree: 2 }.apply(&x, &v), 49.0);
        assert_eq!(Kernel::Sigmoid { gamma: 0.1, coef0: -1.0 }.apply(&x, &v), 0.3f64.tanh());
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
