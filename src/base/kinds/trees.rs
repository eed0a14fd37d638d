//! Decision trees and ensembles of them: columns over all nodes of all trees.

use super::spec::{ArraySpec, CLASSES, EntrySpec, F64, KindSpec, Length, choice, number, required};
use crate::base::array::DType;

pub(super) const TREE_OFFSETS: ArraySpec = required(
    "tree_offsets",
    &[DType::U64],
    &[Length::OneMoreThan("trees")],
    "first node of each tree, then the number of nodes; tree t owns nodes offsets[t]..offsets[t + 1]",
);
pub(super) const FEATURE: ArraySpec = required(
    "feature",
    &[DType::I32],
    &[Length::Named("nodes")],
    "feature compared at the node; -1 at a leaf",
);
pub(super) const THRESHOLD: ArraySpec =
    required("threshold", F64, &[Length::Named("nodes")], "what the feature is compared with");
pub(super) const LEFT: ArraySpec = required(
    "left",
    &[DType::U32],
    &[Length::Named("nodes")],
    "child taken when the comparison holds, counted from the tree's first node and greater than its parent; 0 at a leaf",
);
pub(super) const RIGHT: ArraySpec = required(
    "right",
    &[DType::U32],
    &[Length::Named("nodes")],
    "child taken when it does not hold, counted likewise",
);
pub(super) const MISSING_LEFT: ArraySpec = required(
    "missing_left",
    &[DType::Bool],
    &[Length::Named("nodes")],
    "where missing is learned: whether NaN goes left at the node",
)
.optional();
const FRACTIONS: ArraySpec = required(
    "value",
    F64,
    &[Length::Named("nodes"), Length::Free("classes")],
    "fraction of the training rows at the node that belong to each class; of several outputs side by side",
);
const MEANS: ArraySpec = required(
    "value",
    F64,
    &[Length::Named("nodes"), Length::Free("outputs")],
    "what the node says of each output",
);
const DECIDED: ArraySpec = required(
    "decided",
    &[DType::U32],
    &[Length::Named("nodes"), Length::Free("outputs")],
    "index of the class that the node predicts for each output, where that is not the largest fraction: the first of equal counts can be the second of fractions that were rounded",
)
.optional();
const OUTPUT_CLASSES: ArraySpec = required(
    "classes",
    super::spec::LABELS,
    &[Length::Free("classes")],
    "of several outputs: the class labels of each",
)
.numbered();

const COMPARATOR: EntrySpec = choice(
    "comparator",
    &["less_or_equal", "less"],
    "x[feature] <= threshold goes left (scikit-learn), or x[feature] < threshold (linfa)",
);
pub(super) const INPUT_CAST: EntrySpec = choice(
    "input_cast",
    &["none", "f32"],
    "what x is converted to before it is compared: scikit-learn takes f32, linfa nothing",
);
const MISSING: EntrySpec = choice(
    "missing",
    &["refused", "right", "learned"],
    "NaN in x is refused, goes right as every comparison with NaN does, or goes where missing_left says",
);
const AGGREGATION: EntrySpec = choice(
    "aggregation",
    &["mean_probability", "vote"],
    "probabilities are the mean of the leaves' fractions, or the share of trees whose largest fraction it is",
);
pub(super) const N_FEATURES: EntrySpec = number("n_features", "number of features of x");

const TREE_ARRAYS: &[ArraySpec] = &[
    TREE_OFFSETS,
    FEATURE,
    THRESHOLD,
    LEFT,
    RIGHT,
    MISSING_LEFT,
    FRACTIONS,
    DECIDED,
    CLASSES_OF_ONE,
    OUTPUT_CLASSES,
];
const FOREST_ARRAYS: &[ArraySpec] = &[
    TREE_OFFSETS,
    FEATURE,
    THRESHOLD,
    LEFT,
    RIGHT,
    MISSING_LEFT,
    FRACTIONS,
    CLASSES_OF_ONE,
    OUTPUT_CLASSES,
];
const REGRESSION_ARRAYS: &[ArraySpec] =
    &[TREE_OFFSETS, FEATURE, THRESHOLD, LEFT, RIGHT, MISSING_LEFT, MEANS];
/// Optional only because several outputs have `classes.0`, `classes.1`, ... in its place.
const CLASSES_OF_ONE: ArraySpec = CLASSES.optional();

const CLASSIFICATION_ENTRIES: &[EntrySpec] =
    &[COMPARATOR, INPUT_CAST, MISSING, AGGREGATION, N_FEATURES];
const REGRESSION_ENTRIES: &[EntrySpec] = &[COMPARATOR, INPUT_CAST, MISSING, N_FEATURES];

pub(super) const DECISION_TREE_CLASSIFIER: KindSpec = KindSpec::new(
    "decision_tree_classifier",
    TREE_ARRAYS,
    "one tree; the class of the leaf's largest fraction, the first of equals",
)
.with_entries(CLASSIFICATION_ENTRIES);

pub(super) const DECISION_TREE_REGRESSOR: KindSpec =
    KindSpec::new("decision_tree_regressor", REGRESSION_ARRAYS, "one tree; the values of the leaf")
        .with_entries(REGRESSION_ENTRIES);

pub(super) const RANDOM_FOREST_CLASSIFIER: KindSpec = KindSpec::new(
    "random_forest_classifier",
    FOREST_ARRAYS,
    "the trees' results aggregated in order; the class of the largest, the first of equals",
)
.with_entries(CLASSIFICATION_ENTRIES);

pub(super) const RANDOM_FOREST_REGRESSOR: KindSpec = KindSpec::new(
    "random_forest_regressor",
    REGRESSION_ARRAYS,
    "the leaves' values added up from zero in the order of the trees, divided by their number",
)
.with_entries(REGRESSION_ENTRIES);
