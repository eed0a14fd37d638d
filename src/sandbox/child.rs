//! The two processes below the supervisor: one prepares and looks after the end, one loads.
//!
//! Both tell the supervisor what was obtained, as JSON lines over a pipe that the loader's program does
//! not get.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use serde::{Deserialize, Serialize};

use super::aquarium::Aquarium;
use super::paths::Allowed;
use super::request::{Ablation, Program, Request};
use super::{filter, landlock, listeners, root, system};
use crate::base::detonation::{Effect, Mode, Strength};

/// Directories with programs, for an aquarium.
const PROGRAMS: &[&str] = &["/bin", "/usr/bin", "/usr/sbin", "/sbin"];
/// What the host is called in here.
const HOST_NAME: &[u8] = b"sandbox";

/// What the processes tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Told {
    /// The private root is there, or why it is not.
    Root(Option<String>),
    /// Why the host's name is to be seen.
    Name(String),
    /// Landlock holds, and how much of it.
    Landlock(Strength, String),
    /// It cannot go on.
    Problem(String),
    /// The loader's program ended.
    Ended {
        /// As `wait` tells it.
        status: i32,
        /// Processor time.
        cpu_micros: u64,
        /// Most that was resident.
        resident_bytes: u64,
    },
    /// What became of the planted things.
    Effects(Vec<Effect>),
}

/// What both processes begin with.
pub struct Setup<'a> {
    /// What is asked for.
    pub request: &'a Request,
    /// What the loader may read.
    pub allowed: &'a Allowed,
    /// The sign's path.
    pub sign: &'a str,
    /// True in namespaces of its own.
    pub namespaces: bool,
    /// User and group, as the supervisor has them, where a user namespace must be told.
    pub ids: Option<(u32, u32)>,
    /// The file.
    pub file: OwnedFd,
    /// `/dev/null`.
    pub nothing: OwnedFd,
    /// Where what the program prints goes.
    pub output: OwnedFd,
    /// Where the program's advice goes.
    pub advice: OwnedFd,
    /// Where [`Told`] goes.
    pub told: OwnedFd,
    /// Over which the seccomp listener goes, and the word to begin comes.
    pub control: OwnedFd,
    /// Open for writing at the supervisor's as long as it lives.
    pub alive: OwnedFd,
}

fn tell(to: &OwnedFd, what: &Told) {
    if let Ok(mut line) = serde_json::to_vec(what) {
        line.push(b'\n');
        let mut rest = line.as_slice();
        while let Ok(count @ 1..) = rustix::io::write(to, rest) {
            rest = rest.get(count..).unwrap_or_default();
        }
    }
}

fn give_up(to: &OwnedFd, problem: String) -> ! {
    tell(to, &Told::Problem(problem));
    system::leave(97)
}

/// Prepares, starts the loader, waits, and looks what became of the planted things.
pub fn init(setup: Setup<'_>) -> ! {
    let told = match setup.told.try_clone() {
        Ok(told) => told,
        Err(_) => system::leave(97),
    };
    match prepare(setup) {
        Ok(code) => system::leave(code),
        Err(problem) => give_up(&told, problem),
    }
}

fn prepare(setup: Setup<'_>) -> Result<i32, String> {
    let words = |step: &'static str| move |error: io::Error| format!("{step}: {error}");
    system::new_session().map_err(words("setsid"))?;
    if setup.namespaces {
        // The kernel then ends everything in the namespace with this process.
        system::process_option(libc::PR_SET_PDEATHSIG, libc::SIGKILL as u64)
            .map_err(words("PR_SET_PDEATHSIG"))?;
    } else {
        system::process_option(libc::PR_SET_CHILD_SUBREAPER, 1)
            .map_err(words("PR_SET_CHILD_SUBREAPER"))?;
    }
    // The files of a process that cannot be read belong to root.
    system::process_option(libc::PR_SET_DUMPABLE, 1).map_err(words("PR_SET_DUMPABLE"))?;
    // When memory is short the kernel shall end this process and those that it makes before others.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    if let Some((user, group)) = setup.ids {
        fs::write("/proc/self/setgroups", "deny").map_err(words("setgroups"))?;
        fs::write("/proc/self/uid_map", format!("{user} {user} 1")).map_err(words("uid_map"))?;
        fs::write("/proc/self/gid_map", format!("{group} {group} 1")).map_err(words("gid_map"))?;
    }
    system::process_option(libc::PR_SET_DUMPABLE, 0).map_err(words("PR_SET_DUMPABLE"))?;
    let aquarium = surroundings(&setup)?;
    let loader = system::fork_with(0).map_err(words("fork"))?;
    if loader == 0 {
        let told = setup.told.try_clone().map_err(words("dup"))?;
        let Err(problem) = become_loader(setup);
        give_up(&told, problem)
    }
    let Setup { told, alive, namespaces, .. } = setup;
    watch(loader, &alive, &told, namespaces)?;
    if let Some(aquarium) = aquarium {
        listeners::settle();
        tell(&told, &Told::Effects(aquarium.effects()));
    }
    end_all(loader, namespaces);
    Ok(0)
}

/// The private root, the network, the planted things.
fn surroundings(setup: &Setup<'_>) -> Result<Option<Aquarium>, String> {
    let request = setup.request;
    let aquarium = request.mode == Mode::Aquarium;
    if setup.namespaces {
        // Any program may ask for it: what the host is called is nobody's business in here.
        if let Err(error) = rustix::system::sethostname(HOST_NAME) {
            tell(&setup.told, &Told::Name(format!("sethostname: {error}")));
        }
        let mut shown = setup.allowed.paths().to_vec();
        match &request.planted {
            Some(planted) if !aquarium => shown.push(planted.directory.clone()),
            _ => {}
        }
        if aquarium {
            shown.extend(PROGRAMS.iter().map(PathBuf::from));
        }
        let entered = match request.ablation {
            Some(Ablation::PrivateRoot) => Err("left out, as was asked".to_owned()),
            _ => root::enter(&shown, aquarium),
        };
        let problem = entered.err();
        tell(&setup.told, &Told::Root(problem.clone()));
        if let (Some(problem), true) = (problem, aquarium) {
            return Err(format!("an aquarium needs a root of its own: {problem}"));
        }
    } else if aquarium {
        return Err("an aquarium needs namespaces of its own".into());
    }
    let Some(planted) = request.planted.as_ref().filter(|_| aquarium) else { return Ok(None) };
    let failed = |step: &'static str| move |error: io::Error| format!("{step}: {error}");
    system::loopback_up().map_err(failed("loopback"))?;
    fs::write("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        .map_err(failed("resolv.conf"))?;
    let aquarium = Aquarium::plant(planted).map_err(failed("the planted things"))?;
    listeners::start(&planted.listeners, &setup.told).map_err(failed("listeners"))?;
    Ok(Some(aquarium))
}

/// Waits until the loader ended, or the supervisor is gone.
fn watch(loader: i32, alive: &OwnedFd, told: &OwnedFd, namespaces: bool) -> Result<(), String> {
    let process = rustix::process::Pid::from_raw(loader).ok_or("no such process")?;
    let handle = rustix::process::pidfd_open(process, rustix::process::PidfdFlags::empty())
        .map_err(|error| format!("pidfd_open: {error}"))?;
    loop {
        let [(ended, _), (_, gone)] = system::poll([handle.as_raw_fd(), alive.as_raw_fd()], 1000);
        if gone {
            end_all(loader, namespaces);
            system::leave(0);
        }
        // Orphans of the loader's become children of this process.
        if ended && let Some(end) = system::wait(loader, true) {
            tell(
                told,
                &Told::Ended {
                    status: end.status,
                    cpu_micros: end.cpu_micros,
                    resident_bytes: end.resident_bytes,
                },
            );
            return Ok(());
        }
    }
}

/// Ends what the loader left behind. Its group is one that nobody in it can leave.
fn end_all(loader: i32, namespaces: bool) {
    system::kill(if namespaces { -1 } else { -loader });
    while system::wait(-1, true).is_some() {}
}

/// From a copy of the supervisor to the loader's program.
fn become_loader(setup: Setup<'_>) -> Result<std::convert::Infallible, String> {
    let words = |step: &'static str| move |error: io::Error| format!("{step}: {error}");
    let request = setup.request;
    // SAFETY is the kernel's: a group of its own, which the filter keeps it in.
    rustix::process::setpgid(None, None).map_err(|error| format!("setpgid: {error}"))?;
    system::process_option(libc::PR_SET_PDEATHSIG, libc::SIGKILL as u64)
        .map_err(words("PR_SET_PDEATHSIG"))?;
    system::drop_capabilities().map_err(words("capset"))?;
    // The supervisor must be able to read what the calls point to.
    system::process_option(libc::PR_SET_DUMPABLE, 1).map_err(words("PR_SET_DUMPABLE"))?;

    let (path, arguments, environment) = program_texts(request, setup.sign)?;
    let control = system::high_copy(&setup.control).map_err(words("dup"))?;
    let messenger = messenger(&control)?;
    if request.mode == Mode::Policy && request.ablation != Some(Ablation::Landlock) {
        let (strength, note) = landlock::restrict(setup.allowed, &request.program.executable)?;
        tell(&setup.told, &Told::Landlock(strength, note));
    }
    limits(request)?;
    // Out of the way of the numbers that they get.
    let ends = [&setup.nothing, &setup.output, &setup.output, &setup.file, &setup.advice];
    let mut copies = Vec::new();
    for end in ends {
        copies.push(system::high_copy(end).map_err(words("dup"))?);
    }
    for (number, copy) in (0..).zip(&copies) {
        system::place_descriptor(copy.as_raw_fd(), number).map_err(words("dup2"))?;
    }
    let told = system::high_copy(&setup.told).map_err(words("dup"))?;
    // They have numbers that were overwritten just now.
    std::mem::forget(setup);
    system::process_option(libc::PR_SET_NO_NEW_PRIVS, 1).map_err(words("PR_SET_NO_NEW_PRIVS"))?;
    std::env::set_current_dir("/").map_err(words("chdir"))?;
    let listener = system::install_filter(&filter::program()).map_err(|error| {
        let hint = if error.raw_os_error() == Some(libc::EBUSY) {
            ": this process runs under a seccomp supervisor already, and there can be only one"
        } else {
            ""
        };
        format!("seccomp: {error}{hint}")
    })?;
    // From here on every call that is not on the list waits for the supervisor.
    let sent = messenger.send(listener.as_raw_fd());
    let mut byte = [0u8; 1];
    if sent.is_err() || !matches!(rustix::io::read(&control, &mut byte), Ok(1)) {
        system::leave(98);
    }
    drop(told);
    system::close_from(5);
    let error = system::become_program(&path, &arguments, &environment);
    // Descriptor 2 is the output: all that is left to say it with.
    let _ = rustix::io::write(rustix::stdio::stderr(), format!("{error}\n").as_bytes());
    system::leave(99)
}

/// A thread that sends the listener to the supervisor. It is made before the filter is, so that its
/// own call needs nobody's answer; execve ends it. (pidfd_getfd would be simpler, but Docker's default
/// profile denies it.)
fn messenger(control: &OwnedFd) -> Result<mpsc::Sender<i32>, String> {
    let (sender, receiver) = mpsc::channel();
    let socket = control.as_raw_fd();
    thread::Builder::new()
        .spawn(move || {
            if let Ok(listener) = receiver.recv() {
                let _ = system::send_descriptor(socket, listener);
            }
            // It must not end: a thread's end makes calls.
            loop {
                thread::park();
            }
        })
        .map_err(|error| format!("a thread: {error}"))?;
    Ok(sender)
}

/// The executable's path, its arguments, its environment.
fn program_texts(
    request: &Request,
    sign: &str,
) -> Result<(CString, Vec<CString>, Vec<CString>), String> {
    let program = &request.program;
    let path = CString::new(program.executable.as_os_str().as_bytes())
        .map_err(|_| "the program's path has a NUL in it".to_owned())?;
    let name = program.executable.to_string_lossy().into_owned();
    let mut environment = program.environment.clone();
    if request.ablation == Some(Ablation::Environment) {
        environment.extend(std::env::vars());
    }
    environment.push((Program::SIGN.into(), sign.into()));
    let pairs = environment.into_iter().map(|(name, value)| format!("{name}={value}"));
    let arguments = std::iter::once(name).chain(program.arguments.iter().cloned());
    match (system::text_list(arguments), system::text_list(pairs)) {
        (Some(arguments), Some(environment)) => Ok((path, arguments, environment)),
        _ => Err("an argument or a variable has a NUL in it".into()),
    }
}

fn limits(request: &Request) -> Result<(), String> {
    let limits = &request.limits;
    let set = |resource, soft, hard| {
        system::limit(resource, soft, hard).map_err(|error| format!("setrlimit: {error}"))
    };
    set(libc::RLIMIT_CORE, 0, 0)?;
    set(libc::RLIMIT_NOFILE, 256, 256)?;
    if request.ablation == Some(Ablation::Limits) {
        return Ok(());
    }
    set(libc::RLIMIT_AS, limits.address_bytes, limits.address_bytes)?;
    // At the first SIGXCPU, which can be caught; a second later SIGKILL.
    set(libc::RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds.saturating_add(1))?;
    let written = if request.mode == Mode::Aquarium { 64 << 20 } else { 0 };
    set(libc::RLIMIT_FSIZE, written, written)
}
