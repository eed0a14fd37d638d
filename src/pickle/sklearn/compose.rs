//! Transformers of columns: `sklearn/compose/_column_transformer.py`.

use std::collections::HashMap;

use super::Estimator;
use super::categories::{Cell, cells, text_members};
use super::error::ReadError;
use super::in_place;
use super::item::Item;
use super::pipeline::{Step, identity, keep_as_models, put_weights, step};
use super::registry::Class;
use crate::base::{Array, Parameters};
use crate::pickle::Node;

pub(super) const CLASSES: &[Class] = &[
    ("sklearn.compose", "ColumnTransformer", columns),
    ("sklearn.preprocessing", "FunctionTransformer", function),
];

/// Without a function it gives back what it was given.
fn function(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    match estimator.given("func") {
        Some(_) => Err(estimator.refuse("func", estimator.shown("func"), "None")),
        None => {
            let width = estimator.given("n_features_in_").map(|item| item.count()).transpose()?;
            Ok(identity(width))
        }
    }
}

/// Which columns a transformer is given.
enum Chosen {
    Indices(Vec<i64>),
    Names(Vec<String>),
}

impl Chosen {
    fn is_empty(&self) -> bool {
        match self {
            Chosen::Indices(indices) => indices.is_empty(),
            Chosen::Names(names) => names.is_empty(),
        }
    }
}

/// What is known about the columns that the transformer was fitted with.
struct Features {
    count: usize,
    names: Option<Vec<String>>,
    /// The first place of each name.
    places: HashMap<String, i64>,
}

fn columns(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let names = feature_names(estimator)?;
    let count = match (estimator.given("n_features_in_"), estimator.given("_n_features"), &names) {
        (Some(count), ..) | (None, Some(count), _) => count.count()?,
        (None, None, Some(names)) => names.len(),
        (None, None, None) => estimator.attribute("n_features_in_")?.count()?,
    };
    let mut places = HashMap::new();
    for (place, name) in (0i64..).zip(names.iter().flatten()) {
        places.entry(name.clone()).or_insert(place);
    }
    let features = Features { count, names, places };
    let list = estimator.attribute("transformers_")?;
    let indices_of = indices_by_name(estimator)?;
    let (mut children, mut chosen) = (Vec::new(), Vec::new());
    let entries = list.list()?;
    let last = entries.len().saturating_sub(1);
    for (index, entry) in entries.iter().enumerate() {
        let members = entry.list()?;
        let [name, item, raw] = members.as_slice() else {
            return Err(entry.expected("a name, a transformer and its columns"));
        };
        let name = name.text()?;
        let known = indices_of.get(&name).map(whole_numbers).transpose()?;
        let columns = match (choose(raw, &features)?, known) {
            (Chosen::Indices(said), Some(known)) if said != known => {
                return Err(raw.found(format!("columns {known:?}"), format!("{said:?}")));
            }
            (Chosen::Names(_), Some(known)) => Chosen::Indices(known),
            (said, _) => said,
        };
        // A list of columns is copied out of the rows, a slice is not.
        if index < last && slice(raw, &features)?.is_some() {
            in_place::refuse(item)?;
        }
        let model = match step(item, Step::Dropped)? {
            Step::Dropped => continue,
            _ if columns.is_empty() => continue,
            Step::Same => identity(None),
            Step::Model(model) => super::build(&model)?,
        };
        children.push((name, model));
        chosen.push(columns);
    }
    let mut parameters = estimator.parameters("column_transformer");
    let wrong = |source| estimator.wrong(source);
    let as_array = |source| ReadError::Array { path: list.shown_path(), source };
    for (index, columns) in chosen.iter().enumerate() {
        let array = match columns {
            Chosen::Indices(indices) => list.from_vec(indices.clone(), &[indices.len()])?,
            Chosen::Names(names) => Array::from_texts(names, &[names.len()]).map_err(as_array)?,
        };
        parameters.insert(format!("columns.{index}"), array).map_err(wrong)?;
    }
    if let Some(names) = &features.names {
        let names = Array::from_texts(names, &[names.len()]).map_err(as_array)?;
        parameters.insert("feature_names", names).map_err(wrong)?;
    }
    parameters.set("n_features", i64::try_from(features.count).unwrap_or(i64::MAX));
    let names: Vec<&str> = children.iter().map(|(name, _)| name.as_str()).collect();
    put_weights(estimator, &mut parameters, &names)?;
    if children.len() == list.list()?.len() {
        keep_as_models(estimator, "transformers_", "transformers");
    }
    parameters.set_children("transformers", children).map_err(wrong)?;
    Ok(parameters)
}

/// Since 1.0 the indices of each transformer's columns are kept by its name, too.
fn indices_by_name<'d>(estimator: &Estimator<'d>) -> Result<HashMap<String, Item<'d>>, ReadError> {
    let indices = estimator.given("_transformer_to_input_indices");
    let indices = indices.map(|item| item.entries()).transpose()?.unwrap_or_default();
    let mut by_name = HashMap::with_capacity(indices.len());
    for (key, indices) in indices {
        if let Ok(name) = key.text() {
            by_name.entry(name).or_insert(indices);
        }
    }
    Ok(by_name)
}

/// The names of the columns, where it was fitted with a table. Before 1.0 they are those of a
/// pandas index, and only some versions kept them.
fn feature_names(estimator: &Estimator<'_>) -> Result<Option<Vec<String>>, ReadError> {
    let attributes = ["feature_names_in_", "_feature_names_in", "_df_columns"];
    let Some(item) = attributes.iter().find_map(|name| estimator.given(name)) else {
        return Ok(None);
    };
    // Columns that are called by numbers are found by index.
    Ok(texts(&item)?.filter(|names| !names.is_empty()))
}

/// The texts of an array, a list or a pandas index; `None` when something else is in it.
fn texts(item: &Item<'_>) -> Result<Option<Vec<String>>, ReadError> {
    let Some(item) = unwrapped(item)? else { return Ok(None) };
    if !item.is_array() {
        return Ok(text_members(&item).ok());
    }
    let text = |cell: Cell| match cell {
        Cell::Text(text) => Some(text),
        _ => None,
    };
    Ok(cells(&item)?.into_iter().map(text).collect())
}

/// The array or list in what stands around it: a pandas index, which is
/// `_new_Index(Index, {"data": array, ...})`, or a list with a warning, `_RemainderColsList`.
/// `None` for an index without data, which is a range.
fn unwrapped<'d>(item: &Item<'d>) -> Result<Option<Item<'d>>, ReadError> {
    if item.is_array() {
        return Ok(Some(item.clone()));
    }
    let Node::Object(object) = item.value() else { return Ok(Some(item.clone())) };
    let name = item.values().callable_of(object).map(|global| global.name.as_ref());
    if name == Some("_new_Index") {
        let arguments = item.step("(arguments)", object.arguments).list()?;
        let Some(members) = arguments.get(1) else {
            return Err(item.expected("an index with its members"));
        };
        let entries = members.entries()?;
        let data = entries.into_iter().find(|(key, _)| key.text().is_ok_and(|key| key == "data"));
        return Ok(data.map(|(_, value)| value));
    }
    if item.class().is_some_and(|(_, name)| name == "_RemainderColsList") {
        return item.object()?.attribute("data").map(Some);
    }
    Ok(Some(item.clone()))
}

fn whole_numbers(item: &Item<'_>) -> Result<Vec<i64>, ReadError> {
    match item.is_array() {
        true => {
            let array = item.integers(1)?;
            let wrong = |source| ReadError::Array { path: item.shown_path(), source };
            Ok(array.as_slice::<i64>().map_err(wrong)?.to_vec())
        }
        false => item.list()?.iter().map(Item::integer).collect(),
    }
}

/// What one of the members of a selection is.
#[derive(Clone)]
enum Key {
    Index(i64),
    Name(String),
    Flag(bool),
}

fn key(item: &Item<'_>) -> Result<Key, ReadError> {
    let scalar = item.scalar()?;
    if let Some(text) = scalar.as_str() {
        return Ok(Key::Name(text.to_owned()));
    }
    match (scalar.as_bool(), scalar.as_i64()) {
        (Some(flag), _) => Ok(Key::Flag(flag)),
        (None, Some(index)) => Ok(Key::Index(index)),
        _ => Err(item.expected("a column by index or name, or whether it is chosen")),
    }
}

fn keys(item: &Item<'_>) -> Result<Vec<Key>, ReadError> {
    if !item.is_array() {
        return match item.value() {
            Node::List(_) | Node::Tuple(_) => item.list()?.iter().map(key).collect(),
            // A single column.
            _ => Ok(vec![key(item)?]),
        };
    }
    let array = item.array()?;
    if array.neutral_dtype() == Some(crate::base::DType::Bool) {
        let flags = item.to_array()?;
        let wrong = |source| ReadError::Array { path: item.shown_path(), source };
        return Ok(flags.bools().map_err(wrong)?.into_iter().map(Key::Flag).collect());
    }
    if let Some(elements) = array.elements() {
        item.charge_work(elements.len())?;
        let elements = elements.iter().enumerate();
        return elements.map(|(i, node)| key(&item.member(i, *node))).collect();
    }
    cells(item)?
        .into_iter()
        .map(|cell| match cell {
            Cell::Text(name) => Ok(Key::Name(name)),
            Cell::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                Ok(Key::Index(number as i64))
            }
            _ => Err(item.expected("columns by index or name")),
        })
        .collect()
}

/// The columns of a selection as `transformers_` has it.
fn choose(item: &Item<'_>, features: &Features) -> Result<Chosen, ReadError> {
    if let Some(slice) = slice(item, features)? {
        return Ok(Chosen::Indices(slice));
    }
    if item.is_none() {
        return Ok(Chosen::Indices(Vec::new()));
    }
    let Some(item) = unwrapped(item)? else {
        return Err(item.expected("columns by index, by name, or whether each is chosen"));
    };
    let keys = keys(&item)?;
    // Transformers may share one list of columns, and each has a copy.
    item.charge_bytes(keys.len().saturating_mul(8))?;
    let count = i64::try_from(features.count).unwrap_or(i64::MAX);
    let mut indices = Vec::with_capacity(keys.len());
    let mut names = Vec::new();
    let all_flags = keys.iter().all(|key| matches!(key, Key::Flag(_)));
    if all_flags && keys.len() > features.count {
        let found = keys.len().to_string();
        return Err(item.found(format!("a flag for each of {count} columns"), found));
    }
    for (place, key) in (0i64..).zip(&keys) {
        match key {
            Key::Flag(true) if all_flags => indices.push(place),
            Key::Flag(false) if all_flags => {}
            Key::Index(index) if *index >= -count && *index < count => {
                indices.push(if *index < 0 { count.saturating_add(*index) } else { *index });
            }
            Key::Name(name) => names.push(name.clone()),
            _ => return Err(item.expected(format!("columns below {count}"))),
        }
    }
    match (names.is_empty(), indices.is_empty(), &features.names) {
        (true, ..) => Ok(Chosen::Indices(indices)),
        (false, true, Some(_)) => {
            let indices = names.iter().map(|name| position(&item, features, name));
            indices.collect::<Result<_, _>>().map(Chosen::Indices)
        }
        (false, true, None) => Ok(Chosen::Names(names)),
        (false, false, _) => Err(item.expected("columns all by index or all by name")),
    }
}

fn position(item: &Item<'_>, features: &Features, name: &str) -> Result<i64, ReadError> {
    let place = features.places.get(name).copied();
    place.ok_or_else(|| item.found("the name of a column", format!("{name:?}")))
}

/// The number of columns is but a number in the file, and a slice of all of them nine bytes.
fn charge_slice(item: &Item<'_>, low: i64, high: i64, stride: usize) -> Result<(), ReadError> {
    let length = usize::try_from(high.saturating_sub(low)).unwrap_or(0);
    item.charge_work((length / stride.max(1)).saturating_mul(2))
}

/// The columns of a `slice`: by index as Python counts, or by name with the last one included.
fn slice(item: &Item<'_>, features: &Features) -> Result<Option<Vec<i64>>, ReadError> {
    let Node::Object(object) = item.value() else { return Ok(None) };
    match item.values().callable_of(object) {
        Some(global) if global.name.as_ref() == "slice" => {}
        _ => return Ok(None),
    }
    let arguments = item.step("(arguments)", object.arguments).list()?;
    let [start, stop, stride] = arguments.as_slice() else {
        return Err(item.expected("a slice of start, stop and step"));
    };
    let count = i64::try_from(features.count).unwrap_or(i64::MAX);
    let bound = |item: &Item<'_>, after: i64| -> Result<Option<i64>, ReadError> {
        if item.is_none() {
            return Ok(None);
        }
        match (key(item)?, &features.names) {
            (Key::Index(index), _) => Ok(Some(index)),
            (Key::Name(name), Some(_)) => {
                position(item, features, &name).map(|place| Some(place.saturating_add(after)))
            }
            _ => Err(item.expected("the index of a column, or the name of one that is known")),
        }
    };
    let stride = if stride.is_none() { 1 } else { stride.integer()? };
    let (start, stop) = (bound(start, 0)?, bound(stop, 1)?);
    Ok(Some(match stride {
        0 => return Err(item.expected("a step that is not 0")),
        1.. => {
            let at = |bound: i64| {
                if bound < 0 { bound.saturating_add(count).max(0) } else { bound.min(count) }
            };
            let (start, stop) = (start.map_or(0, at), stop.map_or(count, at));
            let stride = usize::try_from(stride).unwrap_or(usize::MAX);
            charge_slice(item, start, stop, stride)?;
            (start..stop).step_by(stride).collect()
        }
        _ => {
            let at = |bound: i64| match bound < 0 {
                true => bound.saturating_add(count).max(-1),
                false => bound.min(count.saturating_sub(1)),
            };
            let start = start.map_or(count.saturating_sub(1), at);
            let stop = stop.map_or(-1, at);
            let stride = usize::try_from(stride.unsigned_abs()).unwrap_or(usize::MAX);
            charge_slice(item, stop, start, stride)?;
            (stop.saturating_add(1)..start.saturating_add(1)).rev().step_by(stride).collect()
        }
    }))
}
