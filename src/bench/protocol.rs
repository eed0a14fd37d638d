//! What the run and its measuring processes say to each other: one JSON document in, JSON lines out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::plan::Profile;
use super::programs::CommandLine;
use super::slowed::Twin;
use crate::base::case::{CaseId, Operation};
use crate::base::record::{Memory, MemoryOutcome, ModelRecord};

/// What a measuring process is asked to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Job {
    /// Time cases in rounds.
    Rounds(Box<Rounds>),
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
    /// Models on which a quick run measures every format; on the others only the core.
    pub whole: Vec<String>,
    /// Models on which cases have twins, by which the measuring itself is checked.
    pub twins: Vec<String>,
    /// What an earlier process found of cases.
    pub known: Vec<KnownCase>,
    /// A format that is slowed down on purpose.
    #[serde(default)]
    pub injected: Option<Injected>,
    /// False in the processes in which slow cases rest and nothing runs in tight loops.
    pub is_full: bool,
    /// True in the process that also reports sizes, and the memory of another program's loads.
    pub sizes: bool,
    /// The other program that takes part, if one does.
    #[serde(default)]
    pub peer: Option<PeerJob>,
}

impl Rounds {
    /// True when even a quick run measures every format on a model.
    pub fn is_whole(&self, model: &str) -> bool {
        self.whole.iter().any(|id| id == model)
    }

    /// True when the cases of a model run in tight loops too.
    pub fn is_hot(&self, model: &str) -> bool {
        self.is_full && self.profile.is_hot(self.is_whole(model))
    }
}

/// What an earlier process found of a case: the later ones are the same program on the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCase {
    /// The case.
    pub case: CaseId,
    /// Set when it is the case's twin.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub twin: Option<Twin>,
    /// What a sample of it is; `None` when the case is too slow for the profile.
    pub sample: Option<KnownSample>,
}

/// A sample of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownSample {
    /// Iterations in it.
    pub iterations: u64,
    /// What is timed of it, about.
    pub sample_nanos: u64,
    /// What it costs in all, with what is outside its figure: dropping results, putting a file out of the
    /// page cache.
    pub cost_nanos: u64,
}

/// A format that is slowed down on purpose, to see that a comparison finds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Injected {
    /// The id of the format.
    pub format: String,
    /// How many times as long all of its operations take; at least 1.
    pub factor: f64,
}

impl Injected {
    /// What a reader of the record must know.
    pub fn sentence(&self) -> String {
        format!(
            "{} was slowed down on purpose, to {} times its time: its figures are no measurement of it",
            self.format, self.factor
        )
    }
}

/// How the rounds of a process went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Windows that were watched.
    pub windows: u64,
    /// Those that were disturbed, by what disturbed them.
    pub disturbed: BTreeMap<String, u64>,
    /// Samples that do not count because they were taken in one.
    pub dropped: u64,
    /// Samples that count although they are of a disturbed window or were not warmed up: their cases
    /// had no other.
    pub kept: u64,
}

impl Watched {
    /// Adds another process.
    pub fn add(&mut self, other: Watched) {
        self.windows += other.windows;
        self.dropped += other.dropped;
        self.kept += other.kept;
        for (what, count) in other.disturbed {
            *self.disturbed.entry(what).or_default() += count;
        }
    }
}

/// Another program that measures rows beside this one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PeerJob {
    /// What whoever drives it needs to know; nothing to the benchmark.
    pub config: serde_json::Value,
    /// Its own files of models, by their ids. The others it gets as named arrays.
    pub estimators: BTreeMap<String, PathBuf>,
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
        /// Set when it is of the case's twin.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        twin: Option<Twin>,
        /// Bytes the operation moves.
        bytes: u64,
        /// Iterations in the sample.
        iterations: u64,
        /// Nanoseconds of all of them together.
        nanos: u64,
        /// The round in which it was taken: what of the same operation has one of the same round was timed
        /// within a moment of it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        round: Option<u32>,
    },
    /// A case gave an error or a wrong result and is out.
    Failed {
        /// The case.
        case: CaseId,
        /// Set when it is of the case's twin.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        twin: Option<Twin>,
        /// Why.
        reason: String,
    },
    /// A case of which one iteration takes longer than the profile admits.
    TooSlow {
        /// The case.
        case: CaseId,
        /// Set when it is of the case's twin.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        twin: Option<Twin>,
        /// Nanoseconds of one iteration.
        nanos: u64,
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
    /// It was found out what a sample of a case is.
    Calibrated {
        /// The case.
        case: CaseId,
        /// The sample.
        sample: KnownSample,
    },
    /// A model is done.
    Took {
        /// The model.
        model: String,
        /// Time of everything but the rounds (preparing, verifying, sizes, memory), with the first of them,
        /// which is always whole.
        set_up_nanos: u64,
        /// The time that the profile has for the rounds, of which the job may use a share.
        budget_nanos: u64,
    },
    /// How the rounds of the process went.
    Watched(Watched),
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
    /// The allocator of the process does not ask for huge pages.
    WithoutHugePages,
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
