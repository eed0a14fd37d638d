//! Transformers: rows in, other features out. Scalers, projections, imputers, encoders.

use super::spec::{
    ArraySpec, CLASSES, EntrySpec, F64, KindSpec, Length, Presence, boolean, choice, number,
    required,
};
use crate::base::array::DType;

const I64: &[DType] = &[DType::I64];
const TEXT: &[DType] = &[DType::Text];
const BOOL: &[DType] = &[DType::Bool];
const CATEGORIES: &[DType] = &[DType::F64, DType::Text];

const FEATURES: &[Length] = &[Length::Named("features")];

/// The number of features of kinds that no array says it for.
pub(super) const N_FEATURES: EntrySpec =
    number("n_features", "how many features a row has; without it, as many as come").optional();

const CATEGORY_LISTS: ArraySpec = ArraySpec {
    name: "categories",
    dtypes: CATEGORIES,
    shape: &[Length::Free("categories")],
    presence: Presence::Numbered,
    meaning: "what values each feature was seen with, numbers or texts",
};

const MISSING: ArraySpec = required(
    "missing",
    I64,
    FEATURES,
    "which category of each feature stands for a missing value; -1 for none",
);

pub(super) const PRINCIPAL_COMPONENT_ANALYSIS: KindSpec = KindSpec::new(
    "principal_component_analysis",
    &[
        required(
            "components",
            F64,
            &[Length::Named("components"), Length::Named("features")],
            "directions to project on",
        ),
        required("mean", F64, FEATURES, "mean of each feature; without it nothing is centered").optional(),
        required(
            "explained_variance",
            F64,
            &[Length::Named("components")],
            "variance along each component, for whitening; without it nothing is whitened",
        )
        .optional(),
    ],
    "before: y = (x - mean) . components^T; after: y = x . components^T - mean . components^T; whitened: divided by sqrt(explained_variance), a root that under after is at least 2^-52",
)
.with_entries(&[choice(
    "centering",
    &["before", "after"],
    "whether the mean is taken off before or after the projection",
)]);

pub(super) const STANDARD_SCALER: KindSpec = KindSpec::new(
    "standard_scaler",
    &[
        required("mean", F64, FEATURES, "what is taken off each feature").optional(),
        required("scale", F64, FEATURES, "what each feature is then divided by").optional(),
    ],
    "y = (x - mean) / scale, each where it is there; a missing value stays one",
)
.with_entries(&[
    N_FEATURES,
    boolean("clip", "whether results are held between -1 and 1").optional(),
]);

pub(super) const MIN_MAX_SCALER: KindSpec = KindSpec::new(
    "min_max_scaler",
    &[
        required("scale", F64, FEATURES, "what each feature is multiplied by"),
        required("min", F64, FEATURES, "what is then added to it"),
    ],
    "y = x * scale + min, then held between clip_low and clip_high where they are there; a missing value stays one",
)
.with_entries(&[
    number("clip_low", "smallest result").optional(),
    number("clip_high", "largest result").optional(),
]);

pub(super) const NORMALIZER: KindSpec = KindSpec::new(
    "normalizer",
    &[],
    "each row is divided by its norm; a row of zeros stays as it is. l1: sum of absolute values; l2: root of the sum of squares; max: largest absolute value; largest: largest value",
)
.with_entries(&[choice("norm", &["l1", "l2", "max", "largest"], "which norm"), N_FEATURES]);

pub(super) const BINARIZER: KindSpec =
    KindSpec::new("binarizer", &[], "1 where a value is above the threshold, else 0")
        .with_entries(&[number("threshold", "the threshold"), N_FEATURES]);

pub(super) const SIMPLE_IMPUTER: KindSpec = KindSpec::new(
    "simple_imputer",
    &[
        required("statistics", F64, FEATURES, "what takes the place of missing numbers"),
        required("text_statistics", TEXT, FEATURES, "what takes the place of missing texts")
            .optional(),
        required("is_text", BOOL, FEATURES, "which features are filled with text_statistics")
            .optional(),
        required("kept", BOOL, FEATURES, "which features are in the result at all"),
        required(
            "indicator",
            I64,
            &[Length::Free("indicators")],
            "features for which a column of 1 (missing) and 0 is added behind the others, in order",
        )
        .optional(),
    ],
    "a value that counts as missing is replaced by the statistic of its feature; a text is missing where the table says so (absent) or where it is the text missing_text; a number where it is NaN (absent) or missing_number",
)
.with_entries(&[
    choice("missing", &["absent", "number", "text"], "what counts as missing"),
    number("missing_number", "the number that counts as missing").optional(),
    EntrySpec {
        name: "missing_text",
        holds: super::spec::EntryType::Text,
        required: false,
        meaning: "the text that counts as missing",
    },
]);

pub(super) const ONE_HOT_ENCODER: KindSpec = KindSpec::new(
    "one_hot_encoder",
    &[
        CATEGORY_LISTS,
        ArraySpec {
            name: "columns",
            dtypes: I64,
            shape: &[Length::Free("categories")],
            presence: Presence::Numbered,
            meaning: "in which column of the feature's each category is 1; -1 for none",
        },
        MISSING,
        required("widths", I64, FEATURES, "how many columns each feature becomes"),
        required(
            "unknown",
            I64,
            FEATURES,
            "in which column of the feature's a value that is no category is 1; -1 for none",
        ),
    ],
    "each feature becomes columns of 0 and at most one 1, side by side; text is compared with text, numbers with numbers",
)
.with_entries(&[choice(
    "handle_unknown",
    &["error", "ignore"],
    "whether a value that is no category is an error",
)]);

pub(super) const ORDINAL_ENCODER: KindSpec = KindSpec::new(
    "ordinal_encoder",
    &[
        CATEGORY_LISTS,
        ArraySpec {
            name: "codes",
            dtypes: F64,
            shape: &[Length::Free("categories")],
            presence: Presence::Numbered,
            meaning: "what each category becomes",
        },
        MISSING,
    ],
    "each value becomes the code of its category; text is compared with text, numbers with numbers",
)
.with_entries(&[
    choice(
        "handle_unknown",
        &["error", "value"],
        "whether a value that is no category is an error or becomes unknown_value",
    ),
    number("unknown_value", "what a value that is no category becomes").optional(),
]);

pub(super) const LABEL_ENCODER: KindSpec = KindSpec::new(
    "label_encoder",
    &[CLASSES],
    "one column of labels; each becomes its place among the classes; a label that is none of them is an error",
);

pub(super) const IDENTITY: KindSpec =
    KindSpec::new("identity", &[], "rows stay as they are").with_entries(&[N_FEATURES]);
