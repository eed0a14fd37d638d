//! Linear models.

use super::spec::{ArraySpec, CLASSES, F64, KindSpec, Length, choice, required};

const ARRAYS: &[ArraySpec] = &[
    required(
        "coef",
        F64,
        &[Length::Named("outputs"), Length::Named("features")],
        "weight of each feature in each output",
    ),
    required("intercept", F64, &[Length::Named("outputs")], "constant of each output"),
];

const CLASSIFIER_ARRAYS: &[ArraySpec] = &[
    required(
        "coef",
        F64,
        &[Length::Named("outputs"), Length::Named("features")],
        "weights; one row for two classes (towards the second), else a row a class",
    ),
    required("intercept", F64, &[Length::Named("outputs")], "constant of each row"),
    CLASSES,
];

pub(super) const LINEAR_REGRESSION: KindSpec =
    KindSpec::new("linear_regression", ARRAYS, "y = x . coef^T + intercept");

pub(super) const LOGISTIC_REGRESSION: KindSpec = KindSpec::new(
    "logistic_regression",
    CLASSIFIER_ARRAYS,
    "z = x . coef^T + intercept; two classes: the second where z > 0; else the class of the largest z, the first of equals",
)
.with_entries(&[choice(
    "multi_class",
    &["binary", "multinomial", "one_vs_rest"],
    "how decision values become probabilities: sigmoid; softmax, of two classes over -z and z; or sigmoids divided by their sum",
)]);

pub(super) const LINEAR_SUPPORT_VECTOR_CLASSIFIER: KindSpec = KindSpec::new(
    "linear_support_vector_classifier",
    CLASSIFIER_ARRAYS,
    "z = x . coef^T + intercept; two classes: the second where z > 0; else the class of the largest z, the first of equals",
);
