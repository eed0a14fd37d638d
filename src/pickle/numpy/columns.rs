//! Columns of structured arrays, by the name and the offset that the file gives for a field.
//!
//! A structure may be packed, so that its numbers are not aligned, and its size changed from version
//! to version of what wrote it. Nothing here assumes a size, a position or the width of a number.

use super::array::NumpyArray;
use super::dtype::{ByteOrder, Field, Kind};
use super::numbers::FromNumber;
use crate::pickle::error::PickleError;

impl NumpyArray<'_> {
    /// The field of a structured array.
    ///
    /// # Errors
    /// When there is none of this name; the message lists those that are there.
    pub fn field(&self, name: &str) -> Result<&Field, PickleError> {
        self.dtype.field(name).ok_or_else(|| {
            let names: Vec<&str> = self.dtype.fields.iter().map(|f| f.name.as_str()).collect();
            let found = match names.as_slice() {
                [] => self.dtype.notation(),
                _ => format!("fields {}", names.join(", ")),
            };
            self.place.malformed("structured array", format!("a field {name}"), found)
        })
    }

    /// One field of all elements, as numbers of type `T`.
    ///
    /// # Errors
    /// When there is no such field, it is no number, or one of its numbers cannot be a `T` exactly.
    pub fn column<T: FromNumber>(&self, name: &str) -> Result<Vec<T>, PickleError> {
        let mut column = Vec::with_capacity(self.element_count());
        self.extend_column(name, &mut column)?;
        Ok(column)
    }

    /// Appends one field of all elements to `column`, as [`NumpyArray::column`] has it.
    ///
    /// # Errors
    /// As there; what was appended before stays.
    pub fn extend_column<T: FromNumber>(
        &self,
        name: &str,
        column: &mut Vec<T>,
    ) -> Result<(), PickleError> {
        let field = self.field(name)?;
        if !self.is_c_order() {
            return Err(self.place.malformed("structured array", "C order", "another order"));
        }
        if !field.dtype.is_number() {
            let found = field.dtype.notation();
            return Err(self.place.malformed("field", format!("numbers in {name}"), found));
        }
        let (size, start) = (self.dtype.item_size.max(1), field.offset);
        let elements = self.bytes().chunks_exact(size).map(|e| e.get(start..).unwrap_or_default());
        column.reserve(self.element_count());
        let same = (field.dtype.kind, field.dtype.item_size) == T::KIND;
        if same && field.dtype.byte_order != ByteOrder::Big && field.dtype.kind != Kind::Bool {
            column.extend(elements.map_while(T::from_bytes));
            return Ok(());
        }
        for (index, element) in elements.enumerate() {
            let number = field.dtype.number(element);
            let exact = number.and_then(T::from_number).ok_or_else(|| {
                let found = number.map_or_else(String::new, |number| number.describe());
                let expected = format!("a number that fits {}", std::any::type_name::<T>());
                self.place.malformed("field", format!("{expected} in {name}[{index}]"), found)
            })?;
            column.push(exact);
        }
        Ok(())
    }
}
