//! `OneHotEncoder` as it was before 0.20 and, when it was given whole numbers, until 0.21: the
//! categories of a feature are the numbers from 0 to its largest.

use super::Estimator;
use super::categories::{Cell, cells};
use super::error::ReadError;
use super::item::Item;
use crate::base::Parameters;

/// Most categories of all features together: each is kept, and a file can claim any number.
const MOST_CATEGORIES: usize = 10_000_000;

fn counts(item: &Item<'_>) -> Result<Vec<usize>, ReadError> {
    let count = |cell: Cell| match cell {
        Cell::Number(n) if n >= 0.0 && n.fract() == 0.0 && n < 1e15 => Ok(n as usize),
        other => Err(item.found("whole numbers that are not negative", format!("{other:?}"))),
    };
    cells(item)?.into_iter().map(count).collect()
}

pub(super) fn one_hot(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let selected = estimator.any_of(&["_categorical_features", "categorical_features"])?;
    if !selected.is_none() && selected.text().ok().as_deref() != Some("all") {
        let shown = estimator.shown("categorical_features");
        return Err(estimator.refuse("categorical_features", shown, "all"));
    }
    let handle = estimator.text_or("handle_unknown", "error")?;
    if !["error", "ignore"].contains(&handle.as_str()) {
        return Err(estimator.refuse("handle_unknown", handle, "error, ignore"));
    }
    let values = counts(&estimator.attribute("_n_values_")?)?;
    let total = values.iter().fold(0usize, |total, count| total.saturating_add(*count));
    if total > MOST_CATEGORIES {
        let item = estimator.attribute("_n_values_")?;
        return Err(item.found(format!("at most {MOST_CATEGORIES} categories"), total.to_string()));
    }
    // Only values that were seen have a column, unless the user said how many values there are.
    let active = match estimator.get("_active_features_") {
        Some(item) => Some(counts(&item)?),
        None => None,
    };
    let is_active = |index: usize| active.as_ref().is_none_or(|a| a.binary_search(&index).is_ok());
    let mut parameters = estimator.parameters("one_hot_encoder");
    let mut first = 0usize;
    let mut widths = Vec::with_capacity(values.len());
    let wrong = |source| estimator.wrong(source);
    let item = estimator.item();
    for (feature, count) in values.iter().enumerate() {
        let mut width = 0i64;
        let mut columns = Vec::with_capacity(*count);
        for value in 0..*count {
            columns.push(if is_active(first.saturating_add(value)) { width } else { -1 });
            width = width.saturating_add(i64::from(is_active(first.saturating_add(value))));
        }
        first = first.saturating_add(*count);
        widths.push(width);
        let categories: Vec<f64> = (0..*count).map(|value| value as f64).collect();
        let categories = item.from_vec(categories, &[*count])?;
        parameters.insert(format!("categories.{feature}"), categories).map_err(wrong)?;
        let columns = item.from_vec(columns, &[*count])?;
        parameters.insert(format!("columns.{feature}"), columns).map_err(wrong)?;
    }
    let features = [values.len()];
    let none = || item.from_vec(vec![-1i64; values.len()], &features);
    parameters.insert("missing", none()?).map_err(wrong)?;
    parameters.insert("widths", item.from_vec(widths, &features)?).map_err(wrong)?;
    parameters.insert("unknown", none()?).map_err(wrong)?;
    parameters.set("handle_unknown", handle);
    Ok(parameters)
}
