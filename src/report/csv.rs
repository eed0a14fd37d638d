//! The record's tables as CSV: one line per row, for spreadsheets and scripts.
//!
//! A figure that was not measured is an empty cell, with `status` and `reason` beside it; it is
//! never zero. Names come from strangers: a text that a spreadsheet would run as a formula gets an
//! apostrophe before it.

use ::csv::Writer;

use crate::base::case::CaseId;
use crate::base::record::{BenchRecord, MemoryOutcome, Outcome, SizeRow};

/// Columns of [`rows`].
pub const ROW_COLUMNS: &str = "model,format,operation,pages,status,reason,median_nanos,low_nanos,\
    high_nanos,bytes,iterations,processes,samples,rank,floor_share,\
    temperature";

/// Columns of [`sizes`]: one line for the encoded bytes and one for each codec.
pub const SIZE_COLUMNS: &str = "model,format,codec,bytes,compressed_bytes";

/// Columns of [`memory`].
pub const MEMORY_COLUMNS: &str = "model,format,operation,pages,status,reason,peak_bytes,\
    held_bytes,arena_bytes,allocations,resident_peak_bytes,minor_faults";

/// Every timed row, floors too.
pub fn rows(record: &BenchRecord) -> Vec<u8> {
    table(ROW_COLUMNS, record.rows.iter().map(|row| row_cells(&row.case, &row.outcome)))
}

/// Every size: the encoded bytes under the codec `none`, then each codec.
pub fn sizes(record: &BenchRecord) -> Vec<u8> {
    table(SIZE_COLUMNS, record.sizes.iter().flat_map(size_cells))
}

/// Memory of every load.
pub fn memory(record: &BenchRecord) -> Vec<u8> {
    table(MEMORY_COLUMNS, record.memory.iter().map(|row| memory_cells(&row.case, &row.outcome)))
}

fn table(columns: &str, lines: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = Writer::from_writer(Vec::new());
    // A vector takes every byte, and all lines have the columns' number of cells.
    let mut written = writer.write_record(columns.split(','));
    for line in lines {
        written = written.and_then(|()| writer.write_record(line));
    }
    debug_assert!(written.is_ok());
    writer.into_inner().unwrap_or_default()
}

fn case_cells(case: &CaseId) -> Vec<String> {
    let pages = case.pages.map(|pages| pages.id()).unwrap_or_default();
    vec![text(&case.model), text(&case.format), case.operation.id().into(), pages.into()]
}

fn row_cells(case: &CaseId, outcome: &Outcome) -> Vec<String> {
    let mut cells = case_cells(case);
    let (status, reason) = match outcome {
        Outcome::Measured(_) => ("measured", ""),
        Outcome::Failed { reason } => ("failed", reason.as_str()),
        Outcome::NotMeasured { reason } => ("not-measured", reason.as_str()),
    };
    cells.extend([status.to_owned(), text(reason)]);
    let temperature = case.temperature.map(|temperature| temperature.id()).unwrap_or_default();
    let Some(timing) = outcome.timing() else {
        cells.resize(ROW_COLUMNS.split(',').count() - 1, String::new());
        cells.push(temperature.to_owned());
        return cells;
    };
    let samples: usize = timing.samples_nanos.iter().map(Vec::len).sum();
    cells.extend([timing.median_nanos, timing.low_nanos, timing.high_nanos].map(number));
    cells.extend([
        timing.bytes.to_string(),
        timing.iterations.to_string(),
        timing.samples_nanos.len().to_string(),
        samples.to_string(),
        timing.rank.map(|rank| rank.to_string()).unwrap_or_default(),
        timing.floor_share.map(number).unwrap_or_default(),
        temperature.to_owned(),
    ]);
    cells
}

fn size_cells(row: &SizeRow) -> Vec<Vec<String>> {
    let line = |codec: &str, bytes: u64| {
        let names = [text(&row.model), text(&row.format), text(codec)];
        [names.as_slice(), &[row.bytes.to_string(), bytes.to_string()]].concat()
    };
    let mut lines = vec![line("none", row.bytes)];
    lines.extend(row.compressed_bytes.iter().map(|(codec, bytes)| line(codec, *bytes)));
    lines
}

fn memory_cells(case: &CaseId, outcome: &MemoryOutcome) -> Vec<String> {
    let mut cells = case_cells(case);
    match outcome {
        MemoryOutcome::Measured(memory) => {
            let optional = |value: Option<u64>| value.map(|v| v.to_string()).unwrap_or_default();
            cells.extend(["measured".to_owned(), String::new()]);
            cells.extend(
                [memory.peak_bytes, memory.held_bytes, memory.arena_bytes]
                    .map(|value| value.to_string()),
            );
            cells.push(optional(memory.allocations));
            cells.extend([optional(memory.resident_peak_bytes), optional(memory.minor_faults)]);
        }
        MemoryOutcome::NotMeasured { reason } => {
            cells.extend(["not-measured".to_owned(), text(reason)]);
            cells.resize(MEMORY_COLUMNS.split(',').count(), String::new());
        }
    }
    cells
}

/// A number as JSON writes it, without a fraction where there is none.
fn number(value: f64) -> String {
    format!("{value}")
}

/// A text that no spreadsheet takes for a formula.
fn text(value: &str) -> String {
    match value.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{value}"),
        false => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_made_a_text() {
        assert_eq!(text("=1+1"), "'=1+1");
        assert_eq!(text("-m"), "'-m");
        assert_eq!(text("raw"), "raw");
        assert_eq!(number(1500.0), "1500");
        assert_eq!(number(0.25), "0.25");
    }
}
