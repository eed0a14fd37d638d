//! Measuring from end to end: fresh processes, records, baselines, Ctrl-C.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use assert_cmd::Command;
use deadweight::base::case::{FLOOR, Group, Operation};
use deadweight::base::record::{BenchRecord, MemoryOutcome, Outcome};
use deadweight::base::{Array, Parameters};
use deadweight::bench::plan::Profile;
use deadweight::bench::run::{Options, Progress, run};
use deadweight::bench::trained;
use deadweight::formats::registry::find;
use deadweight::models::recipes::{self, Size};
use predicates::prelude::*;
use predicates::str::contains;

fn program() -> PathBuf {
    assert_cmd::cargo::cargo_bin("deadweight")
}

fn command(place: &Path) -> Command {
    let mut command = Command::new(program());
    command.current_dir(place).env("DEADWEIGHT_CACHE", place.join("cache")).env("NO_COLOR", "1");
    command
}

fn record(json: &[u8]) -> BenchRecord {
    serde_json::from_slice(json).unwrap()
}

#[test]
fn a_record_has_every_operation_or_the_reason_why_not() {
    let place = tempfile::tempdir().unwrap();
    let arguments = [
        "bench",
        "--model",
        "logistic_regression_iris",
        "--format",
        "raw",
        "--format",
        "json",
        "--json",
    ];
    let output = command(place.path()).args(arguments).assert().success();
    let record = record(&output.get_output().stdout);
    assert_eq!((record.schema.as_str(), record.processes), ("deadweight.bench/1", 3));
    assert!(record.noise.windows > 0, "{:?}", record.noise);
    let power = record.power.as_ref().unwrap();
    // Two formats in three operations of a model that is small, and three where there is a view.
    assert_eq!((power.slowed_pairs, power.equal_pairs), (7, 7));
    assert_eq!(record.notes, Vec::<String>::new());
    let ids: Vec<&str> = record.formats.iter().map(|format| format.id.as_str()).collect();
    assert_eq!(ids, ["raw", "json"]);
    for format in ids {
        for operation in Operation::ALL.iter().filter(|operation| operation.group() != Group::Floor)
        {
            let is_row = |row: &&deadweight::base::record::Row| {
                row.case.format == format && row.case.operation == *operation
            };
            let row = record.rows.iter().find(is_row);
            let row = row.unwrap_or_else(|| panic!("{format} has no row {}", operation.id()));
            match &row.outcome {
                Outcome::Measured(timing) => {
                    assert_eq!(timing.samples_nanos.len(), 3, "{}: a list a process", row.case);
                    assert!(timing.low_nanos <= timing.median_nanos, "{}", row.case);
                    assert!(timing.median_nanos <= timing.high_nanos, "{}", row.case);
                    assert!(timing.median_nanos > 0.0 && timing.rank.is_some(), "{}", row.case);
                }
                Outcome::NotMeasured { reason } => assert!(!reason.is_empty()),
                Outcome::Failed { reason } => panic!("{}: {reason}", row.case),
            }
        }
    }
    assert!(record.rows.iter().any(|row| row.case.format == FLOOR));
    assert_eq!(record.sizes.len(), 2);
    assert!(record.sizes.iter().all(|size| size.compressed_bytes.len() == 4));
    let measured = |outcome: &MemoryOutcome| matches!(outcome, MemoryOutcome::Measured(_));
    assert_eq!(record.memory.iter().filter(|row| measured(&row.outcome)).count(), 3);
}

#[test]
fn a_view_of_a_mapped_file_touches_little_heap() {
    let place = tempfile::tempdir().unwrap();
    let arguments = [
        "bench",
        "--model",
        "random_forest_classifier",
        "--size",
        "S",
        "--format",
        "safetensors",
        "--format",
        "rkyv",
        "--json",
    ];
    let output = command(place.path()).args(arguments).assert().success();
    let record = record(&output.get_output().stdout);
    for row in &record.memory {
        let MemoryOutcome::Measured(memory) = &row.outcome else { panic!("{row:?}") };
        let arrays = record.models[0].array_bytes as f64;
        let most = if row.case.operation == Operation::MapPredictOne { 0.05 } else { 1.1 };
        assert!((memory.peak_bytes as f64) < arrays * most, "{}: {memory:?}", row.case);
    }
}

#[test]
fn files_of_users_are_measured_whether_they_are_models_or_arrays() {
    let place = tempfile::tempdir().unwrap();
    let mut model = Parameters::new("linear_regression", 1);
    model.insert("coef", Array::from_vec(vec![0.5, -2.0], &[1, 2]).unwrap()).unwrap();
    model.insert("intercept", Array::from_vec(vec![1.0], &[1]).unwrap()).unwrap();
    let mut arrays = Parameters::new("arrays", 1);
    arrays.insert("w", Array::from_vec(vec![1.0f32; 1000], &[10, 100]).unwrap()).unwrap();
    for (name, parameters) in [("mine.npz", &model), ("my weights.safetensors", &arrays)] {
        let format = name.rsplit('.').next().unwrap();
        let mut bytes = Vec::new();
        find(format).unwrap().encode(parameters, &mut bytes).unwrap();
        fs::write(place.path().join(name), bytes).unwrap();
    }
    let files = ["bench", "mine.npz", "my weights.safetensors", "--format", "postcard", "--json"];
    let output = command(place.path()).args(files).assert().success();
    output.stderr(contains("my weights.safetensors: measured as arrays, without predictions"));
    let output = command(place.path()).args(files).assert().success();
    let record = record(&output.get_output().stdout);
    let ids: Vec<&str> = record.models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["mine", "my_weights"]);
    let outcome = |model: &str, operation| {
        let row = record.rows.iter().find(|row| {
            row.case.model == model
                && row.case.format == "postcard"
                && row.case.operation == operation
        });
        &row.unwrap().outcome
    };
    assert!(outcome("mine", Operation::DecodePredictOne).timing().is_some());
    assert!(outcome("my_weights", Operation::Decode).timing().is_some());
    let Outcome::NotMeasured { reason } = outcome("my_weights", Operation::DecodePredictOne) else {
        panic!("arrays predict nothing")
    };
    assert_eq!(reason, "plain arrays are no model");
}

#[test]
fn a_baseline_is_kept_and_compared_with() {
    let place = tempfile::tempdir().unwrap();
    let bench = ["bench", "--model", "linear_regression", "--format", "raw"];
    let with =
        |more: &[&'static str]| command(place.path()).args([&bench[..], more].concat()).assert();
    with(&["--baseline", "main"])
        .code(1)
        .stderr(contains("there is no baseline \"main\"; baselines: none"));
    with(&["--save-baseline", "main"])
        .success()
        .stdout(contains("raw"))
        .stderr(contains("kept as baseline \"main\""));
    with(&["--baseline", "main"]).success().stdout(contains("Since baseline \"main\""));
    // Three times as long is found in any machine's noise, and ends a CI job that asks for it.
    with(&["--baseline", "main", "--fail-on-slower", "--inject", "raw=3"])
        .code(12)
        .stdout(contains("slower"))
        .stderr(
            contains("raw was slowed down on purpose")
                .and(contains("slower than the baseline: raw")),
        );
    with(&["--baseline", "man"]).code(1).stderr(contains("baselines: main"));
    // A record of another machine is not compared.
    let path = place.path().join("cache/baselines/main.json");
    let mut other = record(&fs::read(&path).unwrap());
    other.environment.cpu = "an abacus".to_owned();
    fs::write(&path, serde_json::to_vec(&other).unwrap()).unwrap();
    with(&["--baseline", "main"])
        .code(1)
        .stderr(contains("of different machines").and(contains("an abacus")));
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_what_was_measured() {
    let place = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(program())
        .args([
            "bench",
            "--model",
            "random_forest_classifier",
            "--size",
            "S",
            "--profile",
            "thorough",
        ])
        .args(["--format", "raw", "--format", "safetensors", "--format", "postcard"])
        .args(["--out", "report"])
        .current_dir(place.path())
        .env("DEADWEIGHT_CACHE", place.path().join("cache"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut stderr = String::new();
    while !stderr.contains("measuring 3 formats") {
        assert_ne!(errors.read_line(&mut stderr).unwrap(), 0, "{stderr}");
    }
    // Nine processes take a minute and more; the first has had its first round by then.
    std::thread::sleep(Duration::from_secs(12));
    let pid = child.id().to_string();
    std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
    errors.read_to_string(&mut stderr).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("what was measured is kept"), "{stderr}");
    assert!(stderr.contains("the run was stopped before its end"), "{stderr}");
    let record = record(&fs::read(place.path().join("report/bench.json")).unwrap());
    assert!(record.interrupted.is_some());
    let measured = record.rows.iter().filter(|row| row.outcome.timing().is_some()).count();
    assert!(measured > 50, "{measured} rows; {stderr}");
    let page = fs::read_to_string(place.path().join("report/index.html")).unwrap();
    assert!(page.contains("stopped by the user"));
    // What it wrote it knows as its own.
    command(place.path())
        .args(["report", "--out", "report"])
        .assert()
        .success()
        .stdout(contains("index.html"));
    assert_eq!(fs::read_to_string(place.path().join("report/index.html")).unwrap(), page);
}

struct Silent;

impl Progress for Silent {
    fn update(&self, _share: f64, _what: &str) {}
}

#[test]
fn a_process_that_dies_costs_its_rows_and_is_named() {
    let cache = tempfile::tempdir().unwrap();
    let recipe = recipes::find("linear_regression").unwrap();
    let (subject, _) = trained::obtain(recipe, Size::S, cache.path(), false, &|_| ()).unwrap();
    let stop = AtomicBool::new(false);
    let record = run(
        &[subject],
        &Options {
            profile: Profile::Quick,
            seed: 1,
            formats: vec![find("raw").unwrap()],
            only: Vec::new(),
            processes: Some(2),
            whole: Vec::new(),
            twins: Vec::new(),
            injected: None,
            budget_share: 1.0,
            limit: None,
            memory: true,
            peer: None,
            helper: PathBuf::from("false"),
            progress: &Silent,
            stop: &stop,
        },
    )
    .unwrap();
    assert!(record.rows.iter().all(|row| row.outcome.timing().is_none()));
    assert_eq!(record.notes.len(), 2, "{:?}", record.notes);
    assert!(record.notes[0].contains("measuring process 1: ended early"), "{:?}", record.notes);
    assert!(
        record.memory.iter().all(|row| matches!(row.outcome, MemoryOutcome::NotMeasured { .. }))
    );
}
