//! Numbers out of bytes of any numeric type and byte order, and into Rust types without loss.

use half::f16;

use super::dtype::{ByteOrder, Dtype, Kind};

/// A number as numpy's types have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A boolean.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer.
    Uint(u64),
    /// A float of 16, 32 or 64 bits.
    Float(f64),
}

mod sealed {
    pub trait Sealed {}
}

/// A Rust type into which numbers go where nothing is lost.
pub trait FromNumber: Copy + sealed::Sealed {
    /// The dtype whose little-endian bytes are this type as it is: kind and size.
    const KIND: (Kind, usize);
    /// The number, when this type can hold exactly it.
    fn from_number(number: Number) -> Option<Self>;
    /// The number whose little-endian bytes these are; `None` when they are too few.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

/// Integers up to this magnitude are floats of 64 bits too.
const MAX_EXACT: u64 = 1 << 53;

impl Number {
    /// The number as a float, when that is exactly it.
    pub fn as_f64(self) -> Option<f64> {
        match self {
            Number::Bool(value) => Some(f64::from(u8::from(value))),
            Number::Int(value) => (value.unsigned_abs() <= MAX_EXACT).then_some(value as f64),
            Number::Uint(value) => (value <= MAX_EXACT).then_some(value as f64),
            Number::Float(value) => Some(value),
        }
    }

    /// The number as an integer, when that is exactly it.
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Number::Bool(value) => Some(i64::from(value)),
            Number::Int(value) => Some(value),
            Number::Uint(value) => i64::try_from(value).ok(),
            Number::Float(value) => {
                let whole = value.is_finite() && value.fract() == 0.0;
                (whole && value.abs() <= MAX_EXACT as f64).then_some(value as i64)
            }
        }
    }

    /// The number as an unsigned integer, when that is exactly it.
    pub fn as_u64(self) -> Option<u64> {
        match self {
            Number::Uint(value) => Some(value),
            other => other.as_i64().and_then(|value| u64::try_from(value).ok()),
        }
    }

    /// How it is written in messages.
    pub fn describe(self) -> String {
        match self {
            Number::Bool(value) => value.to_string(),
            Number::Int(value) => value.to_string(),
            Number::Uint(value) => value.to_string(),
            Number::Float(value) => format!("{value:?}"),
        }
    }
}

macro_rules! from_number {
    ($($type:ty, $kind:ident, $as:ident => $convert:expr;)*) => {$(
        impl sealed::Sealed for $type {}
        impl FromNumber for $type {
            const KIND: (Kind, usize) = (Kind::$kind, size_of::<$type>());
            fn from_number(number: Number) -> Option<Self> {
                number.$as().and_then($convert)
            }
            fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Some(<$type>::from_le_bytes(*bytes.first_chunk()?))
            }
        }
    )*};
}

from_number! {
    f64, Float, as_f64 => Some;
    f32, Float, as_f64 => |value| {
        let narrow = value as f32;
        (value.is_nan() || f64::from(narrow) == value).then_some(narrow)
    };
    i64, Int, as_i64 => Some;
    i32, Int, as_i64 => |value| i32::try_from(value).ok();
    u64, Uint, as_u64 => Some;
    u32, Uint, as_u64 => |value| u32::try_from(value).ok();
    u8, Uint, as_u64 => |value| u8::try_from(value).ok();
}

impl Dtype {
    /// True for booleans, integers and floats of at most 64 bits.
    pub fn is_number(&self) -> bool {
        let float = self.kind == Kind::Float && matches!(self.item_size, 2 | 4 | 8);
        self.subarray.is_none()
            && (float || matches!(self.kind, Kind::Bool | Kind::Int | Kind::Uint))
    }

    /// The number that an element of this type is; `None` for other types and too few bytes.
    pub(super) fn number(&self, element: &[u8]) -> Option<Number> {
        if !self.is_number() {
            return None;
        }
        let mut all = [0u8; 8];
        let target = all.get_mut(..self.item_size)?;
        target.copy_from_slice(element.get(..self.item_size)?);
        if self.byte_order == ByteOrder::Big {
            target.reverse();
        }
        let bits = u64::from_le_bytes(all);
        let unused = 64 - 8 * self.item_size as u32;
        Some(match (self.kind, self.item_size) {
            (Kind::Bool, _) => Number::Bool(bits != 0),
            (Kind::Int, _) => Number::Int(((bits << unused) as i64) >> unused),
            (Kind::Uint, _) => Number::Uint(bits),
            (_, 2) => Number::Float(f16::from_bits(bits as u16).to_f64()),
            (_, 4) => Number::Float(f64::from(f32::from_bits(bits as u32))),
            _ => Number::Float(f64::from_bits(bits)),
        })
    }
}
