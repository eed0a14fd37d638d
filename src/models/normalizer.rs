//! Each row divided by its norm.

use ndarray::ArrayView1;

use super::scaling::{check_width, width};
use super::{Model, ModelError, Rows, Transformed};
use crate::base::{Metadata, Parameters, kinds};

const KIND: &str = "normalizer";

/// By what a row is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Norm {
    AbsoluteSum,
    Euclidean,
    LargestAbsolute,
    Largest,
}

/// A normalizer: it has no arrays.
#[derive(Debug, Clone)]
pub struct Normalizer {
    norm: Norm,
    n_features: Option<usize>,
    entries: Metadata,
}

impl Normalizer {
    /// Makes the model.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let norm = match parameters.text("norm")? {
            "l1" => Norm::AbsoluteSum,
            "l2" => Norm::Euclidean,
            "max" => Norm::LargestAbsolute,
            _ => Norm::Largest,
        };
        let n_features = width(parameters, None)?;
        Ok(Normalizer { norm, n_features, entries: super::entries_of(kind, parameters) })
    }

    fn norm(&self, row: ArrayView1<'_, f64>) -> f64 {
        match self.norm {
            Norm::AbsoluteSum => row.iter().map(|value| value.abs()).sum(),
            Norm::Euclidean => row.iter().map(|value| value * value).sum::<f64>().sqrt(),
            Norm::LargestAbsolute => row.iter().fold(0.0, |most, value| value.abs().max(most)),
            Norm::Largest => row.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

impl Model for Normalizer {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// 0 where any number of features will do.
    fn n_features(&self) -> usize {
        self.n_features.unwrap_or(0)
    }

    fn to_parameters(&self) -> Parameters {
        super::assemble(KIND, self.entries.clone(), [])
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        let mut values = rows.numbers()?.into_owned();
        check_width(self.n_features, values.ncols())?;
        super::check_rows(values.ncols(), &values.view())?;
        for mut row in values.outer_iter_mut() {
            let norm = self.norm(row.view());
            if norm != 0.0 {
                row.mapv_inplace(|value| value / norm);
            }
        }
        Ok(Transformed::Numbers(values))
    }

    fn validate(&self) -> Result<(), ModelError> {
        Ok(())
    }
}
