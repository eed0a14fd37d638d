//! `os.replace`: a file is where it was no longer.

use super::*;
use crate::pickle::Op;

/// A file is renamed.
pub const ATTACK: Attack = Attack {
    id: "file-rename",
    title: "a file is renamed by os.replace",
    summary: "The pickle renames a file, as programs that ask for ransom do with each file \
              that they have locked. The same call puts a file of the attacker's in the \
              place of a good one.",
    severity: Severity::High,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::STORED_DATA_MANIPULATION, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 73],
    references: &[Reference {
        title: "Python documentation: os.replace",
        url: "https://docs.python.org/3/library/os.html#os.replace",
    }],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Deleted(CANARY), Sign::Created("canary.txt.locked")],
        policy: &[Evidence { kind: EventKind::FileChange, text: "canary.txt.locked" }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let (path, locked) = (scene.path(CANARY), scene.path("canary.txt.locked"));
    payload::file(ATTACK.id, target, |assembler| {
        assembler.text("os").text("replace").op(Op::StackGlobal);
        assembler.text(&path).text(&locked).op(Op::Tuple2).op(Op::Reduce);
    })
}
