//! Histogram gradient boosting regressor: a sum of trees.

use super::boosted_trees::BoostedTrees;
use super::shared::shared_kind;

shared_kind! {
    /// A sum of trees over the columns of its parameters.
    HistGradientBoostingRegressor(BoostedTrees): predict
}
