//! Random forest regressor: many trees, their values averaged in order.

use super::shared::shared_kind;
use super::tree_ensemble::TreeEnsemble;

shared_kind! {
    /// A forest over the columns of its parameters.
    #[derive(Debug, Clone)]
    RandomForestRegressor(TreeEnsemble): predict
}
