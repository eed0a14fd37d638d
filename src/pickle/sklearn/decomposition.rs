//! Projections: `sklearn/decomposition/_base.py`, `_pca.py`, `_incremental_pca.py`,
//! `_truncated_svd.py`.

use super::Estimator;
use super::error::ReadError;
use super::registry::Class;
use super::version::Version;
use crate::base::{DType, Parameters};

const PACKAGE: &str = "sklearn.decomposition";

pub(super) const CLASSES: &[Class] = &[
    (PACKAGE, "PCA", principal_components),
    (PACKAGE, "IncrementalPCA", principal_components),
    (PACKAGE, "TruncatedSVD", truncated),
];

/// Since 1.5 the mean is projected and then taken off, before that it was taken off first: the same
/// but for the last bits.
const CENTERED_AFTER: Version = Version(1, 5, 0);

fn principal_components(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("principal_component_analysis");
    let components = estimator.attribute("components_")?;
    let single = components.array()?.neutral_dtype() == Some(DType::F32);
    let version = estimator.version("how the mean is taken off")?;
    let centering = if version < CENTERED_AFTER { "before" } else { "after" };
    let whiten = estimator.attribute("whiten")?.boolean()?;
    if single && (whiten || centering == "after") {
        // Roots and products of single numbers are rounded in an order that is numpy's own.
        return Err(estimator.refuse(
            "dtype",
            "float32",
            "float64, which it is fitted in as a rule",
        ));
    }
    estimator.put(&mut parameters, "components", "components_", components.floats(2)?)?;
    if let Some(mean) = estimator.given("mean_") {
        estimator.put(&mut parameters, "mean", "mean_", mean.floats(1)?)?;
    }
    if whiten {
        let variance = estimator.attribute("explained_variance_")?.floats(1)?;
        estimator.put(&mut parameters, "explained_variance", "explained_variance_", variance)?;
    }
    parameters.set("centering", centering);
    Ok(parameters)
}

/// A projection without a mean.
fn truncated(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("principal_component_analysis");
    let components = estimator.attribute("components_")?.floats(2)?;
    estimator.put(&mut parameters, "components", "components_", components)?;
    parameters.set("centering", "before");
    Ok(parameters)
}
