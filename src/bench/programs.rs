//! Whole programs, from their start to a first prediction, and the memory they take for it.
//!
//! Each is started by a small process of ours, so that the peak of its resident memory is its own:
//! a child begins as a copy of the one that starts it, and Linux counts that too.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::BenchError;
use super::protocol::{Event, Job};
use super::run::converse;
use super::stats::median;
use crate::base::record::{ProgramOutcome, ProgramRow};
use crate::base::system::Victim;

/// A program that loads a model from a file and prints its prediction of one row.
#[derive(Debug, Clone)]
pub struct Program {
    /// Id of the model.
    pub model: String,
    /// What tables call it.
    pub title: String,
    /// The file it loads.
    pub file: PathBuf,
    /// The command, or the reason why it cannot be run.
    pub command: Result<CommandLine, String>,
}

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandLine {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// Longest time that a program may take.
pub(super) const LONGEST: Duration = Duration::from_secs(120);
/// Most bytes of its answer that are looked at.
const ANSWER_BYTES: usize = 4096;

/// Runs each program so many times, in shuffled rounds.
///
/// What they print must be the same: a program that says something else than the first one of its
/// model has no figure.
pub fn run(
    programs: &[Program],
    rounds: usize,
    seed: u64,
    helper: &Path,
    stop: &AtomicBool,
) -> Vec<ProgramRow> {
    let mut runs: Vec<Runs> = programs.iter().map(Runs::new).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..rounds {
        let mut order: Vec<usize> = (0..programs.len()).collect();
        order.shuffle(&mut rng);
        for index in order {
            if !stop.load(Ordering::SeqCst) {
                runs[index].once(helper, stop);
            }
        }
    }
    let answers: Vec<(String, Option<String>)> =
        runs.iter().map(|runs| (runs.program.model.clone(), runs.answer.clone())).collect();
    runs.into_iter()
        .map(|runs| {
            let first = answers
                .iter()
                .find(|(model, answer)| *model == runs.program.model && answer.is_some());
            let expected = first.and_then(|(_, answer)| answer.clone());
            runs.row(expected.as_deref())
        })
        .collect()
}

/// What was seen of one program.
struct Runs<'a> {
    program: &'a Program,
    nanos: Vec<f64>,
    resident: Option<u64>,
    answer: Option<String>,
    failure: Option<String>,
}

impl<'a> Runs<'a> {
    fn new(program: &'a Program) -> Self {
        let failure = program.command.as_ref().err().cloned();
        Runs { program, nanos: Vec::new(), resident: None, answer: None, failure }
    }

    fn once(&mut self, helper: &Path, stop: &AtomicBool) {
        let (None, Ok(command)) = (&self.failure, &self.program.command) else { return };
        let mut seen = None;
        let result = converse(helper, &Job::Program(command.clone()), stop, |event| {
            if let Event::Program { nanos, resident_peak_bytes, answer } = event {
                seen = Some((nanos, resident_peak_bytes, answer));
            }
        });
        let Some((nanos, resident, answer)) = seen else {
            self.failure = Some(match result {
                Err(BenchError::Worker(reason)) => reason,
                Err(error) => error.to_string(),
                Ok(()) => "the process reported nothing".to_owned(),
            });
            return;
        };
        let answer = answer.trim().to_owned();
        if self.answer.as_ref().is_some_and(|before| *before != answer) {
            self.failure = Some("it does not say the same each time".to_owned());
        }
        self.answer = Some(answer);
        self.nanos.push(nanos as f64);
        self.resident = self.resident.max(resident);
    }

    fn row(self, expected: Option<&str>) -> ProgramRow {
        let wrong = match (&self.answer, expected) {
            (Some(answer), Some(expected)) if answer != expected => {
                Some(format!("it predicts {answer:?}, not {expected:?}"))
            }
            _ => None,
        };
        let reason = self.failure.or(wrong);
        let mut sorted = self.nanos.clone();
        let middle = median(&mut sorted);
        let outcome = match (reason, middle, sorted.first(), sorted.last()) {
            (None, Some(median_nanos), Some(least), Some(most)) => ProgramOutcome::Measured {
                median_nanos,
                least_nanos: *least,
                most_nanos: *most,
                samples_nanos: self.nanos,
                resident_peak_bytes: self.resident,
            },
            (reason, ..) => ProgramOutcome::NotMeasured {
                reason: reason.unwrap_or_else(|| "the run was stopped before".to_owned()),
            },
        };
        let file_bytes = std::fs::metadata(&self.program.file).ok().map(|metadata| metadata.len());
        ProgramRow {
            model: self.program.model.clone(),
            program: self.program.title.clone(),
            file_bytes,
            outcome,
        }
    }
}

/// Runs a program once, in the small process.
///
/// # Errors
/// [`BenchError::Worker`] when it cannot be started, does not end, or does not end well.
pub(super) fn once(command: &CommandLine, limit: Duration) -> Result<Event, BenchError> {
    let name = command.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let failed = |what: String| BenchError::Worker(format!("{name}: {what}"));
    let start = Instant::now();
    let mut child = Command::new(&command.program)
        .args(&command.arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .envs(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"].map(|n| (n, "1")))
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let watch = match Victim::of(&child) {
        Ok(victim) => Watch::over(victim, limit),
        Err(error) => {
            // Without an end to the time that it may take it is not waited for.
            let _ = child.kill();
            let _ = child.wait();
            return Err(failed(error.to_string()));
        }
    };
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    if watch.ended_it() {
        return Err(failed(format!("did not end within {} s", limit.as_secs_f64())));
    }
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no word");
        return Err(failed(format!("{}: {last}", output.status)));
    }
    let answer = output.stdout.get(..output.stdout.len().min(ANSWER_BYTES)).unwrap_or_default();
    Ok(Event::Program {
        nanos,
        resident_peak_bytes: super::memory::resident_peak_of_children(),
        answer: String::from_utf8_lossy(answer).into_owned(),
    })
}

/// Ends a program that takes too long; by a thread, so that nothing is asked of the clock meanwhile.
struct Watch {
    over: Sender<()>,
    thread: JoinHandle<bool>,
}

impl Watch {
    fn over(victim: Victim, limit: Duration) -> Self {
        let (over, end) = channel::<()>();
        let thread = std::thread::spawn(move || match end.recv_timeout(limit) {
            Err(RecvTimeoutError::Timeout) => victim.end(),
            _ => false,
        });
        Watch { over, thread }
    }

    /// Called when the program has ended: whether that was the watch's doing.
    fn ended_it(self) -> bool {
        drop(self.over);
        self.thread.join().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(title: &str, command: Result<CommandLine, String>) -> Program {
        Program { model: "m".into(), title: title.into(), file: "/nowhere".into(), command }
    }

    #[test]
    fn who_says_something_else_has_no_figure() {
        let programs = [program("a", Err("no Python".into())), program("b", Err(String::new()))];
        let mut runs: Vec<Runs> = programs.iter().map(Runs::new).collect();
        for (index, answer) in ["1", "2"].into_iter().enumerate() {
            runs[index].failure = None;
            runs[index].answer = Some(answer.into());
            runs[index].nanos = vec![3.0, 1.0];
        }
        let rows: Vec<ProgramRow> = runs.into_iter().map(|runs| runs.row(Some("1"))).collect();
        let ProgramOutcome::Measured { median_nanos, least_nanos, most_nanos, .. } =
            rows[0].outcome
        else {
            panic!("{rows:?}")
        };
        assert_eq!((median_nanos, least_nanos, most_nanos), (2.0, 1.0, 3.0));
        let ProgramOutcome::NotMeasured { reason } = &rows[1].outcome else { panic!("{rows:?}") };
        assert_eq!(reason, "it predicts \"2\", not \"1\"");
    }

    #[test]
    fn a_program_that_fails_is_named_with_its_last_words() {
        let arguments = vec!["-c".into(), "echo first >&2; echo no such model >&2; exit 4".into()];
        let shell = |arguments| CommandLine { program: "/bin/sh".into(), arguments };
        let error = once(&shell(arguments), LONGEST).unwrap_err();
        assert!(error.to_string().contains("sh: exit status: 4: no such model"), "{error}");
        let arguments = vec!["-c".into(), "echo 1".into()];
        let event = once(&shell(arguments), LONGEST).unwrap();
        assert!(matches!(event, Event::Program { nanos: 1.., answer, .. } if answer == "1\n"));
        let arguments = vec!["-c".into(), "exec sleep 60".into()];
        let error = once(&shell(arguments), Duration::from_millis(200)).unwrap_err();
        assert!(error.to_string().contains("did not end within 0.2 s"), "{error}");
    }
}
