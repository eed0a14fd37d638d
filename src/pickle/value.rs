//! What a pickle makes, as data: nodes in an arena, which refer to each other by number.
//!
//! Numbers instead of pointers keep three things simple that Python objects have: a node that is
//! used twice is one node, a list may contain itself, and a million nested lists are dropped without
//! recursion. Whoever walks the nodes must therefore remember where they have been: a file of a few
//! hundred bytes can share its nodes so that the tree they spell out has 2^100 leaves.
//!
//! A call is an [`Object`]: what would have been called, with what, and what was done to the result
//! afterwards. Nothing here knows what a name means.

use std::borrow::Cow;
use std::fmt;

use super::numbers::{MAX_DIGITS, to_decimal};
pub use super::texts::Text;

/// A node of [`Values`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A name to import: never imported here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Global<'a> {
    /// The module, as the file spells it.
    pub module: Cow<'a, str>,
    /// The name in it; with dots it would be looked up step by step.
    pub name: Cow<'a, str>,
    /// Where the opcode stands that pushed it.
    pub offset: usize,
}

impl fmt::Display for Global<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.module, self.name)
    }
}

/// How an object would have come into being.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Construction {
    /// REDUCE: the callable was called.
    Call,
    /// NEWOBJ and NEWOBJ_EX: `__new__` of the class was called.
    New,
    /// INST and OBJ: an instance was made the way of Python 2, or the class was called.
    Instance,
}

/// What a call would have returned, with what was done to it afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// How it was made.
    pub construction: Construction,
    /// What would have been called: as a rule a [`Node::Global`].
    pub callable: NodeId,
    /// The arguments: a tuple, or an object that would have to become one.
    pub arguments: NodeId,
    /// The dict of keyword arguments, of NEWOBJ_EX alone.
    pub keywords: Option<NodeId>,
    /// The states that BUILD gave it, in order; more than one is unusual.
    pub states: Vec<NodeId>,
    /// What was appended or added to it.
    pub items: Vec<NodeId>,
    /// Keys and values that were set in it.
    pub entries: Vec<(NodeId, NodeId)>,
    /// Where the opcode stands that made it.
    pub offset: usize,
}

impl Object {
    /// The state, if there is exactly one.
    pub fn state(&self) -> Option<NodeId> {
        match self.states.as_slice() {
            [state] => Some(*state),
            _ => None,
        }
    }
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'a> {
    /// None.
    None,
    /// A boolean.
    Bool(bool),
    /// An integer of at most 64 bits.
    Int(i64),
    /// A longer one: the shortest little-endian two's complement.
    BigInt(Cow<'a, [u8]>),
    /// A floating-point number.
    Float(f64),
    /// Bytes, a range of the input.
    Bytes(&'a [u8]),
    /// A bytearray, a range of the input.
    ByteArray(&'a [u8]),
    /// A Python 2 string. Python 3 makes text of it, or bytes, as its caller says.
    String(Cow<'a, [u8]>),
    /// A text.
    Text(Text<'a>),
    /// A list.
    List(Vec<NodeId>),
    /// A tuple.
    Tuple(Box<[NodeId]>),
    /// A dict: every key and value that was set, in order, the last one of a key being what counts.
    Dict(Vec<(NodeId, NodeId)>),
    /// A set: all that was added.
    Set(Vec<NodeId>),
    /// A frozenset: all that it was made of.
    FrozenSet(Box<[NodeId]>),
    /// A name to import.
    Global(Box<Global<'a>>),
    /// The result of a call.
    Object(Box<Object>),
    /// What the loader's `persistent_load` would return for an identifier.
    Persistent(NodeId),
    /// A buffer that is kept outside of the pickle.
    Buffer {
        /// Its number, from zero.
        index: usize,
        /// True when the pickle asks for it to be read-only.
        readonly: bool,
    },
}

impl Node<'_> {
    /// What it is, for messages.
    pub fn describe(&self) -> String {
        let short = |bytes: &[u8]| super::error::shown(bytes);
        match self {
            Node::None => "None".into(),
            Node::Bool(value) => (if *value { "True" } else { "False" }).into(),
            Node::Int(value) => format!("the integer {value}"),
            Node::BigInt(bytes) => format!("an integer of {} bytes", bytes.len()),
            Node::Float(value) => format!("the float {value:?}"),
            Node::Bytes(bytes) => format!("{} bytes", bytes.len()),
            Node::ByteArray(bytes) => format!("a bytearray of {} bytes", bytes.len()),
            Node::String(bytes) => format!("the string {}", short(bytes)),
            Node::Text(text) => format!("the text {}", short(text.as_bytes())),
            Node::List(items) => format!("a list of {}", items.len()),
            Node::Tuple(items) => format!("a tuple of {}", items.len()),
            Node::Dict(entries) => format!("a dict of {}", entries.len()),
            Node::Set(items) => format!("a set of {}", items.len()),
            Node::FrozenSet(items) => format!("a frozenset of {}", items.len()),
            Node::Global(global) => {
                let (module, name) =
                    (short(global.module.as_bytes()), short(global.name.as_bytes()));
                format!("the name {name} of module {module}")
            }
            Node::Object(object) => format!("the object made at byte {}", object.offset),
            Node::Persistent(_) => "a persistent object".into(),
            Node::Buffer { index, .. } => format!("the outside buffer {index}"),
        }
    }

    /// The decimal digits of an integer that Python would print: of at most 4300 of them.
    pub fn integer_digits(&self) -> Option<String> {
        match self {
            Node::Int(value) => Some(value.to_string()),
            // Five digits have more than two bytes.
            Node::BigInt(bytes) if bytes.len() <= MAX_DIGITS / 5 * 2 + 66 => {
                Some(to_decimal(bytes)).filter(|digits| digits.len() <= MAX_DIGITS + 1)
            }
            _ => None,
        }
    }

    /// The text of a text, or of a Python 2 string in ASCII.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Node::Text(text) => text.as_str(),
            Node::String(bytes) => std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii()),
            _ => None,
        }
    }

    /// True for this text, in ASCII. Costs nothing for texts of another length, however long.
    pub(super) fn is_text(&self, text: &str) -> bool {
        match self {
            Node::Text(found) => found.as_bytes() == text.as_bytes(),
            Node::String(bytes) => bytes.as_ref() == text.as_bytes(),
            _ => false,
        }
    }

    /// True for what Python does not take as a key or as a member of a set. A tuple that holds such
    /// a value is not looked into: Python refuses it, here it is only a key that equals no other.
    pub(super) fn is_unhashable(&self) -> bool {
        matches!(self, Node::List(_) | Node::Dict(_) | Node::Set(_) | Node::ByteArray(_))
    }

    /// True for what is not plain data, so that only a caller could know what it is.
    pub(super) fn is_opaque(&self) -> bool {
        matches!(
            self,
            Node::Global(_) | Node::Object(_) | Node::Persistent(_) | Node::Buffer { .. }
        )
    }
}

/// All nodes of one or several pickles.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    nodes: Vec<Node<'a>>,
}

impl Default for Values<'_> {
    fn default() -> Self {
        Values::new()
    }
}

impl<'a> Values<'a> {
    /// None: one node for all.
    pub const NONE: NodeId = NodeId(0);
    /// True: one node for all.
    pub const TRUE: NodeId = NodeId(1);
    /// False: one node for all.
    pub const FALSE: NodeId = NodeId(2);
    /// The empty tuple: one node for all.
    pub const EMPTY_TUPLE: NodeId = NodeId(3);

    /// An arena with the nodes that are shared by all.
    pub fn new() -> Self {
        let shared = [Node::None, Node::Bool(true), Node::Bool(false), Node::Tuple(Box::new([]))];
        Values { nodes: shared.into() }
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never: some nodes are always there.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds a node; `None` when 2^32 are there.
    pub fn push(&mut self, node: Node<'a>) -> Option<NodeId> {
        let id = NodeId(u32::try_from(self.nodes.len()).ok()?);
        self.nodes.push(node);
        Some(id)
    }

    /// A node; `None` for one of another arena.
    pub fn get(&self, id: NodeId) -> Option<&Node<'a>> {
        self.nodes.get(id.0 as usize)
    }

    pub(super) fn get_mut(&mut self, id: NodeId) -> Option<&mut Node<'a>> {
        self.nodes.get_mut(id.0 as usize)
    }

    /// Every node with its id, in the order in which they came to be.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Node<'a>)> {
        (0..).map(NodeId).zip(&self.nodes)
    }

    /// What a dict has under a text, the last one counting. Looks at every entry.
    pub fn entry(&self, dict: NodeId, key: &str) -> Option<NodeId> {
        let Some(Node::Dict(entries)) = self.get(dict) else { return None };
        let mut backwards = entries.iter().rev();
        let found = backwards.find(|(k, _)| self.get(*k).is_some_and(|k| k.is_text(key)));
        found.map(|(_, value)| *value)
    }

    /// The name that an object's callable is, if it is one.
    pub fn callable_of(&self, object: &Object) -> Option<&Global<'a>> {
        match self.get(object.callable) {
            Some(Node::Global(global)) => Some(global),
            _ => None,
        }
    }

    /// What a node is, for messages.
    pub fn describe(&self, id: NodeId) -> String {
        match self.get(id) {
            Some(Node::Object(object)) => match self.callable_of(object) {
                Some(global) => format!(
                    "an object made by {}",
                    Node::Global(Box::new(global.clone())).describe()
                ),
                None => format!("the object made at byte {}", object.offset),
            },
            Some(node) => node.describe(),
            None => "a node of another pickle".into(),
        }
    }
}
