//! The types that derives see: parameters as a document of `kind`, `layout_version`,
//! `metadata` and `arrays`.
//!
//! A codec decides with its own derive how such a type becomes bytes, so each derive needs a type
//! of its own; these macros keep them the same. In a `bytes` document an array is
//! `{name, dtype, shape, data}` with one block of little-endian bytes; in an `elements` document
//! it is `{name, shape, elements}` where `elements` is an enum of typed vectors. `f16` and `bf16`
//! go as the 16 bits they are, since most codecs do not know them; text goes as strings.
//!
//! Metadata is always the JSON text of [`crate::base::value`], never a tree of the codec's.

use std::borrow::Cow;

use super::{FormatError, insert_copies};
use crate::base::value;
use crate::base::{Array, ArrayError, DType, Element, Parameters};
use crate::formats::DecodeOptions;

/// The parts of a document that are no arrays.
pub(crate) struct Head<'a> {
    pub kind: Cow<'a, str>,
    pub layout_version: u32,
    pub metadata: Cow<'a, str>,
}

impl Head<'_> {
    fn parameters(self, options: &DecodeOptions) -> Result<Parameters, FormatError> {
        let metadata = value::from_json(&self.metadata, &options.limits)?;
        Ok(Parameters::new(self.kind, self.layout_version).with_metadata(metadata))
    }
}

/// An array of a `bytes` document: name, dtype, shape, data.
pub(crate) type BytesEntry<'a> = (Cow<'a, str>, Cow<'a, str>, Vec<u64>, Cow<'a, [u8]>);

/// Makes parameters of a decoded `bytes` document. Blocks that were borrowed are copied into one
/// arena; blocks that the codec allocated are adopted.
pub(crate) fn from_bytes_document<'a>(
    head: Head<'a>,
    entries: impl ExactSizeIterator<Item = BytesEntry<'a>>,
    options: &DecodeOptions,
) -> Result<Parameters, FormatError> {
    let mut parameters = head.parameters(options)?;
    let mut borrowed = Vec::with_capacity(entries.len());
    let mut owned = Vec::new();
    for (name, dtype, shape, data) in entries {
        let (name, shape) = (name.into_owned(), addressable(&shape)?);
        let dtype = self::dtype(&dtype, &name)?;
        match data {
            Cow::Borrowed(data) => borrowed.push((name, dtype, shape, data)),
            Cow::Owned(data) => owned.push((name, dtype, shape, data)),
        }
    }
    if !borrowed.is_empty() && !owned.is_empty() {
        return Err(FormatError::Malformed {
            offset: 0,
            what: "arrays",
            expected: "all borrowed or all owned by the codec".into(),
            found: "both".into(),
        });
    }
    // Codecs put blocks at any address: they are copied one by one, to where they are aligned.
    insert_copies(&mut parameters, borrowed, &[], options)?;
    for (name, dtype, shape, data) in owned {
        let array = Array::adopt_bytes(dtype, &shape, data, options.pages)
            .map_err(|source| FormatError::Array { name: name.clone(), source })?;
        parameters.insert(name, array)?;
    }
    parameters.check_limits(&options.limits)?;
    Ok(parameters)
}

/// Makes parameters of a decoded `elements` document; its vectors were adopted as arrays.
pub(crate) fn from_elements_document<'a>(
    head: Head<'_>,
    arrays: impl Iterator<Item = (Cow<'a, str>, Result<Array, ArrayError>)>,
    options: &DecodeOptions,
) -> Result<Parameters, FormatError> {
    let mut parameters = head.parameters(options)?;
    for (name, array) in arrays {
        match array {
            Ok(array) => parameters.insert(name, array)?,
            Err(source) => return Err(FormatError::Array { name: name.into_owned(), source }),
        }
    }
    parameters.check_limits(&options.limits)?;
    Ok(parameters)
}

/// The dtype that a file names for an array.
pub(super) fn dtype(found: &str, array: &str) -> Result<DType, FormatError> {
    DType::from_name(found).ok_or_else(|| FormatError::Malformed {
        offset: 0,
        what: "dtype of an array",
        expected: DType::ALL.map(DType::name).join(", "),
        found: format!("{found:?} for {array:?}"),
    })
}

/// A shape with the lengths of this machine.
pub(super) fn addressable(shape: &[u64]) -> Result<Vec<usize>, FormatError> {
    let length = |length: &u64| {
        usize::try_from(*length).map_err(|_| FormatError::Malformed {
            offset: 0,
            what: "shape of an array",
            expected: "lengths that can be addressed".into(),
            found: length.to_string(),
        })
    };
    shape.iter().map(length).collect()
}

/// A shape in the width that documents have on every platform.
pub(crate) fn wide(shape: &[usize]) -> Vec<u64> {
    shape.iter().map(|length| *length as u64).collect()
}

/// Adopts a decoded vector as an array of a shape.
pub(crate) fn adopt<T: Element>(values: Vec<T>, shape: &[u64]) -> Result<Array, ArrayError> {
    let shape = shape_of(T::DTYPE, shape)?;
    Array::from_vec(values, &shape)
}

/// Adopts a decoded vector whose elements are the bits of another type.
pub(crate) fn adopt_bits<S, T>(values: Vec<S>, shape: &[u64]) -> Result<Array, ArrayError>
where
    S: bytemuck::NoUninit,
    T: Element,
{
    adopt::<T>(bytemuck::allocation::cast_vec(values), shape)
}

/// Adopts decoded booleans; in memory they are bytes of 0 and 1 already.
pub(crate) fn adopt_bools(values: Vec<bool>, shape: &[u64]) -> Result<Array, ArrayError> {
    let shape = shape_of(DType::Bool, shape)?;
    let bytes: Vec<u8> = bytemuck::allocation::cast_vec(values);
    let len = bytes.len();
    Array::from_storage(DType::Bool, &shape, crate::base::Storage::adopt(bytes), 0..len)
}

/// Makes a text array of decoded strings.
pub(crate) fn texts<S: AsRef<str>>(texts: &[S], shape: &[u64]) -> Result<Array, ArrayError> {
    Array::from_texts(texts, &shape_of(DType::Text, shape)?)
}

fn shape_of(dtype: DType, shape: &[u64]) -> Result<Vec<usize>, ArrayError> {
    let too_large = |_| ArrayError::TooLarge { dtype, shape: Vec::new() };
    shape.iter().map(|length| usize::try_from(*length).map_err(too_large)).collect()
}

/// The elements of a boolean array as what they are.
pub(crate) fn bools(array: &Array) -> &[bool] {
    // Bytes of a bool array were checked when it was made.
    bytemuck::checked::try_cast_slice(array.as_bytes()).unwrap_or_default()
}

/// Defines a `bytes` document that is written and read by one derive.
macro_rules! bytes_document {
    (
        $(#[$derive:meta])*
        $document:ident, $array:ident,
        text: $(#[$text_attribute:meta])* $text:ty,
        metadata: $(#[$metadata_attribute:meta])* $metadata:ty,
        data: $(#[$data_attribute:meta])* $data:ty
        $(, shape: { $(#[$shape_attribute:meta])* }, arrays: { $(#[$arrays_attribute:meta])* })? $(,)?
    ) => {
        $(#[$derive])*
        pub(crate) struct $document<'a> {
            $(#[$text_attribute])*
            kind: $text,
            layout_version: u32,
            $(#[$metadata_attribute])*
            metadata: $metadata,
            $($(#[$arrays_attribute])*)?
            arrays: Vec<$array<'a>>,
        }

        $(#[$derive])*
        pub(crate) struct $array<'a> {
            $(#[$text_attribute])*
            name: $text,
            $(#[$text_attribute])*
            dtype: $text,
            $($(#[$shape_attribute])*)?
            shape: Vec<u64>,
            $(#[$data_attribute])*
            data: $data,
        }

        impl<'a> $document<'a> {
            pub(crate) fn of(parameters: &'a $crate::base::Parameters, metadata: &'a str) -> Self {
                let array = |(name, array): (&'a str, &'a $crate::base::Array)| $array {
                    name: name.into(),
                    dtype: array.dtype().name().into(),
                    shape: $crate::formats::documents::wide(array.shape()),
                    data: array.as_bytes().into(),
                };
                $document {
                    kind: parameters.kind().into(),
                    layout_version: parameters.layout_version(),
                    metadata: metadata.into(),
                    arrays: parameters.arrays().map(array).collect(),
                }
            }

            pub(crate) fn into_parameters(
                self,
                options: &$crate::formats::DecodeOptions,
            ) -> Result<$crate::base::Parameters, $crate::formats::FormatError> {
                let head = $crate::formats::documents::Head {
                    kind: self.kind.into(),
                    layout_version: self.layout_version,
                    metadata: self.metadata.into(),
                };
                let entries = self.arrays.into_iter().map(|array| {
                    (array.name.into(), array.dtype.into(), array.shape, array.data.into())
                });
                $crate::formats::documents::from_bytes_document(head, entries, options)
            }
        }
    };
}

/// Defines an `elements` document that borrows the arrays it is made of: for encoding.
macro_rules! elements_to_write {
    (
        $(#[$derive:meta])*
        $document:ident, $array:ident, $elements:ident,
        metadata: $metadata:ty,
        floats: { $(#[$float:meta])* } $(, wide: { $(#[$wide:meta])* })? $(,)?
    ) => {
        $(#[$derive])*
        pub(crate) struct $document<'a> {
            kind: &'a str,
            layout_version: u32,
            metadata: $metadata,
            arrays: Vec<$array<'a>>,
        }

        $(#[$derive])*
        struct $array<'a> {
            name: &'a str,
            shape: Vec<u64>,
            elements: $elements<'a>,
        }

        // The order is that of `DType::ALL`, so that a codec's variant number is the dtype's code.
        $(#[$derive])*
        enum $elements<'a> {
            $(#[$float])*
            F64(&'a [f64]),
            $(#[$float])*
            F32(&'a [f32]),
            F16(&'a [u16]),
            Bf16(&'a [u16]),
            I64(&'a [i64]),
            I32(&'a [i32]),
            I16(&'a [i16]),
            I8(&'a [i8]),
            $($(#[$wide])*)?
            U64(&'a [u64]),
            U32(&'a [u32]),
            U16(&'a [u16]),
            U8(&'a [u8]),
            Bool(&'a [bool]),
            Text(Vec<&'a str>),
        }

        impl<'a> $elements<'a> {
            fn of(array: &'a $crate::base::Array) -> Result<Self, $crate::base::ArrayError> {
                use $crate::base::DType;
                Ok(match array.dtype() {
                    DType::F64 => $elements::F64(array.as_slice()?),
                    DType::F32 => $elements::F32(array.as_slice()?),
                    DType::F16 => {
                        $elements::F16(bytemuck::cast_slice(array.as_slice::<half::f16>()?))
                    }
                    DType::Bf16 => {
                        $elements::Bf16(bytemuck::cast_slice(array.as_slice::<half::bf16>()?))
                    }
                    DType::I64 => $elements::I64(array.as_slice()?),
                    DType::I32 => $elements::I32(array.as_slice()?),
                    DType::I16 => $elements::I16(array.as_slice()?),
                    DType::I8 => $elements::I8(array.as_slice()?),
                    DType::U64 => $elements::U64(array.as_slice()?),
                    DType::U32 => $elements::U32(array.as_slice()?),
                    DType::U16 => $elements::U16(array.as_slice()?),
                    DType::U8 => $elements::U8(array.as_slice()?),
                    DType::Bool => $elements::Bool($crate::formats::documents::bools(array)),
                    DType::Text => $elements::Text(array.texts()?),
                })
            }
        }

        impl<'a> $document<'a> {
            pub(crate) fn of(
                parameters: &'a $crate::base::Parameters,
                metadata: &'a str,
            ) -> Result<Self, $crate::formats::FormatError> {
                let mut arrays = Vec::with_capacity(parameters.arrays().len());
                for (name, array) in parameters.arrays() {
                    let elements = $elements::of(array).map_err(|source| {
                        $crate::formats::FormatError::Array { name: name.to_owned(), source }
                    })?;
                    let shape = $crate::formats::documents::wide(array.shape());
                    arrays.push($array { name, shape, elements });
                }
                Ok($document {
                    kind: parameters.kind(),
                    layout_version: parameters.layout_version(),
                    metadata: metadata.into(),
                    arrays,
                })
            }
        }
    };
}

/// Defines an `elements` document that owns its vectors, as a derive on `Vec<T>` gives them:
/// for decoding, and for codecs that cannot encode borrowed slices.
macro_rules! elements_to_read {
    (
        $(#[$derive:meta])*
        $document:ident, $array:ident, $elements:ident,
        text: $text:ty,
        metadata: $metadata:ty,
        floats: { $(#[$float:meta])* }
        $(, wide: { $(#[$wide:meta])* })?
        $(, lists: { $(#[$list:meta])* })? $(,)?
    ) => {
        $(#[$derive])*
        pub(crate) struct $document {
            kind: $text,
            layout_version: u32,
            metadata: $metadata,
            $($(#[$list])*)?
            arrays: Vec<$array>,
        }

        $(#[$derive])*
        struct $array {
            name: $text,
            $($(#[$list])*)?
            shape: Vec<u64>,
            elements: $elements,
        }

        $(#[$derive])*
        enum $elements {
            $(#[$float])*
            F64(Vec<f64>),
            $(#[$float])*
            F32(Vec<f32>),
            $($(#[$list])*)?
            F16(Vec<u16>),
            $($(#[$list])*)?
            Bf16(Vec<u16>),
            $($(#[$list])*)?
            I64(Vec<i64>),
            $($(#[$list])*)?
            I32(Vec<i32>),
            $($(#[$list])*)?
            I16(Vec<i16>),
            $($(#[$list])*)?
            I8(Vec<i8>),
            $($(#[$list])*)?
            $($(#[$wide])*)?
            U64(Vec<u64>),
            $($(#[$list])*)?
            U32(Vec<u32>),
            $($(#[$list])*)?
            U16(Vec<u16>),
            $($(#[$list])*)?
            U8(Vec<u8>),
            $($(#[$list])*)?
            Bool(Vec<bool>),
            $($(#[$list])*)?
            Text(Vec<$text>),
        }

        impl $elements {
            fn adopt(
                self,
                shape: &[u64],
            ) -> Result<$crate::base::Array, $crate::base::ArrayError> {
                use $crate::formats::documents::{adopt, adopt_bits, adopt_bools, texts};
                match self {
                    $elements::F64(values) => adopt(values, shape),
                    $elements::F32(values) => adopt(values, shape),
                    $elements::F16(values) => adopt_bits::<u16, half::f16>(values, shape),
                    $elements::Bf16(values) => adopt_bits::<u16, half::bf16>(values, shape),
                    $elements::I64(values) => adopt(values, shape),
                    $elements::I32(values) => adopt(values, shape),
                    $elements::I16(values) => adopt(values, shape),
                    $elements::I8(values) => adopt(values, shape),
                    $elements::U64(values) => adopt(values, shape),
                    $elements::U32(values) => adopt(values, shape),
                    $elements::U16(values) => adopt(values, shape),
                    $elements::U8(values) => adopt(values, shape),
                    $elements::Bool(values) => adopt_bools(values, shape),
                    $elements::Text(values) => texts(&values, shape),
                }
            }
        }

        impl $document {
            pub(crate) fn into_parameters(
                self,
                options: &$crate::formats::DecodeOptions,
            ) -> Result<$crate::base::Parameters, $crate::formats::FormatError> {
                let head = $crate::formats::documents::Head {
                    kind: String::from(self.kind).into(),
                    layout_version: self.layout_version,
                    metadata: String::from(self.metadata).into(),
                };
                let arrays = self.arrays.into_iter().map(|array| {
                    (String::from(array.name).into(), array.elements.adopt(&array.shape))
                });
                $crate::formats::documents::from_elements_document(head, arrays, options)
            }
        }
    };
}

pub(crate) use {bytes_document, elements_to_read, elements_to_write};
