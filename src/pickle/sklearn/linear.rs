//! Linear models: `sklearn/linear_model/_base.py`, `_ridge.py`, `_coordinate_descent.py`.

use super::Estimator;
use super::error::ReadError;
use super::registry::Class;
use crate::base::{Array, Parameters};

const PACKAGE: &str = "sklearn.linear_model";

pub(super) const CLASSES: &[Class] = &[
    (PACKAGE, "LinearRegression", regression),
    (PACKAGE, "Ridge", regression),
    (PACKAGE, "Lasso", regression),
    (PACKAGE, "ElasticNet", regression),
];

/// `coef_` of shape (features) or (outputs, features), `intercept_` a number or an array.
fn regression(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("linear_regression");
    let coef = estimator.attribute("coef_")?;
    let coef = match coef.array()?.shape().len() {
        1 => rows_of_one(estimator, coef.floats(1)?)?,
        _ => coef.floats(2)?,
    };
    let outputs = coef.shape().first().copied().unwrap_or(0);
    estimator.put(&mut parameters, "coef", "coef_", coef)?;
    let intercept = intercept(estimator, outputs)?;
    estimator.put(&mut parameters, "intercept", "intercept_", intercept)?;
    Ok(parameters)
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
        return item.floats(1);
    }
    item.from_vec(vec![item.float()?; outputs], &[outputs])
}
