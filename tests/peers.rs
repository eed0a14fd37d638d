//! Python's rows, by a real Python: found where there is one with the packages, else made, as a run
//! does it. Where neither is possible the tests say so and check nothing.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use deadweight::base::case::Operation;
use deadweight::base::peer::Held;
use deadweight::base::record::{BenchRecord, MemoryOutcome, Outcome, ProgramOutcome};
use deadweight::bench::plan::Profile;
use deadweight::bench::run::{Options, Peer, Progress, run};
use deadweight::bench::subject::Subject;
use deadweight::bench::{programs, trained};
use deadweight::formats::registry::find;
use deadweight::models::recipes::{self, Size};
use deadweight::peers::provision::home;
use deadweight::peers::python::{self, Choice, Python};
use deadweight::peers::recipes::TUTORIAL;
use deadweight::peers::registry::PEER_FORMATS;
use deadweight::versus::Side;

struct Silent;

impl Progress for Silent {
    fn update(&self, _share: f64, _what: &str) {}
}

fn found() -> Option<Python> {
    match python::find(&Choice::Auto, &home(), &|_| ()) {
        Ok(python) => Some(python),
        Err(reason) => {
            eprintln!("NOT TESTED: {reason}");
            None
        }
    }
}

/// One process over a few operations; the program of this package is what measures.
fn measured(subject: Subject, peer: Option<Peer>) -> BenchRecord {
    let stop = AtomicBool::new(false);
    let options = Options {
        profile: Profile::Quick,
        seed: 1,
        formats: vec![find("raw").unwrap()],
        only: vec![
            Operation::Encode,
            Operation::Decode,
            Operation::DecodeReady,
            Operation::DecodePredictOne,
            Operation::ViewPredictOne,
            Operation::MapPredictOne,
        ],
        processes: Some(1),
        // The tutorial's forest; on others a quick run measures the core.
        whole: vec!["sklearn_random_forest-s".to_owned()],
        twins: Vec::new(),
        injected: None,
        limit: None,
        budget_share: 0.2,
        memory: false,
        peer,
        helper: PathBuf::from(env!("CARGO_BIN_EXE_deadweight")),
        progress: &Silent,
        stop: &stop,
    };
    run(&[subject], &options).unwrap()
}

fn linear() -> Subject {
    let cache = tempfile::tempdir().unwrap();
    let recipe = recipes::find("linear_regression").unwrap();
    trained::obtain(recipe, Size::S, cache.path(), false, &|_| ()).unwrap().0
}

fn outcome<'a>(record: &'a BenchRecord, format: &str, operation: Operation) -> &'a Outcome {
    let row = record.rows.iter().find(|r| r.case.format == format && r.case.operation == operation);
    &row.unwrap_or_else(|| panic!("{format} {}: no row", operation.id())).outcome
}

#[test]
fn the_tutorial_s_forest_is_measured_in_every_format_of_python() {
    let Some(python) = found() else { return };
    let missing = python.missing.clone();
    let mut side = Side::new(Ok(python)).unwrap();
    let (subject, tutorial) = side.tutorial().unwrap().unwrap();
    assert!(tutorial.accuracy_before > 0.8);
    for method in &tutorial.methods {
        assert_eq!(method.accuracy_after, tutorial.accuracy_before, "{}", method.method);
    }
    let programs = side.programs(&subject).unwrap();
    let record = measured(subject, side.peer());
    for format in PEER_FORMATS {
        let needs_missing = format.package.is_some_and(|package| missing.contains(&package));
        for operation in [Operation::DecodeReady, Operation::DecodePredictOne] {
            match outcome(&record, format.id, operation) {
                Outcome::Measured(timing) => {
                    assert!(timing.median_nanos > 0.0);
                    assert_eq!(timing.rank.is_some(), !format.predict_only, "{}", format.id);
                }
                Outcome::NotMeasured { reason } => {
                    let known =
                        format.operations(Held::Estimator(Path::new(""))).contains(&operation);
                    assert!(needs_missing || !known, "{}: {reason}", format.id);
                }
                Outcome::Failed { reason } => panic!("{}: {reason}", format.id),
            }
        }
    }
    let mapped = outcome(&record, "joblib-mmap", Operation::MapPredictOne);
    assert!(matches!(mapped, Outcome::Measured(_)), "{mapped:?}");
    // Trees have memory of their own, of which Python's own counter knows nothing.
    let memory = record.memory.iter().find(|row| row.case.format == "pickle-5").unwrap();
    let MemoryOutcome::NotMeasured { reason } = &memory.outcome else { panic!("{memory:?}") };
    assert!(reason.contains("tracemalloc does not see"), "{reason}");

    let helper = Path::new(env!("CARGO_BIN_EXE_deadweight"));
    // The test is not the program that predicts: the last two are for the run itself.
    let python_only = &programs[..programs.len() - 2];
    for row in programs::run(python_only, 1, 1, helper, &AtomicBool::new(false)) {
        match row.outcome {
            ProgramOutcome::Measured { median_nanos, resident_peak_bytes, .. } => {
                assert!(median_nanos > 1e6, "{}", row.program);
                assert!(
                    resident_peak_bytes.is_none_or(|bytes| bytes > 10 << 20),
                    "{}",
                    row.program
                );
            }
            ProgramOutcome::NotMeasured { reason } => {
                assert!(reason.contains("missing"), "{}: {reason}", row.program);
            }
        }
    }
    assert_eq!(tutorial.model, TUTORIAL);
}

#[test]
fn a_model_of_ours_is_measured_as_a_dict_of_arrays() {
    let Some(python) = found() else { return };
    let side = Side::new(Ok(python)).unwrap();
    let record = measured(linear(), side.peer());
    for format in ["pickle-5", "pickle-5-buffers", "joblib", "npz-python"] {
        let outcome = outcome(&record, format, Operation::Decode);
        assert!(matches!(outcome, Outcome::Measured(_)), "{format}: {outcome:?}");
    }
    let memory = record.memory.iter().find(|row| row.case.format == "pickle-5").unwrap();
    assert!(
        matches!(&memory.outcome, MemoryOutcome::Measured(memory) if memory.peak_bytes > 0),
        "{memory:?}"
    );
    let Outcome::NotMeasured { reason } = outcome(&record, "pickle-2", Operation::Decode) else {
        panic!("a quick run measures the core")
    };
    assert!(reason.contains("--profile thorough"), "{reason}");
    let Outcome::NotMeasured { reason } = outcome(&record, "onnx", Operation::Encode) else {
        panic!("a dict of arrays is no model")
    };
    assert!(reason.contains("not plain arrays"), "{reason}");
}

/// A wrapper around the real interpreter that misbehaves.
#[cfg(unix)]
fn wrapper(dir: &Path, python: &Path, before: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = dir.join("python");
    let text = format!("#!/bin/sh\n{before}\nexec '{}' \"$@\"\n", python.display());
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path
}

#[cfg(unix)]
fn with(python: Python, executable: PathBuf) -> BenchRecord {
    let side = Side::new(Ok(Python { executable, ..python })).unwrap();
    measured(linear(), side.peer())
}

#[test]
#[cfg(unix)]
fn a_python_that_always_dies_costs_its_rows_and_not_the_run() {
    let Some(python) = found() else { return };
    let dir = tempfile::tempdir().unwrap();
    let dead = wrapper(dir.path(), &python.executable, "echo out of luck >&2; exit 3");
    let record = with(python, dead);
    assert!(matches!(outcome(&record, "raw", Operation::Decode), Outcome::Measured(_)));
    let Outcome::Failed { reason } = outcome(&record, "pickle-5", Operation::Decode) else {
        panic!("no Python, no figure")
    };
    assert!(reason.contains("out of luck") || reason.contains("ended"), "{reason}");
    assert!(
        record.complaints.iter().any(|line| line.contains("out of luck")),
        "{:?}",
        record.complaints
    );
}

#[test]
#[cfg(unix)]
fn a_python_that_dies_twice_is_started_again() {
    let Some(python) = found() else { return };
    let dir = tempfile::tempdir().unwrap();
    let count = dir.path().join("starts");
    let before =
        format!("echo x >> '{0}'; [ \"$(wc -l < '{0}')\" -le 2 ] && exit 3", count.display());
    let weak = wrapper(dir.path(), &python.executable, &before);
    let record = with(python, weak);
    let outcome = outcome(&record, "pickle-5", Operation::Decode);
    assert!(matches!(outcome, Outcome::Measured(_)), "{outcome:?}");
}
