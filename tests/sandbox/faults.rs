//! Files, programs and systems that are not as they should be: a clear word, and no load.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use deadweight::base::detonation::{Detonation, Outcome};
use deadweight::demo::LoaderPython;
use deadweight::sandbox;

use crate::support::{Scene, attempt, helper, is_root, not_tested, python, request, system_python};

fn refused(detonation: &Detonation, word: &str) {
    assert_eq!(detonation.outcome, Outcome::NotRun, "{detonation:#?}");
    let reason = detonation.reason.as_deref().unwrap_or_default();
    assert!(reason.contains(word), "{reason}");
    assert_eq!(detonation.armed_events, 0);
}

#[test]
fn what_is_no_file_is_not_loaded() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let missing = folder.path().join("missing");
    let cases: [(&Path, &str); 5] = [
        (folder.path(), "a directory"),
        (&fifo, "a FIFO"),
        (&socket, "cannot open the file"),
        (Path::new("/dev/zero"), "a device"),
        (&missing, "cannot open the file: No such file"),
    ];
    for (path, word) in cases {
        let start = Instant::now();
        refused(&sandbox::detonate(helper(), &request(python, path)), word);
        assert!(start.elapsed() < Duration::from_secs(5), "{}", path.display());
    }
}

#[test]
fn an_empty_file_fails_in_the_loader() {
    let Some(python) = python() else { return };
    let file = tempfile::NamedTempFile::new().unwrap();
    let detonation = sandbox::detonate(helper(), &request(python, file.path()));
    assert_eq!(detonation.outcome, Outcome::Failed, "{detonation:#?}");
    assert!(detonation.reason.unwrap().contains("EOFError"));
    assert_eq!(detonation.armed_events, 0);
}

#[test]
fn an_unreadable_file_is_not_loaded() {
    let Some(python) = system_python() else { return };
    let scene = Scene::new("");
    fs::set_permissions(&scene.file, fs::Permissions::from_mode(0o000)).unwrap();
    let starter = match is_root() {
        true => scene.wrapper(
            "#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups {} \"$@\"\n",
        ),
        false => helper().into(),
    };
    refused(&sandbox::detonate(&starter, &request(&python, &scene.file)), "Permission denied");
}

#[test]
fn a_broken_program_does_not_load() {
    let Some(python) = python() else { return };
    let scene = Scene::new("print('loaded, alas')\n");
    let start = |executable: &Path, arguments: &[&str]| {
        let mut request = request(python, &scene.file);
        request.program.executable = executable.into();
        request.program.arguments = arguments.iter().map(|text| (*text).to_owned()).collect();
        request.limits.wall_millis = 2000;
        let start = Instant::now();
        let detonation = sandbox::detonate(helper(), &request);
        assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
        assert!(!detonation.output.contains("alas"));
        detonation
    };
    // A script would need a second program, its interpreter.
    let script = scene.wrapper("#!/bin/sh\nexit 1\n");
    refused(&start(&script, &[]), "did not get ready");
    refused(&start(&scene.path("nowhere"), &[]), "expected a file");
    refused(&start(Path::new("python3"), &[]), "an absolute path");
    refused(&start(scene.folder.path(), &[]), "expected a file");
    let python = &python.interpreter.executable;
    refused(&start(python, &["-I", "-c", "raise SystemExit(1)"]), "exit code 1");
    refused(&start(python, &["-I", "-c", ""]), "exit code 0");
    refused(&start(python, &["-I", "-c", "import time; time.sleep(3600)"]), "ended after 2 s");
    refused(&start(python, &["-I", "-c", "import os; os.abort()"]), "signal 6");
}

#[test]
fn an_interpreter_that_hangs_or_fails_when_it_is_asked_is_none() {
    let scene = Scene::empty();
    let broken = scene.wrapper("#!/bin/sh\nexit 1\n");
    assert!(LoaderPython::ask(&broken).unwrap_err().contains("it ended with"));
    assert!(LoaderPython::ask(&scene.path("nowhere")).is_err());
    let hangs = scene.wrapper("#!/bin/sh\nsleep 3600\n");
    let start = Instant::now();
    assert!(LoaderPython::ask(&hangs).is_err());
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
}

#[test]
fn a_helper_that_is_none_loads_nothing() {
    let Some(python) = python() else { return };
    let scene = Scene::new("");
    let request = request(python, &scene.file);
    refused(&sandbox::detonate(Path::new("/nowhere"), &request), "cannot be started");
    refused(&sandbox::detonate(Path::new("/bin/true"), &request), "no record");
}

#[test]
fn a_sparse_file_of_gigabytes_is_not_read() {
    let Some(python) = python() else { return };
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(8 << 30).unwrap();
    let start = Instant::now();
    let detonation = sandbox::detonate(helper(), &request(python, file.path()));
    assert_eq!(detonation.outcome, Outcome::Failed, "{detonation:#?}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_file_that_is_cut_while_it_is_loaded_fails() {
    let Some(python) = python() else { return };
    let scene = Scene::empty();
    // Waits in the middle until the rest is gone.
    let code = "import os, time\nwhile os.fstat(3).st_size > 300: time.sleep(0.01)\n";
    let mut bytes = crate::support::payload(code);
    bytes.pop();
    let length = 32u32 << 20;
    bytes.push(b'B');
    bytes.extend(length.to_le_bytes());
    bytes.resize(bytes.len() + length as usize, 7);
    bytes.push(b'.');
    fs::write(&scene.file, bytes).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&scene.file).unwrap();
    let cutter = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(500));
        file.set_len(300).unwrap();
    });
    let detonation = sandbox::detonate(helper(), &request(python, &scene.file));
    cutter.join().unwrap();
    assert_eq!(detonation.outcome, Outcome::Failed, "{detonation:#?}");
    assert!(detonation.reason.as_deref().unwrap().contains("truncated"), "{detonation:#?}");
}

#[test]
fn a_host_with_many_threads_may_ask_from_all_of_them() {
    use deadweight::base::detonation::EventKind;
    let Some(python) = python() else { return };
    let scene = Scene::new("import os\nos.system('true')\n");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let detonation = sandbox::detonate(helper(), &request(python, &scene.file));
                assert_eq!(detonation.outcome, Outcome::Loaded, "{detonation:#?}");
                assert!(attempt(&detonation, EventKind::Exec).denied);
            });
        }
    });
}

/// Puts a filter with a listener on itself, which lets everything go on, and starts the helper.
const LISTENER: &str = "
import ctypes, os, struct, sys
library = ctypes.CDLL(None, use_errno=True)
program = struct.pack('HBBI', 6, 0, 0, 0x7fff0000)
kept = ctypes.create_string_buffer(program, len(program))
filter = struct.pack('HxxxxxxQ', 1, ctypes.addressof(kept))
number = {'x86_64': 317, 'aarch64': 277}[os.uname().machine]
library.prctl(38, 1, 0, 0, 0)
listener = library.syscall(number, 1, 8, filter)
if listener < 0:
    sys.exit(1)
os.set_inheritable(listener, True)
os.execv('{}', ['{}', *sys.argv[1:]])
";

#[test]
fn under_another_supervisor_nothing_is_loaded() {
    let Some(python) = system_python() else { return };
    let scene = Scene::new("print('loaded, alas')\n");
    let first = python.interpreter.executable.display();
    let starter = scene.wrapper(&format!("#!{first}\n{LISTENER}"));
    let asked = std::process::Command::new(&starter).arg("--version").output().unwrap();
    if !asked.status.success() {
        return not_tested("a filter with a listener cannot be installed");
    }
    let detonation = sandbox::detonate(&starter, &request(&python, &scene.file));
    refused(&detonation, "under a seccomp supervisor already");
}
