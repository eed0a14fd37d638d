//! A queue through which calls are made that no filter of calls sees.

use super::*;

use crate::pickle::Op;

/// io_uring_setup, and nothing put into the queue.
pub const ATTACK: Attack = Attack {
    id: "io-uring-setup",
    title: "io_uring",
    summary: "The pickle sets up an io_uring. Files and connections that are opened through it do \
              not appear as system calls of their own, so that filters and tracers of system calls \
              miss them. This one sets it up and leaves it empty.",
    severity: Severity::High,
    targets: Targets::Python(&[Loader::Pickle, Loader::Joblib]),
    techniques: &[
        techniques::NATIVE_API,
        techniques::DISABLE_OR_MODIFY_TOOLS,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 693],
    references: &[
        Reference {
            title: "Linux manual: io_uring_setup(2)",
            url: "https://man7.org/linux/man-pages/man2/io_uring_setup.2.html",
        },
        Reference {
            title: "Google Security Blog: Learnings from kCTF VRP, 42 Linux kernel exploits",
            url: "https://security.googleblog.com/2023/06/learnings-from-kctf-vrps-42-linux.html",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Happened(EventKind::IoUring, "")],
        policy: &[Evidence { kind: EventKind::IoUring, text: "" }],
    },
    quick: false,
};

fn build(_: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    payload::file(ATTACK.id, target, |assembler| {
        payload::native(assembler, "syscall", |assembler| {
            // The same number on every machine, eight entries, and 120 bytes of parameters.
            assembler.int(425).int(8);
            assembler.global("builtins", "bytes").int(120).op(Op::Tuple1).op(Op::Reduce);
        });
    })
}
