//! Maps of files that somebody else may truncate.
//!
//! Touching a page of a map that lies behind the end of its file kills the process with SIGBUS. A
//! program that maps what its user names must not die without a word: [`map`] installs a handler
//! that says what happened and ends the process with code 1. It is for programs, not for libraries:
//! a handler is a matter of the whole process.

use std::fs::File;

use super::storage::{Storage, StorageError};

/// Maps a whole file for reading, with the handler in place.
///
/// A file that is changed in place while it is read can give wrong numbers, as it could when it was
/// copied; it cannot give more than that, because whatever reads bytes of unknown origin checks
/// each step.
///
/// # Errors
/// [`StorageError::Map`] when the system refuses.
#[cfg(unix)]
pub fn map(file: &File) -> Result<Storage, StorageError> {
    install();
    // SAFETY: truncation ends the process in the handler before any byte is used. Changed bytes are
    // read through slices whose every value is valid, by readers that take them for untrusted.
    unsafe { Storage::map_file(file) }
}

/// Copies the whole file: only Unix has the signal.
///
/// # Errors
/// [`StorageError::Map`] when it cannot be read.
#[cfg(not(unix))]
pub fn map(mut file: &File) -> Result<Storage, StorageError> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut file, &mut bytes).map_err(StorageError::Map)?;
    Ok(Storage::adopt(bytes))
}

#[cfg(unix)]
fn install() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let handler: extern "C" fn(libc::c_int) = truncated;
        // SAFETY: the structure is plain data for which zeros are valid, and the handler calls only
        // functions that are allowed in one.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as libc::sighandler_t;
            libc::sigemptyset(&mut action.sa_mask);
            libc::sigaction(libc::SIGBUS, &action, std::ptr::null_mut());
        }
    });
}

#[cfg(unix)]
extern "C" fn truncated(_signal: libc::c_int) {
    const MESSAGE: &[u8] =
        b"error: a file became shorter while it was read\n  do not change it meanwhile, and try again\n";
    // SAFETY: both calls are async-signal-safe (POSIX), and the message is static.
    unsafe {
        libc::write(2, MESSAGE.as_ptr().cast(), MESSAGE.len());
        libc::_exit(1);
    }
}
