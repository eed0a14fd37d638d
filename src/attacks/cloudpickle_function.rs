//! A function that is put together from its source while loading.

use super::*;

use crate::pickle::Op;

/// cloudpickle makes a function, and the pickle calls it.
pub const ATTACK: Attack = Attack {
    id: "cloudpickle-function",
    title: "a function rebuilt by cloudpickle",
    summary: "Files of cloudpickle rebuild functions from code. This one lets builtins.compile \
              make the code, so that it fits every version of Python, has cloudpickle make a \
              function of it, and calls that. Lists of safe names that know cloudpickle let it \
              pass.",
    severity: Severity::Critical,
    targets: Targets::PythonWith(&[Loader::Pickle, Loader::Joblib], "cloudpickle"),
    techniques: &[techniques::PYTHON, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 94],
    references: &[Reference {
        title: "cloudpickle: security notice",
        url: "https://github.com/cloudpipe/cloudpickle",
    }],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Created("fallen.txt")],
        policy: &[Evidence { kind: EventKind::FileWrite, text: "fallen.txt" }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let path = payload::quoted(&scene.path("fallen.txt"));
    let source = format!("with open({path}, 'w') as file:\n    file.write('fallen')\n");
    payload::file(ATTACK.id, target, |assembler| {
        assembler.global("cloudpickle.cloudpickle", "_make_function").op(Op::Mark);
        assembler.global("builtins", "compile").text(&source).text("<model>").text("exec");
        assembler.op(Op::Tuple3).op(Op::Reduce).op(Op::EmptyDict).text("predict");
        assembler.op(Op::None).op(Op::None).op(Op::Tuple).op(Op::Reduce);
        assembler.op(Op::EmptyTuple).op(Op::Reduce);
    })
}
