//! What the run and its measuring processes say to each other: one JSON document in, JSON lines out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::plan::Profile;
use crate::base::case::{CaseId, Operation};
use crate::base::record::{Memory, ModelRecord};

/// What a measuring process is asked to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Job {
    /// Time cases in rounds.
    Rounds(Rounds),
    /// Load once and say what it took in memory.
    Memory(Box<MemoryJob>),
}

/// Timed rounds over all formats of each model.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rounds {
    /// Private directory with the models, and for files of the process's own.
    pub dir: PathBuf,
    /// The models, written below `dir` under these ids.
    pub models: Vec<ModelRecord>,
    /// Ids of the formats.
    pub formats: Vec<String>,
    /// How thorough.
    pub profile: Profile,
    /// Only these operations; all of the profile when empty.
    pub only: Vec<Operation>,
    /// The share of the profile's time budget to use, 1.0 for all of it.
    pub budget_share: f64,
    /// Seed of the order of this process's rounds.
    pub seed: u64,
    /// True in the process that also reports sizes.
    pub sizes: bool,
}

/// One load, for its memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemoryJob {
    /// Private directory, as in [`Rounds`].
    pub dir: PathBuf,
    /// The model.
    pub model: ModelRecord,
    /// The case.
    pub case: CaseId,
}

/// What a measuring process reports, one a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Rounds over a model begin.
    Model {
        /// Its id.
        id: String,
    },
    /// One sample.
    Sample {
        /// The case.
        case: CaseId,
        /// Bytes the operation moves.
        bytes: u64,
        /// Iterations in the sample.
        iterations: u64,
        /// Nanoseconds of all of them together.
        nanos: u64,
    },
    /// A case gave an error or a wrong result and is out.
    Failed {
        /// The case.
        case: CaseId,
        /// Why.
        reason: String,
    },
    /// A case that exists but was not measured.
    Skipped {
        /// The case.
        case: CaseId,
        /// Why.
        reason: String,
    },
    /// Encoded and compressed sizes.
    Size {
        /// The model.
        model: String,
        /// The format.
        format: String,
        /// Encoded bytes.
        bytes: u64,
        /// Compressed bytes by codec.
        compressed_bytes: BTreeMap<String, u64>,
    },
    /// One run of the spin loop.
    Spin {
        /// Its time.
        nanos: u64,
    },
    /// Involuntary context switches during the rounds.
    Switches {
        /// How many.
        count: u64,
    },
    /// Memory of one load.
    Memory {
        /// The figures.
        memory: Memory,
    },
    /// The process did all it was asked to do.
    Done,
}
