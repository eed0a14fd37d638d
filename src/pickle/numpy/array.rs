//! One array as a pickle spells it.
//!
//! Three spellings lead here. `_reconstruct(ndarray, (0,), b"b")` makes an empty array whose state
//! `(1, shape, dtype, fortran, data)` fills it; `_frombuffer(buffer, dtype, shape, order)` looks at
//! a buffer; and joblib's wrapper stands in front of raw bytes, which were found while the file was
//! read.

use std::borrow::Cow;
use std::sync::Arc;

use super::dtype::{Dtype, Kind};
use crate::base::{Limits, Storage};
use crate::pickle::error::{PickleError, Place};
use crate::pickle::globals::{self, Known};
use crate::pickle::value::{Construction, Node, NodeId, Object, Values};

/// What the interpretation of nodes needs.
#[derive(Clone, Copy)]
pub(in crate::pickle) struct Context<'d> {
    pub values: &'d Values<'d>,
    pub source: &'d Storage,
    pub buffers: &'d [Storage],
    pub limits: &'d Limits,
}

/// An array whose bytes joblib put behind its wrapper.
#[derive(Debug, Clone)]
pub(in crate::pickle) struct RawArray {
    pub dtype: Arc<Dtype>,
    pub shape: Box<[usize]>,
    pub fortran: bool,
    /// Where the bytes begin in the source; as many follow as shape and dtype ask for.
    pub start: usize,
    pub len: usize,
}

/// How the elements follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// The last index runs fastest.
    C,
    /// The first index runs fastest.
    Fortran,
    /// Another order of the dimensions.
    Axes,
}

/// Where the elements are.
#[derive(Debug, Clone)]
pub enum Data<'d> {
    /// Bytes that lie in the file, or in a buffer beside it.
    Borrowed {
        /// The bytes.
        bytes: &'d [u8],
        /// What they lie in.
        storage: &'d Storage,
        /// Where in it they begin.
        start: usize,
    },
    /// Bytes that had to be made out of text.
    Owned(Vec<u8>),
    /// Python objects, in C order.
    Elements(&'d [NodeId]),
}

/// An array: element type, shape, order, and the elements where they lie.
#[derive(Debug, Clone)]
pub struct NumpyArray<'d> {
    pub(in crate::pickle) place: Place,
    pub(super) values: &'d Values<'d>,
    pub(super) dtype: Arc<Dtype>,
    pub(super) shape: Vec<usize>,
    /// For each dimension how many elements the next one of it lies further on.
    pub(super) strides: Vec<usize>,
    pub(super) order: Order,
    pub(super) data: Data<'d>,
}

impl<'d> NumpyArray<'d> {
    /// The element type.
    pub fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// The lengths of the dimensions, outermost first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How many elements there are.
    pub fn element_count(&self) -> usize {
        self.shape.iter().product()
    }

    /// How the elements follow each other in [`NumpyArray::data`].
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// The elements.
    pub fn data(&self) -> &Data<'d> {
        &self.data
    }

    /// The bytes of the elements; empty for Python objects.
    pub fn bytes(&self) -> &[u8] {
        match &self.data {
            Data::Borrowed { bytes, .. } => bytes,
            Data::Owned(bytes) => bytes,
            Data::Elements(_) => &[],
        }
    }

    /// The Python objects of an object array, in C order; `None` for all other types.
    pub fn elements(&self) -> Option<&'d [NodeId]> {
        match self.data {
            Data::Elements(elements) => Some(elements),
            _ => None,
        }
    }

    /// Where in the file the opcode stands that made the array.
    pub fn offset(&self) -> usize {
        self.place.offset
    }

    /// True when the elements lie in C order, whatever the array says of itself.
    pub(in crate::pickle) fn is_c_order(&self) -> bool {
        strides(&self.shape, &Order::C)
            .iter()
            .zip(&self.strides)
            .zip(&self.shape)
            .all(|((wanted, found), length)| wanted == found || *length <= 1)
    }
}

/// Strides in elements of a C or Fortran array.
fn strides(shape: &[usize], order: &Order) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    let mut next = 1usize;
    let step = |(stride, length): (&mut usize, &usize)| {
        *stride = next;
        next = next.saturating_mul((*length).max(1));
    };
    if *order == Order::C {
        strides.iter_mut().zip(shape).rev().for_each(step);
    } else {
        strides.iter_mut().zip(shape).for_each(step);
    }
    strides
}

/// The number of elements and of bytes that a shape asks for.
pub(in crate::pickle) fn measure(
    place: Place,
    dtype: &Dtype,
    shape: &[usize],
    limits: &Limits,
) -> Result<(usize, usize), PickleError> {
    if shape.len() > limits.max_dimensions {
        return Err(place.limit("max_dimensions", limits.max_dimensions));
    }
    let most = isize::MAX as usize;
    // The non-zero lengths alone must be addressable, as numpy has it too.
    let extent = shape.iter().filter(|length| **length != 0).try_fold(1usize, |product, length| {
        product.checked_mul(*length).filter(|product| *product <= most)
    });
    let extent = extent.and_then(|extent| extent.checked_mul(dtype.item_size.max(1)));
    let Some(extent) = extent.filter(|bytes| *bytes <= most) else {
        let found = format!("{shape:?} of {}", dtype.notation());
        return Err(place.malformed("shape", "what can be addressed", found));
    };
    if shape.contains(&0) {
        return Ok((0, 0));
    }
    if dtype.item_size == 0 {
        let found = format!("{shape:?} of elements without bytes");
        return Err(place.malformed("shape", "elements of at least one byte", found));
    }
    Ok((extent / dtype.item_size, extent))
}

/// The lengths in a shape: a tuple of integers, or one integer.
pub(in crate::pickle) fn shape_of(
    values: &Values,
    place: Place,
    node: NodeId,
    limits: &Limits,
) -> Result<Vec<usize>, PickleError> {
    let length = |id: &NodeId| match values.get(*id) {
        Some(Node::Int(length)) if *length >= 0 => usize::try_from(*length).ok(),
        _ => None,
    };
    let lengths = match values.get(node) {
        Some(Node::Tuple(lengths)) if lengths.len() > limits.max_dimensions => {
            return Err(place.limit("max_dimensions", limits.max_dimensions));
        }
        Some(Node::Tuple(lengths)) => lengths.iter().map(length).collect(),
        Some(Node::Int(_)) => length(&node).map(|length| vec![length]),
        _ => None,
    };
    lengths.ok_or_else(|| {
        let shown = match values.get(node) {
            Some(Node::Tuple(ids)) => {
                let all: Vec<String> = ids.iter().map(|id| values.describe(*id)).collect();
                all.join(", ")
            }
            _ => values.describe(node),
        };
        place.malformed("shape", "a tuple of lengths", shown)
    })
}

/// Where an object was made.
pub(in crate::pickle) fn place_of(object: &Object) -> Place {
    let opcode = match object.construction {
        Construction::Call => "REDUCE",
        Construction::New => "NEWOBJ",
        Construction::Instance => "INST",
    };
    Place { offset: object.offset, opcode }
}

impl<'d> Context<'d> {
    pub fn place(&self, node: NodeId) -> Place {
        match self.values.get(node) {
            Some(Node::Object(object)) => place_of(object),
            Some(Node::Global(global)) => globals::place(global),
            _ => Place { offset: 0, opcode: "value" },
        }
    }

    pub fn wrong(
        &self,
        place: Place,
        what: &'static str,
        expected: &str,
        found: NodeId,
    ) -> PickleError {
        place.malformed(what, expected, self.values.describe(found))
    }

    /// What an object's callable is known as.
    pub fn known(&self, object: &Object) -> Option<Known> {
        let global = self.values.callable_of(object)?;
        globals::known(&global.module, &global.name)
    }

    pub fn tuple(&self, node: NodeId) -> Option<&'d [NodeId]> {
        match self.values.get(node) {
            Some(Node::Tuple(members)) => Some(members),
            _ => None,
        }
    }

    /// True for an object that one of numpy's constructors of arrays makes.
    pub fn is_array(&self, node: NodeId) -> bool {
        let Some(Node::Object(object)) = self.values.get(node) else { return false };
        match self.known(object) {
            Some(Known::ArrayFromBuffer) => true,
            Some(Known::ArrayReconstruct) => {
                self.tuple(object.arguments).is_some_and(|arguments| {
                    arguments.first().is_some_and(|class| self.is_array_class(*class))
                })
            }
            _ => false,
        }
    }

    pub fn is_array_class(&self, node: NodeId) -> bool {
        match self.values.get(node) {
            Some(Node::Global(global)) => {
                globals::known(&global.module, &global.name) == Some(Known::ArrayClass)
            }
            _ => false,
        }
    }

    /// The array that an object spells.
    pub fn array(&self, node: NodeId) -> Result<NumpyArray<'d>, PickleError> {
        let place = self.place(node);
        let Some(Node::Object(object)) = self.values.get(node) else {
            return Err(self.wrong(place, "array", "a numpy array", node));
        };
        if !object.items.is_empty() || !object.entries.is_empty() || object.keywords.is_some() {
            return Err(self.wrong(place, "array", "one without items or keywords", node));
        }
        let is_call = object.construction == Construction::Call;
        match self.known(object) {
            Some(Known::ArrayReconstruct) if is_call => self.reconstructed(node, object),
            Some(Known::ArrayFromBuffer) if is_call => self.over_buffer(node, object),
            Some(Known::MaskedArray) => Err(PickleError::Refused {
                offset: place.offset,
                opcode: place.opcode,
                found: "a masked array".into(),
                reason: "it is an array and a mask, and neither alone is its content",
            }),
            _ => Err(self.wrong(place, "array", "a numpy array", node)),
        }
    }

    /// The array whose bytes follow a joblib wrapper.
    pub fn raw_array(&self, node: NodeId, raw: &RawArray) -> Result<NumpyArray<'d>, PickleError> {
        let place = self.place(node);
        let end = raw.start.saturating_add(raw.len);
        let bytes = self.source.as_bytes().get(raw.start..end).unwrap_or_default();
        let data = Data::Borrowed { bytes, storage: self.source, start: raw.start };
        let order = if raw.fortran { Order::Fortran } else { Order::C };
        self.assemble(place, raw.dtype.clone(), raw.shape.to_vec(), order, data)
    }

    fn reconstructed(&self, node: NodeId, object: &Object) -> Result<NumpyArray<'d>, PickleError> {
        let place = place_of(object);
        match self.tuple(object.arguments) {
            Some([class, _, _]) if self.is_array_class(*class) => {}
            Some([class, _, _]) => {
                return Err(self.wrong(place, "array class", "numpy.ndarray", *class));
            }
            _ => return Err(self.wrong(place, "arguments", "three", object.arguments)),
        }
        let state = match object.states.as_slice() {
            [state] => *state,
            _ => return Err(self.wrong(place, "array", "one state", node)),
        };
        let (version, shape, dtype, fortran, data) = match self.tuple(state) {
            Some([version, shape, dtype, fortran, data]) => {
                (Some(*version), *shape, *dtype, *fortran, *data)
            }
            Some([shape, dtype, fortran, data]) => (None, *shape, *dtype, *fortran, *data),
            _ => return Err(self.wrong(place, "array state", "a tuple of 5", state)),
        };
        if let Some(version) = version
            && !matches!(self.values.get(version), Some(Node::Int(0 | 1)))
        {
            return Err(self.wrong(place, "array state", "version 1", version));
        }
        let order = match self.values.get(fortran) {
            Some(Node::Bool(true) | Node::Int(1)) => Order::Fortran,
            Some(Node::Bool(false) | Node::Int(0)) => Order::C,
            _ => return Err(self.wrong(place, "fortran flag", "True or False", fortran)),
        };
        let dtype = Arc::new(Dtype::read(self.values, dtype, place)?);
        let shape = shape_of(self.values, place, shape, self.limits)?;
        if !dtype.has_objects() {
            let data = self.data(place, data)?;
            return self.assemble(place, dtype, shape, order, data);
        }
        let Some(Node::List(elements)) = self.values.get(data) else {
            return Err(self.wrong(place, "array data", "a list of the elements", data));
        };
        // numpy lists objects in C order, also of a Fortran array.
        self.assemble(place, dtype, shape, Order::C, Data::Elements(elements))
    }

    fn over_buffer(&self, node: NodeId, object: &Object) -> Result<NumpyArray<'d>, PickleError> {
        let place = place_of(object);
        let (buffer, dtype, shape, order, axes) = match self.tuple(object.arguments) {
            Some([buffer, dtype, shape, order]) => (*buffer, *dtype, *shape, *order, None),
            Some([buffer, dtype, shape, order, axes]) => {
                (*buffer, *dtype, *shape, *order, Some(*axes))
            }
            _ => return Err(self.wrong(place, "arguments", "four or five", object.arguments)),
        };
        if !object.states.is_empty() {
            return Err(self.wrong(place, "array", "no state", node));
        }
        let dtype = Arc::new(Dtype::read(self.values, dtype, place)?);
        let shape = shape_of(self.values, place, shape, self.limits)?;
        let letter = self.values.get(order).and_then(Node::as_str);
        let none = |axes: NodeId| matches!(self.values.get(axes), Some(Node::None));
        let axes = axes.filter(|axes| !none(*axes));
        let order = match (letter, axes) {
            (Some("C"), None) => Order::C,
            (Some("F"), None) => Order::Fortran,
            (Some("K"), Some(_)) => Order::Axes,
            _ => return Err(self.wrong(place, "order", "C, F, or K with axes", order)),
        };
        if dtype.has_objects() {
            return Err(place.malformed("dtype", "plain elements in a buffer", dtype.notation()));
        }
        let data = self.data(place, buffer)?;
        let array = self.assemble(place, dtype, shape, order, data)?;
        match axes {
            Some(axes) => self.transposed(array, axes),
            None => Ok(array),
        }
    }

    /// Puts dimension `axes[i]` of a C array at place `i`.
    fn transposed(
        &self,
        array: NumpyArray<'d>,
        axes: NodeId,
    ) -> Result<NumpyArray<'d>, PickleError> {
        let stored = strides(&array.shape, &Order::C);
        let wrong = || self.wrong(array.place, "axes", "each dimension once", axes);
        let members = self.tuple(axes).filter(|axes| axes.len() == array.shape.len());
        let mut seen = vec![false; array.shape.len()];
        let (mut shape, mut strides) = (Vec::new(), Vec::new());
        for axis in members.ok_or_else(wrong)? {
            let axis = match self.values.get(*axis) {
                Some(Node::Int(axis)) => usize::try_from(*axis).map_err(|_| wrong())?,
                _ => return Err(wrong()),
            };
            match seen.get_mut(axis) {
                Some(seen) if !*seen => *seen = true,
                _ => return Err(wrong()),
            }
            shape.extend(array.shape.get(axis));
            strides.extend(stored.get(axis));
        }
        Ok(NumpyArray { shape, strides, ..array })
    }

    fn data(&self, place: Place, node: NodeId) -> Result<Data<'d>, PickleError> {
        Ok(match self.bytes(place, node)? {
            Cow::Owned(bytes) => Data::Owned(bytes),
            Cow::Borrowed(bytes) => {
                let mut homes = std::iter::once(self.source).chain(self.buffers);
                let home = homes.find_map(|home| Some((home, home.range_of(bytes)?.start)));
                match home {
                    Some((storage, start)) => Data::Borrowed { bytes, storage, start },
                    None => Data::Owned(bytes.to_vec()),
                }
            }
        })
    }

    /// Compares the elements that are there with what the shape asks for.
    fn assemble(
        &self,
        place: Place,
        dtype: Arc<Dtype>,
        shape: Vec<usize>,
        order: Order,
        data: Data<'d>,
    ) -> Result<NumpyArray<'d>, PickleError> {
        let (count, bytes) = measure(place, &dtype, &shape, self.limits)?;
        let (expected, found, unit) = match &data {
            Data::Borrowed { bytes: found, .. } => (bytes, found.len(), "bytes"),
            Data::Owned(found) => (bytes, found.len(), "bytes"),
            Data::Elements(found) => (count, found.len(), "objects"),
        };
        if expected != found {
            let expected = format!("{expected} {unit} for {shape:?} of {}", dtype.notation());
            return Err(place.malformed("array data", expected, format!("{found}")));
        }
        if dtype.kind != Kind::Object && matches!(data, Data::Elements(_)) {
            let found = format!("{} with objects in it", dtype.notation());
            return Err(place.malformed("dtype", "no objects in a structure", found));
        }
        let strides = strides(&shape, if order == Order::Fortran { &order } else { &Order::C });
        let values = self.values;
        Ok(NumpyArray { place, values, dtype, shape, strides, order, data })
    }
}
