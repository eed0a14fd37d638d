//! Histogram gradient boosting classifier: probabilities of sums of trees.

use super::boosted_trees::BoostedTrees;
use super::shared::shared_kind;

shared_kind! {
    /// A sum of trees over the columns of its parameters.
    HistGradientBoostingClassifier(BoostedTrees): predict, predict_proba, decision_function
}
