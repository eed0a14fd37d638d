//! Nearest neighbours.

use super::spec::{
    ArraySpec, CLASSES, EntrySpec, F64, KindSpec, LABELS, Length, choice, number, required,
};
use crate::base::array::DType;

const I64: &[DType] = &[DType::I64];

const DATA: ArraySpec = required(
    "data",
    F64,
    &[Length::Named("samples"), Length::Named("features")],
    "the training rows",
);

/// What the last bit of a distance by products depends on, where it decides between equals.
const SQUARE_LENGTHS: ArraySpec = required(
    "square_lengths",
    F64,
    &[Length::Named("samples")],
    "sum of squares of each training row of a sparse matrix, in the order of the file; metric euclidean_by_products uses it in place of its own",
)
.optional();

/// The search tree, whose order decides which of equally near rows is found.
const TREE_ORDER: ArraySpec = required(
    "tree_order",
    I64,
    &[Length::Named("samples")],
    "index of a training row, in the order of the tree's leaves",
)
.optional();
const TREE_FIRST: ArraySpec = required(
    "tree_first",
    I64,
    &[Length::Named("nodes")],
    "first place in tree_order of each node; the children of node n are 2n + 1 and 2n + 2",
)
.optional();
const TREE_LAST: ArraySpec = required(
    "tree_last",
    I64,
    &[Length::Named("nodes")],
    "one past the last place in tree_order of each node",
)
.optional();
const TREE_LEAF: ArraySpec = required(
    "tree_leaf",
    I64,
    &[Length::Named("nodes")],
    "1 where the node has no children, else 0",
)
.optional();
const TREE_RADIUS: ArraySpec = required(
    "tree_radius",
    F64,
    &[Length::Named("nodes")],
    "ball_tree: largest distance of a row from the node's centre",
)
.optional();
const TREE_BOUNDS: ArraySpec = required(
    "tree_bounds",
    F64,
    &[Length::Free("bounds"), Length::Named("nodes"), Length::Named("features")],
    "kd_tree: least and largest value of each feature in each node; ball_tree: the centres",
)
.optional();

const N_NEIGHBORS: EntrySpec = number("n_neighbors", "how many neighbours vote");
const WEIGHTS: EntrySpec = choice(
    "weights",
    &["uniform", "distance"],
    "each neighbour counts one, or one divided by its distance (only those at distance zero where there are some)",
);
const METRIC: EntrySpec = choice(
    "metric",
    &[
        "euclidean",
        "euclidean_by_products",
        "euclidean_by_fused_products",
        "manhattan",
        "chebyshev",
        "minkowski",
        "cosine",
    ],
    "distance between rows: root of summed squares; the same as the root of x.x - 2 x.v + v.v, with what rounding leaves of it, of products and sums one after another (scikit-learn before 1.1) or fused; sum of absolute differences; the largest of them; (sum of their p-th powers)^(1/p); one less the cosine",
);
const POWER: EntrySpec = number("p", "power of the minkowski metric").optional();
const ROW_ORDER: EntrySpec = choice(
    "row_order",
    &["ascending", "descending"],
    "metric euclidean_by_products: rows to predict are sparse, and their squares and products are summed in this order of the columns",
)
.optional();
const SEARCH: EntrySpec = choice(
    "search",
    &["first", "heap", "partition", "kd_tree", "ball_tree"],
    "which of equally near rows are taken: the first ones (where nothing is said); those that stay in scikit-learn's heap, filled in the order of the rows (and from that heap a second one) or of a search of the tree; or those that numpy's argpartition puts in front",
)
.optional();

pub(super) const K_NEIGHBORS_CLASSIFIER: KindSpec = KindSpec::new(
    "k_neighbors_classifier",
    &[
        DATA,
        SQUARE_LENGTHS,
        // Optional only because several outputs have `labels.0`, `labels.1`, ... in its place.
        required("labels", I64, &[Length::Named("samples")], "index into classes of each row")
            .optional(),
        CLASSES.optional(),
        required(
            "labels",
            I64,
            &[Length::Named("samples")],
            "of several outputs: index into the classes of each",
        )
        .numbered(),
        required(
            "classes",
            LABELS,
            &[Length::Free("classes")],
            "of several outputs: the class labels of each",
        )
        .numbered(),
        TREE_ORDER,
        TREE_FIRST,
        TREE_LAST,
        TREE_LEAF,
        TREE_RADIUS,
        TREE_BOUNDS,
    ],
    "the classes of the n_neighbors nearest rows vote; of equally near rows see search; of equally voted classes the first",
)
.with_entries(&[N_NEIGHBORS, WEIGHTS, METRIC, POWER, SEARCH, ROW_ORDER]);

pub(super) const K_NEIGHBORS_REGRESSOR: KindSpec = KindSpec::new(
    "k_neighbors_regressor",
    &[
        DATA,
        SQUARE_LENGTHS,
        required(
            "targets",
            F64,
            &[Length::Named("samples"), Length::Named("outputs")],
            "what each row stands for",
        ),
        TREE_ORDER,
        TREE_FIRST,
        TREE_LAST,
        TREE_LEAF,
        TREE_RADIUS,
        TREE_BOUNDS,
    ],
    "the weighted mean of the targets of the n_neighbors nearest rows",
)
.with_entries(&[N_NEIGHBORS, WEIGHTS, METRIC, POWER, SEARCH, ROW_ORDER]);
