//! Pickle bytes in, symbolic values out: nothing is imported, nothing is called.
//!
//! ```text
//! bytes -> decode (opcodes, lazily) -> machine (stack, memo, marks) -> value (an arena of nodes)
//! builder -> assemble -> bytes
//! ```
//!
//! A pickle is a program for a small stack machine, and its danger lies in two sorts of
//! instructions: those that name something to import, and those that call what was imported. Here
//! a name stays a name ([`value::Node::Global`]) and a call stays a record of what would have been
//! called with what ([`value::Node::Object`]). Who reads a model interprets the few constructors
//! that it knows; who scans a file looks at all of them.
//!
//! Every module works on untrusted bytes: no recursion, no panic, no allocation that was not
//! first compared with what is there, and every error says at which byte and in which opcode.
//!
//! ```
//! use deadweight::base::Limits;
//! use deadweight::pickle::{self, Node};
//!
//! // A pickle that would run a command when Python loads it.
//! let pickle = pickle::load(b"cos\nsystem\n(Vecho\ntR.", &Limits::default())?;
//! let Some(Node::Object(call)) = pickle.values.get(pickle.root) else { panic!("not a call") };
//! let Some(Node::Global(callable)) = pickle.values.get(call.callable) else { panic!("no name") };
//! assert_eq!(callable.to_string(), "os.system");
//! # Ok::<(), deadweight::pickle::PickleError>(())
//! ```

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod assemble;
pub mod container;
pub mod decode;
mod decompress;
pub mod document;
pub mod error;
mod expansion;
pub mod globals;
mod instance;
mod joblib;
pub mod machine;
pub mod memo;
mod numbers;
pub mod numpy;
mod objects;
pub mod opcode;
pub mod origin;
mod plain;
pub mod sklearn;
mod sklearn_names;
pub mod sparse;
mod texts;
pub mod value;

pub use assemble::Assembler;
pub use container::{Compression, Opened, open};
pub use decode::{Argument, Decoder, Instruction};
pub use document::Document;
pub use error::PickleError;
pub use globals::Known;
pub use instance::Instance;
pub use machine::{Event, Machine, Pickle, Step, load};
pub use numpy::{Dtype, NumpyArray, Scalar};
pub use opcode::{Op, Opcode};
pub use sparse::SparseMatrix;
pub use value::{Global, Node, NodeId, Object, Text, Values};
