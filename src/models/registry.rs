//! The list of kinds that can be predicted from. A new one is a file beside this one and a line here.

use super::decision_tree_classifier::DecisionTreeClassifier;
use super::k_neighbors_classifier::KNeighborsClassifier;
use super::k_neighbors_regressor::KNeighborsRegressor;
use super::linear_regression::LinearRegression;
use super::linear_support_vector_classifier::LinearSupportVectorClassifier;
use super::logistic_regression::LogisticRegression;
use super::multilayer_perceptron_classifier::MultilayerPerceptronClassifier;
use super::multilayer_perceptron_regressor::MultilayerPerceptronRegressor;
use super::random_forest_classifier::RandomForestClassifier;
use super::support_vector_classifier::SupportVectorClassifier;
use super::support_vector_regressor::SupportVectorRegressor;
use super::{Model, ModelError};
use crate::base::{Parameters, kinds};

type Constructor = fn(&Parameters) -> Result<Box<dyn Model>, ModelError>;

/// Every kind that can be predicted from, with what makes a model of its parameters.
pub static MODELS: &[(&str, Constructor)] = &[
    ("linear_regression", |p| Ok(Box::new(LinearRegression::from_parameters(p)?))),
    ("logistic_regression", |p| Ok(Box::new(LogisticRegression::from_parameters(p)?))),
    ("decision_tree_classifier", |p| Ok(Box::new(DecisionTreeClassifier::from_parameters(p)?))),
    ("random_forest_classifier", |p| Ok(Box::new(RandomForestClassifier::from_parameters(p)?))),
    ("linear_support_vector_classifier", |p| {
        Ok(Box::new(LinearSupportVectorClassifier::from_parameters(p)?))
    }),
    ("support_vector_classifier", |p| Ok(Box::new(SupportVectorClassifier::from_parameters(p)?))),
    ("support_vector_regressor", |p| Ok(Box::new(SupportVectorRegressor::from_parameters(p)?))),
    ("k_neighbors_classifier", |p| Ok(Box::new(KNeighborsClassifier::from_parameters(p)?))),
    ("k_neighbors_regressor", |p| Ok(Box::new(KNeighborsRegressor::from_parameters(p)?))),
    ("multilayer_perceptron_classifier", |p| {
        Ok(Box::new(MultilayerPerceptronClassifier::from_parameters(p)?))
    }),
    ("multilayer_perceptron_regressor", |p| {
        Ok(Box::new(MultilayerPerceptronRegressor::from_parameters(p)?))
    }),
];

/// Makes the model that parameters describe, whatever they were loaded from. Its arrays are
/// shared; the check costs O(number of arrays).
///
/// # Errors
/// [`ModelError::Kind`] when the kind is not known or its arrays do not fit.
pub fn from_parameters(parameters: &Parameters) -> Result<Box<dyn Model>, ModelError> {
    let kind = kinds::check(parameters)?;
    match MODELS.iter().find(|(id, _)| *id == kind.id) {
        Some((_, constructor)) => constructor(parameters),
        None => Err(ModelError::Unsupported { kind: kind.id, method: "predict" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_model_and_every_model_a_kind() {
        let models: Vec<&str> = MODELS.iter().map(|(id, _)| *id).collect();
        let kinds: Vec<&str> = kinds::KINDS.iter().map(|kind| kind.id).collect();
        assert_eq!(models, kinds);
    }
}
