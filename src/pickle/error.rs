//! Why a pickle was not read: where, in which opcode, what was expected and what was found.
//!
//! The position is that of the opcode's own byte, which is what `python -m pickletools` prints too,
//! so that both can be laid side by side.

use thiserror::Error;

/// Why a pickle was not read.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PickleError {
    /// The bytes, or the frame around the opcode, end inside the opcode's argument.
    #[error("byte {offset}, {opcode}: {what} needs {expected} bytes, found {found}")]
    Truncated {
        /// Where the opcode stands.
        offset: usize,
        /// Its name.
        opcode: &'static str,
        /// What was being read.
        what: &'static str,
        /// Bytes it needs.
        expected: u64,
        /// Bytes that are left.
        found: u64,
    },
    /// A byte that is no opcode of any protocol.
    #[error("byte {offset}: expected an opcode, found 0x{found:02x}")]
    UnknownOpcode {
        /// Where.
        offset: usize,
        /// The byte.
        found: u8,
    },
    /// The bytes end before STOP.
    #[error("byte {offset}: expected an opcode (STOP ends a pickle), found the end of the input")]
    NoStop {
        /// Where the bytes end.
        offset: usize,
    },
    /// An opcode, its argument or its operands say something that cannot be.
    #[error("byte {offset}, {opcode}: {what}: expected {expected}, found {found}")]
    Malformed {
        /// Where the opcode stands.
        offset: usize,
        /// Its name.
        opcode: &'static str,
        /// What was being looked at.
        what: &'static str,
        /// What would be right.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Something that needs state outside of the file, or that is never written by honest code.
    #[error("byte {offset}, {opcode}: {found} is refused; {reason}")]
    Refused {
        /// Where the opcode stands.
        offset: usize,
        /// Its name.
        opcode: &'static str,
        /// What is there.
        found: String,
        /// Why it is not read.
        reason: &'static str,
    },
    /// More of something than [`crate::base::Limits`] allows.
    #[error("byte {offset}, {opcode}: limit {limit} is {maximum}, found more")]
    Limit {
        /// Where the opcode stands.
        offset: usize,
        /// Its name.
        opcode: &'static str,
        /// The limit's name.
        limit: &'static str,
        /// Its value.
        maximum: usize,
    },
    /// The system gave no memory.
    #[error("byte {offset}: no memory for {bytes} bytes")]
    NoMemory {
        /// Where in the file.
        offset: usize,
        /// How many bytes were asked for.
        bytes: usize,
    },
}

impl PickleError {
    /// Where the reading stopped.
    pub fn offset(&self) -> usize {
        match self {
            PickleError::Truncated { offset, .. }
            | PickleError::UnknownOpcode { offset, .. }
            | PickleError::NoStop { offset }
            | PickleError::Malformed { offset, .. }
            | PickleError::Refused { offset, .. }
            | PickleError::Limit { offset, .. }
            | PickleError::NoMemory { offset, .. } => *offset,
        }
    }
}

/// Where an instruction stands and what it is called: the beginning of every message about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub offset: usize,
    pub opcode: &'static str,
}

impl Place {
    pub fn malformed(
        self,
        what: &'static str,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> PickleError {
        let (expected, found) = (expected.into(), found.into());
        PickleError::Malformed { offset: self.offset, opcode: self.opcode, what, expected, found }
    }

    pub fn refused(self, found: impl Into<String>, reason: &'static str) -> PickleError {
        let (offset, opcode, found) = (self.offset, self.opcode, found.into());
        PickleError::Refused { offset, opcode, found, reason }
    }

    pub fn limit(self, limit: &'static str, maximum: usize) -> PickleError {
        PickleError::Limit { offset: self.offset, opcode: self.opcode, limit, maximum }
    }
}

/// Bytes for a message: as text where they are ASCII, and never more than the first 40.
pub(super) fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 40;
    match bytes.get(..MOST) {
        Some(start) if bytes.len() > MOST => {
            format!("\"{}\"... ({} bytes)", start.escape_ascii(), bytes.len())
        }
        _ => format!("\"{}\"", bytes.escape_ascii()),
    }
}
