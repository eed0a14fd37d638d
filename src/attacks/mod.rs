//! Files that are built to do harm when they are loaded; one file of this folder for each.
//!
//! ```text
//! scene (paths and addresses of planted things) + target -> bytes of a hostile file
//! ```
//!
//! An [`Attack`] says what it does, who has used it, how its bytes are built, and what must be seen
//! when it runs: in an aquarium the effect itself, under the policy the attempt. Nothing here runs
//! anything. Every payload is harmless outside too: it touches only what lies in the directory of its
//! [`Scene`], speaks only to this machine, and its loops and sizes are bounded.
//!
//! A payload for an executable format is Python. A payload for a data-only format is whatever its
//! loader might stumble over, and what must be seen is a clean refusal, or a harmless model.

use std::path::{Path, PathBuf};

use crate::base::detonation::{EventKind, Outcome};

pub mod carrier;
pub mod data_file;
pub mod payload;
pub mod registry;
pub mod techniques;

mod archive_traversal;
mod atexit_payload;
mod cloudpickle_function;
mod compressed_bz2;
mod compressed_gzip;
mod compressed_lz4;
mod compressed_lzma;
mod compressed_xz;
mod compressed_zlib;
mod cpu_loop;
mod ctypes_system;
mod deep_nesting;
mod del_payload;
mod dill_function;
mod dtype_confusion;
mod duplicate_keys;
mod environment_read;
mod eval_compile_chain;
mod exfiltrate_dns;
mod exfiltrate_tcp;
mod exfiltrate_udp;
mod exfiltrate_unix;
mod expansion_bomb;
mod file_append;
mod file_chmod;
mod file_delete;
mod file_rename;
mod file_write;
mod fork_bomb;
mod header_flood;
mod host_name;
mod import_hook;
mod index_poisoning;
mod io_uring_setup;
mod joblib_after_array;
mod length_lie;
mod listening_shell;
mod memfd_exec;
mod memory_bomb;
mod mount_and_unshare;
mod nan_poisoning;
mod npy_object;
mod object_array;
mod object_array_payload;
mod os_system;
mod overlapping_tensors;
mod path_probe;
mod path_race;
mod posix_spawn;
mod private_key_read;
mod pth_planting;
mod ptrace_parent;
mod pty_spawn;
mod raw_system_call;
mod renamed_pickle;
mod rmtree;
mod setuid_attempt;
mod shellcode;
mod signal_parent;
mod sitecustomize_planting;
mod sleep_past_limit;
mod stacked_pickle;
mod subprocess_popen;
mod symlink_swap;
mod template_injection;
mod thread_payload;
mod torch_hidden_member;
mod truncated_file;

/// How bad it is when the attack succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Annoying: a crash, wasted time.
    Low,
    /// Something is lost or told that should not be, within bounds.
    Medium,
    /// Files, keys or the machine's time are at the mercy of the file.
    High,
    /// The file runs programs of its choice.
    Critical,
}

impl Severity {
    /// As in records.
    pub fn id(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// A loader of an executable format. All of them are Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loader {
    /// `pickle.load`.
    Pickle,
    /// `joblib.load`.
    Joblib,
    /// `numpy.load(..., allow_pickle=True)`.
    Numpy,
    /// What `torch.load` does with a zip archive: `data.pkl` inside it through an unpickler with a
    /// `persistent_load`.
    TorchZip,
}

impl Loader {
    /// All of them.
    pub const ALL: &'static [Loader] =
        &[Loader::Pickle, Loader::Joblib, Loader::Numpy, Loader::TorchZip];

    /// As in records and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Loader::Pickle => "pickle",
            Loader::Joblib => "joblib",
            Loader::Numpy => "numpy",
            Loader::TorchZip => "torch-zip",
        }
    }

    /// The ending of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Loader::Pickle => "pkl",
            Loader::Joblib => "joblib",
            Loader::Numpy => "npy",
            Loader::TorchZip => "pt",
        }
    }
}

/// What a file is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// An executable format.
    Python(Loader),
    /// A data-only format, by its id.
    Format(&'static str),
}

impl Target {
    /// The id of the loader or format.
    pub fn id(self) -> &'static str {
        match self {
            Target::Python(loader) => loader.id(),
            Target::Format(id) => id,
        }
    }
}

/// Which files an attack can be built for.
#[derive(Debug, Clone, Copy)]
pub enum Targets {
    /// These loaders of Python.
    Python(&'static [Loader]),
    /// These loaders of Python, where a package is installed.
    PythonWith(&'static [Loader], &'static str),
    /// These data-only formats.
    Formats(&'static [&'static str]),
    /// Every data-only format that there is.
    EveryFormat,
}

/// The matrices that techniques are named in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matrix {
    /// MITRE ATT&CK.
    Attack,
    /// MITRE ATLAS.
    Atlas,
}

/// A technique of MITRE's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Technique {
    /// Where it is named.
    pub matrix: Matrix,
    /// `T1059.006`, `AML.T0011.000`.
    pub id: &'static str,
    /// Its name there.
    pub name: &'static str,
}

/// Where the attack was described or used in public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// A CVE or GHSA number, or the title of an article or page.
    pub title: &'static str,
    /// Its address.
    pub url: &'static str,
}

/// Something that must be seen in an aquarium. Paths are relative to the scene's directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// A file or directory is there that was not planted.
    Created(&'static str),
    /// A planted file is not what it was: bytes, mode or kind.
    Changed(&'static str),
    /// A planted file is gone.
    Deleted(&'static str),
    /// A listener inside got data with this text in it.
    Received(&'static str),
    /// An event of this kind was let through, with this text in its details (`""` for any).
    Happened(EventKind, &'static str),
    /// The load ended so.
    Ended(Outcome),
}

/// An attempt that must be recorded, and stopped, under the policy: an event of this kind after
/// loading began, with this text in its details (`""` for any).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// What kind of thing is attempted.
    pub kind: EventKind,
    /// A part of its details.
    pub text: &'static str,
}

/// What must be seen when the file is loaded.
#[derive(Debug, Clone, Copy)]
pub enum Expected {
    /// The file runs code.
    Effect {
        /// Seen in the aquarium: all of these.
        aquarium: &'static [Sign],
        /// Recorded under the policy: all of these.
        policy: &'static [Evidence],
    },
    /// The loader refuses the file with an error, and attempts nothing.
    Refused,
    /// The loader may return a model in which the attack is plain text or numbers, or refuse it with
    /// an error; it attempts nothing.
    Inert,
}

/// Where the planted things are. The same paths are planted in the aquarium and, for real, in a
/// temporary directory when the policy is tried.
#[derive(Debug, Clone)]
pub struct Scene {
    /// An absolute directory, writable, with the planted files in it.
    pub directory: PathBuf,
    /// A small valid model in the format that is attacked, for those that change one; empty for
    /// Python's loaders.
    pub valid: Vec<u8>,
}

/// Planted: a text file, `CANARY_TEXT` in it, mode 0644.
pub const CANARY: &str = "canary.txt";
/// Planted: what stands in [`CANARY`].
pub const CANARY_TEXT: &str = "the canary is alive\n";
/// Planted: a made-up private key, mode 0600.
pub const KEY: &str = ".ssh/id_ed25519";
/// Planted: the text that tells the key from any other.
pub const KEY_MARK: &str = "DEADWEIGHT-PLANTED-KEY-7f3a";
/// Planted: a directory with two files, `project/weights.txt` and `project/notes/todo.txt`.
pub const PROJECT: &str = "project";
/// Planted: a directory that stands for a `site-packages`.
pub const SITE_PACKAGES: &str = "site-packages";
/// Planted in the environment of the loader: a made-up secret.
pub const SECRET_VARIABLE: &str = "DEADWEIGHT_PLANTED_SECRET";
/// Its value.
pub const SECRET: &str = "planted-secret-51c8";
/// A TCP listener in the aquarium, on 127.0.0.1.
pub const TCP_PORT: u16 = 47_001;
/// A UDP listener in the aquarium, on 127.0.0.1.
pub const UDP_PORT: u16 = 47_002;
/// A name server in the aquarium listens on 127.0.0.1, at the port that name servers have.
pub const DNS_PORT: u16 = 53;
/// A stream listener in the aquarium at this name in the abstract unix namespace, without the
/// leading NUL.
pub const UNIX_NAME: &str = "deadweight-planted-listener";

impl Scene {
    /// The absolute path of a planted thing, as text for a payload.
    pub fn path(&self, planted: &str) -> String {
        self.directory.join(planted).to_string_lossy().into_owned()
    }

    /// What is planted: path below the directory, mode, content; directories have none.
    pub fn planted() -> Vec<(&'static str, u32, Option<String>)> {
        vec![
            (CANARY, 0o644, Some(CANARY_TEXT.into())),
            (".ssh", 0o700, None),
            (
                KEY,
                0o600,
                Some(format!(
                    "-----BEGIN OPENSSH PRIVATE KEY-----\n{KEY_MARK}\n-----END OPENSSH PRIVATE KEY-----\n"
                )),
            ),
            (PROJECT, 0o755, None),
            ("project/weights.txt", 0o644, Some("0.25 0.5 0.75\n".into())),
            ("project/notes", 0o755, None),
            ("project/notes/todo.txt", 0o644, Some("publish the model\n".into())),
            (SITE_PACKAGES, 0o755, None),
        ]
    }

    /// True when `path` lies in the directory.
    pub fn contains(&self, path: &Path) -> bool {
        path.starts_with(&self.directory)
    }
}

/// Builds the bytes of a file.
pub type Build = fn(&Scene, Target) -> Result<Vec<u8>, BuildError>;

/// Why a file could not be built.
#[derive(Debug, thiserror::Error)]
#[error("{attack}: cannot be built for {target}: {problem}")]
pub struct BuildError {
    /// The attack.
    pub attack: &'static str,
    /// For what.
    pub target: String,
    /// What is wrong.
    pub problem: String,
}

/// One attack.
#[derive(Clone, Copy)]
pub struct Attack {
    /// Its id, which is the name of its file too, with `-` for `_`.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What the file does and why somebody would want that: one or two sentences.
    pub summary: &'static str,
    /// How bad it is when it succeeds.
    pub severity: Severity,
    /// What it is built for. The first of Python's loaders is the one that demonstrations use.
    pub targets: Targets,
    /// Techniques of MITRE's that fit.
    pub techniques: &'static [Technique],
    /// Numbers of the Common Weakness Enumeration that fit.
    pub cwe: &'static [u32],
    /// Where it was described or used.
    pub references: &'static [Reference],
    /// How the bytes are built.
    pub build: Build,
    /// What must be seen.
    pub expected: Expected,
    /// Among the six that a quick run shows.
    pub quick: bool,
}
