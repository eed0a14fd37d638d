//! Typed, shaped ranges of a [`Storage`].
//!
//! An [`Array`] is C-ordered (row-major) and little-endian, as in memory on every supported
//! target, so its bytes are the same in memory, in a map and in a file. Making one checks the
//! length against the shape, the alignment against the dtype, and, where a bit pattern could
//! be wrong (`bool`, `text`), the content; reading one can then not fail for these reasons.

use std::fmt;
use std::ops::Range;

use ndarray::{ArrayView, Dimension};
use thiserror::Error;

pub use super::dtype::{DType, Element};
use super::spare::Spare;
use super::storage::{ARENA_ALIGNMENT, ArenaLayout, copy_offset};
use super::storage::{PagePolicy, Storage, StorageError};

/// Why bytes are not an array, or an array is not what was asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The product of the shape cannot be addressed.
    #[error("shape {shape:?} of {dtype} has more bytes than can be addressed")]
    TooLarge {
        /// The dtype.
        dtype: DType,
        /// The shape.
        shape: Vec<usize>,
    },
    /// The number of bytes is not what dtype and shape ask for.
    #[error("{dtype} of shape {shape:?} takes {expected} bytes, found {found}")]
    Length {
        /// The dtype.
        dtype: DType,
        /// The shape.
        shape: Vec<usize>,
        /// Bytes that dtype and shape ask for.
        expected: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// The bytes do not start at a multiple of the dtype's alignment.
    #[error("{dtype} must start at a multiple of {} bytes; byte {offset} of its storage does not", dtype.alignment())]
    Unaligned {
        /// The dtype.
        dtype: DType,
        /// Offset in the storage.
        offset: usize,
    },
    /// A byte of a `bool` array is neither 0 nor 1.
    #[error("element {index} of a bool array is {found}, expected 0 or 1")]
    NotBool {
        /// Index of the element.
        index: usize,
        /// The byte found.
        found: u8,
    },
    /// The offsets or the bytes of a `text` array are wrong.
    #[error("text array: {what} at element {index}")]
    NotText {
        /// What is wrong.
        what: &'static str,
        /// Index of the element.
        index: usize,
    },
    /// Another dtype was asked for.
    #[error("expected dtype {expected}, found {found}")]
    DType {
        /// What was asked for.
        expected: DType,
        /// What the array is.
        found: DType,
    },
    /// Another number of dimensions was asked for.
    #[error("expected {expected} dimensions, found shape {found:?}")]
    Dimensions {
        /// How many were asked for.
        expected: usize,
        /// The array's shape.
        found: Vec<usize>,
    },
    /// The range is not inside the storage, or memory could not be had.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A typed, shaped range of a [`Storage`]. Cloning it copies no elements.
///
/// ```
/// use deadweight::base::{Array, DType};
/// let coefficients = Array::from_vec(vec![1.5f64, -2.0, 0.25, 4.0], &[2, 2])?;
/// assert_eq!(coefficients.dtype(), DType::F64);
/// assert_eq!(coefficients.as_slice::<f64>()?, [1.5, -2.0, 0.25, 4.0]);
/// assert_eq!(coefficients.view::<f64, ndarray::Ix2>()?[[1, 0]], 0.25);
/// # Ok::<(), deadweight::base::ArrayError>(())
/// ```
#[derive(Clone)]
pub struct Array {
    dtype: DType,
    shape: Vec<usize>,
    storage: Storage,
    start: usize,
    len: usize,
}

impl Array {
    /// Adopts a vector as an array of the given shape; nothing is copied.
    ///
    /// # Errors
    /// [`ArrayError::Length`] when the shape does not hold as many elements.
    pub fn from_vec<T: Element>(values: Vec<T>, shape: &[usize]) -> Result<Self, ArrayError> {
        let len = std::mem::size_of_val(values.as_slice());
        Self::from_storage(T::DTYPE, shape, Storage::adopt(values), 0..len)
    }

    /// Makes an array of strings.
    ///
    /// # Errors
    /// [`ArrayError::Length`] when the shape does not hold as many elements.
    pub fn from_texts<S: AsRef<str>>(texts: &[S], shape: &[usize]) -> Result<Self, ArrayError> {
        let elements = count(DType::Text, shape)?;
        if elements != texts.len() {
            return Err(ArrayError::Length {
                dtype: DType::Text,
                shape: shape.to_vec(),
                expected: elements,
                found: texts.len(),
            });
        }
        let block = text_block(texts.iter().map(AsRef::as_ref));
        // u64 words as the backing give the offsets their alignment.
        let mut words = vec![0u64; block.len().div_ceil(8)];
        let len = block.len();
        if let Some(target) = bytemuck::cast_slice_mut::<u64, u8>(&mut words).get_mut(..len) {
            target.copy_from_slice(&block);
        }
        Self::from_storage(DType::Text, shape, Storage::adopt(words), 0..len)
    }

    /// Makes an array of booleans.
    ///
    /// # Errors
    /// [`ArrayError::Length`] when the shape does not hold as many elements.
    pub fn from_bools(values: &[bool], shape: &[usize]) -> Result<Self, ArrayError> {
        let bytes: Vec<u8> = values.iter().map(|value| u8::from(*value)).collect();
        let len = bytes.len();
        Self::from_storage(DType::Bool, shape, Storage::adopt(bytes), 0..len)
    }

    /// Borrows the bytes `range` of a storage: the zero-copy constructor.
    ///
    /// # Errors
    /// [`ArrayError::Unaligned`] when the range does not start at a multiple of the dtype's
    /// alignment (then use [`Array::copied_from`]), and all that makes bytes no array.
    pub fn from_storage(
        dtype: DType,
        shape: &[usize],
        storage: Storage,
        range: Range<usize>,
    ) -> Result<Self, ArrayError> {
        let bytes = storage.as_bytes().get(range.clone()).ok_or(StorageError::OutOfRange {
            start: range.start,
            end: range.end,
            len: storage.len(),
        })?;
        check(dtype, shape, bytes)?;
        if !bytes.is_empty() && !(bytes.as_ptr() as usize).is_multiple_of(dtype.alignment()) {
            return Err(ArrayError::Unaligned { dtype, offset: range.start });
        }
        let len = bytes.len();
        Ok(Array { dtype, shape: shape.to_vec(), storage, start: range.start, len })
    }

    /// Copies bytes, which need no alignment, into memory of the array's own.
    ///
    /// # Errors
    /// All that makes bytes no array, and [`ArrayError::Storage`] when there is no memory.
    pub fn copied_from(
        dtype: DType,
        shape: &[usize],
        bytes: &[u8],
        pages: PagePolicy,
    ) -> Result<Self, ArrayError> {
        check(dtype, shape, bytes)?;
        let storage = Storage::copy_of(bytes, pages)?;
        Self::from_storage(dtype, shape, storage, 0..bytes.len())
    }

    /// Adopts the bytes of a vector where their address is aligned, and copies them otherwise.
    ///
    /// # Errors
    /// As [`Array::copied_from`].
    pub fn adopt_bytes(
        dtype: DType,
        shape: &[usize],
        bytes: Vec<u8>,
        pages: PagePolicy,
    ) -> Result<Self, ArrayError> {
        if (bytes.as_ptr() as usize).is_multiple_of(dtype.alignment()) {
            let len = bytes.len();
            return Self::from_storage(dtype, shape, Storage::adopt(bytes), 0..len);
        }
        Self::copied_from(dtype, shape, &bytes, pages)
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The lengths of the dimensions, outermost first; empty for a zero-dimensional array.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How many elements there are.
    pub fn element_count(&self) -> usize {
        self.shape.iter().product()
    }

    /// How many bytes the elements take (text: with their offsets).
    pub fn byte_len(&self) -> usize {
        self.len
    }

    /// The bytes: C order, little-endian.
    pub fn as_bytes(&self) -> &[u8] {
        self.storage
            .as_bytes()
            .get(self.start..self.start.saturating_add(self.len))
            .unwrap_or_default()
    }

    /// The storage behind the array.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// All elements in C order, without copying.
    ///
    /// # Errors
    /// [`ArrayError::DType`] when `T` is not the array's type.
    pub fn as_slice<T: Element>(&self) -> Result<&[T], ArrayError> {
        if T::DTYPE != self.dtype {
            return Err(ArrayError::DType { expected: T::DTYPE, found: self.dtype });
        }
        if self.len == 0 {
            return Ok(&[]);
        }
        bytemuck::try_cast_slice(self.as_bytes())
            .map_err(|_| ArrayError::Unaligned { dtype: self.dtype, offset: self.start })
    }

    /// An ndarray view, without copying.
    ///
    /// # Errors
    /// [`ArrayError::DType`], or [`ArrayError::Dimensions`] when `D` has another number of axes.
    pub fn view<T: Element, D: Dimension>(&self) -> Result<ArrayView<'_, T, D>, ArrayError> {
        let wrong = || ArrayError::Dimensions {
            expected: D::NDIM.unwrap_or(self.shape.len()),
            found: self.shape.clone(),
        };
        ArrayView::from_shape(ndarray::IxDyn(&self.shape), self.as_slice::<T>()?)
            .map_err(|_| wrong())?
            .into_dimensionality::<D>()
            .map_err(|_| wrong())
    }

    /// The strings of a `text` array, in C order.
    ///
    /// # Errors
    /// [`ArrayError::DType`] for another dtype.
    pub fn texts(&self) -> Result<Vec<&str>, ArrayError> {
        if self.dtype != DType::Text {
            return Err(ArrayError::DType { expected: DType::Text, found: self.dtype });
        }
        let mut texts = Vec::with_capacity(self.element_count());
        each_text(self.as_bytes(), self.element_count(), |text| texts.push(text))?;
        Ok(texts)
    }

    /// The values of a `bool` array, in C order.
    ///
    /// # Errors
    /// [`ArrayError::DType`] for another dtype.
    pub fn bools(&self) -> Result<Vec<bool>, ArrayError> {
        if self.dtype != DType::Bool {
            return Err(ArrayError::DType { expected: DType::Bool, found: self.dtype });
        }
        Ok(self.as_bytes().iter().map(|byte| *byte != 0).collect())
    }

    /// The same elements under another shape with as many elements.
    ///
    /// # Errors
    /// [`ArrayError::Length`] when the number of elements differs.
    pub fn reshaped(&self, shape: &[usize]) -> Result<Self, ArrayError> {
        let range = self.start..self.start.saturating_add(self.len);
        Self::from_storage(self.dtype, shape, self.storage.clone(), range)
    }

    /// True when dtype, shape and every bit are the same: NaN equals the same NaN, -0.0 is not 0.0.
    pub fn bits_equal(&self, other: &Array) -> bool {
        self.dtype == other.dtype
            && self.shape == other.shape
            && self.as_bytes() == other.as_bytes()
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Array({} {:?}, {})", self.dtype, self.shape, self.storage.backing())
    }
}

/// Copies the bytes of many arrays into one arena, as decoding does in every format that can borrow
/// from its input: one allocation and, where the arrays lie aligned and close together in `source`,
/// one copy. The arrays come back in order.
///
/// # Errors
/// All that makes bytes no array, and [`ArrayError::Storage`] when there is no memory.
pub fn copy_into_arena<'a>(
    parts: impl Iterator<Item = (DType, &'a [usize], &'a [u8])> + Clone,
    source: &[u8],
    pages: PagePolicy,
    spare: &Spare,
) -> Result<Vec<Array>, ArrayError> {
    for (dtype, shape, bytes) in parts.clone() {
        check(dtype, shape, bytes)?;
    }
    let (storage, starts) = match span(parts.clone(), source) {
        Some((span, starts)) => copy_span(span, starts, pages, spare)?,
        None => copy_pieces(parts.clone().map(|(.., bytes)| bytes), pages, spare)?,
    };
    // The bytes were checked above and copied as they are: they need no second look.
    Ok(parts
        .zip(starts)
        .map(|((dtype, shape, bytes), start)| Array {
            dtype,
            shape: shape.to_vec(),
            storage: storage.clone(),
            start,
            len: bytes.len(),
        })
        .collect())
}

/// The part of `source` that holds all `parts`, and where in it each starts; `None` where one does
/// not lie aligned, or where too much else lies between them.
fn span<'a, 's>(
    parts: impl Iterator<Item = (DType, &'a [usize], &'a [u8])> + Clone,
    source: &'s [u8],
) -> Option<(&'s [u8], Vec<usize>)> {
    let base = source.as_ptr() as usize;
    let (mut first, mut last, mut total) = (usize::MAX, 0, 0usize);
    let mut starts = Vec::new();
    for (dtype, _, bytes) in parts {
        let address = bytes.as_ptr() as usize;
        let start = address.checked_sub(base)?;
        let end = start.checked_add(bytes.len()).filter(|end| *end <= source.len())?;
        if !address.is_multiple_of(dtype.alignment()) {
            return None;
        }
        (first, last) = (first.min(start), last.max(end));
        total = total.saturating_add(bytes.len());
        starts.push(start);
    }
    let span = source.get(first..last)?;
    let between = span.len().saturating_sub(total);
    if between > total / 64 + ARENA_ALIGNMENT * starts.len() {
        return None;
    }
    starts.iter_mut().for_each(|start| *start = start.saturating_sub(first));
    Some((span, starts))
}

/// Copies all at once, to where every address has the same alignment as in the source.
fn copy_span(
    span: &[u8],
    mut starts: Vec<usize>,
    pages: PagePolicy,
    spare: &Spare,
) -> Result<(Storage, Vec<usize>), ArrayError> {
    let shift = copy_offset(span);
    let end = shift.saturating_add(span.len());
    let mut arena = spare.arena(end, pages)?;
    arena.write(shift..end, span)?;
    starts.iter_mut().for_each(|start| *start = start.saturating_add(shift));
    Ok((arena.into(), starts))
}

/// Copies one after the other, each to the alignment of an arena.
fn copy_pieces<'a>(
    pieces: impl Iterator<Item = &'a [u8]> + Clone,
    pages: PagePolicy,
    spare: &Spare,
) -> Result<(Storage, Vec<usize>), ArrayError> {
    let mut layout = ArenaLayout::default();
    let ranges = pieces.clone().map(|bytes| layout.reserve_for(bytes));
    let ranges = ranges.collect::<Result<Vec<_>, _>>()?;
    let mut arena = spare.arena(layout.len(), pages)?;
    for (bytes, range) in pieces.zip(&ranges) {
        arena.write(range.clone(), bytes)?;
    }
    Ok((arena.into(), ranges.into_iter().map(|range| range.start).collect()))
}

/// The number of elements of a shape.
///
/// # Errors
/// [`ArrayError::TooLarge`] when the elements could not be addressed.
pub fn count(dtype: DType, shape: &[usize]) -> Result<usize, ArrayError> {
    let too_large = || ArrayError::TooLarge { dtype, shape: shape.to_vec() };
    // ndarray and slices ask that the product of the non-zero lengths fits, zero or not.
    let elements = shape
        .iter()
        .filter(|length| **length != 0)
        .try_fold(1usize, |product, length| product.checked_mul(*length))
        .filter(|product| {
            product
                .checked_mul(dtype.item_size().unwrap_or(8))
                .is_some_and(|bytes| bytes <= isize::MAX as usize)
        })
        .ok_or_else(too_large)?;
    Ok(if shape.contains(&0) { 0 } else { elements })
}

/// The number of bytes that a dtype of fixed size takes in a shape; `None` for text.
///
/// # Errors
/// [`ArrayError::TooLarge`] when the elements could not be addressed.
pub fn byte_count(dtype: DType, shape: &[usize]) -> Result<Option<usize>, ArrayError> {
    let elements = count(dtype, shape)?;
    Ok(dtype.item_size().map(|size| elements.saturating_mul(size)))
}

fn check(dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<(), ArrayError> {
    if let Some(expected) = byte_count(dtype, shape)? {
        if bytes.len() != expected {
            let shape = shape.to_vec();
            return Err(ArrayError::Length { dtype, shape, expected, found: bytes.len() });
        }
        // All bytes at once first: that is a matter of memory, where looking at one after the other
        // takes most of the time of opening a view.
        if dtype == DType::Bool
            && bytes.iter().fold(0, |all, byte| all | byte) > 1
            && let Some((index, found)) = bytes.iter().enumerate().find(|(_, byte)| **byte > 1)
        {
            return Err(ArrayError::NotBool { index, found: *found });
        }
        return Ok(());
    }
    each_text(bytes, count(dtype, shape)?, |_| ())
}

/// The block of bytes of a text array: `n + 1` little-endian u64 offsets, then UTF-8.
pub fn text_block<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> Vec<u8> {
    let mut block = Vec::new();
    let mut end = 0u64;
    block.extend_from_slice(&end.to_le_bytes());
    for text in texts.clone() {
        end = end.saturating_add(text.len() as u64);
        block.extend_from_slice(&end.to_le_bytes());
    }
    for text in texts {
        block.extend_from_slice(text.as_bytes());
    }
    block
}

/// Hands over each text of a block, as far as they are texts: to check a block takes no memory.
fn each_text<'a>(
    block: &'a [u8],
    elements: usize,
    mut take: impl FnMut(&'a str),
) -> Result<(), ArrayError> {
    let wrong = |what, index| ArrayError::NotText { what, index };
    let header = elements.checked_add(1).and_then(|offsets| offsets.checked_mul(8));
    let parts = header.and_then(|header| block.split_at_checked(header));
    let (offsets, body) = parts.ok_or_else(|| wrong("fewer offsets than elements", elements))?;
    let mut offsets = offsets.as_chunks::<8>().0.iter().map(|chunk| u64::from_le_bytes(*chunk));
    let mut start = offsets.next().unwrap_or(1);
    if start != 0 {
        return Err(wrong("the first offset is not zero", 0));
    }
    for (index, end) in offsets.enumerate() {
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        let bytes = range.and_then(|(start, end)| body.get(start..end));
        let bytes = bytes.ok_or_else(|| wrong("an offset out of order or out of range", index))?;
        take(std::str::from_utf8(bytes).map_err(|_| wrong("bytes that are not UTF-8", index))?);
        start = end;
    }
    if start != body.len() as u64 {
        return Err(wrong("bytes after the last string", elements));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_lead_back_to_their_dtype() {
        for dtype in DType::ALL {
            assert_eq!(DType::from_name(dtype.name()), Some(dtype));
            assert_eq!(DType::from_code(dtype.code()), Some(dtype));
        }
        assert_eq!(DType::from_code(14), None);
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        assert!(matches!(
            Array::from_vec(vec![1.0f64; 3], &[2, 2]),
            Err(ArrayError::Length { expected: 32, found: 24, .. })
        ));
        let huge = [usize::MAX, 2];
        assert!(matches!(count(DType::U8, &huge), Err(ArrayError::TooLarge { .. })));
        assert!(matches!(count(DType::U8, &[0, usize::MAX, 2]), Err(ArrayError::TooLarge { .. })));
        assert_eq!(count(DType::F64, &[]).unwrap(), 1);
        assert_eq!(count(DType::F64, &[4, 0]).unwrap(), 0);
    }

    #[test]
    fn unaligned_ranges_are_refused_and_can_be_copied() {
        let storage = Storage::adopt(vec![0u64; 3]);
        let result = Array::from_storage(DType::F64, &[1], storage.clone(), 4..12);
        assert!(matches!(result, Err(ArrayError::Unaligned { offset: 4, .. })));
        let copy =
            Array::copied_from(DType::F64, &[1], &storage.as_bytes()[4..12], PagePolicy::Auto);
        assert_eq!(copy.unwrap().as_slice::<f64>().unwrap(), [0.0]);
    }

    #[test]
    fn texts_come_back_and_damaged_blocks_do_not() {
        let array = Array::from_texts(&["", "naïve", "日本"], &[3]).unwrap();
        assert_eq!(array.texts().unwrap(), ["", "naïve", "日本"]);
        let block = array.as_bytes().to_vec();
        for cut in 0..block.len() {
            let cut = Array::copied_from(DType::Text, &[3], &block[..cut], PagePolicy::Auto);
            assert!(cut.is_err());
        }
        let mut split = block.clone();
        split[16] = 3; // ends inside the two bytes of the i with diaeresis
        assert!(Array::copied_from(DType::Text, &[3], &split, PagePolicy::Auto).is_err());
    }

    #[test]
    fn bool_bytes_are_zero_or_one() {
        assert!(matches!(
            Array::copied_from(DType::Bool, &[2], &[1, 2], PagePolicy::Auto),
            Err(ArrayError::NotBool { index: 1, found: 2 })
        ));
        let array = Array::from_bools(&[true, false], &[2]).unwrap();
        assert_eq!(array.bools().unwrap(), [true, false]);
    }

    #[test]
    fn many_arrays_share_one_arena() {
        let parts: [(DType, &[usize], &[u8]); 2] =
            [(DType::U8, &[3], &[1, 2, 3]), (DType::U32, &[1], &[9, 0, 0, 0])];
        let arrays =
            copy_into_arena(parts.into_iter(), &[], PagePolicy::Auto, &Spare::default()).unwrap();
        assert_eq!(arrays[1].as_slice::<u32>().unwrap(), [9]);
        assert_eq!(
            arrays[0].storage().as_bytes().as_ptr(),
            arrays[1].storage().as_bytes().as_ptr()
        );
    }

    #[test]
    fn arrays_that_lie_together_are_copied_together() {
        let source: Vec<u64> = (0..40).collect();
        let bytes: &[u8] = bytemuck::cast_slice(&source);
        let at = |start: usize, end: usize| (DType::U64, bytes.get(start..end).unwrap());
        let copy = |parts: Vec<(DType, &'static [usize], &[u8])>| {
            copy_into_arena(parts.iter().copied(), bytes, PagePolicy::Auto, &Spare::default())
                .unwrap()
        };
        // Out of order, with a gap of eight bytes.
        let (later, sooner) = (at(168, 320), at(8, 160));
        let arrays = copy(vec![(later.0, &[19], later.1), (sooner.0, &[19], sooner.1)]);
        assert_eq!(arrays[0].as_slice::<u64>().unwrap(), &source[21..40]);
        assert_eq!(arrays[1].as_slice::<u64>().unwrap(), &source[1..20]);
        assert!(arrays[0].storage().len() < 320 + ARENA_ALIGNMENT, "one span");
        // An odd address, or most of the source in between: piece by piece.
        let odd = copy(vec![(DType::U8, &[3], &bytes[1..4]), (DType::U64, &[1], &bytes[9..17])]);
        assert_eq!(odd[1].as_bytes(), &bytes[9..17]);
        let far = copy(vec![(DType::U8, &[1], &bytes[..1]), (DType::U8, &[1], &bytes[319..])]);
        assert_eq!(far[1].as_bytes(), &bytes[319..]);
        assert!(far[0].storage().len() < 128);
    }
}
