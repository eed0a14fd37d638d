//! Linear models and support vector machines, trained by linfa.

use std::cmp::Ordering;

use linfa::prelude::*;
use linfa_linear::LinearRegression;
use linfa_logistic::{LogisticRegression, MultiLogisticRegression};
use linfa_svm::Svm;
use ndarray::{Array1, Array2};

use super::ModelError;
use super::recipes::Hyper;
use crate::base::{Array, Parameters};

fn failed(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> ModelError {
    move |error| ModelError::Training { what, message: error.to_string() }
}

fn linear(kind: &str, coef: &Array2<f64>, intercept: Vec<f64>) -> Result<Parameters, ModelError> {
    let mut parameters = Parameters::new(kind, 1);
    let rows = intercept.len();
    parameters.insert("coef", Array::from_vec(coef.iter().copied().collect(), coef.shape())?)?;
    parameters.insert("intercept", Array::from_vec(intercept, &[rows])?)?;
    Ok(parameters)
}

/// The linear model of scaled rows as one of the rows as they are: nobody who predicts with it
/// needs to know of the scaling.
pub(super) fn unscaled(
    parameters: &Parameters,
    scaling: &[(f64, f64)],
) -> Result<Parameters, ModelError> {
    let mut coef = parameters.array("coef")?.view::<f64, ndarray::Ix2>()?.to_owned();
    let mut intercept = parameters.array("intercept")?.as_slice::<f64>()?.to_vec();
    for (mut weights, constant) in coef.outer_iter_mut().zip(&mut intercept) {
        for (weight, (mean, deviation)) in weights.iter_mut().zip(scaling) {
            *weight /= deviation;
            *constant -= *weight * mean;
        }
    }
    let mut unscaled =
        linear(parameters.kind(), &coef, intercept)?.with_metadata(parameters.metadata().clone());
    for (name, array) in parameters.arrays() {
        if unscaled.get(name).is_some() {
            continue;
        }
        unscaled.insert(name, array.clone())?;
    }
    Ok(unscaled)
}

/// Ordinary least squares.
pub(super) fn regression(rows: &Array2<f64>, values: &[f64]) -> Result<Parameters, ModelError> {
    let dataset = Dataset::new(rows.clone(), Array1::from(values.to_vec()));
    let model = LinearRegression::default()
        .fit(&dataset)
        .map_err(|error| failed("linear regression")(&error))?;
    let coef = model.params().clone().insert_axis(ndarray::Axis(0));
    linear("linear_regression", &coef, vec![model.intercept()])
}

/// Logistic regression with an L2 penalty, binary or multinomial by the number of classes.
pub(super) fn logistic(
    rows: &Array2<f64>,
    classes: &[usize],
    hyper: Hyper<'_>,
) -> Result<Parameters, ModelError> {
    let wrong = failed("logistic regression");
    let dataset = Dataset::new(rows.clone(), Array1::from(classes.to_vec()));
    let iterations = hyper.count("max_iterations") as u64;
    let alpha = hyper.get("alpha").unwrap_or(1.0);
    if classes.iter().all(|class| *class < 2) {
        let model = LogisticRegression::default()
            .alpha(alpha)
            .max_iterations(iterations)
            .fit(&dataset)
            .map_err(|error| wrong(&error))?;
        // linfa calls the class it met first positive; ours is the second in order.
        let sign = if model.labels().pos.class == 1 { 1.0 } else { -1.0 };
        let coef = (model.params() * sign).insert_axis(ndarray::Axis(0));
        let parameters = linear("logistic_regression", &coef, vec![model.intercept() * sign])?;
        return Ok(parameters.with("multi_class", "binary"));
    }
    let model = MultiLogisticRegression::default()
        .alpha(alpha)
        .max_iterations(iterations)
        .fit(&dataset)
        .map_err(|error| wrong(&error))?;
    // linfa keeps features by classes, the classes in the order in which it met them.
    let mut order: Vec<usize> = (0..model.classes().len()).collect();
    order.sort_by_key(|index| model.classes()[*index]);
    let coef = model.params().t().select(ndarray::Axis(0), &order);
    let intercept = order.iter().map(|index| model.intercept()[*index]).collect();
    Ok(linear("logistic_regression", &coef, intercept)?.with("multi_class", "multinomial"))
}

/// Alphas that linfa itself counts as zero.
const SUPPORT: f64 = 100.0 * f64::EPSILON;

/// A support vector machine for two classes. With a `gamma` the kernel is radial, without it
/// linear, and then only the hyperplane is kept.
pub(super) fn support_vectors(
    rows: &Array2<f64>,
    classes: &[usize],
    hyper: Hyper<'_>,
) -> Result<Parameters, ModelError> {
    let targets: Array1<bool> = classes.iter().map(|class| *class == 1).collect();
    let dataset = Dataset::new(rows.clone(), targets);
    let cost = hyper.get("c").unwrap_or(1.0);
    let training = Svm::<f64, bool>::params().pos_neg_weights(cost, cost);
    let gamma = hyper.get("gamma");
    let model = match gamma {
        // linfa's Gaussian kernel is exp(-|a - b|^2 / eps).
        Some(gamma) => training.gaussian_kernel(1.0 / gamma),
        None => training.linear_kernel(),
    }
    .fit(&dataset)
    .map_err(|error| failed("support vector machine")(&error))?;

    let Some(gamma) = gamma else {
        let mut coef = Array2::zeros((1, rows.ncols()));
        for (row, alpha) in rows.outer_iter().zip(&model.alpha) {
            coef.row_mut(0).scaled_add(*alpha, &row);
        }
        return linear("linear_support_vector_classifier", &coef, vec![-model.rho]);
    };
    let mut kept: Vec<usize> =
        (0..rows.nrows()).filter(|row| model.alpha[*row].abs() > SUPPORT).collect();
    kept.sort_by(|a, b| classes[*a].cmp(&classes[*b]).then(Ordering::Equal));
    let vectors: Vec<f64> = kept.iter().flat_map(|row| rows.row(*row).to_vec()).collect();
    let dual_coef: Vec<f64> = kept.iter().map(|row| model.alpha[*row]).collect();
    let of_class = |class| kept.iter().filter(|row| classes[**row] == class).count() as i64;
    let counts = vec![of_class(0), of_class(1)];
    let mut parameters = Parameters::new("support_vector_classifier", 1)
        .with("kernel", "rbf")
        .with("gamma", gamma)
        .with("coef0", 0.0)
        .with("degree", 3i64);
    let shape = [kept.len(), rows.ncols()];
    parameters.insert("support_vectors", Array::from_vec(vectors, &shape)?)?;
    parameters.insert("dual_coef", Array::from_vec(dual_coef, &[1, kept.len()])?)?;
    parameters.insert("intercept", Array::from_vec(vec![-model.rho], &[1])?)?;
    parameters.insert("support_counts", Array::from_vec(counts, &[2])?)?;
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unscaled_model_says_of_rows_what_the_scaled_one_says_of_scaled_rows() {
        let coef = ndarray::array![[2.0, -3.0], [0.5, 1.0]];
        let scaled = linear("linear_regression", &coef, vec![1.0, -1.0]).unwrap();
        let unscaled = unscaled(&scaled, &[(10.0, 4.0), (-2.0, 0.5)]).unwrap();
        // Row (14, -1) is (1, 2) when scaled: 2 - 6 + 1 and 0.5 + 2 - 1.
        let model = crate::models::registry::from_parameters(&unscaled).unwrap();
        let found = model.predict(ndarray::array![[14.0, -1.0]].view().into()).unwrap();
        assert_eq!(found, crate::models::Predictions::Values(ndarray::array![[-3.0, 1.5]]));
    }
}
