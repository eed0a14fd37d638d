//! What linear models share: rows times coefficients plus intercepts.

use ndarray::{Array2, ArrayView2, Ix1, Ix2};

use super::labels::{Classes, largest};
use super::{ModelError, Predictions};
use crate::base::{Array, Metadata, Parameters, kinds};

/// `coef`, `intercept` and, for classifiers, `classes`.
#[derive(Debug, Clone)]
pub(super) struct Linear {
    pub(super) kind: &'static str,
    coef: Array,
    intercept: Array,
}

impl Linear {
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?.id;
        let coef = parameters.array("coef")?.clone();
        let intercept = parameters.array("intercept")?.clone();
        Ok(Linear { kind, coef, intercept })
    }

    pub(super) fn outputs(&self) -> usize {
        self.coef.shape().first().copied().unwrap_or(0)
    }

    pub(super) fn n_features(&self) -> usize {
        self.coef.shape().get(1).copied().unwrap_or(0)
    }

    pub(super) fn arrays(&self) -> [(&'static str, &Array); 2] {
        [("coef", &self.coef), ("intercept", &self.intercept)]
    }

    pub(super) fn to_parameters(&self) -> Parameters {
        super::assemble(self.kind, Metadata::new(), self.arrays())
    }

    /// Rows by outputs. Each sum runs over the features in order, so that it is the same to the
    /// bit however many rows are asked at once.
    pub(super) fn values(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, ModelError> {
        super::check_rows(self.n_features(), &rows)?;
        let coef = self.coef.view::<f64, Ix2>()?;
        let intercept = self.intercept.view::<f64, Ix1>()?;
        let mut values = Array2::zeros((rows.nrows(), self.outputs()));
        for (row, mut target) in rows.outer_iter().zip(values.outer_iter_mut()) {
            for ((value, weights), constant) in
                target.iter_mut().zip(coef.outer_iter()).zip(&intercept)
            {
                let product: f64 = row.iter().zip(weights).map(|(x, weight)| x * weight).sum();
                *value = product + constant;
            }
        }
        Ok(values)
    }

    pub(super) fn validate(&self) -> Result<(), ModelError> {
        super::check_finite("coef", self.coef.as_slice()?)?;
        super::check_finite("intercept", self.intercept.as_slice()?)
    }
}

/// A linear model with classes: one row of coefficients for two of them, else a row a class.
#[derive(Debug, Clone)]
pub(super) struct LinearClassifier {
    pub(super) linear: Linear,
    pub(super) classes: Classes,
}

impl LinearClassifier {
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let linear = Linear::from_parameters(parameters)?;
        let classes = Classes::from_parameters(parameters)?;
        let expected = if classes.len() == 2 { 1 } else { classes.len() };
        if linear.outputs() != expected {
            return Err(ModelError::Invalid {
                array: "coef",
                index: 0,
                expected: format!("{expected} rows for {} classes", classes.len()),
                found: format!("{} rows", linear.outputs()),
            });
        }
        Ok(LinearClassifier { linear, classes })
    }

    pub(super) fn to_parameters(&self, entries: Metadata) -> Parameters {
        let classes = ("classes", self.classes.array());
        super::assemble(
            self.linear.kind,
            entries,
            self.linear.arrays().into_iter().chain([classes]),
        )
    }

    pub(super) fn predict(&self, rows: ArrayView2<'_, f64>) -> Result<Predictions, ModelError> {
        let values = self.linear.values(rows)?;
        let choose = |row: ndarray::ArrayView1<'_, f64>| match row.len() {
            1 => usize::from(row.iter().any(|value| *value > 0.0) && self.classes.len() == 2),
            _ => largest(row.iter().copied()),
        };
        let indices: Vec<usize> = values.outer_iter().map(choose).collect();
        self.classes.label(&indices)
    }

    pub(super) fn validate(&self) -> Result<(), ModelError> {
        self.linear.validate()?;
        self.classes.validate()
    }
}
