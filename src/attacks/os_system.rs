//! `os.system` by the one opcode that calls: the first example of every article on pickle.

use super::*;

/// A shell writes a file.
pub const ATTACK: Attack = Attack {
    id: "os-system",
    title: "a shell command by os.system",
    summary: "The pickle names posix.system and calls it with a command line. Whoever loads the file \
              runs the command.",
    severity: Severity::Critical,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::UNIX_SHELL, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502],
    references: &[Reference {
        title: "Python documentation: pickle is not secure",
        url: "https://docs.python.org/3/library/pickle.html",
    }],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Changed(CANARY), Sign::Happened(EventKind::Exec, "echo fallen")],
        policy: &[
            Evidence { kind: EventKind::Process, text: "" },
            Evidence { kind: EventKind::Exec, text: "echo fallen" },
        ],
    },
    quick: true,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let command = format!("echo fallen > '{}'", scene.path(CANARY));
    payload::file(ATTACK.id, target, |assembler| {
        payload::call(assembler, "posix", "system", &command);
    })
}
