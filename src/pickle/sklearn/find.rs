//! Where the models and arrays of a file are: the result itself, or inside dicts, lists and tuples.

use std::collections::HashSet;

use super::error::ReadError;
use super::item::Item;
use super::source::Source;
use super::walk::Walk;
use crate::pickle::Node;

/// What a file holds.
#[derive(Debug, Default)]
pub struct Found<'d> {
    /// Objects of classes of scikit-learn, or of classes that are not known, in order.
    pub models: Vec<Item<'d>>,
    /// Arrays that are no part of a model, in order.
    pub arrays: Vec<Item<'d>>,
}

/// Finds models and arrays. Each value is looked at once, however often it is used.
///
/// # Errors
/// When an entry of a dict cannot be read.
pub fn find<'d>(source: &'d Source<'d>) -> Result<Found<'d>, ReadError> {
    let mut found = Found::default();
    let mut seen = HashSet::new();
    let mut walk = Walk::from(source.root());
    while let Some(item) = walk.next() {
        if is_leaf(&item) || !seen.insert(item.node()) {
            continue;
        }
        if item.is_array() {
            // An object array may hold models as a list does, but nobody saves them so.
            found.arrays.push(item);
            continue;
        }
        match item.value() {
            Node::List(members) => walk.enter_members(&item, members),
            Node::Tuple(members) => walk.enter_members(&item, members),
            _ if item.is_dict() => {
                let values = item.entries()?.into_iter().map(|(_, value)| value);
                walk.enter(values.filter(|value| !is_leaf(value)).collect());
            }
            Node::Object(_) if is_model(&item) => found.models.push(item),
            _ => {}
        }
    }
    Ok(found)
}

/// True for what can be no model and hold none.
fn is_leaf(item: &Item<'_>) -> bool {
    !matches!(item.value(), Node::List(_) | Node::Tuple(_) | Node::Dict(_) | Node::Object(_))
}

/// True for an instance that could be a model: of scikit-learn, or of a class that is not known.
fn is_model(item: &Item<'_>) -> bool {
    use crate::pickle::globals::{Known, known};
    let Some((module, name)) = item.class() else { return false };
    match known(module, name) {
        None => true,
        Some(Known::Opaque) => module.starts_with("sklearn"),
        Some(_) => false,
    }
}
