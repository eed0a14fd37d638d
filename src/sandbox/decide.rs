//! What a call wants, and whether it may have it.
//!
//! One function for each group of calls. Each gives a [`Decision`]: the answer under the policy, and
//! what is written down, if anything. In an aquarium the same decisions are written down and the calls
//! go on; see [`super::supervisor`].

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

mod network;
mod power;

use network::network;
use power::power;

use super::decode::{Memory, printable};
use super::notify::{Answer, Call};
use super::paths::Allowed;
use crate::base::detonation::EventKind;

/// What is known of the load when a call comes.
#[derive(Debug)]
pub struct Situation<'a> {
    /// What the loader may read.
    pub allowed: &'a Allowed,
    /// The loader's executable, which may be started once.
    pub executable: &'a Path,
    /// The path whose metadata is the sign.
    pub sign: &'a Path,
    /// True once the sign was given.
    pub armed: bool,
    /// True for a program that needs nothing after its sign.
    pub strict: bool,
    /// How many programs were started.
    pub programs: u32,
    /// How many processes were made.
    pub processes: u32,
    /// How many may be made.
    pub most_processes: u32,
    /// How many threads were made since the sign.
    pub threads: u32,
    /// From how many bytes on memory that is asked for at once is out of proportion to the file.
    pub large_bytes: u64,
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The answer under the policy.
    pub answer: Answer,
    /// What is written down.
    pub event: Option<(EventKind, Map<String, Value>)>,
    /// What else it is.
    pub role: Role,
}

/// What a call is for the course of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nothing special.
    Plain,
    /// It is the sign.
    Sign,
    /// A program is started.
    Program,
    /// A process is made.
    Process,
    /// A thread is made.
    Thread,
}

impl Decision {
    fn quiet(answer: Answer) -> Self {
        Decision { answer, event: None, role: Role::Plain }
    }

    fn noted(answer: Answer, kind: EventKind, name: &str, detail: Value) -> Self {
        let mut map = Map::from_iter([("call".to_owned(), json!(name))]);
        if let Value::Object(detail) = detail {
            map.extend(detail.into_iter().filter(|(_, value)| !value.is_null()));
        }
        Decision { answer, event: Some((kind, map)), role: Role::Plain }
    }

    fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }
}

/// Flags of `clone` that make namespaces.
const NAMESPACES: i32 = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;
const DENY: Answer = Answer::Error(libc::EPERM);
const GO_ON: Answer = Answer::Continue;
/// Most threads that may be made after the sign. Made by hand they need next to no memory, and the
/// host has numbers for a few ten thousands.
const MOST_THREADS: u32 = 128;
/// Bit of the x32 calls of x86-64.
const X32: i32 = 0x4000_0000;

/// Decides one call.
pub fn decide(call: &Call, situation: &Situation<'_>) -> Decision {
    let native = call.architecture == super::filter::ARCHITECTURE && call.number & X32 == 0;
    let name =
        syscalls::Sysno::new(call.number as usize).filter(|_| native).map(|call| call.name());
    let Some(name) = name else { return unknown(call) };
    let memory = Memory { thread: call.thread };
    grouped(name, call, memory, situation).unwrap_or_else(|| other(name, call))
}

/// The decision of the group that knows the call.
fn grouped(name: &str, call: &Call, memory: Memory, situation: &Situation<'_>) -> Option<Decision> {
    let groups = [file, question, program, process, memory_call, network, change, power];
    groups.iter().find_map(|group| group(name, call, memory, situation))
}

fn unknown(call: &Call) -> Decision {
    let detail = json!({
        "number": call.number,
        "architecture": format!("{:#x}", call.architecture),
    });
    Decision::noted(Answer::Error(libc::ENOSYS), EventKind::OtherCall, "unknown", detail)
}

fn other(name: &str, call: &Call) -> Decision {
    let arguments: Vec<String> = call.arguments.iter().map(|value| format!("{value:#x}")).collect();
    let detail = json!({"number": call.number, "arguments": arguments});
    Decision::noted(DENY, EventKind::OtherCall, name, detail)
}

/// The directory argument, which is a 32-bit number.
fn descriptor(argument: u64) -> i32 {
    argument as i32
}

fn shown(path: Option<&PathBuf>) -> String {
    use std::os::unix::ffi::OsStrExt;
    path.map_or_else(|| "<unreadable>".into(), |path| printable(path.as_os_str().as_bytes()))
}

/// Opening files.
fn file(name: &str, call: &Call, memory: Memory, situation: &Situation<'_>) -> Option<Decision> {
    let a = &call.arguments;
    let (directory, path, flags) = match name {
        "open" => (libc::AT_FDCWD, a[0], a[1]),
        "openat" => (descriptor(a[0]), a[1], a[2]),
        "creat" => (libc::AT_FDCWD, a[0], (libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC) as u64),
        "openat2" => {
            let flags = memory.numbers(a[2], 1).first().copied().unwrap_or(u64::MAX);
            (descriptor(a[0]), a[1], flags)
        }
        _ => return None,
    };
    let path = memory.path(directory, path);
    let flags = flags as i32;
    let changing = libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND;
    // Its flags lie in memory that may change before the kernel reads them again: never let go on.
    let unsure = name == "openat2";
    let writes = flags & libc::O_ACCMODE != libc::O_RDONLY
        || flags & changing != 0
        || flags & libc::O_TMPFILE == libc::O_TMPFILE;
    let detail = json!({"path": shown(path.as_ref()), "flags": flag_names(flags)});
    if writes {
        return Some(Decision::noted(DENY, EventKind::FileWrite, name, detail));
    }
    let known = path.is_some_and(|path| reads_allowed(&path, situation));
    Some(if known && !unsure && !(situation.strict && situation.armed) {
        // Landlock looks at it again, when nobody can change the path any more.
        Decision::quiet(GO_ON)
    } else {
        Decision::noted(Answer::Error(libc::EACCES), EventKind::FileRead, name, detail)
    })
}

/// True for what may be read. After the sign links count as what they lead to: Landlock would stop the
/// read of a link that leads elsewhere, but nobody would write it down.
fn reads_allowed(path: &Path, situation: &Situation<'_>) -> bool {
    if !situation.allowed.contains(path) {
        return false;
    }
    // Those of /proc/self are the caller's, and would be followed as this process's.
    if !situation.armed || path.starts_with("/proc") {
        return true;
    }
    path.canonicalize().map_or(true, |real| situation.allowed.contains(&real))
}

fn flag_names(flags: i32) -> String {
    let mut names = vec![match flags & libc::O_ACCMODE {
        libc::O_RDONLY => "O_RDONLY",
        libc::O_WRONLY => "O_WRONLY",
        _ => "O_RDWR",
    }];
    let all = [
        (libc::O_CREAT, "O_CREAT"),
        (libc::O_EXCL, "O_EXCL"),
        (libc::O_TRUNC, "O_TRUNC"),
        (libc::O_APPEND, "O_APPEND"),
        (libc::O_DIRECTORY, "O_DIRECTORY"),
        (libc::O_PATH, "O_PATH"),
    ];
    names.extend(all.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, name)| name));
    names.join("|")
}

/// Asking for metadata. It goes on: to say that nothing is there would end an attack before it shows
/// itself, and metadata of paths outside the private root are not there anyway.
fn question(
    name: &str,
    call: &Call,
    memory: Memory,
    situation: &Situation<'_>,
) -> Option<Decision> {
    let a = &call.arguments;
    let (directory, address) = match name {
        "stat" | "lstat" | "access" | "readlink" => (libc::AT_FDCWD, a[0]),
        // The first two are one call, by its names on x86-64 and on aarch64.
        "newfstatat" | "fstatat" | "statx" | "faccessat" | "faccessat2" | "readlinkat" => {
            (descriptor(a[0]), a[1])
        }
        "statfs" | "chdir" | "getxattr" | "lgetxattr" | "listxattr" => (libc::AT_FDCWD, a[0]),
        "fstatfs" | "fchdir" => return Some(Decision::quiet(GO_ON)),
        _ => return None,
    };
    let path = memory.path(directory, address);
    if !situation.armed && path.as_deref() == Some(situation.sign) {
        return Some(Decision::quiet(Answer::Error(libc::ENOENT)).role(Role::Sign));
    }
    // An empty path asks for a descriptor.
    let own = path.as_ref().is_some_and(|path| situation.allowed.contains_or_leads_to(path))
        || memory.text(address, 1).is_some_and(|text| text.is_empty());
    if own && !(situation.strict && situation.armed) {
        return Some(Decision::quiet(GO_ON));
    }
    Some(Decision::noted(GO_ON, EventKind::Probe, name, json!({"path": shown(path.as_ref())})))
}

/// Starting programs.
fn program(name: &str, call: &Call, memory: Memory, situation: &Situation<'_>) -> Option<Decision> {
    let a = &call.arguments;
    let (directory, path, arguments) = match name {
        "execve" => (libc::AT_FDCWD, a[0], a[1]),
        "execveat" => (descriptor(a[0]), a[1], a[2]),
        _ => return None,
    };
    let path = memory.path(directory, path);
    let first = situation.programs == 0 && !situation.armed;
    if first && path.as_deref() == Some(situation.executable) {
        return Some(Decision::quiet(GO_ON).role(Role::Program));
    }
    let detail = json!({"path": shown(path.as_ref()), "argv": memory.texts(arguments)});
    Some(Decision::noted(DENY, EventKind::Exec, name, detail).role(Role::Program))
}

/// Processes and threads, signals to others, looking into others.
fn process(name: &str, call: &Call, memory: Memory, situation: &Situation<'_>) -> Option<Decision> {
    let a = &call.arguments;
    Some(match name {
        "clone" if a[0] & libc::CLONE_THREAD as u64 != 0 => match situation.armed {
            false => Decision::quiet(GO_ON),
            true if situation.threads >= MOST_THREADS => {
                let detail = json!({"limit": MOST_THREADS});
                let answer = Answer::Error(libc::EAGAIN);
                Decision::noted(answer, EventKind::ProcessLimit, name, detail)
            }
            true => {
                let answer = if situation.strict { DENY } else { GO_ON };
                Decision::noted(answer, EventKind::Thread, name, json!({})).role(Role::Thread)
            }
        },
        // In a user namespace of its own it would have every capability.
        "clone" if a[0] as i32 & NAMESPACES != 0 => {
            Decision::noted(DENY, EventKind::Mount, name, json!({"flags": format!("{:#x}", a[0])}))
        }
        // With the caller's descriptors it could change what they are between two looks.
        "clone" if a[0] as i32 & libc::CLONE_FILES != 0 => {
            let detail = json!({"flags": format!("{:#x}", a[0])});
            Decision::noted(DENY, EventKind::Process, name, detail)
        }
        "clone" | "fork" | "vfork" => made(name, a[0], situation),
        "kill" | "tkill" | "tgkill" | "rt_sigqueueinfo" | "rt_tgsigqueueinfo"
        | "pidfd_send_signal" => signal(name, a, memory)?,
        "ptrace" | "process_vm_readv" | "process_vm_writev" | "pidfd_getfd" | "pidfd_open"
        | "kcmp" | "process_madvise" | "perf_event_open" => {
            let argument = if name == "ptrace" { a[1] } else { a[0] };
            let request = (name == "ptrace").then(|| json!(a[0]));
            let detail = json!({"target": argument as i32, "request": request});
            Decision::noted(DENY, EventKind::Trace, name, detail)
        }
        "setsid" | "setpgid" => Decision::noted(DENY, EventKind::Process, name, json!({})),
        _ => return None,
    })
}

/// A process is to be made. The first few are, so that what they would do is seen.
fn made(name: &str, flags: u64, situation: &Situation<'_>) -> Decision {
    let strict = situation.strict && situation.armed;
    if strict || situation.processes >= situation.most_processes {
        let detail = json!({"limit": situation.most_processes});
        let kind = if strict { EventKind::Process } else { EventKind::ProcessLimit };
        return Decision::noted(Answer::Error(libc::EAGAIN), kind, name, detail);
    }
    let detail = json!({"flags": (name == "clone").then(|| format!("{flags:#x}"))});
    Decision::noted(GO_ON, EventKind::Process, name, detail).role(Role::Process)
}

fn signal(name: &str, a: &[u64; 6], memory: Memory) -> Option<Decision> {
    let (target, number) = match name {
        "tgkill" | "rt_tgsigqueueinfo" => (a[1], a[2]),
        _ => (a[0], a[1]),
    };
    // raise() and abort() signal the thread that calls them.
    let own = name == "tgkill" && is_own(memory.thread, target as i32);
    if own {
        return Some(Decision::quiet(GO_ON));
    }
    let detail = json!({"target": target as i32, "signal": signal_name(number as i32)});
    Some(Decision::noted(DENY, EventKind::Signal, name, detail))
}

/// True when the thread's own number, in its own namespace, is this one.
fn is_own(thread: i32, target: i32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{thread}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    let own = line.and_then(|numbers| numbers.split_whitespace().next_back()?.parse::<i32>().ok());
    own == Some(target)
}

fn signal_name(number: i32) -> String {
    let names = [
        (libc::SIGHUP, "SIGHUP"),
        (libc::SIGINT, "SIGINT"),
        (libc::SIGQUIT, "SIGQUIT"),
        (libc::SIGABRT, "SIGABRT"),
        (libc::SIGKILL, "SIGKILL"),
        (libc::SIGSEGV, "SIGSEGV"),
        (libc::SIGTERM, "SIGTERM"),
        (libc::SIGSTOP, "SIGSTOP"),
        (libc::SIGCONT, "SIGCONT"),
        (libc::SIGUSR1, "SIGUSR1"),
        (libc::SIGUSR2, "SIGUSR2"),
    ];
    let known = names.iter().find(|(known, _)| *known == number);
    known.map_or_else(|| number.to_string(), |(_, name)| (*name).to_owned())
}

/// Memory that can be executed, or is large.
fn memory_call(
    name: &str,
    call: &Call,
    memory: Memory,
    situation: &Situation<'_>,
) -> Option<Decision> {
    let a = &call.arguments;
    let (bytes, executable) = match name {
        "mmap" | "mprotect" | "pkey_mprotect" => (a[1], a[2] & libc::PROT_EXEC as u64 != 0),
        "mremap" => (a[2], false),
        "memfd_create" | "memfd_secret" => {
            let text = (name == "memfd_create").then(|| memory.text(a[0], 256)).flatten();
            let detail = json!({"name": text.map(|text| printable(&text))});
            return Some(Decision::noted(DENY, EventKind::MemoryFile, name, detail));
        }
        _ => return None,
    };
    if executable {
        let of_file = name == "mmap" && a[3] & libc::MAP_ANONYMOUS as u64 == 0;
        let library = of_file
            && memory
                .descriptor(descriptor(a[4]))
                .is_some_and(|path| situation.allowed.contains(&path));
        // Another thread could put another file in the descriptor's place before the kernel looks.
        let library = library && (!situation.armed || memory.is_alone());
        if library && a[2] & libc::PROT_WRITE as u64 == 0 {
            return Some(Decision::quiet(GO_ON));
        }
        let detail = json!({"bytes": bytes, "protection": protection(a[2])});
        return Some(Decision::noted(DENY, EventKind::ExecutableMemory, name, detail));
    }
    if name != "mprotect" && bytes >= situation.large_bytes {
        let answer = Answer::Error(libc::ENOMEM);
        let detail = json!({"bytes": bytes});
        return Some(Decision::noted(answer, EventKind::LargeAllocation, name, detail));
    }
    Some(Decision::quiet(GO_ON))
}

fn protection(bits: u64) -> String {
    let letters = [(libc::PROT_READ, 'r'), (libc::PROT_WRITE, 'w'), (libc::PROT_EXEC, 'x')];
    letters
        .iter()
        .map(|(bit, letter)| if bits & *bit as u64 != 0 { *letter } else { '-' })
        .collect()
}

/// Changes of files and directories without opening them.
fn change(name: &str, call: &Call, memory: Memory, _: &Situation<'_>) -> Option<Decision> {
    let a = &call.arguments;
    let here = libc::AT_FDCWD;
    let at = |path: usize, directory: usize| memory.path(descriptor(a[directory]), a[path]);
    let (path, to) = match name {
        "unlink" | "rmdir" | "mkdir" | "mknod" | "chmod" | "chown" | "lchown" | "truncate"
        | "utime" | "utimes" | "setxattr" | "lsetxattr" | "removexattr" | "lremovexattr" => {
            (memory.path(here, a[0]), None)
        }
        "unlinkat" | "mkdirat" | "mknodat" | "fchmodat" | "fchmodat2" | "fchownat"
        | "futimesat" => (at(1, 0), None),
        "utimensat" if a[1] == 0 => (memory.descriptor(descriptor(a[0])), None),
        "utimensat" => (at(1, 0), None),
        "fchmod" | "fchown" | "ftruncate" | "fallocate" | "fsetxattr" | "fremovexattr" => {
            (memory.descriptor(descriptor(a[0])), None)
        }
        "rename" | "link" => (memory.path(here, a[0]), Some(memory.path(here, a[1]))),
        "renameat" | "renameat2" | "linkat" => (at(1, 0), Some(at(3, 2))),
        "symlink" => (memory.path(here, a[1]), Some(memory.path(here, a[0]))),
        "symlinkat" => (at(2, 1), Some(memory.path(here, a[0]))),
        _ => return None,
    };
    let to = to.map(|to| shown(to.as_ref()));
    let detail = json!({"path": shown(path.as_ref()), "to": to});
    Some(Decision::noted(DENY, EventKind::FileChange, name, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn situation<'a>(allowed: &'a Allowed, sign: &'a Path) -> Situation<'a> {
        Situation {
            allowed,
            executable: Path::new("/usr/bin/python3"),
            sign,
            armed: false,
            strict: false,
            programs: 0,
            processes: 0,
            most_processes: 8,
            threads: 0,
            large_bytes: 1 << 30,
        }
    }

    /// By number, as the kernel hands them over: include/uapi/asm-generic/unistd.h and
    /// arch/x86/entry/syscalls/syscall_64.tbl. What a program cannot start without, and what attacks call.
    const NUMBERS: &[(i32, i32)] = &[
        (257, 56),  // openat
        (262, 79),  // newfstatat
        (332, 291), // statx
        (269, 48),  // faccessat
        (439, 439), // faccessat2
        (267, 78),  // readlinkat
        (59, 221),  // execve
        (322, 281), // execveat
        (56, 220),  // clone
        (62, 129),  // kill
        (101, 117), // ptrace
        (9, 222),   // mmap
        (10, 226),  // mprotect
        (25, 216),  // mremap
        (319, 279), // memfd_create
        (41, 198),  // socket
        (42, 203),  // connect
        (44, 206),  // sendto
        (46, 211),  // sendmsg
        (49, 200),  // bind
        (54, 208),  // setsockopt
        (263, 35),  // unlinkat
        (258, 34),  // mkdirat
        (268, 53),  // fchmodat
        (260, 54),  // fchownat
        (316, 276), // renameat2
        (265, 37),  // linkat
        (266, 36),  // symlinkat
        (280, 88),  // utimensat
        (76, 45),   // truncate
        (165, 40),  // mount
        (272, 97),  // unshare
        (105, 146), // setuid
        (157, 167), // prctl
        (425, 425), // io_uring_setup
    ];

    #[test]
    fn the_calls_of_both_machines_are_known_by_their_names() {
        let allowed = Allowed::new(&[]);
        let situation = situation(&allowed, Path::new("/sign"));
        let memory = Memory { thread: std::process::id() as i32 };
        for (intel, arm) in NUMBERS {
            let names = [
                syscalls::x86_64::Sysno::new(*intel as usize).map(|call| call.name()),
                syscalls::aarch64::Sysno::new(*arm as usize).map(|call| call.name()),
            ];
            for (name, number) in names.into_iter().zip([intel, arm]) {
                let name = name.unwrap_or_else(|| panic!("no call {number}"));
                let call = Call::of(*number, [0; 6]);
                assert!(grouped(name, &call, memory, &situation).is_some(), "{name}, {number}");
            }
        }
    }

    #[test]
    fn the_sign_is_seen_by_every_name_of_its_call() {
        let allowed = Allowed::new(&[]);
        let path = c"/.deadweight/sign";
        let situation = situation(&allowed, Path::new("/.deadweight/sign"));
        let memory = Memory { thread: std::process::id() as i32 };
        for name in ["newfstatat", "fstatat", "statx"] {
            let place = [libc::AT_FDCWD as u64, path.as_ptr() as u64, 0, 0, 0, 0];
            let decision = grouped(name, &Call::of(0, place), memory, &situation).unwrap();
            assert_eq!(decision.role, Role::Sign, "{name}");
        }
    }
}
