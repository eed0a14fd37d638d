//! What comes out of a pipe of the children's.

use std::os::fd::{AsRawFd, OwnedFd};

/// Bytes from a pipe, up to a bound; what is beyond is read and dropped.
#[derive(Debug)]
pub struct Pipe {
    /// Its end, until the other is closed.
    pub end: Option<OwnedFd>,
    /// What was read of it.
    pub bytes: Vec<u8>,
    most: usize,
}

impl Pipe {
    /// Nothing was read yet.
    pub fn new(end: OwnedFd, most: usize) -> Self {
        Pipe { end: Some(end), bytes: Vec::new(), most }
    }

    /// Its number; negative once it is closed.
    pub fn descriptor(&self) -> i32 {
        self.end.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    /// Reads once, if there is something: it can be read, it was closed on the other side.
    pub fn take(&mut self, (readable, closed): (bool, bool)) {
        let Some(end) = self.end.as_ref().filter(|_| readable || closed) else { return };
        let mut bytes = [0u8; 16 << 10];
        match rustix::io::read(end, &mut bytes) {
            Ok(0) | Err(_) => self.end = None,
            Ok(count) => {
                let room = self.most.saturating_sub(self.bytes.len()).min(count);
                self.bytes.extend(bytes.iter().take(room));
            }
        }
    }

    /// The lines that are complete; they are taken out.
    pub fn lines(&mut self) -> Vec<Vec<u8>> {
        let Some(end) = self.bytes.iter().rposition(|byte| *byte == b'\n') else {
            return Vec::new();
        };
        let rest = self.bytes.split_off(end + 1);
        let whole = std::mem::replace(&mut self.bytes, rest);
        whole.split(|byte| *byte == b'\n').filter(|l| !l.is_empty()).map(<[u8]>::to_vec).collect()
    }
}
