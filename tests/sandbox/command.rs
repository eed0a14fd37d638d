//! The command `detonate`: exit codes, and the shape of its JSON.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::{Scene, helper, python};

fn run(arguments: &[&str], file: &Path) -> Output {
    Command::new(helper()).arg("detonate").args(arguments).arg(file).output().unwrap()
}

#[test]
fn the_record_says_what_was_attempted_and_what_stopped_it() {
    let Some(python) = python() else { return };
    let python = python.interpreter.executable.to_string_lossy().into_owned();
    let scene = Scene::new("import os\nos.system('touch ' + D + '/harm')\n");
    let output = run(&["--json", "--python", &python, "--loader", "pickle"], &scene.file);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(record["schema"], "deadweight.detonation/1");
    assert_eq!(record["outcome"], "loaded");
    assert_eq!(record["mode"], "policy");
    assert_eq!(record["path"], json!(scene.file.to_string_lossy()));
    assert_eq!(record["layers"]["seccomp"], "full");
    for layer in ["landlock", "namespaces", "private-root", "limits"] {
        assert!(record["layers"][layer].is_string(), "{layer}: {record:#}");
    }
    let armed: Vec<&Value> = record["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["phase"] == "armed")
        .collect();
    assert_eq!(record["armed_events"], json!(armed.len()));
    let exec = armed.iter().find(|event| event["kind"] == "exec").unwrap();
    assert_eq!(exec["detail"]["call"], "execve");
    assert_eq!(exec["detail"]["argv"][0], "sh");
    assert_eq!(exec["denied"], true);
    assert_eq!(exec["stopped_by"], "seccomp");
    assert!(!scene.path("harm").exists());
}

#[test]
fn the_story_names_the_attempt() {
    let Some(python) = python() else { return };
    let python = python.interpreter.executable.to_string_lossy().into_owned();
    let scene = Scene::new("import os\nos.system('echo \\x1b[31mred')\n");
    let output = run(&["--python", &python], &scene.file);
    assert_eq!(output.status.code(), Some(0));
    let story = String::from_utf8(output.stdout).unwrap();
    assert!(story.contains("stopped by seccomp") && story.contains("echo"), "{story}");
    assert!(!story.contains('\x1b'), "what the file says must not steer the terminal: {story:?}");
}

#[test]
fn a_file_that_fails_to_load_is_a_result_and_one_that_cannot_be_loaded_an_error() {
    let Some(python) = python() else { return };
    let python = python.interpreter.executable.to_string_lossy().into_owned();
    let scene = Scene::new("raise ValueError('no model')\n");
    let output = run(&["--json", "--python", &python], &scene.file);
    assert_eq!(output.status.code(), Some(0));
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(record["outcome"], "failed");
    assert_eq!(record["reason"], "ValueError: no model");

    let loader = ["--json", "--python", &python, "--loader", "pickle"];
    let output = run(&loader, &scene.path("missing"));
    assert_eq!(output.status.code(), Some(1));
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(record["outcome"], "not-run");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("nothing was loaded"), "{complaint}");

    let text = scene.path("notes.txt");
    std::fs::write(&text, "no model at all\n").unwrap();
    let output = run(&["--python", &python], &text);
    assert_ne!(output.status.code(), Some(0));
    let output = run(&["--python", "/nowhere/python3"], &scene.file);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let output = run(&["--timeout", "0"], &scene.file);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_sparse_file_of_gigabytes_and_a_directory_are_answered_at_once() {
    let Some(python) = python() else { return };
    let python = python.interpreter.executable.to_string_lossy().into_owned();
    let scene = Scene::empty();
    std::fs::File::create(&scene.file).unwrap().set_len(8 << 30).unwrap();
    let start = std::time::Instant::now();
    let output = run(&["--json", "--python", &python, "--loader", "pickle"], &scene.file);
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(record["outcome"], "failed", "{record:#}");
    let output = run(&["--python", &python], scene.folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

#[test]
fn how_many_processes_may_be_made_is_an_option() {
    let Some(python) = python() else { return };
    let python = python.interpreter.executable.to_string_lossy().into_owned();
    let scene = Scene::new(
        "
import os
made = 0
for _ in range(12):
    try:
        if os.fork() == 0: os._exit(0)
        made += 1
    except BlockingIOError:
        pass
print('made', made)
",
    );
    for (asked, made) in [(None, 8), (Some("0"), 0), (Some("3"), 3), (Some("64"), 12)] {
        let option = asked.map(|count| ["--processes", count]);
        let mut arguments = vec!["--json", "--python", &python];
        arguments.extend(option.iter().flatten());
        let output = run(&arguments, &scene.file);
        let record: Value = serde_json::from_slice(&output.stdout).unwrap();
        let said = record["output"].as_str().unwrap();
        assert!(said.contains(&format!("made {made}\\n")), "{asked:?}: {record:#}");
        let events = record["events"].as_array().unwrap();
        let refused: u64 = events
            .iter()
            .filter(|event| event["kind"] == "process-limit")
            .map(|event| {
                assert_eq!(event["detail"]["limit"], made);
                assert_eq!(event["stopped_by"], "limit");
                event["times"].as_u64().unwrap_or(1)
            })
            .sum();
        assert_eq!(refused, 12 - made, "{asked:?}: {record:#}");
    }
    assert_eq!(run(&["--processes", "65"], &scene.file).status.code(), Some(2));
}
