//! Names that newer versions do not have: Python looks them up while it loads, and gives up.
//!
//! Which version lacks a name was found by importing every name of the fixtures in every version.

use super::{Concern, Effect, Rule};
use crate::pickle::sklearn::Version;

const fn gone(
    id: &'static str,
    since: Version,
    concern: fn(&str, &str) -> bool,
    why: &'static str,
) -> Rule {
    Rule { id, effect: Effect::LoadFails, concern: Concern::Name(concern), since, until: None, why }
}

/// Modules without an underscore, as 0.20 and 0.21 spell them.
const PUBLIC_MODULES: &[&str] = &[
    "sklearn.decomposition.pca",
    "sklearn.decomposition.truncated_svd",
    "sklearn.ensemble.forest",
    "sklearn.ensemble.gradient_boosting",
    "sklearn.linear_model.base",
    "sklearn.linear_model.coordinate_descent",
    "sklearn.linear_model.logistic",
    "sklearn.linear_model.ridge",
    "sklearn.metrics.regression",
    "sklearn.metrics.scorer",
    "sklearn.neighbors.ball_tree",
    "sklearn.neighbors.classification",
    "sklearn.neighbors.dist_metrics",
    "sklearn.neighbors.kd_tree",
    "sklearn.neighbors.regression",
    "sklearn.neural_network.multilayer_perceptron",
    "sklearn.preprocessing.data",
    "sklearn.preprocessing.label",
    "sklearn.svm.classes",
    "sklearn.tree.tree",
];

/// Losses and first guesses of gradient boosting up to 0.20.
fn is_first_boosting_loss(module: &str, name: &str) -> bool {
    module == "sklearn.ensemble.gradient_boosting" && !name.starts_with("GradientBoosting")
}

/// The scorers that became one class.
const SCORERS: &[&str] = &["_PredictScorer", "_ProbaScorer", "_ThresholdScorer"];

pub(super) static RULES: &[Rule] = &[
    gone(
        "public-modules",
        Version(0, 24, 0),
        |module, _| PUBLIC_MODULES.contains(&module),
        "modules got an underscore in 0.22, and the old names went in 0.24",
    ),
    gone(
        "deprecation-dict",
        Version(0, 21, 0),
        |module, name| (module, name) == ("sklearn.utils.deprecation", "DeprecationDict"),
        "searches of 0.20 keep their results in a class that went in 0.21",
    ),
    gone(
        "first-boosting-losses",
        Version(0, 23, 0),
        is_first_boosting_loss,
        "gradient boosting of 0.20 keeps losses of a module that lost them in 0.23",
    ),
    Rule {
        id: "first-boosting-losses-asked",
        effect: Effect::PredictFails,
        concern: Concern::Name(is_first_boosting_loss),
        since: Version(0, 21, 0),
        until: None,
        why: "gradient boosting asks its loss for the first guess since 0.21, and that of 0.20 has no such method",
    },
    gone(
        "bundled-joblib",
        Version(0, 23, 0),
        |module, _| module.starts_with("sklearn.externals.joblib"),
        "scikit-learn no longer brings a joblib of its own since 0.23",
    ),
    gone(
        "neighbor-distances-module",
        Version(1, 0, 0),
        |module, _| module == "sklearn.neighbors._dist_metrics",
        "distances moved from sklearn.neighbors to sklearn.metrics in 1.0",
    ),
    gone(
        "distance-classes",
        Version(1, 3, 0),
        |module, name| module == "sklearn.metrics._dist_metrics" && name.ends_with("Distance"),
        "the classes of distances got a 64 at their end in 1.3",
    ),
    gone(
        "histogram-losses",
        Version(1, 1, 0),
        |module, _| module == "sklearn.ensemble._hist_gradient_boosting.loss",
        "losses of histogram boosting moved to sklearn._loss in 1.1",
    ),
    gone(
        "boosting-losses",
        Version(1, 4, 0),
        |module, _| module == "sklearn.ensemble._gb_losses",
        "losses of gradient boosting moved to sklearn._loss in 1.4",
    ),
    gone(
        "passthrough-scorer",
        Version(1, 3, 0),
        |module, name| (module, name) == ("sklearn.metrics._scorer", "_passthrough_scorer"),
        "searches keep a function for scoring that became a class in 1.3",
    ),
    gone(
        "scorer-classes",
        Version(1, 4, 0),
        |module, name| module == "sklearn.metrics._scorer" && SCORERS.contains(&name),
        "the classes of scorers became one in 1.4",
    ),
    gone(
        "compiled-losses",
        Version(1, 6, 0),
        |module, name| {
            matches!(module, "sklearn._loss._loss" | "_loss")
                && name.starts_with("__pyx_unpickle_")
                // The one loss that has this function in every version so far.
                && name != "__pyx_unpickle_CyHalfMultinomialLoss"
        },
        "compiled losses are restored in another way since 1.6",
    ),
    gone(
        "loss-module",
        Version(1, 9, 0),
        |module, _| module == "_loss",
        "1.5 to 1.8 name the module of compiled losses without its package, and 1.9 does not find it",
    ),
    gone(
        "remainder-columns",
        Version(1, 7, 0),
        |module, name| {
            (module, name) == ("sklearn.compose._column_transformer", "_RemainderColsList")
        },
        "column transformers of 1.5 and 1.6 keep the remaining columns in a class that went in 1.7",
    ),
];
