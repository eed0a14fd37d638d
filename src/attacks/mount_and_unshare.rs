//! Out of the namespaces, and at what is mounted.

use super::*;

/// Namespaces of its own, and a mount that is asked to change.
pub const ATTACK: Attack = Attack {
    id: "mount-and-unshare",
    title: "unshare and mount",
    summary: "The loader asks for a user and a mount namespace of its own, in which it would be \
              root, and then to change a mount: the first steps out of a container. The directory \
              it names is no mount, so that nothing changes even where it is allowed to.",
    severity: Severity::High,
    targets: Targets::Python(&[Loader::Pickle, Loader::Joblib]),
    techniques: &[techniques::ESCAPE_TO_HOST, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 269],
    references: &[
        Reference {
            title: "Python documentation: ctypes",
            url: "https://docs.python.org/3/library/ctypes.html",
        },
        Reference {
            title: "Linux manual: unshare(2)",
            url: "https://man7.org/linux/man-pages/man2/unshare.2.html",
        },
        Reference { title: "CVE-2022-0185", url: "https://nvd.nist.gov/vuln/detail/CVE-2022-0185" },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[
            Sign::Happened(EventKind::Mount, "unshare"),
            Sign::Happened(EventKind::Mount, PROJECT),
        ],
        policy: &[
            Evidence { kind: EventKind::Mount, text: "unshare" },
            Evidence { kind: EventKind::Mount, text: PROJECT },
        ],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    // CLONE_NEWUSER and CLONE_NEWNS; then MS_REMOUNT, MS_BIND and MS_RDONLY.
    let directory = payload::quoted(&scene.path(PROJECT));
    let source = format!(
        "{}libc('unshare', 0x10020000)\nlibc('mount', None, {directory}.encode(), None, 0x1021, None)\n",
        payload::LIBC
    );
    payload::program(ATTACK.id, target, &source)
}
