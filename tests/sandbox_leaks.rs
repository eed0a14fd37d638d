//! Many loads one after another leave nothing behind. A test binary of its own, for its descriptors
//! are counted.

#[path = "sandbox/support.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::time::Instant;

use deadweight::base::detonation::Outcome;
use deadweight::sandbox;
use support::{Scene, processes, python, request_of};

fn count(path: &str) -> usize {
    fs::read_dir(path).unwrap().count()
}

fn detonations(rounds: usize) {
    let Some(python) = python() else { return };
    let scene = Scene::new("import os\nos.system('true')\nos.fork()\nopen('/tmp/made', 'w')\n");
    let temporary = scene.path("temporary");
    fs::create_dir(&temporary).unwrap();
    let helper =
        scene.wrapper(&format!("#!/bin/sh\nTMPDIR={} exec {{}} \"$@\"\n", temporary.display()));
    let mut request = request_of(python, &scene.file, "pickle", &[scene.mark()]);
    let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap();
    let shared = || count("/dev/shm");
    let (start, before) = (Instant::now(), (count("/proc/self/fd"), mounts(), shared()));
    let mut times = Vec::new();
    for round in 0..rounds {
        request.without_namespaces = round % 2 == 1;
        let detonation = sandbox::detonate(&helper, &request);
        assert_eq!(detonation.outcome, Outcome::Failed, "{round}: {detonation:#?}");
        assert!(detonation.armed_events >= 3, "{round}: {detonation:#?}");
        times.push(detonation.elapsed_micros.unwrap());
    }
    let after = (count("/proc/self/fd"), mounts(), shared());
    assert_eq!(before, after);
    assert_eq!(processes(&scene.mark()), Vec::<String>::new());
    assert_eq!(count(&temporary.to_string_lossy()), 0);
    assert!(!Path::new("/tmp/made").exists());
    times.sort_unstable();
    eprintln!(
        "{rounds} loads in {:.1} s, median {} µs; {} descriptors before and after",
        start.elapsed().as_secs_f64(),
        times[times.len() / 2],
        before.0
    );
}

#[test]
fn thirty_loads_leave_nothing_behind() {
    detonations(30);
}

#[test]
#[ignore = "takes minutes"]
fn a_thousand_loads_leave_nothing_behind() {
    detonations(1000);
}
