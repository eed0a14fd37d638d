//! An object of the file by its attributes: what a builder is given.

use std::cell::RefCell;

use indexmap::IndexMap;

use super::error::ReadError;
use super::item::Item;
use super::version::Version;
use crate::base::{Parameters, ParametersError, Value, kinds};
use crate::pickle::globals::{self, Known};
use crate::pickle::value::{Construction, Object};
use crate::pickle::{Node, NodeId};

/// Where an attribute went, so that it is not kept twice.
#[derive(Debug, Clone, PartialEq)]
pub enum Kept {
    /// It is the parameters' array of this name, if that is the same to the bit; else it is kept
    /// beside it.
    Array(String),
    /// It can be made again from what this value says.
    Value(Value),
}

/// What an attribute counts among members of lists: it is hashed and compared.
const ATTRIBUTE_WORK: usize = 16;

/// An object by its attributes.
#[derive(Debug)]
pub struct Estimator<'d> {
    item: Item<'d>,
    module: &'d str,
    name: &'d str,
    arguments: Option<NodeId>,
    attributes: IndexMap<&'d str, NodeId>,
    /// The state, where it is not a dict of attributes.
    state: Option<NodeId>,
    called: bool,
    version: Option<Version>,
    kept: RefCell<IndexMap<String, Kept>>,
}

/// The object, the node of its class, and the node of its arguments.
///
/// `NEWOBJ cls args`, `copyreg._reconstructor(cls, base, state)` of protocols 0 and 1, and plain
/// calls of a class come to the same.
fn parts_of<'d>(item: &Item<'d>) -> Option<(&'d Object, NodeId, Option<NodeId>)> {
    let values = item.values();
    let Node::Object(object) = item.value() else { return None };
    let callable = values.callable_of(object)?;
    if object.construction == Construction::Call {
        let known = globals::known(&callable.module, &callable.name);
        if matches!(known, Some(Known::Reconstructor | Known::NewObject)) {
            let Some(Node::Tuple(arguments)) = values.get(object.arguments) else { return None };
            return Some((object, *arguments.first()?, None));
        }
    }
    Some((object, object.callable, Some(object.arguments)))
}

/// Module and name of the class of an object.
pub(super) fn class_of<'d>(item: &Item<'d>) -> Option<(&'d str, &'d str)> {
    let (_, class, _) = parts_of(item)?;
    match item.values().get(class) {
        Some(Node::Global(global)) => Some((global.module.as_ref(), global.name.as_ref())),
        _ => None,
    }
}

impl<'d> Estimator<'d> {
    pub(super) fn read(item: &Item<'d>) -> Result<Self, ReadError> {
        let no_object = || item.expected("an object");
        let (object, _, arguments) = parts_of(item).ok_or_else(no_object)?;
        let (module, name) = class_of(item).ok_or_else(no_object)?;
        let mut attributes = IndexMap::new();
        let mut state = None;
        if let Some(node) = object.state() {
            // The state of a class with slots is a pair: the dict, and the slots.
            let members: &[NodeId] = match item.values().get(node) {
                Some(Node::Tuple(pair)) if pair.len() == 2 && is_pair_of_dicts(item, pair) => pair,
                _ => &[node],
            };
            for member in members {
                match item.values().get(*member) {
                    Some(Node::Dict(entries)) if entries.iter().all(|(k, _)| is_text(item, *k)) => {
                        // Many objects may have the same state.
                        item.charge_work(entries.len().saturating_mul(ATTRIBUTE_WORK))?;
                        for (key, value) in entries {
                            if let Some(key) = item.values().get(*key).and_then(Node::as_str) {
                                item.charge_work(key.len() / 8)?;
                                attributes.insert(key, *value);
                            }
                        }
                    }
                    Some(Node::None) => {}
                    _ => state = Some(node),
                }
            }
        }
        let mut estimator = Estimator {
            item: item.clone(),
            module,
            name,
            arguments,
            attributes,
            state,
            called: arguments.is_some() && object.construction == Construction::Call,
            version: None,
            kept: RefCell::default(),
        };
        if let Some(version) = estimator.get("_sklearn_version") {
            estimator.version = Version::parse(&version.text()?);
        }
        Ok(estimator)
    }

    /// The object itself.
    pub fn item(&self) -> &Item<'d> {
        &self.item
    }

    /// Module and name of its class, as the file spells them.
    pub fn class(&self) -> String {
        format!("{}.{}", self.module, self.name)
    }

    /// The module of its class.
    pub fn module(&self) -> &'d str {
        self.module
    }

    /// The name of its class.
    pub fn class_name(&self) -> &'d str {
        self.name
    }

    /// True when the class was called to make it, so that its constructor put values of its own
    /// under what the file says. Pickled estimators are made without their constructor.
    pub(super) fn was_called(&self) -> bool {
        self.called
    }

    /// The arguments of its constructor, a tuple as a rule.
    ///
    /// # Errors
    /// When they are no tuple.
    pub fn arguments(&self) -> Result<Vec<Item<'d>>, ReadError> {
        match self.arguments {
            None => Ok(Vec::new()),
            Some(node) => self.item.step("(arguments)", node).list(),
        }
    }

    /// The state, where it is not a dict of attributes.
    pub fn state(&self) -> Option<Item<'d>> {
        self.state.map(|node| self.item.step("(state)", node))
    }

    /// All attributes, in order.
    pub fn attributes(&self) -> impl Iterator<Item = (&'d str, Item<'d>)> {
        self.attributes.iter().map(|(name, node)| (*name, self.item.named(name, *node)))
    }

    /// The names of all attributes, in order.
    pub fn attribute_names(&self) -> impl Iterator<Item = &'d str> {
        self.attributes.keys().copied()
    }

    // ------------------------------------------------------------ attributes

    /// An attribute, if it is there; it may be None.
    pub fn get(&self, name: &str) -> Option<Item<'d>> {
        let (name, node) = self.attributes.get_key_value(name)?;
        Some(self.item.named(name, *node))
    }

    /// An attribute, if it is there and not None.
    pub fn given(&self, name: &str) -> Option<Item<'d>> {
        self.get(name).filter(|item| !item.is_none())
    }

    /// An attribute that must be there.
    ///
    /// # Errors
    /// [`ReadError::Missing`].
    pub fn attribute(&self, name: &str) -> Result<Item<'d>, ReadError> {
        self.get(name).ok_or_else(|| self.missing(name))
    }

    /// The first of several attributes that is there: they were renamed between versions.
    ///
    /// # Errors
    /// [`ReadError::Missing`] with the first name.
    pub fn any_of(&self, names: &[&str]) -> Result<Item<'d>, ReadError> {
        let found = names.iter().find_map(|name| self.get(name));
        found.ok_or_else(|| self.missing(names.first().unwrap_or(&"")))
    }

    fn missing(&self, name: &str) -> ReadError {
        ReadError::Missing {
            path: self.item.shown_path(),
            class: self.class(),
            offset: self.item.offset(),
            attribute: name.to_owned(),
        }
    }

    /// A text attribute, or what it is when it is not there or None.
    ///
    /// # Errors
    /// When it is something else.
    pub fn text_or(&self, name: &str, default: &str) -> Result<String, ReadError> {
        self.given(name).map_or_else(|| Ok(default.to_owned()), |item| item.text())
    }

    /// A truth value, or what it is when it is not there or None.
    ///
    /// # Errors
    /// When it is something else.
    pub fn boolean_or(&self, name: &str, default: bool) -> Result<bool, ReadError> {
        self.given(name).map_or(Ok(default), |item| item.boolean())
    }

    /// A number, or what it is when it is not there or None.
    ///
    /// # Errors
    /// When it is something else.
    pub fn float_or(&self, name: &str, default: f64) -> Result<f64, ReadError> {
        self.given(name).map_or(Ok(default), |item| item.float())
    }

    // ------------------------------------------------------------ versions and refusals

    /// The version that wrote the object. Objects inside others that do not say it take that of the
    /// object around them.
    ///
    /// # Errors
    /// [`ReadError::NoVersion`] when nobody says; `matter` is what depends on it.
    pub fn version(&self, matter: &'static str) -> Result<Version, ReadError> {
        self.version.or_else(|| self.item.source.version()).ok_or_else(|| ReadError::NoVersion {
            path: self.item.shown_path(),
            class: self.class(),
            offset: self.item.offset(),
            matter,
        })
    }

    /// The version that wrote the object, if it or the file says it.
    pub fn told_version(&self) -> Option<Version> {
        self.version.or_else(|| self.item.source.version())
    }

    /// The refusal of a class that is not supported.
    pub fn not_supported(&self) -> ReadError {
        ReadError::NotSupported {
            path: self.item.shown_path(),
            class: self.class(),
            offset: self.item.offset(),
        }
    }

    /// The refusal of an option: its value, and which are supported.
    pub fn refuse(
        &self,
        option: &str,
        found: impl Into<String>,
        supported: impl Into<String>,
    ) -> ReadError {
        ReadError::Option {
            path: self.item.shown_path(),
            class: self.class(),
            offset: self.item.offset(),
            option: format!("{option}={}", found.into()),
            supported: supported.into(),
        }
    }

    /// The value of an option for [`Estimator::refuse`].
    pub fn shown(&self, option: &str) -> String {
        self.get(option).map_or("(absent)".to_owned(), |item| item.values().describe(item.node))
    }

    // ------------------------------------------------------------ results

    /// Parameters of a kind in its present layout, with nothing in them yet.
    pub fn parameters(&self, kind: &'static str) -> Parameters {
        Parameters::new(kind, kinds::find(kind).map_or(1, |spec| spec.layout_version))
    }

    /// Puts an attribute's array into the parameters under `name`, and notes that it is there.
    ///
    /// # Errors
    /// When the name is taken.
    pub fn put(
        &self,
        parameters: &mut Parameters,
        name: &str,
        attribute: &str,
        array: crate::base::Array,
    ) -> Result<(), ReadError> {
        parameters.insert(name, array).map_err(|source| self.wrong(source))?;
        self.keep(attribute, Kept::Array(name.to_owned()));
        Ok(())
    }

    /// Notes where an attribute went. What is not noted is kept among `attributes`.
    pub fn keep(&self, attribute: &str, kept: Kept) {
        self.kept.borrow_mut().insert(attribute.to_owned(), kept);
    }

    pub(super) fn kept(&self, attribute: &str) -> Option<Kept> {
        self.kept.borrow().get(attribute).cloned()
    }

    /// Parameters that do not fit, at this object.
    pub fn wrong(&self, source: ParametersError) -> ReadError {
        ReadError::Parameters { path: self.item.shown_path(), source }
    }
}

fn is_text(item: &Item<'_>, node: NodeId) -> bool {
    item.values().get(node).and_then(Node::as_str).is_some()
}

fn is_pair_of_dicts(item: &Item<'_>, pair: &[NodeId]) -> bool {
    pair.iter().all(|node| matches!(item.values().get(*node), Some(Node::Dict(_) | Node::None)))
}
