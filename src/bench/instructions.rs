//! Counts instructions under valgrind, where it is installed.
//!
//! The same measuring process does a case twice under `valgrind --tool=callgrind`, with few and with
//! more iterations. What both share (start, reading the model, encoding it once) cancels in the
//! difference, so no function has to be named, and inlining cannot hide one. In: a model in the files of a
//! run, ids of formats. Out: rows of the record. Never: a count without the difference, or a zero
//! where valgrind is missing.
//!
//! Valgrind simulates one thread of a processor without AVX-512, and sees nothing of the kernel: the
//! zeroing of fresh pages is no instruction here.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::cases::{self, Prepared};
use super::clock::{Clock, MonotonicClock};
use super::protocol::{Event, Job, RepeatJob};
use super::subject::{self, Subject};
use super::worker::Reporter;
use super::{BenchError, file_io};
use crate::base::case::{CaseError, CaseId, Operation};
use crate::base::instructions::{InstructionOutcome, InstructionRow};
use crate::formats::{Format, registry};

/// Formats whose instructions are counted: each family of the tables once.
pub const FORMATS: [&str; 6] = ["raw", "safetensors", "postcard", "bincode", "cbor", "json"];

/// The model that they are counted on: the tutorial's forest, small enough for a simulated processor.
pub const MODEL: &str = "random_forest_classifier-s";

/// What is counted.
const OPERATIONS: [Operation; 2] = [Operation::Encode, Operation::Decode];

/// The two numbers of iterations whose difference is divided.
const ITERATIONS: [u64; 2] = [2, 6];

/// The program that counts.
const COUNTER: &str = "valgrind";

/// A simulated process that takes longer than this has no count.
const PATIENCE: Duration = Duration::from_secs(60);

/// Counts instructions of each format that is both wanted and in [`FORMATS`]. Nothing where none is.
///
/// # Errors
/// [`BenchError`] when the run's own files cannot be written.
pub fn count(
    subject: &Subject,
    formats: &[&'static dyn Format],
    helper: &Path,
    stop: &AtomicBool,
) -> Result<Vec<InstructionRow>, BenchError> {
    let wanted: Vec<&str> = formats
        .iter()
        .map(|format| format.descriptor().id)
        .filter(|id| FORMATS.contains(id))
        .collect();
    let private = file_io::private_directory(&std::env::temp_dir())?;
    subject::write(subject, private.path(), subject.id())?;
    let missing = why_missing();
    let mut rows = Vec::new();
    for format in wanted {
        for operation in OPERATIONS {
            let case = CaseId {
                model: subject.id().to_owned(),
                format: format.to_owned(),
                operation,
                pages: None,
                temperature: None,
            };
            let counted = match &missing {
                Some(reason) => Err(reason.clone()),
                None => difference(subject, &case, private.path(), helper, stop),
            };
            let outcome = match counted {
                Ok(instructions) => InstructionOutcome::Measured {
                    instructions,
                    bytes: subject.parameters.byte_len() as u64,
                },
                Err(reason) => InstructionOutcome::NotMeasured { reason },
            };
            rows.push(InstructionRow { case, outcome });
        }
    }
    Ok(rows)
}

/// Why nothing can be counted, if nothing can.
fn why_missing() -> Option<String> {
    let version = Command::new(COUNTER).arg("--version").stdin(Stdio::null()).output();
    match version {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("{COUNTER} --version ended with {}", output.status)),
        Err(error) => Some(format!("{COUNTER} cannot be started ({error}); install it to count")),
    }
}

/// Instructions of one iteration: those of the longer run without those of the shorter one.
fn difference(
    subject: &Subject,
    case: &CaseId,
    dir: &Path,
    helper: &Path,
    stop: &AtomicBool,
) -> Result<u64, String> {
    let mut counts = [0; 2];
    for (count, iterations) in counts.iter_mut().zip(ITERATIONS) {
        let job = RepeatJob {
            dir: dir.to_owned(),
            model: subject.record.clone(),
            case: case.clone(),
            iterations,
        };
        *count = simulated(&job, helper, stop)?;
    }
    let [few, many] = counts;
    let [less, more] = ITERATIONS;
    let growth = many.checked_sub(few).filter(|growth| *growth > 0);
    growth
        .map(|growth| growth / (more - less))
        .ok_or_else(|| format!("{many} instructions for more iterations, {few} for fewer"))
}

/// Instructions of a whole process that does the job.
fn simulated(job: &RepeatJob, helper: &Path, stop: &AtomicBool) -> Result<u64, String> {
    let out: PathBuf = job.dir.join("callgrind.out");
    let json =
        serde_json::to_vec(&Job::Repeat(Box::new(job.clone()))).map_err(|e| e.to_string())?;
    let mut child = Command::new(COUNTER)
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(helper)
        .arg("helper")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot start {COUNTER}: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // A process that is gone is told of below, by how it ended.
        let _ = input.write_all(&json);
    }
    let start = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if start.elapsed() > PATIENCE || stop.load(Ordering::SeqCst) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("not done after {} s under {COUNTER}", PATIENCE.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    if !status.success() {
        return Err(format!("the process under {COUNTER} ended with {status}"));
    }
    let text = std::fs::read_to_string(&out).map_err(|error| format!("no count: {error}"))?;
    total(&text).ok_or_else(|| "callgrind's file has no line `summary:` or `totals:`".to_owned())
}

/// The sum over the whole process, from callgrind's file: its first event is `Ir`, instructions read.
fn total(text: &str) -> Option<u64> {
    let figure = |name: &str| {
        let line = text.lines().rev().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    figure("totals:").or_else(|| figure("summary:"))
}

/// What the measuring process does for it: the case, so many times.
///
/// # Errors
/// [`BenchError`] when the case cannot be made or fails: a count of half of it would be none.
pub(super) fn repeat(job: &RepeatJob, reporter: &mut Reporter<'_>) -> Result<(), BenchError> {
    let failed = |error: CaseError| BenchError::Worker(error.reason);
    let subject = Arc::new(subject::read(job.model.clone(), &job.dir, &job.model.id)?);
    let format = registry::find(&job.case.format)
        .ok_or_else(|| BenchError::Worker("no such format".to_owned()))?;
    let clock: Arc<dyn Clock> = Arc::new(MonotonicClock::default());
    let prepared = Arc::new(Prepared::new(subject, format, &job.dir).map_err(failed)?);
    let mut case =
        cases::case(&prepared, job.case.operation, job.case.pages, &clock).map_err(failed)?;
    // One at a time: how many results are kept together would change what the allocator does.
    let mut nanos = 0;
    for _ in 0..job.iterations {
        nanos += case.run(1).map_err(failed)?;
    }
    let (bytes, iterations) = (case.bytes(), job.iterations);
    let (case, twin, round) = (job.case.clone(), None, None);
    reporter.send(&Event::Sample { case, twin, bytes, iterations, nanos, round })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_a_process_is_its_total() {
        let text = "version: 1\nevents: Ir\nfn=(1) main\n12 345\n\nsummary: 41\ntotals: 42\n";
        assert_eq!(total(text), Some(42));
        assert_eq!(total("events: Ir\nsummary: 41 2 3\n"), Some(41));
        assert_eq!(total("events: Ir\n"), None);
    }
}
