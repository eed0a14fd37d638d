//! The estimators that are read. A new family is a file beside this one and a line here.

use super::Estimator;
use super::error::ReadError;
use super::{
    boosting, compose, decomposition, encoding, histograms, imputation, linear, neighbors,
    perceptrons, pipeline, scaling, search, support_vectors, text, trees,
};
use crate::base::Parameters;

/// Makes the parameters of a fitted estimator: the arrays and entries of its kind. The rest of its
/// attributes is kept by the caller.
pub type Build = fn(&Estimator<'_>) -> Result<Parameters, ReadError>;

/// One class: the package that it is imported from, its name, and what reads it.
///
/// Modules below the package have had many names (`sklearn.ensemble.forest`,
/// `sklearn.ensemble._forest`): any module of the package will do.
pub type Class = (&'static str, &'static str, Build);

/// Every family.
pub static FAMILIES: &[&[Class]] = &[
    linear::CLASSES,
    trees::CLASSES,
    boosting::CLASSES,
    histograms::CLASSES,
    support_vectors::CLASSES,
    neighbors::CLASSES,
    perceptrons::CLASSES,
    scaling::CLASSES,
    decomposition::CLASSES,
    imputation::CLASSES,
    encoding::CLASSES,
    text::CLASSES,
    compose::CLASSES,
    pipeline::CLASSES,
    search::CLASSES,
];

/// What reads a class, by module and name as the file spells them.
pub fn find(module: &str, name: &str) -> Option<Build> {
    let below = |package: &str| {
        module.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let mut classes = FAMILIES.iter().copied().flatten();
    classes.find(|(package, class, _)| *class == name && below(package)).map(|(.., build)| *build)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_modules_are_found_and_no_others() {
        assert!(find("sklearn.linear_model._base", "LinearRegression").is_some());
        assert!(find("sklearn.linear_model.base", "LinearRegression").is_some());
        assert!(find("sklearn.linear_model", "LinearRegression").is_some());
        assert!(find("sklearn.linear_models", "LinearRegression").is_none());
        assert!(find("mylib.linear_model", "LinearRegression").is_none());
    }

    #[test]
    fn classes_stand_once() {
        let classes: Vec<_> = FAMILIES.iter().copied().flatten().map(|(p, c, _)| (p, c)).collect();
        for (index, class) in classes.iter().enumerate() {
            assert!(!classes[..index].contains(class), "{class:?}");
        }
    }
}
