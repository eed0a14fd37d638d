//! numpy's arrays, scalars and dtypes, read from the objects by which pickles spell them.
//!
//! ```text
//! node (a call of _reconstruct or _frombuffer, a joblib wrapper) -> NumpyArray -> base::Array
//!                                                                              -> numbers, texts
//! ```
//!
//! A [`NumpyArray`] is what the file says: element type, shape, order, and the bytes where they lie.
//! Nothing is copied to make one. Turning it into an [`crate::base::Array`] borrows the same bytes
//! where they are already what such an array has (C order, little-endian, aligned), and copies
//! otherwise. The lengths are compared with the shape before anything is allocated.
//!
//! The layouts are those of numpy's `multiarray` (`array_setstate`, `arraydescr_setstate`) and of
//! `numpy/core/numeric.py` (`_frombuffer`), versions 1.7 to 2.3.

pub mod array;
mod bytes;
mod columns;
mod convert;
pub mod dtype;
pub mod names;
mod numbers;
mod scalar;
mod texts;

pub(super) use array::{Context, RawArray, measure, place_of, shape_of};
pub use array::{Data, NumpyArray, Order};
pub use dtype::{ByteOrder, Dtype, Field, Kind};
pub use numbers::Number;
pub use scalar::Scalar;
