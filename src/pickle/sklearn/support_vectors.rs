//! Support vector machines with kernels: `sklearn/svm/_base.py`, `_classes.py`.
//!
//! Prediction uses `_dual_coef_` and `_intercept_`; `dual_coef_` and `intercept_` are the same with
//! the sign turned for two classes, so that positive means the second. These are read, and compared
//! with those.

use super::Estimator;
use super::error::ReadError;
use super::registry::Class;
use super::version::Version;
use crate::base::{Array, Parameters};

const PACKAGE: &str = "sklearn.svm";

pub(super) const CLASSES: &[Class] = &[
    (PACKAGE, "SVC", classifier),
    (PACKAGE, "NuSVC", classifier),
    (PACKAGE, "SVR", regressor),
    (PACKAGE, "NuSVR", regressor),
];

/// Since this version the decision values of a row do not depend on the other rows.
const BY_ROW: Version = Version(0, 21, 0);

/// Since this version BLAS multiplies rows that are not sparse.
const BLAS: Version = Version(0, 24, 0);

const KERNELS: &str = "linear, rbf, poly, sigmoid";

fn classifier(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("support_vector_classifier");
    kernel(estimator, &mut parameters)?;
    let classes = estimator.attribute("classes_")?.labels()?;
    let count = classes.element_count();
    machine(estimator, &mut parameters, count == 2)?;
    let counts = ["_n_support", "n_support_"];
    let name = counts.into_iter().find(|name| estimator.get(name).is_some());
    let counts = estimator.any_of(&counts)?.integers(1)?;
    estimator.put(&mut parameters, "support_counts", name.unwrap_or("_n_support"), counts)?;
    estimator.put(&mut parameters, "classes", "classes_", classes)?;
    // libsvm counts a decision of zero as one for the second of a pair.
    parameters.set("zero_decision", "second");
    let shape = decision_shape(estimator, count)?;
    parameters.set("decision_shape", shape);
    let break_ties = estimator.boolean_or("break_ties", false)?;
    if break_ties && shape == "pairs" && count > 2 {
        return Err(estimator.refuse("break_ties", "True with ovo", "True with ovr, or False"));
    }
    parameters.set("break_ties", break_ties && count > 2);
    probability(estimator, &mut parameters)?;
    Ok(parameters)
}

fn decision_shape(estimator: &Estimator<'_>, classes: usize) -> Result<&'static str, ReadError> {
    let option = estimator.text_or("decision_function_shape", "ovr")?;
    match option.as_str() {
        "ovo" => Ok("pairs"),
        "ovr" if classes == 2 => Ok("pairs"),
        "ovr" => {
            let version =
                estimator.version("how the decisions of pairs become those of classes")?;
            Ok(if version < BY_ROW { "classes_of_all_rows" } else { "classes" })
        }
        _ => Err(estimator.refuse("decision_function_shape", option, "ovr, ovo")),
    }
}

/// The numbers of Platt's scaling, where `probability=True` has made them.
fn probability(estimator: &Estimator<'_>, parameters: &mut Parameters) -> Result<(), ReadError> {
    let option = estimator.attribute("probability")?;
    // "deprecated" is the default of 1.9 and means no.
    if option.text().is_ok() || !option.boolean()? {
        return Ok(());
    }
    for (name, attributes) in
        [("probability_a", ["_probA", "probA_"]), ("probability_b", ["_probB", "probB_"])]
    {
        let found = attributes.into_iter().find(|name| estimator.get(name).is_some());
        let array = estimator.any_of(&attributes)?.floats(1)?;
        if array.element_count() == 0 {
            return Ok(());
        }
        estimator.put(parameters, name, found.unwrap_or_default(), array)?;
    }
    Ok(())
}

fn regressor(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("support_vector_regressor");
    kernel(estimator, &mut parameters)?;
    machine(estimator, &mut parameters, false)?;
    Ok(parameters)
}

/// The kernel with the numbers that it was fitted with.
fn kernel(estimator: &Estimator<'_>, parameters: &mut Parameters) -> Result<(), ReadError> {
    let option = estimator.attribute("kernel")?;
    let Ok(name) = option.text() else {
        return Err(estimator.refuse("kernel", estimator.shown("kernel"), KERNELS));
    };
    if !["linear", "rbf", "poly", "sigmoid"].contains(&name.as_str()) {
        return Err(estimator.refuse("kernel", name, KERNELS));
    }
    let degree = estimator.attribute("degree")?;
    // Other kernels have it too and do not use it.
    let degree = match degree.integer() {
        Ok(degree) if (0..=i64::from(i32::MAX)).contains(&degree) => degree,
        _ if name != "poly" => 0,
        _ => {
            let found = estimator.shown("degree");
            return Err(estimator.refuse("degree", found, "whole numbers that are not negative"));
        }
    };
    parameters.set("kernel", name);
    parameters.set("gamma", estimator.attribute("_gamma")?.float()?);
    parameters.set("coef0", estimator.attribute("coef0")?.float()?);
    parameters.set("degree", degree);
    Ok(())
}

/// Vectors, weights and constants, dense or sparse.
fn machine(
    estimator: &Estimator<'_>,
    parameters: &mut Parameters,
    turned: bool,
) -> Result<(), ReadError> {
    let vectors = estimator.attribute("support_vectors_")?;
    let blas = estimator.told_version().is_some_and(|version| version >= BLAS);
    parameters.set("products", if blas && !vectors.is_sparse() { "fused" } else { "in_order" });
    let vectors = vectors.matrix()?;
    let weights = estimator.attribute("dual_coef_")?.matrix()?;
    let constants = estimator.attribute("intercept_")?.floats(1)?;
    let used = estimator.attribute("_dual_coef_")?.matrix()?;
    compare(estimator, "dual_coef_", &weights, &used, turned)?;
    let used = estimator.attribute("_intercept_")?.floats(1)?;
    compare(estimator, "intercept_", &constants, &used, turned)?;
    // Without a vector the sparse form loses its shape.
    let weights = match (vectors.shape().first(), weights.element_count()) {
        (Some(0), 0) => weights.reshaped(&[weights.shape().first().copied().unwrap_or(1), 0]),
        _ => Ok(weights),
    };
    let path = || estimator.item().path().to_owned();
    let weights = weights.map_err(|source| ReadError::Array { path: path(), source })?;
    estimator.put(parameters, "support_vectors", "support_vectors_", vectors)?;
    estimator.put(parameters, "dual_coef", "dual_coef_", weights)?;
    estimator.put(parameters, "intercept", "intercept_", constants)
}

/// What is shown is what is used, but for the sign.
fn compare(
    estimator: &Estimator<'_>,
    name: &str,
    shown: &Array,
    used: &Array,
    turned: bool,
) -> Result<(), ReadError> {
    let slice = |array: &Array| {
        let path = estimator.item().path().to_owned();
        let values = array.as_slice::<f64>().map(<[f64]>::to_vec);
        values.map_err(|source| ReadError::Array { path, source })
    };
    let (shown_values, used_values) = (slice(shown)?, slice(used)?);
    let same = |(shown, used): (&f64, &f64)| *shown == if turned { -used } else { *used };
    if shown.shape() == used.shape() && shown_values.iter().zip(&used_values).all(same) {
        return Ok(());
    }
    let item = estimator.attribute(name)?;
    let sign = if turned { " with the sign turned" } else { "" };
    Err(item.found(format!("the numbers of _{name}{sign}"), "others"))
}
