//! A value of the file with the way that leads to it: what builders read attributes through.

use std::cell::Cell;
use std::collections::HashMap;

use super::error::ReadError;
use super::estimator::Estimator;
use super::source::Source;
use super::way::{Fork, Step, Way};
use crate::base::{Array, DType};
use crate::pickle::numpy::array::Data;
use crate::pickle::numpy::{NumpyArray, Scalar};
use crate::pickle::{Node, NodeId, PickleError, Values};

/// What a field of a structure counts among members of lists, whenever its dtype is read.
const FIELD_WORK: usize = 16;

/// A value and the way to it.
#[derive(Debug, Clone)]
pub struct Item<'d> {
    pub(super) source: &'d Source<'d>,
    pub(super) node: NodeId,
    way: Way<'d>,
    /// Objects around it.
    depth: usize,
}

/// Makes items of values that lie beside each other, without a list of steps for each.
pub(super) struct Below<'d> {
    source: &'d Source<'d>,
    depth: usize,
    way: Fork<'d>,
}

impl<'d> Below<'d> {
    pub fn at(&self, step: Step<'d>, node: NodeId) -> Item<'d> {
        Item { source: self.source, node, way: self.way.to(step), depth: self.depth }
    }
}

impl<'d> Item<'d> {
    /// The value that Python would load.
    pub(super) fn root(source: &'d Source<'d>) -> Self {
        Item::at_no_place(source, source.document.root())
    }

    /// Any value of the file, by whatever way it is reached.
    pub(super) fn at_no_place(source: &'d Source<'d>, node: NodeId) -> Self {
        Item { source, node, way: Way::to_result(), depth: 0 }
    }

    /// Its node.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The way to it from the result: `steps[1][1].coef_`; empty for the result itself.
    pub fn path(&self) -> String {
        self.way.to_string()
    }

    /// The way to it for messages.
    pub(super) fn shown_path(&self) -> String {
        if self.way.is_to_result() { "the model".to_owned() } else { self.path() }
    }

    /// The value itself.
    pub fn value(&self) -> &'d Node<'d> {
        self.values().get(self.node).unwrap_or(&Node::None)
    }

    pub(super) fn values(&self) -> &'d Values<'d> {
        self.source.document.values()
    }

    /// Another value, a step further, by how the step is shown.
    pub fn step(&self, step: &str, node: NodeId) -> Item<'d> {
        self.further(Step::Other(step.into()), node)
    }

    /// A member of a list, tuple or array.
    pub fn member(&self, index: usize, node: NodeId) -> Item<'d> {
        self.further(Step::Index(index), node)
    }

    /// The item called `name` below this one.
    pub(super) fn named(&self, name: &'d str, node: NodeId) -> Item<'d> {
        let depth = self.depth.saturating_add(1);
        Item { depth, ..self.further(Step::Name(name), node) }
    }

    pub(super) fn further(&self, step: Step<'d>, node: NodeId) -> Item<'d> {
        Item { source: self.source, node, way: self.way.then(step), depth: self.depth }
    }

    /// Values below this one, which lie beside each other.
    pub(super) fn below(&self) -> Below<'d> {
        Below { source: self.source, depth: self.depth, way: self.way.fork() }
    }

    /// How many objects it is inside of.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// True for None.
    pub fn is_none(&self) -> bool {
        matches!(self.value(), Node::None)
    }

    /// Where the opcode stands that made it, as far as it is known.
    pub fn offset(&self) -> usize {
        match self.source.document.unexpected("value", "", self.node) {
            PickleError::Malformed { offset, .. } => offset,
            _ => 0,
        }
    }

    /// The error that says what was expected here.
    pub fn expected(&self, expected: impl Into<String>) -> ReadError {
        self.found(expected, self.values().describe(self.node))
    }

    /// The error that says what was expected here and what was found.
    pub fn found(&self, expected: impl Into<String>, found: impl Into<String>) -> ReadError {
        ReadError::Value {
            path: self.shown_path(),
            offset: self.offset(),
            expected: expected.into(),
            found: found.into(),
        }
    }

    pub(super) fn at(&self) -> impl Fn(PickleError) -> ReadError + '_ {
        |source| ReadError::At { path: self.shown_path(), source }
    }

    /// The way to it as the name of an array: `weights.0` for `["weights"][0]`.
    pub(super) fn plain_name(&self) -> String {
        let path = self.path();
        let words = path.split(['[', ']', '.']).map(|word| word.trim_matches('"'));
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(".")
    }

    // ------------------------------------------------------------ single values

    /// A number, boolean or text, of Python or of numpy.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn scalar(&self) -> Result<Scalar, ReadError> {
        // An array without dimensions is a number as well: numpy makes no difference.
        if self.is_array() {
            let array = self.array()?;
            if array.element_count() == 1 && array.dtype().is_number() {
                let values = array.as_f64_vec().map_err(self.at())?;
                if let Some(value) = values.first() {
                    return Ok(Scalar::Number(crate::pickle::numpy::Number::Float(*value)));
                }
            }
        }
        let scalar = self.source.document.scalar(self.node).map_err(self.at())?;
        self.charge_text(scalar.as_str().unwrap_or_default())?;
        Ok(scalar)
    }

    /// A number.
    ///
    /// # Errors
    /// When it is none.
    pub fn float(&self) -> Result<f64, ReadError> {
        self.scalar()?.as_f64().ok_or_else(|| self.expected("a number"))
    }

    /// A whole number.
    ///
    /// # Errors
    /// When it is none.
    pub fn integer(&self) -> Result<i64, ReadError> {
        self.scalar()?.as_i64().ok_or_else(|| self.expected("a whole number"))
    }

    /// A whole number that is not negative.
    ///
    /// # Errors
    /// When it is none.
    pub fn count(&self) -> Result<usize, ReadError> {
        let count = usize::try_from(self.integer()?);
        count.map_err(|_| self.expected("a whole number that is not negative"))
    }

    /// A truth value; 0 and 1 count as such.
    ///
    /// # Errors
    /// When it is none.
    pub fn boolean(&self) -> Result<bool, ReadError> {
        let scalar = self.scalar()?;
        match (scalar.as_bool(), scalar.as_i64()) {
            (Some(value), _) => Ok(value),
            (None, Some(number @ 0..=1)) => Ok(number == 1),
            _ => Err(self.expected("True or False")),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// When it is none.
    pub fn text(&self) -> Result<String, ReadError> {
        match self.source.document.scalar(self.node) {
            Ok(Scalar::Text(text)) => {
                self.charge_text(&text)?;
                Ok(text)
            }
            _ => Err(self.expected("a text")),
        }
    }

    // ------------------------------------------------------------ containers

    /// The members of a list or tuple.
    ///
    /// # Errors
    /// When it is neither.
    pub fn list(&self) -> Result<Vec<Item<'d>>, ReadError> {
        let members: &[NodeId] = match self.value() {
            Node::List(members) => members,
            Node::Tuple(members) => members,
            _ => return Err(self.expected("a list or a tuple")),
        };
        self.charge_work(members.len())?;
        let below = self.below();
        let member = |(index, node): (usize, &NodeId)| below.at(Step::Index(index), *node);
        Ok(members.iter().enumerate().map(member).collect())
    }

    /// True for a dict or OrderedDict.
    pub(super) fn is_dict(&self) -> bool {
        self.pairs().is_some()
    }

    /// The keys and values of a dict or OrderedDict as they were set, one by one.
    fn pairs(&self) -> Option<&'d [(NodeId, NodeId)]> {
        match self.value() {
            Node::Dict(entries) => Some(entries),
            Node::Object(object) if object.states.is_empty() && object.items.is_empty() => {
                let name = self.values().callable_of(object).map(|global| global.name.as_ref());
                let Some(Node::Tuple(arguments)) = self.values().get(object.arguments) else {
                    return None;
                };
                // What a constructor is given would be entries too; only Python 2 wrote them so.
                let is_dict = matches!(
                    (name, arguments.len()),
                    (Some("OrderedDict" | "dict" | "defaultdict"), 0) | (Some("defaultdict"), 1)
                );
                is_dict.then_some(&object.entries)
            }
            _ => None,
        }
    }

    /// The keys and values of a dict or OrderedDict, the last value of each key, in order. Keys that
    /// are texts are compared as texts; others are told apart by where they stand.
    ///
    /// # Errors
    /// When it is none.
    pub fn entries(&self) -> Result<Vec<(Item<'d>, Item<'d>)>, ReadError> {
        let entries = self.pairs().ok_or_else(|| self.expected("a dict"))?;
        self.charge_work(entries.len())?;
        let mut order: Vec<(NodeId, NodeId)> = Vec::with_capacity(entries.len());
        let mut by_text: HashMap<&str, usize> = HashMap::new();
        for (key, value) in entries {
            let text = self.values().get(*key).and_then(Node::as_str);
            self.charge_work(text.map_or(0, str::len) / 8)?;
            let known = text.and_then(|text| by_text.get(text)).copied();
            match known.and_then(|index| order.get_mut(index)) {
                Some(entry) => entry.1 = *value,
                None => {
                    if let Some(text) = text {
                        by_text.insert(text, order.len());
                    }
                    order.push((*key, *value));
                }
            }
        }
        let below = self.below();
        let item = |(index, (key, value)): (usize, (NodeId, NodeId))| {
            let step = match self.values().get(key).and_then(Node::as_str) {
                Some(text) => Step::Key(text),
                None => Step::Entry(index),
            };
            (below.at(step.clone(), key), below.at(step, value))
        };
        Ok(order.into_iter().enumerate().map(item).collect())
    }

    // ------------------------------------------------------------ objects

    /// Module and name of the class, when it is an object.
    pub fn class(&self) -> Option<(&'d str, &'d str)> {
        super::estimator::class_of(self)
    }

    /// The object with its attributes.
    ///
    /// # Errors
    /// When it is none, or its state is no dict.
    pub fn object(&self) -> Result<Estimator<'d>, ReadError> {
        Estimator::read(self)
    }

    // ------------------------------------------------------------ arrays

    /// Notes that so many bytes are made of what the file has or says.
    ///
    /// # Errors
    /// When shared parts are used too often, or numbers ask for too much.
    pub(super) fn charge_bytes(&self, bytes: usize) -> Result<(), ReadError> {
        self.charge(&self.source.bytes, bytes)
    }

    /// Notes that an estimator is built.
    pub(super) fn charge_build(&self) -> Result<(), ReadError> {
        self.charge(&self.source.builds, 1)
    }

    /// Notes that so many members, attributes or characters are looked at.
    pub(super) fn charge_work(&self, amount: usize) -> Result<(), ReadError> {
        self.charge(&self.source.work, amount)
    }

    /// Notes that a text is copied or compared: Python writes a text once and then refers to it.
    pub(super) fn charge_text(&self, text: &str) -> Result<(), ReadError> {
        self.charge_work(text.len() / 2)
    }

    fn charge(&self, budget: &Cell<u64>, amount: usize) -> Result<(), ReadError> {
        match budget.get().checked_sub(amount as u64) {
            Some(left) => {
                budget.set(left);
                Ok(())
            }
            None => Err(ReadError::Sharing { path: self.shown_path() }),
        }
    }

    /// True for a numpy array.
    pub fn is_array(&self) -> bool {
        self.source.document.is_array(self.node)
    }

    /// The array as numpy has it.
    ///
    /// # Errors
    /// When it is none, or what the file says about it does not fit together.
    pub fn array(&self) -> Result<NumpyArray<'d>, ReadError> {
        let array = self.source.document.array(self.node).map_err(self.at())?;
        // Bytes that are spelled as text are made anew each time.
        let made = match array.data() {
            Data::Owned(bytes) => bytes.len() / 8,
            _ => 0,
        };
        let fields = array.dtype().fields.len().saturating_mul(FIELD_WORK);
        self.charge_work(fields.saturating_add(made).saturating_add(1))?;
        Ok(array)
    }

    /// The array in a neutral dtype, borrowed from the file where its bytes can be used as they lie.
    ///
    /// # Errors
    /// As [`Item::array`]; when there is no neutral dtype for it.
    pub fn to_array(&self) -> Result<Array, ReadError> {
        let array = self.array()?;
        let bytes = array.element_count().saturating_mul(array.dtype().item_size.max(1));
        self.charge_bytes(bytes)?;
        array.to_array(self.source.pages).map_err(self.at())
    }

    /// An array of `rank` dimensions as f64: borrowed where it is that already, else converted.
    ///
    /// # Errors
    /// When it is no array of numbers of so many dimensions.
    pub fn floats(&self, rank: usize) -> Result<Array, ReadError> {
        let array = self.array()?;
        if array.shape().len() != rank || !array.dtype().is_number() {
            let found = format!("{} of shape {:?}", array.dtype().notation(), array.shape());
            return Err(self.found(format!("an array of numbers of {rank} dimensions"), found));
        }
        if array.neutral_dtype() == Some(DType::F64) {
            return self.to_array();
        }
        let bytes = array.element_count().saturating_mul(8);
        self.charge_bytes(bytes)?;
        let values = array.as_f64_vec().map_err(self.at())?;
        self.from_vec(values, array.shape())
    }

    /// An array of `rank` dimensions as i64.
    ///
    /// # Errors
    /// When it is no array of whole numbers of so many dimensions.
    pub fn integers(&self, rank: usize) -> Result<Array, ReadError> {
        let array = self.array()?;
        if array.shape().len() != rank || !array.dtype().is_number() {
            let found = format!("{} of shape {:?}", array.dtype().notation(), array.shape());
            return Err(
                self.found(format!("an array of whole numbers of {rank} dimensions"), found)
            );
        }
        if array.neutral_dtype() == Some(DType::I64) {
            return self.to_array();
        }
        let bytes = array.element_count().saturating_mul(8);
        self.charge_bytes(bytes)?;
        let values = array.as_i64_vec().map_err(self.at())?;
        self.from_vec(values, array.shape())
    }

    /// Class labels: one dimension of whole numbers (as i64), floats (as f64), truth values or texts.
    ///
    /// # Errors
    /// When it is another array, or none.
    pub fn labels(&self) -> Result<Array, ReadError> {
        let array = self.array()?;
        let one = |array: &NumpyArray| array.shape().len() == 1;
        match array.neutral_dtype() {
            _ if !one(&array) => {}
            Some(DType::F64 | DType::F32 | DType::F16) => return self.floats(1),
            Some(DType::Bool) => return self.to_array(),
            Some(DType::Text) => return self.to_array(),
            Some(_) => return self.integers(1),
            // Objects: texts, as pandas gives them, or numbers, or truth values.
            None => return self.object_labels(&array),
        }
        let found = format!("{} of shape {:?}", array.dtype().notation(), array.shape());
        Err(self.found("class labels in one dimension", found))
    }

    /// Class labels that are numbers or truth values, as f64.
    ///
    /// # Errors
    /// When they are no array of one dimension of them.
    pub fn as_float_labels(&self) -> Result<Array, ReadError> {
        let labels = self.labels()?;
        let wrong = |source| ReadError::Array { path: self.shown_path(), source };
        let floats: Vec<f64> = match labels.dtype() {
            DType::Bool => {
                labels.bools().map_err(wrong)?.iter().map(|b| f64::from(u8::from(*b))).collect()
            }
            DType::I64 => {
                labels.as_slice::<i64>().map_err(wrong)?.iter().map(|label| *label as f64).collect()
            }
            _ => return Ok(labels),
        };
        self.from_vec(floats, labels.shape())
    }

    fn object_labels(&self, array: &NumpyArray<'d>) -> Result<Array, ReadError> {
        let Some(elements) = array.elements() else {
            let found = array.dtype().notation();
            return Err(self.found("class labels that are numbers or texts", found));
        };
        self.charge_work(elements.len())?;
        let below = self.below();
        let scalar = |(index, node): (usize, &NodeId)| below.at(Step::Index(index), *node).scalar();
        let scalars = elements.iter().enumerate().map(scalar).collect::<Result<Vec<_>, _>>()?;
        let shape = [scalars.len()];
        let as_array = |source| ReadError::Array { path: self.shown_path(), source };
        if let Some(texts) = scalars.iter().map(Scalar::as_str).collect::<Option<Vec<_>>>() {
            return Array::from_texts(&texts, &shape).map_err(as_array);
        }
        if let Some(values) = scalars.iter().map(Scalar::as_bool).collect::<Option<Vec<_>>>() {
            return Array::from_bools(&values, &shape).map_err(as_array);
        }
        if let Some(values) = scalars.iter().map(Scalar::as_i64).collect::<Option<Vec<_>>>() {
            return Array::from_vec(values, &shape).map_err(as_array);
        }
        match scalars.iter().map(Scalar::as_f64).collect::<Option<Vec<_>>>() {
            Some(values) => Array::from_vec(values, &shape).map_err(as_array),
            None => Err(self.found("class labels of one type", "labels of several types")),
        }
    }

    // It is the item's place that an error names.
    #[allow(clippy::wrong_self_convention)]
    pub(super) fn from_vec<T: crate::base::Element>(
        &self,
        values: Vec<T>,
        shape: &[usize],
    ) -> Result<Array, ReadError> {
        let path = self.shown_path();
        Array::from_vec(values, shape).map_err(|source| ReadError::Array { path, source })
    }
}
