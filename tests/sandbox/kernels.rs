//! Kernels and containers that give less: the load is supervised all the same, or it is refused with what is
//! missing. A filter of seccomp's, put on before the program starts, says what such a kernel would say.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use deadweight::base::detonation::{Detonation, EventKind, Outcome, Strength};
use deadweight::demo::LoaderPython;
use deadweight::sandbox;
use serde_json::Value;

use crate::support::{Scene, attempt, is_root, not_tested, request, system_python};

/// Becomes an ordinary user where `user` says so, puts the filter of `rules` on, and starts the helper. A rule
/// is a number on x86-64, one on aarch64, an error, and maybe an argument with a mask: the rule is then
/// for calls in which one of the mask's bits is set. What no rule names goes on.
const FILTER: &str = "
import ctypes, errno, os, struct, sys
if user is not None:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
library = ctypes.CDLL(None, use_errno=True)
here = {'x86_64': 0, 'aarch64': 1}[os.uname().machine]
load = lambda offset: (0x20, 0, 0, offset)
program = [load(0)]
for rule in rules:
    number, refuse = rule[here], (0x06, 0, 0, 0x00050000 | rule[2])
    if len(rule) == 3:
        program += [(0x15, 0, 1, number), refuse]
    else:
        body = [load(16 + 8 * rule[3]), (0x45, 0, 1, rule[4]), refuse, load(0)]
        program += [(0x15, 0, len(body), number), *body]
program.append((0x06, 0, 0, 0x7fff0000))
program = b''.join(struct.pack('HBBI', *step) for step in program)
kept = ctypes.create_string_buffer(program, len(program))
filter = struct.pack('HxxxxxxQ', len(program) // 8, ctypes.addressof(kept))
if library.prctl(38, 1, 0, 0, 0) or library.prctl(22, 2, filter, 0, 0):
    sys.exit('no filter: ' + os.strerror(ctypes.get_errno()))
os.execv('{}', ['{}', *sys.argv[1:]])
";

/// What Docker's default profile denies to a container without further capabilities, of what is of use here:
/// namespaces, mounts, other processes' descriptors, io_uring, keys, the kernel itself
/// (profiles/seccomp/default.json of moby). `clone3` is not there, so that `clone` is taken.
const DOCKER: &str = "
DENIED = {
    'mount': (165, 40), 'umount2': (166, 39), 'pivot_root': (155, 41), 'unshare': (272, 97),
    'setns': (308, 268), 'open_by_handle_at': (304, 265), 'bpf': (321, 280),
    'perf_event_open': (298, 241), 'keyctl': (250, 219), 'add_key': (248, 217),
    'request_key': (249, 218), 'userfaultfd': (323, 282), 'sethostname': (170, 161),
    'reboot': (169, 142), 'swapon': (167, 224), 'acct': (163, 89),
}
NEW = [425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442]
NAMESPACES = 0x7e020000
rules = [(*numbers, 1) for numbers in DENIED.values()] + [(number, number, 1) for number in NEW]
rules += [(56, 220, 1, 0, NAMESPACES), (435, 435, 38)]
";

/// landlock_create_ruleset answers as where it is not: ENOSYS of a kernel, EPERM of an old container.
fn without_landlock(error: i32) -> String {
    format!("rules = [(444, 444, {error})]\n")
}

/// seccomp with SECCOMP_FILTER_FLAG_NEW_LISTENER answers EINVAL, as before Linux 5.0; all else of it is
/// there.
const WITHOUT_LISTENER: &str = "rules = [(317, 277, 22, 1, 8)]\n";
/// seccomp is not there at all.
const WITHOUT_SECCOMP: &str = "rules = [(317, 277, 38)]\n";

/// A program that starts the helper under these rules; `None` where none can be made.
fn starter(python: &LoaderPython, scene: &Scene, rules: &str, user: &str) -> Option<PathBuf> {
    let first = python.interpreter.executable.display();
    let starter = scene.wrapper(&format!("#!{first}\nuser = {user}\n{rules}{FILTER}"));
    let asked = Command::new(&starter).arg("--version").output().unwrap();
    if !asked.status.success() {
        not_tested(&format!("no filter: {}", String::from_utf8_lossy(&asked.stderr)));
        return None;
    }
    Some(starter)
}

/// The user who tests, and an ordinary one where that is root.
fn users() -> &'static [&'static str] {
    if is_root() { &["None", "65534"] } else { &["None"] }
}

fn harmful() -> Scene {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new("import os\nprint('loaded')\nos.system('touch ' + D + '/harm')\n");
    let mode = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(scene.folder.path(), mode).unwrap();
    scene
}

/// Nothing was loaded, exit code 3, and it is said what is missing.
fn refused(output: &Output, scene: &Scene, word: &str) {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{complaint}");
    assert!(complaint.contains("nothing was loaded") && complaint.contains(word), "{complaint}");
    assert!(!scene.path("harm").exists());
}

fn refuses_without(rules: &str, word: &str) {
    let Some(python) = system_python() else { return };
    for user in users() {
        let scene = harmful();
        let Some(starter) = starter(&python, &scene, rules, user) else { return };
        let program = python.interpreter.executable.to_string_lossy().into_owned();
        let arguments = ["detonate", "--json", "--loader", "pickle", "--python", &program];
        let output = Command::new(&starter).args(arguments).arg(&scene.file).output().unwrap();
        refused(&output, &scene, word);
        let record: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(record["outcome"], "not-run");
        assert!(record["reason"].as_str().unwrap().contains(word), "{record:#}");
        assert_eq!(record["armed_events"], 0);
        let demo = ["demo", "--attack", "os-system", "--python", &program];
        refused(&Command::new(&starter).args(demo).output().unwrap(), &scene, word);
        // Who asks the library, and not the command, is refused by the supervisor itself.
        let detonation = sandbox::detonate(&starter, &request(&python, &scene.file));
        assert_eq!(detonation.outcome, Outcome::NotRun, "{detonation:#?}");
        let reason = detonation.reason.unwrap();
        assert!(reason.contains("cannot supervise") && reason.contains(word), "{reason}");
        assert!(!scene.path("harm").exists());
    }
}

#[test]
fn a_kernel_without_landlock_loads_nothing() {
    refuses_without(&without_landlock(38), "Landlock (Linux 5.13");
}

#[test]
fn a_container_that_hides_landlock_loads_nothing() {
    refuses_without(&without_landlock(1), "Landlock (Linux 5.13");
}

#[test]
fn a_kernel_whose_seccomp_gives_no_listener_loads_nothing() {
    refuses_without(WITHOUT_LISTENER, "seccomp's user notifications (Linux 5.0");
}

#[test]
fn a_kernel_without_seccomp_loads_nothing() {
    refuses_without(WITHOUT_SECCOMP, "seccomp's user notifications (Linux 5.0");
}

/// Supervised without namespaces, which a note says.
fn supervised(detonation: &Detonation, scene: &Scene) {
    assert_eq!(detonation.outcome, Outcome::Loaded, "{detonation:#?}");
    let exec = attempt(detonation, EventKind::Exec);
    assert!(exec.denied && exec.mentions("touch"), "{exec:?}");
    assert!(!scene.path("harm").exists());
    for layer in ["namespaces", "private-root"] {
        assert_eq!(detonation.layers[layer], Strength::None, "{:?}", detonation.notes);
    }
    assert_eq!(detonation.layers["seccomp"], Strength::Full);
    assert_ne!(detonation.layers["landlock"], Strength::None);
    let notes = detonation.notes.join(" ");
    assert!(notes.contains("no namespaces: clone: Operation not permitted"), "{notes}");
}

#[test]
fn under_dockers_default_profile_it_is_supervised_without_namespaces() {
    let Some(python) = system_python() else { return };
    for user in users() {
        let scene = harmful();
        let Some(starter) = starter(&python, &scene, DOCKER, user) else { return };
        supervised(&sandbox::detonate(&starter, &request(&python, &scene.file)), &scene);
        // With namespaces as a privileged container has them, but no mounts: a root of its own is left out.
        let rules = format!("{DOCKER}rules = [rule for rule in rules if rule[:2] != (56, 220)]\n");
        let Some(starter) = self::starter(&python, &scene, &rules, user) else { return };
        let detonation = sandbox::detonate(&starter, &request(&python, &scene.file));
        assert_eq!(detonation.outcome, Outcome::Loaded, "{detonation:#?}");
        assert!(attempt(&detonation, EventKind::Exec).denied);
        assert!(!scene.path("harm").exists());
        assert_eq!(detonation.layers["private-root"], Strength::None);
        let notes = detonation.notes.join(" ");
        let expected = match detonation.layers["namespaces"] {
            Strength::None => &["no namespaces"][..],
            // The profile denies another name, too.
            Strength::Partial => &["no root of its own", "the host's name can be seen"],
            Strength::Full => panic!("{detonation:#?}"),
        };
        for note in expected {
            assert!(notes.contains(note), "{notes}");
        }
    }
}

/// Loads under `ulimit`, from nothing to plenty: refused with a reason, or supervised; never loaded without.
fn short_of(option: char, kilobytes: &[u64]) {
    let Some(python) = system_python() else { return };
    let (mut outcomes, mut first) = (Vec::new(), None);
    for size in kilobytes {
        let scene = harmful();
        let starter = scene
            .wrapper(&format!("#!/bin/sh\nulimit -{option} {size} || exit 9\nexec {{}} \"$@\"\n"));
        let detonation = sandbox::detonate(&starter, &request(&python, &scene.file));
        assert!(!scene.path("harm").exists(), "{size}: {detonation:#?}");
        let reason = detonation.reason.clone().unwrap_or_default();
        match detonation.outcome {
            Outcome::NotRun => {
                assert!(reason.chars().filter(|c| c.is_alphabetic()).count() > 10, "{reason}");
                assert!(!detonation.output.contains("loaded"), "{detonation:#?}");
                assert_eq!(detonation.armed_events, 0);
            }
            // The attempt may fail for want of memory before it is one.
            Outcome::Loaded | Outcome::Failed | Outcome::Killed => {
                assert_eq!(detonation.layers["seccomp"], Strength::Full, "{size}: {reason}");
                assert_ne!(detonation.layers["landlock"], Strength::None, "{size}: {reason}");
                for event in detonation.armed().filter(|event| event.kind == EventKind::Exec) {
                    assert!(event.denied, "{event:?}");
                }
            }
            Outcome::TimedOut => panic!("{size}: {detonation:#?}"),
        }
        eprintln!("{size} KiB: {} {reason}", detonation.outcome.id());
        outcomes.push(detonation.outcome);
        first.get_or_insert(reason);
    }
    let first = first.unwrap_or_default();
    assert!(first.contains("memory"), "{first}");
    assert_eq!(outcomes.first(), Some(&Outcome::NotRun), "{outcomes:?}");
    assert_eq!(outcomes.last(), Some(&Outcome::Loaded), "{outcomes:?}");
}

/// A group of processes that may have so much memory together, or why there is none.
struct MemoryGroup(PathBuf);

impl MemoryGroup {
    fn new(bytes: u64) -> Result<Self, String> {
        let words = |path: &Path| {
            let path = path.display().to_string();
            move |error: std::io::Error| format!("{path}: {error}")
        };
        let own = fs::read_to_string("/proc/self/cgroup").map_err(words(Path::new("cgroup")))?;
        // Version 1 has a tree of its own for memory; version 2 has one line, which names no controller.
        let (root, limit, inside) = own
            .lines()
            .filter_map(|line| line.split_once(':')?.1.split_once(':'))
            .find_map(|(controllers, inside)| match controllers {
                "memory" => Some(("/sys/fs/cgroup/memory", "memory.limit_in_bytes", inside)),
                "" if Path::new("/sys/fs/cgroup/cgroup.controllers").exists() => {
                    Some(("/sys/fs/cgroup", "memory.max", inside))
                }
                _ => None,
            })
            .ok_or("no controller of memory")?;
        let name = format!("deadweight-test-{}", std::process::id());
        // In a container the tree's root may be the own group already.
        let inside = Path::new(root).join(inside.trim_start_matches('/'));
        let parent = if inside.is_dir() { inside } else { root.into() };
        let group = MemoryGroup(parent.join(name));
        fs::create_dir(&group.0).map_err(words(&group.0))?;
        let limit = group.0.join(limit);
        fs::write(&limit, bytes.to_string()).map_err(words(&limit))?;
        Ok(group)
    }

    /// The processes in it. Those whose supervisor the kernel killed end with it, but nobody waits for them: on
    /// a busy machine that takes a moment.
    fn left(&self) -> String {
        let mut left = String::new();
        for _ in 0..100 {
            left = fs::read_to_string(self.0.join("cgroup.procs")).unwrap();
            if left.is_empty() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        left
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        // Busy for a moment after its last process.
        for _ in 0..50 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

/// Where memory that was promised is not there, the kernel ends somebody: it must be the loader, and if it is
/// the supervisor, the loader must go with it.
#[test]
fn under_memory_pressure_the_loader_is_ended_and_its_supervisor_tells() {
    let Some(python) = system_python() else { return };
    let code = "
import os
blocks = []
for number in range(40):
    blocks.append(bytearray(os.urandom(1 << 20) * 10))
    print('had', len(blocks), flush=True)
";
    // Too little for a supervisor, for an interpreter, for what the file asks for; enough.
    for (megabytes, outcome) in
        [(1, None), (4, None), (40, Some(Outcome::Killed)), (800, Some(Outcome::Loaded))]
    {
        let group = match MemoryGroup::new(megabytes << 20) {
            Ok(group) => group,
            Err(problem) => return not_tested(&problem),
        };
        let scene = Scene::new(code);
        let tasks = group.0.join("cgroup.procs");
        let starter = scene.wrapper(&format!(
            "#!/bin/sh\necho $$ >{} || exit 9\nexec {{}} \"$@\"\n",
            tasks.display()
        ));
        let mut asked = request(&python, &scene.file);
        asked.limits.address_bytes = 8 << 30;
        let detonation = sandbox::detonate(&starter, &asked);
        let reason = detonation.reason.clone().unwrap_or_default();
        eprintln!("{megabytes} MiB: {} {reason}", detonation.outcome.id());
        match outcome {
            Some(outcome) => assert_eq!(detonation.outcome, outcome, "{detonation:#?}"),
            None => assert!(
                matches!(detonation.outcome, Outcome::NotRun | Outcome::Killed),
                "{detonation:#?}"
            ),
        }
        if detonation.outcome == Outcome::Killed {
            assert!(reason.contains("signal 9"), "{detonation:#?}");
            assert_eq!(detonation.layers["seccomp"], Strength::Full);
        }
        assert_eq!(group.left(), "", "{megabytes} MiB: processes are left");
    }
}

#[test]
fn a_supervisor_without_address_space_loads_nothing_unsupervised() {
    short_of('v', &[2_000, 8_000, 16_000, 24_000, 32_000, 48_000, 64_000, 128_000, 2_000_000]);
}

#[test]
fn a_supervisor_without_memory_for_data_loads_nothing_unsupervised() {
    short_of('d', &[0, 400, 1_000, 2_000, 4_000, 8_000, 16_000, 2_000_000]);
}
