//! The stack machine, run on symbols.
//!
//! Each instruction does to stack, marks and memo what CPython's does, except that a name is not
//! looked up and a call is not made: both become nodes. The machine therefore never needs to know
//! whether a name is harmless; its callers decide that, from the finished values or step by step,
//! since every [`Step`] says what was named or called in it, also if the result is dropped again.
//!
//! One thing cannot be said by nodes alone. Python runs a constructor when the opcode comes, with
//! its arguments as they are then; a node shows them as they are at the end. A file that changes a
//! list after it was an argument is listed in [`Pickle::late_edits`], and so is one that edits what
//! is not an object of its own, as the namespace of a module. What honest code writes hardly ever
//! does either.
//!
//! The machine is a loop over instructions with bounds from [`Limits`]: it does not recurse, and
//! what it allocates is in proportion to the bytes that it has read.

use super::decode::{Argument, Decoder, Instruction};
use super::error::{PickleError, Place};
use super::memo::Memo;
use super::objects::{Uses, extension};
use super::opcode::Op;
use super::value::{Node, NodeId, Values};
use crate::base::Limits;

/// What an instruction did, beyond moving data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Data only.
    None,
    /// This [`Node::Global`] was pushed: Python would have imported it.
    Named(NodeId),
    /// This [`Node::Object`] was made: Python would have called its callable.
    Called(NodeId),
    /// A state was given to a target: Python would have called `__setstate__` or set attributes.
    Built {
        /// What was changed.
        target: NodeId,
        /// The state.
        state: NodeId,
    },
    /// This [`Node::Persistent`] was pushed: Python would have asked the loader for it.
    Asked(NodeId),
    /// The pickle ended with this result.
    Stopped(NodeId),
}

/// One instruction that was carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<'a> {
    /// The instruction.
    pub instruction: Instruction<'a>,
    /// What it did.
    pub event: Event,
}

/// An edit that came after its target had been used, or of what is not an object of the pickle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateEdit {
    /// Where the opcode stands.
    pub offset: usize,
    /// Its name.
    pub opcode: &'static str,
    /// What it changed. Only the first late edit of a target is listed.
    pub target: NodeId,
}

/// A pickle that was read to its STOP.
#[derive(Debug, Clone)]
pub struct Pickle<'a> {
    /// All nodes.
    pub values: Values<'a>,
    /// The result.
    pub root: NodeId,
    /// The protocol that it says it is in; none is said below 2.
    pub protocol: Option<u8>,
    /// Where it ends: the byte behind STOP.
    pub end: usize,
    /// Bytes that follow: more pickles, or something else.
    pub trailing: usize,
    /// Values that were left on the stack below the result, those of nested pickles included.
    pub leftover: usize,
    /// Edits that nodes alone cannot show.
    pub late_edits: Vec<LateEdit>,
}

/// Reads the pickle at the beginning of `bytes`.
///
/// # Errors
/// [`PickleError`] says where and why. Bytes behind STOP are no error, see [`Pickle::trailing`].
pub fn load<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Pickle<'a>, PickleError> {
    Machine::new(bytes, limits).run()
}

/// What a pickle has of its own, so that another may be read in the middle of it.
#[derive(Debug, Clone, Default)]
struct Context {
    stack: Vec<NodeId>,
    marks: Vec<usize>,
    memo: Memo,
}

/// The machine. [`Machine::run`] does it all; [`Machine::step`] lets a caller look, or put values of
/// its own in between.
#[derive(Debug, Clone)]
pub struct Machine<'a> {
    decoder: Decoder<'a>,
    pub(super) values: Values<'a>,
    current: Context,
    outer: Vec<Context>,
    limits: Limits,
    protocol: Option<u8>,
    leftover: usize,
    pub(super) buffers: usize,
    pub(super) uses: Uses,
    pub(super) late_edits: Vec<LateEdit>,
}

impl<'a> Machine<'a> {
    /// A machine at the first byte.
    pub fn new(bytes: &'a [u8], limits: &Limits) -> Self {
        Machine::at(bytes, 0, limits)
    }

    /// A machine at byte `offset`, for the second of several pickles.
    pub fn at(bytes: &'a [u8], offset: usize, limits: &Limits) -> Self {
        Machine {
            decoder: Decoder::at(bytes, offset),
            values: Values::new(),
            current: Context::default(),
            outer: Vec::new(),
            limits: limits.clone(),
            protocol: None,
            leftover: 0,
            buffers: 0,
            uses: Uses::default(),
            late_edits: Vec::new(),
        }
    }

    /// Where the next instruction begins.
    pub fn position(&self) -> usize {
        self.decoder.position()
    }

    /// The nodes so far.
    pub fn values(&self) -> &Values<'a> {
        &self.values
    }

    /// What lies on the stack, and where its marks are.
    pub(super) fn stack(&self) -> (&[NodeId], &[usize]) {
        (&self.current.stack, &self.current.marks)
    }

    /// What has been stored.
    pub(super) fn memo(&self) -> &Memo {
        &self.current.memo
    }

    /// The decoder, to ask where borrowed bytes lie.
    pub fn decoder(&self) -> &Decoder<'a> {
        &self.decoder
    }

    /// Takes bytes that are no instructions; see [`Decoder::raw`].
    ///
    /// # Errors
    /// When a frame has not ended here, or fewer bytes are left.
    pub fn raw(&mut self, length: u64) -> Result<&'a [u8], PickleError> {
        self.decoder.raw(length)
    }

    /// Puts a new node in place of the top of the stack, as joblib does with its wrappers. Who has
    /// memoized the old one keeps it, as in Python.
    ///
    /// # Errors
    /// When nothing is on the stack, or there are too many nodes.
    pub fn replace_top(&mut self, node: Node<'a>) -> Result<NodeId, PickleError> {
        let place = Place { offset: self.position(), opcode: "raw bytes" };
        self.pop(place)?;
        self.push_node(place, node)
    }

    /// Puts a node that exists already in place of the top of the stack.
    ///
    /// # Errors
    /// When nothing is on the stack.
    pub fn replace_top_with(&mut self, node: NodeId) -> Result<(), PickleError> {
        let place = Place { offset: self.position(), opcode: "nested pickle" };
        self.pop(place)?;
        self.push(place, node)
    }

    /// Begins to read the pickle that follows the one that has ended, into the same nodes.
    pub fn next_pickle(&mut self) {
        self.current = Context::default();
        self.decoder = Decoder::at(self.decoder.bytes(), self.position());
    }

    /// Begins to read another pickle at this place, with stack and memo of its own. Its result comes
    /// with [`Event::Stopped`], and then the pickle around it goes on.
    ///
    /// # Errors
    /// When a frame has not ended here, or pickles are nested too deeply.
    pub fn enter(&mut self) -> Result<(), PickleError> {
        let place = Place { offset: self.position(), opcode: "nested pickle" };
        self.decoder.raw(0)?;
        if self.outer.len() >= self.limits.max_metadata_depth {
            return Err(place.limit("max_metadata_depth", self.limits.max_metadata_depth));
        }
        self.outer.push(std::mem::take(&mut self.current));
        Ok(())
    }

    /// Carries out the next instruction; `None` behind the last STOP.
    ///
    /// # Errors
    /// What is wrong with it. The machine cannot go on then.
    pub fn step(&mut self) -> Result<Option<Step<'a>>, PickleError> {
        let Some(instruction) = self.decoder.step()? else { return Ok(None) };
        let event = self.execute(&instruction)?;
        Ok(Some(Step { instruction, event }))
    }

    /// Carries out everything up to STOP.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn run(mut self) -> Result<Pickle<'a>, PickleError> {
        let mut root = None;
        while let Some(step) = self.step()? {
            if let Event::Stopped(node) = step.event {
                root = Some(node);
            }
        }
        let root = root.ok_or(PickleError::NoStop { offset: self.position() })?;
        Ok(self.finish(root))
    }

    /// What was read, once [`Event::Stopped`] said what the result is.
    pub fn finish(self, root: NodeId) -> Pickle<'a> {
        let end = self.position();
        Pickle {
            trailing: self.decoder.bytes().len().saturating_sub(end),
            leftover: self.leftover,
            values: self.values,
            root,
            protocol: self.protocol,
            end,
            late_edits: self.late_edits,
        }
    }

    // ------------------------------------------------------------ stack and marks

    fn push(&mut self, place: Place, node: NodeId) -> Result<(), PickleError> {
        if self.current.stack.len() >= self.limits.max_pickle_stack {
            return Err(place.limit("max_pickle_stack", self.limits.max_pickle_stack));
        }
        self.current.stack.push(node);
        Ok(())
    }

    pub(super) fn add(&mut self, place: Place, node: Node<'a>) -> Result<NodeId, PickleError> {
        let most = self.limits.max_pickle_nodes;
        let room = self.values.len() < most;
        let id = if room { self.values.push(node) } else { None };
        id.ok_or_else(|| place.limit("max_pickle_nodes", most))
    }

    pub(super) fn push_node(
        &mut self,
        place: Place,
        node: Node<'a>,
    ) -> Result<NodeId, PickleError> {
        let id = self.add(place, node)?;
        self.push(place, id)?;
        Ok(id)
    }

    pub(super) fn top(&self, place: Place) -> Result<NodeId, PickleError> {
        // What lies below the last mark cannot be reached, as in CPython.
        let floor = self.current.marks.last().copied().unwrap_or(0);
        let above = self.current.stack.get(floor..).unwrap_or_default();
        let found = if floor == 0 { "an empty stack" } else { "a mark" };
        above.last().copied().ok_or_else(|| place.malformed("stack", "a value on top", found))
    }

    pub(super) fn pop(&mut self, place: Place) -> Result<NodeId, PickleError> {
        let top = self.top(place)?;
        self.current.stack.pop();
        Ok(top)
    }

    pub(super) fn pop_mark(&mut self, place: Place) -> Result<Vec<NodeId>, PickleError> {
        let mark = self.current.marks.pop();
        let mark = mark.ok_or_else(|| place.malformed("stack", "a mark", "none"))?;
        // A vector of its own size: `split_off` would hand out the whole capacity of the stack.
        Ok(self.current.stack.drain(mark.min(self.current.stack.len())..).collect())
    }

    pub(super) fn pop_pairs(&mut self, place: Place) -> Result<Vec<(NodeId, NodeId)>, PickleError> {
        let items = self.pop_mark(place)?;
        if items.len() % 2 != 0 {
            let found = format!("{} values", items.len());
            return Err(place.malformed("stack", "a value for each key", found));
        }
        let pairs = items.chunks_exact(2).filter_map(|pair| match pair {
            [key, value] => Some((*key, *value)),
            _ => None,
        });
        Ok(pairs.collect())
    }

    pub(super) fn wrong(
        &self,
        place: Place,
        what: &'static str,
        expected: &str,
        found: NodeId,
    ) -> PickleError {
        place.malformed(what, expected, self.values.describe(found))
    }

    // ------------------------------------------------------------ instructions

    fn execute(&mut self, instruction: &Instruction<'a>) -> Result<Event, PickleError> {
        let place = Place { offset: instruction.offset, opcode: instruction.opcode.name };
        let op = instruction.opcode.op;
        match op {
            Op::Proto => return self.set_protocol(place, &instruction.argument),
            Op::Frame => {}
            Op::Mark => {
                if self.current.marks.len() >= self.limits.max_pickle_stack {
                    return Err(place.limit("max_pickle_stack", self.limits.max_pickle_stack));
                }
                self.current.marks.push(self.current.stack.len());
            }
            Op::Stop => return self.stop(place),
            Op::Pop if self.current.marks.last() == Some(&self.current.stack.len()) => {
                self.current.marks.pop();
            }
            Op::Pop => drop(self.pop(place)?),
            Op::PopMark => drop(self.pop_mark(place)?),
            Op::Dup => {
                let top = self.top(place)?;
                self.push(place, top)?;
            }
            Op::Get | Op::BinGet | Op::LongBinGet => {
                let Argument::Index(index) = instruction.argument else { return Ok(Event::None) };
                let node = self.current.memo.get(index).ok_or_else(|| {
                    place.malformed("memo", "an entry that was stored", format!("entry {index}"))
                })?;
                self.push(place, node)?;
            }
            Op::Put | Op::BinPut | Op::LongBinPut | Op::Memoize => {
                self.memoize(place, &instruction.argument)?;
            }
            Op::Append | Op::Appends | Op::SetItem | Op::SetItems | Op::AddItems => {
                self.edit(place, op)?;
            }
            Op::Build => return self.build(place),
            Op::Global | Op::StackGlobal => return self.global(place, &instruction.argument),
            Op::Reduce | Op::NewObj | Op::NewObjEx | Op::Obj | Op::Inst => {
                return self.call(place, op, &instruction.argument);
            }
            Op::PersId | Op::BinPersId => return self.persistent(place, &instruction.argument),
            Op::Ext1 | Op::Ext2 | Op::Ext4 => return Err(extension(place, &instruction.argument)),
            Op::NextBuffer | Op::ReadonlyBuffer => self.buffer(place, op)?,
            _ => self.value(place, op, &instruction.argument)?,
        }
        Ok(Event::None)
    }

    fn set_protocol(&mut self, place: Place, argument: &Argument) -> Result<Event, PickleError> {
        match argument {
            Argument::Int(protocol @ 0..=5) => {
                self.protocol = self.protocol.or(u8::try_from(*protocol).ok());
                Ok(Event::None)
            }
            found => Err(place.malformed("protocol", "0 to 5", format!("{found:?}"))),
        }
    }

    fn stop(&mut self, place: Place) -> Result<Event, PickleError> {
        let result = self.pop(place)?;
        self.leftover = self.leftover.saturating_add(self.current.stack.len());
        if let Some(outer) = self.outer.pop() {
            self.current = outer;
            self.decoder = Decoder::at(self.decoder.bytes(), self.position());
        }
        Ok(Event::Stopped(result))
    }

    fn memoize(&mut self, place: Place, argument: &Argument) -> Result<(), PickleError> {
        let top = self.top(place)?;
        let index = match argument {
            Argument::Index(index) => *index,
            _ => self.current.memo.len() as u64,
        };
        let most = self.limits.max_pickle_memo;
        if !self.current.memo.put(index, top, most) {
            return Err(place.limit("max_pickle_memo", most));
        }
        Ok(())
    }

    /// Pushes plain data: literals and new containers.
    fn value(&mut self, place: Place, op: Op, argument: &Argument<'a>) -> Result<(), PickleError> {
        let node = match (op, argument) {
            (Op::None, _) => return self.push(place, Values::NONE),
            (Op::NewTrue, _) | (_, Argument::Bool(true)) => return self.push(place, Values::TRUE),
            (Op::NewFalse, _) | (_, Argument::Bool(false)) => {
                return self.push(place, Values::FALSE);
            }
            (Op::EmptyTuple, _) => return self.push(place, Values::EMPTY_TUPLE),
            (Op::EmptyList, _) => Node::List(Vec::new()),
            (Op::EmptyDict, _) => Node::Dict(Vec::new()),
            (Op::EmptySet, _) => Node::Set(Vec::new()),
            (Op::List, _) => Node::List(self.pop_mark(place)?),
            (Op::Tuple, _) => Node::Tuple(self.pop_mark(place)?.into()),
            (Op::Tuple1, _) => Node::Tuple(Box::new([self.pop(place)?])),
            (Op::Tuple2, _) => {
                let last = self.pop(place)?;
                Node::Tuple(Box::new([self.pop(place)?, last]))
            }
            (Op::Tuple3, _) => {
                let (last, middle) = (self.pop(place)?, self.pop(place)?);
                Node::Tuple(Box::new([self.pop(place)?, middle, last]))
            }
            (Op::Dict, _) => {
                let pairs = self.pop_pairs(place)?;
                self.hashable(place, pairs.iter().map(|(key, _)| *key))?;
                Node::Dict(pairs)
            }
            (Op::FrozenSet, _) => {
                let items = self.pop_mark(place)?;
                self.hashable(place, items.iter().copied())?;
                Node::FrozenSet(items.into())
            }
            (Op::ByteArray8, Argument::Bytes(bytes)) => Node::ByteArray(bytes),
            (_, Argument::Bytes(bytes)) => Node::Bytes(bytes),
            (_, Argument::Int(number)) => Node::Int(*number),
            (_, Argument::BigInt(bytes)) => Node::BigInt(bytes.clone()),
            (_, Argument::Float(number)) => Node::Float(*number),
            (_, Argument::String(bytes)) => Node::String(bytes.clone()),
            (_, Argument::Text(text)) => Node::Text(text.clone()),
            // Every opcode of the table is handled above or in `execute`.
            _ => return Err(place.malformed("opcode", "one that is known", "another")),
        };
        self.push_node(place, node).map(drop)
    }

    pub(super) fn hashable(
        &self,
        place: Place,
        mut keys: impl Iterator<Item = NodeId>,
    ) -> Result<(), PickleError> {
        let unhashable = |key: &NodeId| self.values.get(*key).is_some_and(Node::is_unhashable);
        match keys.find(unhashable) {
            Some(key) => Err(self.wrong(place, "key", "something hashable", key)),
            None => Ok(()),
        }
    }
}
