//! What newer versions read without complaint and understand in another way: the answers are wrong,
//! and nothing says so.

use super::{Concern, Effect, Rule};
use crate::pickle::sklearn::{Estimator, Version};

const fn other_numbers(
    id: &'static str,
    classes: &'static [&'static str],
    holds: fn(&Estimator<'_>) -> bool,
    since: Version,
    why: &'static str,
) -> Rule {
    let concern = Concern::Object { classes, holds };
    Rule { id, effect: Effect::WrongNumbers, concern, since, until: None, why }
}

/// How many classes a classifier of one output tells apart.
fn class_count(estimator: &Estimator<'_>) -> Option<usize> {
    let classes = estimator.get("classes_")?.array().ok()?;
    classes.shape().first().copied()
}

fn text(estimator: &Estimator<'_>, attribute: &str) -> String {
    estimator.text_or(attribute, "").unwrap_or_default()
}

/// True where probabilities come in another way than 1.8 and later make them: by a sigmoid for two
/// classes and by softmax for more.
fn has_other_probabilities(estimator: &Estimator<'_>) -> bool {
    let Some(classes) = class_count(estimator) else { return false };
    match text(estimator, "multi_class").as_str() {
        "multinomial" => classes <= 2,
        "ovr" | "warn" => classes > 2,
        "auto" | "deprecated" => classes > 2 && text(estimator, "solver") == "liblinear",
        _ => false,
    }
}

pub(super) static RULES: &[Rule] = &[
    other_numbers(
        "class-counts",
        &["DecisionTreeClassifier", "ExtraTreeClassifier"],
        |tree| tree.given("tree_").is_some(),
        Version(1, 4, 0),
        "leaves hold counts of samples up to 1.3 and are taken for fractions since 1.4: \
         probabilities are counts, and forests, which average them, choose other classes",
    ),
    other_numbers(
        "idf",
        &["TfidfTransformer"],
        |terms| terms.given("_idf_diag").is_some(),
        Version(1, 5, 0),
        "TfidfTransformer keeps its weights in idf_ since 1.5 and in _idf_diag before, and leaves \
         out those that it does not find: terms are not weighted",
    ),
    other_numbers(
        "logistic-multi-class",
        &["LogisticRegression"],
        has_other_probabilities,
        Version(1, 8, 0),
        "LogisticRegression does not look at multi_class since 1.8: predict_proba is softmax for \
         several classes, and a sigmoid for two",
    ),
    other_numbers(
        "boosting-first-guess",
        &["GradientBoostingClassifier"],
        |boosting| boosting.given("init").is_some_and(|init| init.text().is_err()),
        Version(1, 8, 0),
        "the probabilities of an init estimator are kept from 0 and 1 by 2e-16 since 1.8 and by \
         1e-7 before, so rows of which it is surer than that start elsewhere",
    ),
    other_numbers(
        "support-votes",
        &["SVC", "NuSVC"],
        |classifier| {
            text(classifier, "decision_function_shape") == "ovr"
                && class_count(classifier).is_some_and(|classes| classes > 2)
        },
        Version(0, 21, 0),
        "decision_function adds the confidences of pairs to the votes in another way since 0.21; \
         predict is the same",
    ),
];
