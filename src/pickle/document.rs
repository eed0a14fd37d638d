//! A whole model file: one pickle or several, with joblib's arrays between the instructions.
//!
//! ```text
//! source (plain or joblib) -> machine, step by step -> nodes + places of arrays -> Document
//! ```
//!
//! joblib writes the bytes of an array behind the instruction that gives its wrapper a state, where
//! no pickle reader would look for anything but instructions. This module runs the machine, and at
//! such a place it takes the bytes, notes where they lie, and goes on.
//!
//! It is also the strict reader. The machine understands every opcode; what no model is ever written
//! with ends the reading here, by name and offset: instances the way of Python 2, persistent and
//! registered objects, edits of what was used before, a second state for the same object, values
//! that are left on the stack, bytes behind the end that are no pickle. Names that are not known
//! are only listed ([`Document::unknown_globals`]): who builds a model must refuse them
//! ([`Document::require_known_globals`]), who shows a file shows them where they stand.

use std::borrow::Cow;
use std::collections::HashMap;

use super::error::{PickleError, Place, shown};
use super::expansion;
use super::globals::{self, Known};
use super::instance::{Instance, instance};
use super::joblib::{self, Wrapper};
use super::machine::{Event, Machine, Step};
use super::numpy::{Context, Dtype, NumpyArray, RawArray, Scalar};
use super::opcode::Op;
use super::plain;
use super::value::{Global, Node, NodeId, Values};
use crate::base::{Limits, Storage};

/// A model file that was read.
#[derive(Debug)]
pub struct Document<'a> {
    source: &'a Storage,
    buffers: &'a [Storage],
    limits: Limits,
    values: Values<'a>,
    pickles: Vec<NodeId>,
    protocol: Option<u8>,
    joblib: bool,
    outside_buffers: usize,
    raw: HashMap<NodeId, RawArray>,
    unknown: Vec<NodeId>,
}

impl<'a> Document<'a> {
    /// Reads a file that is not compressed (see [`super::container::open`]), with the buffers that
    /// came beside it, if any.
    ///
    /// # Errors
    /// [`PickleError`] at the first thing that is wrong, or that no model is written with.
    pub fn read(
        source: &'a Storage,
        buffers: &'a [Storage],
        limits: &Limits,
    ) -> Result<Self, PickleError> {
        if source.len() as u64 > limits.max_file_bytes {
            let maximum = usize::try_from(limits.max_file_bytes).unwrap_or(usize::MAX);
            return Err(Place { offset: 0, opcode: "file" }.limit("max_file_bytes", maximum));
        }
        let mut reader = Reader {
            machine: Machine::new(source.as_bytes(), limits),
            limits,
            dtypes: joblib::Dtypes::default(),
            pickles: Vec::new(),
            nested: Vec::new(),
            joblib: false,
            imported: Vec::new(),
            raw: HashMap::new(),
            unknown: Vec::new(),
        };
        while let Some(step) = reader.machine.step()? {
            reader.look(&step)?;
        }
        let root = reader.pickles.first().copied();
        let root = root.ok_or(PickleError::NoStop { offset: reader.machine.position() })?;
        reader.check_imported()?;
        let Reader { machine, pickles, joblib, raw, unknown, .. } = reader;
        let outside_buffers = machine.buffers;
        let pickle = machine.finish(root);
        let end = Place { offset: pickle.end.saturating_sub(1), opcode: "STOP" };
        if pickle.leftover > 0 {
            let found = format!("{} values below it", pickle.leftover);
            return Err(end.malformed("stack", "the result alone", found));
        }
        if let Some(edit) = pickle.late_edits.first() {
            let place = Place { offset: edit.offset, opcode: edit.opcode };
            let found = format!("a change of {}", pickle.values.describe(edit.target));
            return Err(
                place.refused(found, "it was used before, or is not an object of this file")
            );
        }
        let document = Document {
            source,
            buffers,
            limits: limits.clone(),
            values: pickle.values,
            pickles,
            protocol: pickle.protocol,
            joblib,
            outside_buffers,
            raw,
            unknown,
        };
        expansion::check(&document.context())?;
        Ok(document)
    }

    /// All nodes.
    pub fn values(&self) -> &Values<'a> {
        &self.values
    }

    /// The result of the first pickle, which is what Python loads.
    pub fn root(&self) -> NodeId {
        self.pickles.first().copied().unwrap_or(Values::NONE)
    }

    /// The results of all pickles that follow each other in the file. Python's `load` reads only
    /// the first.
    pub fn pickles(&self) -> &[NodeId] {
        &self.pickles
    }

    /// The protocol that the file says it is in; none is said below 2.
    pub fn protocol(&self) -> Option<u8> {
        self.protocol
    }

    /// True when arrays lie in the file the way joblib puts them there.
    pub fn is_joblib(&self) -> bool {
        self.joblib
    }

    /// How many buffers outside of the file it refers to.
    pub fn outside_buffers(&self) -> usize {
        self.outside_buffers
    }

    /// The bytes that were read.
    pub fn source(&self) -> &'a Storage {
        self.source
    }

    /// The bounds under which they were read.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    // ------------------------------------------------------------ names

    /// Every name in the file that is not on the list of [`globals`], in the order of the file.
    pub fn unknown_globals(&self) -> impl Iterator<Item = &Global<'a>> {
        self.unknown.iter().filter_map(|id| match self.values.get(*id) {
            Some(Node::Global(global)) => Some(global.as_ref()),
            _ => None,
        })
    }

    /// # Errors
    /// The first name that is not on the list.
    pub fn require_known_globals(&self) -> Result<(), PickleError> {
        self.unknown_globals().try_for_each(|global| globals::check(global).map(drop))
    }

    /// What the callable of an object is known as: `None` for other nodes and unknown names.
    pub fn known_callable(&self, node: NodeId) -> Option<Known> {
        match self.values.get(node) {
            Some(Node::Object(object)) => self.context().known(object),
            _ => None,
        }
    }

    /// The class, arguments and state of an object, whichever way its protocol makes instances.
    pub fn instance(&self, node: NodeId) -> Option<Instance<'_>> {
        instance(&self.values, node)
    }

    // ------------------------------------------------------------ numpy

    fn context(&self) -> Context<'_> {
        Context {
            values: &self.values,
            source: self.source,
            buffers: self.buffers,
            limits: &self.limits,
        }
    }

    /// True for a node that is a numpy array by its constructor. Reading it may still fail.
    pub fn is_array(&self, node: NodeId) -> bool {
        self.raw.contains_key(&node) || self.context().is_array(node)
    }

    /// The array that a node is.
    ///
    /// # Errors
    /// When it is none, or what the file says about it does not fit together.
    pub fn array(&self, node: NodeId) -> Result<NumpyArray<'_>, PickleError> {
        match self.raw.get(&node) {
            Some(raw) => self.context().raw_array(node, raw),
            None => self.context().array(node),
        }
    }

    /// Every node that is an array, in the order of the file.
    pub fn arrays(&self) -> impl Iterator<Item = NodeId> {
        self.values.iter().map(|(id, _)| id).filter(|id| self.is_array(*id))
    }

    /// The dtype that a node is.
    ///
    /// # Errors
    /// When it is none, or one that is not understood.
    pub fn dtype(&self, node: NodeId) -> Result<Dtype, PickleError> {
        Dtype::read(&self.values, node, self.context().place(node))
    }

    /// The value of a number, boolean or text: Python's own or a numpy scalar.
    ///
    /// # Errors
    /// When the node is something else.
    pub fn scalar(&self, node: NodeId) -> Result<Scalar, PickleError> {
        self.context().scalar(node)
    }

    /// The bytes that a node is, in any spelling of any protocol.
    ///
    /// # Errors
    /// When the node is something else.
    pub fn bytes(&self, node: NodeId) -> Result<Cow<'_, [u8]>, PickleError> {
        self.context().bytes(self.context().place(node), node)
    }

    /// The error that says that `what` is not what was `expected`, at the place of the node.
    pub fn unexpected(&self, what: &'static str, expected: &str, node: NodeId) -> PickleError {
        let context = self.context();
        context.wrong(context.place(node), what, expected, node)
    }
}

/// The document in the making.
struct Reader<'a, 'l> {
    machine: Machine<'a>,
    limits: &'l Limits,
    dtypes: joblib::Dtypes,
    pickles: Vec<NodeId>,
    /// Wrappers of object arrays whose nested pickle is being read.
    nested: Vec<NodeId>,
    joblib: bool,
    /// What Python would import if it took the bytes of arrays for instructions.
    imported: Vec<plain::Imported>,
    raw: HashMap<NodeId, RawArray>,
    unknown: Vec<NodeId>,
}

impl<'a> Reader<'a, '_> {
    /// Names that `pickle.load` would meet in the bytes of arrays, and joblib would not.
    fn check_imported(&self) -> Result<(), PickleError> {
        let values = self.machine.values();
        let is_listed = |found: &plain::Imported| {
            let name = found.name.as_ref().map(|(module, name)| (module.as_str(), name.as_str()));
            self.unknown.iter().any(|id| match values.get(*id) {
                Some(Node::Global(global)) => {
                    let named = (global.module.as_ref(), global.name.as_ref());
                    global.offset == found.offset && Some(named) == name
                }
                _ => false,
            })
        };
        // In front of the first bytes of numbers there are only instructions of joblib's own. In the
        // pickle of an object array they ask for what that pickle has stored, and get what the file
        // has: words of all sorts, which are no modules unless somebody chose them.
        let first = self.raw.values().filter(|raw| raw.len > 0).map(|raw| raw.start).min();
        let is_chosen = |found: &plain::Imported| {
            first.is_some_and(|start| start <= found.offset) || found.can_run_code()
        };
        let refused = |found: &&plain::Imported| !is_listed(found) && is_chosen(found);
        let Some(found) = self.imported.iter().find(refused) else { return Ok(()) };
        let place = Place { offset: found.offset, opcode: found.opcode };
        let name = match &found.name {
            Some((module, name)) => {
                let (module, name) = (shown(module.as_bytes()), shown(name.as_bytes()));
                format!("the name {name} of module {module} in the bytes of an array")
            }
            None => "a name in the bytes of an array".to_owned(),
        };
        Err(place.refused(name, "Python's pickle.load would take them for instructions"))
    }

    fn look(&mut self, step: &Step<'a>) -> Result<(), PickleError> {
        let place = Place { offset: step.instruction.offset, opcode: step.instruction.opcode.name };
        match (step.instruction.opcode.op, step.event) {
            (Op::Inst | Op::Obj, _) => {
                Err(place.refused("an instance of Python 2", "models are not written with it"))
            }
            (_, Event::Asked(_)) => Err(place.refused(
                "a persistent object",
                "what it stands for is known to the program that wrote the file",
            )),
            (_, Event::Named(node)) => {
                if let Some(Node::Global(global)) = self.machine.values().get(node)
                    && globals::known(&global.module, &global.name).is_none()
                {
                    self.unknown.push(node);
                }
                Ok(())
            }
            (_, Event::Called(node)) => self.called(place, node),
            (_, Event::Built { target, state }) => self.built(place, target, state),
            (_, Event::Stopped(root)) => self.stopped(root),
            (_, Event::None) => Ok(()),
        }
    }

    fn called(&self, place: Place, node: NodeId) -> Result<(), PickleError> {
        let values = self.machine.values();
        let Some(Node::Object(object)) = values.get(node) else { return Ok(()) };
        match values.get(object.callable) {
            Some(Node::Global(_)) => Ok(()),
            _ => {
                let found = format!("a call of {}", values.describe(object.callable));
                Err(place.refused(found, "models call nothing but names"))
            }
        }
    }

    fn built(&mut self, place: Place, target: NodeId, state: NodeId) -> Result<(), PickleError> {
        let values = self.machine.values();
        let Some(Node::Object(object)) = values.get(target) else {
            let found = format!("a state for {}", values.describe(target));
            return Err(place.refused(found, "models give states to objects alone"));
        };
        if object.states.len() > 1 {
            let found = format!("another state for {}", values.describe(target));
            return Err(place.refused(found, "models give each object one state"));
        }
        if !joblib::is_wrapper(values, target) {
            return Ok(());
        }
        if !self.nested.is_empty() {
            return Err(place.refused(
                "a joblib wrapper in an object array",
                "what follows in a nested pickle is not read by joblib either",
            ));
        }
        if !self.joblib {
            self.imported = plain::imported(&self.machine);
        }
        self.joblib = true;
        let wrapper = Wrapper::read(values, place, target, state, &mut self.dtypes, self.limits)?;
        // What the wrapper said has been taken at its word: it must not change any more.
        self.machine.use_all(state);
        if wrapper.dtype.has_objects() {
            self.nested.push(target);
            return self.machine.enter();
        }
        let array = wrapper.take_bytes(place, &mut self.machine, self.limits)?;
        // As in Python the array is a new value: who has memoized the wrapper keeps a wrapper.
        let node = self.machine.values().get(target).cloned().unwrap_or(Node::None);
        let node = self.machine.replace_top(node)?;
        self.raw.insert(node, array);
        Ok(())
    }

    fn stopped(&mut self, root: NodeId) -> Result<(), PickleError> {
        if self.nested.pop().is_some() {
            return self.machine.replace_top_with(root);
        }
        self.pickles.push(root);
        if self.machine.position() < self.machine.decoder().bytes().len() {
            self.machine.next_pickle();
        }
        Ok(())
    }
}
