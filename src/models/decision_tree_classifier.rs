//! Decision tree classifier: the ensemble of one.

use super::shared::shared_kind;
use super::tree_ensemble::TreeEnsemble;

shared_kind! {
    /// A tree over the columns of its parameters.
    #[derive(Debug, Clone)]
    DecisionTreeClassifier(TreeEnsemble): predict, predict_proba
}
