//! Decision trees and ensembles of them: columns over all nodes of all trees.

use super::spec::{ArraySpec, CLASSES, EntrySpec, F64, KindSpec, Length, choice, number, required};
use crate::base::array::DType;

const ARRAYS: &[ArraySpec] = &[
    required(
        "tree_offsets",
        &[DType::U64],
        &[Length::OneMoreThan("trees")],
        "first node of each tree, then the number of nodes; tree t owns nodes offsets[t]..offsets[t + 1]",
    ),
    required(
        "feature",
        &[DType::I32],
        &[Length::Named("nodes")],
        "feature compared at the node; -1 at a leaf",
    ),
    required("threshold", F64, &[Length::Named("nodes")], "what the feature is compared with"),
    required(
        "left",
        &[DType::U32],
        &[Length::Named("nodes")],
        "child taken when the comparison holds, counted from the tree's first node and greater than its parent; 0 at a leaf",
    ),
    required(
        "right",
        &[DType::U32],
        &[Length::Named("nodes")],
        "child taken when it does not hold, counted likewise",
    ),
    required(
        "value",
        F64,
        &[Length::Named("nodes"), Length::Named("classes")],
        "fraction of the training rows at the node that belong to each class",
    ),
    CLASSES,
];

const ENTRIES: &[EntrySpec] = &[
    choice(
        "comparator",
        &["less_or_equal", "less"],
        "x[feature] <= threshold goes left (scikit-learn), or x[feature] < threshold (linfa)",
    ),
    choice(
        "input_cast",
        &["none", "f32"],
        "what x is converted to before it is compared: scikit-learn takes f32, linfa nothing",
    ),
    choice(
        "missing",
        &["refused", "right"],
        "NaN in x is refused, or goes right as every comparison with NaN does",
    ),
    choice(
        "aggregation",
        &["mean_probability", "vote"],
        "probabilities are the mean of the leaves' fractions, or the share of trees whose largest fraction it is",
    ),
    number("n_features", "number of features of x"),
];

pub(super) const DECISION_TREE_CLASSIFIER: KindSpec = KindSpec::new(
    "decision_tree_classifier",
    ARRAYS,
    "one tree; the class of the leaf's largest fraction, the first of equals",
)
.with_entries(ENTRIES);

pub(super) const RANDOM_FOREST_CLASSIFIER: KindSpec = KindSpec::new(
    "random_forest_classifier",
    ARRAYS,
    "the trees' results aggregated in order; the class of the largest, the first of equals",
)
.with_entries(ENTRIES);
