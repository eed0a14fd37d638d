//! The files of a report, made of a record.

use crate::base::hostility::HostilityRecord;
use crate::base::record::BenchRecord;
use crate::base::trial::DemoRecord;

use super::comparison::Baseline;

/// The record, from which the others are made.
pub const RECORD: &str = "bench.json";
/// The page.
pub const PAGE: &str = "index.html";

/// The page that compares two records.
pub const COMPARISON: &str = "compare.html";

/// Records that lie beside that of the benchmark, where they do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// What hostile files did.
    pub hostile: Option<&'a DemoRecord>,
    /// What became of changed files.
    pub changed: Option<&'a HostilityRecord>,
    /// An earlier run.
    pub baseline: Option<Baseline<'a>>,
}

/// Makes a file's content of a record and of those beside it.
pub type Make = fn(&BenchRecord, Beside<'_>) -> serde_json::Result<Vec<u8>>;

/// A file of a report.
pub struct File {
    /// Its name in the report's directory.
    pub name: &'static str,
    /// Makes its content.
    pub make: Make,
}

/// What a report consists of.
pub static FILES: &[File] = &[
    File { name: RECORD, make: |record, _| serde_json::to_vec(record) },
    File { name: PAGE, make: |record, beside| Ok(super::html_with(record, beside).into_bytes()) },
    File { name: "rows.csv", make: |record, _| Ok(super::csv::rows(record)) },
    File { name: "sizes.csv", make: |record, _| Ok(super::csv::sizes(record)) },
    File { name: "memory.csv", make: |record, _| Ok(super::csv::memory(record)) },
];
