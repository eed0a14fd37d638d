//! The rules, in the order in which they are told where several are equally bad, and the versions
//! that they were measured with.

use super::{Rule, attributes, layouts, names, numbers};

/// The versions that read each other's files in `tests/data/sklearn/newer_versions.json`.
pub static TESTED: &[&str] = &[
    "0.20.4",
    "0.21.3",
    "0.22.2.post1",
    "0.23.2",
    "0.24.2",
    "1.0.2",
    "1.1.3",
    "1.2.2",
    "1.3.2",
    "1.4.2",
    "1.5.2",
    "1.6.1",
    "1.7.2",
    "1.8.0",
    "1.9.1",
];

/// Estimators that are not read as models, and were measured as parts of those that are.
pub static MEASURED_INSIDE: &[&str] =
    &["DummyClassifier", "DummyRegressor", "LabelBinarizer", "MissingIndicator", "_BinMapper"];

/// Every sort of rules.
pub static SORTS: &[&[Rule]] = &[names::RULES, layouts::RULES, attributes::RULES, numbers::RULES];

/// Every rule.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    SORTS.iter().copied().flatten()
}
