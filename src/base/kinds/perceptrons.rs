//! Multilayer perceptrons: layers of linear functions with an activation after each.

use super::spec::{
    ArraySpec, CLASSES, EntrySpec, F64, KindSpec, Length, boolean, choice, required,
};

const COEF: ArraySpec = required(
    "coef",
    F64,
    &[Length::Free("inputs"), Length::Free("outputs")],
    "weights of a layer; the inputs are the outputs of the layer before",
)
.numbered();
const INTERCEPT: ArraySpec =
    required("intercept", F64, &[Length::Free("outputs")], "constants of a layer").numbered();
const ACTIVATION: EntrySpec = choice(
    "activation",
    &["identity", "logistic", "tanh", "relu"],
    "after each layer but the last: y; 1 / (1 + e^-y); tanh y; max(y, 0)",
);

pub(super) const MULTILAYER_PERCEPTRON_CLASSIFIER: KindSpec = KindSpec::new(
    "multilayer_perceptron_classifier",
    &[COEF, INTERCEPT, CLASSES],
    "y = x . coef + intercept of each layer in turn; logistic with one output: the second class where it is above 0.5; softmax: the class of the largest, the first of equals",
)
.with_entries(&[
    ACTIVATION,
    choice(
        "output_activation",
        &["logistic", "softmax"],
        "after the last layer: 1 / (1 + e^-y), or e^y divided by the sum over the outputs",
    ),
    boolean(
        "multilabel",
        "each class is an output of its own, with the label 1 where it is above 0.5 and else 0",
    )
    .optional(),
]);

pub(super) const MULTILAYER_PERCEPTRON_REGRESSOR: KindSpec = KindSpec::new(
    "multilayer_perceptron_regressor",
    &[COEF, INTERCEPT],
    "y = x . coef + intercept of each layer in turn",
)
.with_entries(&[
    ACTIVATION,
    choice("output_activation", &["identity", "exp"], "after the last layer: y or e^y"),
]);
