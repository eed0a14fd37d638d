//! A payload inside lzma, where nobody who looks for opcodes finds them.

use super::*;

use crate::pickle::Op;

use super::payload::Compression;

/// `os.popen` behind one layer of lzma.
pub const ATTACK: Attack = Attack {
    id: "compressed-lzma",
    title: "a payload compressed with lzma",
    summary: "joblib recognizes lzma by the first bytes and loads what is inside. A scanner that \
              reads the file as it lies there sees neither an opcode nor the name os.popen.",
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
    payload::compressed(ATTACK.id, target, Compression::Lzma, |assembler| {
        // os.popen(command).read(), so that the load waits for the shell.
        assembler.global("_io", "TextIOWrapper.read").global("builtins", "getattr");
        payload::call(assembler, "os", "popen", &command);
        assembler.text("_stream").op(Op::Tuple2).op(Op::Reduce).op(Op::Tuple1).op(Op::Reduce);
    })
}
