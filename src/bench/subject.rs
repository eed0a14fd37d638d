//! What is measured: parameters, and rows to predict with the model they describe.

use std::path::Path;

use ndarray::{Array2, ArrayView2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{BenchError, file_io};
use crate::base::record::ModelRecord;
use crate::base::{Array, Parameters, Storage};
use crate::formats::raw::Raw;
use crate::formats::{DecodeOptions, Format};
use crate::models::registry::from_parameters;
use crate::models::{ModelError, Predictions};

/// Rows that the `+ 1,000 predictions` rung predicts.
pub const ROWS: usize = 1000;

/// Rows whose predictions are compared with the reference before anything is timed. The
/// parameters were compared to the bit by then.
pub const VERIFIED_ROWS: usize = 50;

/// One model to measure formats on.
pub struct Subject {
    /// What the record says of it.
    pub record: ModelRecord,
    /// Its parameters.
    pub parameters: Parameters,
    /// [`ROWS`] rows to predict; `None` for arrays that are no model.
    pub rows: Option<Array2<f64>>,
}

impl Subject {
    /// Its id in cases and records.
    pub fn id(&self) -> &str {
        &self.record.id
    }

    /// The reference: what a model of the original parameters predicts of the first
    /// [`VERIFIED_ROWS`] rows. `None` without rows.
    ///
    /// # Errors
    /// When the parameters are no model.
    pub fn reference(&self) -> Result<Option<Predictions>, ModelError> {
        let Some(rows) = &self.rows else { return Ok(None) };
        let rows = rows.slice(ndarray::s![..rows.nrows().min(VERIFIED_ROWS), ..]);
        Ok(Some(from_parameters(&self.parameters)?.predict(rows.into())?))
    }
}

/// [`ROWS`] rows from those that there are, repeated in turn.
pub fn repeated(rows: ArrayView2<'_, f64>) -> Array2<f64> {
    let indices: Vec<usize> = (0..ROWS).map(|index| index % rows.nrows().max(1)).collect();
    rows.select(Axis(0), &indices)
}

/// [`ROWS`] standard normal rows for a model that came without data.
pub fn generated(n_features: usize, seed: u64) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn((ROWS, n_features), || StandardNormal.sample(&mut rng))
}

/// Writes a subject for a measuring process: parameters and rows as `raw` files in `dir`.
///
/// # Errors
/// [`BenchError`] when a file cannot be written.
pub fn write(subject: &Subject, dir: &Path, stem: &str) -> Result<(), BenchError> {
    write_raw(&subject.parameters, &dir.join(format!("{stem}.parameters")))?;
    let Some(rows) = &subject.rows else { return Ok(()) };
    let mut wrapped = Parameters::new(crate::base::parameters::PLAIN_ARRAYS, 1);
    let values = rows.as_standard_layout().iter().copied().collect();
    let array = Array::from_vec(values, rows.shape()).map_err(ModelError::from)?;
    wrapped.insert("rows", array).map_err(ModelError::from)?;
    write_raw(&wrapped, &dir.join(format!("{stem}.rows")))
}

/// Reads what [`write()`] wrote.
///
/// # Errors
/// [`BenchError`] when a file is missing or damaged.
pub fn read(record: ModelRecord, dir: &Path, stem: &str) -> Result<Subject, BenchError> {
    let parameters = read_raw(&dir.join(format!("{stem}.parameters")))?;
    let rows_path = dir.join(format!("{stem}.rows"));
    let rows = match rows_path.exists() {
        true => {
            let wrapped = read_raw(&rows_path)?;
            let array = wrapped.array("rows").map_err(ModelError::from)?;
            let view = array.view::<f64, ndarray::Ix2>().map_err(ModelError::from)?;
            Some(view.to_owned())
        }
        false => None,
    };
    Ok(Subject { record, parameters, rows })
}

pub(super) fn write_raw(parameters: &Parameters, path: &Path) -> Result<(), BenchError> {
    let mut bytes = Vec::new();
    Raw.encode(parameters, &mut bytes)?;
    std::fs::write(path, bytes).map_err(|error| BenchError::io("cannot write", path, error))
}

pub(super) fn read_raw(path: &Path) -> Result<Parameters, BenchError> {
    let pages = Default::default();
    let bytes: Storage =
        file_io::read(path, pages).map_err(|error| BenchError::io("cannot read", path, error))?;
    // The arrays borrow from the private copy that was just read.
    Ok(Raw.view(&bytes, &DecodeOptions::default())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_repeated_in_turn() {
        let rows = ndarray::array![[1.0], [2.0], [3.0]];
        let repeated = repeated(rows.view());
        assert_eq!(repeated.dim(), (ROWS, 1));
        assert_eq!((repeated[[3, 0]], repeated[[4, 0]]), (1.0, 2.0));
        assert_eq!(generated(2, 1), generated(2, 1));
    }
}
