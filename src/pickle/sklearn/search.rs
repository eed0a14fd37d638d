//! Searches for options: `sklearn/model_selection/_search.py`. The best model is the model.

use super::Estimator;
use super::error::ReadError;
use super::pipeline::of_child;
use super::registry::Class;
use super::{ATTRIBUTES_KEY, CLASS_KEY, Kept};
use crate::base::{Metadata, Parameters};

const PACKAGE: &str = "sklearn.model_selection";

pub(super) const CLASSES: &[Class] = &[
    (PACKAGE, "GridSearchCV", search),
    (PACKAGE, "RandomizedSearchCV", search),
    (PACKAGE, "HalvingGridSearchCV", search),
    (PACKAGE, "HalvingRandomSearchCV", search),
];

fn search(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let Some(best) = estimator.given("best_estimator_") else {
        // Without a refit there is a table of scores and no model.
        let refit = estimator.get("refit").and_then(|item| item.boolean().ok());
        return match refit {
            Some(false) => Err(estimator.refuse("refit", "False", "True, which keeps a model")),
            _ => Err(estimator.attribute("best_estimator_").err().unwrap_or_else(|| {
                estimator.refuse("best_estimator_", "None", "a fitted estimator")
            })),
        };
    };
    let parameters = super::build(&best)?;
    // What the search says of itself takes the place of what the model says, which is kept.
    let mut kept = Metadata::new();
    kept.insert("type".into(), "model".into());
    kept.insert(CLASS_KEY.into(), of_child(&parameters, CLASS_KEY));
    kept.insert(ATTRIBUTES_KEY.into(), of_child(&parameters, ATTRIBUTES_KEY));
    estimator.keep("best_estimator_", Kept::Value(kept.into()));
    Ok(parameters)
}
