//! What a file holds, also where no model can be made of it: objects, names and arrays with the way
//! to each.

use std::collections::HashSet;

use super::item::Item;
use super::registry;
use super::source::Source;
use super::walk::Walk;
use crate::pickle::globals;
use crate::pickle::{Node, NodeId};

/// Most entries of an outline: what a person looks through, and a bound on hostile files.
const MOST: usize = 10_000;

/// One thing in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The way to it from the result; empty for the result itself.
    pub path: String,
    /// How many objects it is inside of.
    pub depth: usize,
    /// What it is.
    pub what: What,
}

/// What an [`Entry`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An object of a class that is read as a model or as a part of one.
    Model {
        /// Its class.
        class: String,
    },
    /// An object of a class that is no model, and harmless as data.
    Object {
        /// Its class.
        class: String,
    },
    /// An object of a class, or the result of a function, that is not known: Python would import it.
    Unknown {
        /// Its name.
        name: String,
        /// Where the opcode stands that names it.
        offset: usize,
    },
    /// An array.
    Array {
        /// numpy's notation of its dtype.
        dtype: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// What cannot be read.
    Broken {
        /// Why.
        reason: String,
    },
}

/// Lists models, objects, unknown names and arrays, each once, in the order of the file.
///
/// Works on every file that is a pickle, whether or not a model can be made of it.
pub fn outline(source: &Source<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut seen: HashSet<NodeId> = HashSet::new();
    let mut walk = Walk::from(source.root());
    while let Some(item) = walk.next() {
        if entries.len() >= MOST {
            break;
        }
        let is_container = matches!(
            item.value(),
            Node::List(_)
                | Node::Tuple(_)
                | Node::Dict(_)
                | Node::Set(_)
                | Node::FrozenSet(_)
                | Node::Object(_)
        );
        if is_container && !seen.insert(item.node()) {
            continue;
        }
        if let Some(what) = what(&item) {
            entries.push(Entry { path: item.path(), depth: item.depth(), what });
        }
        enter(&mut walk, &item);
    }
    entries
}

fn what(item: &Item<'_>) -> Option<What> {
    if item.is_array() {
        return Some(match item.array() {
            Ok(array) => {
                What::Array { dtype: array.dtype().notation(), shape: array.shape().to_vec() }
            }
            Err(error) => What::Broken { reason: error.to_string() },
        });
    }
    let unknown = |global: &crate::pickle::Global<'_>| {
        let is_unknown = globals::known(&global.module, &global.name).is_none();
        is_unknown.then(|| What::Unknown { name: global.to_string(), offset: global.offset })
    };
    match item.value() {
        Node::Global(global) => unknown(global),
        Node::Object(object) => {
            if item.source.document.scalar(item.node).is_ok() {
                return None;
            }
            if let Some(found) = item.values().callable_of(object).and_then(unknown) {
                return Some(found);
            }
            let (module, name) = item.class()?;
            let class = format!("{module}.{name}");
            Some(match registry::find(module, name) {
                Some(_) => What::Model { class },
                None => What::Object { class },
            })
        }
        _ => None,
    }
}

/// Goes on with what lies inside. What cannot be read, or is used too often, is left out.
fn enter<'d>(walk: &mut Walk<'d>, item: &Item<'d>) {
    if item.is_array() {
        if let Some(elements) = item.array().ok().and_then(|array| array.elements()) {
            walk.enter_members(item, elements);
        }
        return;
    }
    match item.value() {
        Node::List(nodes) | Node::Set(nodes) => walk.enter_members(item, nodes),
        Node::Tuple(nodes) | Node::FrozenSet(nodes) => walk.enter_members(item, nodes),
        Node::Dict(_) => walk.enter(values_of(item)),
        Node::Object(object) => {
            // The last of them comes first.
            walk.enter(if item.is_dict() { values_of(item) } else { Vec::new() });
            walk.enter_members(item, &object.items);
            let mut found = Vec::new();
            let arguments = item.step("(arguments)", object.arguments);
            if matches!(arguments.value(), Node::Tuple(_)) {
                found.push(arguments);
            }
            match item.object() {
                Ok(estimator) => {
                    found.extend(estimator.attributes().map(|(_, item)| item));
                    found.extend(estimator.state());
                }
                Err(_) => found.extend(object.state().map(|node| item.step("(state)", node))),
            }
            walk.enter(found);
        }
        _ => {}
    }
}

fn values_of<'d>(item: &Item<'d>) -> Vec<Item<'d>> {
    let entries = item.entries().unwrap_or_default();
    entries.into_iter().map(|(_, value)| value).collect()
}
