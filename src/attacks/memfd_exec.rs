//! A program that never lies on a disk.

use super::*;

/// A script in memory is executed by its descriptor.
pub const ATTACK: Attack = Attack {
    id: "memfd-exec",
    title: "a program in a file in memory",
    summary: "A file is made in memory, a script is written to it, and a child process executes it \
              through its descriptor. Scanners of disks find nothing.",
    severity: Severity::Critical,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::REFLECTIVE_CODE_LOADING,
        techniques::UNIX_SHELL,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502],
    references: &[
        Reference {
            title: "Python documentation: os.memfd_create",
            url: "https://docs.python.org/3/library/os.html#os.memfd_create",
        },
        Reference {
            title: "Linux manual: memfd_create(2)",
            url: "https://man7.org/linux/man-pages/man2/memfd_create.2.html",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[
            Sign::Changed(CANARY),
            Sign::Happened(EventKind::MemoryFile, "weights"),
            Sign::Happened(EventKind::Exec, "/proc/self/fd/"),
        ],
        policy: &[Evidence { kind: EventKind::MemoryFile, text: "weights" }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let script = payload::quoted(&format!("#!/bin/sh\necho fallen > '{}'\n", scene.path(CANARY)));
    let source = format!(
        "import os
memory = os.memfd_create('weights', 0)
os.write(memory, {script}.encode())
child = os.fork()
if child == 0:
    try:
        os.execve('/proc/self/fd/%d' % memory, ['weights'], {{'PATH': '/bin:/usr/bin'}})
    finally:
        os._exit(1)
os.waitpid(child, 0)
"
    );
    payload::program(ATTACK.id, target, &source)
}
