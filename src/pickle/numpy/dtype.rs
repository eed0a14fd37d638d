//! numpy's element types, from the objects by which pickles spell them.
//!
//! A dtype is a call `numpy.dtype("f8", False, True)` with a state: a tuple of version, byte order,
//! subarray, names, fields, item size, alignment and flags (`descriptor.c`, `arraydescr_setstate`).
//! The letters say what sort of element it is, and the state what the letters leave open. Both must
//! agree here, and whatever is not understood to its last member is an error: an item size that is
//! one too small would shift every number of an array.

use super::names::{from_class, from_letters};
use crate::pickle::error::{PickleError, Place};
use crate::pickle::globals::{self, Known};
use crate::pickle::value::{Node, NodeId, Object, Values};

/// The sort of elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One byte, 0 or 1.
    Bool,
    /// A signed integer.
    Int,
    /// An unsigned integer.
    Uint,
    /// A floating-point number of IEEE 754; of 16 bytes it is whatever the writer's machine has.
    Float,
    /// Two floats.
    Complex,
    /// A reference to a Python object.
    Object,
    /// A fixed number of bytes, padded with NUL.
    Bytes,
    /// A fixed number of UCS-4 characters, padded with NUL.
    Text,
    /// A structure with fields, a subarray, or bytes without a meaning.
    Void,
    /// A point in time, in a unit that stands in the metadata.
    Datetime,
    /// A length of time.
    Timedelta,
}

/// The order of the bytes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// The least significant byte first.
    Little,
    /// The most significant byte first.
    Big,
    /// There is but one byte, or none that could be swapped.
    None,
}

/// An element type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dtype {
    /// The sort of elements.
    pub kind: Kind,
    /// The order of their bytes.
    pub byte_order: ByteOrder,
    /// Bytes of an element.
    pub item_size: usize,
    /// The fields of a structure, in order; empty for all else.
    pub fields: Vec<Field>,
    /// The shape of a subarray, whose elements are of `kind`; `item_size` is that of all of them.
    pub subarray: Option<Vec<usize>>,
}

/// A field of a structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type, which has no fields of its own.
    pub dtype: Dtype,
    /// Where it begins in an element, in bytes; no alignment is promised.
    pub offset: usize,
}

/// Largest element that is believed: numpy itself counts them in 32 bits.
pub(super) const MAX_ITEM_SIZE: usize = i32::MAX as usize;

/// Most fields of a structure. Many dtypes may share one dict of fields, each time at the cost of
/// looking at all of them; the structures of scikit-learn have a dozen.
const MAX_FIELDS: usize = 256;
/// Most bytes of all their names.
const MAX_FIELD_NAMES: usize = 16 << 10;

impl Dtype {
    /// A plain type.
    pub(super) fn plain(kind: Kind, byte_order: ByteOrder, item_size: usize) -> Self {
        let byte_order = if item_size <= 1 { ByteOrder::None } else { byte_order };
        Dtype { kind, byte_order, item_size, fields: Vec::new(), subarray: None }
    }

    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// True when Python objects are among the elements.
    pub fn has_objects(&self) -> bool {
        self.kind == Kind::Object || self.fields.iter().any(|f| f.dtype.kind == Kind::Object)
    }

    /// numpy's short notation, as `<f8`; of a structure only `V` and its size.
    pub fn notation(&self) -> String {
        let order = match self.byte_order {
            ByteOrder::Little => "<",
            ByteOrder::Big => ">",
            ByteOrder::None => "|",
        };
        let (letter, size) = match self.kind {
            Kind::Bool => ("b", 1),
            Kind::Int => ("i", self.item_size),
            Kind::Uint => ("u", self.item_size),
            Kind::Float => ("f", self.item_size),
            Kind::Complex => ("c", self.item_size),
            Kind::Object => return "|O".into(),
            Kind::Bytes => ("S", self.item_size),
            Kind::Text => ("U", self.item_size / 4),
            Kind::Void => ("V", self.item_size),
            Kind::Datetime => ("M", self.item_size),
            Kind::Timedelta => ("m", self.item_size),
        };
        match &self.subarray {
            Some(shape) => format!("{order}{letter} subarray {shape:?} of {size} bytes"),
            None => format!("{order}{letter}{size}"),
        }
    }

    /// Reads a dtype from the object that spells it.
    ///
    /// # Errors
    /// [`PickleError`] at the object's place when it is no dtype, or one that is not understood.
    pub(in crate::pickle) fn read(
        values: &Values,
        node: NodeId,
        within: Place,
    ) -> Result<Dtype, PickleError> {
        Reader { values, within }.dtype(node)
    }
}

/// Where the state of a dtype says what its elements are made of.
enum Parts {
    None,
    Subarray(NodeId),
    Fields { names: NodeId, fields: NodeId },
}

/// Reads dtypes, with the place of what they belong to for messages.
struct Reader<'v, 'a> {
    values: &'v Values<'a>,
    within: Place,
}

impl Reader<'_, '_> {
    fn wrong(&self, what: &'static str, expected: &str, found: NodeId) -> PickleError {
        self.within.malformed(what, expected, self.values.describe(found))
    }

    /// Any dtype. The parts of a structure or a subarray are read by functions that know nothing of
    /// what the dtype around them may be, so a dtype inside of itself is two steps deep and no more.
    fn dtype(&self, node: NodeId) -> Result<Dtype, PickleError> {
        let (mut dtype, parts) = self.described(node)?;
        match parts {
            Parts::None => Ok(dtype),
            Parts::Subarray(subarray) => self.subarray(dtype, subarray),
            Parts::Fields { names, fields } => {
                dtype.fields = self.fields(&dtype, names, fields)?;
                Ok(dtype)
            }
        }
    }

    /// The dtype of a field: plain elements, or a subarray of them.
    fn dtype_of_field(&self, node: NodeId) -> Result<Dtype, PickleError> {
        let (dtype, parts) = self.described(node)?;
        match parts {
            Parts::None => Ok(dtype),
            Parts::Subarray(subarray) => self.subarray(dtype, subarray),
            Parts::Fields { names, .. } => Err(self.nested(names)),
        }
    }

    /// The dtype of the elements of a subarray, which have no parts.
    fn plain_dtype(&self, node: NodeId) -> Result<Dtype, PickleError> {
        let (dtype, parts) = self.described(node)?;
        match parts {
            Parts::None => Ok(dtype),
            Parts::Subarray(subarray) => {
                Err(self.wrong("subarray", "no subarray inside of a subarray", subarray))
            }
            Parts::Fields { names, .. } => Err(self.nested(names)),
        }
    }

    fn nested(&self, names: NodeId) -> PickleError {
        self.wrong("field", "no structure inside of a structure", names)
    }

    /// What a dtype says of itself, and where it says what its parts are.
    fn described(&self, node: NodeId) -> Result<(Dtype, Parts), PickleError> {
        let Some(Node::Object(object)) = self.values.get(node) else {
            return Err(self.wrong("dtype", "a numpy dtype", node));
        };
        let known = self.values.callable_of(object).map(globals::check).transpose()?;
        if !object.items.is_empty() || !object.entries.is_empty() || object.keywords.is_some() {
            return Err(self.wrong("dtype", "an object without items or keywords", node));
        }
        match known {
            Some(Known::Dtype) => self.called(node, object),
            Some(Known::DtypeClass) => Ok((self.of_class(node, object)?, Parts::None)),
            _ => Err(self.wrong("dtype", "a numpy dtype", node)),
        }
    }

    /// `numpy.dtype(letters, align, copy)` and its state.
    fn called(&self, node: NodeId, object: &Object) -> Result<(Dtype, Parts), PickleError> {
        let arguments = self.tuple("dtype arguments", object.arguments)?;
        let truth = |node: &NodeId| match self.values.get(*node) {
            Some(Node::Bool(value)) => Some(*value),
            Some(Node::Int(number @ 0..=1)) => Some(*number == 1),
            _ => None,
        };
        let (letters, is_copy) = match arguments {
            [letters] => (*letters, false),
            [letters, align, copy] if truth(align) == Some(false) => {
                (*letters, truth(copy) == Some(true))
            }
            _ => {
                return Err(self.wrong("dtype arguments", "letters, False and True", node));
            }
        };
        let text = self.values.get(letters).and_then(Node::as_str);
        let plain = text.and_then(from_letters);
        let plain = plain.ok_or_else(|| self.wrong("dtype", "letters as f8", letters))?;
        match object.states.as_slice() {
            [] => Ok((plain, Parts::None)),
            // Without a copy it is numpy's own dtype, on which a state has no effect.
            [_] if !is_copy => Err(self.wrong("dtype", "a copy, where there is a state", node)),
            [state] => self.with_state(plain, *state),
            _ => Err(self.wrong("dtype", "one state", node)),
        }
    }

    /// Puts what the state says to what the letters say.
    fn with_state(&self, mut dtype: Dtype, state: NodeId) -> Result<(Dtype, Parts), PickleError> {
        let members = self.tuple("dtype state", state)?;
        let (version, order, subarray, names, fields, size) = match members {
            [version, order, sub, names, fields, size, _alignment, _flags]
            | [version, order, sub, names, fields, size, _alignment, _flags, _] => {
                (*version, *order, *sub, *names, *fields, *size)
            }
            _ => return Err(self.wrong("dtype state", "a tuple of 8 or 9", state)),
        };
        if !matches!(self.values.get(version), Some(Node::Int(3 | 4))) {
            return Err(self.wrong("dtype state", "version 3 or 4", version));
        }
        let order = match self.values.get(order).and_then(Node::as_str) {
            Some("<") => ByteOrder::Little,
            Some(">") => ByteOrder::Big,
            Some("|") => ByteOrder::None,
            _ => return Err(self.wrong("byte order", "<, > or |", order)),
        };
        self.check_order(&dtype, order)?;
        dtype.byte_order = if dtype.item_size <= 1 { ByteOrder::None } else { order };
        self.check_size(&mut dtype, size)?;
        match (self.present(names), self.present(fields), self.present(subarray)) {
            (None, None, None) => Ok((dtype, Parts::None)),
            (None, None, Some(subarray)) => Ok((dtype, Parts::Subarray(subarray))),
            (Some(names), Some(fields), None) => Ok((dtype, Parts::Fields { names, fields })),
            _ => Err(self.wrong("dtype state", "names with fields, or a subarray", state)),
        }
    }

    /// A number of more than one byte must say how they are ordered, and nothing else may.
    fn check_order(&self, dtype: &Dtype, order: ByteOrder) -> Result<(), PickleError> {
        let swapped = match dtype.kind {
            Kind::Bool | Kind::Object | Kind::Bytes | Kind::Void => false,
            Kind::Text => true,
            _ => dtype.item_size > 1,
        };
        if swapped == (order != ByteOrder::None) || dtype.item_size == 0 {
            return Ok(());
        }
        let expected = if swapped { "< or >" } else { "|" };
        Err(self.within.malformed("byte order", expected, format!("{order:?}")))
    }

    /// The size in the state is that of the letters; -1 where the type alone decides.
    fn check_size(&self, dtype: &mut Dtype, size: NodeId) -> Result<(), PickleError> {
        match self.values.get(size) {
            Some(Node::Int(-1)) => Ok(()),
            Some(Node::Int(found)) if usize::try_from(*found) == Ok(dtype.item_size) => Ok(()),
            _ => {
                let expected = format!("{} as in {}", dtype.item_size, dtype.notation());
                Err(self.wrong("item size", &expected, size))
            }
        }
    }

    fn present(&self, node: NodeId) -> Option<NodeId> {
        (!matches!(self.values.get(node), Some(Node::None))).then_some(node)
    }

    fn tuple(&self, what: &'static str, node: NodeId) -> Result<&[NodeId], PickleError> {
        match self.values.get(node) {
            Some(Node::Tuple(members)) => Ok(members),
            _ => Err(self.wrong(what, "a tuple", node)),
        }
    }

    /// An element that is an array of plain elements: `(dtype, shape)`.
    fn subarray(&self, whole: Dtype, node: NodeId) -> Result<Dtype, PickleError> {
        let [base, shape] = self.tuple("subarray", node)? else {
            return Err(self.wrong("subarray", "a dtype and a shape", node));
        };
        let base = self.plain_dtype(*base)?;
        let shape = match self.values.get(*shape) {
            Some(Node::Int(length)) => vec![length_of(*length)],
            Some(Node::Tuple(lengths)) if lengths.len() <= 64 => lengths
                .iter()
                .map(|length| match self.values.get(*length) {
                    Some(Node::Int(length)) => length_of(*length),
                    _ => None,
                })
                .collect(),
            _ => return Err(self.wrong("subarray", "a shape", *shape)),
        };
        let shape: Option<Vec<usize>> = shape.into_iter().collect();
        let bytes = shape.as_deref().and_then(|shape| {
            shape.iter().try_fold(base.item_size, |bytes, length| bytes.checked_mul(*length))
        });
        let plain = base.kind != Kind::Object;
        match shape {
            Some(shape) if plain && whole.kind == Kind::Void && bytes == Some(whole.item_size) => {
                Ok(Dtype { subarray: Some(shape), item_size: whole.item_size, ..base })
            }
            _ => {
                let expected = format!("plain elements of {} bytes altogether", whole.item_size);
                Err(self.wrong("subarray", &expected, node))
            }
        }
    }

    /// The fields, in the order of their names.
    fn fields(
        &self,
        whole: &Dtype,
        names: NodeId,
        fields: NodeId,
    ) -> Result<Vec<Field>, PickleError> {
        let ids = self.tuple("field names", names)?;
        if whole.kind != Kind::Void {
            return Err(self.wrong("dtype", "V for a structure", names));
        }
        let entries = match self.values.get(fields) {
            Some(Node::Dict(entries)) => entries.as_slice(),
            _ => return Err(self.wrong("fields", "a dict", fields)),
        };
        if ids.len() > MAX_FIELDS || entries.len() > 2 * MAX_FIELDS {
            return Err(self.within.limit("fields", MAX_FIELDS));
        }
        // A title is a second key for the same field: then there are more entries than names.
        let mut by_name = std::collections::HashMap::with_capacity(entries.len());
        for (key, value) in entries {
            let Some(name) = self.values.get(*key).and_then(Node::as_str) else {
                return Err(self.wrong("field name", "a text", *key));
            };
            // Longer ones are nobody's, and hashing them would cost as much as reading the file.
            if name.len() <= MAX_FIELD_NAMES {
                by_name.insert(name, *value);
            }
        }
        let mut found: Vec<Field> = Vec::with_capacity(ids.len());
        let mut seen = std::collections::HashSet::with_capacity(ids.len());
        let mut name_bytes = 0usize;
        for id in ids {
            let name = self.values.get(*id).and_then(Node::as_str);
            let name = name.ok_or_else(|| self.wrong("field name", "a text", *id))?;
            name_bytes = name_bytes.saturating_add(name.len());
            if name_bytes > MAX_FIELD_NAMES {
                return Err(self.within.limit("bytes of field names", MAX_FIELD_NAMES));
            }
            if !seen.insert(name) {
                return Err(self.wrong("field name", "each name once", *id));
            }
            let field = by_name.get(name).copied();
            let field = field.ok_or_else(|| self.wrong("field", "an entry for its name", *id))?;
            found.push(self.field(whole, name, field)?);
        }
        Ok(found)
    }

    fn field(&self, whole: &Dtype, name: &str, node: NodeId) -> Result<Field, PickleError> {
        let (dtype, offset) = match self.tuple("field", node)? {
            [dtype, offset] | [dtype, offset, _] => (*dtype, *offset),
            _ => return Err(self.wrong("field", "a dtype and an offset", node)),
        };
        let dtype = self.dtype_of_field(dtype)?;
        let start = match self.values.get(offset) {
            Some(Node::Int(start)) => length_of(*start),
            _ => None,
        };
        let end = start.and_then(|start| start.checked_add(dtype.item_size));
        match (start, end) {
            (Some(offset), Some(end)) if end <= whole.item_size => {
                Ok(Field { name: name.to_owned(), dtype, offset })
            }
            _ => {
                let expected = format!("a field that ends within the {} bytes", whole.item_size);
                Err(self.wrong("field offset", &expected, offset))
            }
        }
    }

    /// `numpy.dtypes.Float64DType()`.
    fn of_class(&self, node: NodeId, object: &Object) -> Result<Dtype, PickleError> {
        let arguments = self.tuple("dtype arguments", object.arguments)?;
        let name = self.values.callable_of(object).map(|global| global.name.as_ref());
        let plain = name.and_then(from_class);
        match plain {
            Some(dtype) if arguments.is_empty() && object.states.is_empty() => Ok(dtype),
            _ => Err(self.wrong("dtype", "a class of plain numbers", node)),
        }
    }
}

fn length_of(number: i64) -> Option<usize> {
    usize::try_from(number).ok().filter(|length| *length <= MAX_ITEM_SIZE)
}
