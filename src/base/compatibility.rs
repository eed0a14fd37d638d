//! What became of models that many versions of scikit-learn wrote: one outcome for each file and reader.
//!
//! A file has two readers, the scikit-learn that is installed and this program. Each loads it and
//! predicts, and what it says is compared with what the version that wrote the file said. Counts
//! are computed from the rows and never stored.

use serde::{Deserialize, Serialize};

/// Outcomes of one installed scikit-learn and of this program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CompatibilityRecord {
    /// Version of the scikit-learn that read; absent where none did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scikit_learn: Option<String>,
    /// Version of its Python.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub python: Option<String>,
    /// Version of its numpy.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub numpy: Option<String>,
    /// One row for each file, oldest writer first.
    pub rows: Vec<CompatibilityRow>,
}

/// One file and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompatibilityRow {
    /// Its name, with the folder of its writer.
    pub file: String,
    /// Version of scikit-learn that wrote it, with what stands out about it: `0.20.4, Python 2.7`.
    pub written_by: String,
    /// Python of the writer.
    pub written_with_python: String,
    /// numpy of the writer.
    pub written_with_numpy: String,
    /// A few words: `random forest, classes`.
    pub model: String,
    /// How it is stored: `pickle, protocol 4`, `joblib, zlib`.
    pub container: String,
    /// What the installed scikit-learn made of it.
    pub python: CompatibilityOutcome,
    /// What this program made of it.
    pub deadweight: CompatibilityOutcome,
}

/// What one reader made of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum CompatibilityOutcome {
    /// It loads and predicts what its writer predicted.
    Right {
        /// True when the reader said that another version wrote it.
        #[serde(skip_serializing_if = "is_false", default)]
        warned: bool,
    },
    /// Loading or predicting is an error.
    Fails {
        /// The error in one line.
        reason: String,
    },
    /// It loads, predicts, and says something else than its writer.
    Wrong {
        /// The first difference.
        example: CompatibilityExample,
        /// True when the reader said that another version wrote it.
        #[serde(skip_serializing_if = "is_false", default)]
        warned: bool,
    },
    /// The process died of it.
    Crashes {
        /// How.
        reason: String,
    },
    /// The process did not answer in time.
    Hangs {
        /// How long was waited.
        reason: String,
    },
    /// It was not tried.
    NotMeasured {
        /// Why.
        reason: String,
    },
}

/// A difference between what a model said and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompatibilityExample {
    /// `predict`, `predict_proba` or `decision_function`.
    pub method: String,
    /// Row of the input, from 0.
    pub row: u64,
    /// Column of the answer, from 0.
    pub column: u64,
    /// What the writer said.
    pub expected: String,
    /// What the reader says.
    pub found: String,
    /// How many values of this method differ.
    pub different_values: u64,
    /// Of how many.
    pub values: u64,
}

/// How many files came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CompatibilityCounts {
    /// All.
    pub files: usize,
    /// Loads and predicts the same.
    pub right: usize,
    /// An error.
    pub fails: usize,
    /// The process died.
    pub crashes: usize,
    /// The process did not answer.
    pub hangs: usize,
    /// Loads and predicts something else.
    pub wrong: usize,
    /// Of these, those where the reader did not even warn of the other version.
    pub wrong_without_warning: usize,
    /// Not tried.
    pub not_measured: usize,
}

impl CompatibilityCounts {
    /// Counts outcomes.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a CompatibilityOutcome>) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            counts.files += 1;
            match outcome {
                CompatibilityOutcome::Right { .. } => counts.right += 1,
                CompatibilityOutcome::Fails { .. } => counts.fails += 1,
                CompatibilityOutcome::Crashes { .. } => counts.crashes += 1,
                CompatibilityOutcome::Hangs { .. } => counts.hangs += 1,
                CompatibilityOutcome::NotMeasured { .. } => counts.not_measured += 1,
                CompatibilityOutcome::Wrong { warned, .. } => {
                    counts.wrong += 1;
                    counts.wrong_without_warning += usize::from(!warned);
                }
            }
        }
        counts
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_counted_and_come_back_from_json() {
        let example = CompatibilityExample {
            method: "predict".into(),
            row: 6,
            column: 0,
            expected: "0".into(),
            found: "2".into(),
            different_values: 9,
            values: 20,
        };
        let outcomes = [
            CompatibilityOutcome::Right { warned: false },
            CompatibilityOutcome::Fails { reason: "no module".into() },
            CompatibilityOutcome::Wrong { example: example.clone(), warned: true },
            CompatibilityOutcome::Wrong { example, warned: false },
            CompatibilityOutcome::Crashes { reason: "signal 11".into() },
            CompatibilityOutcome::Hangs { reason: "20 s".into() },
            CompatibilityOutcome::NotMeasured { reason: "no Python".into() },
        ];
        let counts = CompatibilityCounts::of(&outcomes);
        assert_eq!(
            counts,
            CompatibilityCounts {
                files: 7,
                right: 1,
                fails: 1,
                crashes: 1,
                hangs: 1,
                wrong: 2,
                wrong_without_warning: 1,
                not_measured: 1,
            }
        );
        let json = serde_json::to_string(&outcomes).unwrap();
        assert!(json.starts_with(r#"[{"status":"right"},{"status":"fails","reason":"no module"}"#));
        assert_eq!(serde_json::from_str::<Vec<CompatibilityOutcome>>(&json).unwrap(), outcomes);
    }
}
