//! Why parameters could not be encoded or bytes not be read.

use std::fmt::Write;

use thiserror::Error;

use crate::base::value::MetadataError;
use crate::base::{ArrayError, ParametersError, StorageError};

/// Why parameters could not be encoded or bytes not be read. Each variant says what was expected
/// and what was found, and where where that is known.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The bytes end too early.
    #[error("byte {offset}: {what} needs {expected} bytes, found {found}")]
    Truncated {
        /// Where the part begins.
        offset: usize,
        /// What was being read.
        what: &'static str,
        /// Bytes it needs.
        expected: u64,
        /// Bytes that are left.
        found: u64,
    },
    /// The bytes say something that cannot be.
    #[error("byte {offset}: {what}: expected {expected}, found {found}")]
    Malformed {
        /// Where.
        offset: usize,
        /// What was being read.
        what: &'static str,
        /// What would be right.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The crate behind the format refused.
    #[error("{format}: {message}")]
    Codec {
        /// The format.
        format: &'static str,
        /// The crate's own words.
        message: String,
    },
    /// The crate behind the format panicked; the panic was contained.
    #[error("{format}: the decoder panicked ({message}); the file was not loaded")]
    Panicked {
        /// The format.
        format: &'static str,
        /// The panic's message.
        message: String,
    },
    /// Bytes follow the end of the parameters.
    #[error("byte {offset}: expected the end of the file, found {found} more bytes")]
    Trailing {
        /// Where the parameters end.
        offset: usize,
        /// How many bytes follow.
        found: usize,
    },
    /// The file says that it is of a version that is not read.
    #[error(
        "{format}: file version {found}, this program reads version {expected}; upgrade deadweight"
    )]
    Version {
        /// The format.
        format: &'static str,
        /// Version in the file.
        found: u32,
        /// Version that is read.
        expected: u32,
    },
    /// The format cannot borrow from its bytes.
    #[error("{format} has no zero-copy view; decode it instead")]
    NoView {
        /// The format.
        format: &'static str,
    },
    /// An array, with its name.
    #[error("array {name:?}: {source}")]
    Array {
        /// The array's name.
        name: String,
        /// What is wrong with it.
        source: ArrayError,
    },
    /// Arrays or names do not make parameters.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
    /// A file of another program holds no model that can be read here.
    #[error(transparent)]
    Import(Box<crate::pickle::sklearn::ReadError>),
    /// The metadata text.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The bytes could not be written.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
    /// Memory.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<crate::pickle::sklearn::ReadError> for FormatError {
    fn from(error: crate::pickle::sklearn::ReadError) -> Self {
        FormatError::Import(Box::new(error))
    }
}

impl FormatError {
    /// What the crate behind a format said.
    pub fn codec(format: &'static str, error: impl std::fmt::Display) -> Self {
        let mut message = Beginning(String::new());
        // Its only error is that the rest is left out.
        let _ = write!(message, "{error}");
        FormatError::Codec { format, message: message.0 }
    }
}

/// Bytes of a crate's message that are kept: some crates repeat what they found, which may be most of
/// the file.
const MESSAGE_BYTES: usize = 4096;

/// The beginning of what is written.
struct Beginning(String);

impl Write for Beginning {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let left = MESSAGE_BYTES.saturating_sub(self.0.len());
        if text.len() <= left {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.push_str(text.get(..text.floor_char_boundary(left)).unwrap_or_default());
        self.0.push('…');
        Err(std::fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_of_crates_end_early() {
        let said = FormatError::codec("json", "ü".repeat(1 << 20)).to_string();
        assert!(said.starts_with("json: üü") && said.ends_with("ü…"), "{}", said.len());
        assert!(said.len() < MESSAGE_BYTES + 16);
        assert_eq!(FormatError::codec("json", "short").to_string(), "json: short");
    }
}
