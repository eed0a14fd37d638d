//! Sums of trees: gradient boosting, over values or over histograms of them.

use super::spec::{
    ArraySpec, CLASSES, ChildSpec, EntrySpec, F64, KindSpec, LABELS, Length, choice, number,
    required,
};
use super::trees::{
    FEATURE, INPUT_CAST, LEFT, MISSING_LEFT, N_FEATURES, RIGHT, THRESHOLD, TREE_OFFSETS,
};
use crate::base::array::DType;

const VALUE: ArraySpec =
    required("value", F64, &[Length::Named("nodes")], "what the node adds to the sum");
const BASELINE: ArraySpec = required(
    "baseline",
    F64,
    &[Length::Free("sums")],
    "what each sum begins with: one for regression and two classes, else one a class; tree t adds to sum t modulo their number",
);
const CATEGORY_SET: ArraySpec = required(
    "category_set",
    &[DType::I32],
    &[Length::Named("nodes")],
    "row of left_categories that decides at the node; -1 where the threshold does",
)
.optional();
const LEFT_CATEGORIES: ArraySpec = required(
    "left_categories",
    &[DType::U32],
    &[Length::Free("sets"), Length::Exactly(8)],
    "categories that go left, as bits 0 to 255: category c is bit c % 32 of word c / 32",
)
.optional();
const KNOWN_CATEGORIES: ArraySpec = required(
    "known_categories",
    &[DType::U32],
    &[Length::Free("columns"), Length::Exactly(8)],
    "categories of each column that the training met, as bits; any other goes where NaN goes",
)
.optional();
const CATEGORICAL_COLUMNS: ArraySpec = required(
    "categorical_columns",
    &[DType::I64],
    &[Length::Free("columns")],
    "columns of x that hold categories, ascending: each value is replaced by its place in categories.N, or by NaN when it is not there, and these columns come first; without this array x is taken as it is",
)
.optional();
const CATEGORIES: ArraySpec = required(
    "categories",
    LABELS,
    &[Length::Free("categories")],
    "the categories of each of categorical_columns",
)
.numbered();

const MISSING: EntrySpec = choice(
    "missing",
    &["refused", "learned"],
    "NaN in x is refused, or goes where missing_left says",
);
const LEARNING_RATE: EntrySpec =
    number("learning_rate", "each tree's value is multiplied with it before it is added");
const START: EntrySpec = choice(
    "start",
    &["constant", "model"],
    "sums begin with baseline, or with what the model inside says",
);
const START_LINK: EntrySpec = choice(
    "start_link",
    &["identity", "logit", "half_logit", "log", "centered_log"],
    "what is made of the inner model's values or probabilities p: themselves; ln(p / (1 - p)) of the second class, or half of it; ln p of each class, or ln of p divided by the geometric mean over the classes",
)
.optional();
const START_CLIP: EntrySpec =
    number("start_clip", "p is moved into start_clip to 1 - start_clip before that").optional();
const LINK: EntrySpec = choice(
    "link",
    &["logistic", "half_logistic", "softmax"],
    "probability of the second class is 1 / (1 + exp(-sum)) or 1 / (1 + exp(-2 sum)); or each exp(sum) by their total",
);
const DECISION: EntrySpec = choice(
    "decision",
    &["probability", "positive", "not_negative", "largest"],
    "the class of the largest probability; of two classes the second where sum > 0, or where sum >= 0; the class of the largest sum; always the first of equals",
);
const REGRESSION_LINK: EntrySpec =
    choice("link", &["identity", "log"], "the prediction is the sum, or exp(sum)");
const NEGATIVE_CATEGORIES: EntrySpec = choice(
    "negative_categories",
    &["missing", "wrapped"],
    "a negative category goes where NaN goes, or counts modulo 256 as those above 255 always do",
)
.optional();

const INSIDE: &[ChildSpec] = &[ChildSpec {
    name: "init",
    many: false,
    required: false,
    meaning: "the model whose prediction the sums begin with; it is given x in single precision",
}];

pub(super) const GRADIENT_BOOSTING_CLASSIFIER: KindSpec = KindSpec::new(
    "gradient_boosting_classifier",
    &[TREE_OFFSETS, FEATURE, THRESHOLD, LEFT, RIGHT, VALUE, BASELINE, CLASSES],
    "x[feature] <= threshold goes left; learning_rate times the leaf's value is added in the order of the trees",
)
.with_entries(&[
    INPUT_CAST,
    MISSING_REFUSED,
    LEARNING_RATE,
    START,
    START_LINK,
    START_CLIP,
    LINK,
    DECISION,
    N_FEATURES,
])
.with_children(INSIDE);

pub(super) const GRADIENT_BOOSTING_REGRESSOR: KindSpec = KindSpec::new(
    "gradient_boosting_regressor",
    &[TREE_OFFSETS, FEATURE, THRESHOLD, LEFT, RIGHT, VALUE, BASELINE],
    "x[feature] <= threshold goes left; learning_rate times the leaf's value is added in the order of the trees",
)
.with_entries(&[INPUT_CAST, MISSING_REFUSED, LEARNING_RATE, START, N_FEATURES])
.with_children(INSIDE);

const MISSING_REFUSED: EntrySpec = choice("missing", &["refused"], "NaN in x is refused");

pub(super) const HIST_GRADIENT_BOOSTING_CLASSIFIER: KindSpec = KindSpec::new(
    "hist_gradient_boosting_classifier",
    &[
        TREE_OFFSETS,
        FEATURE,
        THRESHOLD,
        LEFT,
        RIGHT,
        MISSING_LEFT,
        VALUE,
        BASELINE,
        CATEGORY_SET,
        LEFT_CATEGORIES,
        KNOWN_CATEGORIES,
        CATEGORICAL_COLUMNS,
        CATEGORIES,
        CLASSES,
    ],
    "x[feature] <= threshold goes left, or a category that is in the node's set; the leaf's value is added in the order of the trees",
)
.with_entries(&[MISSING, LINK, DECISION, NEGATIVE_CATEGORIES, N_FEATURES]);

pub(super) const HIST_GRADIENT_BOOSTING_REGRESSOR: KindSpec = KindSpec::new(
    "hist_gradient_boosting_regressor",
    &[
        TREE_OFFSETS,
        FEATURE,
        THRESHOLD,
        LEFT,
        RIGHT,
        MISSING_LEFT,
        VALUE,
        BASELINE,
        CATEGORY_SET,
        LEFT_CATEGORIES,
        KNOWN_CATEGORIES,
        CATEGORICAL_COLUMNS,
        CATEGORIES,
    ],
    "x[feature] <= threshold goes left, or a category that is in the node's set; the leaf's value is added in the order of the trees",
)
.with_entries(&[MISSING, REGRESSION_LINK, NEGATIVE_CATEGORIES, N_FEATURES]);
