//! Support vector machines with kernels.

use super::spec::{CLASSES, F64, KindSpec, Length, choice, number, required};
use crate::base::array::DType;

pub(super) const SUPPORT_VECTOR_CLASSIFIER: KindSpec = KindSpec::new(
    "support_vector_classifier",
    &[
        required(
            "support_vectors",
            F64,
            &[Length::Named("vectors"), Length::Named("features")],
            "training rows that carry the decision, grouped by class",
        ),
        required(
            "dual_coef",
            F64,
            &[Length::Named("classes_less_one"), Length::Named("vectors")],
            "weight of each vector in each of the class's one-against-one decisions",
        ),
        required(
            "intercept",
            F64,
            &[Length::Named("pairs")],
            "constant of each pair of classes",
        ),
        required(
            "support_counts",
            &[DType::I64],
            &[Length::Named("classes")],
            "how many vectors each class has",
        ),
        CLASSES,
    ],
    "two classes: z = sum of dual_coef[0][i] K(v_i, x) + intercept[0], the second class where z > 0; else one decision a pair of classes, most votes win, the first of equals",
)
.with_entries(&[
    choice(
        "kernel",
        &["linear", "rbf", "poly", "sigmoid"],
        "x.v; exp(-gamma |x-v|^2); (gamma x.v + coef0)^degree; tanh(gamma x.v + coef0)",
    ),
    number("gamma", "factor of the kernel"),
    number("coef0", "constant of the poly and sigmoid kernels"),
    number("degree", "power of the poly kernel"),
]);
