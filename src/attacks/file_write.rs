//! `pathlib.Path.write_text`: a new file, without a shell and without `open`.

use super::*;
use crate::pickle::Op;

/// A file is made.
pub const ATTACK: Attack = Attack {
    id: "file-write",
    title: "a new file by pathlib",
    summary: "The pickle makes a path and calls write_text of its class by a dotted name. \
              What is written could be a job for cron, an authorized key or a unit of \
              systemd.",
    severity: Severity::High,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::INGRESS_TOOL_TRANSFER, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 73],
    references: &[
        Reference {
            title: "Python documentation: Path.write_text",
            url: "https://docs.python.org/3/library/pathlib.html#pathlib.Path.write_text",
        },
        Reference {
            title: "fickling pull request 210: bypasses found in picklescan",
            url: "https://github.com/trailofbits/fickling/pull/210",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Created("job.sh")],
        policy: &[Evidence { kind: EventKind::FileWrite, text: "job.sh" }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let path = scene.path("job.sh");
    payload::file(ATTACK.id, target, |assembler| {
        assembler.text("pathlib").text("Path.write_text").op(Op::StackGlobal);
        payload::call(assembler, "pathlib", "PosixPath", &path);
        assembler.text("echo fallen\n").op(Op::Tuple2).op(Op::Reduce);
    })
}
