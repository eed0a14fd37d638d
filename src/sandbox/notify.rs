//! The listener's end of seccomp's user notifications: receive, check, answer.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// `ioctl` requests of `linux/seccomp.h`.
const RECEIVE: libc::c_ulong = 0xc050_2100;
const SEND: libc::c_ulong = 0xc018_2101;
const STILL_VALID: libc::c_ulong = 0x4008_2102;
const SET_FLAGS: libc::c_ulong = 0x4008_2104;
/// Wakes the other side on the same processor: half the time of a round trip, since Linux 6.6.
const SYNC_WAKE_UP: u64 = 1;
/// `SECCOMP_USER_NOTIF_FLAG_CONTINUE`.
const CONTINUE: u32 = 1;

/// A call that waits for an answer.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    id: u64,
    /// The thread that made it, as this process sees it.
    pub thread: i32,
    /// Its number.
    pub number: i32,
    /// `AUDIT_ARCH_*` of the caller.
    pub architecture: u32,
    /// Its arguments.
    pub arguments: [u64; 6],
}

#[cfg(test)]
impl Call {
    /// One that nobody made.
    pub fn of(number: i32, arguments: [u64; 6]) -> Self {
        let architecture = super::filter::ARCHITECTURE;
        Call { id: 0, thread: std::process::id() as i32, number, architecture, arguments }
    }
}

/// What is done about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The kernel makes it.
    Continue,
    /// It fails with this error.
    Error(i32),
    /// It seems to have succeeded.
    Value(i64),
}

/// The listener.
#[derive(Debug)]
pub struct Listener(OwnedFd);

impl Listener {
    /// Takes over the descriptor.
    pub fn new(descriptor: OwnedFd) -> Self {
        // SAFETY: an ioctl on a descriptor of ours with a plain number; a kernel that does not know it
        // says so, and all that is lost is time.
        unsafe { libc::ioctl(descriptor.as_raw_fd(), SET_FLAGS as _, SYNC_WAKE_UP) };
        Listener(descriptor)
    }

    /// The next call; `None` when its caller is gone already.
    pub fn receive(&self) -> io::Result<Option<Call>> {
        // SAFETY: `seccomp_notif` is plain numbers, for which zero is a value; the kernel wants zeros.
        let mut call: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: the request writes one `seccomp_notif`, and `call` is one.
        if unsafe { libc::ioctl(self.0.as_raw_fd(), RECEIVE as _, &mut call) } != 0 {
            let error = io::Error::last_os_error();
            return match error.raw_os_error() {
                Some(libc::EINTR | libc::ENOENT) => Ok(None),
                _ => Err(error),
            };
        }
        Ok(Some(Call {
            id: call.id,
            thread: call.pid as i32,
            number: call.data.nr,
            architecture: call.data.arch,
            arguments: call.data.args,
        }))
    }

    /// True while the caller still waits. What was read of its memory before belongs to it.
    pub fn is_valid(&self, call: &Call) -> bool {
        // SAFETY: the request reads one u64.
        unsafe { libc::ioctl(self.0.as_raw_fd(), STILL_VALID as _, &call.id) == 0 }
    }

    /// Answers. A caller that is gone is no error.
    pub fn answer(&self, call: &Call, answer: Answer) {
        let (value, error, flags) = match answer {
            Answer::Continue => (0, 0, CONTINUE),
            Answer::Error(number) => (0, -number, 0),
            Answer::Value(value) => (value, 0, 0),
        };
        let response = libc::seccomp_notif_resp { id: call.id, val: value, error, flags };
        // SAFETY: the request reads one `seccomp_notif_resp`.
        unsafe { libc::ioctl(self.0.as_raw_fd(), SEND as _, &response) };
    }
}

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> i32 {
        self.0.as_raw_fd()
    }
}
