//! The Python side of the comparison: real CPython, real pickle, joblib and scikit-learn.
//!
//! A peer is a process that runs a script of ours (`scripts/peer.py`, whose text is part of this
//! program) and answers one question at a time over pipes. It holds models, stores and loads them,
//! and times itself, so that its rows take part in the same shuffled rounds as those in Rust. It
//! never sees a file that this run did not make.

pub mod limited;
pub mod process;
pub mod provision;
pub mod python;

pub use process::{PeerError, Process};
