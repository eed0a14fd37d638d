//! A signal to whoever started the loader.

use super::*;

use crate::pickle::Op;

/// SIGTERM for the parent.
pub const ATTACK: Attack = Attack {
    id: "signal-parent",
    title: "a signal to the parent process",
    summary: "The process that started the loader, perhaps the one that watches it, is asked to \
              end.",
    severity: Severity::Medium,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::DISABLE_OR_MODIFY_TOOLS,
        techniques::SERVICE_STOP,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502],
    references: &[
        Reference {
            title: "Python documentation: os.kill",
            url: "https://docs.python.org/3/library/os.html#os.kill",
        },
        Reference {
            title: "Linux manual: kill(2)",
            url: "https://man7.org/linux/man-pages/man2/kill.2.html",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Happened(EventKind::Signal, "SIGTERM")],
        policy: &[Evidence { kind: EventKind::Signal, text: "SIGTERM" }],
    },
    quick: false,
};

fn build(_: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    payload::file(ATTACK.id, target, |assembler| {
        assembler.global("posix", "kill");
        payload::parent(assembler);
        assembler.int(15).op(Op::Tuple2).op(Op::Reduce);
    })
}
