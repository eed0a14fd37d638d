//! Root and ordinary users, with and without namespaces.

use std::path::{Path, PathBuf};
use std::process::Command;

use deadweight::base::detonation::{Detonation, EventKind, Outcome, Strength};
use deadweight::base::trial::{DemoRecord, Verdict};
use deadweight::peers::provision::home;
use deadweight::peers::python::{Choice, find};
use deadweight::sandbox;

use crate::support::{Scene, attempt, helper, is_root, not_tested, python, request, system_python};

const CODE: &str = "import os\nos.system('touch ' + D + '/harm')\n";
/// Becomes an ordinary user.
const ORDINARY: &str = "setpriv --reuid=65534 --regid=65534 --clear-groups";

fn stopped(detonation: &Detonation, scene: &Scene, namespaces: Strength) {
    assert_eq!(detonation.outcome, Outcome::Loaded, "{detonation:#?}");
    let exec = attempt(detonation, EventKind::Exec);
    assert!(exec.denied && exec.mentions("touch"), "{exec:?}");
    assert!(!scene.path("harm").exists());
    assert_eq!(detonation.layers["namespaces"], namespaces, "{:?}", detonation.notes);
    assert_eq!(detonation.layers["private-root"], namespaces, "{:?}", detonation.notes);
    assert_eq!(detonation.layers["seccomp"], Strength::Full);
    assert_ne!(detonation.layers["landlock"], Strength::None);
}

/// Where everybody may write, so that nothing but the sandbox keeps the attack from it.
fn open_scene() -> Scene {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new(CODE);
    let mode = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(scene.folder.path(), mode).unwrap();
    scene
}

/// In a user namespace where none can be made below it, without a capability to make the others.
fn without_user_namespaces(user: &str) -> String {
    format!(
        "#!/bin/sh
exec {user} unshare --user --map-root-user sh -c '
echo 0 > /proc/sys/user/max_user_namespaces || exit 1
exec setpriv --bounding-set=-all --inh-caps=-all {{}} \"$@\"' sh \"$@\"
"
    )
}

fn starter(scene: &Scene) -> PathBuf {
    match is_root() {
        true => scene.wrapper(&format!("#!/bin/sh\nexec {ORDINARY} {{}} \"$@\"\n")),
        false => helper().into(),
    }
}

fn works(helper: &Path) -> bool {
    std::process::Command::new(helper).arg("--version").output().is_ok_and(|o| o.status.success())
}

#[test]
fn the_user_who_tests_is_protected_with_and_without_namespaces() {
    let Some(python) = python() else { return };
    let scene = open_scene();
    let mut request = request(python, &scene.file);
    stopped(&sandbox::detonate(helper(), &request), &scene, Strength::Full);
    request.without_namespaces = true;
    stopped(&sandbox::detonate(helper(), &request), &scene, Strength::None);
}

#[test]
fn an_ordinary_user_is_protected_with_and_without_namespaces() {
    let Some(python) = system_python() else { return };
    let scene = open_scene();
    let starter = starter(&scene);
    if !works(&starter) {
        return not_tested("setpriv does not make an ordinary user");
    }
    let mut request = request(&python, &scene.file);
    stopped(&sandbox::detonate(&starter, &request), &scene, Strength::Full);
    request.without_namespaces = true;
    stopped(&sandbox::detonate(&starter, &request), &scene, Strength::None);
}

#[test]
fn a_user_who_may_make_no_namespaces_is_protected() {
    let Some(python) = system_python() else { return };
    let scene = open_scene();
    let user = if is_root() { ORDINARY } else { "env" };
    let starter = scene.wrapper(&without_user_namespaces(user));
    if !works(&starter) {
        return not_tested("user namespaces cannot be forbidden here");
    }
    let detonation = sandbox::detonate(&starter, &request(&python, &scene.file));
    stopped(&detonation, &scene, Strength::None);
    let note = detonation.notes.join(" ");
    assert!(note.contains("no namespaces: clone"), "{note}");
}

/// An interpreter that this user can start: one with the packages, else that of the system.
fn interpreter(user: &str) -> Option<String> {
    let ready = find(&Choice::Ready, &home(), &|_| ()).ok().map(|python| python.executable);
    let candidates = ready.into_iter().chain([PathBuf::from("/usr/bin/python3")]);
    let mut names = candidates.map(|path| path.to_string_lossy().into_owned());
    names.find(|name| {
        // By a program in between: setpriv itself still has root's rights when it looks for one.
        let question = format!("exec {user} sh -c \"'{name}' -I -c 'import pickle'\"");
        Command::new("sh").args(["-c", &question]).output().is_ok_and(|o| o.status.success())
    })
}

/// Tries every attack of the registry with every loader; `seen` where an aquarium is to be had.
fn every_attack(user: &str, script: &str, seen: bool) {
    if python().is_none() {
        return;
    }
    let Some(python) = interpreter(user) else {
        return not_tested(&format!("no python3 can be started by: {user}"));
    };
    let scene = open_scene();
    let starter = scene.wrapper(script);
    if !works(&starter) {
        return not_tested(&format!("it cannot be started so: {script}"));
    }
    let output = Command::new(&starter)
        .args(["demo", "--json", "--every-loader", "--python", &python])
        .env("TMPDIR", scene.folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let record: DemoRecord =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    let (mut tried, mut lacking) = (0, Vec::new());
    for trial in &record.trials {
        let right = match &trial.verdict {
            Verdict::Stopped => seen,
            Verdict::StoppedUnseen { .. } => !seen,
            Verdict::Refused { .. } | Verdict::Inert => !trial.executable,
            Verdict::NotRun { reason } => {
                lacking.push(format!("{} by {}: {reason}", trial.attack, trial.target));
                reason.contains("is not installed in")
            }
            Verdict::Failed { .. } => false,
        };
        assert!(right, "{} by {}: {:?}", trial.attack, trial.target, trial.verdict);
        tried += usize::from(!matches!(trial.verdict, Verdict::NotRun { .. }));
    }
    eprintln!("{}, {python}: {tried} trials; not tried: {lacking:#?}", record.user);
    // For pickle and torch-zip, and the data-only formats: what no package is needed for.
    assert!(tried > 200, "{tried}");
}

#[test]
#[ignore = "takes minutes: every attack with every loader"]
fn every_attack_is_stopped_for_the_user_who_tests() {
    every_attack("env", "#!/bin/sh\nexec {} \"$@\"\n", true);
}

#[test]
#[ignore = "takes minutes: every attack with every loader"]
fn every_attack_is_stopped_for_an_ordinary_user() {
    let user = if is_root() { ORDINARY } else { "env" };
    every_attack(user, &format!("#!/bin/sh\nexec {user} {{}} \"$@\"\n"), true);
}

#[test]
#[ignore = "takes minutes: every attack with every loader"]
fn every_attack_is_stopped_for_a_user_who_may_make_no_namespaces() {
    let user = if is_root() { ORDINARY } else { "env" };
    every_attack(user, &without_user_namespaces(user), false);
}
