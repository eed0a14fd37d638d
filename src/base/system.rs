//! What is said and done in another way on each system: its name, the user, the end of other processes.
//!
//! A handle of a process goes in; what is known of the system, and what came of a request, goes out.
//! What a system cannot do is an error here and never a silence, so that nobody has to ask which system
//! it is: everything that is built on this compiles everywhere.

use std::io;
use std::process::{Child, Command};

/// Name and version of the kernel, as `Linux 6.1.0`; elsewhere than on Unix only the name.
pub fn kernel() -> String {
    #[cfg(unix)]
    {
        let name = rustix::system::uname();
        format!("{} {}", name.sysname().to_string_lossy(), name.release().to_string_lossy())
    }
    #[cfg(not(unix))]
    std::env::consts::OS.to_owned()
}

/// The machine, as `x86_64`.
pub fn machine() -> String {
    #[cfg(unix)]
    {
        rustix::system::uname().machine().to_string_lossy().into_owned()
    }
    #[cfg(not(unix))]
    std::env::consts::ARCH.to_owned()
}

/// `root` or `ordinary user`, where the system has the two.
pub fn user() -> &'static str {
    #[cfg(unix)]
    let root = rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    let root = false;
    if root { "root" } else { "ordinary user" }
}

/// Has a program start in a process group of its own, so that [`end_group`] ends what it starts, too.
/// Ctrl-C at the terminal then does not reach it. Only Unix has such groups.
pub fn set_own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Ends a program that was started in a group of its own, with its group. Elsewhere than on Unix that
/// is the program alone.
pub fn end_group(child: &mut Child) {
    #[cfg(unix)]
    let _ = rustix::process::kill_process_group(
        rustix::process::Pid::from_child(child),
        rustix::process::Signal::KILL,
    );
    #[cfg(not(unix))]
    let _ = child.kill();
}

/// A child that another thread may end while somebody waits for it.
#[derive(Debug)]
pub struct Victim {
    #[cfg(unix)]
    process: rustix::process::Pid,
    #[cfg(not(unix))]
    never: std::convert::Infallible,
}

impl Victim {
    /// Remembers a child.
    ///
    /// # Errors
    /// Where only who waits for a child can end it.
    #[cfg(unix)]
    pub fn of(child: &Child) -> io::Result<Self> {
        Ok(Victim { process: rustix::process::Pid::from_child(child) })
    }

    /// Only Unix ends a process by its number.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(unix))]
    pub fn of(_: &Child) -> io::Result<Self> {
        Err(io::Error::other("this system does not end a program that somebody waits for"))
    }

    /// Ends it; false where it could not be ended.
    pub fn end(&self) -> bool {
        #[cfg(unix)]
        return rustix::process::kill_process(self.process, rustix::process::Signal::KILL).is_ok();
        #[cfg(not(unix))]
        match self.never {}
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_system_has_a_name_a_version_and_a_machine() {
        let kernel = kernel();
        let (name, version) = kernel.split_once(' ').unwrap();
        assert!(!name.is_empty() && version.starts_with(|first: char| first.is_ascii_digit()));
        assert_eq!(name == "Linux", cfg!(target_os = "linux"), "{kernel}");
        assert!(!machine().is_empty());
    }

    #[test]
    fn who_is_waited_for_is_ended_by_another() {
        use std::os::unix::process::ExitStatusExt;
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let victim = Victim::of(&child).unwrap();
        let other = std::thread::spawn(move || victim.end());
        let status = child.wait().unwrap();
        assert!(other.join().unwrap());
        assert_eq!(status.signal(), Some(libc::SIGKILL));
    }
}
