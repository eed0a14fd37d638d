//! One thing that can be measured, over and over.
//!
//! A case owns all it needs: bytes, buffers, a destination. It times itself, because only it
//! knows what belongs to the operation and what is tidying up: dropping a result, clearing a
//! buffer or talking to another process is never inside the figure.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::storage::PagePolicy;

macro_rules! operations {
    ($($variant:ident, $id:literal, $group:ident, $title:literal, $meaning:literal;)*) => {
        /// What is done to a model in a format.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Operation {
            $(#[doc = $meaning] #[serde(rename = $id)] $variant,)*
        }

        impl Operation {
            /// Every operation, in the order of the documentation.
            pub const ALL: &'static [Operation] = &[$(Operation::$variant,)*];

            /// The name used in records and on the command line.
            pub fn id(self) -> &'static str {
                match self { $(Operation::$variant => $id,)* }
            }

            /// A few words for a table's head.
            pub fn title(self) -> &'static str {
                match self { $(Operation::$variant => $title,)* }
            }

            /// What exactly is inside the figure.
            pub fn meaning(self) -> &'static str {
                match self { $(Operation::$variant => $meaning,)* }
            }

            /// The group of operations it is compared within.
            pub fn group(self) -> Group {
                match self { $(Operation::$variant => Group::$group,)* }
            }
        }
    };
}

operations! {
    Encode, "encode", Save, "encode", "Parameters to bytes in a fresh buffer that grows as the format lets it.";
    EncodeReused, "encode-reused", Save, "encode, buffer reused", "Parameters to bytes in a buffer that has the capacity already and is cleared outside the figure.";
    Save, "save", Save, "save to file", "Encode and write to a new file, closed but not synced.";
    SaveSync, "save-sync", Save, "save to file, synced", "Encode, write to a new file and fsync that file: its bytes and its size are on the device before the clock stops. The directory that names it is not synced.";
    Decode, "decode", Load, "decode", "Bytes in memory to parameters with memory of their own.";
    DecodeReused, "decode-reused", Load, "decode, memory reused", "Bytes in memory to parameters in the memory of earlier ones, which are taken apart inside the figure.";
    DecodeReady, "decode-ready", Load, "+ model ready", "Decode and make a model of the parameters.";
    DecodePredictOne, "decode-predict-1", Load, "+ first prediction", "Decode, make a model and predict one row: the headline.";
    DecodePredictThousand, "decode-predict-1000", Load, "+ 1,000 predictions", "Decode, make a model and predict 1,000 rows.";
    DecodeValidate, "decode-validate", Load, "+ full validation", "Decode, make a model and check every element of it.";
    DecodeChecksum, "decode-checksum", Load, "+ checksum", "Decode and hash every byte of the parameters (xxh3).";
    View, "view", View, "open a view", "Bytes in memory to parameters that borrow from them.";
    ViewReady, "view-ready", View, "+ model ready", "Open a view and make a model of it.";
    ViewPredictOne, "view-predict-1", View, "+ first prediction", "Open a view, make a model and predict one row.";
    ViewPredictThousand, "view-predict-1000", View, "+ 1,000 predictions", "Open a view, make a model and predict 1,000 rows.";
    ViewValidate, "view-validate", View, "+ full validation", "Open a view, make a model and check every element of it.";
    ViewChecksum, "view-checksum", View, "+ checksum", "Open a view and hash every byte of the parameters (xxh3).";
    LoadFile, "load-file", File, "load file", "Read a file that is in the page cache and decode it.";
    LoadFilePredictOne, "load-file-predict-1", File, "load file + first prediction", "Read a file that is in the page cache, decode it, make a model and predict one row.";
    MapPredictOne, "map-predict-1", File, "map file + first prediction", "Map a file that is in the page cache, open a view, make a model and predict one row.";
    LoadFileColdPredictOne, "load-file-cold-predict-1", File, "load cold file + first prediction", "Read a file that was just put out of the page cache, which was checked, decode it, make a model and predict one row. Putting it out is outside the figure.";
    MapFileColdPredictOne, "map-file-cold-predict-1", File, "map cold file + first prediction", "Map a file that was just put out of the page cache, which was checked, open a view, make a model and predict one row: only the pages that are touched are read.";
    CompressZstd1, "compress-zstd-1", Compression, "compress, zstd 1", "Encoded bytes through zstd level 1.";
    CompressZstd3, "compress-zstd-3", Compression, "compress, zstd 3", "Encoded bytes through zstd level 3.";
    CompressZstd19, "compress-zstd-19", Compression, "compress, zstd 19", "Encoded bytes through zstd level 19.";
    CompressLz4, "compress-lz4", Compression, "compress, lz4", "Encoded bytes through lz4 (frame).";
    DecompressZstd1, "decompress-zstd-1", Compression, "decompress, zstd 1", "Back to the encoded bytes, in a fresh buffer.";
    DecompressZstd3, "decompress-zstd-3", Compression, "decompress, zstd 3", "Back to the encoded bytes, in a fresh buffer.";
    DecompressZstd19, "decompress-zstd-19", Compression, "decompress, zstd 19", "Back to the encoded bytes, in a fresh buffer.";
    DecompressLz4, "decompress-lz4", Compression, "decompress, lz4", "Back to the encoded bytes, in a fresh buffer.";
    FloorCopy, "floor-copy", Floor, "memcpy", "Copy as many bytes as the arrays have into a fresh arena. A load into memory that the allocator has at hand can be faster, as can one that compresses.";
    FloorCopyWarm, "floor-copy-warm", Floor, "memcpy, warm", "The same into memory that was written before: page faults are most of the difference.";
    FloorRead, "floor-read", Floor, "read()", "Read a file of as many bytes, which is in the page cache, into a fresh arena.";
    FloorReadCold, "floor-read-cold", Floor, "read(), cold", "The same file after it was put out of the page cache, which was checked.";
    FloorMapTouch, "floor-map-touch", Floor, "mmap and touch", "Map a file of as many bytes and touch each of its pages.";
    FloorWrite, "floor-write", Floor, "write()", "Write as many bytes to a new file, not synced.";
    FloorWriteSync, "floor-write-sync", Floor, "write() and fsync", "Write as many bytes to a new file and fsync it.";
}

impl Operation {
    /// True where the file is put out of the page cache before each iteration.
    pub fn is_cold(self) -> bool {
        use Operation::*;
        matches!(self, LoadFileColdPredictOne | MapFileColdPredictOne | FloorReadCold)
    }
}

/// Operations that are compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Parameters to bytes or to a file.
    Save,
    /// Bytes in memory to owned parameters, rung by rung.
    Load,
    /// Bytes in memory to borrowed parameters, rung by rung.
    View,
    /// From a file.
    File,
    /// Compression over the encoded bytes.
    Compression,
    /// The same movement of bytes with no format at all.
    Floor,
}

/// The pseudo-format under which floors are recorded.
pub const FLOOR: &str = "floor";

/// What stands between two samples of a case. Rows without one are mixed: each sample comes after
/// samples of other cases, as in a server that does more than load one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Temperature {
    /// Nothing: the case runs in a tight loop, so that caches, branch predictors and the allocator
    /// know it as well as they ever can. This is what criterion and `timeit` measure.
    Hot,
}

impl Temperature {
    /// The name used in records and on the page.
    pub fn id(self) -> &'static str {
        match self {
            Temperature::Hot => "hot",
        }
    }
}

/// Names one measured case. Equal ids are the same row in every process and every run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CaseId {
    /// The trained model: `random_forest_classifier-m`.
    pub model: String,
    /// The format's id, or [`FLOOR`].
    pub format: String,
    /// What is done.
    pub operation: Operation,
    /// The page policy of the destination, where the operation fills an arena.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pages: Option<PagePolicy>,
    /// How warm the case was, where it was not measured in the mixed rounds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub temperature: Option<Temperature>,
}

impl CaseId {
    /// True for the row that stands for its operation: the usual page policy, in mixed rounds.
    pub fn is_usual(&self) -> bool {
        self.pages.is_none() && self.temperature.is_none()
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.model, self.format, self.operation.id())?;
        if let Some(pages) = self.pages {
            write!(f, "/{}", pages.id())?;
        }
        match self.temperature {
            Some(temperature) => write!(f, "/{}", temperature.id()),
            None => Ok(()),
        }
    }
}

/// Why a case gave no figure. It costs its row, never the run.
#[derive(Debug, Clone, Error, Serialize, Deserialize, PartialEq, Eq)]
#[error("{reason}")]
pub struct CaseError {
    /// What went wrong, in words for the report.
    pub reason: String,
}

impl CaseError {
    /// An error with a reason in words.
    pub fn new(reason: impl fmt::Display) -> Self {
        CaseError { reason: reason.to_string() }
    }
}

/// Results that are kept while the clock runs may take this much memory together.
const KEPT_BYTES: u64 = 16 << 20;

/// The largest number of iterations of a case whose results take so many bytes each. It is the
/// same in every language: with more of them kept, each needs fresh pages and takes longer.
pub fn most_iterations(kept_bytes: u64) -> u64 {
    (KEPT_BYTES / kept_bytes.max(1)).clamp(1, 1000)
}

/// One thing that can be measured.
pub trait Case {
    /// Its name.
    fn id(&self) -> &CaseId;

    /// Bytes the operation moves (those of the arrays, or of the file), for throughput.
    fn bytes(&self) -> u64;

    /// The largest number of iterations that one call of [`Case::run`] may be asked for: results
    /// are kept until the clock has stopped, so large ones must be few.
    fn max_iterations(&self) -> u64;

    /// A sample covers at least so many nanoseconds, so that what is beside the operation in it (the
    /// clock's own cost, a question to another process) stays small.
    fn sample_nanos(&self) -> u64 {
        100_000
    }

    /// Puts what the operation reads elsewhere, where the case can: called before each sample, so that
    /// one place in memory does not decide for all.
    fn move_on(&mut self) {}

    /// Does the operation `iterations` times and returns the nanoseconds they took together,
    /// without set-up and without dropping the results.
    ///
    /// # Errors
    /// [`CaseError`] when the operation fails; the case is then taken out of the run.
    fn run(&mut self, iterations: u64) -> Result<u64, CaseError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_serde_uses_them() {
        for (position, operation) in Operation::ALL.iter().enumerate() {
            assert!(Operation::ALL[..position].iter().all(|other| other.id() != operation.id()));
            let json = serde_json::to_string(operation).unwrap();
            assert_eq!(json, format!("{:?}", operation.id()));
        }
    }

    #[test]
    fn a_case_id_reads_as_a_path() {
        let id = CaseId {
            model: "forest-m".into(),
            format: "raw".into(),
            operation: Operation::Decode,
            pages: Some(PagePolicy::Huge),
            temperature: None,
        };
        assert_eq!(id.to_string(), "forest-m/raw/decode/huge");
        let hot = CaseId { pages: None, temperature: Some(Temperature::Hot), ..id };
        assert_eq!(hot.to_string(), "forest-m/raw/decode/hot");
        let json = serde_json::to_string(&hot).unwrap();
        assert!(json.ends_with(r#""operation":"decode","temperature":"hot"}"#), "{json}");
    }
}
