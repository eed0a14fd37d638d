//! `os.chmod`: a private key that everybody may read.

use super::*;
use crate::pickle::Op;

/// The mode of a key is changed.
pub const ATTACK: Attack = Attack {
    id: "file-chmod",
    title: "a private key is opened to all by os.chmod",
    summary: "The pickle gives a private key the mode 0666. Every other user of the machine \
              can then read and replace it, and ssh refuses to use it.",
    severity: Severity::Medium,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::LINUX_AND_MAC_FILE_AND_DIRECTORY_PERMISSIONS_MODIFICATION,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 732],
    references: &[Reference {
        title: "Python documentation: os.chmod",
        url: "https://docs.python.org/3/library/os.html#os.chmod",
    }],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Changed(KEY)],
        policy: &[Evidence { kind: EventKind::FileChange, text: KEY }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let path = scene.path(KEY);
    payload::file(ATTACK.id, target, |assembler| {
        assembler.global("posix", "chmod").text(&path).int(0o666).op(Op::Tuple2).op(Op::Reduce);
    })
}
