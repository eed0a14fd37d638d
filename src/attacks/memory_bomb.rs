//! A few bytes that become gigabytes.

use super::*;

use crate::pickle::Op;

/// Eight times `bytes(2 ** 30)`.
pub const ATTACK: Attack = Attack {
    id: "memory-bomb",
    title: "a memory bomb",
    summary: "A file of a few hundred bytes asks for eight gigabytes, by nothing but \
              builtins.bytes with a great number. The memory is reserved and not touched.",
    severity: Severity::Medium,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::ENDPOINT_DENIAL_OF_SERVICE, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 400, 789],
    references: &[
        Reference {
            title: "Python documentation: pickle is not secure",
            url: "https://docs.python.org/3/library/pickle.html",
        },
        Reference {
            title: "Python documentation: bytes",
            url: "https://docs.python.org/3/library/stdtypes.html#bytes",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[
            Sign::Happened(EventKind::LargeAllocation, ""),
            // It took what it was given, up to the limit, and failed for want of more.
            Sign::Ended(Outcome::Failed),
        ],
        policy: &[Evidence { kind: EventKind::LargeAllocation, text: "" }],
    },
    quick: true,
};

fn build(_: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    payload::file(ATTACK.id, target, |assembler| {
        assembler.op(Op::EmptyList).op(Op::Mark);
        for _ in 0..8 {
            assembler.global("builtins", "bytes").int(1 << 30).op(Op::Tuple1).op(Op::Reduce);
        }
        assembler.op(Op::Appends);
    })
}
