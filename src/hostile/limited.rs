//! The limits of this process: set once, before anything is loaded, and never raised again.

use std::io;

use crate::base::hostility::Bounds;

/// Sets them.
///
/// # Errors
/// When the system has no such limits, or does not let them be set.
#[cfg(unix)]
pub fn enter(bounds: &Bounds) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limits = [
        // A process that dies a thousand times must not write a thousand images of its memory.
        (Resource::Core, 0),
        (Resource::As, bounds.address_space_bytes),
        (Resource::Cpu, bounds.cpu_seconds),
        // What is written is the file of classes alone.
        (Resource::Fsize, 256 << 20),
    ];
    for (resource, limit) in limits {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
    }
    Ok(())
}

/// Only Unix has them.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn enter(_bounds: &Bounds) -> io::Result<()> {
    Err(io::Error::other("this system has no limits for a process; changed files need them"))
}
