//! `pathlib.Path.read_text`: a private key becomes a part of the model.

use super::*;
use crate::pickle::Op;

/// A key is read into the loaded object.
pub const ATTACK: Attack = Attack {
    id: "private-key-read",
    title: "a private key inside the loaded model",
    summary: "The pickle reads a private key while it is loaded and keeps the text where a \
              number should be. When the model is saved and shared again, the key goes with \
              it, and nothing ever spoke to the network.",
    severity: Severity::High,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::PRIVATE_KEYS,
        techniques::DATA_FROM_LOCAL_SYSTEM,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 522],
    references: &[
        Reference {
            title: "PyTorch: the compromised dependency torchtriton",
            url: "https://pytorch.org/blog/compromised-nightly-dependency/",
        },
        Reference {
            title: "Python documentation: Path.read_text",
            url: "https://docs.python.org/3/library/pathlib.html#pathlib.Path.read_text",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Happened(EventKind::FileRead, KEY), Sign::Ended(Outcome::Loaded)],
        policy: &[Evidence { kind: EventKind::FileRead, text: KEY }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let path = scene.path(KEY);
    payload::file(ATTACK.id, target, |assembler| {
        assembler.text("pathlib").text("Path.read_text").op(Op::StackGlobal);
        payload::call(assembler, "pathlib", "PosixPath", &path);
        assembler.op(Op::Tuple1).op(Op::Reduce);
    })
}
