//! Starts the processes below the supervisor, in as many namespaces as the system gives.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use super::child::{self, Setup};
use super::paths::Allowed;
use super::request::{Request, SandboxError};
use super::system;

const NAMESPACES: i32 = libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP;

/// The ends that the supervisor keeps, and what it started.
pub struct Started {
    pub process: i32,
    pub namespaces: Result<bool, String>,
    pub control: OwnedFd,
    pub output: OwnedFd,
    pub advice: OwnedFd,
    pub told: OwnedFd,
    /// Its other end tells the child that this process is there.
    pub _alive: OwnedFd,
}

/// Starts them; the program of the loader waits for the supervisor's word.
pub fn start(
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
