//! Multilayer perceptrons: `sklearn/neural_network/_multilayer_perceptron.py`, `_base.py`.

use super::Estimator;
use super::error::ReadError;
use super::estimator::Kept;
use super::registry::Class;
use crate::base::{DType, Metadata, Parameters, Value};

const PACKAGE: &str = "sklearn.neural_network";

pub(super) const CLASSES: &[Class] =
    &[(PACKAGE, "MLPClassifier", classifier), (PACKAGE, "MLPRegressor", regressor)];

fn classifier(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("multilayer_perceptron_classifier");
    layers(estimator, &mut parameters, &["logistic", "softmax"])?;
    let binarizer = estimator.attribute("_label_binarizer")?.object()?;
    for (option, usual) in [("neg_label", 0.0), ("pos_label", 1.0)] {
        let found = binarizer.float_or(option, usual)?;
        if found != usual {
            return Err(binarizer.refuse(option, found.to_string(), usual.to_string()));
        }
    }
    let classes = binarizer.attribute("classes_")?.labels()?;
    let kind = binarizer.attribute("y_type_")?.text()?;
    match (kind.as_str(), classes.element_count()) {
        ("binary", 2) | ("multiclass", _) => {}
        ("multilabel-indicator", _) => parameters.set("multilabel", true),
        ("binary", count) => {
            let found = format!("binary with {count} classes");
            return Err(estimator.refuse("y_type_", found, "two classes or more"));
        }
        _ => {
            let supported = "binary, multiclass, multilabel-indicator";
            return Err(estimator.refuse("y_type_", kind, supported));
        }
    }
    // `classes_` of the estimator is that of the binarizer, if it is stored at all.
    parameters.insert("classes", classes).map_err(|source| estimator.wrong(source))?;
    Ok(parameters)
}

fn regressor(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("multilayer_perceptron_regressor");
    layers(estimator, &mut parameters, &["identity", "exp"])?;
    Ok(parameters)
}

/// Weights and constants of each layer. They may be of single precision; products with rows of
/// double precision are double.
fn layers(
    estimator: &Estimator<'_>,
    parameters: &mut Parameters,
    outputs: &[&str],
) -> Result<(), ReadError> {
    let hidden = ["identity", "logistic", "tanh", "relu"];
    for (entry, option, choices) in [
        ("activation", "activation", hidden.as_slice()),
        ("output_activation", "out_activation_", outputs),
    ] {
        let found = estimator.attribute(option)?.text()?;
        if !choices.contains(&found.as_str()) {
            return Err(estimator.refuse(option, found, choices.join(", ")));
        }
        parameters.set(entry, found);
    }
    for (name, attribute, rank) in [("coef", "coefs_", 2), ("intercept", "intercepts_", 1)] {
        let mut kept = Vec::new();
        let mut as_they_are = true;
        for (index, item) in estimator.attribute(attribute)?.list()?.iter().enumerate() {
            let name = format!("{name}.{index}");
            as_they_are &= item.array()?.neutral_dtype() == Some(DType::F64);
            let array = item.floats(rank)?;
            let reference: Metadata =
                [("type", Value::from("array")), ("name", name.clone().into())]
                    .map(|(key, value)| (key.to_owned(), value))
                    .into_iter()
                    .collect();
            kept.push(Value::from(reference));
            parameters.insert(name, array).map_err(|source| estimator.wrong(source))?;
        }
        if let Some(layers) = estimator.given("n_layers_")
            && layers.count()? != kept.len().saturating_add(1)
        {
            let expected = format!("one layer more than the {} of {attribute}", kept.len());
            return Err(layers.found(expected, layers.count()?.to_string()));
        }
        if as_they_are {
            estimator.keep(attribute, Kept::Value(kept.into()));
        }
    }
    Ok(())
}
