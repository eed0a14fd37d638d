//! Every bound on untrusted input, with its default and its reason.
//!
//! One validated value, passed down, never read from a global.

use thiserror::Error;

/// Bounds on what a loader accepts. Get one from [`Limits::default`] and change it with
/// [`Limits::with`].
///
/// ```
/// use deadweight::base::Limits;
/// let small = Limits::default().with(|limits| limits.max_arrays = 16)?;
/// assert_eq!(small.max_arrays, 16);
/// assert!(Limits::default().with(|limits| limits.max_file_bytes = 0).is_err());
/// # Ok::<(), deadweight::base::limits::LimitsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Largest file that is read at all. 16 GiB: above it, shards are the custom of the field.
    pub max_file_bytes: u64,
    /// Longest header or metadata text. 100 MB, as safetensors has it for its own header.
    pub max_header_bytes: usize,
    /// Most arrays in one model. A forest of 100,000 trees kept tree by tree has 600,000.
    pub max_arrays: usize,
    /// Least bytes of a file for each of its arrays, beyond the first 1024. An array has a name, a shape
    /// and a place in a map, some hundreds of bytes of memory, and a header of nothing but empty arrays
    /// has 56 bytes for each; twenty thousand arrays of one number each have 130.
    pub min_bytes_per_array: usize,
    /// Longest name of an array. Dotted paths of pipelines stay far below.
    pub max_name_bytes: usize,
    /// Most dimensions of an array. numpy 2 has 64.
    pub max_dimensions: usize,
    /// Deepest nesting of metadata. serde_json stops at 128 on its own.
    pub max_metadata_depth: usize,
    /// Most bytes that compressed input may become.
    pub max_decompressed_bytes: u64,
    /// Most times larger that input may become when decompressed. Deflate ends near 1032.
    pub max_decompression_ratio: u64,
    /// Most entries of an archive.
    pub max_archive_entries: usize,
    /// Most values that a pickle makes. A vocabulary of five million words has ten million; at 32
    /// bytes or more for each, one byte of input can ask for that much.
    pub max_pickle_nodes: usize,
    /// Most values on the stack of a pickle, and most marks. A tuple lies there as a whole before it
    /// is made; lists and dicts come in batches of 1000.
    pub max_pickle_stack: usize,
    /// Most entries of a pickle's memo. Python stores nearly every value that is not a number.
    pub max_pickle_memo: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_file_bytes: 16 << 30,
            max_header_bytes: 100_000_000,
            max_arrays: 1_000_000,
            min_bytes_per_array: 96,
            max_name_bytes: 4096,
            max_dimensions: 64,
            max_metadata_depth: 64,
            max_decompressed_bytes: 16 << 30,
            max_decompression_ratio: 1100,
            max_archive_entries: 1_000_000,
            max_pickle_nodes: 20_000_000,
            max_pickle_stack: 10_000_000,
            max_pickle_memo: 20_000_000,
        }
    }
}

/// A set of limits that would accept nothing, or more than the parsers can bear.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("limit {name} is {found}, expected {expected}")]
pub struct LimitsError {
    name: &'static str,
    found: u64,
    expected: &'static str,
}

impl Limits {
    /// The same limits with some of them changed.
    ///
    /// # Errors
    /// When a limit is zero, or the metadata depth is more than the 100 that the JSON parser bears.
    pub fn with(mut self, change: impl FnOnce(&mut Limits)) -> Result<Self, LimitsError> {
        change(&mut self);
        let positive = [
            ("max_file_bytes", self.max_file_bytes),
            ("max_header_bytes", self.max_header_bytes as u64),
            ("max_arrays", self.max_arrays as u64),
            ("min_bytes_per_array", self.min_bytes_per_array as u64),
            ("max_name_bytes", self.max_name_bytes as u64),
            ("max_dimensions", self.max_dimensions as u64),
            ("max_metadata_depth", self.max_metadata_depth as u64),
            ("max_decompressed_bytes", self.max_decompressed_bytes),
            ("max_decompression_ratio", self.max_decompression_ratio),
            ("max_archive_entries", self.max_archive_entries as u64),
            ("max_pickle_nodes", self.max_pickle_nodes as u64),
            ("max_pickle_stack", self.max_pickle_stack as u64),
            ("max_pickle_memo", self.max_pickle_memo as u64),
        ];
        if let Some((name, found)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return Err(LimitsError { name, found, expected: "at least 1" });
        }
        if self.max_metadata_depth > 100 {
            return Err(LimitsError {
                name: "max_metadata_depth",
                found: self.max_metadata_depth as u64,
                expected: "at most 100",
            });
        }
        Ok(self)
    }

    /// The most arrays that a file may hold by its size, whatever `max_arrays` is.
    pub fn most_arrays_in(&self, file_bytes: usize) -> usize {
        (file_bytes / self.min_bytes_per_array.max(1)).saturating_add(FREE_ARRAYS)
    }
}

/// A file may hold so many arrays, however small it is: they take less than a megabyte of memory.
const FREE_ARRAYS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_accept_nothing_are_refused_by_name() {
        let error = Limits::default().with(|limits| limits.max_arrays = 0).unwrap_err();
        assert_eq!(error.to_string(), "limit max_arrays is 0, expected at least 1");
        assert!(Limits::default().with(|limits| limits.max_metadata_depth = 101).is_err());
    }
}
