//! Which models of which versions of scikit-learn can still be used, and by whom.
//!
//! ```text
//! files.zip (models, inputs, what their writers answered) -> the installed scikit-learn -> outcome
//!                                                         -> the reader of this program -> outcome
//! ```
//!
//! The models are part of this program: a dozen common ones of sixteen writers, made by
//! `scripts/make_compatibility_files.py`. Each is loaded by both readers, asked for the same rows,
//! and its answers are compared with those of the version that wrote it. Loading runs what a file
//! says only in the process of Python, and only these files ever reach it. A process that dies or
//! hangs costs the one file.

mod compare;
mod files;
mod ours;
mod theirs;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use thiserror::Error;

use crate::base::compatibility::{CompatibilityOutcome, CompatibilityRecord, CompatibilityRow};
use theirs::Reader;

/// How long Python may take for one model.
const ANSWER_TIME: Duration = Duration::from_secs(20);

/// Why there is no record at all.
#[derive(Debug, Error)]
pub enum CompatibilityError {
    /// The models inside this program cannot be read.
    #[error("the models inside this program: expected {expected}, found {found}; build it again")]
    Files {
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// There is no place for the model that Python is to load.
    #[error("a temporary folder for models cannot be made: {0}")]
    Folder(#[from] std::io::Error),
}

/// Loads every file with both readers. Without `python` the installed scikit-learn has no outcomes.
///
/// `progress` is told how many files are done, of how many. After `stop` the rest is not measured.
///
/// # Errors
/// [`CompatibilityError`] when not even the files can be read. What goes wrong with one file, or
/// with Python, is an outcome.
pub fn run(
    python: Option<&Path>,
    stop: &AtomicBool,
    progress: &dyn Fn(usize, usize),
) -> Result<CompatibilityRecord, CompatibilityError> {
    run_within(ANSWER_TIME, python, stop, progress)
}

fn run_within(
    limit: Duration,
    python: Option<&Path>,
    stop: &AtomicBool,
    progress: &dyn Fn(usize, usize),
) -> Result<CompatibilityRecord, CompatibilityError> {
    let collection = files::Collection::open()?;
    let folder = tempfile::tempdir()?;
    let mut reader = Reader::new(python, limit, folder.path());
    let mut rows = Vec::with_capacity(collection.index.files.len());
    for entry in &collection.index.files {
        let task = collection.task(entry)?;
        let outcomes = if stop.load(Ordering::Relaxed) {
            (not_measured("the run was stopped"), not_measured("the run was stopped"))
        } else {
            let theirs = reader.outcome(&task)?;
            // Who stops a run by the keyboard stops its processes too: that is no crash.
            let stopped = stop.load(Ordering::Relaxed);
            (
                if stopped { not_measured("the run was stopped") } else { theirs },
                ours::outcome(&task),
            )
        };
        rows.push(CompatibilityRow {
            file: entry.file.clone(),
            written_by: entry.written_by.clone(),
            written_with_python: entry.python.clone(),
            written_with_numpy: entry.numpy.clone(),
            model: entry.title.clone(),
            container: entry.container.clone(),
            python: outcomes.0,
            deadweight: outcomes.1,
        });
        progress(rows.len(), collection.index.files.len());
    }
    let about = reader.about();
    Ok(CompatibilityRecord {
        scikit_learn: about.scikit_learn,
        python: about.python,
        numpy: about.numpy,
        rows,
    })
}

fn not_measured(reason: impl Into<String>) -> CompatibilityOutcome {
    CompatibilityOutcome::NotMeasured { reason: reason.into() }
}

#[cfg(test)]
mod tests;
