//! For a program of ours that is the one supervised: its file, and its sign.

use std::fs::File;
use std::io;

use super::request::Program;

/// The file that is to be loaded, descriptor 3.
///
/// # Errors
/// When it is not open: this process was not started by a supervisor.
pub fn file() -> io::Result<File> {
    let under_supervision = std::env::var_os(Program::SIGN).is_some();
    if !under_supervision {
        return Err(io::Error::other("this process was not started by a supervisor"));
    }
    super::system::descriptor_three()
}

/// Gives the sign: from here on everything counts.
pub fn give_sign() {
    if let Some(sign) = std::env::var_os(Program::SIGN) {
        // The supervisor answers that nothing is there. (The standard library's own call would ask twice.)
        let _ = rustix::fs::stat(sign);
    }
}
