//! What a measurement leaves behind: versioned, serializable, complete.
//!
//! Reports are made from records alone. A value that was not measured is absent and its row says
//! why; it is never zero. Times are nanoseconds, sizes are bytes, both in the name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::case::CaseId;
use super::compatibility::CompatibilityRecord;
use super::criterion::CriterionRecord;
use super::instructions::InstructionRow;

/// The schema of [`BenchRecord`]. The number grows when a field changes its meaning.
pub const BENCH_SCHEMA: &str = "deadweight.bench/1";

/// One run of the benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchRecord {
    /// [`BENCH_SCHEMA`].
    pub schema: String,
    /// Version of deadweight.
    pub tool_version: String,
    /// When the run began, RFC 3339, UTC.
    pub started: String,
    /// How long it took, training not included.
    pub elapsed_seconds: f64,
    /// `quick`, `standard` or `thorough`.
    pub profile: String,
    /// Seed of the order of the rounds and of the bootstrap.
    pub seed: u64,
    /// How many fresh processes measured.
    pub processes: u32,
    /// Why the run ended before its plan did, if it did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interrupted: Option<String>,
    /// The machine and the software.
    pub environment: Environment,
    /// How quiet the machine was.
    pub noise: Noise,
    /// How well the measuring tells cases apart, checked in the same rounds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub power: Option<Power>,
    /// The models that were measured.
    pub models: Vec<ModelRecord>,
    /// The formats that were measured.
    pub formats: Vec<FormatRecord>,
    /// Every timed row.
    pub rows: Vec<Row>,
    /// Sizes on disk.
    pub sizes: Vec<SizeRow>,
    /// Memory of a load, from a pass of its own.
    pub memory: Vec<MemoryRow>,
    /// Python's side: what measured it, or why nothing did; absent in records without that question.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub python: Option<PythonRecord>,
    /// The classic tutorial, as it was run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tutorial: Option<TutorialRecord>,
    /// Whole programs, from their start to a first prediction.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub programs: Vec<ProgramRow>,
    /// Instructions of some operations, where they were counted.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub instructions: Vec<InstructionRow>,
    /// The same cases as criterion measured them, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub criterion: Option<CriterionRecord>,
    /// What another program wrote to its standard error while it measured.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub complaints: Vec<String>,
    /// Which models of which versions of scikit-learn can still be used, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub compatibility: Option<CompatibilityRecord>,
    /// Things a reader must know, in plain sentences.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// The Python that took part, or the reason why none did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum PythonRecord {
    /// It took part.
    Measured {
        /// `CPython`.
        implementation: String,
        /// Its version.
        version: String,
        /// How it was found: `given`, `variable`, `active`, `kept`, `made`.
        found: String,
        /// Packages and their versions.
        packages: BTreeMap<String, String>,
        /// Packages that are missing; their rows say so too.
        missing: Vec<String>,
    },
    /// No Python was measured.
    NotMeasured {
        /// Why, and what to do.
        reason: String,
    },
}

/// The classic tutorial: train, save with pickle and with joblib, load, predict again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TutorialRecord {
    /// The model that rows of the other formats refer to.
    pub model: String,
    /// Rows of the test part.
    pub test_rows: u64,
    /// Accuracy of the estimator that was trained.
    pub accuracy_before: f64,
    /// Time of the training.
    pub training_nanos: u64,
    /// One entry for each way to save it, `pickle` and `joblib` of Python first.
    pub methods: Vec<TutorialMethod>,
}

/// One way to save the tutorial's model, and what came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TutorialMethod {
    /// `pickle`, `joblib`, or the id of a format.
    pub method: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// Accuracy of the model that was loaded from it, over the same rows.
    pub accuracy_after: f64,
}

/// A whole program that loads a model and predicts one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProgramRow {
    /// The model.
    pub model: String,
    /// What ran: `python + joblib`, `deadweight predict`, ...
    pub program: String,
    /// Bytes of the file it loaded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file_bytes: Option<u64>,
    /// The figures or the reason why there are none.
    #[serde(flatten)]
    pub outcome: ProgramOutcome,
}

/// Figures of whole programs, or the reason why there are none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum ProgramOutcome {
    /// It was measured.
    Measured {
        /// Median of the time from the start of the process to its end.
        median_nanos: f64,
        /// The fastest.
        least_nanos: f64,
        /// The slowest.
        most_nanos: f64,
        /// Each run.
        samples_nanos: Vec<f64>,
        /// Most resident memory of any of them, where the system tells.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        resident_peak_bytes: Option<u64>,
    },
    /// It was not measured.
    NotMeasured {
        /// Why.
        reason: String,
    },
}

/// The machine and the software of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Environment {
    /// Processor as it names itself.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: u32,
    /// Installed memory.
    pub memory_bytes: u64,
    /// Operating system and kernel.
    pub kernel: String,
    /// A hash of the system's own identifier, where it has one: the same on one machine, and tells
    /// nothing else of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub host_id: Option<String>,
    /// Frequency governor, where the system tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub governor: Option<String>,
    /// Setting of transparent huge pages, where the system tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub huge_pages: Option<String>,
    /// What becomes of free memory, where a virtual machine gives it back to its host.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub free_memory: Option<String>,
    /// Hypervisor or container, where one was recognised.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub virtualization: Option<String>,
    /// Compiler that built this program.
    pub rustc: String,
    /// Commit of the sources, with `-dirty` where they were changed; absent outside a checkout.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<String>,
    /// Versions of the crates that formats use.
    pub crates: BTreeMap<String, String>,
}

impl Environment {
    /// What tells one machine from another, as far as times depend on it: figures of two machines are
    /// never ranked together.
    pub fn host(&self) -> String {
        let virtualization = self.virtualization.as_deref().unwrap_or("no hypervisor");
        let name = self.host_id.as_deref().unwrap_or("unnamed");
        let gigabytes = self.memory_bytes >> 30;
        format!(
            "{}, {} cores, {gigabytes} GiB, {}, {virtualization}, {name}",
            self.cpu, self.cores, self.kernel
        )
    }
}

/// How quiet the machine was: a fixed loop, timed before and after each process's rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Noise {
    /// Median time of the loop.
    pub loop_median_nanos: f64,
    /// (slowest - fastest) / median over all its runs.
    pub loop_spread: f64,
    /// Involuntary context switches of the measuring processes.
    pub context_switches: u64,
    /// One-minute load average before the run, where the system tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub load_before: Option<f64>,
    /// True when readers should not trust small differences.
    pub noisy: bool,
    /// Windows in which samples were taken, each between two looks at the machine.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub windows: u64,
    /// Windows that were disturbed, by what disturbed them: `slow-loop`, `context-switches`,
    /// `stolen-time`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub disturbed: BTreeMap<String, u64>,
    /// Samples that do not count because they were taken in a disturbed window.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub dropped_samples: u64,
    /// Samples that count although their window was disturbed, or they were not warmed up: their rows had
    /// no other in a process.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub kept_samples: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// How well the measuring tells apart: some cases were measured twice more, the same again and
/// slowed down by a known factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Power {
    /// How many times as long the slowed ones took.
    pub injected_factor: f64,
    /// Cases with a slowed twin.
    pub slowed_pairs: u64,
    /// Of these, how many were told apart in the right direction.
    pub slowed_found: u64,
    /// Cases with an equal twin.
    pub equal_pairs: u64,
    /// Of these, how many were told apart all the same.
    pub equal_told_apart: u64,
}

/// A trained model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// The id that rows refer to: `random_forest_classifier-m`.
    pub id: String,
    /// A few words: `Random forest, 100 trees (M)`.
    pub title: String,
    /// Its kind.
    pub kind: String,
    /// `S`, `M` or `L`; absent for a file that was brought along.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub size: Option<String>,
    /// The data it was trained on: name, rows, columns, seed.
    pub data: String,
    /// Hyper-parameters as text.
    pub hyper_parameters: BTreeMap<String, String>,
    /// Name of the metric on the test part: `accuracy` or `r2`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub metric: Option<Metric>,
    /// Bytes of all arrays.
    pub array_bytes: u64,
    /// How many arrays there are.
    pub array_count: u64,
    /// `full` or `predict`.
    pub content: String,
    /// Time of the training that made it, even when it came from the cache this time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub training_nanos: Option<u64>,
    /// True when it was not trained in this run.
    pub from_cache: bool,
    /// xxh3 of the parameters, 16 hex digits.
    pub checksum: String,
}

/// A figure of quality on the test part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// `accuracy` or `r2`.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Rows of the test part.
    pub rows: u64,
}

/// A format, as the registry describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormatRecord {
    /// Its id.
    pub id: String,
    /// A few words.
    pub title: String,
    /// `data-only` or `executable`.
    pub kind: String,
    /// `rust` or `python`.
    pub runtime: String,
    /// How arrays are stored: `native`, `bytes` or `elements`.
    pub encoding: String,
    /// The crate behind it and its version, `name version`; absent for our own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub implementation: Option<String>,
    /// `encode`, `decode`, `view`.
    pub modes: Vec<String>,
    /// Known problems.
    pub warnings: Vec<WarningRecord>,
    /// What a round trip does not keep.
    pub losses: Vec<String>,
    /// The content that the format holds whatever the model's is: `predict`. Its rows have no rank
    /// among formats that hold another.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub content: Option<String>,
}

/// A known problem of a format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarningRecord {
    /// `unmaintained`, `advisory`, `no-checksum`, ...
    pub id: String,
    /// One sentence.
    pub text: String,
    /// Where it can be read: an advisory id or an issue.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reference: Option<String>,
}

/// One timed row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What was measured.
    #[serde(flatten)]
    pub case: CaseId,
    /// The figure or the reason why there is none.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// A figure or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Outcome {
    /// It was measured.
    Measured(Timing),
    /// It was tried and failed: the round trip was not exact, predictions differed, an error.
    Failed {
        /// What happened.
        reason: String,
    },
    /// It was not tried.
    NotMeasured {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// The timing, where there is one.
    pub fn timing(&self) -> Option<&Timing> {
        match self {
            Outcome::Measured(timing) => Some(timing),
            _ => None,
        }
    }
}

/// The distribution of one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Median over the processes of each process's median.
    pub median_nanos: f64,
    /// Lower end of the 95 % interval, bootstrapped over processes and the samples inside them.
    pub low_nanos: f64,
    /// Upper end.
    pub high_nanos: f64,
    /// Bytes the operation moves.
    pub bytes: u64,
    /// Iterations timed together in one sample.
    pub iterations: u64,
    /// Time of one iteration, sample by sample, process by process.
    pub samples_nanos: Vec<Vec<f64>>,
    /// Rank among the formats with the same model, operation and page policy, 1 is fastest;
    /// rows that cannot be told apart share one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rank: Option<u32>,
    /// Time of the floor that belongs to the operation divided by this time, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub floor_share: Option<f64>,
}

/// Sizes of a model in a format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeRow {
    /// The model.
    pub model: String,
    /// The format.
    pub format: String,
    /// Bytes as encoded.
    pub bytes: u64,
    /// Bytes after compression: codec id (`zstd-1`, `zstd-3`, `zstd-19`, `lz4`) to size.
    pub compressed_bytes: BTreeMap<String, u64>,
}

/// Memory of one load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemoryRow {
    /// What was done.
    #[serde(flatten)]
    pub case: CaseId,
    /// The figures or the reason why there are none.
    #[serde(flatten)]
    pub outcome: MemoryOutcome,
}

/// Figures of memory, or the reason why there are none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum MemoryOutcome {
    /// It was measured.
    Measured(Memory),
    /// It was not measured.
    NotMeasured {
        /// Why.
        reason: String,
    },
}

/// Memory of one load in a fresh process. The encoded bytes themselves are not counted, except
/// in the resident figures of operations that map or read a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Most bytes of heap and arenas held at one moment.
    pub peak_bytes: u64,
    /// Bytes of heap and arenas held by the result.
    pub held_bytes: u64,
    /// Of all bytes asked for, those in page-backed arenas.
    pub arena_bytes: u64,
    /// Number of allocations; Python does not tell.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub allocations: Option<u64>,
    /// Growth of the resident set's peak, where the system tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resident_peak_bytes: Option<u64>,
    /// Page faults that needed no disk, where the system tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub minor_faults: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::case::Operation;

    #[test]
    fn a_row_is_flat_in_json_and_comes_back() {
        let row = Row {
            case: CaseId {
                model: "m".into(),
                format: "raw".into(),
                operation: Operation::Decode,
                pages: None,
                temperature: None,
            },
            outcome: Outcome::NotMeasured { reason: "no view".into() },
        };
        let json = serde_json::to_string(&row).unwrap();
        assert_eq!(
            json,
            r#"{"model":"m","format":"raw","operation":"decode","status":"not-measured","reason":"no view"}"#
        );
        assert_eq!(serde_json::from_str::<Row>(&json).unwrap(), row);
    }
}
