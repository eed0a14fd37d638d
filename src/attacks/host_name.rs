//! Asks what this computer is called, for which no file is opened.

use super::*;

/// The name of the host.
pub const ATTACK: Attack = Attack {
    id: "host-name",
    title: "the name of the host, and which system it runs",
    summary: "The pickle asks the kernel what this computer is called: the name tells whose it is, \
              what it is for, and whether a researcher is watching. uname() takes no path, which \
              leaves Landlock no say, and harmless programs call it, so that seccomp lets it through: \
              a namespace with a name of its own keeps the answer from the file. What it learns it \
              writes down.",
    severity: Severity::Low,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::SYSTEM_INFORMATION_DISCOVERY, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 497],
    references: &[
        Reference {
            title: "Linux manual: uts_namespaces(7)",
            url: "https://man7.org/linux/man-pages/man7/uts_namespaces.7.html",
        },
        Reference {
            title: "Python documentation: os.uname",
            url: "https://docs.python.org/3/library/os.html#os.uname",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Created("host.txt")],
        policy: &[Evidence { kind: EventKind::FileWrite, text: "host.txt" }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let notes = payload::quoted(&scene.path("host.txt"));
    let source = format!(
        "import os
host = os.uname()
print('host', host.nodename)
try:
    with open({notes}, 'w') as file:
        file.write(' '.join(host))
except OSError:
    pass
"
    );
    payload::program(ATTACK.id, target, &source)
}
