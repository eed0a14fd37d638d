//! Counts of terms weighted by how much each term says: tf-idf.

use super::ModelError;
use crate::base::{Array, Parameters};

/// By what a row is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Norm {
    None,
    AbsoluteSum,
    Euclidean,
}

/// The weights, and what else is done to counts.
#[derive(Debug, Clone)]
pub(super) struct Weighting {
    idf: Option<Array>,
    norm: Norm,
    sublinear: bool,
    single_precision: bool,
    descending: bool,
}

impl Weighting {
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        Ok(Weighting {
            idf: parameters.get("idf").cloned(),
            norm: match parameters.text("norm")? {
                "l1" => Norm::AbsoluteSum,
                "l2" => Norm::Euclidean,
                _ => Norm::None,
            },
            sublinear: parameters.boolean("sublinear_tf")?,
            single_precision: parameters.text("precision")? == "f32",
            descending: matches!(parameters.text("norm_order"), Ok("descending")),
        })
    }

    pub(super) fn idf(&self) -> Option<&Array> {
        self.idf.as_ref()
    }

    fn round(&self, value: f64) -> f64 {
        if self.single_precision { f64::from(value as f32) } else { value }
    }

    /// Weights the counts of a row, given by column in order; zeros are not among them.
    ///
    /// In single precision each product is rounded, while sums are of double precision: that is
    /// how `sklearn/utils/sparsefuncs_fast.pyx` normalizes rows. A product of two single numbers
    /// is exact in double precision, so rounding it once gives what the processor gives.
    pub(super) fn weigh(&self, counts: &mut [(usize, f64)]) -> Result<(), ModelError> {
        if self.sublinear {
            counts.iter_mut().for_each(|(_, count)| *count = self.round(count.ln() + 1.0));
        }
        if let Some(idf) = &self.idf {
            let idf = idf.as_slice::<f64>()?;
            for (column, count) in counts.iter_mut() {
                *count = self.round(*count * idf.get(*column).copied().unwrap_or(f64::NAN));
            }
        }
        let term = |(_, count): &(usize, f64)| match self.norm {
            Norm::Euclidean => self.round(count * count),
            Norm::None | Norm::AbsoluteSum => count.abs(),
        };
        let sum: f64 = match self.descending {
            true => counts.iter().rev().map(term).sum(),
            false => counts.iter().map(term).sum(),
        };
        let norm = match self.norm {
            Norm::None => return Ok(()),
            Norm::AbsoluteSum => sum,
            Norm::Euclidean => sum.sqrt(),
        };
        if norm != 0.0 {
            counts.iter_mut().for_each(|(_, count)| *count = self.round(*count / norm));
        }
        Ok(())
    }

    /// A weight may be infinite: without smoothing, that of a term that is in no document is.
    pub(super) fn validate(&self) -> Result<(), ModelError> {
        let Some(idf) = &self.idf else { return Ok(()) };
        let values = idf.as_slice::<f64>()?;
        match values.iter().position(|value| value.is_nan() || *value == f64::NEG_INFINITY) {
            None => Ok(()),
            Some(index) => Err(ModelError::Invalid {
                array: "idf",
                index,
                expected: "a finite number or inf".into(),
                found: values[index].to_string(),
            }),
        }
    }
}
