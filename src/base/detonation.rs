//! What happened while a file was really loaded under supervision.
//!
//! A [`Detonation`] is one load: how it ended, which layers were in force, what was attempted and
//! whether it was let through. Everything in it that counts was written by the supervisor; what the
//! loaded file could have written itself stands in fields that say so.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The schema of [`Detonation`]. The number grows when a field changes its meaning.
pub const DETONATION_SCHEMA: &str = "deadweight.detonation/1";

/// How a load ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The loader returned an object, and the process ended by itself.
    Loaded,
    /// The loader refused, raised an error, or ended the process with an exit code of its own.
    Failed,
    /// The process was ended by a signal, its own or the supervisor's.
    Killed,
    /// The time limit ended it.
    TimedOut,
    /// Nothing was loaded; the reason says why.
    NotRun,
}

impl Outcome {
    /// As in records.
    pub fn id(self) -> &'static str {
        match self {
            Outcome::Loaded => "loaded",
            Outcome::Failed => "failed",
            Outcome::Killed => "killed",
            Outcome::TimedOut => "timed-out",
            Outcome::NotRun => "not-run",
        }
    }
}

/// How much of a layer was in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Not at all.
    None,
    /// In part; the notes say what is missing.
    Partial,
    /// As designed.
    Full,
}

/// When an attempt was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Before the file was touched: the interpreter starts and imports what the loader needs.
    Startup,
    /// From just before the load until the process is gone, exit handlers included.
    Armed,
}

/// What kind of thing was attempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// Start another program: `execve`, `execveat`. Detail: `path`, `argv`.
    Exec,
    /// Make a process: `fork`, `vfork`, `clone` without `CLONE_THREAD`. Detail: `flags`.
    Process,
    /// Make a thread after loading began. Detail: `flags`.
    Thread,
    /// Open a file for writing, or make one. Detail: `path`, `flags`.
    FileWrite,
    /// Open a file that is not the loader's business. Detail: `path`, `flags`.
    FileRead,
    /// Change a file or directory without opening it: remove, rename, link, mode, owner, times,
    /// truncate, make. Detail: `path`, and `to` where there are two.
    FileChange,
    /// Ask whether a path is there, or what it is. Detail: `path`.
    Probe,
    /// Connect to an address. Detail: `address`.
    Connect,
    /// Take an address for oneself, or wait for connections. Detail: `address`.
    Bind,
    /// Send data. Detail: `address`, `query` for a DNS query, `bytes`, `data`.
    Send,
    /// Make a socket of an unusual family or type. Detail: `family`, `type`.
    Socket,
    /// Signal a process: `kill`, `tgkill`, `pidfd_send_signal`. Detail: `target`, `signal`.
    Signal,
    /// Look into or control another process: `ptrace`, `process_vm_readv`, `pidfd_getfd`.
    Trace,
    /// Change what is mounted, or the namespaces: `mount`, `unshare`, `setns`, `pivot_root`, `chroot`.
    Mount,
    /// Make a file that lies only in memory: `memfd_create`, `memfd_secret`. Detail: `name`.
    MemoryFile,
    /// `io_uring_setup` and its kin, by which calls could be made unseen.
    IoUring,
    /// Ask for memory that can be executed. Detail: `bytes`, `protection`.
    ExecutableMemory,
    /// Ask for a great amount of memory at once. Detail: `bytes`.
    LargeAllocation,
    /// Change user, group, capabilities, resource limits or the seccomp filter.
    Privilege,
    /// Any other call that the policy does not list. Detail: `number`, `arguments`.
    OtherCall,
    /// More processes than the policy lets be.
    ProcessLimit,
    /// The wall clock's limit ended it.
    TimeLimit,
    /// The limit of processor time ended it.
    CpuLimit,
    /// The memory limit was met.
    MemoryLimit,
}

impl EventKind {
    /// As in records.
    pub fn id(self) -> &'static str {
        match self {
            EventKind::Exec => "exec",
            EventKind::Process => "process",
            EventKind::Thread => "thread",
            EventKind::FileWrite => "file-write",
            EventKind::FileRead => "file-read",
            EventKind::FileChange => "file-change",
            EventKind::Probe => "probe",
            EventKind::Connect => "connect",
            EventKind::Bind => "bind",
            EventKind::Send => "send",
            EventKind::Socket => "socket",
            EventKind::Signal => "signal",
            EventKind::Trace => "trace",
            EventKind::Mount => "mount",
            EventKind::MemoryFile => "memory-file",
            EventKind::IoUring => "io-uring",
            EventKind::ExecutableMemory => "executable-memory",
            EventKind::LargeAllocation => "large-allocation",
            EventKind::Privilege => "privilege",
            EventKind::OtherCall => "other-call",
            EventKind::ProcessLimit => "process-limit",
            EventKind::TimeLimit => "time-limit",
            EventKind::CpuLimit => "cpu-limit",
            EventKind::MemoryLimit => "memory-limit",
        }
    }
}

/// One attempt, as the supervisor saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Before or after the load began.
    pub phase: Phase,
    /// What kind of thing.
    pub kind: EventKind,
    /// What exactly: always `call`, the name of the system call or limit; and what the kind names.
    pub detail: Map<String, Value>,
    /// True when it was stopped.
    pub denied: bool,
    /// What stopped it: `seccomp` or `limit`; absent when nothing did. What Landlock alone stops leaves
    /// no event: the kernel tells nobody.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stopped_by: Option<String>,
    /// How often the very same attempt was seen, where more than once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub times: Option<u64>,
}

impl Event {
    /// True when `text` is in any of its details, as text.
    pub fn mentions(&self, text: &str) -> bool {
        fn inside(value: &Value, text: &str) -> bool {
            match value {
                Value::String(found) => found.contains(text),
                Value::Array(values) => values.iter().any(|value| inside(value, text)),
                Value::Null | Value::Object(_) => false,
                Value::Bool(_) | Value::Number(_) => text == value.to_string().as_str(),
            }
        }
        text.is_empty() || self.detail.values().any(|value| inside(value, text))
    }
}

impl Event {
    /// What became of it, in words.
    pub fn became(&self) -> String {
        match (&self.stopped_by, self.kind) {
            (Some(layer), _) => format!("stopped by {layer}"),
            (None, _) if self.denied => "stopped".into(),
            (None, EventKind::Process) => "let go on, to see what the new process does".into(),
            (None, EventKind::Thread) => "let go on: threads are under the same rules".into(),
            (None, EventKind::Probe) => "answered: nothing but a question".into(),
            (None, _) => "let go on".into(),
        }
    }
}

impl fmt::Display for Event {
    /// One line: the call, then its details.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = self.detail.get("call").and_then(Value::as_str).unwrap_or(self.kind.id());
        f.write_str(call)?;
        let rest = self.detail.iter().filter(|(name, _)| *name != "call");
        for (at, (name, value)) in rest.enumerate() {
            f.write_str(if at == 0 { " " } else { ", " })?;
            match value {
                Value::String(text) => write!(f, "{name} {text}")?,
                Value::Array(values) => {
                    let words = values.iter().map(|value| match value {
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    });
                    write!(f, "{name} [{}]", words.collect::<Vec<_>>().join(", "))?;
                }
                other => write!(f, "{name} {other}")?,
            }
        }
        Ok(())
    }
}

/// What became of the planted things in an aquarium, seen after the process was gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    /// A file or directory that was not planted is there now.
    Created {
        /// Its path.
        path: String,
    },
    /// A planted file has other bytes, another mode or another kind.
    Changed {
        /// Its path.
        path: String,
    },
    /// A planted file is gone.
    Deleted {
        /// Its path.
        path: String,
    },
    /// Data arrived at a listener inside the aquarium.
    Received {
        /// Which listener: `tcp`, `udp`, `dns` or `unix`.
        listener: String,
        /// The beginning of it, as text.
        data: String,
    },
}

impl fmt::Display for Effect {
    /// A few words; paths are told from the directory of the planted things on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name =
            |path: &str| path.split_once("/scene/").map_or(path, |(_, inside)| inside).to_owned();
        match self {
            Effect::Created { path } => write!(f, "{} was made", name(path)),
            Effect::Changed { path } => write!(f, "{} was changed", name(path)),
            Effect::Deleted { path } => write!(f, "{} was deleted", name(path)),
            Effect::Received { listener, data } => {
                let short: String = data.chars().take(60).collect();
                write!(f, "\"{short}\" arrived by {listener}")
            }
        }
    }
}

/// Under which rules a file was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Everything that is not a load is stopped.
    Policy,
    /// Everything is let through, in a private root without a network, and recorded.
    Aquarium,
}

/// One load under supervision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detonation {
    /// [`DETONATION_SCHEMA`].
    pub schema: String,
    /// The file, as it was named.
    pub path: String,
    /// Under which rules.
    pub mode: Mode,
    /// What loaded it, such as `pickle.load, CPython 3.11.7`.
    pub loader: String,
    /// How it ended.
    pub outcome: Outcome,
    /// More about the outcome: the error, the signal, or why nothing ran.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The layers and how much of each was in force.
    pub layers: BTreeMap<String, Strength>,
    /// What is missing from a layer that is not full.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<String>,
    /// How many attempts were made after loading began, those not listed included.
    pub armed_events: u64,
    /// The attempts, in order; equal ones are counted.
    pub events: Vec<Event>,
    /// How many attempts of a kind were seen after loading began but are not listed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub omitted: BTreeMap<EventKind, u64>,
    /// What became of the planted things; only in an aquarium.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub effects: Vec<Effect>,
    /// What Python's own audit hook told. The loaded file shares its process and could silence it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub advisory: Vec<String>,
    /// What the process printed. Not believed.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub output: String,
    /// From the request to the first instruction of the loader's program.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub setup_micros: Option<u64>,
    /// From the request to the end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub elapsed_micros: Option<u64>,
    /// The most memory that was resident at once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub peak_resident_bytes: Option<u64>,
}

impl Detonation {
    /// A load that did not happen.
    pub fn not_run(path: &str, mode: Mode, loader: &str, reason: impl Into<String>) -> Self {
        Detonation {
            schema: DETONATION_SCHEMA.into(),
            path: path.into(),
            mode,
            loader: loader.into(),
            outcome: Outcome::NotRun,
            reason: Some(reason.into()),
            layers: BTreeMap::new(),
            notes: Vec::new(),
            armed_events: 0,
            events: Vec::new(),
            omitted: BTreeMap::new(),
            effects: Vec::new(),
            advisory: Vec::new(),
            output: String::new(),
            setup_micros: None,
            elapsed_micros: None,
            peak_resident_bytes: None,
        }
    }

    /// How many of the listed attempts were stopped after loading began, by the layer that did it.
    pub fn stopped(&self) -> BTreeMap<&str, u64> {
        let mut stopped = BTreeMap::new();
        for event in self.armed().filter(|event| event.denied) {
            let layer = event.stopped_by.as_deref().unwrap_or("a layer that is not named");
            *stopped.entry(layer).or_default() += event.times.unwrap_or(1);
        }
        stopped
    }

    /// The attempts after loading began.
    pub fn armed(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| event.phase == Phase::Armed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_are_what_records_say() {
        for kind in
            [EventKind::Exec, EventKind::MemoryFile, EventKind::IoUring, EventKind::CpuLimit]
        {
            assert_eq!(serde_json::to_value(kind).unwrap(), json!(kind.id()));
        }
        for outcome in [Outcome::Loaded, Outcome::TimedOut, Outcome::NotRun] {
            assert_eq!(serde_json::to_value(outcome).unwrap(), json!(outcome.id()));
        }
    }

    #[test]
    fn an_event_is_one_line_and_can_be_searched() {
        let detail = json!({"call": "execve", "path": "/bin/sh", "argv": ["sh", "-c", "id"]});
        let Value::Object(detail) = detail else { unreachable!() };
        let event = Event {
            phase: Phase::Armed,
            kind: EventKind::Exec,
            detail,
            denied: true,
            stopped_by: Some("seccomp".into()),
            times: None,
        };
        assert!(event.mentions("-c") && event.mentions("/bin/sh") && !event.mentions("bash"));
        assert_eq!(event.to_string(), "execve argv [sh, -c, id], path /bin/sh");
    }
}
