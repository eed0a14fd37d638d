//! Interpreters that are not there or are none, as the command meets them: a clear word in bounded time,
//! and no load.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::support::{Scene, not_tested, python};

/// Where the search path leads, and a program that has no environment of its own beside it.
struct Place {
    scene: Scene,
    programs: PathBuf,
}

impl Place {
    fn new() -> Self {
        let scene = Scene::new("print('loaded, alas')\n");
        let programs = scene.path("programs");
        std::fs::create_dir(&programs).unwrap();
        Place { scene, programs }
    }

    /// A `python3` that is this script.
    fn python3(self, script: &str) -> Self {
        let script = self.scene.wrapper(script);
        std::fs::rename(script, self.programs.join("python3")).unwrap();
        self
    }

    fn detonate(&self, arguments: &[&str]) -> Output {
        let elsewhere = self.scene.path("nothing-here");
        Command::new(self.scene.copied_helper())
            .arg("detonate")
            .args(arguments)
            .arg(&self.scene.file)
            .env("PATH", &self.programs)
            .envs(["HOME", "XDG_CACHE_HOME", "DEADWEIGHT_CACHE"].map(|name| (name, &elsewhere)))
            .env_remove("DEADWEIGHT_PYTHON")
            .env_remove("VIRTUAL_ENV")
            .env_remove("CONDA_PREFIX")
            .output()
            .unwrap()
    }
}

/// Nothing was loaded, exit code 1, and the sentence has these words.
fn refused(output: &Output, words: &[&str]) {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("alas"));
    for word in ["no Python that could load the file", "--python PATH"].iter().chain(words) {
        assert!(complaint.contains(word), "{word:?} is not in: {complaint}");
    }
}

fn is_here(programs: &[&str]) -> bool {
    programs.iter().all(|program| Path::new(program).is_file())
}

#[test]
fn without_python3_on_the_search_path_nothing_is_loaded() {
    if python().is_none() {
        return;
    }
    let place = Place::new();
    refused(&place.detonate(&[]), &["no python3 is on the search path"]);
    // What is no program is not taken for one.
    std::fs::create_dir(place.programs.join("python3")).unwrap();
    refused(&place.detonate(&[]), &["no python3 is on the search path"]);
}

#[test]
fn a_python3_that_fails_is_named_with_its_last_words() {
    if python().is_none() {
        return;
    }
    let place = Place::new().python3("#!/bin/sh\necho no such library >&2\nexit 1\n");
    let python3 = place.programs.join("python3").display().to_string();
    refused(&place.detonate(&[]), &[&python3, "exit status: 1", "no such library"]);
    refused(&place.detonate(&["--python", &python3]), &[&python3, "exit status: 1"]);
}

#[test]
fn a_python3_that_prints_something_else_is_none() {
    if python().is_none() {
        return;
    }
    let place = Place::new().python3("#!/bin/sh\nprintf 'gar\\033[31mbage\\n/nowhere/at/all\\n'\n");
    let python3 = place.programs.join("python3").display().to_string();
    let output = place.detonate(&[]);
    refused(&output, &[&python3, "expected the path of an interpreter", "bage"]);
    assert!(!output.stderr.contains(&0x1b), "it steers the terminal");
    refused(&place.detonate(&["--python", &python3]), &[&python3, "it did not answer"]);
}

#[test]
fn a_python3_that_floods_or_hangs_is_stopped() {
    if python().is_none() {
        return;
    }
    if !is_here(&["/bin/sleep", "/bin/sh"]) {
        return not_tested("there is no /bin/sleep");
    }
    let floods = Place::new().python3("#!/bin/sh\nwhile :; do echo yes; done\n");
    refused(&floods.detonate(&[]), &["printed more than"]);
    let start = Instant::now();
    let hangs = Place::new().python3("#!/bin/sh\nexec /bin/sleep 3600\n");
    refused(&hangs.detonate(&[]), &["did not end within 20 s"]);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}
