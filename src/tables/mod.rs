//! Tables and single arrays of anybody's, as plain arrays: what `bench` measures formats on when
//! the file is no model.
//!
//! ```text
//! bytes -> recognize -> npy      one array, "array"
//!                    -> parquet  an array a column
//!                    -> csv      an array a column: whole numbers, numbers, texts
//!                    -> Parameters of kind `arrays`
//! ```
//!
//! Content decides what a file is. `.npz`, safetensors and the others that are formats of their own
//! are not read here. Bytes come from strangers: lengths are bounded before memory is asked for,
//! nothing recurses, and a column that is no plain array is refused by its name.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod csv;
mod parquet;
mod texts;

use thiserror::Error;

use crate::base::parameters::PLAIN_ARRAYS;
use crate::base::{ArrayError, Limits, PagePolicy, Parameters, ParametersError, Storage};
use crate::formats::{FormatError, npy};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One array of numpy's (`.npy`).
    Npy,
    /// Apache Parquet.
    Parquet,
    /// Text with fields between commas.
    Csv,
}

impl Kind {
    /// The name used in titles and messages.
    pub fn id(self) -> &'static str {
        match self {
            Kind::Npy => "npy",
            Kind::Parquet => "parquet",
            Kind::Csv => "csv",
        }
    }
}

/// A table that was read.
#[derive(Debug)]
pub struct Table {
    /// The columns, in their order, as arrays of kind [`PLAIN_ARRAYS`].
    pub parameters: Parameters,
    /// What of the file could only be kept in another way, in sentences.
    pub words: Vec<String>,
}

/// Why a file is no table of plain arrays.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TableError {
    /// A column holds what is no plain array.
    #[error("column {column:?}: expected {expected}, found {found}")]
    Column {
        /// Its name.
        column: String,
        /// What a column can hold.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// The text is no table.
    #[error("line {line}: expected {expected}, found {found}")]
    Text {
        /// The line, counted from 1.
        line: u64,
        /// What a table has there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Nobody can tell whether the first line is names or a row.
    #[error("the first line, 0 and so on, may be names of columns or a row")]
    Header,
    /// A bound is crossed.
    #[error("{what}: {found}, at most {limit} allowed")]
    Limit {
        /// What is bounded.
        what: &'static str,
        /// What was found.
        found: u64,
        /// The bound.
        limit: u64,
    },
    /// What the crate that reads the file said.
    #[error("{0}")]
    Reader(String),
    /// The file is damaged, or not what it seems.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A column is no array.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// The columns cannot stand beside each other.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
}

/// What a file is by its content: an array of numpy's, Parquet, or what remains, text in UTF-8 that
/// is no other language's.
pub fn recognize(bytes: &[u8]) -> Option<Kind> {
    if bytes.starts_with(npy::MAGIC) {
        return Some(Kind::Npy);
    }
    if bytes.starts_with(parquet::MAGIC) {
        return Some(Kind::Parquet);
    }
    csv::is_text(bytes).then_some(Kind::Csv)
}

/// Reads a file of a kind that was recognized.
///
/// # Errors
/// [`TableError`] names the column or the line.
pub fn read(
    source: &Storage,
    kind: Kind,
    header: csv::Header,
    limits: &Limits,
) -> Result<Table, TableError> {
    let table = match kind {
        Kind::Npy => {
            let mut parameters = Parameters::new(PLAIN_ARRAYS, 1);
            parameters.insert("array", npy::read(source.as_bytes(), PagePolicy::Auto)?)?;
            Table { parameters, words: Vec::new() }
        }
        Kind::Parquet => parquet::read(source, limits)?,
        Kind::Csv => csv::read(source.as_bytes(), header, limits)?,
    };
    table.parameters.check_limits(limits)?;
    Ok(table)
}
