//! Reads what a waiting call points to in its caller's memory.
//!
//! Everything read is the caller's and may change at once; it is for the notes and for a first
//! decision, never the only thing that a permission rests on.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use super::paths::followed;
use crate::base::text;

/// Longest path of Linux.
const MAX_PATH: usize = 4096;
/// Most arguments of a program that are kept.
const MAX_ARGUMENTS: usize = 64;
/// Longest of them.
const MAX_ARGUMENT: usize = 512;
/// Most sent bytes that are looked at.
pub const MAX_DATA: usize = 512;
const PAGE: u64 = 4096;

/// The memory of a thread.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// The thread.
    pub thread: i32,
}

impl Memory {
    /// Up to `length` bytes; fewer where memory ends.
    pub fn bytes(self, address: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0u8; length];
        let mut got = 0;
        // Page by page: a text may end just before a page that is not there.
        while let Some(rest) = bytes.get_mut(got..).filter(|rest| !rest.is_empty()) {
            let Some(from) = address.checked_add(got as u64) else { break };
            let wanted = ((PAGE - from % PAGE) as usize).min(rest.len());
            let local = libc::iovec { iov_base: rest.as_mut_ptr().cast(), iov_len: wanted };
            let remote = libc::iovec { iov_base: from as *mut libc::c_void, iov_len: wanted };
            // SAFETY: `local` is `wanted` bytes of `rest`, which has at least that many; the other
            // process's memory is only read.
            let read = unsafe { libc::process_vm_readv(self.thread, &local, 1, &remote, 1, 0) };
            match usize::try_from(read) {
                Ok(read) if read > 0 => got += read,
                _ => break,
            }
        }
        bytes.truncate(got);
        bytes
    }

    /// A text that ends with NUL; `None` where memory cannot be read.
    pub fn text(self, address: u64, most: usize) -> Option<Vec<u8>> {
        let mut bytes = self.bytes(address, most);
        if bytes.is_empty() {
            return None;
        }
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        bytes.truncate(end);
        Some(bytes)
    }

    /// Numbers of 64 bits.
    pub fn numbers(self, address: u64, count: usize) -> Vec<u64> {
        let bytes = self.bytes(address, count * 8);
        let chunks = bytes.chunks_exact(8).filter_map(|chunk| chunk.try_into().ok());
        chunks.map(u64::from_ne_bytes).collect()
    }

    /// The texts that an array of pointers points to, up to the null pointer.
    pub fn texts(self, address: u64) -> Vec<String> {
        let pointers = self.numbers(address, MAX_ARGUMENTS).into_iter().take_while(|at| *at != 0);
        pointers
            .map(|at| match self.text(at, MAX_ARGUMENT) {
                Some(text) => printable(&text),
                None => "<unreadable>".into(),
            })
            .collect()
    }

    /// A path, as the kernel would begin to follow it; `None` where memory cannot be read.
    pub fn path(self, directory: i32, address: u64) -> Option<PathBuf> {
        use std::os::unix::ffi::OsStrExt;
        let text = self.text(address, MAX_PATH)?;
        let text = Path::new(std::ffi::OsStr::from_bytes(&text));
        if text.is_absolute() {
            return Some(self.without_own(followed(text)));
        }
        let base = match directory {
            libc::AT_FDCWD => fs::read_link(format!("/proc/{}/cwd", self.thread)).ok()?,
            _ => self.descriptor(directory)?,
        };
        Some(followed(&base.join(text)))
    }

    /// True where the caller is the only thread of its process.
    pub fn is_alone(self) -> bool {
        fs::read_dir(format!("/proc/{}/task", self.thread)).is_ok_and(|tasks| tasks.count() == 1)
    }

    /// What a descriptor is open on.
    pub fn descriptor(self, descriptor: i32) -> Option<PathBuf> {
        fs::read_link(format!("/proc/{}/fd/{descriptor}", self.thread)).ok()
    }

    /// `/proc/self/...` is the caller's: it is told with this name whatever its number is.
    fn without_own(self, path: PathBuf) -> PathBuf {
        for own in ["/proc/thread-self".to_owned(), format!("/proc/{}", self.thread)] {
            if let Ok(rest) = path.strip_prefix(&own) {
                return Path::new("/proc/self").join(rest);
            }
        }
        path
    }

    /// An address of a socket, as text.
    pub fn address(self, address: u64, length: u64) -> Option<String> {
        let bytes = self.bytes(address, usize::try_from(length).ok()?.min(128));
        socket_address(&bytes)
    }

    /// Where a `msghdr` goes, and the beginning of its data.
    pub fn message(self, address: u64) -> (Option<String>, Vec<u8>) {
        let header = self.numbers(address, 4);
        let [name, length, vectors, count] = header[..] else { return (None, Vec::new()) };
        let to = if name == 0 { None } else { self.address(name, length & 0xffff_ffff) };
        let mut data = Vec::new();
        for at in 0..count.min(8) {
            let Some(place) = vectors.checked_add(at * 16) else { break };
            if let [base, bytes] = self.numbers(place, 2)[..] {
                let left = MAX_DATA.saturating_sub(data.len());
                let wanted = usize::try_from(bytes).unwrap_or(usize::MAX).min(left);
                data.extend(self.bytes(base, wanted));
            }
        }
        (to, data)
    }
}

/// `127.0.0.1:80`, `[::1]:80`, `unix:@name`, `unix:/path`, or `family 16`.
pub fn socket_address(bytes: &[u8]) -> Option<String> {
    let family = i32::from(u16::from_ne_bytes(bytes.first_chunk::<2>().copied()?));
    let port = || Some(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]));
    Some(match family {
        libc::AF_INET => {
            let place: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
            format!("{}:{}", Ipv4Addr::from(place), port()?)
        }
        libc::AF_INET6 => {
            let place: [u8; 16] = bytes.get(8..24)?.try_into().ok()?;
            format!("[{}]:{}", Ipv6Addr::from(place), port()?)
        }
        libc::AF_UNIX => match bytes.get(2..)? {
            [0, name @ ..] => format!("unix:@{}", printable(name.trim_ascii_end())),
            name => {
                let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
                format!("unix:{}", printable(name.get(..end)?))
            }
        },
        other => format!("family {other}"),
    })
}

/// The name that a DNS query asks for (RFC 1035, 4.1): after a header of twelve bytes labels with
/// their lengths, up to an empty one.
pub fn dns_name(data: &[u8]) -> Option<String> {
    let mut rest = data.get(12..)?;
    let mut labels = Vec::new();
    while let Some((length, after)) = rest.split_first() {
        if *length == 0 {
            return (!labels.is_empty()).then(|| labels.join("."));
        }
        if *length > 63 {
            return None;
        }
        let label = after.get(..usize::from(*length))?;
        labels.push(printable(label));
        rest = after.get(usize::from(*length)..)?;
    }
    None
}

/// Bytes of a stranger as text for people: see [`text::printable`]; what is no UTF-8 is written by its
/// number.
pub fn printable(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&text::printable(chunk.valid()));
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_up_to_where_it_ends() {
        let memory = Memory { thread: std::process::id() as i32 };
        let text = b"a text\0and more";
        assert_eq!(memory.text(text.as_ptr() as u64, 100).unwrap(), b"a text");
        assert_eq!(memory.text(8, 100), None);
        assert_eq!(memory.bytes(u64::MAX - 3, 100), b"");
        let first = c"one".as_ptr() as u64;
        assert_eq!(memory.texts([first, first, 0].as_ptr() as u64), ["one", "one"]);
    }

    #[test]
    fn addresses_are_what_people_write() {
        let inet = [2, 0, 0, 53, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(socket_address(&inet).unwrap(), "127.0.0.1:53");
        assert_eq!(socket_address(b"\x01\0\0hidden").unwrap(), "unix:@hidden");
        assert_eq!(socket_address(b"\x01\0/run/x\0\0").unwrap(), "unix:/run/x");
        assert_eq!(socket_address(&[16, 0]).unwrap(), "family 16");
        assert_eq!(socket_address(&[2, 0, 0]), None);
    }

    #[test]
    fn a_query_is_its_name() {
        let mut query = vec![0; 12];
        query.extend(b"\x03key\x07example\x00\x00\x01\x00\x01");
        assert_eq!(dns_name(&query).unwrap(), "key.example");
        assert_eq!(dns_name(&query[..16]), None);
        assert_eq!(dns_name(b"GET / HTTP/1.1\r\n"), None);
    }

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(printable(b"\x1b[31m\xffred\n"), "\\u{1b}[31m\\xffred\\n");
    }
}
