//! What a comparison found, as a record, a table, and a report.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use comfy_table::{CellAlignment, Table, presets};

use super::{CompareError, write_error};
use crate::base::case::{FLOOR, Operation};
use crate::base::record::{BenchRecord, ModelRecord, Outcome, Timing};
use crate::base::text::printable;
use crate::base::units;
use crate::report;

/// What a comparison found. Shown, it is a table for each value, fastest load first.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    record: BenchRecord,
}

impl Comparison {
    pub(super) fn new(record: BenchRecord) -> Self {
        Comparison { record }
    }

    /// Everything that was measured, as `bench.json` holds it.
    pub fn record(&self) -> &BenchRecord {
        &self.record
    }

    /// Writes the same files as `deadweight bench --out`: the record, the page, the tables. The
    /// directory is made where it is missing; files of these names in it are replaced. Returns the
    /// path of the page.
    ///
    /// # Errors
    /// [`CompareError::Write`] names the file.
    pub fn write_report(&self, directory: impl AsRef<Path>) -> Result<PathBuf, CompareError> {
        let directory = directory.as_ref();
        fs::create_dir_all(directory).map_err(|error| write_error(directory, error))?;
        for file in report::files::FILES {
            let path = directory.join(file.name);
            let write = || -> std::io::Result<()> {
                let bytes = (file.make)(&self.record, report::files::Beside::default())?;
                // Whole or not at all: beside its place, and renamed.
                let mut beside = tempfile::NamedTempFile::new_in(directory)?;
                beside.write_all(&bytes)?;
                beside.persist(&path)?;
                Ok(())
            };
            write().map_err(|error| write_error(&path, error))?;
        }
        Ok(directory.join(report::files::PAGE))
    }

    fn timing(&self, model: &str, format: &str, operation: Operation) -> Option<&Timing> {
        let row = self.record.rows.iter().find(|row| {
            let case = &row.case;
            case.model == model
                && case.format == format
                && case.operation == operation
                && case.pages.is_none()
        })?;
        row.outcome.timing()
    }

    fn cells(&self, model: &str, format: &str) -> Vec<String> {
        let size = self.record.sizes.iter().find(|s| s.model == model && s.format == format);
        let mut cells = vec![printable(format).to_string()];
        cells.push(size.map_or(String::new(), |size| units::bytes(size.bytes)));
        let zstd = size.and_then(|size| size.compressed_bytes.get("zstd-3"));
        cells.push(zstd.map_or(String::new(), |bytes| units::bytes(*bytes)));
        for operation in [Operation::Encode, Operation::EncodeReused, Operation::Decode] {
            let timing = self.timing(model, format, operation);
            cells.push(timing.map_or(String::new(), figure));
        }
        cells
    }

    fn table(&self, model: &ModelRecord) -> String {
        let mut table = Table::new();
        let head = ["format", "size", "zstd 3", "encode", "encode, buffer reused", "decode"];
        table.load_style(presets::NOTHING).set_header(head);
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let decode = |format: &str| {
            let timing = self.timing(&model.id, format, Operation::Decode);
            timing.map_or(f64::INFINITY, |timing| timing.median_nanos)
        };
        let mut formats: Vec<&str> = self.record.formats.iter().map(|f| f.id.as_str()).collect();
        formats.sort_by(|a, b| decode(a).total_cmp(&decode(b)));
        for format in formats {
            table.add_row(self.cells(&model.id, format));
        }
        let floor = self.timing(&model.id, FLOOR, Operation::FloorCopy).map(figure);
        let mut cells = vec!["memcpy (floor)".to_owned()];
        cells.resize(5, String::new());
        cells.extend(floor);
        table.add_row(cells);
        let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n")
    }
}

/// A median and how far its interval reaches, whichever end is farther.
fn figure(timing: &Timing) -> String {
    let reach =
        (timing.high_nanos - timing.median_nanos).max(timing.median_nanos - timing.low_nanos);
    let share = 100.0 * reach / timing.median_nanos.max(f64::MIN_POSITIVE);
    format!("{} ±{share:.0} %", units::duration(timing.median_nanos))
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for model in &self.record.models {
            let bytes = units::bytes(model.array_bytes);
            writeln!(f, "{}, {bytes} of values; medians", printable(&model.title))?;
            writeln!(f, "{}", self.table(model))?;
            let failed = self.record.rows.iter().filter(|row| {
                row.case.model == model.id && row.case.operation == Operation::Decode
            });
            for row in failed {
                if let Outcome::Failed { reason } = &row.outcome {
                    writeln!(f, "{} failed: {}", row.case.format, printable(reason))?;
                }
            }
        }
        for note in &self.record.notes {
            writeln!(f, "note: {note}")?;
        }
        Ok(())
    }
}
