//! Ways around it that were found, and are closed.

use deadweight::base::detonation::{Detonation, EventKind, Outcome};
use deadweight::sandbox;

use crate::support::{Scene, attempt, detonate, helper, python, request};

/// Calls by number, for the machines that the policy is written for.
const CALLS: &str = "
import ctypes, os
library = ctypes.CDLL(None, use_errno=True)
intel = os.uname().machine == 'x86_64'
def call(name, *arguments):
    number = {'clone': (56, 220), 'openat2': (437, 437)}[name][0 if intel else 1]
    result = library.syscall(number, *arguments)
    print(name, result, ctypes.get_errno())
    return result
";

fn load(code: &str) -> Option<Detonation> {
    let python = python()?;
    let scene = Scene::new(&format!("{CALLS}{code}"));
    let detonation = detonate(python, &scene);
    assert_eq!(detonation.outcome, Outcome::Loaded, "{detonation:#?}");
    Some(detonation)
}

#[test]
fn clone_makes_no_namespaces() {
    // CLONE_NEWUSER | SIGCHLD: the new process would have every capability in there.
    let Some(detonation) = load("call('clone', 0x10000011, 0, 0, 0, 0)\n") else { return };
    let event = attempt(&detonation, EventKind::Mount);
    assert!(event.denied && event.mentions("clone"), "{event:?}");
    assert!(detonation.output.contains("clone -1 1"), "{}", detonation.output);
}

#[test]
fn options_of_sockets_do_not_speak_to_the_network() {
    let Some(detonation) = load(
        "
import socket
packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try:
    packets.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, bytes([224, 1, 2, 3, 0, 0, 0, 0]))
except OSError as error:
    print('membership', error.errno)
packets.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
",
    ) else {
        return;
    };
    let event = attempt(&detonation, EventKind::Socket);
    assert!(event.denied && event.mentions("35"), "{event:?}");
    assert!(detonation.output.contains("membership 1"), "{}", detonation.output);
    assert_eq!(detonation.armed_events, 1);
}

#[test]
fn flags_that_lie_in_memory_are_not_trusted() {
    let Some(detonation) = load(
        "
how = (ctypes.c_uint64 * 3)(0, 0, 0)
call('openat2', -100, b'/usr/lib/os-release', how, 24)
how[0] = 0o101
call('openat2', -100, b'/tmp/made', how, 24)
",
    ) else {
        return;
    };
    assert!(attempt(&detonation, EventKind::FileRead).denied);
    assert!(attempt(&detonation, EventKind::FileWrite).mentions("/tmp/made"));
    assert!(!detonation.output.contains("openat2 3"), "{}", detonation.output);
}

#[test]
fn a_link_that_leads_out_is_evidence() {
    use std::os::unix::fs::symlink;
    let Some(python) = python() else { return };
    let scene = Scene::new("print(open(D + '/shown/link').read())\n");
    std::fs::create_dir(scene.path("shown")).unwrap();
    std::fs::write(scene.path("secret"), "forbidden content").unwrap();
    symlink(scene.path("secret"), scene.path("shown/link")).unwrap();
    for without_namespaces in [false, true] {
        let mut request = request(python, &scene.file);
        request.program.readable.push(scene.path("shown"));
        request.without_namespaces = without_namespaces;
        let detonation = sandbox::detonate(helper(), &request);
        assert_eq!(detonation.outcome, Outcome::Failed, "{detonation:#?}");
        let event = attempt(&detonation, EventKind::FileRead);
        assert!(event.denied && event.mentions("shown/link"), "{event:?}");
        assert!(!detonation.output.contains("forbidden content"));
    }
}

#[test]
fn dots_behind_a_link_are_followed_as_the_kernel_does() {
    use std::os::unix::fs::symlink;
    let Some(python) = python() else { return };
    let scene = Scene::new("import os\nos.stat(D + '/shown/link/../secret')\n");
    let opening = Scene::new("print(open(D + '/shown/link/../secret').read())\n");
    for (scene, kind) in [(scene, EventKind::Probe), (opening, EventKind::FileRead)] {
        std::fs::create_dir(scene.path("shown")).unwrap();
        std::fs::create_dir_all(scene.path("far/away")).unwrap();
        std::fs::write(scene.path("far/secret"), "forbidden content").unwrap();
        symlink(scene.path("far/away"), scene.path("shown/link")).unwrap();
        for without_namespaces in [false, true] {
            let mut request = request(python, &scene.file);
            request.program.readable.push(scene.path("shown"));
            request.without_namespaces = without_namespaces;
            let detonation = sandbox::detonate(helper(), &request);
            // By its text it would be the file shown/secret, which may be read.
            let event = attempt(&detonation, kind);
            assert!(event.mentions("far/secret"), "{event:?}");
            assert!(!detonation.output.contains("forbidden content"));
        }
    }
}

#[test]
fn no_library_is_mapped_while_another_thread_could_put_a_file_in_its_place() {
    let Some(detonation) = load(
        "
import _ctypes, threading
library.mmap.restype = ctypes.c_void_p
def mapped():
    descriptor = os.open(_ctypes.__file__, os.O_RDONLY)
    # PROT_READ | PROT_EXEC, MAP_PRIVATE
    address = library.mmap(None, ctypes.c_size_t(4096), 5, 2, descriptor, ctypes.c_long(0))
    os.close(descriptor)
    return address != ctypes.c_void_p(-1).value
print('alone', mapped())
end = threading.Event()
thread = threading.Thread(target=end.wait)
thread.start()
print('beside another', mapped())
end.set()
thread.join()
# CLONE_VM | CLONE_FILES | SIGCHLD: a process with the same descriptors.
call('clone', 0x511, 0, 0, 0, 0)
",
    ) else {
        return;
    };
    let said = &detonation.output;
    assert!(said.contains("alone True") && said.contains("beside another False"), "{said}");
    assert!(said.contains("clone -1 1"), "{said}");
    assert!(attempt(&detonation, EventKind::ExecutableMemory).denied);
}

#[test]
fn sockets_of_other_protocols_and_filters_are_evidence() {
    let Some(detonation) = load(
        "
import socket
for make in (lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132),
             lambda: socket.socket().setsockopt(socket.SOL_SOCKET, 26, bytes(16))):
    try:
        make()
    except OSError as error:
        print('denied', error.errno)
",
    ) else {
        return;
    };
    assert!(detonation.output.contains("denied 1\\ndenied 1"), "{}", detonation.output);
    assert_eq!(detonation.armed_events, 2, "{detonation:#?}");
}

#[test]
fn threads_are_counted() {
    let Some(python) = python() else { return };
    let scene = Scene::new(
        "
import threading, time
made, end = 0, threading.Event()
threading.stack_size(64 << 10)
try:
    for _ in range(1000):
        threading.Thread(target=end.wait, daemon=True).start()
        made += 1
except RuntimeError as error:
    print(error)
end.set()
print('made', made)
",
    );
    let detonation = detonate(python, &scene);
    let limit = attempt(&detonation, EventKind::ProcessLimit);
    assert_eq!(limit.stopped_by.as_deref(), Some("limit"));
    assert!(detonation.output.contains("made 128"), "{}", detonation.output);
}

#[test]
fn exec_with_long_arguments_cannot_make_the_record_too_long_to_be_read() {
    let Some(python) = python() else { return };
    let scene = Scene::new(
        "
import os
for at in range(300):
    try:
        os.execv('/bin/true', [str(at)] + [chr(1) * 600] * 70)
    except OSError:
        pass
",
    );
    let mut request = request(python, &scene.file);
    request.limits.listed = 1_000_000;
    let detonation = sandbox::detonate(helper(), &request);
    assert_eq!(detonation.outcome, Outcome::Loaded, "{:?}", detonation.reason);
    assert_eq!(detonation.armed_events, 300);
    let listed = detonation.armed().count() as u64;
    assert_eq!(listed + detonation.omitted[&EventKind::Exec], 300);
    assert!(serde_json::to_vec(&detonation).unwrap().len() < 16 << 20);
}

#[test]
fn a_flood_of_calls_ends_in_time_and_is_counted_in_full() {
    let Some(python) = python() else { return };
    let scene = Scene::new(
        "
import os
for at in range(60000):
    for path in ('/x%d' % at, '/same'):
        try:
            os.unlink(path)
        except OSError:
            pass
",
    );
    let detonation = detonate(python, &scene);
    assert_eq!(detonation.outcome, Outcome::Loaded, "{:?}", detonation.reason);
    assert_eq!(detonation.armed_events, 120_000);
    let told: u64 = detonation.armed().map(|event| event.times.unwrap_or(1)).sum();
    assert_eq!(told + detonation.omitted[&EventKind::FileChange], 120_000);
    let bytes = serde_json::to_vec(&detonation).unwrap().len();
    eprintln!("120,000 calls in {:?} µs, record of {bytes} bytes", detonation.elapsed_micros);
    assert!(bytes < 256 << 10, "{bytes}");
}
