//! The attributes of hundreds of estimators inside one, which share nearly all of them: kept once
//! where they are the same for all, as one array where they are whole numbers, else one by one.

use indexmap::IndexSet;

use super::ATTRIBUTES_KEY;
use super::error::ReadError;
use super::estimator::Estimator;
use super::item::Item;
use super::keep::Keeper;
use super::way::shortened;
use crate::base::{Metadata, Parameters, Value};
use crate::pickle::Node;

/// What is kept of the estimators in an attribute, but for the attributes that `columns` holds.
///
/// ```text
/// {"type": "estimators", "class": ..., "count": n,
///  "shared": {attribute: value, ...}, "each": {attribute: array or list, ...},
///  "columns": [attribute, ...]}
/// ```
pub(super) fn keep(
    name: &str,
    members: &[Item<'_>],
    columns: &[&str],
    parameters: &mut Parameters,
) -> Result<Value, ReadError> {
    let estimators = members.iter().map(Item::object).collect::<Result<Vec<_>, _>>()?;
    let mut names: IndexSet<&str> = IndexSet::new();
    for estimator in &estimators {
        names.extend(estimator.attribute_names().filter(|name| !columns.contains(name)));
    }
    let mut keeper = Keeper::new();
    let (mut shared, mut each) = (Metadata::new(), Metadata::new());
    for attribute in names {
        // The attribute is asked for in each of them; shared ones cost nothing in the file.
        if let Some(first) = members.first() {
            first.charge_work(estimators.len())?;
        }
        let path = format!("{name}.{}", shortened(attribute));
        if let Some(first) = same_for_all(&estimators, attribute) {
            let value = keeper.attribute(&first, &path, parameters)?;
            shared.insert(attribute.to_owned(), value);
        } else if let Some(integers) = integers(&estimators, attribute) {
            let count = integers.len();
            let array = format!("{ATTRIBUTES_KEY}.{path}");
            let item = members.first().map(|item| item.from_vec(integers, &[count]));
            if let Some(values) = item {
                insert(parameters, &array, values?, members)?;
            }
            each.insert(attribute.to_owned(), array_of(&array));
        } else {
            let mut values = Vec::with_capacity(estimators.len());
            for (index, estimator) in estimators.iter().enumerate() {
                values.push(match estimator.get(attribute) {
                    Some(item) => {
                        keeper.attribute(&item, &format!("{path}.{index}"), parameters)?
                    }
                    None => typed("absent"),
                });
            }
            each.insert(attribute.to_owned(), values.into());
        }
    }
    let class = estimators.first().map(Estimator::class).unwrap_or_default();
    let columns: Vec<Value> = columns.iter().map(|name| Value::from(*name)).collect();
    let mut kept = Metadata::new();
    kept.insert("type".into(), "estimators".into());
    kept.insert("class".into(), class.into());
    kept.insert("count".into(), Value::Integer(estimators.len() as i64));
    kept.insert("shared".into(), shared.into());
    kept.insert("each".into(), each.into());
    kept.insert("columns".into(), columns.into());
    Ok(kept.into())
}

/// An array under a name among the attributes.
pub(super) fn insert(
    parameters: &mut Parameters,
    name: &str,
    array: crate::base::Array,
    members: &[Item<'_>],
) -> Result<(), ReadError> {
    let path = members.first().map(Item::shown_path).unwrap_or_default();
    parameters.insert(name, array).map_err(|source| ReadError::Parameters { path, source })
}

fn typed(what: &str) -> Value {
    let mut map = Metadata::new();
    map.insert("type".into(), what.into());
    map.into()
}

fn array_of(name: &str) -> Value {
    let mut map = Metadata::new();
    map.insert("type".into(), "array".into());
    map.insert("name".into(), name.into());
    map.into()
}

/// The first estimator's attribute, when it is the same for all of them.
fn same_for_all<'d>(estimators: &[Estimator<'d>], attribute: &str) -> Option<Item<'d>> {
    let (first, others) = estimators.split_first()?;
    let first = first.get(attribute)?;
    let same = |estimator: &Estimator<'d>| {
        estimator.get(attribute).is_some_and(|item| are_same(&first, &item))
    };
    others.iter().all(same).then_some(first)
}

/// True for one value, and for plain values and arrays that are equal to the bit. Others may be equal
/// as well: then they are kept one by one.
fn are_same(a: &Item<'_>, b: &Item<'_>) -> bool {
    if a.node() == b.node() {
        return true;
    }
    if a.is_array() && b.is_array() {
        let item = a;
        let (Ok(a), Ok(b)) = (a.array(), b.array()) else { return false };
        return may_compare(item, a.bytes().len())
            && a.elements().is_none()
            && a.dtype() == b.dtype()
            && a.shape() == b.shape()
            && a.order() == b.order()
            && a.bytes() == b.bytes();
    }
    match (a.value(), b.value()) {
        (Node::Float(a), Node::Float(b)) => a.to_bits() == b.to_bits(),
        (Node::Text(text), b) => may_compare(a, text.as_bytes().len()) && a.value() == b,
        (Node::Bool(_) | Node::Int(_) | Node::None, b) => a.value() == b,
        (Node::Object(_), Node::Object(_)) => is_same_scalar(a, b),
        _ => false,
    }
}

/// Notes that so many bytes are compared, which the next estimator may have again.
fn may_compare(item: &Item<'_>, bytes: usize) -> bool {
    item.charge_work(bytes / 16).is_ok()
}

/// Numbers of numpy, whose constructors have the same arguments.
fn is_same_scalar(a: &Item<'_>, b: &Item<'_>) -> bool {
    let (Node::Object(x), Node::Object(y)) = (a.value(), b.value()) else { return false };
    let document = a.source.document;
    let is_scalar = |item: &Item<'_>| {
        document.known_callable(item.node()) == Some(crate::pickle::Known::NumpyScalar)
    };
    let plain = x.states.is_empty() && x.items.is_empty() && x.entries.is_empty();
    let plain = plain && y.states.is_empty() && y.items.is_empty() && y.entries.is_empty();
    if !plain || !is_scalar(a) || !is_scalar(b) {
        return false;
    }
    let arguments = |node| match a.values().get(node) {
        Some(Node::Tuple(members)) => members.first().copied().zip(members.get(1).copied()),
        _ => None,
    };
    let (Some((a_type, a_bytes)), Some((b_type, b_bytes))) =
        (arguments(x.arguments), arguments(y.arguments))
    else {
        return false;
    };
    let same_type = a_type == b_type
        || matches!((document.dtype(a_type), document.dtype(b_type)), (Ok(a), Ok(b)) if a == b);
    let same_bytes = a_bytes == b_bytes
        || matches!((document.bytes(a_bytes), document.bytes(b_bytes)), (Ok(x), Ok(y)) if may_compare(a, x.len()) && x == y);
    same_type && same_bytes
}

/// The attribute of all, when it is a whole number of Python for each.
fn integers(estimators: &[Estimator<'_>], attribute: &str) -> Option<Vec<i64>> {
    let integer = |estimator: &Estimator<'_>| match estimator.get(attribute)?.value() {
        Node::Int(value) => Some(*value),
        _ => None,
    };
    estimators.iter().map(integer).collect()
}
