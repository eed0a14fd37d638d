//! Every attack of the registry, really loaded: let loose in an aquarium, and under the policy.
//!
//! Needs a CPython on the search path. Attacks by packages are tried where an environment with them
//! is ready, and are counted as not tried elsewhere.

use std::path::Path;
use std::process::Command;

use deadweight::attacks::registry::{ATTACKS, find};
use deadweight::attacks::{Attack, Loader};
use deadweight::base::Storage;
use deadweight::base::trial::{DemoRecord, Verdict};
use deadweight::demo::{self, LoaderPython, Options};
use deadweight::peers::provision::home;
use deadweight::peers::python::{self, Choice};
use deadweight::sandbox::Support;

const BINARY: &str = env!("CARGO_BIN_EXE_deadweight");

/// An interpreter: one with the packages, else any.
fn interpreter() -> LoaderPython {
    match python::find(&Choice::Ready, &home(), &|_| ()) {
        Ok(python) => LoaderPython::ask(&python.executable),
        Err(_) => LoaderPython::of_search_path(),
    }
    .expect("these tests need a CPython 3: install python3")
}

/// False where the kernel cannot supervise; said aloud, so that it is no silent success.
fn is_supported() -> bool {
    let missing = Support::of_this_system().missing;
    if !missing.is_empty() {
        eprintln!("not tried: {}", missing.join("; "));
    }
    missing.is_empty()
}

fn run(attacks: Vec<&'static Attack>, python: LoaderPython) -> DemoRecord {
    let options = Options {
        helper: BINARY.into(),
        python: Ok(python),
        attacks,
        every_loader: false,
        without_namespaces: false,
        stop: None,
    };
    demo::run(&options, &mut |_, _| {}, &mut |_| {}).unwrap()
}

/// True when the interpreter has what the attack needs.
fn can_load(attack: &Attack, python: &LoaderPython) -> bool {
    let loader = attack.first_loader();
    loader.is_none_or(|loader| python.lacks(loader).is_none())
        && attack.package().is_none_or(|package| python.lacks_package(package).is_none())
}

#[test]
fn every_attack_is_seen_let_loose_and_stopped_under_the_policy() {
    if !is_supported() {
        return;
    }
    let python = interpreter();
    let attacks = ATTACKS.iter().copied().filter(|attack| attack.is_executable());
    let (tried, left): (Vec<&'static Attack>, Vec<&'static Attack>) =
        attacks.partition(|attack| can_load(attack, &python));
    for attack in left {
        eprintln!("not tried for want of a package: {}", attack.id);
    }
    let record = run(tried, python);
    let wrong: Vec<String> = record
        .trials
        .iter()
        .filter(|trial| trial.verdict != Verdict::Stopped)
        .map(|trial| format!("{} by {}: {:?}", trial.attack, trial.target, trial.verdict))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
    assert!(
        record.trials.len() >= 35,
        "{} attacks need the standard library alone",
        record.trials.len()
    );
}

#[test]
fn every_attack_on_data_is_refused_or_stays_data_without_one_attempt() {
    if !is_supported() {
        return;
    }
    let attacks = ATTACKS.iter().copied().filter(|attack| !attack.is_executable()).collect();
    let record = run(attacks, interpreter());
    for trial in &record.trials {
        let quiet = matches!(trial.verdict, Verdict::Refused { .. } | Verdict::Inert);
        assert!(quiet, "{} on {}: {:?}", trial.attack, trial.target, trial.verdict);
        assert_eq!(trial.policy.as_ref().unwrap().armed_events, 0);
    }
    for format in demo::format_ids() {
        assert!(record.trials.iter().any(|trial| trial.target == format), "{format}");
    }
}

/// What is judged must be able to fail: an attack that promises what it does not do is found out.
#[test]
fn an_attack_that_does_not_do_what_it_says_is_wrong() {
    if !is_supported() {
        return;
    }
    let honest = find("os-system").unwrap();
    let liar: &'static Attack =
        Box::leak(Box::new(Attack { expected: find("fork-bomb").unwrap().expected, ..*honest }));
    let record = run(vec![liar], interpreter());
    assert!(record.trials[0].verdict.is_failure(), "{:?}", record.trials[0].verdict);
    assert!(!record.is_complete());
}

#[test]
fn the_twin_of_a_plain_pickle_carries_its_payload() {
    if !is_supported() {
        return;
    }
    let python = interpreter();
    let made = Command::new(&python.interpreter.executable)
        .args([
            "-I",
            "-c",
            "import pickle, sys; sys.stdout.buffer.write(pickle.dumps({'coef': [1.5, 2.5]}))",
        ])
        .output()
        .unwrap();
    let options = Options {
        helper: BINARY.into(),
        python: Ok(python),
        attacks: Vec::new(),
        every_loader: false,
        without_namespaces: false,
        stop: None,
    };
    let file = Storage::adopt(made.stdout);
    let twin = demo::twin::run(&options, Path::new("model.pkl"), &file).unwrap();
    assert_eq!(twin.problems, Vec::<String>::new());
    assert!(twin.reader.contains("exec"), "{}", twin.reader);
    // A dict does not predict, which is said and not made up.
    assert_eq!((twin.rows, twin.poisoned_equal), (None, None));
    // Nor is there anything to tell an accuracy by.
    assert_eq!(twin.accuracy_not_measured.as_deref(), Some("no labels"));
}

#[test]
fn loaders_that_lack_their_package_say_so() {
    let mut python = interpreter();
    python.packages.clear();
    assert_eq!(python.lacks(Loader::Pickle), None);
    assert!(python.lacks(Loader::Joblib).unwrap().contains("joblib"));
}
