//! Nodes in the notation of `scripts/make_pickle_fixtures.py`.
//!
//! Older protocols cannot say a set, bytes or an object directly: they say it by calls, which are
//! interpreted here as Python would carry them out.

use std::collections::HashMap;

use deadweight::pickle::{Node, NodeId, Object, Values};
use serde_json::{Value, json};

pub struct Describer<'v, 'a> {
    values: &'v Values<'a>,
    seen: HashMap<NodeId, usize>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl<'v, 'a> Describer<'v, 'a> {
    pub fn new(values: &'v Values<'a>) -> Self {
        Describer { values, seen: HashMap::new() }
    }

    fn get(&self, id: NodeId) -> &'v Node<'a> {
        self.values.get(id).unwrap()
    }

    fn all(&mut self, ids: &[NodeId]) -> Vec<Value> {
        ids.iter().map(|id| self.node(*id)).collect()
    }

    fn pairs(&mut self, pairs: &[(NodeId, NodeId)]) -> Vec<Value> {
        pairs.iter().map(|(key, value)| json!([self.node(*key), self.node(*value)])).collect()
    }

    fn sorted(&mut self, ids: &[NodeId]) -> Vec<Value> {
        let mut all = self.all(ids);
        all.sort_by_key(Value::to_string);
        all
    }

    /// The notation, or `same` for what was met before.
    fn numbered(&mut self, id: NodeId, make: impl FnOnce(&mut Self, usize) -> Value) -> Value {
        if let Some(number) = self.seen.get(&id) {
            return json!(["same", number]);
        }
        let number = self.seen.len();
        self.seen.insert(id, number);
        make(self, number)
    }

    pub fn node(&mut self, id: NodeId) -> Value {
        match self.get(id) {
            Node::None => json!(["None"]),
            Node::Bool(true) => json!(["True"]),
            Node::Bool(false) => json!(["False"]),
            number @ (Node::Int(_) | Node::BigInt(_)) => {
                json!(["int", number.integer_digits().unwrap()])
            }
            Node::Float(number) => json!(["float", format!("{:016x}", number.to_bits())]),
            Node::Text(text) => json!(["text", hex(text.as_bytes())]),
            Node::String(bytes) => json!(["string", hex(bytes)]),
            Node::Bytes(bytes) => json!(["bytes", hex(bytes)]),
            Node::Tuple(items) => tagged("tuple", self.all(items)),
            Node::FrozenSet(items) => tagged("frozenset", self.sorted(items)),
            Node::Global(_) => json!(["global", self.name(id)]),
            Node::Persistent(inner) => json!(["persistent", self.node(*inner)]),
            Node::Buffer { index, readonly } => json!(["buffer", index, readonly]),
            Node::ByteArray(bytes) => {
                self.numbered(id, |_, number| json!(["bytearray", number, hex(bytes)]))
            }
            Node::List(items) => {
                self.numbered(id, |this, number| prefixed("list", number, this.all(items)))
            }
            Node::Dict(entries) => {
                self.numbered(id, |this, number| prefixed("dict", number, this.pairs(entries)))
            }
            Node::Set(items) => {
                self.numbered(id, |this, number| prefixed("set", number, this.sorted(items)))
            }
            Node::Object(object) => self.object(id, object),
        }
    }

    /// A global by the name that it has in Python 3.
    fn name(&self, id: NodeId) -> String {
        let Node::Global(global) = self.get(id) else { return String::new() };
        let module = match global.module.as_ref() {
            "__builtin__" => "builtins",
            "copy_reg" => "copyreg",
            module => module,
        };
        format!("{module}.{}", global.name)
    }

    fn tuple(&self, id: NodeId) -> &'v [NodeId] {
        let Node::Tuple(items) = self.get(id) else { panic!("{}", self.values.describe(id)) };
        items
    }

    /// Bytes as they are, or as text whose code points they are.
    fn latin1(&self, id: NodeId) -> String {
        match self.get(id) {
            Node::Bytes(bytes) => hex(bytes),
            Node::Text(text) => {
                hex(&text.code_points().iter().map(|code| *code as u8).collect::<Vec<u8>>())
            }
            // Bytes inside a bytearray, by the call that makes bytes of text.
            Node::Object(object) => match self.tuple(object.arguments) {
                [] => String::new(),
                [text, ..] => self.latin1(*text),
            },
            node => panic!("{node:?}"),
        }
    }

    fn object(&mut self, id: NodeId, object: &'v Object) -> Value {
        let arguments = self.tuple(object.arguments);
        match (self.name(object.callable).as_str(), arguments) {
            ("_codecs.encode", [text, _]) => json!(["bytes", self.latin1(*text)]),
            ("builtins.bytes", []) => json!(["bytes", ""]),
            ("builtins.bytearray", _) => self.numbered(id, |this, number| {
                let content = arguments.first().map(|content| this.latin1(*content));
                json!(["bytearray", number, content.unwrap_or_default()])
            }),
            (name @ ("builtins.set" | "builtins.frozenset"), [list]) => {
                let Node::List(items) = self.get(*list) else { panic!("{name}") };
                if name == "builtins.frozenset" {
                    return tagged("frozenset", self.sorted(items));
                }
                self.numbered(id, |this, number| prefixed("set", number, this.sorted(items)))
            }
            ("copyreg._reconstructor", [class, _, _]) => {
                self.instance(id, object, *class, &[], None)
            }
            // A call of functools.partial(class.__new__, class, ...).
            ("", []) => {
                let Node::Object(partial) = self.get(object.callable) else { panic!("callable") };
                assert_eq!(self.name(partial.callable), "functools.partial");
                let state = self.tuple(partial.state().unwrap());
                let [_, arguments, keywords, _] = state else { panic!("{state:?}") };
                let (class, rest) = self.tuple(*arguments).split_first().unwrap();
                self.instance(id, object, *class, rest, Some(*keywords))
            }
            _ => self.instance(id, object, object.callable, arguments, object.keywords),
        }
    }

    fn instance(
        &mut self,
        id: NodeId,
        object: &'v Object,
        class: NodeId,
        arguments: &[NodeId],
        keywords: Option<NodeId>,
    ) -> Value {
        self.numbered(id, |this, number| {
            let arguments = tagged("tuple", this.all(arguments));
            let keywords = keywords.map_or(json!(["None"]), |keywords| this.node(keywords));
            assert!(object.states.len() <= 1);
            let state = object.state().map_or(json!(["None"]), |state| this.node(state));
            let (items, entries) = (this.all(&object.items), this.pairs(&object.entries));
            json!(["object", number, this.name(class), arguments, keywords, state, items, entries])
        })
    }
}

fn tagged(tag: &str, rest: Vec<Value>) -> Value {
    [json!(tag)].into_iter().chain(rest).collect()
}

fn prefixed(tag: &str, number: usize, rest: Vec<Value>) -> Value {
    [json!(tag), json!(number)].into_iter().chain(rest).collect()
}
