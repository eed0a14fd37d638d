//! Models made of models: the models inside, and their results side by side.

use ndarray::{Array2, Axis, Ix1};

use super::{Column, Model, ModelError, Rows, Table, Transformed};
use crate::base::{Array, Parameters};

/// A model inside a model.
pub(super) struct Child {
    pub(super) name: String,
    pub(super) model: Box<dyn Model>,
}

impl Child {
    /// An error of the child, with the way to it.
    pub(super) fn wrap(&self, slot: &str, source: ModelError) -> ModelError {
        ModelError::Child { path: format!("{slot}.{}", self.name), source: Box::new(source) }
    }
}

/// Makes the models of a slot. Constructors call each other, and no deeper than
/// [`kinds::check`](crate::base::kinds::check) allows, which the outermost has called.
pub(super) fn children(parameters: &Parameters, slot: &str) -> Result<Vec<Child>, ModelError> {
    let make = |(name, child): (String, Parameters)| {
        let model = super::registry::from_parameters(&child).map_err(|source| {
            ModelError::Child { path: format!("{slot}.{name}"), source: Box::new(source) }
        })?;
        Ok(Child { name, model })
    };
    parameters.children(slot)?.into_iter().map(make).collect()
}

/// Puts the models of a slot back into parameters.
pub(super) fn set_children(parameters: &mut Parameters, slot: &str, children: &[Child]) {
    let of = |child: &Child| (child.name.clone(), child.model.to_parameters());
    // The slots of a kind are different from each other and from its arrays: none is refused.
    let _ = parameters.set_children(slot, children.iter().map(of).collect());
}

/// Checks every element of the models of a slot.
pub(super) fn validate(slot: &str, children: &[Child]) -> Result<(), ModelError> {
    children
        .iter()
        .try_for_each(|child| child.model.validate().map_err(|source| child.wrap(slot, source)))
}

/// The optional array of weights, one a transformer.
pub(super) fn weights(
    parameters: &Parameters,
    transformers: usize,
) -> Result<Option<Array>, ModelError> {
    match parameters.get("weights") {
        Some(weights) if weights.element_count() != transformers => Err(ModelError::Invalid {
            array: "weights",
            index: 0,
            expected: format!("{transformers} weights, one a transformer"),
            found: weights.element_count().to_string(),
        }),
        weights => Ok(weights.cloned()),
    }
}

/// True when no column holds texts, not even absent ones.
fn all_numbers(table: &Table) -> bool {
    table.columns().iter().all(|column| matches!(column, Column::Numbers(_)))
}

/// Results side by side, each multiplied by its weight.
pub(super) fn side_by_side(
    rows: usize,
    results: Vec<Transformed>,
    weights: Option<&Array>,
) -> Result<Transformed, ModelError> {
    let mut results = results;
    if let Some(weights) = weights {
        for (result, weight) in results.iter_mut().zip(weights.view::<f64, Ix1>()?) {
            match result {
                Transformed::Numbers(values) => *values *= *weight,
                Transformed::Table(_) if *weight == 1.0 => {}
                Transformed::Table(table) if all_numbers(table) => {
                    *result = Transformed::Numbers(result.rows().numbers()?.into_owned() * *weight);
                }
                Transformed::Table(_) => {
                    return Err(ModelError::Table(format!(
                        "expected numbers, which can be multiplied by the weight {weight}, found texts"
                    )));
                }
            }
        }
    }
    for result in &results {
        let found = result.rows().len();
        if found != rows && result.rows().width() > 0 {
            return Err(ModelError::Table(format!("{found} rows beside {rows}")));
        }
    }
    let numbers: Option<Vec<_>> = results
        .iter()
        .map(|result| match result {
            Transformed::Numbers(values) if values.nrows() == rows => Some(values.view()),
            _ => None,
        })
        .collect();
    match numbers {
        Some(views) if views.is_empty() => Ok(Transformed::Numbers(Array2::zeros((rows, 0)))),
        Some(views) => ndarray::concatenate(Axis(1), &views)
            .map(Transformed::Numbers)
            .map_err(|error| ModelError::Table(error.to_string())),
        None => {
            let columns: Vec<Column> = results
                .into_iter()
                .flat_map(|result| result.rows().to_table().columns().to_vec())
                .collect();
            Transformed::of_columns(rows, columns)
        }
    }
}

/// Asks a child to transform.
pub(super) fn transform(
    slot: &str,
    child: &Child,
    rows: Rows<'_>,
) -> Result<Transformed, ModelError> {
    child.model.transform(rows).map_err(|source| child.wrap(slot, source))
}
