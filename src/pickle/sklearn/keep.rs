//! Content `full`: every attribute that a kind does not name is kept, arrays as arrays and the rest
//! as metadata, so that nothing is lost and the object could be made again.
//!
//! | Python | metadata |
//! |---|---|
//! | None, bool, int of 64 bits, float, str, list | as it is |
//! | array | `{"type": "array", "name": ...}`, and the array of that name |
//! | tuple, dict, set, frozenset | `{"type": "tuple", "items": [...]}`, `{"type": "dict", "entries": [[key, value], ...]}` |
//! | int of more bits | `{"type": "integer", "digits": ...}` |
//! | bytes | `{"type": "bytes", "name": ...}`, and an array of u8 |
//! | class or function | `{"type": "name", "name": "module.name"}` |
//! | object | `{"type": "object", "class": ..., "arguments": [...], "state": ..., ...}` |
//! | what stood before | `{"type": "same", "as": path}` |

use std::collections::HashMap;

use super::ATTRIBUTES_KEY;
use super::error::ReadError;
use super::estimator::{Estimator, Kept};
use super::item::Item;
use super::way::{Step, shortened};
use crate::base::{Limits, Metadata, Parameters, Value};
use crate::pickle::numbers::MAX_DIGITS;
use crate::pickle::value::Object;
use crate::pickle::{Node, NodeId};

/// Deepest nesting of Python values inside one attribute.
const MAX_DEPTH: usize = 40;

/// Keeps all attributes of an estimator that its builder did not put elsewhere.
pub(super) fn attributes(
    estimator: &Estimator<'_>,
    parameters: &mut Parameters,
) -> Result<(), ReadError> {
    let mut keeper = Keeper::new();
    let mut attributes = Metadata::new();
    for (name, item) in estimator.attributes() {
        let value = match estimator.kept(name) {
            Some(Kept::Value(value)) => value,
            Some(Kept::Array(array)) => match kept_as(&item, &array, parameters) {
                Some(value) => value,
                None => keeper.keep(&item, name, parameters, 0)?,
            },
            None => keeper.keep(&item, name, parameters, 0)?,
        };
        attributes.insert(name.to_owned(), value);
    }
    parameters.set(ATTRIBUTES_KEY, attributes);
    Ok(())
}

/// What stands for an attribute whose elements are, to the bit, those of an array of the kind.
/// Where only the shape differs, the attribute's own is said.
fn kept_as(item: &Item<'_>, name: &str, parameters: &Parameters) -> Option<Value> {
    let kept = parameters.get(name)?;
    if !item.is_array() || item.array().ok()?.neutral_dtype() != Some(kept.dtype()) {
        return None;
    }
    let found = item.to_array().ok()?;
    if found.shape() == kept.shape() {
        return found.bits_equal(kept).then(|| described("array", [("name", name.into())]));
    }
    let reshaped = kept.reshaped(found.shape()).ok()?;
    let shape: Vec<Value> = found.shape().iter().map(|n| Value::from(*n as i64)).collect();
    let entries = [("name", name.into()), ("shape", shape.into())];
    found.bits_equal(&reshaped).then(|| described("array", entries))
}

/// A value that says what it is.
fn described<const N: usize>(what: &str, entries: [(&str, Value); N]) -> Value {
    let mut map = Metadata::new();
    map.insert("type".to_owned(), what.into());
    map.extend(entries.map(|(name, value)| (name.to_owned(), value)));
    map.into()
}

/// Metadata nests no deeper than every format can read.
pub(super) fn check_depth(
    item: &Item<'_>,
    parameters: &Parameters,
    limits: &Limits,
) -> Result<(), ReadError> {
    let mut waiting: Vec<(&Value, usize)> =
        parameters.metadata().values().map(|value| (value, 2)).collect();
    while let Some((value, depth)) = waiting.pop() {
        if depth > limits.max_metadata_depth {
            let most = limits.max_metadata_depth;
            return Err(item.found(format!("attributes nested at most {most} levels deep"), "more"));
        }
        let deeper = depth.saturating_add(1);
        match value {
            Value::List(values) => waiting.extend(values.iter().map(|value| (value, deeper))),
            Value::Map(map) => waiting.extend(map.values().map(|value| (value, deeper))),
            _ => {}
        }
    }
    Ok(())
}

/// Turns values into metadata, each object once.
pub(super) struct Keeper {
    seen: HashMap<NodeId, String>,
    /// The last number behind each name that was taken.
    numbers: HashMap<String, u64>,
}

impl Keeper {
    pub fn new() -> Self {
        Keeper { seen: HashMap::new(), numbers: HashMap::new() }
    }

    /// The value of plain data around arrays that are kept under names of their own.
    pub fn value(
        &mut self,
        item: &Item<'_>,
        parameters: &mut Parameters,
        arrays: &[Item<'_>],
    ) -> Result<Value, ReadError> {
        let names: Vec<String> = parameters.arrays().map(|(name, _)| name.to_owned()).collect();
        for (array, name) in arrays.iter().zip(names) {
            self.seen.insert(array.node(), name);
        }
        match item.is_array() {
            true => Ok(Value::Null),
            false => self.keep(item, "", parameters, 0),
        }
    }

    /// An attribute of one of several estimators; `name` is what its arrays are called.
    pub fn attribute(
        &mut self,
        item: &Item<'_>,
        name: &str,
        parameters: &mut Parameters,
    ) -> Result<Value, ReadError> {
        self.keep(item, name, parameters, 0)
    }

    /// A value; `name` is what its arrays are called.
    fn keep(
        &mut self,
        item: &Item<'_>,
        name: &str,
        parameters: &mut Parameters,
        depth: usize,
    ) -> Result<Value, ReadError> {
        if depth > MAX_DEPTH {
            let most = format!("values nested at most {MAX_DEPTH} levels deep");
            return Err(item.found(most, "more"));
        }
        let deeper = depth.saturating_add(1);
        Ok(match item.value() {
            Node::None => Value::Null,
            Node::Bool(value) => (*value).into(),
            Node::Int(value) => (*value).into(),
            Node::Float(value) => (*value).into(),
            Node::BigInt(bytes) => {
                // Digits are made in as many rounds as there are words.
                let longest = bytes.len().min(MAX_DIGITS);
                item.charge_work(longest.saturating_mul(longest) / 128)?;
                match item.value().integer_digits() {
                    Some(digits) => described("integer", [("digits", digits.into())]),
                    None => {
                        let most = "an integer that Python would print";
                        return Err(item.found(most, "a longer one"));
                    }
                }
            }
            Node::Text(_) | Node::String(_) => match item.text() {
                Ok(text) => text.into(),
                Err(error @ ReadError::Sharing { .. }) => return Err(error),
                Err(_) => self.bytes(item, name, parameters)?,
            },
            Node::Bytes(_) | Node::ByteArray(_) => self.bytes(item, name, parameters)?,
            Node::Global(global) => described("name", [("name", global.to_string().into())]),
            Node::Persistent(_) | Node::Buffer { .. } => {
                return Err(item.expected("a value that is in the file"));
            }
            _ => match self.seen.get(&item.node()) {
                Some(before) => {
                    item.charge_text(before)?;
                    match item.is_array() {
                        true => described("array", [("name", before.clone().into())]),
                        false => described("same", [("as", before.clone().into())]),
                    }
                }
                None => self.new_value(item, name, parameters, deeper)?,
            },
        })
    }

    /// A container, array or object that did not stand before.
    fn new_value(
        &mut self,
        item: &Item<'_>,
        name: &str,
        parameters: &mut Parameters,
        depth: usize,
    ) -> Result<Value, ReadError> {
        item.charge_text(name)?;
        self.seen.insert(item.node(), name.to_owned());
        if item.is_array() {
            return self.array(item, name, parameters, depth);
        }
        if let Ok(scalar) = item.source.document.scalar(item.node) {
            if let Some(text) = scalar.as_str() {
                return Ok(text.into());
            }
            let number = match (scalar.as_bool(), scalar.as_i64(), scalar.as_f64()) {
                (Some(value), ..) => Some(Value::from(value)),
                (_, Some(value), _) => Some(value.into()),
                (.., Some(value)) => Some(value.into()),
                _ => None,
            };
            if let Some(number) = number {
                // numpy's numbers are kept with their type: a float32 is another number.
                return Ok(described(
                    "scalar",
                    [("dtype", scalar_type(item).into()), ("value", number)],
                ));
            }
        }
        match item.value() {
            Node::List(members) => {
                self.members(item, name, members, parameters, depth).map(Value::from)
            }
            Node::Tuple(members) => {
                let items = self.members(item, name, members, parameters, depth)?;
                Ok(described("tuple", [("items", items.into())]))
            }
            Node::Set(members) => {
                let items = self.members(item, name, members, parameters, depth)?;
                Ok(described("set", [("items", items.into())]))
            }
            Node::FrozenSet(members) => {
                let items = self.members(item, name, members, parameters, depth)?;
                Ok(described("frozenset", [("items", items.into())]))
            }
            Node::Dict(entries) => {
                let entries = self.pairs(item, name, entries, parameters, depth)?;
                Ok(described("dict", [("entries", entries)]))
            }
            Node::Object(object) => self.object(item, name, object, parameters, depth),
            _ => Err(item.expected("a value that can be kept")),
        }
    }

    fn members(
        &mut self,
        item: &Item<'_>,
        name: &str,
        members: &[NodeId],
        parameters: &mut Parameters,
        depth: usize,
    ) -> Result<Vec<Value>, ReadError> {
        let below = item.below();
        let mut values = Vec::with_capacity(members.len());
        for (index, node) in members.iter().enumerate() {
            let member = below.at(Step::Index(index), *node);
            values.push(self.keep(
                &member,
                &joined(name, &index.to_string()),
                parameters,
                depth,
            )?);
        }
        Ok(values)
    }

    fn pairs(
        &mut self,
        item: &Item<'_>,
        name: &str,
        entries: &[(NodeId, NodeId)],
        parameters: &mut Parameters,
        depth: usize,
    ) -> Result<Value, ReadError> {
        let below = item.below();
        let mut pairs = Vec::with_capacity(entries.len());
        for (index, (key, value)) in entries.iter().enumerate() {
            let text = item.values().get(*key).and_then(Node::as_str);
            let inside = match text {
                Some(text) => joined(name, &shortened(text)),
                None => joined(name, &index.to_string()),
            };
            let step = text.map_or(Step::Entry(index), Step::Key);
            let key = self.keep(&below.at(Step::KeyAt(index), *key), &inside, parameters, depth)?;
            let value = below.at(step, *value);
            let value = self.keep(&value, &inside, parameters, depth)?;
            pairs.push(Value::List(vec![key, value]));
        }
        Ok(pairs.into())
    }

    fn object(
        &mut self,
        item: &Item<'_>,
        name: &str,
        object: &Object,
        parameters: &mut Parameters,
        depth: usize,
    ) -> Result<Value, ReadError> {
        let class = match item.values().callable_of(object) {
            Some(global) => global.to_string(),
            None => return Err(item.expected("an object whose class has a name")),
        };
        let mut map = Metadata::new();
        map.insert("type".into(), "object".into());
        map.insert("class".into(), class.into());
        map.insert(
            "made".into(),
            match object.construction {
                crate::pickle::value::Construction::Call => "call",
                _ => "new",
            }
            .into(),
        );
        let optional = [
            ("arguments", Some(object.arguments)),
            ("keywords", object.keywords),
            ("state", object.state()),
        ];
        for (key, node) in optional {
            let Some(node) = node else { continue };
            let part = item.step(&format!("({key})"), node);
            let value = match (key, part.value()) {
                ("arguments", Node::Tuple(members)) if members.is_empty() => continue,
                _ => self.keep(&part, &joined(name, key), parameters, depth)?,
            };
            map.insert(key.to_owned(), value);
        }
        if !object.items.is_empty() {
            let items = self.members(item, name, &object.items, parameters, depth)?;
            map.insert("items".into(), items.into());
        }
        if !object.entries.is_empty() {
            map.insert(
                "entries".into(),
                self.pairs(item, name, &object.entries, parameters, depth)?,
            );
        }
        Ok(map.into())
    }

    fn array(
        &mut self,
        item: &Item<'_>,
        name: &str,
        parameters: &mut Parameters,
        depth: usize,
    ) -> Result<Value, ReadError> {
        let array = item.array()?;
        let notation = array.dtype().notation();
        let shape: Vec<Value> =
            array.shape().iter().map(|length| Value::from(*length as i64)).collect();
        if let Some(elements) = array.elements() {
            // Values of Python, or texts of them: kept one by one, with the shape around them.
            let items = self.members(item, name, elements, parameters, depth)?;
            return Ok(described("objects", [("shape", shape.into()), ("items", items.into())]));
        }
        let name = self.free_name(parameters, &joined(ATTRIBUTES_KEY, name));
        let wrong = |source| ReadError::Parameters { path: item.shown_path(), source };
        if array.neutral_dtype().is_some() {
            parameters.insert(name.clone(), item.to_array()?).map_err(wrong)?;
            self.seen.insert(item.node(), name.clone());
            return Ok(described("array", [("name", name.into())]));
        }
        // Structured and other types: their bytes, with what numpy calls them.
        item.charge_bytes(array.bytes().len())?;
        let bytes = item.from_vec(array.bytes().to_vec(), &[array.bytes().len()])?;
        parameters.insert(name.clone(), bytes).map_err(wrong)?;
        let order = format!("{:?}", array.order());
        Ok(described(
            "bytes of array",
            [
                ("name", name.into()),
                ("dtype", notation.into()),
                ("shape", shape.into()),
                ("order", order.into()),
            ],
        ))
    }

    fn bytes(
        &mut self,
        item: &Item<'_>,
        name: &str,
        parameters: &mut Parameters,
    ) -> Result<Value, ReadError> {
        let bytes = item.source.document.bytes(item.node).map_err(item.at())?.into_owned();
        item.charge_bytes(bytes.len())?;
        let name = self.free_name(parameters, &joined(ATTRIBUTES_KEY, name));
        let array = item.from_vec(bytes.clone(), &[bytes.len()])?;
        let wrong = |source| ReadError::Parameters { path: item.shown_path(), source };
        parameters.insert(name.clone(), array).map_err(wrong)?;
        Ok(described("bytes", [("name", name.into())]))
    }

    /// The name itself, or with a number where it is taken. The numbers go on where they ended: a
    /// dict may have the same key any number of times.
    fn free_name(&mut self, parameters: &Parameters, name: &str) -> String {
        if parameters.get(name).is_none() {
            return name.to_owned();
        }
        let number = self.numbers.entry(name.to_owned()).or_insert(1);
        loop {
            *number = number.saturating_add(1);
            let numbered = format!("{name}~{number}");
            if parameters.get(&numbered).is_none() {
                return numbered;
            }
        }
    }
}

fn joined(name: &str, step: &str) -> String {
    if name.is_empty() { step.to_owned() } else { format!("{name}.{step}") }
}

/// What numpy calls the type of a scalar; of Python's own, what Python calls it.
fn scalar_type(item: &Item<'_>) -> String {
    let Node::Object(object) = item.value() else { return "python".to_owned() };
    let Some(Node::Tuple(arguments)) = item.values().get(object.arguments) else {
        return "numpy".to_owned();
    };
    let dtype = arguments.first().and_then(|node| item.source.document.dtype(*node).ok());
    dtype.map_or_else(|| "numpy".to_owned(), |dtype| dtype.notation())
}
