//! When the supervisor dies, what it supervised dies.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use deadweight::base::detonation::{EventKind, Outcome};
use deadweight::sandbox;

use crate::support::{Scene, attempt, helper, processes, python, request_of};

/// Waits until it holds.
fn within(time: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + time;
    while Instant::now() < end {
        if holds() {
            return true;
        }
        sleep(Duration::from_millis(10));
    }
    holds()
}

fn killed_supervisor(without_namespaces: bool) {
    let Some(python) = python() else { return };
    let scene = Scene::new(
        "
import os, signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
os.fork(); os.fork()
while True:
    time.sleep(1)
",
    );
    // The mark is on the command line of everything below the helper.
    let mut request = request_of(python, &scene.file, "pickle", &[scene.mark()]);
    request.without_namespaces = without_namespaces;
    let mut helper = Command::new(scene.copied_helper())
        .args(["helper", "load"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let job = serde_json::to_vec(&request).unwrap();
    helper.stdin.take().unwrap().write_all(&job).unwrap();
    // Supervisor, the process above the loader, and four that load.
    let all = within(Duration::from_secs(20), || processes(&scene.mark()).len() == 6);
    assert!(all, "{:#?}", processes(&scene.mark()));
    helper.kill().unwrap();
    helper.wait().unwrap();
    let gone = within(Duration::from_secs(1), || processes(&scene.mark()).is_empty());
    assert!(gone, "{:#?}", processes(&scene.mark()));
}

#[test]
fn nothing_outlives_a_killed_supervisor_with_namespaces() {
    killed_supervisor(false);
}

#[test]
fn nothing_outlives_a_killed_supervisor_without_namespaces() {
    killed_supervisor(true);
}

#[test]
fn nothing_outlives_a_killed_host() {
    let Some(python) = python() else { return };
    let scene = Scene::new("import time\ntime.sleep(3600)\n");
    let request = request_of(python, &scene.file, "pickle", &[scene.mark()]);
    let job = scene.path("job.json");
    std::fs::write(&job, serde_json::to_vec(&request).unwrap()).unwrap();
    // The shell is who asks for the load.
    let mut host = Command::new("sh")
        .args(["-c", "\"$0\" helper load < \"$1\" & wait"])
        .args([scene.copied_helper().as_path(), job.as_path()])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let all = within(Duration::from_secs(20), || processes(&scene.mark()).len() >= 3);
    assert!(all, "{:#?}", processes(&scene.mark()));
    host.kill().unwrap();
    host.wait().unwrap();
    let gone = within(Duration::from_secs(2), || processes(&scene.mark()).is_empty());
    assert!(gone, "{:#?}", processes(&scene.mark()));
}

#[test]
fn the_wall_clock_ends_all_that_was_started() {
    let Some(python) = python() else { return };
    let scene = Scene::new("import os, time\nos.fork()\ntime.sleep(3600)\n");
    for without_namespaces in [false, true] {
        let mut request = request_of(python, &scene.file, "pickle", &[scene.mark()]);
        request.without_namespaces = without_namespaces;
        request.limits.wall_millis = 3000;
        let start = Instant::now();
        let detonation = sandbox::detonate(helper(), &request);
        assert_eq!(detonation.outcome, Outcome::TimedOut, "{detonation:#?}");
        attempt(&detonation, EventKind::TimeLimit);
        assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
        assert_eq!(processes(&scene.mark()), Vec::<String>::new());
    }
}

#[test]
fn what_is_left_behind_in_the_background_is_ended() {
    let Some(python) = python() else { return };
    let scene = Scene::new("import os, time\nif os.fork() == 0: time.sleep(3600)\n");
    for without_namespaces in [false, true] {
        let mut request = request_of(python, &scene.file, "pickle", &[scene.mark()]);
        request.without_namespaces = without_namespaces;
        let start = Instant::now();
        let detonation = sandbox::detonate(helper(), &request);
        assert_eq!(detonation.outcome, Outcome::Loaded, "{detonation:#?}");
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        assert_eq!(processes(&scene.mark()), Vec::<String>::new());
    }
}
