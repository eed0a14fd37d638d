//! Root and ordinary users, with and without namespaces.

use std::path::{Path, PathBuf};

use deadweight::base::detonation::{Detonation, EventKind, Outcome, Strength};
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
    // In a user namespace where none can be made below it, without a capability to make the others.
    let starter = scene.wrapper(&format!(
        "#!/bin/sh
exec {user} unshare --user --map-root-user sh -c '
echo 0 > /proc/sys/user/max_user_namespaces || exit 1
exec setpriv --bounding-set=-all --inh-caps=-all {{}} \"$@\"' sh \"$@\"
"
    ));
    if !works(&starter) {
        return not_tested("user namespaces cannot be forbidden here");
    }
    let detonation = sandbox::detonate(&starter, &request(&python, &scene.file));
    stopped(&detonation, &scene, Strength::None);
    let note = detonation.notes.join(" ");
    assert!(note.contains("no namespaces: clone"), "{note}");
}
