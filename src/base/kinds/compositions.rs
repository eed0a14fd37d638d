//! Models made of models.

use super::spec::{ArraySpec, ChildSpec, F64, KindSpec, Length, Presence, number, required};
use crate::base::array::DType;

const WEIGHTS: ArraySpec = required(
    "weights",
    F64,
    &[Length::Free("transformers")],
    "what the result of each transformer is multiplied by",
)
.optional();

const TRANSFORMERS: ChildSpec = ChildSpec {
    name: "transformers",
    many: true,
    required: true,
    meaning: "what makes the columns of the result, in order",
};

pub(super) const COLUMN_TRANSFORMER: KindSpec = KindSpec::new(
    "column_transformer",
    &[
        ArraySpec {
            name: "columns",
            dtypes: &[DType::I64, DType::Text],
            shape: &[Length::Free("columns")],
            presence: Presence::Numbered,
            meaning: "which columns each transformer is given, by index or by name",
        },
        required(
            "feature_names",
            &[DType::Text],
            &[Length::Free("features")],
            "the name behind each index, by which the columns of a table with names are found",
        )
        .optional(),
        WEIGHTS,
    ],
    "each transformer is given its columns; their results stand side by side",
)
.with_entries(&[number("n_features", "how many features a row has")])
.with_children(&[TRANSFORMERS]);

pub(super) const FEATURE_UNION: KindSpec = KindSpec::new(
    "feature_union",
    &[WEIGHTS],
    "each transformer is given all columns; their results stand side by side",
)
.with_children(&[TRANSFORMERS]);

pub(super) const PIPELINE: KindSpec = KindSpec::new(
    "pipeline",
    &[],
    "the rows go through one step after the other; the last one predicts, or transforms",
)
.with_children(&[ChildSpec {
    name: "steps",
    many: true,
    required: true,
    meaning: "the steps, in order",
}]);
