//! `posix.posix_spawn`, named by STACK_GLOBAL: no `system`, no `subprocess`.

use super::*;
use crate::pickle::Op;

/// A program is spawned and waited for.
pub const ATTACK: Attack = Attack {
    id: "posix-spawn",
    title: "a program by posix_spawn",
    summary: "The pickle calls posix.posix_spawn and then posix.waitpid with the number that \
              it returned. Lists of unsafe names often have os.system and subprocess and \
              forget this one.",
    severity: Severity::Critical,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::NATIVE_API, techniques::UNIX_SHELL, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 78],
    references: &[
        Reference {
            title: "Python documentation: os.posix_spawn",
            url: "https://docs.python.org/3/library/os.html#os.posix_spawn",
        },
        Reference {
            title: "picklescan issue 66: names reached by import and attribute",
            url: "https://github.com/mmaitre314/picklescan/issues/66",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Changed(CANARY), Sign::Happened(EventKind::Exec, "echo fallen")],
        policy: &[
            Evidence { kind: EventKind::Process, text: "" },
            Evidence { kind: EventKind::Exec, text: "echo fallen" },
        ],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let command = format!("echo fallen > '{}'", scene.path(CANARY));
    payload::file(ATTACK.id, target, |assembler| {
        assembler.text("posix").text("waitpid").op(Op::StackGlobal);
        assembler.text("posix").text("posix_spawn").op(Op::StackGlobal);
        assembler.text("/bin/sh").op(Op::EmptyList).op(Op::Mark);
        assembler.text("sh").text("-c").text(&command).op(Op::Appends);
        assembler.op(Op::EmptyDict).op(Op::Tuple3).op(Op::Reduce);
        assembler.int(0).op(Op::Tuple2).op(Op::Reduce);
    })
}
