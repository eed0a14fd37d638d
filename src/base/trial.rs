//! What became of hostile files that were really loaded: each in an aquarium, to see what it does, and
//! under the policy, to see that it is stopped.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::detonation::Detonation;

/// The schema of [`DemoRecord`]. The number grows when a field changes its meaning.
pub const DEMO_SCHEMA: &str = "deadweight.demo/1";

/// One demonstration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoRecord {
    /// [`DEMO_SCHEMA`].
    pub schema: String,
    /// Version of deadweight.
    pub tool_version: String,
    /// When it began, RFC 3339, UTC.
    pub started: String,
    /// How long it took.
    pub elapsed_seconds: f64,
    /// Name and version of the system's kernel.
    pub kernel: String,
    /// `root` or `ordinary user`.
    pub user: String,
    /// The interpreter that loaded, with the packages that matter; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub python: Option<PythonOfTrials>,
    /// Why files for Python were not loaded, where they were not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub python_missing: Option<String>,
    /// Why nothing at all was loaded, where nothing was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub not_run: Option<String>,
    /// How many attacks are known that were not chosen here.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub attacks_left_out: u64,
    /// The trials, in the order of the registry.
    pub trials: Vec<Trial>,
    /// What became of copies of somebody's own model that carry a payload, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub twin: Option<Twin>,
}

/// Poisoned copies of a model, beside the model itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Twin {
    /// The model's file.
    pub carrier: String,
    /// Its size, uncompressed.
    pub bytes: u64,
    /// Size of the copy that runs a payload.
    pub poisoned_bytes: u64,
    /// How many rows were predicted by all of them; absent where the model could not predict.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rows: Option<u64>,
    /// Predictions of the copy with a payload that equal the model's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub poisoned_equal: Option<u64>,
    /// Predictions of the copy whose weights change while it loads that equal the model's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub changed_equal: Option<u64>,
    /// Why there is no accuracy of the model and of its copies: it needs rows with labels.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub accuracy_not_measured: Option<String>,
    /// The model itself, in the aquarium.
    pub original: Detonation,
    /// The copy with a payload, in the aquarium.
    pub poisoned: Detonation,
    /// The copy whose weights change, in the aquarium.
    pub changed: Detonation,
    /// The copy with a payload, under the policy.
    pub policy: Detonation,
    /// What this program's reader, which runs nothing, says of the copy with a payload.
    pub reader: String,
    /// The model converted to a data-only format, loaded in the strict policy.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub converted: Option<Detonation>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub not_converted: Option<String>,
    /// What was not as it must be.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub problems: Vec<String>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The interpreter that loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonOfTrials {
    /// `CPython 3.11.7`.
    pub version: String,
    /// Packages and their versions.
    pub packages: BTreeMap<String, String>,
}

/// One file, loaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Id of the attack.
    pub attack: String,
    /// Its title.
    pub title: String,
    /// What the file does, and why somebody would want that.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub summary: String,
    /// Its severity.
    pub severity: String,
    /// Techniques of MITRE's that fit: number and name.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub techniques: Vec<String>,
    /// Numbers of the Common Weakness Enumeration that fit.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub cwe: Vec<u32>,
    /// Where it was described or used in public.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub references: Vec<TrialReference>,
    /// What it was built for: a loader of Python, or a format.
    pub target: String,
    /// True when the target can run code that the file chooses.
    pub executable: bool,
    /// Size of the file.
    pub bytes: u64,
    /// Its hash, in hexadecimal; the paths of the planted things are in the file, and differ.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub sha256: String,
    /// What was seen, in one word, and why.
    pub verdict: Verdict,
    /// What had to be seen in the aquarium, and whether it was.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub signs: Vec<Check>,
    /// What had to be recorded under the policy, and whether it was.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub evidence: Vec<Check>,
    /// The load in the aquarium; absent for files that are only data.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub aquarium: Option<Detonation>,
    /// The load under the policy.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub policy: Option<Detonation>,
}

/// Something public about an attack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialReference {
    /// A CVE or GHSA number, or the title of an article or page.
    pub title: String,
    /// Its address.
    pub url: String,
}

/// Something that had to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What, in words.
    pub what: String,
    /// Whether it was.
    pub seen: bool,
}

/// The outcome of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The effect was seen in the aquarium; under the policy every attempt was stopped and recorded.
    Stopped,
    /// As [`Verdict::Stopped`], without an aquarium to see the effect in.
    StoppedUnseen {
        /// Why there was none.
        reason: String,
    },
    /// The data-only loader refused the file, and attempted nothing.
    Refused {
        /// What it said.
        error: String,
    },
    /// The data-only loader returned a model, in which the attack is plain data, and attempted nothing.
    Inert,
    /// Something was not as it must be.
    Failed {
        /// What.
        problems: Vec<String>,
    },
    /// It could not be tried.
    NotRun {
        /// Why.
        reason: String,
    },
}

impl Verdict {
    /// True for what must never be.
    pub fn is_failure(&self) -> bool {
        matches!(self, Verdict::Failed { .. })
    }

    /// One word.
    pub fn id(&self) -> &'static str {
        match self {
            Verdict::Stopped => "stopped",
            Verdict::StoppedUnseen { .. } => "stopped-unseen",
            Verdict::Refused { .. } => "refused",
            Verdict::Inert => "inert",
            Verdict::Failed { .. } => "failed",
            Verdict::NotRun { .. } => "not-run",
        }
    }
}

impl Trial {
    /// What was seen where it was let loose: what became of the planted things, or else the signs.
    pub fn seen(&self) -> Vec<String> {
        let Some(aquarium) = &self.aquarium else { return Vec::new() };
        match aquarium.effects.is_empty() {
            true => {
                let seen = self.signs.iter().filter(|sign| sign.seen);
                seen.map(|sign| sign.what.clone()).collect()
            }
            false => aquarium.effects.iter().map(ToString::to_string).collect(),
        }
    }
}

/// How many trials ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DemoCounts {
    /// Files that Python's loaders run.
    pub executable: usize,
    /// Of these, seen to do their harm where they were let loose.
    pub loose: usize,
    /// Of these, stopped under the policy.
    pub stopped: usize,
    /// Files for data-only loaders.
    pub data: usize,
    /// Of these, refused or plain data.
    pub quiet: usize,
    /// What data-only loaders attempted after loading began.
    pub attempts: u64,
    /// Not as it must be.
    pub wrong: usize,
    /// Not tried.
    pub untried: usize,
}

impl DemoRecord {
    /// Counts the trials.
    pub fn counts(&self) -> DemoCounts {
        let mut counts = DemoCounts::default();
        for trial in &self.trials {
            match trial.executable {
                true => counts.executable += 1,
                false => {
                    counts.data += 1;
                    counts.attempts += trial.policy.as_ref().map_or(0, |load| load.armed_events);
                }
            }
            match trial.verdict {
                Verdict::Stopped => {
                    counts.loose += 1;
                    counts.stopped += 1;
                }
                Verdict::StoppedUnseen { .. } => counts.stopped += 1,
                Verdict::Refused { .. } | Verdict::Inert => counts.quiet += 1,
                Verdict::Failed { .. } => counts.wrong += 1,
                Verdict::NotRun { .. } => counts.untried += 1,
            }
        }
        counts
    }

    /// What came of it: a sentence on files that run code, one on data, one on what is missing.
    pub fn sentences(&self) -> Vec<String> {
        if let Some(reason) = &self.not_run {
            return vec![format!("Hostile files are not shown: {reason}.")];
        }
        let counts = self.counts();
        let mut sentences = Vec::new();
        if counts.executable > 0 {
            sentences.push(format!(
                "Hostile files that Python's loaders run: {}; {} did what they were made for where they were let loose, {} stopped \
                 under the policy, the planted files untouched.",
                counts.executable, counts.loose, counts.stopped
            ));
        }
        if counts.data > 0 {
            sentences.push(format!(
                "Hostile files for data-only loaders: {}; {} refused or plain data, {} attempts to do anything \
                 else.",
                counts.data,
                counts.quiet,
                match counts.attempts {
                    0 => "zero".to_owned(),
                    attempts => attempts.to_string(),
                }
            ));
        }
        let mut missing = Vec::new();
        if counts.wrong > 0 {
            missing.push(format!("{} went WRONG", counts.wrong));
        }
        if counts.untried > 0 {
            missing.push(format!("{} could not be tried", counts.untried));
        }
        if !missing.is_empty() {
            sentences.push(format!("{}.", missing.join("; ")));
        }
        sentences
    }

    /// True when every effect was stopped and everything expected was seen. A file that could not be
    /// tried is no success.
    pub fn is_complete(&self) -> bool {
        let done = |trial: &Trial| {
            !matches!(trial.verdict, Verdict::Failed { .. } | Verdict::NotRun { .. })
        };
        let twin = self.twin.as_ref().is_none_or(|twin| twin.problems.is_empty());
        let any = !self.trials.is_empty() || self.twin.is_some();
        any && twin && self.trials.iter().all(done)
    }
}
