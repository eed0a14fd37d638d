//! What transformers of single numbers share.

use ndarray::ArrayView2;

use super::ModelError;
use crate::base::{Array, Parameters};

/// Most features that an entry may claim.
const MOST_FEATURES: i64 = i32::MAX as i64;

/// The entry `n_features`, which the arrays of the model must not contradict; without it the
/// length of the arrays; without both any number of features will do.
pub(super) fn width(
    parameters: &Parameters,
    array: Option<&Array>,
) -> Result<Option<usize>, ModelError> {
    let length = array.map(Array::element_count);
    if !parameters.metadata().contains_key("n_features") {
        return Ok(length);
    }
    let claimed = parameters.integer("n_features")?;
    let wrong = |expected: String| ModelError::Entry {
        entry: "n_features",
        expected,
        found: claimed.to_string(),
    };
    let width = usize::try_from(claimed)
        .ok()
        .filter(|_| claimed <= MOST_FEATURES)
        .ok_or_else(|| wrong(format!("0 to {MOST_FEATURES}")))?;
    match length {
        Some(length) if length != width => {
            Err(wrong(format!("{length}, the length of the arrays")))
        }
        _ => Ok(Some(width)),
    }
}

/// Refuses rows of another width, where it is known.
pub(super) fn check_width(expected: Option<usize>, found: usize) -> Result<(), ModelError> {
    match expected {
        Some(expected) if expected != found => Err(ModelError::Features { expected, found }),
        _ => Ok(()),
    }
}

/// Arrays that are there, with their names.
pub(super) fn optional_arrays<'a, const N: usize>(
    arrays: [(&'static str, &'a Option<Array>); N],
) -> impl Iterator<Item = (&'static str, &'a Array)> {
    arrays.into_iter().filter_map(|(name, array)| Some((name, array.as_ref()?)))
}

/// Refuses infinite values, as scikit-learn does; a missing value (NaN) passes.
pub(super) fn finite_or_missing(rows: &ArrayView2<'_, f64>) -> Result<(), ModelError> {
    match rows.indexed_iter().find(|(_, value)| value.is_infinite()) {
        None => Ok(()),
        Some(((row, column), found)) => Err(ModelError::Input { row, column, found: *found }),
    }
}

/// Numbers that may be NaN (a feature that was never seen) but not infinite.
pub(super) fn check_not_infinite(array: &'static str, values: &[f64]) -> Result<(), ModelError> {
    match values.iter().position(|value| value.is_infinite()) {
        None => Ok(()),
        Some(index) => Err(ModelError::Invalid {
            array,
            index,
            expected: "a number that is not infinite".into(),
            found: values[index].to_string(),
        }),
    }
}
