//! The list of kinds that can be predicted from. A new one is a file beside this one and a line here.

use super::binarizer::Binarizer;
use super::column_transformer::ColumnTransformer;
use super::count_vectorizer::CountVectorizer;
use super::decision_tree_classifier::DecisionTreeClassifier;
use super::decision_tree_regressor::DecisionTreeRegressor;
use super::feature_union::FeatureUnion;
use super::gradient_boosting_classifier::GradientBoostingClassifier;
use super::gradient_boosting_regressor::GradientBoostingRegressor;
use super::hist_gradient_boosting_classifier::HistGradientBoostingClassifier;
use super::hist_gradient_boosting_regressor::HistGradientBoostingRegressor;
use super::identity::Identity;
use super::k_neighbors_classifier::KNeighborsClassifier;
use super::k_neighbors_regressor::KNeighborsRegressor;
use super::label_encoder::LabelEncoder;
use super::linear_regression::LinearRegression;
use super::linear_support_vector_classifier::LinearSupportVectorClassifier;
use super::logistic_regression::LogisticRegression;
use super::min_max_scaler::MinMaxScaler;
use super::multilayer_perceptron_classifier::MultilayerPerceptronClassifier;
use super::multilayer_perceptron_regressor::MultilayerPerceptronRegressor;
use super::normalizer::Normalizer;
use super::one_hot_encoder::OneHotEncoder;
use super::ordinal_encoder::OrdinalEncoder;
use super::pipeline::Pipeline;
use super::principal_component_analysis::PrincipalComponentAnalysis;
use super::random_forest_classifier::RandomForestClassifier;
use super::random_forest_regressor::RandomForestRegressor;
use super::simple_imputer::SimpleImputer;
use super::standard_scaler::StandardScaler;
use super::support_vector_classifier::SupportVectorClassifier;
use super::support_vector_regressor::SupportVectorRegressor;
use super::tfidf_transformer::TfidfTransformer;
use super::tfidf_vectorizer::TfidfVectorizer;
use super::{Model, ModelError};
use crate::base::{Parameters, kinds};

type Constructor = fn(&Parameters) -> Result<Box<dyn Model>, ModelError>;

/// Every kind that can be predicted from, with what makes a model of its parameters.
pub static MODELS: &[(&str, Constructor)] = &[
    ("linear_regression", |p| Ok(Box::new(LinearRegression::from_parameters(p)?))),
    ("logistic_regression", |p| Ok(Box::new(LogisticRegression::from_parameters(p)?))),
    ("decision_tree_classifier", |p| Ok(Box::new(DecisionTreeClassifier::from_parameters(p)?))),
    ("decision_tree_regressor", |p| Ok(Box::new(DecisionTreeRegressor::from_parameters(p)?))),
    ("random_forest_classifier", |p| Ok(Box::new(RandomForestClassifier::from_parameters(p)?))),
    ("random_forest_regressor", |p| Ok(Box::new(RandomForestRegressor::from_parameters(p)?))),
    ("gradient_boosting_classifier", |p| {
        Ok(Box::new(GradientBoostingClassifier::from_parameters(p)?))
    }),
    ("gradient_boosting_regressor", |p| {
        Ok(Box::new(GradientBoostingRegressor::from_parameters(p)?))
    }),
    ("hist_gradient_boosting_classifier", |p| {
        Ok(Box::new(HistGradientBoostingClassifier::from_parameters(p)?))
    }),
    ("hist_gradient_boosting_regressor", |p| {
        Ok(Box::new(HistGradientBoostingRegressor::from_parameters(p)?))
    }),
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
    ("principal_component_analysis", |p| {
        Ok(Box::new(PrincipalComponentAnalysis::from_parameters(p)?))
    }),
    ("standard_scaler", |p| Ok(Box::new(StandardScaler::from_parameters(p)?))),
    ("min_max_scaler", |p| Ok(Box::new(MinMaxScaler::from_parameters(p)?))),
    ("normalizer", |p| Ok(Box::new(Normalizer::from_parameters(p)?))),
    ("binarizer", |p| Ok(Box::new(Binarizer::from_parameters(p)?))),
    ("simple_imputer", |p| Ok(Box::new(SimpleImputer::from_parameters(p)?))),
    ("one_hot_encoder", |p| Ok(Box::new(OneHotEncoder::from_parameters(p)?))),
    ("ordinal_encoder", |p| Ok(Box::new(OrdinalEncoder::from_parameters(p)?))),
    ("label_encoder", |p| Ok(Box::new(LabelEncoder::from_parameters(p)?))),
    ("identity", |p| Ok(Box::new(Identity::from_parameters(p)?))),
    ("count_vectorizer", |p| Ok(Box::new(CountVectorizer::from_parameters(p)?))),
    ("tfidf_transformer", |p| Ok(Box::new(TfidfTransformer::from_parameters(p)?))),
    ("tfidf_vectorizer", |p| Ok(Box::new(TfidfVectorizer::from_parameters(p)?))),
    ("column_transformer", |p| Ok(Box::new(ColumnTransformer::from_parameters(p)?))),
    ("feature_union", |p| Ok(Box::new(FeatureUnion::from_parameters(p)?))),
    ("pipeline", |p| Ok(Box::new(Pipeline::from_parameters(p)?))),
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
