//! The shared vocabulary: what a model is once it is only numbers.
//!
//! Everything else in the crate speaks in these types and in no others.
//! [`Parameters`] are a model as named arrays plus metadata; an [`Array`] is a
//! typed, shaped range of a [`Storage`]; [`kinds`] says what the arrays of each
//! kind of model mean; [`case`] is one thing that can be measured; [`record`]
//! is what a measurement leaves behind.
//!
//! Nothing here opens a socket, starts a process or knows any format.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[cfg(target_endian = "big")]
compile_error!(
    "deadweight stores and maps little-endian bytes; big-endian targets are not supported"
);

pub mod accounting;
mod arena;
pub mod array;
pub mod cache;
pub mod case;
pub mod compatibility;
pub mod criterion;
pub mod detonation;
pub mod digest;
pub mod dtype;
pub mod guarded;
pub mod hostility;
pub mod instructions;
pub mod kinds;
pub mod limits;
pub mod nested;
pub mod parameters;
pub mod peer;
pub mod record;
pub mod spare;
pub mod storage;
pub mod system;
pub mod text;
pub mod trial;
pub mod units;
pub mod value;

pub use array::{Array, ArrayError, DType, Element};
pub use limits::Limits;
pub use parameters::{Content, Fingerprint, Parameters, ParametersError};
pub use spare::Spare;
pub use storage::{PagePolicy, Storage, StorageError};
pub use value::{Metadata, Value};
