//! From numpy's arrays to the neutral ones.
//!
//! The neutral array is in C order, little-endian and aligned, so that an array of the file which is
//! all of this already is borrowed; the others are copied element by element to where they belong.

use super::array::{Data, NumpyArray};
use super::dtype::{ByteOrder, Kind};
use super::numbers::Number;
use crate::base::storage::Arena;
use crate::base::{Array, ArrayError, DType, PagePolicy};
use crate::pickle::error::PickleError;

/// Takes the index of an element in C order, and its bytes.
type Give<'g> = &'g mut dyn FnMut(usize, &[u8]) -> Result<(), PickleError>;

impl NumpyArray<'_> {
    /// The neutral type of the elements; `None` where there is none.
    pub fn neutral_dtype(&self) -> Option<DType> {
        if self.dtype.subarray.is_some() || !self.dtype.fields.is_empty() {
            return None;
        }
        Some(match (self.dtype.kind, self.dtype.item_size) {
            (Kind::Float, 8) => DType::F64,
            (Kind::Float, 4) => DType::F32,
            (Kind::Float, 2) => DType::F16,
            (Kind::Int, 8) => DType::I64,
            (Kind::Int, 4) => DType::I32,
            (Kind::Int, 2) => DType::I16,
            (Kind::Int, 1) => DType::I8,
            (Kind::Uint, 8) => DType::U64,
            (Kind::Uint, 4) => DType::U32,
            (Kind::Uint, 2) => DType::U16,
            (Kind::Uint, 1) => DType::U8,
            (Kind::Bool, 1) => DType::Bool,
            (Kind::Text | Kind::Bytes | Kind::Object, _) => DType::Text,
            _ => return None,
        })
    }

    /// The array with the same elements, borrowed from the file where they lie in C order,
    /// little-endian and aligned, and copied otherwise. Texts, and objects that are all texts,
    /// become an array of texts.
    ///
    /// # Errors
    /// When the elements are neither numbers nor texts, or there is no memory.
    pub fn to_array(&self, pages: PagePolicy) -> Result<Array, PickleError> {
        let Some(dtype) = self.neutral_dtype() else {
            let found = self.dtype.notation();
            return Err(self.place.malformed("dtype", "numbers or texts", found));
        };
        if dtype == DType::Text {
            let texts = self.texts()?;
            return Array::from_texts(&texts, &self.shape).map_err(|error| self.not_array(&error));
        }
        let plain = self.is_c_order() && self.dtype.byte_order != ByteOrder::Big;
        let array = match &self.data {
            Data::Borrowed { bytes, storage, start } if plain => {
                let range = *start..start.saturating_add(bytes.len());
                match Array::from_storage(dtype, &self.shape, (*storage).clone(), range) {
                    Err(ArrayError::Unaligned { .. }) => {
                        Array::copied_from(dtype, &self.shape, bytes, pages)
                    }
                    array => array,
                }
            }
            Data::Owned(bytes) if plain => Array::copied_from(dtype, &self.shape, bytes, pages),
            _ => return self.rearranged(dtype, pages),
        };
        array.map_err(|error| self.not_array(&error))
    }

    fn not_array(&self, error: &ArrayError) -> PickleError {
        self.place.malformed("array", "elements of its type", error.to_string())
    }

    /// Copies the elements to where they lie in C order, with their bytes in little-endian order.
    fn rearranged(&self, dtype: DType, pages: PagePolicy) -> Result<Array, PickleError> {
        let size = self.dtype.item_size.max(1);
        let mut arena = Arena::zeroed(self.bytes().len(), pages)
            .map_err(|error| self.not_array(&error.into()))?;
        let mut targets = arena.as_mut_slice().chunks_exact_mut(size);
        let swapped = self.dtype.byte_order == ByteOrder::Big;
        self.for_each(&mut |_, element| {
            if let Some(target) = targets.next() {
                target.copy_from_slice(element);
                if swapped {
                    target.reverse();
                }
            }
            Ok(())
        })?;
        let range = 0..arena.len();
        Array::from_storage(dtype, &self.shape, arena.into(), range)
            .map_err(|error| self.not_array(&error))
    }

    /// Gives each element's bytes in C order, with its index in that order.
    pub(super) fn for_each(&self, give: Give<'_>) -> Result<(), PickleError> {
        let (bytes, size) = (self.bytes(), self.dtype.item_size.max(1));
        if self.is_c_order() {
            return bytes.chunks_exact(size).enumerate().try_for_each(|(i, e)| give(i, e));
        }
        let mut place = vec![0usize; self.shape.len()];
        let mut at = 0usize;
        for index in 0..self.element_count() {
            // Strides were made from a shape whose bytes are all there: no product overflows.
            let start = at.saturating_mul(size);
            give(index, bytes.get(start..start.saturating_add(size)).unwrap_or_default())?;
            let dimensions = place.iter_mut().zip(&self.shape).zip(&self.strides);
            for ((position, length), stride) in dimensions.rev() {
                *position = position.saturating_add(1);
                at = at.saturating_add(*stride);
                if *position < *length {
                    break;
                }
                at = at.saturating_sub(stride.saturating_mul(*length));
                *position = 0;
            }
        }
        Ok(())
    }

    fn convert<T>(
        &self,
        exact: impl Fn(Number) -> Option<T>,
        name: &str,
    ) -> Result<Vec<T>, PickleError> {
        if !self.dtype.is_number() {
            return Err(self.place.malformed("dtype", "numbers", self.dtype.notation()));
        }
        let mut numbers = Vec::with_capacity(self.element_count());
        self.for_each(&mut |index, element| {
            let number = self.dtype.number(element);
            numbers.push(number.and_then(&exact).ok_or_else(|| {
                let expected = format!("a number that fits {name} as element {index}");
                let found = number.map_or_else(String::new, |number| number.describe());
                self.place.malformed("array", expected, found)
            })?);
            Ok(())
        })?;
        Ok(numbers)
    }

    /// The elements as floats, in C order.
    ///
    /// # Errors
    /// When they are no numbers, or one of them is not exactly a float of 64 bits.
    pub fn as_f64_vec(&self) -> Result<Vec<f64>, PickleError> {
        self.convert(Number::as_f64, "f64")
    }

    /// The elements as integers, in C order; floats are taken where they are whole.
    ///
    /// # Errors
    /// When they are no numbers, or one of them is not exactly an integer of 64 bits.
    pub fn as_i64_vec(&self) -> Result<Vec<i64>, PickleError> {
        self.convert(Number::as_i64, "i64")
    }
}
