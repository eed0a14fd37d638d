//! Measures formats on models and turns what was seen into a record.
//!
//! ```text
//! subjects (a model and rows to predict) x formats x operations
//!   -> plan     which cases take part, how long, in how many processes
//!   -> worker   one fresh process: verifies each case, then shuffled, interleaved rounds
//!   -> stats    medians over processes, bootstrapped intervals, shared ranks
//!   -> record   base::record::BenchRecord, from which reports are made
//! ```
//!
//! What must never happen here: a figure for a case whose result was not verified; the drop of a
//! result inside a figure; a buffer that one format may reuse and another may not; a figure
//! invented where none was measured.

pub mod allocator;
mod around;
pub mod cases;
pub mod clock;
mod cold;
mod collected;
pub mod compare;
pub mod compression;
mod copies;
pub mod criterion;
mod displaced;
pub mod environment;
#[cfg(test)]
mod fakes;
pub mod file_io;
pub mod floors;
pub mod free_memory;
mod hot;
pub mod in_process;
pub mod instructions;
pub mod memory;
mod memory_pass;
mod noise;
pub mod peers;
mod place;
pub mod plan;
mod power;
pub mod programs;
pub mod protocol;
mod rounds;
mod rows;
pub mod run;
mod runner;
mod schedule;
mod shares;
pub mod slowed;
pub mod stats;
pub mod subject;
pub mod trained;
pub mod worker;

use thiserror::Error;

/// Why a benchmark could not be run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A file or directory of the run's own.
    #[error("{what} {path}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// To which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A model could not be trained.
    #[error(transparent)]
    Model(#[from] crate::models::ModelError),
    /// Parameters could not be stored or read back.
    #[error(transparent)]
    Format(#[from] crate::formats::FormatError),
    /// A measuring process could not be started or understood.
    #[error("measuring process: {0}")]
    Worker(String),
    /// Nothing was left to measure.
    #[error("nothing to measure: {0}")]
    Nothing(String),
}

impl BenchError {
    /// An error about a file of the run's own.
    pub fn io(what: &'static str, path: &std::path::Path, source: std::io::Error) -> Self {
        BenchError::Io { what, path: path.display().to_string(), source }
    }
}
