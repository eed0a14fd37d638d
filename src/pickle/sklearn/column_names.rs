//! The names that the columns of the training had.
//!
//! Since 1.0 an estimator keeps them (`feature_names_in_`), and since 1.2 it refuses rows whose columns
//! have other names or another order: it finds them by place. Only a column transformer finds them by
//! name.

use super::categories::{Cell, cells};
use super::error::ReadError;
use super::item::Item;
use crate::base::kinds::MAX_NESTING;

/// The names of the columns that a model is given, in order; `None` where it finds them by name, or
/// was fitted with rows without names.
pub(super) fn column_names(model: &Item<'_>) -> Result<Option<Vec<String>>, ReadError> {
    let mut item = model.clone();
    // What is given rows first is inside: of a search the best model, of steps the first.
    for _ in 0..MAX_NESTING {
        let estimator = item.object()?;
        let inside = match estimator.class_name() {
            "ColumnTransformer" => return Ok(None),
            "Pipeline" | "FeatureUnion" => {
                let steps = estimator.any_of(&["steps", "transformer_list"])?.list()?;
                let members = steps.iter().map(Item::list).collect::<Result<Vec<_>, _>>()?;
                let mut members = members.into_iter().filter_map(|pair| pair.into_iter().nth(1));
                members.find(|step| step.class().is_some())
            }
            _ => estimator.given("best_estimator_"),
        };
        match inside {
            Some(inside) => item = inside,
            None => {
                let Some(names) = estimator.given("feature_names_in_") else { return Ok(None) };
                let text = |cell: Cell| match cell {
                    Cell::Text(name) => Some(name),
                    _ => None,
                };
                return Ok(cells(&names)?.into_iter().map(text).collect());
            }
        }
    }
    Ok(None)
}
