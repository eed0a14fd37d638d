//! A system call by its number, from opcodes alone: no name in the file says what is done.

use super::*;

/// The canary is removed without a word about removing.
pub const ATTACK: Attack = Attack {
    id: "raw-system-call",
    title: "a raw system call",
    summary: "The pickle looks up syscall in the C library and calls it with the number of \
              unlinkat. Names such as os.remove, which scanners and audit hooks watch for, do not \
              occur.",
    severity: Severity::High,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::NATIVE_API,
        techniques::FILE_DELETION,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 693],
    references: &[
        Reference {
            title: "Python documentation: ctypes",
            url: "https://docs.python.org/3/library/ctypes.html",
        },
        Reference {
            title: "Linux manual: syscall(2)",
            url: "https://man7.org/linux/man-pages/man2/syscall.2.html",
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
    let canary = scene.path(CANARY);
    payload::file(ATTACK.id, target, |assembler| {
        payload::native(assembler, "syscall", |assembler| {
            payload::call_number(assembler, 263, 35);
            // AT_FDCWD, which an absolute path makes no use of.
            assembler.int(-100).bytes(canary.as_bytes()).int(0);
        });
    })
}
