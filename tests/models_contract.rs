//! What every kind of model promises, over the registry of recipes and the specification of kinds.
//!
//! - `trained.rs`: training is repeatable, models become parameters and are rebuilt from them
//! - `by_hand.rs`: examples that were calculated with pencil and paper
//! - `transforms.rs`: the same for models that make other features of rows
//! - `refused.rs`: parameters that do not fit their kind are refused with the reason
//! - `trees.rs`: trees of several outputs and sums of trees that are wrong
//! - `corrupt.rs`: models with wrong elements end every prediction, and `validate` names the place

#[path = "support/by_hand.rs"]
mod examples;
#[path = "support/quiet.rs"]
mod quiet;
#[path = "support/trained.rs"]
mod recipes;

#[path = "models_contract/by_hand.rs"]
mod by_hand;
#[path = "models_contract/corrupt.rs"]
mod corrupt;
#[path = "models_contract/refused.rs"]
mod refused;
#[path = "models_contract/trained.rs"]
mod trained;
#[path = "models_contract/transforms.rs"]
mod transforms;
#[path = "models_contract/trees.rs"]
mod trees;

use deadweight::models::Model;
use ndarray::Array2;

/// Rows of equal length as a matrix.
fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    let columns = rows.first().map_or(0, Vec::len);
    Array2::from_shape_vec((rows.len(), columns), rows.concat()).unwrap()
}

/// What was to be a model and is none.
fn refusal(result: Result<Box<dyn Model>, deadweight::models::ModelError>) -> String {
    match result {
        Ok(model) => panic!("a {} was made", model.kind()),
        Err(error) => error.to_string(),
    }
}
