//! Attributes that newer code reads and older code did not write: most are options with a default,
//! which the constructor sets and loading does not.

use super::{Concern, Effect, Rule};
use crate::pickle::sklearn::{Estimator, Version};

const fn lacks(
    id: &'static str,
    classes: &'static [&'static str],
    attribute: &'static str,
    since: Version,
    until: Option<Version>,
) -> Rule {
    lacks_when(id, classes, attribute, since, until, |_| true)
}

const fn lacks_when(
    id: &'static str,
    classes: &'static [&'static str],
    attribute: &'static str,
    since: Version,
    until: Option<Version>,
    when: fn(&Estimator<'_>) -> bool,
) -> Rule {
    Rule {
        id,
        effect: Effect::PredictFails,
        concern: Concern::Lacks { classes, attribute, when },
        since,
        until,
        why: "",
    }
}

const fn is(major: u32, minor: u32) -> Version {
    Version(major, minor, 0)
}

const SUPPORT_VECTORS: &[&str] = &["SVC", "NuSVC", "SVR", "NuSVR"];
const NEIGHBORS: &[&str] = &["KNeighborsClassifier", "KNeighborsRegressor"];
const BOOSTING: &[&str] = &["GradientBoostingClassifier", "GradientBoostingRegressor"];
const HISTOGRAMS: &[&str] = &["HistGradientBoostingClassifier", "HistGradientBoostingRegressor"];
const DECISION_TREES: &[&str] = &["DecisionTreeClassifier", "DecisionTreeRegressor"];
const EXTRA_TREES: &[&str] = &["ExtraTreeClassifier", "ExtraTreeRegressor"];

/// True where the text attribute says this.
fn says(estimator: &Estimator<'_>, attribute: &str, text: &str) -> bool {
    estimator.get(attribute).and_then(|item| item.text().ok()).is_some_and(|found| found == text)
}

/// True for support vectors of sparse rows.
fn is_sparse(estimator: &Estimator<'_>) -> bool {
    estimator.boolean_or("_sparse", false).unwrap_or(false)
}

/// True where a column transformer keeps a step as the word and not as a transformer, and has columns
/// for it.
fn has_passthrough(estimator: &Estimator<'_>) -> bool {
    let steps = estimator.get("transformers_").and_then(|steps| steps.list().ok());
    steps.unwrap_or_default().iter().any(|step| {
        let parts = step.list().unwrap_or_default();
        let [_, step, columns] = parts.as_slice() else { return false };
        let is_empty = columns.list().is_ok_and(|columns| columns.is_empty());
        !is_empty && step.text().is_ok_and(|word| word == "passthrough")
    })
}

/// True where a column transformer was fitted with a table of which columns remain: it compares their
/// names.
fn has_remaining_names(estimator: &Estimator<'_>) -> bool {
    let remainder = estimator.get("_remainder").and_then(|remainder| remainder.list().ok());
    let columns = remainder.as_ref().and_then(|parts| parts.get(2));
    estimator.get("_df_columns").is_some() && columns.is_some_and(|columns| !columns.is_none())
}

pub(super) static RULES: &[Rule] = &[
    // What is outside comes first: it is asked before what is inside.
    lacks("columns-verbose", &["ColumnTransformer"], "verbose", is(0, 21), None),
    lacks(
        "columns-feature-names",
        &["ColumnTransformer"],
        "_feature_names_in",
        is(0, 22),
        Some(is(0, 23)),
    ),
    lacks_when(
        "columns-names-are-texts",
        &["ColumnTransformer"],
        "_has_str_cols",
        is(0, 23),
        Some(is(0, 23)),
        has_remaining_names,
    ),
    lacks(
        "columns-fitted-passthrough",
        &["ColumnTransformer"],
        "_name_to_fitted_passthrough",
        is(1, 2),
        Some(is(1, 3)),
    ),
    Rule {
        id: "columns-passthrough",
        effect: Effect::PredictFails,
        concern: Concern::Object { classes: &["ColumnTransformer"], holds: has_passthrough },
        since: Version(1, 4, 0),
        until: None,
        why: "column transformers keep a transformer for \"passthrough\" since 1.4, and take no word for one",
    },
    lacks("tree-monotonic", DECISION_TREES, "monotonic_cst", is(1, 4), Some(is(1, 8))),
    lacks("extra-tree-monotonic", EXTRA_TREES, "monotonic_cst", is(1, 6), Some(is(1, 8))),
    lacks("dummy-strategy", &["DummyClassifier"], "_strategy", is(0, 22), None),
    lacks("boosting-loss", BOOSTING, "_loss", is(1, 1), None),
    lacks("histogram-loss", HISTOGRAMS, "_loss", is(0, 24), None),
    lacks("histogram-preprocessor", HISTOGRAMS, "_preprocessor", is(1, 4), None),
    lacks("support-counts", SUPPORT_VECTORS, "_n_support", is(0, 22), None),
    lacks("support-probabilities", SUPPORT_VECTORS, "_probA", is(0, 23), None),
    lacks_when(
        "support-sparse",
        SUPPORT_VECTORS,
        "_effective_probability",
        is(1, 9),
        None,
        is_sparse,
    ),
    lacks("neighbor-count", NEIGHBORS, "n_samples_fit_", is(0, 22), None),
    lacks("linear-positive", &["LinearRegression"], "positive", is(1, 6), None),
    lacks_when("pca-randomized", &["PCA"], "power_iteration_normalizer", is(1, 8), None, |pca| {
        says(pca, "_fit_svd_solver", "randomized")
    }),
    lacks(
        "feature-count",
        &["StandardScaler", "SimpleImputer"],
        "n_features_in_",
        is(0, 23),
        Some(is(0, 23)),
    ),
    lacks("min-max-clip", &["MinMaxScaler"], "clip", is(0, 24), None),
    lacks("imputer-indicator", &["SimpleImputer"], "add_indicator", is(0, 21), None),
    lacks("imputer-fit-dtype", &["SimpleImputer"], "_fit_dtype", is(1, 1), None),
    lacks("imputer-empty-features", &["SimpleImputer"], "keep_empty_features", is(1, 2), None),
    lacks("imputer-fill-dtype", &["SimpleImputer"], "_fill_dtype", is(1, 8), None),
    lacks("indicator-precomputed", &["MissingIndicator"], "_precomputed", is(0, 24), None),
    lacks("one-hot-drop", &["OneHotEncoder"], "drop", is(0, 21), None),
    lacks("one-hot-infrequent", &["OneHotEncoder"], "_infrequent_enabled", is(1, 1), None),
    lacks("one-hot-grouping", &["OneHotEncoder"], "_drop_idx_after_grouping", is(1, 2), None),
    lacks("ordinal-unknown", &["OrdinalEncoder"], "handle_unknown", is(0, 24), None),
    lacks("ordinal-missing", &["OrdinalEncoder"], "_missing_indices", is(1, 0), None),
    lacks("ordinal-infrequent", &["OrdinalEncoder"], "_infrequent_enabled", is(1, 3), None),
    Rule {
        id: "tfidf-fitted",
        effect: Effect::PredictFails,
        concern: Concern::Object {
            classes: &["TfidfTransformer"],
            // It has had n_features_in_ since 1.0.
            holds: |terms| terms.told_version().is_some_and(|version| version < is(1, 0)),
        },
        since: Version(1, 5, 0),
        until: None,
        why: "TfidfTransformer looks for idf_ since 1.5, and takes one of before 1.0 for not fitted",
    },
];
