//! Linear models: `sklearn/linear_model/_base.py`, `_ridge.py`, `_coordinate_descent.py`,
//! `_logistic.py`, `sklearn/svm/_classes.py`.

use super::Estimator;
use super::error::ReadError;
use super::registry::Class;
use super::version::Version;
use crate::base::{Array, Parameters};

const PACKAGE: &str = "sklearn.linear_model";
const MACHINES: &str = "sklearn.svm";

pub(super) const CLASSES: &[Class] = &[
    (PACKAGE, "LinearRegression", regression),
    (PACKAGE, "Ridge", regression),
    (PACKAGE, "RidgeCV", regression),
    (PACKAGE, "Lasso", regression),
    (PACKAGE, "LassoCV", regression),
    (PACKAGE, "ElasticNet", regression),
    (PACKAGE, "ElasticNetCV", regression),
    (MACHINES, "LinearSVR", regression),
    (PACKAGE, "LogisticRegression", logistic_regression),
    (PACKAGE, "LogisticRegressionCV", logistic_regression),
    (MACHINES, "LinearSVC", support_vector_classifier),
];

/// Since this version two classes have a sigmoid and more a softmax, whatever the options.
const ONE_RULE: Version = Version(1, 8, 0);
/// Since this version `newton-cholesky` has a softmax.
const CHOLESKY_MULTINOMIAL: Version = Version(1, 6, 0);

fn regression(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("linear_regression");
    weights(estimator, &mut parameters)?;
    Ok(parameters)
}

fn support_vector_classifier(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("linear_support_vector_classifier");
    weights(estimator, &mut parameters)?;
    let classes = estimator.attribute("classes_")?.labels()?;
    estimator.put(&mut parameters, "classes", "classes_", classes)?;
    Ok(parameters)
}

fn logistic_regression(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("logistic_regression");
    weights(estimator, &mut parameters)?;
    let classes = estimator.attribute("classes_")?.labels()?;
    let rule = probability_rule(estimator, classes.element_count())?;
    estimator.put(&mut parameters, "classes", "classes_", classes)?;
    parameters.set("multi_class", rule);
    Ok(parameters)
}

/// What `LogisticRegression.predict_proba` does, which every version decides by its own options.
fn probability_rule(estimator: &Estimator<'_>, classes: usize) -> Result<&'static str, ReadError> {
    let version = estimator.version("how decision values become probabilities")?;
    let by_one = if classes <= 2 { "binary" } else { "one_vs_rest" };
    if version >= ONE_RULE {
        return Ok(if classes <= 2 { "binary" } else { "multinomial" });
    }
    let option = estimator.attribute("multi_class")?.text()?;
    let automatic = match option.as_str() {
        "ovr" | "warn" => return Ok(by_one),
        "multinomial" => return Ok("multinomial"),
        "auto" => true,
        "deprecated" => version >= Version(1, 5, 0),
        _ => false,
    };
    if !automatic {
        return Err(estimator.refuse("multi_class", option, "ovr, multinomial, auto"));
    }
    let solver = estimator.attribute("solver")?.text()?;
    let cholesky = version >= Version(1, 2, 0)
        && version < CHOLESKY_MULTINOMIAL
        && solver == "newton-cholesky";
    Ok(if classes <= 2 || solver == "liblinear" || cholesky { by_one } else { "multinomial" })
}

/// `coef_` of shape (features) or (outputs, features), `intercept_` a number or an array.
fn weights(estimator: &Estimator<'_>, parameters: &mut Parameters) -> Result<(), ReadError> {
    let coef = estimator.attribute("coef_")?;
    let coef = match coef.is_array() && coef.array()?.shape().len() == 1 {
        true => rows_of_one(estimator, coef.floats(1)?)?,
        // After `sparsify()` it is a sparse matrix.
        false => coef.matrix()?,
    };
    let outputs = coef.shape().first().copied().unwrap_or(0);
    estimator.put(parameters, "coef", "coef_", coef)?;
    let intercept = intercept(estimator, outputs)?;
    estimator.put(parameters, "intercept", "intercept_", intercept)
}

/// One output's coefficients as a matrix of one row.
fn rows_of_one(estimator: &Estimator<'_>, coef: Array) -> Result<Array, ReadError> {
    let shape = [1, coef.element_count()];
    let path = estimator.item().path().to_owned();
    coef.reshaped(&shape).map_err(|source| ReadError::Array { path, source })
}

/// An intercept a row: one number stands for all of them (0.0 without an intercept).
fn intercept(estimator: &Estimator<'_>, outputs: usize) -> Result<Array, ReadError> {
    let item = estimator.attribute("intercept_")?;
    let rank = if item.is_array() { item.array()?.shape().len() } else { 0 };
    if rank == 1 {
        let array = item.floats(1)?;
        // numpy adds the one number of an array of one to every column.
        if array.element_count() == outputs || array.element_count() != 1 {
            return Ok(array);
        }
    }
    // Rows without columns take no bytes in the file.
    item.charge_bytes(outputs.saturating_mul(8))?;
    item.from_vec(vec![item.float()?; outputs], &[outputs])
}
