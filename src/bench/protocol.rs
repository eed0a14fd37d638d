//! What the run and its measuring processes say to each other: one JSON document in, JSON lines out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::plan::Profile;
use super::programs::CommandLine;
use crate::base::case::{CaseId, Operation};
use crate::base::record::{Memory, MemoryOutcome, ModelRecord};

/// What a measuring process is asked to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Job {
    /// Time cases in rounds.
    Rounds(Rounds),
    /// Load once and say what it took in memory.
    Memory(Box<MemoryJob>),
    /// Do one case a number of times, while somebody outside counts.
    Repeat(Box<RepeatJob>),
    /// Run a whole program once.
    Program(CommandLine),
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
    /// True where every format is verified before it is measured: in the first process, and again
    /// where one died, perhaps before it came to all of them.
    pub verify: bool,
    /// True in the process that also reports sizes, and the memory of another program's loads.
    pub sizes: bool,
    /// The other program that takes part, if one does.
    #[serde(default)]
    pub peer: Option<PeerJob>,
}

/// Another program that measures rows beside this one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PeerJob {
    /// What whoever drives it needs to know; nothing to the benchmark.
    pub config: serde_json::Value,
    /// Its own files of models, by their ids. The others it gets as named arrays.
    pub estimators: BTreeMap<String, PathBuf>,
    /// The models on which a quick run measures all of its formats; on the others only the core.
    pub whole: Vec<String>,
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

/// One case, so many times.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RepeatJob {
    /// Private directory, as in [`Rounds`].
    pub dir: PathBuf,
    /// The model.
    pub model: ModelRecord,
    /// The case.
    pub case: CaseId,
    /// How often.
    pub iterations: u64,
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
    /// Memory of one load of another program, or why it was not measured.
    PeerMemory {
        /// The case.
        case: CaseId,
        /// The figures.
        outcome: MemoryOutcome,
    },
    /// What another program complained of.
    Complaint {
        /// A line.
        text: String,
    },
    /// One run of a whole program.
    Program {
        /// From its start to its end.
        nanos: u64,
        /// The peak of its resident memory, where the system tells.
        resident_peak_bytes: Option<u64>,
        /// What it printed.
        answer: String,
    },
    /// The process did all it was asked to do.
    Done,
}
