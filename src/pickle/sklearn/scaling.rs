//! Scalers: `sklearn/preprocessing/_data.py`.

use super::Estimator;
use super::error::ReadError;
use super::registry::Class;
use super::version::Version;
use crate::base::Parameters;

const PACKAGE: &str = "sklearn.preprocessing";

pub(super) const CLASSES: &[Class] = &[
    (PACKAGE, "StandardScaler", standard),
    (PACKAGE, "RobustScaler", robust),
    (PACKAGE, "MaxAbsScaler", largest),
    (PACKAGE, "MinMaxScaler", min_max),
    (PACKAGE, "Normalizer", normalizer),
    (PACKAGE, "Binarizer", binarizer),
];

/// Puts an array of a number for each feature; `width` becomes its length.
fn put(
    estimator: &Estimator<'_>,
    parameters: &mut Parameters,
    (name, attribute): (&str, &str),
    width: &mut Option<usize>,
) -> Result<(), ReadError> {
    let array = estimator.attribute(attribute)?.floats(1)?;
    *width = Some(array.element_count());
    estimator.put(parameters, name, attribute, array)
}

/// Sets how many features there are, where no array says it and the estimator counted them: before
/// 0.24 those that learn nothing did not.
pub(super) fn set_width(
    estimator: &Estimator<'_>,
    parameters: &mut Parameters,
    known: Option<usize>,
) -> Result<(), ReadError> {
    let counted = match known {
        Some(_) => known,
        None => estimator.given("n_features_in_").map(|item| item.count()).transpose()?,
    };
    if let Some(width) = counted.and_then(|width| i64::try_from(width).ok()) {
        parameters.set("n_features", width);
    }
    Ok(())
}

fn standard(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("standard_scaler");
    // Before 0.24 nothing counted the features, but the mean is kept even when it is not used.
    let mut known = estimator
        .given("mean_")
        .map(|mean| mean.floats(1))
        .transpose()?
        .map(|mean| mean.element_count());
    if estimator.attribute("with_mean")?.boolean()? {
        put(estimator, &mut parameters, ("mean", "mean_"), &mut known)?;
    }
    if estimator.attribute("with_std")?.boolean()? {
        put(estimator, &mut parameters, ("scale", "scale_"), &mut known)?;
    }
    set_width(estimator, &mut parameters, known)?;
    Ok(parameters)
}

fn robust(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("standard_scaler");
    let mut known = None;
    if estimator.attribute("with_centering")?.boolean()? {
        put(estimator, &mut parameters, ("mean", "center_"), &mut known)?;
    }
    if estimator.attribute("with_scaling")?.boolean()? {
        put(estimator, &mut parameters, ("scale", "scale_"), &mut known)?;
    }
    set_width(estimator, &mut parameters, known)?;
    Ok(parameters)
}

fn largest(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("standard_scaler");
    let mut known = None;
    put(estimator, &mut parameters, ("scale", "scale_"), &mut known)?;
    set_width(estimator, &mut parameters, known)?;
    if estimator.boolean_or("clip", false)? {
        parameters.set("clip", true);
    }
    Ok(parameters)
}

fn min_max(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("min_max_scaler");
    put(estimator, &mut parameters, ("scale", "scale_"), &mut None)?;
    put(estimator, &mut parameters, ("min", "min_"), &mut None)?;
    if estimator.boolean_or("clip", false)? {
        let range = estimator.attribute("feature_range")?;
        match range.list()?.as_slice() {
            [low, high] => {
                parameters.set("clip_low", low.float()?);
                parameters.set("clip_high", high.float()?);
            }
            _ => return Err(range.expected("a pair of numbers")),
        }
    }
    Ok(parameters)
}

fn normalizer(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let norm = estimator.attribute("norm")?.text()?;
    let norm = match norm.as_str() {
        "l1" => "l1",
        "l2" => "l2",
        // The largest value became the largest absolute value in 0.24.
        "max" => match estimator.version("what the norm max is")? {
            version if version < Version(0, 24, 0) => "largest",
            _ => "max",
        },
        _ => return Err(estimator.refuse("norm", norm, "l1, l2, max")),
    };
    let mut parameters = estimator.parameters("normalizer").with("norm", norm);
    set_width(estimator, &mut parameters, None)?;
    Ok(parameters)
}

fn binarizer(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let threshold = estimator.attribute("threshold")?.float()?;
    let mut parameters = estimator.parameters("binarizer").with("threshold", threshold);
    set_width(estimator, &mut parameters, None)?;
    Ok(parameters)
}
