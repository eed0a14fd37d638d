//! What became of files that were changed at random and on purpose: for each loader how many mutants
//! ended in which way, the smallest file of each bad way, and what readers make of files that an
//! older or newer version of the same program wrote.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The schema of [`HostilityRecord`]. The number grows when a field changes its meaning.
pub const HOSTILITY_SCHEMA: &str = "deadweight.hostile/1";

/// One run of the suite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostilityRecord {
    /// [`HOSTILITY_SCHEMA`].
    pub schema: String,
    /// Version of deadweight.
    pub tool_version: String,
    /// When it began, RFC 3339, UTC.
    pub started: String,
    /// How long it took.
    pub elapsed_seconds: f64,
    /// What all random choices follow from.
    pub seed: u64,
    /// The bounds that each mutant is loaded under.
    pub bounds: Bounds,
    /// The ways in which files were changed, in the order of the registry.
    pub mutators: Vec<MutatorRecord>,
    /// What each loader did.
    pub loaders: Vec<LoaderRecord>,
    /// What readers of one version make of the files of another.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub evolution: Vec<EvolutionRecord>,
    /// Why nothing was loaded, where nothing was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub not_run: Option<String>,
}

/// The bounds that a loading process has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Address space of the process.
    pub address_space_bytes: u64,
    /// Processor time of the process, over all of its mutants.
    pub cpu_seconds: u64,
    /// Time on the clock for one mutant; what takes longer hangs.
    pub mutant_millis: u64,
    /// Stack of the thread that loads: what threads get where nobody says otherwise.
    pub stack_bytes: u64,
    /// A load may hold so many times the size of the file ...
    pub memory_factor: u64,
    /// ... and so many bytes more, heap and arenas together.
    pub memory_extra_bytes: u64,
}

/// One way to change a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MutatorRecord {
    /// Its id, the stem of its file.
    pub id: String,
    /// A few words.
    pub title: String,
}

/// Which loader of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// The crate as its own documentation shows it, on plain Rust types.
    Documented,
    /// The loader of deadweight.
    Guarded,
    /// The loader of deadweight behind a checksum of the whole file.
    Sealed,
}

impl Column {
    /// Every column, in the order of tables.
    pub const ALL: [Column; 3] = [Column::Documented, Column::Guarded, Column::Sealed];

    /// As in records and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Column::Documented => "documented",
            Column::Guarded => "guarded",
            Column::Sealed => "sealed",
        }
    }
}

/// How the load of one mutant ended, from harmless to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// An error, without a panic.
    CleanError,
    /// What was loaded is what the unchanged file holds, to the bit.
    Equal,
    /// Something else was loaded, and nothing said so.
    SilentWrong,
    /// The crate panicked; our loader made it an error.
    ContainedPanic,
    /// The load held more memory than the bound.
    OverAllocation,
    /// The loader, or the model that it made, panicked.
    EscapedPanic,
    /// It did not end in time.
    Hang,
    /// The process aborted, as it does when memory cannot be had.
    Abort,
    /// The stack overflowed, which ends the process.
    StackOverflow,
    /// The process touched memory that is not its own.
    MemoryFault,
}

impl Class {
    /// Every class, from harmless to worst.
    pub const ALL: [Class; 10] = [
        Class::CleanError,
        Class::Equal,
        Class::SilentWrong,
        Class::ContainedPanic,
        Class::OverAllocation,
        Class::EscapedPanic,
        Class::Hang,
        Class::Abort,
        Class::StackOverflow,
        Class::MemoryFault,
    ];

    /// As in records.
    pub fn id(self) -> &'static str {
        match self {
            Class::CleanError => "clean-error",
            Class::Equal => "equal",
            Class::SilentWrong => "silent-wrong",
            Class::ContainedPanic => "contained-panic",
            Class::OverAllocation => "over-allocation",
            Class::EscapedPanic => "escaped-panic",
            Class::Hang => "hang",
            Class::Abort => "abort",
            Class::StackOverflow => "stack-overflow",
            Class::MemoryFault => "memory-fault",
        }
    }

    /// A few words for people.
    pub fn title(self) -> &'static str {
        match self {
            Class::CleanError => "clean error",
            Class::Equal => "equal result",
            Class::SilentWrong => "silent wrong data",
            Class::ContainedPanic => "contained panic",
            Class::OverAllocation => "over-allocation",
            Class::EscapedPanic => "escaped panic",
            Class::Hang => "hang",
            Class::Abort => "abort",
            Class::StackOverflow => "stack overflow",
            Class::MemoryFault => "memory fault",
        }
    }

    /// True for what our loaders promise never to do.
    pub fn breaks_promise(self) -> bool {
        self > Class::ContainedPanic
    }
}

/// How many mutants ended in which way.
pub type Counts = BTreeMap<Class, u64>;

/// What one loader did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoaderRecord {
    /// Id of the format; of a documented crate that of its first row.
    pub format: String,
    /// Which loader of it.
    pub column: Column,
    /// Crate and version; absent for our own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub implementation: Option<String>,
    /// How many mutants were loaded.
    pub mutants: u64,
    /// How long that took.
    pub elapsed_seconds: f64,
    /// How they ended.
    pub counts: Counts,
    /// Of those that were silently wrong, how many the validation of the kind of model refuses.
    pub wrong_refused_by_validation: u64,
    /// How they ended, by the mutator that made them.
    pub by_mutator: BTreeMap<String, Counts>,
    /// One example, as small as it could be made, of each bad way to end.
    pub findings: Vec<Finding>,
    /// Why fewer mutants than asked for were loaded, or none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stopped: Option<String>,
}

impl LoaderRecord {
    /// How many mutants ended so.
    pub fn count(&self, class: Class) -> u64 {
        self.counts.get(&class).copied().unwrap_or_default()
    }

    /// How many mutants broke a promise of our loaders.
    pub fn broken(&self) -> u64 {
        Class::ALL.iter().filter(|class| class.breaks_promise()).map(|c| self.count(*c)).sum()
    }
}

/// An example of a bad way to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How it ended.
    pub class: Class,
    /// What was being done: `decode`, `view`, `use`.
    pub phase: String,
    /// The mutator that made it.
    pub mutator: String,
    /// The number of the mutant.
    pub mutant: u64,
    /// What was said: a panic's message and place, the first difference, the last words of a process.
    pub message: String,
    /// How many mutants ended in this way.
    pub occurrences: u64,
    /// Size of the file.
    pub bytes: u64,
    /// True when nothing could be taken out of the file in the attempts that were made.
    pub minimized: bool,
    /// Hash of the file, in hexadecimal.
    pub sha256: String,
    /// The file in base64, where it is small.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<String>,
    /// The command that makes and loads the mutant again.
    pub repeat: String,
}

/// A change of a type between two versions of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// A field more, after all others.
    AddedAtEnd,
    /// A field more, between others.
    AddedInMiddle,
    /// A field less.
    Removed,
    /// Two fields of the same type change places.
    Reordered,
    /// A field has another name.
    Renamed,
    /// A field has a wider type: 32 bits become 64.
    Widened,
    /// A field that could be absent must be there.
    OptionalMadeRequired,
}

impl Change {
    /// Every change, in the order of tables.
    pub const ALL: [Change; 7] = [
        Change::AddedAtEnd,
        Change::AddedInMiddle,
        Change::Removed,
        Change::Reordered,
        Change::Renamed,
        Change::Widened,
        Change::OptionalMadeRequired,
    ];

    /// A few words for people.
    pub fn title(self) -> &'static str {
        match self {
            Change::AddedAtEnd => "field added at the end",
            Change::AddedInMiddle => "field added in the middle",
            Change::Removed => "field removed",
            Change::Reordered => "fields reordered",
            Change::Renamed => "field renamed",
            Change::Widened => "type widened",
            Change::OptionalMadeRequired => "optional made required",
        }
    }
}

/// What a reader makes of a file of another version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Reading {
    /// Every field that both know has its value.
    Right,
    /// Every field that both know has its value; one that was not in the file has its default.
    Default,
    /// It is refused.
    Error {
        /// What was said.
        message: String,
    },
    /// It is read, and a field has another value than was written. Nothing says so.
    SilentWrong {
        /// The first such field: name, what was written, what was read.
        example: String,
    },
    /// The reader panicked.
    Panic {
        /// What was said.
        message: String,
    },
    /// The process of the reader died.
    Death {
        /// How, and its last words.
        message: String,
    },
}

/// What readers of a codec make of files of another version, for one change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvolutionRecord {
    /// Id of the codec, and `-recommended` where its recommended way of evolving was followed.
    pub codec: String,
    /// In words, how the types were written.
    pub way: String,
    /// Crate and version.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub implementation: Option<String>,
    /// What changed.
    pub change: Change,
    /// The old reader on bytes of the new writer.
    pub old_reads_new: Reading,
    /// The new reader on bytes of the old writer.
    pub new_reads_old: Reading,
}

impl HostilityRecord {
    /// The totals, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        if let Some(reason) = &self.not_run {
            return vec![format!("Changed files were not loaded: {reason}.")];
        }
        let mut sentences = Vec::new();
        for column in Column::ALL {
            let loaders: Vec<_> = self.loaders.iter().filter(|l| l.column == column).collect();
            if loaders.is_empty() {
                continue;
            }
            let sum = |class: Class| loaders.iter().map(|loader| loader.count(class)).sum::<u64>();
            let mutants: u64 = loaders.iter().map(|loader| loader.mutants).sum();
            let broken: u64 = loaders.iter().map(|loader| loader.broken()).sum();
            let who = match column {
                Column::Documented => "Crates as their documentation shows them",
                Column::Guarded => "Loaders of deadweight",
                Column::Sealed => "The same behind a checksum",
            };
            sentences.push(format!(
                "{who}: {mutants} changed files on {} loaders; {broken} escaped panics, aborts, overflows, hangs or \
                 too much memory; {} contained panics; {} silently wrong.",
                loaders.len(),
                sum(Class::ContainedPanic),
                sum(Class::SilentWrong),
            ));
        }
        let wrong = |reading: &Reading| matches!(reading, Reading::SilentWrong { .. });
        let pairs = self.evolution.iter().flat_map(|row| [&row.old_reads_new, &row.new_reads_old]);
        let silent = pairs.filter(|reading| wrong(reading)).count();
        if !self.evolution.is_empty() {
            sentences.push(format!(
                "Files of another version of a program: {} pairs of reader and file; {silent} read wrong values without \
                 an error.",
                self.evolution.len() * 2
            ));
        }
        sentences
    }

    /// True when none of our loaders broke a promise, and nothing passed a checksum that should not.
    pub fn is_kept(&self) -> bool {
        let kept = |loader: &LoaderRecord| match loader.column {
            Column::Documented => true,
            Column::Guarded => loader.broken() == 0,
            Column::Sealed => loader.broken() == 0 && loader.count(Class::SilentWrong) == 0,
        };
        self.not_run.is_none() && self.loaders.iter().all(kept)
    }
}
