//! A payload inside xz, where nobody who looks for opcodes finds them.

use super::*;

use crate::pickle::Op;

use super::payload::Compression;

/// `subprocess.call` behind one layer of xz.
pub const ATTACK: Attack = Attack {
    id: "compressed-xz",
    title: "a payload compressed with xz",
    summary: "joblib recognizes xz by the first bytes and loads what is inside. A scanner that \
              reads the file as it lies there sees neither an opcode nor the name subprocess.call.",
    severity: Severity::Critical,
    targets: Targets::Python(&[Loader::Joblib]),
    techniques: &[
        techniques::UNIX_SHELL,
        techniques::OBFUSCATED_FILES_OR_INFORMATION,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 693],
    references: &[
        Reference {
            title: "joblib documentation: persistence",
            url: "https://joblib.readthedocs.io/en/latest/persistence.html",
        },
        Reference {
            title: "ReversingLabs: Malicious ML models discovered on Hugging Face platform",
            url: "https://www.reversinglabs.com/blog/rl-identifies-malware-ml-model-hosted-on-hugging-face",
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
    payload::compressed(ATTACK.id, target, Compression::Xz, |assembler| {
        assembler.op(Op::Mark).global("subprocess", "call").op(Op::EmptyList).op(Op::Mark);
        assembler.text("/bin/sh").text("-c").text(&command).op(Op::Appends);
        // OBJ wants a class, or whatever can be called when there are arguments.
        assembler.op(Op::Obj);
    })
}
