//! Doing nothing for longer than anybody waits.

use super::*;

use crate::pickle::Op;

/// A minute of sleep.
pub const ATTACK: Attack = Attack {
    id: "sleep-past-limit",
    title: "sleep",
    summary: "Loading sleeps for a minute, by one call of time.sleep: whoever watches for a few \
              seconds sees nothing, and a service that loads models has one worker less.",
    severity: Severity::Low,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::TIME_BASED_EVASION,
        techniques::ENDPOINT_DENIAL_OF_SERVICE,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 400],
    references: &[Reference {
        title: "Python documentation: time.sleep",
        url: "https://docs.python.org/3/library/time.html#time.sleep",
    }],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Ended(Outcome::TimedOut)],
        policy: &[Evidence { kind: EventKind::TimeLimit, text: "" }],
    },
    quick: false,
};

fn build(_: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    payload::file(ATTACK.id, target, |assembler| {
        assembler.global("time", "sleep").int(60).op(Op::Tuple1).op(Op::Reduce);
    })
}
