//! Steps in a row, and transformers side by side: `sklearn/pipeline.py`.

use std::collections::HashMap;

use super::Estimator;
use super::error::ReadError;
use super::in_place;
use super::item::Item;
use super::precision;
use super::registry::Class;
use super::row_order;
use crate::base::{Metadata, Parameters, Value};

const PACKAGE: &str = "sklearn.pipeline";

pub(super) const CLASSES: &[Class] =
    &[(PACKAGE, "Pipeline", pipeline), (PACKAGE, "FeatureUnion", union)];

/// What a step takes at least, as bytes of arrays do; in the file it is a pair and a name.
const STEP_BYTES: usize = 128;

/// What a name or None stands for in place of a transformer.
pub(super) enum Step<'d> {
    Dropped,
    Same,
    Model(Item<'d>),
}

/// An estimator, or `"passthrough"`, `"drop"`, or None, which means `absent`.
pub(super) fn step<'d>(item: &Item<'d>, absent: Step<'d>) -> Result<Step<'d>, ReadError> {
    // What stands for a step becomes one, also where a list has the same pair again and again.
    item.charge_build()?;
    item.charge_bytes(STEP_BYTES)?;
    if item.is_none() {
        return Ok(absent);
    }
    match item.text().as_deref() {
        Ok("passthrough") => Ok(Step::Same),
        Ok("drop") => Ok(Step::Dropped),
        Ok(_) => Err(item.expected("an estimator, passthrough or drop")),
        Err(_) => Ok(Step::Model(item.clone())),
    }
}

/// Rows as they are.
pub(super) fn identity(width: Option<usize>) -> Parameters {
    let version = crate::base::kinds::find("identity").map_or(1, |kind| kind.layout_version);
    let mut parameters = Parameters::new("identity", version);
    if let Some(width) = width.and_then(|width| i64::try_from(width).ok()) {
        parameters.set("n_features", width);
    }
    parameters
}

/// Marks an attribute whose models stand in a slot of their own.
pub(super) fn keep_as_models(estimator: &Estimator<'_>, attribute: &str, slot: &str) {
    let mut kept = Metadata::new();
    kept.insert("type".into(), "models".into());
    kept.insert("name".into(), slot.into());
    estimator.keep(attribute, super::Kept::Value(kept.into()));
}

/// Name and value of the members of a list of pairs.
pub(super) fn named<'d>(list: &Item<'d>) -> Result<Vec<(String, Item<'d>)>, ReadError> {
    let pair = |item: &Item<'d>| match item.list()?.as_slice() {
        [name, value] => Ok((name.text()?, value.clone())),
        _ => Err(item.expected("a pair of a name and an estimator")),
    };
    list.list()?.iter().map(pair).collect()
}

fn pipeline(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let steps = estimator.attribute("steps")?;
    let mut children = Vec::new();
    let mut single = false;
    let mut order = None;
    for (name, item) in named(&steps)? {
        let mut child = match step(&item, Step::Same)? {
            Step::Same => {
                children.push((name, identity(None)));
                continue;
            }
            Step::Dropped => return Err(item.expected("an estimator or passthrough")),
            Step::Model(model) => super::build(&model)?,
        };
        if single {
            precision::receive(&item, &mut child)?;
        }
        single = precision::gives_single(&item, single)?;
        row_order::receive(order, &mut child);
        order = row_order::gives(&item)?;
        children.push((name, child));
    }
    if children.is_empty() {
        return Err(steps.found("at least one step", "none"));
    }
    keep_as_models(estimator, "steps", "steps");
    let mut parameters = estimator.parameters("pipeline");
    parameters.set_children("steps", children).map_err(|source| estimator.wrong(source))?;
    Ok(parameters)
}

/// The weights of transformers by name, 1 where none is given; `None` when there are none.
pub(super) fn put_weights(
    estimator: &Estimator<'_>,
    parameters: &mut Parameters,
    names: &[&str],
) -> Result<(), ReadError> {
    let Some(given) = estimator.given("transformer_weights") else { return Ok(()) };
    let mut weight_of = HashMap::new();
    for (name, weight) in given.entries()? {
        weight_of.insert(name.text()?, weight);
    }
    let mut weights = vec![1.0; names.len()];
    for (name, place) in names.iter().zip(&mut weights) {
        // A weight of None is none.
        if let Some(weight) = weight_of.get(*name).filter(|weight| !weight.is_none()) {
            *place = weight.float()?;
        }
    }
    let shape = [weights.len()];
    let weights = given.from_vec(weights, &shape)?;
    parameters.insert("weights", weights).map_err(|source| estimator.wrong(source))
}

fn union(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut children = Vec::new();
    let list = estimator.attribute("transformer_list")?;
    let members = named(&list)?;
    let last = members.len().saturating_sub(1);
    for (index, (name, item)) in members.into_iter().enumerate() {
        if index < last {
            in_place::refuse(&item)?;
        }
        match step(&item, Step::Dropped)? {
            Step::Dropped => {}
            Step::Same => children.push((name, identity(None))),
            Step::Model(model) => children.push((name, super::build(&model)?)),
        }
    }
    let mut parameters = estimator.parameters("feature_union");
    let names: Vec<&str> = children.iter().map(|(name, _)| name.as_str()).collect();
    put_weights(estimator, &mut parameters, &names)?;
    if children.len() == list.list()?.len() {
        keep_as_models(estimator, "transformer_list", "transformers");
    }
    parameters.set_children("transformers", children).map_err(|source| estimator.wrong(source))?;
    Ok(parameters)
}

/// What is said of a child that stands for more than itself.
pub(super) fn of_child(child: &Parameters, key: &str) -> Value {
    child.metadata().get(key).cloned().unwrap_or(Value::Null)
}
