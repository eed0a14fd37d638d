//! `os.symlink` and `os.replace`: a harmless file becomes a way to a secret one.

use super::*;
use crate::pickle::Op;

/// A text file becomes a symbolic link to a key.
pub const ATTACK: Attack = Attack {
    id: "symlink-swap",
    title: "a file is replaced by a symbolic link",
    summary: "The pickle makes a symbolic link to a private key and renames it over a text \
              file. Whatever reads, uploads or backs up the text file next, with more rights \
              maybe, handles the key.",
    severity: Severity::High,
    targets: Targets::Python(&[Loader::Pickle, Loader::Joblib]),
    techniques: &[techniques::STORED_DATA_MANIPULATION, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 59],
    references: &[
        Reference {
            title: "Python documentation: os.symlink",
            url: "https://docs.python.org/3/library/os.html#os.symlink",
        },
        Reference {
            title: "CWE-59: link following",
            url: "https://cwe.mitre.org/data/definitions/59.html",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[
            Sign::Changed(CANARY),
            Sign::Happened(EventKind::FileChange, "canary.txt.swap"),
        ],
        policy: &[Evidence { kind: EventKind::FileChange, text: "canary.txt.swap" }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let (key, canary) = (scene.path(KEY), scene.path(CANARY));
    let swap = scene.path("canary.txt.swap");
    payload::file(ATTACK.id, target, |assembler| {
        assembler.global("os", "symlink").text(&key).text(&swap).op(Op::Tuple2).op(Op::Reduce);
        assembler.global("os", "replace").text(&swap).text(&canary).op(Op::Tuple2).op(Op::Reduce);
        assembler.op(Op::Tuple2);
    })
}
