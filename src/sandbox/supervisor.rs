//! The supervisor: answers calls, watches the clock, keeps the evidence.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

mod pipe;
mod record;

use pipe::Pipe;

use super::child::{self, Setup, Told};
use super::decide::{Decision, Role, Situation, decide};
use super::evidence::Notes;
use super::filter::LARGE_BYTES;
use super::notify::{Answer, Listener};
use super::paths::Allowed;
use super::request::{Ablation, Request, SandboxError};
use super::system;
use crate::base::detonation::{Detonation, Effect, EventKind, Mode, Strength};

/// How long the loader's program may take until it is ready to be started.
const PREPARATION: Duration = Duration::from_secs(10);
/// How long what is left may take once the program ended or was ended.
const AFTERMATH: Duration = Duration::from_secs(3);
/// Most bytes that are kept of what the program prints, of its advice, and of what the children tell.
const MAX_OUTPUT: usize = 64 << 10;
const MAX_ADVICE: usize = 256 << 10;
const MAX_TOLD: usize = 1 << 20;
/// Most pieces of advice in a record.
const MAX_ADVICES: usize = 500;
/// Most effects in a record.
const MAX_EFFECTS: usize = 1000;
/// How many processes may be made in an aquarium.
const AQUARIUM_PROCESSES: u32 = 64;

const NAMESPACES: i32 = libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP;

/// One load, from its request to its record.
pub fn serve(request: &Request) -> Detonation {
    let path = request.path.to_string_lossy();
    match supervise(request) {
        Ok(detonation) => detonation,
        Err(error) => Detonation::not_run(&path, request.mode, &request.loader, error.to_string()),
    }
}

fn supervise(request: &Request) -> Result<Detonation, SandboxError> {
    let began = Instant::now();
    let missing = system::missing();
    if !missing.is_empty() {
        return Err(SandboxError::Unsupported(missing));
    }
    check_program(request)?;
    // Who asked for the load is gone: nobody would hear of it, and nothing is to be left running.
    system::process_option(libc::PR_SET_PDEATHSIG, libc::SIGKILL as u64)
        .map_err(|source| SandboxError::System { step: "PR_SET_PDEATHSIG", source })?;
    let file = open(&request.path)?;
    let bytes = file.metadata().map_err(SandboxError::Open)?.len();
    // Nobody of the same user may look into the supervisor or trace it.
    system::process_option(libc::PR_SET_DUMPABLE, 0)
        .map_err(|source| SandboxError::System { step: "PR_SET_DUMPABLE", source })?;
    let mut readable = request.program.readable.clone();
    readable.push(request.program.executable.clone());
    let allowed = Allowed::new(&readable);
    let sign = format!("/.deadweight/{:016x}{:016x}", random()?, random()?);
    let started = start(request, &allowed, &sign, file.into())?;
    let mut watch = Watch::new(request, &allowed, Path::new(&sign), started, began);
    watch.large_bytes = large_bytes(bytes);
    watch.prepare()?;
    watch.run();
    Ok(watch.finish())
}

/// A file may hold an array that is as large as itself, and compressed ones hold larger ones.
fn large_bytes(file: u64) -> u64 {
    u64::from(LARGE_BYTES).saturating_add(file.saturating_mul(8))
}

fn check_program(request: &Request) -> Result<(), SandboxError> {
    let program = &request.program;
    let problem = if !is_normal(&program.executable) {
        "expected an absolute path without dots"
    } else if !program.executable.is_file() {
        "expected a file"
    } else {
        return Ok(());
    };
    Err(SandboxError::Program {
        path: program.executable.to_string_lossy().into_owned(),
        problem: problem.into(),
    })
}

/// True when the path is absolute and has no `.`, `..` or empty parts.
fn is_normal(path: &Path) -> bool {
    path.is_absolute()
        && path.components().all(|part| {
            matches!(part, std::path::Component::RootDir | std::path::Component::Normal(_))
        })
}

/// Opens a regular file, without waiting for the other end of a FIFO.
fn open(path: &Path) -> Result<File, SandboxError> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(SandboxError::Open)?;
    let kind = file.metadata().map_err(SandboxError::Open)?.file_type();
    match () {
        () if kind.is_file() => Ok(file),
        () if kind.is_dir() => Err(SandboxError::NotAFile("a directory")),
        () if kind.is_fifo() => Err(SandboxError::NotAFile("a FIFO")),
        () if kind.is_socket() => Err(SandboxError::NotAFile("a socket")),
        () => Err(SandboxError::NotAFile("a device")),
    }
}

fn random() -> Result<u64, SandboxError> {
    let mut bytes = [0; 8];
    let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    read.map_err(|source| SandboxError::System { step: "/dev/urandom", source })?;
    Ok(u64::from_ne_bytes(bytes))
}

/// The ends that the supervisor keeps, and what it started.
struct Started {
    process: i32,
    namespaces: Result<bool, String>,
    control: OwnedFd,
    output: OwnedFd,
    advice: OwnedFd,
    told: OwnedFd,
    /// Its other end tells the child that this process is there.
    _alive: OwnedFd,
}

fn start(
    request: &Request,
    allowed: &Allowed,
    sign: &str,
    file: OwnedFd,
) -> Result<Started, SandboxError> {
    let at = |step: &'static str| move |source: io::Error| SandboxError::System { step, source };
    let (control, child_control) = system::socket_pair().map_err(at("socketpair"))?;
    let (output, child_output) = system::pipe().map_err(at("pipe"))?;
    let (advice, child_advice) = system::pipe().map_err(at("pipe"))?;
    // The writer must not wait for a supervisor that waits for the writer's next call.
    let _ = rustix::pipe::fcntl_setpipe_size(&advice, 1 << 20);
    let (told, child_told) = system::pipe().map_err(at("pipe"))?;
    let (child_alive, alive) = system::pipe().map_err(at("pipe"))?;
    let nothing = File::open("/dev/null").map_err(at("/dev/null"))?;
    let ids = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());

    let (process, ids, namespaces) = clone(request, ids)?;
    if process == 0 {
        // Only the supervisor may hold the end whose closing says that it is gone.
        drop((control, output, advice, told, alive));
        child::init(Setup {
            request,
            allowed,
            sign,
            namespaces: namespaces == Ok(true),
            ids,
            file,
            nothing: nothing.into(),
            output: child_output,
            advice: child_advice,
            told: child_told,
            control: child_control,
            alive: child_alive,
        });
    }
    Ok(Started { process, namespaces, control, output, advice, told, _alive: alive })
}

/// A user to map, where a user namespace was made.
type Ids = Option<(u32, u32)>;

/// A process in as many namespaces as the system gives; why there are none, if so.
fn clone(
    request: &Request,
    ids: (u32, u32),
) -> Result<(i32, Ids, Result<bool, String>), SandboxError> {
    let plain =
        || system::fork_with(0).map_err(|source| SandboxError::System { step: "clone", source });
    if request.without_namespaces {
        return Ok((plain()?, None, Err("left out, as was asked".into())));
    }
    let refused = match system::fork_with(NAMESPACES | libc::CLONE_NEWUSER) {
        Ok(process) => return Ok((process, Some(ids), Ok(true))),
        Err(error) => error,
    };
    // Root needs no user namespace for the others.
    match system::fork_with(NAMESPACES) {
        Ok(process) => Ok((process, None, Ok(true))),
        Err(_) => Ok((plain()?, None, Err(format!("clone: {refused}")))),
    }
}

/// One load while it goes on.
struct Watch<'a> {
    request: &'a Request,
    allowed: &'a Allowed,
    sign: &'a Path,
    began: Instant,
    process: i32,
    loader: i32,
    control: OwnedFd,
    _alive: OwnedFd,
    listener: Option<Listener>,
    output: Pipe,
    advice: Pipe,
    told: Pipe,
    notes: Notes,
    programs: u32,
    processes: u32,
    threads: u32,
    namespaces: Result<bool, String>,
    root: Option<Option<String>>,
    name: Option<String>,
    landlock: Option<(Strength, String)>,
    problem: Option<String>,
    ended: Option<(i32, u64, u64)>,
    effects: Vec<Effect>,
    timed_out: bool,
    largest_address: u64,
    setup: Option<Duration>,
    large_bytes: u64,
}

impl<'a> Watch<'a> {
    fn new(
        request: &'a Request,
        allowed: &'a Allowed,
        sign: &'a Path,
        started: Started,
        began: Instant,
    ) -> Self {
        let Started { process, namespaces, control, output, advice, told, _alive } = started;
        Watch {
            request,
            allowed,
            sign,
            began,
            process,
            loader: 0,
            control,
            _alive,
            listener: None,
            output: Pipe::new(output, MAX_OUTPUT),
            advice: Pipe::new(advice, MAX_ADVICE),
            told: Pipe::new(told, MAX_TOLD),
            notes: Notes::new(request.limits.listed),
            programs: 0,
            processes: 0,
            threads: 0,
            namespaces,
            root: None,
            name: None,
            landlock: None,
            problem: None,
            ended: None,
            effects: Vec::new(),
            timed_out: false,
            largest_address: 0,
            setup: None,
            large_bytes: large_bytes(0),
        }
    }

    /// Waits for the listener, and lets the program begin.
    fn prepare(&mut self) -> Result<(), SandboxError> {
        let deadline = self.began + PREPARATION;
        loop {
            let waits = [self.control.as_raw_fd(), self.told.descriptor()];
            let [(offered, closed), told] = system::poll(waits, 50);
            self.told.take(told);
            self.hear();
            if offered {
                match system::receive_descriptor(self.control.as_raw_fd()) {
                    Ok(Some((process, listener))) => {
                        self.loader = process;
                        self.listener = Some(Listener::new(listener));
                        break;
                    }
                    Ok(None) => {}
                    Err(source) => return Err(SandboxError::System { step: "recvmsg", source }),
                }
            }
            let problem = self.problem.take();
            if problem.is_some() || closed || Instant::now() > deadline {
                self.end();
                // What was told last may still be in the pipe.
                self.told.take((true, false));
                self.hear();
                let problem = problem.or_else(|| self.problem.take());
                return Err(SandboxError::Prepare(
                    problem.unwrap_or_else(|| "the process ended or hung without a word".into()),
                ));
            }
        }
        if self.must_have_landlock() && self.landlock.is_none() {
            self.told.take((true, false));
            self.hear();
        }
        if self.must_have_landlock() && self.landlock.is_none() {
            self.end();
            return Err(SandboxError::Prepare("Landlock is not in force".into()));
        }
        self.setup = Some(self.began.elapsed());
        rustix::io::write(&self.control, b"g")
            .map_err(|error| SandboxError::System { step: "write", source: error.into() })?;
        Ok(())
    }

    fn must_have_landlock(&self) -> bool {
        self.request.mode == Mode::Policy && self.request.ablation != Some(Ablation::Landlock)
    }

    /// Until the program and all that it made are gone, or the time is over.
    fn run(&mut self) {
        let start = Instant::now();
        let deadline = start + Duration::from_millis(self.request.limits.wall_millis);
        let mut looked = start;
        loop {
            let now = Instant::now();
            if self.ended.is_none() && now >= deadline {
                self.timed_out = true;
                break;
            }
            if now.duration_since(looked) >= Duration::from_millis(20) {
                looked = now;
                self.look_at_memory();
            }
            let left = deadline.saturating_duration_since(now).as_millis();
            self.once((left as i32).clamp(1, 20));
            if self.ended.is_some() || self.told.end.is_none() {
                break;
            }
        }
        self.aftermath();
    }

    /// Answers what waits, hears what was told.
    fn once(&mut self, millis: i32) {
        let listener = self.listener.as_ref().map_or(-1, AsRawFd::as_raw_fd);
        let waits =
            [listener, self.told.descriptor(), self.output.descriptor(), self.advice.descriptor()];
        let [calls, told, output, advice] = system::poll(waits, millis);
        self.output.take(output);
        self.advice.take(advice);
        self.told.take(told);
        self.hear();
        match calls {
            (true, _) => self.answer(),
            (false, true) => self.listener = None,
            (false, false) => {}
        }
    }

    /// What the children told.
    fn hear(&mut self) {
        for line in self.told.lines() {
            if let Ok(effect) = serde_json::from_slice::<Effect>(&line) {
                if self.effects.len() < MAX_EFFECTS {
                    self.effects.push(effect);
                }
                continue;
            }
            match serde_json::from_slice(&line) {
                Ok(Told::Root(problem)) => self.root = Some(problem),
                Ok(Told::Name(problem)) => self.name = Some(problem),
                Ok(Told::Landlock(strength, note)) => self.landlock = Some((strength, note)),
                Ok(Told::Problem(problem)) => self.problem = Some(problem),
                Ok(Told::Ended { status, cpu_micros, resident_bytes }) => {
                    self.ended = Some((status, cpu_micros, resident_bytes));
                }
                Ok(Told::Effects(effects)) => self.effects.splice(0..0, effects).for_each(drop),
                Err(_) => {}
            }
        }
    }

    fn answer(&mut self) {
        let Some(listener) = &self.listener else { return };
        let Ok(Some(call)) = listener.receive() else { return };
        let aquarium = self.request.mode == Mode::Aquarium;
        let situation = Situation {
            allowed: self.allowed,
            executable: &self.request.program.executable,
            sign: self.sign,
            armed: self.notes.is_armed(),
            strict: self.request.program.strict,
            programs: self.programs,
            processes: self.processes,
            threads: self.threads,
            large_bytes: self.large_bytes,
            most_processes: if aquarium {
                AQUARIUM_PROCESSES
            } else {
                self.request.limits.processes
            },
        };
        let decision = decide(&call, &situation);
        // The caller may be gone, and its number another's: what was read is then nobody's.
        if !listener.is_valid(&call) {
            return;
        }
        let Decision { mut answer, event, role } = decision;
        let limit = matches!(event, Some((EventKind::ProcessLimit, _)));
        let open = aquarium || self.request.ablation == Some(Ablation::Seccomp);
        if open && self.notes.is_armed() && !limit {
            answer = Answer::Continue;
        }
        listener.answer(&call, answer);
        match role {
            Role::Sign => self.notes.arm(),
            Role::Program => self.programs += 1,
            Role::Process => self.processes += 1,
            Role::Thread => self.threads += 1,
            Role::Plain => {}
        }
        if let Some((kind, detail)) = event {
            let stopped = match answer {
                Answer::Continue => None,
                Answer::Value(_) | Answer::Error(_) if limit => Some("limit"),
                Answer::Value(_) | Answer::Error(_) => Some("seccomp"),
            };
            self.notes.add(kind, detail, stopped);
        }
    }

    fn look_at_memory(&mut self) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.loader));
        let status = status.unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
        let peak = peak.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok());
        self.largest_address = self.largest_address.max(peak.unwrap_or(0).saturating_mul(1024));
    }

    /// Ends everything. What is told after the end of the program (effects) is heard before.
    fn aftermath(&mut self) {
        let deadline = Instant::now() + AFTERMATH;
        if self.timed_out {
            // Only the loader: the process above it has still to say what became of the planted things.
            system::kill(self.loader);
        }
        while self.told.end.is_some() && Instant::now() < deadline {
            self.once(20);
        }
        self.end();
        for pipe in [&mut self.output, &mut self.advice] {
            while pipe.end.is_some() {
                let [state] = system::poll([pipe.descriptor()], 0);
                if state == (false, false) {
                    break;
                }
                pipe.take(state);
            }
        }
    }

    fn end(&mut self) {
        self.listener = None;
        // The process above the loader ends the group itself before it goes; after that the number may
        // be that of others.
        if self.loader > 0 && self.namespaces.is_err() && self.told.end.is_some() {
            system::kill(-self.loader);
        }
        system::kill(self.process);
        system::wait(self.process, true);
    }
}
