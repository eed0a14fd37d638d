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

use crate::base::detonation::Detonation;

pub mod host;
pub mod python;
pub mod request;

pub use host::detonate;
pub use request::{Ablation, Limits, Planted, Program, Request, SandboxError};

// `supervised` is set by build.rs: Linux, on a machine whose calls the filter knows by number. This list
// is the only place that asks: elsewhere there is `disabled`, which has the same doors and opens none.
#[cfg(supervised)]
pub mod aquarium;
#[cfg(supervised)]
mod child;
#[cfg(supervised)]
mod decide;
#[cfg(supervised)]
mod decode;
#[cfg(supervised)]
mod evidence;
#[cfg(supervised)]
mod filter;
#[cfg(supervised)]
pub mod guest;
#[cfg(supervised)]
mod landlock;
#[cfg(supervised)]
mod listeners;
#[cfg(supervised)]
mod notify;
#[cfg(supervised)]
mod paths;
#[cfg(supervised)]
mod root;
#[cfg(supervised)]
mod supervisor;
#[cfg(supervised)]
mod system;
#[cfg(supervised)]
use self::{supervisor as door, system as kernel};

// With the tests, too, so that what it says is tested where tests run.
#[cfg(any(test, not(supervised)))]
#[cfg_attr(supervised, allow(dead_code))]
mod disabled;
#[cfg(not(supervised))]
use self::{disabled as door, disabled as kernel};
#[cfg(not(supervised))]
pub use disabled::{aquarium, guest};

/// What this system has of what a load needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Support {
    /// What is missing, in words; empty when files can be loaded.
    pub missing: Vec<String>,
}

impl Support {
    /// Asks the kernel.
    pub fn of_this_system() -> Self {
        Support { missing: kernel::missing() }
    }
}

/// Supervises one load. Only for a single-threaded process that was started for it: it clones,
/// and makes itself unreadable for others.
///
/// # Errors
/// Never: what went wrong is the reason of a load that did not run. So it is on every system that
/// cannot supervise.
pub fn serve(request: &Request) -> Detonation {
    door::serve(request)
}
