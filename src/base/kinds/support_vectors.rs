//! Support vector machines with kernels.

use super::spec::{
    ArraySpec, CLASSES, EntrySpec, F64, KindSpec, Length, boolean, choice, number, required,
};
use crate::base::array::DType;

const VECTORS: ArraySpec = required(
    "support_vectors",
    F64,
    &[Length::Named("vectors"), Length::Named("features")],
    "training rows that carry the decision, grouped by class where there are classes",
);

const KERNEL: EntrySpec = choice(
    "kernel",
    &["linear", "rbf", "poly", "sigmoid"],
    "x.v; exp(-gamma |x-v|^2); (gamma x.v + coef0)^degree; tanh(gamma x.v + coef0)",
);
const GAMMA: EntrySpec = number("gamma", "factor of the kernel");
const COEF0: EntrySpec = number("coef0", "constant of the poly and sigmoid kernels");
const PRODUCTS: EntrySpec = choice(
    "products",
    &["in_order", "fused"],
    "how the sums of the kernel are taken: product by product (where nothing is said), or fused in sixteen lanes as OpenBLAS does on machines with AVX2",
)
.optional();
const DEGREE: EntrySpec = number("degree", "power of the poly kernel");

pub(super) const SUPPORT_VECTOR_CLASSIFIER: KindSpec = KindSpec::new(
    "support_vector_classifier",
    &[
        VECTORS,
        required(
            "dual_coef",
            F64,
            &[Length::Named("classes_less_one"), Length::Named("vectors")],
            "weight of each vector in each of the class's one-against-one decisions",
        ),
        required(
            "intercept",
            F64,
            &[Length::Free("pairs")],
            "constant of each pair of classes",
        ),
        required(
            "support_counts",
            &[DType::I64],
            &[Length::Named("classes")],
            "how many vectors each class has",
        ),
        CLASSES,
        required(
            "probability_a",
            F64,
            &[Length::Named("pairs")],
            "of the pair i < j with the decision d for i, 1 / (1 + exp(a d + b)) is the probability of i",
        )
        .optional(),
        required("probability_b", F64, &[Length::Named("pairs")], "the b of probability_a")
            .optional(),
    ],
    "two classes: z = sum of dual_coef[0][i] K(v_i, x) + intercept[0], the second class where z > 0 (d is -z); else one decision a pair of classes, most votes win, the first of equals; probabilities of pairs are coupled as libsvm does",
)
.with_entries(&[
    KERNEL,
    GAMMA,
    COEF0,
    DEGREE,
    PRODUCTS,
    choice(
        "zero_decision",
        &["first", "second"],
        "two classes: the class of a decision of exactly zero; the first where nothing is said, the second in libsvm",
    )
    .optional(),
    choice(
        "decision_shape",
        &["pairs", "classes", "classes_of_all_rows"],
        "three classes or more: decision values are those of the pairs (where nothing is said); or votes of the class plus s / (3 (|s| + 1)), s the sum of its decisions; or votes plus s times half the largest |s| of all rows asked together, inverted (scikit-learn 0.20)",
    )
    .optional(),
    boolean(
        "break_ties",
        "three classes or more: the class of the largest decision value of `classes`, not of most votes",
    )
    .optional(),
]);

pub(super) const SUPPORT_VECTOR_REGRESSOR: KindSpec = KindSpec::new(
    "support_vector_regressor",
    &[
        VECTORS,
        required(
            "dual_coef",
            F64,
            &[Length::Exactly(1), Length::Named("vectors")],
            "weight of each vector",
        ),
        required("intercept", F64, &[Length::Exactly(1)], "constant"),
    ],
    "y = sum of dual_coef[0][i] K(v_i, x) + intercept[0]",
)
.with_entries(&[KERNEL, GAMMA, COEF0, DEGREE, PRODUCTS]);
