//! Code that waits until the interpreter ends.

use super::*;

use crate::pickle::Op;

/// The canary is removed when Python exits.
pub const ATTACK: Attack = Attack {
    id: "atexit-payload",
    title: "a payload that runs at exit",
    summary: "The pickle registers a function with atexit. While the model is loaded, and used, \
              nothing happens; the file is removed when the interpreter exits, after every check \
              of the load is done.",
    severity: Severity::High,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::FILE_DELETION,
        techniques::DATA_DESTRUCTION,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502],
    references: &[Reference {
        title: "Python documentation: atexit",
        url: "https://docs.python.org/3/library/atexit.html",
    }],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Deleted(CANARY)],
        policy: &[Evidence { kind: EventKind::FileChange, text: CANARY }],
    },
    quick: true,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let canary = scene.path(CANARY);
    payload::file(ATTACK.id, target, |assembler| {
        assembler.global("atexit", "register").global("posix", "unlink").text(&canary);
        assembler.op(Op::Tuple2).op(Op::Reduce);
    })
}
