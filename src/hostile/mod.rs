//! Every loader against hostile input and against change.
//!
//! ```text
//! valid files of a loader -> mutators -> mutants -> limited process -> classes -> record
//! types of two versions -> each writes, the other reads -> record
//! ```
//!
//! A [`reader::Reader`] is a loader with valid files of its own: a crate as its documentation shows
//! it, the loader of deadweight, or that behind a checksum. A mutant is a number: which mutator makes
//! it of which file follows from the number, the seed and the reader, so that each can be made again.
//!
//! A process under limits loads many mutants and notes each in a file as soon as it begins; when it
//! dies, the supervisor knows at which, and starts another one behind it. Nothing here decides what
//! is shown, and nothing is loaded in the process of the caller.

pub mod documented;
pub mod evolution;
mod guarded;
mod judge;
mod limited;
mod minimize;
pub mod mutators;
pub mod plan;
pub mod reader;
pub mod readers;
pub mod run;
mod samples;
mod supervise;
mod weights;
pub mod worker;

use crate::base::hostility::Bounds;

/// The bounds of every loading process. 2 MiB is the stack that Rust gives a thread; a gibibyte of
/// addresses is far more than any file of the suite needs and little enough to run beside others.
pub const BOUNDS: Bounds = Bounds {
    address_space_bytes: 1 << 30,
    cpu_seconds: 120,
    mutant_millis: 2000,
    stack_bytes: 2 << 20,
    memory_factor: 2,
    memory_extra_bytes: 1 << 20,
};

/// Why the suite could not do its work; what a loader does is never an error.
#[derive(Debug, thiserror::Error)]
pub enum HostileError {
    /// There is no such loader.
    #[error("no loader {format:?} in column {column:?}; `deadweight formats` lists the formats")]
    Unknown {
        /// The id asked for.
        format: String,
        /// The column asked for.
        column: String,
    },
    /// A loader could not write or read its own valid files.
    #[error("{reader}: the valid files cannot be made: {problem}")]
    Seeds {
        /// The loader.
        reader: String,
        /// What went wrong.
        problem: String,
    },
    /// A process could not be started, limited or read.
    #[error("a loading process cannot be run: {0}")]
    Process(#[from] std::io::Error),
    /// A job or an event is not what it should be.
    #[error("a loading process and its supervisor do not understand each other: {0}")]
    Protocol(#[from] serde_json::Error),
    /// There is no mutant of this number.
    #[error("mutant {mutant}: there are {mutants}, from 0 on")]
    NoMutant {
        /// The number asked for.
        mutant: u64,
        /// How many there are.
        mutants: u64,
    },
}
