//! What rules look at: the names of a file, and the objects of a file or below a model.
//!
//! Each node is looked at once, without recursion, so that the time is that of the file's length
//! however its parts are shared.

use std::collections::{BTreeMap, HashSet};

use super::registry::{MEASURED_INSIDE, rules};
use super::{Concern, Rule};
use crate::pickle::globals::{self, Known};
use crate::pickle::sklearn::registry::find as find_class;
use crate::pickle::sklearn::{Estimator, Item, Source, Version};
use crate::pickle::{Node, NodeId};

/// Most classes that are named as not tested: what a person reads.
const MOST_CLASSES: usize = 20;

/// Ids of rules that hold, with the class or name that they hold for.
pub(super) type Held = BTreeMap<&'static str, String>;

/// What a whole file tells.
pub(super) struct File {
    pub held: Held,
    pub writer: Option<Version>,
    pub not_tested: Vec<String>,
}

impl File {
    fn note_not_tested(&mut self, name: String) {
        if self.not_tested.len() < MOST_CLASSES && !self.not_tested.contains(&name) {
            self.not_tested.push(name);
        }
    }
}

/// Looks at all nodes, used or not: Python makes every one of them.
pub(super) fn whole_file(source: &Source<'_>) -> File {
    let mut file = File { held: Held::new(), writer: None, not_tested: Vec::new() };
    let mut states = HashSet::new();
    for (node, value) in source.document().values().iter() {
        match value {
            Node::Global(global) => {
                // A name that is none of a model's: of your own program, or of another library.
                if globals::known(&global.module, &global.name).is_none() {
                    file.note_not_tested(global.to_string());
                }
                for rule in rules() {
                    let Concern::Name(is_so) = rule.concern else { continue };
                    if is_so(&global.module, &global.name) {
                        file.held.entry(rule.id).or_insert_with(|| global.to_string());
                    }
                }
            }
            Node::Object(_) => {
                let Some(estimator) = estimator(source, node, &mut states) else { continue };
                let own = estimator.get("_sklearn_version").and_then(|text| text.text().ok());
                let own = own.and_then(|text| Version::parse(&text));
                file.writer = file.writer.max(own);
                let (module, name) = (estimator.module(), estimator.class_name());
                let is_measured =
                    find_class(module, name).is_some() || MEASURED_INSIDE.contains(&name);
                if own.is_some() && !is_measured {
                    file.note_not_tested(estimator.class());
                }
                look(&estimator, &mut file.held);
            }
            _ => {}
        }
    }
    file
}

/// Looks at the objects that are part of a value.
pub(super) fn below(source: &Source<'_>, root: NodeId) -> Held {
    let document = source.document();
    let mut held = Held::new();
    let (mut seen, mut states) = (HashSet::from([root]), HashSet::new());
    let mut waiting = vec![root];
    while let Some(node) = waiting.pop() {
        let mut inside: Vec<NodeId> = match document.values().get(node) {
            Some(Node::List(nodes) | Node::Set(nodes)) => nodes.clone(),
            Some(Node::Tuple(nodes) | Node::FrozenSet(nodes)) => nodes.to_vec(),
            Some(Node::Dict(entries)) => entries.iter().map(|(_, value)| *value).collect(),
            Some(Node::Object(object)) => {
                if let Some(estimator) = estimator(source, node, &mut states) {
                    look(&estimator, &mut held);
                }
                let values = object.entries.iter().map(|(_, value)| *value);
                let mut inside = vec![object.arguments];
                inside.extend(object.states.iter().copied().chain(object.items.iter().copied()));
                inside.extend(values);
                inside
            }
            _ => continue,
        };
        // joblib keeps the elements apart from the node of their array.
        if document.known_callable(node) == Some(Known::JoblibWrapper) {
            let array = document.array(node);
            inside.extend(array.ok().and_then(|array| array.elements()).unwrap_or_default());
        }
        waiting.extend(inside.into_iter().filter(|node| seen.insert(*node)));
    }
    held
}

/// The object of scikit-learn that a node is, unless its state was looked at before.
fn estimator<'d>(
    source: &'d Source<'d>,
    node: NodeId,
    states: &mut HashSet<NodeId>,
) -> Option<Estimator<'d>> {
    let item = Item::at_no_place(source, node);
    let Node::Object(object) = item.value() else { return None };
    let (module, _) = item.class()?;
    let is_ours = module == "sklearn" || module.starts_with("sklearn.");
    let is_new = is_ours && object.state().is_none_or(|state| states.insert(state));
    if is_new { item.object().ok() } else { None }
}

/// Notes the rules that hold for an object.
fn look(estimator: &Estimator<'_>, held: &mut Held) {
    let Some(version) = estimator.told_version() else { return };
    for rule in rules() {
        if version < rule.since && !held.contains_key(rule.id) && concerns(rule, estimator) {
            held.insert(rule.id, estimator.class_name().to_owned());
        }
    }
}

fn concerns(rule: &Rule, estimator: &Estimator<'_>) -> bool {
    let name = estimator.class_name();
    match &rule.concern {
        Concern::Name(_) => false,
        Concern::Lacks { classes, attribute, when } => {
            classes.contains(&name) && estimator.get(attribute).is_none() && when(estimator)
        }
        Concern::Object { classes, holds } => classes.contains(&name) && holds(estimator),
    }
}
