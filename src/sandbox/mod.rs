//! Loads a file for real, and stops and records everything but the loading.
//!
//! ```text
//! host program -> helper process = supervisor (evidence, deadline)
//!                   +- init: namespaces, private root, planted things; reaps, looks after the end
//!                        +- loader: no capabilities, Landlock, limits, seccomp -> execve of the program
//! ```
//!
//! Three things each hold on their own. seccomp lets through a list of calls and hands every other to
//! the supervisor, which looks at its arguments, answers it and writes it down. Landlock says to the
//! kernel which files may be read, so that a path which is changed after the supervisor looked at it
//! wins nothing. Namespaces, where the system has them, take the network, the other processes and the
//! rest of the file system away. Without seccomp's notifications or Landlock nothing is loaded.
//!
//! A load has two phases. While the loader's program starts, what is denied is noted but is no
//! evidence. Then the loader gives a sign, which it can give only once, and from there on until every
//! process is gone all that is not a load counts. The evidence is the supervisor's alone: what the
//! loaded process prints, and what Python's audit hook says from inside it, is kept apart.
//!
//! In an aquarium ([`crate::base::detonation::Mode::Aquarium`]) everything is let through and written
//! down, in a private root with planted things and listeners, without a network. It shows that a file
//! does what is said of it. It is for files that we built, and is no protection against others.
//!
//! The mechanism: seccomp_unotify(2), landlock(7), user_namespaces(7), pivot_root(2).

use std::path::Path;

use crate::base::detonation::Detonation;

pub mod host;
pub mod python;
pub mod request;

pub use host::detonate;
pub use request::{Ablation, Limits, Planted, Program, Request, SandboxError};

#[cfg(target_os = "linux")]
pub mod aquarium;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod decide;
#[cfg(target_os = "linux")]
mod decode;
#[cfg(target_os = "linux")]
mod evidence;
#[cfg(target_os = "linux")]
mod filter;
#[cfg(target_os = "linux")]
pub mod guest;
#[cfg(target_os = "linux")]
mod landlock;
#[cfg(target_os = "linux")]
mod listeners;
#[cfg(target_os = "linux")]
mod notify;
#[cfg(target_os = "linux")]
mod paths;
#[cfg(target_os = "linux")]
mod root;
#[cfg(target_os = "linux")]
mod supervisor;
#[cfg(target_os = "linux")]
mod system;

/// What this system has of what a load needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Support {
    /// What is missing, in words; empty when files can be loaded.
    pub missing: Vec<String>,
}

impl Support {
    /// Asks the kernel.
    pub fn of_this_system() -> Self {
        #[cfg(target_os = "linux")]
        let missing = system::missing();
        #[cfg(not(target_os = "linux"))]
        let missing = vec![disabled()];
        Support { missing }
    }
}

/// Supervises one load. Only for a single-threaded process that was started for it: it clones,
/// and makes itself unreadable for others.
///
/// # Errors
/// Never: what went wrong is the reason of a load that did not run.
#[cfg(target_os = "linux")]
pub fn serve(request: &Request) -> Detonation {
    supervisor::serve(request)
}

/// Says that nothing can be loaded here.
#[cfg(not(target_os = "linux"))]
pub fn serve(request: &Request) -> Detonation {
    Detonation::not_run(&request.path.to_string_lossy(), request.mode, &request.loader, disabled())
}

#[cfg(not(target_os = "linux"))]
fn disabled() -> String {
    "dynamic loading is not supported on this system: static analysis only".into()
}

/// True when the path is absolute and has no `.`, `..` or empty parts.
fn is_normal(path: &Path) -> bool {
    path.is_absolute()
        && path.components().all(|part| {
            matches!(part, std::path::Component::RootDir | std::path::Component::Normal(_))
        })
}
