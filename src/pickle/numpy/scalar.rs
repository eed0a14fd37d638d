//! Single values: numpy's scalars, and Python's own, which models mix freely.

use super::array::{Context, place_of};
use super::dtype::{ByteOrder, Dtype, Kind};
use super::numbers::Number;
use crate::pickle::error::PickleError;
use crate::pickle::globals::Known;
use crate::pickle::value::{Node, NodeId, Object};

/// A single value.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A number or a boolean.
    Number(Number),
    /// A text.
    Text(String),
}

impl Scalar {
    /// The number, if it is one that a float holds exactly.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Scalar::Number(number) => number.as_f64(),
            Scalar::Text(_) => None,
        }
    }

    /// The number, if it is a whole one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Scalar::Number(number) => number.as_i64(),
            Scalar::Text(_) => None,
        }
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Scalar::Number(Number::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Scalar::Text(text) => Some(text),
            Scalar::Number(_) => None,
        }
    }
}

impl<'d> Context<'d> {
    /// The value of a Python number, boolean or text, or of a numpy scalar.
    pub fn scalar(&self, node: NodeId) -> Result<Scalar, PickleError> {
        let place = self.place(node);
        let wrong = || self.wrong(place, "value", "a number or a text", node);
        Ok(match self.values.get(node) {
            Some(Node::Bool(value)) => Scalar::Number(Number::Bool(*value)),
            Some(Node::Int(value)) => Scalar::Number(Number::Int(*value)),
            Some(Node::Float(value)) => Scalar::Number(Number::Float(*value)),
            Some(text @ (Node::Text(_) | Node::String(_))) => {
                Scalar::Text(text.as_str().ok_or_else(wrong)?.to_owned())
            }
            Some(Node::Object(object)) if self.known(object) == Some(Known::NumpyScalar) => {
                self.numpy_scalar(node, object)?
            }
            _ => return Err(wrong()),
        })
    }

    /// `scalar(dtype, bytes)`.
    fn numpy_scalar(&self, node: NodeId, object: &Object) -> Result<Scalar, PickleError> {
        let place = place_of(object);
        let edited = !object.states.is_empty()
            || !object.items.is_empty()
            || !object.entries.is_empty()
            || object.keywords.is_some();
        let (dtype, data) = match self.tuple(object.arguments) {
            Some([dtype, data]) if !edited => (*dtype, *data),
            _ => return Err(self.wrong(place, "scalar", "a dtype and bytes", node)),
        };
        let dtype = Dtype::read(self.values, dtype, place)?;
        let is_text = dtype.kind == Kind::Text && dtype.subarray.is_none();
        if !dtype.is_number() && !is_text {
            return Err(place.malformed("scalar", "a number or a text", dtype.notation()));
        }
        let bytes = self.bytes(place, data)?;
        if bytes.len() != dtype.item_size {
            let expected = format!("{} bytes of {}", dtype.item_size, dtype.notation());
            return Err(place.malformed("scalar", expected, format!("{} bytes", bytes.len())));
        }
        if let Some(number) = dtype.number(&bytes) {
            return Ok(Scalar::Number(number));
        }
        let big = dtype.byte_order == ByteOrder::Big;
        let text = super::texts::characters(&bytes, big)
            .map_err(|found| place.malformed("scalar", "characters", found))?;
        Ok(Scalar::Text(text))
    }
}
