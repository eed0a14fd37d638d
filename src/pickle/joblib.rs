//! joblib's wrapper: what stands in front of the raw bytes of an array.
//!
//! The wrapper's state is a dict of what its class has as attributes (`joblib/numpy_pickle.py`,
//! versions 0.10 to 1.5). From joblib 1.2 on `numpy_array_alignment_bytes` is one of them, and then
//! one byte says how many bytes of padding stand between it and the array.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::{PickleError, Place};
use super::globals::{self, Known};
use super::instance::instance;
use super::machine::Machine;
use super::numpy::{Dtype, RawArray, measure, shape_of};
use super::value::{Construction, Node, NodeId, Values};
use crate::base::Limits;

/// The dtypes of wrappers, which many arrays of a file share.
pub(super) type Dtypes = HashMap<NodeId, Arc<Dtype>>;

/// What a wrapper says.
pub(super) struct Wrapper {
    pub dtype: Arc<Dtype>,
    shape: Vec<usize>,
    fortran: bool,
    /// The alignment that the padding was made for; `None` when there is no padding.
    alignment: Option<u8>,
}

/// True for an object whose class is that of the wrappers.
pub(super) fn is_wrapper(values: &Values, node: NodeId) -> bool {
    instance(values, node).is_some_and(|made| {
        globals::known(&made.class.module, &made.class.name) == Some(Known::JoblibWrapper)
    })
}

/// True for an instance that was made without arguments. A call of the class itself would need
/// some, and no pickler writes one.
fn is_bare(values: &Values, wrapper: NodeId) -> bool {
    instance(values, wrapper).is_some_and(|made| {
        let called = values.callable_of(made.object) == Some(made.class);
        let new = made.object.construction == Construction::New;
        new == called && made.arguments.is_empty() && made.object.keywords.is_none()
    })
}

impl Wrapper {
    /// Reads the state of a wrapper.
    pub fn read(
        values: &Values,
        place: Place,
        wrapper: NodeId,
        state: NodeId,
        dtypes: &mut Dtypes,
        limits: &Limits,
    ) -> Result<Self, PickleError> {
        let wrong =
            |what, expected: &str, node| place.malformed(what, expected, values.describe(node));
        if !is_bare(values, wrapper) {
            let found = "a wrapper that was made in another way";
            return Err(place.malformed("joblib wrapper", "a new object without arguments", found));
        }
        let Some(Node::Dict(entries)) = values.get(state) else {
            return Err(wrong("joblib wrapper", "a dict of its attributes", state));
        };
        let (mut subclass, mut shape, mut order, mut dtype) = (None, None, None, None);
        let (mut alignment, mut mapping) = (None, None);
        for (key, value) in entries {
            let slot = match values.get(*key).and_then(Node::as_str) {
                Some("subclass") => &mut subclass,
                Some("shape") => &mut shape,
                Some("order") => &mut order,
                Some("dtype") => &mut dtype,
                Some("numpy_array_alignment_bytes") => &mut alignment,
                // Only whether Python may map the file.
                Some("allow_mmap") => &mut mapping,
                _ => return Err(wrong("joblib wrapper", "an attribute that is known", *key)),
            };
            if slot.replace(*value).is_some() {
                return Err(wrong("joblib wrapper", "each attribute once", *key));
            }
        }
        let missing =
            |name: &str| place.malformed("joblib wrapper", format!("the attribute {name}"), "none");
        let subclass = subclass.ok_or_else(|| missing("subclass"))?;
        let is_array = matches!(values.get(subclass), Some(Node::Global(global))
            if globals::known(&global.module, &global.name) == Some(Known::ArrayClass));
        if !is_array {
            return Err(wrong("array class", "numpy.ndarray, matrix or memmap", subclass));
        }
        let order = order.ok_or_else(|| missing("order"))?;
        let fortran = match values.get(order).and_then(Node::as_str) {
            Some("C") => false,
            Some("F") => true,
            _ => return Err(wrong("order", "C or F", order)),
        };
        let alignment = match alignment.map(|node| (node, values.get(node))) {
            None | Some((_, Some(Node::None))) => None,
            Some((_, Some(Node::Int(bytes @ 1..=255)))) => u8::try_from(*bytes).ok(),
            Some((node, _)) => return Err(wrong("alignment", "1 to 255", node)),
        };
        let shape = shape.ok_or_else(|| missing("shape"))?;
        let shape = shape_of(values, place, shape, limits)?;
        let node = dtype.ok_or_else(|| missing("dtype"))?;
        let dtype = match dtypes.get(&node) {
            Some(dtype) => dtype.clone(),
            None => {
                let dtype = Arc::new(Dtype::read(values, node, place)?);
                dtypes.insert(node, dtype.clone());
                dtype
            }
        };
        Ok(Wrapper { dtype, shape, fortran, alignment })
    }

    /// Takes padding and bytes out of the stream.
    pub fn take_bytes(
        self,
        place: Place,
        machine: &mut Machine,
        limits: &Limits,
    ) -> Result<RawArray, PickleError> {
        let (_, len) = measure(place, &self.dtype, &self.shape, limits)?;
        if let Some(alignment) = self.alignment {
            let at = Place { offset: machine.position(), opcode: "padding" };
            let padding = machine.raw(1)?.first().copied().unwrap_or_default();
            if padding == 0 || padding > alignment {
                let expected = format!("1 to {alignment} bytes");
                return Err(at.malformed("padding", expected, padding.to_string()));
            }
            if let Some(byte) = machine.raw(padding.into())?.iter().find(|byte| **byte != 0xff) {
                return Err(at.malformed("padding", "bytes of 0xff", format!("0x{byte:02x}")));
            }
        }
        let start = machine.position();
        machine.raw(len as u64)?;
        let (dtype, shape) = (self.dtype, self.shape.into());
        Ok(RawArray { dtype, shape, fortran: self.fortran, start, len })
    }
}
