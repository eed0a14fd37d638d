//! `pty.spawn`, by the opcode INST of protocol 0: a shell that believes it has a terminal.

use super::*;
use crate::pickle::{Argument, Op};

/// A program runs in a new terminal.
pub const ATTACK: Attack = Attack {
    id: "pty-spawn",
    title: "a program in a terminal by pty.spawn",
    summary: "The pickle calls pty.spawn, which opens a pseudo-terminal and runs a program \
              in it; reverse shells use it to be interactive. For some years scanners did \
              not have pty on their lists.",
    severity: Severity::Critical,
    targets: Targets::Python(Loader::ALL),
    techniques: &[techniques::UNIX_SHELL, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 78],
    references: &[
        Reference {
            title: "fickling pull request 108: pty is an unsafe import",
            url: "https://github.com/trailofbits/fickling/pull/108",
        },
        Reference {
            title: "Python documentation: pty",
            url: "https://docs.python.org/3/library/pty.html",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Changed(CANARY), Sign::Happened(EventKind::Exec, "echo fallen")],
        policy: &[Evidence { kind: EventKind::FileWrite, text: "/dev/ptmx" }],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let command = format!("echo fallen > '{}'", scene.path(CANARY));
    payload::file(ATTACK.id, target, |assembler| {
        assembler.op(Op::Mark).op(Op::EmptyList).op(Op::Mark);
        assembler.text("/bin/sh").text("-c").text(&command).op(Op::Appends);
        assembler.write(Op::Inst, &Argument::Pair("pty", "spawn"));
    })
}
