//! Nearest neighbours.

use super::spec::{CLASSES, F64, KindSpec, Length, choice, number, required};
use crate::base::array::DType;

pub(super) const K_NEIGHBORS_CLASSIFIER: KindSpec = KindSpec::new(
    "k_neighbors_classifier",
    &[
        required(
            "data",
            F64,
            &[Length::Named("samples"), Length::Named("features")],
            "the training rows",
        ),
        required(
            "labels",
            &[DType::I64],
            &[Length::Named("samples")],
            "index into classes of each row",
        ),
        CLASSES,
    ],
    "the classes of the n_neighbors nearest rows vote; of equally near rows the first; of equally voted classes the first",
)
.with_entries(&[
    number("n_neighbors", "how many neighbours vote"),
    choice(
        "weights",
        &["uniform", "distance"],
        "each neighbour counts one, or one divided by its distance",
    ),
    choice("metric", &["euclidean"], "distance between rows"),
]);
