//! The types that elements of an array can have, and the Rust types that are among them.
//!
//! Names and codes are written into files, so they never change; a new type goes to the end.

use std::fmt;

use half::{bf16, f16};
use serde::{Deserialize, Serialize};

/// The type of an array's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum DType {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    /// One byte an element, 0 or 1.
    Bool,
    /// UTF-8 strings: `elements + 1` little-endian u64 offsets, then the bytes they point into.
    Text,
}

impl DType {
    /// Every dtype, in the order of its [`DType::code`].
    pub const ALL: [DType; 14] = [
        DType::F64,
        DType::F32,
        DType::F16,
        DType::Bf16,
        DType::I64,
        DType::I32,
        DType::I16,
        DType::I8,
        DType::U64,
        DType::U32,
        DType::U16,
        DType::U8,
        DType::Bool,
        DType::Text,
    ];

    /// The name used in files, records and messages.
    pub fn name(self) -> &'static str {
        match self {
            DType::F64 => "f64",
            DType::F32 => "f32",
            DType::F16 => "f16",
            DType::Bf16 => "bf16",
            DType::I64 => "i64",
            DType::I32 => "i32",
            DType::I16 => "i16",
            DType::I8 => "i8",
            DType::U64 => "u64",
            DType::U32 => "u32",
            DType::U16 => "u16",
            DType::U8 => "u8",
            DType::Bool => "bool",
            DType::Text => "text",
        }
    }

    /// The dtype of a name.
    pub fn from_name(name: &str) -> Option<DType> {
        Self::ALL.into_iter().find(|dtype| dtype.name() == name)
    }

    /// A stable number for formats that store one byte; the position in [`DType::ALL`].
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The dtype of a [`DType::code`].
    pub fn from_code(code: u8) -> Option<DType> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Bytes an element takes; `None` for text, whose elements differ.
    pub fn item_size(self) -> Option<usize> {
        match self {
            DType::F64 | DType::I64 | DType::U64 => Some(8),
            DType::F32 | DType::I32 | DType::U32 => Some(4),
            DType::F16 | DType::Bf16 | DType::I16 | DType::U16 => Some(2),
            DType::I8 | DType::U8 | DType::Bool => Some(1),
            DType::Text => None,
        }
    }

    /// The alignment the bytes need; text needs that of its offsets.
    pub fn alignment(self) -> usize {
        self.item_size().unwrap_or(8)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A number that arrays can hold as it stands in memory. `bool` and text are not among
/// them: not every bit pattern is one.
pub trait Element: bytemuck::Pod + sealed::Sealed + Send + Sync + fmt::Debug {
    /// The dtype of this Rust type.
    const DTYPE: DType;
}

macro_rules! elements {
    ($($type:ty => $dtype:ident),* $(,)?) => {$(
        impl sealed::Sealed for $type {}
        impl Element for $type { const DTYPE: DType = DType::$dtype; }
    )*};
}

elements! {
    f64 => F64, f32 => F32, f16 => F16, bf16 => Bf16,
    i64 => I64, i32 => I32, i16 => I16, i8 => I8,
    u64 => U64, u32 => U32, u16 => U16, u8 => U8,
}
