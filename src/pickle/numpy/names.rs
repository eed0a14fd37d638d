//! The names of dtypes: letters as a pickle has them, classes of `numpy.dtypes`, and types of scalars.

use super::dtype::{ByteOrder, Dtype, Kind, MAX_ITEM_SIZE};
use crate::pickle::globals;

/// What letters as `f8`, `U12` or `V56` mean, with or without a byte order in front.
pub(super) fn from_letters(letters: &str) -> Option<Dtype> {
    let (order, letters) = match letters.as_bytes().first()? {
        b'<' => (ByteOrder::Little, letters.get(1..)?),
        b'>' => (ByteOrder::Big, letters.get(1..)?),
        b'|' => (ByteOrder::None, letters.get(1..)?),
        // Without an order it is that of the machine, which is little-endian here.
        _ => (ByteOrder::Little, letters),
    };
    let letter = letters.chars().next()?;
    let digits = letters.get(letter.len_utf8()..)?;
    let canonical = digits == "0" || !digits.starts_with('0');
    let size: usize = match digits {
        "" if letter == 'O' => 8,
        _ if canonical && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            digits.parse().ok()?
        }
        _ => return None,
    };
    let (kind, size) = match (letter, size) {
        ('b', 1) => (Kind::Bool, 1),
        ('i', 1 | 2 | 4 | 8) => (Kind::Int, size),
        ('u', 1 | 2 | 4 | 8) => (Kind::Uint, size),
        ('f', 2 | 4 | 8 | 12 | 16) => (Kind::Float, size),
        ('c', 8 | 16 | 24 | 32) => (Kind::Complex, size),
        ('O', 4 | 8) => (Kind::Object, size),
        ('S' | 'a', _) => (Kind::Bytes, size),
        ('U', _) => (Kind::Text, size.checked_mul(4)?),
        ('V', _) => (Kind::Void, size),
        ('M', 8) => (Kind::Datetime, size),
        ('m', 8) => (Kind::Timedelta, size),
        _ => return None,
    };
    let unordered = matches!(kind, Kind::Bool | Kind::Object | Kind::Bytes | Kind::Void);
    let order = if unordered { ByteOrder::None } else { order };
    (size <= MAX_ITEM_SIZE).then(|| Dtype::plain(kind, order, size))
}

/// The dtype of a class of `numpy.dtypes` whose size is the same everywhere.
pub(super) fn from_class(name: &str) -> Option<Dtype> {
    let letters = match name {
        "BoolDType" => "b1",
        "Int8DType" | "ByteDType" => "i1",
        "Int16DType" | "ShortDType" => "i2",
        "Int32DType" => "i4",
        "Int64DType" => "i8",
        "UInt8DType" | "UByteDType" => "u1",
        "UInt16DType" | "UShortDType" => "u2",
        "UInt32DType" => "u4",
        "UInt64DType" => "u8",
        "Float16DType" => "f2",
        "Float32DType" => "f4",
        "Float64DType" => "f8",
        "ObjectDType" => "O8",
        _ => return None,
    };
    from_letters(letters)
}

/// The dtype that the class of a numpy scalar stands for, as in `OneHotEncoder(dtype=float64)`;
/// also Python's own `float`, `int` and `bool`.
pub fn of_scalar_type(module: &str, name: &str) -> Option<Dtype> {
    let (module, name) = globals::canonical(module, name);
    let letters = match (module.as_ref(), name) {
        ("numpy", "float64" | "double" | "float_") | ("builtins", "float") => "f8",
        ("numpy", "float32" | "single") => "f4",
        ("numpy", "float16" | "half") => "f2",
        ("numpy", "int64" | "int_" | "intp" | "longlong") | ("builtins", "int") => "i8",
        ("numpy", "int32" | "intc") => "i4",
        ("numpy", "int16" | "short") => "i2",
        ("numpy", "int8" | "byte") => "i1",
        ("numpy", "uint64" | "uintp" | "ulonglong") => "u8",
        ("numpy", "uint32" | "uintc") => "u4",
        ("numpy", "uint16" | "ushort") => "u2",
        ("numpy", "uint8" | "ubyte") => "u1",
        ("numpy", "bool_" | "bool") | ("builtins", "bool") => "b1",
        ("numpy", "object_") | ("builtins", "object") => "O8",
        _ => return None,
    };
    from_letters(letters)
}
