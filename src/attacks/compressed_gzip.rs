//! A payload inside gzip, where nobody who looks for opcodes finds them.

use super::*;

use super::payload::Compression;

/// `subprocess.getoutput` behind one layer of gzip.
pub const ATTACK: Attack = Attack {
    id: "compressed-gzip",
    title: "a payload compressed with gzip",
    summary: "joblib recognizes gzip by the first bytes and loads what is inside. A scanner that \
              reads the file as it lies there sees neither an opcode nor the name \
              subprocess.getoutput.",
    severity: Severity::Critical,
    targets: Targets::Python(&[Loader::Joblib]),
    techniques: &[
        techniques::UNIX_SHELL,
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
    payload::compressed(ATTACK.id, target, Compression::Gzip, |assembler| {
        payload::call(assembler, "subprocess", "getoutput", &command);
    })
}
