//! `_io.FileIO` and its `write`: a line is added to a file that is there.

use super::*;
use crate::pickle::Op;

/// A file grows by a line.
pub const ATTACK: Attack = Attack {
    id: "file-append",
    title: "a line at the end of a file by _io.FileIO",
    summary: "The pickle opens a file for appending by the class below open, which is not \
              called open, and writes a line. At the end of a shell's start file it would \
              run at the next login.",
    severity: Severity::High,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::UNIX_SHELL_CONFIGURATION_MODIFICATION,
        techniques::STORED_DATA_MANIPULATION,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 73],
    references: &[
        Reference {
            title: "fickling pull request 210: bypasses found in picklescan",
            url: "https://github.com/trailofbits/fickling/pull/210",
        },
        Reference {
            title: "Python documentation: io.FileIO",
            url: "https://docs.python.org/3/library/io.html#io.FileIO",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Changed(CANARY)],
        policy: &[Evidence { kind: EventKind::FileWrite, text: CANARY }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let path = scene.path(CANARY);
    payload::file(ATTACK.id, target, |assembler| {
        assembler.text("_io").text("FileIO.write").op(Op::StackGlobal);
        assembler.global("_io", "FileIO").text(&path).text("a").op(Op::Tuple2).op(Op::Reduce);
        assembler.bytes(b"echo fallen\n").op(Op::Tuple2).op(Op::Reduce);
    })
}
