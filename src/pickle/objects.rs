//! The instructions of the machine that name, make and change objects.
//!
//! These are the ones by which a pickle can do harm in Python. Here they only write down what would
//! have happened, and refuse what CPython would refuse as well: a call of a number, arguments that
//! are no tuple, a state for a list. Where only the loader could know what a value is (the result of
//! a call, a persistent object), it is taken for what is needed, and stays visible as what it is.

use std::borrow::Cow;

use super::decode::Argument;
use super::error::{PickleError, Place};
use super::machine::{Event, LateEdit, Machine};
use super::opcode::Op;
use super::value::{Construction, Global, Node, NodeId, Object, Text};

/// Longest module or name that lies on the stack: those of Python's packages stay far below.
const MAX_NAME: usize = 512;

/// A call or a BUILD has used the node.
const USED: u8 = 1;
/// An edit of the node is listed.
const LISTED: u8 = 2;
/// The node is a tuple whose members are marked as used.
const MEMBERS_USED: u8 = 4;
/// Everything below the node is marked as used.
const ALL_USED: u8 = 8;

/// What happened to each node, as bits; nothing happens to most, so the vector may be shorter.
#[derive(Debug, Clone, Default)]
pub(super) struct Uses(Vec<u8>);

impl Uses {
    fn has(&self, node: NodeId, bit: u8) -> bool {
        self.0.get(node.index()).is_some_and(|bits| bits & bit != 0)
    }

    fn set(&mut self, node: NodeId, bit: u8) {
        let index = node.index();
        if index >= self.0.len() {
            self.0.resize(index.saturating_add(1), 0);
        }
        if let Some(bits) = self.0.get_mut(index) {
            *bits |= bit;
        }
    }
}

impl<'a> Machine<'a> {
    // ------------------------------------------------------------ edits

    /// Lists an edit of what a call or a BUILD has used before, or of what is no object.
    fn note_edit(&mut self, place: Place, target: NodeId) {
        let node = self.values.get(target);
        let foreign = node.is_some_and(|n| n.is_opaque() && !matches!(n, Node::Object(_)));
        if (foreign || self.uses.has(target, USED)) && !self.uses.has(target, LISTED) {
            self.uses.set(target, LISTED);
            self.late_edits.push(LateEdit { offset: place.offset, opcode: place.opcode, target });
        }
    }

    /// Remembers that everything below a value has been used. Each node is looked at once, however
    /// often and from wherever it is reached.
    pub(super) fn use_all(&mut self, node: NodeId) {
        let mut waiting = vec![node];
        while let Some(node) = waiting.pop() {
            if self.uses.has(node, ALL_USED) {
                continue;
            }
            self.uses.set(node, USED | ALL_USED);
            match self.values.get(node) {
                Some(Node::List(items) | Node::Set(items)) => waiting.extend(items),
                Some(Node::Tuple(items) | Node::FrozenSet(items)) => waiting.extend(items),
                Some(Node::Dict(entries)) => {
                    waiting.extend(entries.iter().flat_map(|(key, value)| [*key, *value]));
                }
                Some(Node::Object(object)) => {
                    waiting.extend([object.callable, object.arguments]);
                    waiting.extend(object.keywords.iter().chain(&object.states));
                    waiting.extend(&object.items);
                    waiting.extend(object.entries.iter().flat_map(|(key, value)| [*key, *value]));
                }
                _ => {}
            }
        }
    }

    /// Remembers that a call or a BUILD has used a value and, of a tuple, its members.
    fn use_value(&mut self, node: NodeId) {
        self.uses.set(node, USED);
        // Once for each tuple: the same one may be an argument a million times.
        if self.uses.has(node, MEMBERS_USED) {
            return;
        }
        self.uses.set(node, MEMBERS_USED);
        if let Some(Node::Tuple(members)) = self.values.get(node) {
            for member in members {
                self.uses.set(*member, USED);
            }
        }
    }

    pub(super) fn edit(&mut self, place: Place, op: Op) -> Result<(), PickleError> {
        let (mut items, mut pairs) = (Vec::new(), Vec::new());
        match op {
            Op::Append => items.push(self.pop(place)?),
            Op::SetItem => {
                let value = self.pop(place)?;
                pairs.push((self.pop(place)?, value));
            }
            Op::SetItems => pairs = self.pop_pairs(place)?,
            _ => items = self.pop_mark(place)?,
        }
        self.hashable(place, pairs.iter().map(|(key, _)| *key))?;
        if op == Op::AddItems {
            self.hashable(place, items.iter().copied())?;
        }
        let target = self.top(place)?;
        self.note_edit(place, target);
        let sequence = matches!(op, Op::Append | Op::Appends);
        let expected = match (op, self.values.get_mut(target)) {
            (_, Some(Node::Object(object))) => {
                object.items.append(&mut items);
                object.entries.append(&mut pairs);
                return Ok(());
            }
            (Op::Append | Op::Appends, Some(Node::List(list))) => {
                list.append(&mut items);
                return Ok(());
            }
            (Op::AddItems, Some(Node::Set(set))) => {
                set.append(&mut items);
                return Ok(());
            }
            (Op::SetItem | Op::SetItems, Some(Node::Dict(entries))) => {
                entries.append(&mut pairs);
                return Ok(());
            }
            _ if sequence => "a list or an object",
            (Op::AddItems, _) => "a set or an object",
            _ => "a dict or an object",
        };
        Err(self.wrong(place, "target", expected, target))
    }

    pub(super) fn build(&mut self, place: Place) -> Result<Event, PickleError> {
        let state = self.pop(place)?;
        let target = self.top(place)?;
        self.note_edit(place, target);
        match self.values.get_mut(target) {
            Some(Node::Object(object)) => object.states.push(state),
            // No place for it in the node: `late_edits` has it, and the event.
            Some(node) if node.is_opaque() => {}
            _ => return Err(self.wrong(place, "target", "an object", target)),
        }
        self.use_value(state);
        Ok(Event::Built { target, state })
    }

    // ------------------------------------------------------------ names and calls

    fn named(&mut self, place: Place, argument: &Argument<'a>) -> Result<Global<'a>, PickleError> {
        let (module, name) = match argument {
            Argument::Pair(module, name) => (Cow::Borrowed(*module), Cow::Borrowed(*name)),
            _ => {
                let (name, module) = (self.pop(place)?, self.pop(place)?);
                (self.spelled(place, "module", module)?, self.spelled(place, "name", name)?)
            }
        };
        Ok(Global { module, name, offset: place.offset })
    }

    pub(super) fn global(
        &mut self,
        place: Place,
        argument: &Argument<'a>,
    ) -> Result<Event, PickleError> {
        let global = self.named(place, argument)?;
        self.push_node(place, Node::Global(Box::new(global))).map(Event::Named)
    }

    /// A name that lies on the stack as text.
    fn spelled(
        &self,
        place: Place,
        what: &'static str,
        id: NodeId,
    ) -> Result<Cow<'a, str>, PickleError> {
        let node = self.values.get(id);
        let text = node.and_then(Node::as_str).filter(|text| !text.is_empty());
        // A text is in the file once, and may be named again with every few bytes.
        if let Some(length) = text.map(str::len).filter(|length| *length > MAX_NAME) {
            let expected = format!("a name of at most {MAX_NAME} bytes");
            return Err(place.malformed(what, expected, format!("{length} bytes")));
        }
        match (node, text) {
            (Some(Node::Text(Text::Plain(text))), Some(_)) => Ok(text.clone()),
            (_, Some(text)) => Ok(text.to_owned().into()),
            _ => Err(self.wrong(place, what, "a text that is a name", id)),
        }
    }

    pub(super) fn call(
        &mut self,
        place: Place,
        op: Op,
        argument: &Argument<'a>,
    ) -> Result<Event, PickleError> {
        let mut keywords = None;
        let (callable, arguments) = match op {
            Op::Inst => {
                let members = self.pop_mark(place)?;
                let global = self.named(place, argument)?;
                let class = self.add(place, Node::Global(Box::new(global)))?;
                (class, self.add(place, Node::Tuple(members.into()))?)
            }
            Op::Obj => {
                let members = self.pop_mark(place)?;
                let Some((class, rest)) = members.split_first() else {
                    return Err(place.malformed("stack", "a class above the mark", "a mark"));
                };
                (*class, self.add(place, Node::Tuple(rest.into()))?)
            }
            _ => {
                if op == Op::NewObjEx {
                    keywords = Some(self.pop(place)?);
                }
                let arguments = self.pop(place)?;
                (self.pop(place)?, arguments)
            }
        };
        self.check_call(place, callable, arguments, keywords)?;
        for used in [Some(arguments), keywords].into_iter().flatten() {
            self.use_value(used);
        }
        let object = Object {
            construction: match op {
                Op::Reduce => Construction::Call,
                Op::NewObj | Op::NewObjEx => Construction::New,
                _ => Construction::Instance,
            },
            callable,
            arguments,
            keywords,
            states: Vec::new(),
            items: Vec::new(),
            entries: Vec::new(),
            offset: place.offset,
        };
        self.push_node(place, Node::Object(Box::new(object))).map(Event::Called)
    }

    fn check_call(
        &self,
        place: Place,
        callable: NodeId,
        arguments: NodeId,
        keywords: Option<NodeId>,
    ) -> Result<(), PickleError> {
        let opaque = |id| self.values.get(id).is_some_and(Node::is_opaque);
        if !opaque(callable) {
            return Err(self.wrong(place, "callable", "a name or an object", callable));
        }
        if !opaque(arguments) && !matches!(self.values.get(arguments), Some(Node::Tuple(_))) {
            return Err(self.wrong(place, "arguments", "a tuple", arguments));
        }
        match keywords {
            Some(id) if !opaque(id) && !matches!(self.values.get(id), Some(Node::Dict(_))) => {
                Err(self.wrong(place, "keyword arguments", "a dict", id))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn persistent(
        &mut self,
        place: Place,
        argument: &Argument<'a>,
    ) -> Result<Event, PickleError> {
        let identifier = match argument {
            Argument::Line(line) => self.add(place, Node::Text(Text::Plain((*line).into())))?,
            _ => self.pop(place)?,
        };
        self.push_node(place, Node::Persistent(identifier)).map(Event::Asked)
    }

    pub(super) fn buffer(&mut self, place: Place, op: Op) -> Result<(), PickleError> {
        if op == Op::NextBuffer {
            let node = Node::Buffer { index: self.buffers, readonly: false };
            self.buffers = self.buffers.saturating_add(1);
            return self.push_node(place, node).map(drop);
        }
        let top = self.top(place)?;
        match self.values.get(top) {
            Some(Node::Buffer { readonly: true, .. } | Node::Bytes(_)) => Ok(()),
            Some(Node::Buffer { index, .. }) => {
                // A view of its own: whoever memoized the buffer keeps the writable one.
                let node = Node::Buffer { index: *index, readonly: true };
                self.pop(place)?;
                self.push_node(place, node).map(drop)
            }
            _ => Err(self.wrong(place, "target", "a buffer", top)),
        }
    }
}

/// The error for an opcode that pushes what a registry outside of the file holds.
pub(super) fn extension(place: Place, argument: &Argument) -> PickleError {
    let code = if let Argument::Int(code) = argument { *code } else { 0 };
    PickleError::Refused {
        offset: place.offset,
        opcode: place.opcode,
        found: format!("extension {code}"),
        reason: "what it stands for is registered in the program that wrote the file",
    }
}
