//! Both readers over the models of this program, and programs in place of Python.

use std::cell::Cell;

use super::*;
use crate::base::compatibility::CompatibilityCounts;

fn ours(record: &CompatibilityRecord) -> CompatibilityCounts {
    CompatibilityCounts::of(record.rows.iter().map(|row| &row.deadweight))
}

fn theirs(record: &CompatibilityRecord) -> CompatibilityCounts {
    CompatibilityCounts::of(record.rows.iter().map(|row| &row.python))
}

#[test]
fn every_file_is_read_as_its_writer_wrote_it() {
    let told = Cell::new((0, 0));
    let record = run(None, &AtomicBool::new(false), &|done, all| told.set((done, all))).unwrap();
    let bad: Vec<_> = record
        .rows
        .iter()
        .filter(|row| !matches!(row.deadweight, CompatibilityOutcome::Right { .. }))
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(record.rows.len() > 190, "{}", record.rows.len());
    assert_eq!(told.get(), (record.rows.len(), record.rows.len()));
    let writers: std::collections::BTreeSet<&str> =
        record.rows.iter().map(|row| row.written_by.as_str()).collect();
    assert_eq!(writers.len(), 16);
    for container in ["pickle, protocol 0", "pickle, protocol 5", "joblib, lz4", "joblib, xz"] {
        assert!(record.rows.iter().any(|row| row.container == container), "{container}");
    }
    assert_eq!(theirs(&record).not_measured, record.rows.len());
    assert_eq!((record.scikit_learn, record.python), (None, None));
}

#[test]
fn the_files_are_those_of_the_fixtures_and_no_version_is_missing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let collection = files::Collection::open().unwrap();
    let again = "run scripts/make_compatibility_files.py again";
    for entry in &collection.index.files {
        let folder = if entry.file.starts_with("sklearn_python2") { "" } else { "sklearn" };
        let path = root.join("tests/data").join(folder).join(&entry.file);
        let bytes = std::fs::read(&path).unwrap();
        assert!(collection.task(entry).unwrap().bytes == bytes, "{}: {again}", entry.file);
    }
    let versions = std::fs::read_to_string(root.join("scripts/sklearn_versions.txt")).unwrap();
    for line in versions.lines().filter(|line| !line.starts_with('#')) {
        let Some(version) = line.split_whitespace().next() else { continue };
        let known = collection.index.files.iter().any(|entry| entry.written_by == version);
        assert!(known, "{version}: {again}");
    }
}

#[test]
fn another_answer_of_the_writer_would_be_noticed() {
    let mut collection = files::Collection::open().unwrap();
    let changed = |answer: &mut files::Answer| {
        if let Some(files::Cell::Number(value)) = answer.values.last_mut() {
            *value += 1e-6 + value.abs();
        }
    };
    collection.index.answers_mut().iter_mut().for_each(changed);
    for entry in &collection.index.files {
        let outcome = ours::outcome(&collection.task(entry).unwrap());
        let CompatibilityOutcome::Wrong { example, .. } = outcome else {
            panic!("{}: {outcome:?}", entry.file);
        };
        assert!(example.different_values >= 1 && example.expected != example.found);
    }
}

#[test]
fn what_is_stopped_is_not_measured() {
    let stop = AtomicBool::new(false);
    let after_two = |done: usize, _: usize| stop.store(done >= 2, Ordering::Relaxed);
    let record = run(None, &stop, &after_two).unwrap();
    assert_eq!(ours(&record).right, 2);
    assert_eq!(ours(&record).not_measured, record.rows.len() - 2);
}

#[cfg(unix)]
mod with_a_process {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const ABOUT: &str = r#"read x; echo '{"id": 1, "ok": true, "python": "3.13.0", "scikit_learn": "9.9.9", "numpy": "2.0.0", "packages": ["joblib", "lz4", "pandas"]}'"#;

    /// What comes of a program in place of Python.
    fn with(body: &str, limit: Duration) -> CompatibilityRecord {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("python");
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        run_within(limit, Some(&path), &AtomicBool::new(false), &|_, _| {}).unwrap()
    }

    const LONG: Duration = Duration::from_secs(20);

    /// Six processes are lost; the rest says why it was not measured, and ours is complete.
    fn six_are_lost(record: &CompatibilityRecord) {
        assert_eq!(theirs(record).not_measured, record.rows.len() - 6);
        assert_eq!(ours(record).right, record.rows.len());
        let Some(CompatibilityOutcome::NotMeasured { reason }) =
            record.rows.last().map(|row| &row.python)
        else {
            panic!("{:?}", record.rows.last());
        };
        assert!(reason.contains("died or hung 6 times"), "{reason}");
        assert_eq!(record.scikit_learn.as_deref(), Some("9.9.9"));
    }

    #[test]
    fn a_process_that_dies_costs_one_file_a_few_times() {
        let record = with(&format!("{ABOUT}; read x; echo no memory >&2; kill -SEGV $$"), LONG);
        six_are_lost(&record);
        assert_eq!(theirs(&record).crashes, 6);
        let CompatibilityOutcome::Crashes { reason } = &record.rows[0].python else {
            panic!("{:?}", record.rows[0])
        };
        assert!(reason.contains("signal") && reason.contains("no memory"), "{reason}");
    }

    #[test]
    fn a_process_that_hangs_costs_one_file_a_few_times() {
        let record = with(&format!("{ABOUT}; read x; exec sleep 60"), Duration::from_millis(300));
        six_are_lost(&record);
        assert_eq!(theirs(&record).hangs, 6);
    }

    #[test]
    fn a_process_that_answers_nonsense_is_ended() {
        let record = with(&format!("{ABOUT}; read x; echo nonsense; read x"), LONG);
        six_are_lost(&record);
        assert_eq!(theirs(&record).crashes, 6);
    }

    #[test]
    fn answers_that_are_no_answers_are_not_measured() {
        // Every question is answered, and none of the answers says anything.
        let body = format!(
            r#"{ABOUT}; n=1; while read x; do n=$((n+1)); echo "{{\"id\": $n, \"ok\": true, \"warned\": false, \"answers\": {{\"predict\": 7}}}}"; done"#
        );
        let record = with(&body, LONG);
        assert_eq!(theirs(&record).not_measured, record.rows.len());
        let body = format!(
            r#"{ABOUT}; n=1; while read x; do n=$((n+1)); echo "{{\"id\": $n, \"ok\": true, \"warned\": true, \"answers\": {{\"predict\": {{\"shape\": [1], \"values\": [\"x\"]}}}}}}"; done"#
        );
        let record = with(&body, LONG);
        assert_eq!(theirs(&record).wrong, record.rows.len());
        assert_eq!(theirs(&record).wrong_without_warning, 0);
    }

    #[test]
    fn a_python_without_what_is_needed_says_so() {
        let bare = r#"read x; echo '{"id": 1, "ok": true, "python": "3.13.0", "scikit_learn": null, "numpy": null}'; read x"#;
        let record = with(bare, LONG);
        let CompatibilityOutcome::NotMeasured { reason } = &record.rows[0].python else {
            panic!("{:?}", record.rows[0])
        };
        assert!(reason.contains("does not have scikit-learn"), "{reason}");
        let record = with("echo no such thing >&2; exit 1", LONG);
        assert_eq!(theirs(&record).not_measured, record.rows.len());
        assert_eq!(ours(&record).right, record.rows.len());
    }
}

#[test]
#[ignore = "needs the path of a Python with scikit-learn in DEADWEIGHT_PYTHON"]
fn the_installed_scikit_learn_says_what_it_makes_of_each() {
    let python = std::env::var_os("DEADWEIGHT_PYTHON").expect("DEADWEIGHT_PYTHON is not set");
    let begun = std::time::Instant::now();
    let record = run(Some(Path::new(&python)), &AtomicBool::new(false), &|_, _| {}).unwrap();
    let counts = theirs(&record);
    println!("{:?}: {counts:?} in {:?}", record.scikit_learn, begun.elapsed());
    assert_eq!(counts.crashes + counts.hangs, 0);
    assert_eq!(ours(&record).right, record.rows.len());
    // What it wrote itself it reads, if it is one of the writers.
    let version = record.scikit_learn.as_deref().unwrap_or_default();
    for row in record.rows.iter().filter(|row| row.written_by == version) {
        assert_eq!(row.python, CompatibilityOutcome::Right { warned: false }, "{}", row.file);
    }
}
