//! What is to be loaded, by what, and under which bounds.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::base::detonation::Mode;

/// One load, as the host asks the supervisor for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The file.
    pub path: PathBuf,
    /// Under which rules.
    pub mode: Mode,
    /// What loads it, in words for the record.
    pub loader: String,
    /// What loads it.
    pub program: Program,
    /// Bounds on the load.
    pub limits: Limits,
    /// Things to be found and watched.
    #[serde(default)]
    pub planted: Option<Planted>,
    /// Do without namespaces although the system has them.
    #[serde(default)]
    pub without_namespaces: bool,
    /// A layer that is left out, to show what it is for. Tests alone set this.
    #[serde(default)]
    pub ablation: Option<Ablation>,
}

/// The program that loads. It gets the file as descriptor 3, open for reading, and a pipe for what
/// it wants to tell as descriptor 4. It gives its sign by asking for the metadata of the path that
/// the variable [`Program::SIGN`] names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Absolute path of the executable.
    pub executable: PathBuf,
    /// Its arguments, its own name not among them.
    pub arguments: Vec<String>,
    /// Its whole environment.
    pub environment: Vec<(String, String)>,
    /// What it may read beside the system's libraries: files, and directories with all below them.
    pub readable: Vec<PathBuf>,
    /// True for a program that needs nothing any more once it gave its sign: no file, no thread.
    pub strict: bool,
}

impl Program {
    /// The variable that names the path of the sign.
    pub const SIGN: &'static str = "DEADWEIGHT_SIGN";
}

/// Bounds on a load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Wall clock, from the start of the program to its end.
    pub wall_millis: u64,
    /// Processor time, in whole seconds since the kernel counts so.
    pub cpu_seconds: u64,
    /// Address space.
    pub address_bytes: u64,
    /// Processes that may be made, so that what they would do is seen.
    pub processes: u32,
    /// Attempts of one kind that are listed.
    pub listed: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            wall_millis: 20_000,
            cpu_seconds: 15,
            // Room for scikit-learn's libraries and a model of a gigabyte.
            address_bytes: 8 << 30,
            processes: 8,
            listed: 200,
        }
    }
}

/// Things that are there to be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planted {
    /// An absolute directory. Under the policy it exists and is shown read-only; in an aquarium it is
    /// made, and may be written.
    pub directory: PathBuf,
    /// What lies in it.
    pub things: Vec<PlantedThing>,
    /// Listeners in an aquarium.
    pub listeners: Vec<Listener>,
}

/// A planted file or directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlantedThing {
    /// Below the directory.
    pub path: String,
    /// Its mode.
    pub mode: u32,
    /// A file's content; directories have none.
    pub content: Option<String>,
}

/// Somebody who listens inside an aquarium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Listener {
    /// A TCP port of 127.0.0.1.
    Tcp {
        /// The port.
        port: u16,
    },
    /// A UDP port of 127.0.0.1.
    Udp {
        /// The port.
        port: u16,
    },
    /// A name server, a UDP port of 127.0.0.1. It knows no names.
    Dns {
        /// The port.
        port: u16,
    },
    /// A name in the abstract unix namespace, without the leading NUL.
    Unix {
        /// The name.
        name: String,
    },
}

/// A layer that can be left out in tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ablation {
    /// The supervisor lets every call through once the program gave its sign.
    Seccomp,
    /// No Landlock.
    Landlock,
    /// The root directory of the host, in namespaces of its own.
    PrivateRoot,
    /// No limits of time, memory and processes but a generous wall clock.
    Limits,
    /// The environment of the host goes on to the program.
    Environment,
}

/// Why nothing was loaded.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// The file cannot be opened.
    #[error("cannot open the file: {0}")]
    Open(std::io::Error),
    /// It is no regular file.
    #[error("expected a regular file, found {0}")]
    NotAFile(&'static str),
    /// The program that loads is not usable.
    #[error("the loader's program {path}: {problem}")]
    Program {
        /// Its path.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// The system lacks what is needed to supervise.
    #[error("this system cannot supervise a load: {}", .0.join("; "))]
    Unsupported(Vec<String>),
    /// A step of the preparations failed.
    #[error("{step}: {source}")]
    System {
        /// What was being done.
        step: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something else, said by the process that prepares the loader.
    #[error("the loader could not be prepared: {0}")]
    Prepare(String),
}
