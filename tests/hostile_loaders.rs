//! The suite of changed files, from the command line: our loaders keep their promises, crates as
//! documented are seen to do what is known of them, and what was found can be repeated.

use std::process::Output;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deadweight::base::hostility::{Change, Class, Column, HostilityRecord, LoaderRecord, Reading};

fn hostile(arguments: &[&str]) -> Output {
    let mut command = assert_cmd::Command::cargo_bin("deadweight").unwrap();
    command.arg("hostile").args(arguments).output().unwrap()
}

fn record(arguments: &[&str]) -> HostilityRecord {
    let output = hostile(&[arguments, &["--json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

fn loader<'a>(record: &'a HostilityRecord, format: &str, column: Column) -> &'a LoaderRecord {
    let fits = |loader: &&LoaderRecord| loader.format == format && loader.column == column;
    record.loaders.iter().find(fits).unwrap()
}

#[test]
fn loaders_of_ours_keep_their_promises() {
    let formats = [
        "raw",
        "safetensors",
        "npz",
        "arrow",
        "parquet",
        "flatbuffers",
        "pco",
        "borsh",
        "protobuf",
        "json",
        "json-simd",
    ];
    let mut arguments = vec!["--mutants", "0", "--column", "guarded", "--column", "sealed"];
    arguments.extend(formats.iter().flat_map(|format| ["--format", format]));
    let mut record = record(&arguments);
    for format in formats {
        for column in [Column::Guarded, Column::Sealed] {
            let loader = loader(&record, format, column);
            assert_eq!(loader.broken(), 0, "{format}: {:?}", loader.findings);
            assert_eq!(loader.count(Class::OverAllocation), 0);
            assert!(loader.mutants > 1000, "{format}: {}", loader.mutants);
            assert_eq!(loader.counts.values().sum::<u64>(), loader.mutants);
            assert_eq!(loader.stopped, None);
            // A file that was cut off is noticed by every loader of ours.
            let cut = &loader.by_mutator["truncate"];
            assert_eq!(cut.keys().collect::<Vec<_>>(), [&Class::CleanError], "{format}: {cut:?}");
        }
        assert_eq!(loader(&record, format, Column::Sealed).count(Class::SilentWrong), 0);
    }
    assert!(record.is_kept());
    record.loaders[0].counts.insert(Class::OverAllocation, 1);
    assert!(!record.is_kept());
}

#[test]
fn a_crate_that_recurses_is_seen_to_overflow_its_stack_and_can_be_repeated() {
    let arguments = ["--mutants", "0", "--column", "documented", "--format", "postcard"];
    let record = record(&arguments);
    let postcard = loader(&record, "postcard", Column::Documented);
    assert!(postcard.count(Class::StackOverflow) > 0, "{:?}", postcard.counts);
    // It leaves what stands behind the value alone.
    assert!(postcard.by_mutator["trailing"][&Class::Equal] > 0);
    let found = postcard.findings.iter().find(|f| f.class == Class::StackOverflow).unwrap();
    assert_eq!(found.mutator, "nesting");
    let repeat: Vec<&str> = found.repeat.split(' ').skip(2).collect();
    let output = hostile(&repeat);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("stack overflow"), "{said}");
}

#[test]
fn what_cannot_be_repeated_is_an_error() {
    let output = hostile(&["--mutant", "1"]);
    assert_eq!(output.status.code(), Some(2));
    let output =
        hostile(&["--format", "borsh-elements", "--column", "documented", "--mutant", "1"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no loader \"borsh-elements\" in column \"documented\""), "{said}");
}

#[test]
fn the_record_and_the_files_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let arguments =
        ["--mutants", "0", "--column", "documented", "--format", "safetensors", "--out", out];
    assert!(hostile(&arguments).status.success());
    let bytes = std::fs::read(folder.path().join("hostile.json")).unwrap();
    let record: HostilityRecord = serde_json::from_slice(&bytes).unwrap();
    let safetensors = loader(&record, "safetensors", Column::Documented);
    assert!(safetensors.count(Class::CleanError) > 0);
    for finding in safetensors.findings.iter().filter(|finding| finding.file.is_some()) {
        let name = format!("safetensors-documented-{}-{}.bin", finding.class.id(), finding.mutant);
        let kept = STANDARD.decode(finding.file.as_ref().unwrap()).unwrap();
        assert_eq!(std::fs::read(folder.path().join("hostile").join(name)).unwrap(), kept);
    }
}

#[test]
fn versions_are_told_apart() {
    let record = record(&["--evolution"]);
    let row = |codec: &str, change| {
        let fits = |row: &&deadweight::base::hostility::EvolutionRecord| {
            row.codec == codec && row.change == change
        };
        record.evolution.iter().find(fits).unwrap()
    };
    assert_eq!(row("json", Change::AddedAtEnd).old_reads_new, Reading::Right);
    let swapped = &row("postcard", Change::Reordered).old_reads_new;
    assert!(matches!(swapped, Reading::SilentWrong { .. }), "{swapped:?}");
    let versioned = &row("postcard-recommended", Change::Reordered).old_reads_new;
    assert!(matches!(versioned, Reading::Error { .. }), "{versioned:?}");
    assert!(record.loaders.is_empty());
}
