//! The classes and functions of scikit-learn that a model may name.
//!
//! Classes are listed one by one, by the module that defines them: a module also holds what it
//! imported (`GzipFile`, `Path`, `Thread`), under a name below `sklearn` that sounds like one of its
//! own, and a file that names it there makes Python do what that class does.
//! `scripts/list_sklearn_classes.py` asked every version from 0.20 to 1.9.

use std::collections::HashMap;
use std::sync::OnceLock;

/// A module a line, and the classes that it defines.
const CLASSES: &str = include_str!("sklearn_classes.txt");

/// Functions that models hold: constructors of compiled classes, scorers, and what feature selection
/// scores with. No module of scikit-learn has anything else under these names.
const FUNCTIONS: &[&str] = &[
    "newObj",
    "_passthrough_scorer",
    "accuracy_score",
    "balanced_accuracy_score",
    "check_array",
    "chi2",
    "euclidean_distances",
    "f1_score",
    "f_classif",
    "f_oneway",
    "f_regression",
    "log_loss",
    "logistic_sigmoid",
    "make_column_selector",
    "mean_absolute_error",
    "mean_squared_error",
    "mutual_info_classif",
    "mutual_info_regression",
    "precision_score",
    "r2_score",
    "r_regression",
    "recall_score",
    "roc_auc_score",
];

/// True for a class that the module defines, the function that restores a compiled one, and the
/// functions that models hold.
pub(super) fn is_known(module: &str, name: &str) -> bool {
    let class = name.strip_prefix("__pyx_unpickle_").unwrap_or(name);
    FUNCTIONS.contains(&name) || classes_of(module).contains(&class)
}

fn classes_of(module: &str) -> &'static [&'static str] {
    static MODULES: OnceLock<HashMap<&str, Vec<&str>>> = OnceLock::new();
    let modules = MODULES.get_or_init(|| {
        let words = CLASSES.lines().map(|line| line.split(' '));
        words.filter_map(|mut words| Some((words.next()?, words.collect()))).collect()
    });
    modules.get(module).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_module_defines_is_known_and_what_it_imported_is_not() {
        assert!(is_known("sklearn.ensemble._forest", "RandomForestClassifier"));
        assert!(is_known("sklearn.ensemble.forest", "RandomForestClassifier"));
        assert!(is_known("sklearn._loss._loss", "__pyx_unpickle_CyHalfSquaredError"));
        assert!(is_known("sklearn.neighbors._dist_metrics", "newObj"));
        for (module, name) in [
            ("sklearn.datasets._rcv1", "GzipFile"),
            ("sklearn.callback._transport", "Client"),
            ("sklearn.datasets._base", "Path"),
            ("sklearn.utils._testing", "TempMemmap"),
            ("sklearn.ensemble._forest", "Parallel"),
            ("sklearn.ensemble._forest", "__pyx_unpickle_GzipFile"),
            ("sklearn.nowhere", "RandomForestClassifier"),
        ] {
            assert!(!is_known(module, name), "{module}.{name}");
        }
    }
}
