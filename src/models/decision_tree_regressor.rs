//! Decision tree regressor: the values of one leaf.

use super::shared::shared_kind;
use super::tree_ensemble::TreeEnsemble;

shared_kind! {
    /// A tree over the columns of its parameters.
    #[derive(Debug, Clone)]
    DecisionTreeRegressor(TreeEnsemble): predict
}
