//! The record inside the page: for the script, and for whoever gets the page without the record.
//!
//! The record is JSON, compressed with gzip and written in base64: a seventh of its size, and the
//! page can be mailed. Whole numbers lose their `.0`. A record with very many samples is embedded
//! with fewer of them, and says so in its notes.
//!
//! What the script needs at once stands as JSON. In a script element JSON ends at `</script`, and
//! `<!--` would change how it is read; no `<` is left in it.

use std::borrow::Cow;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::lookup::Lookup;
use super::tables::GROUPS;
use super::widgets::{group_id, operation_id, operation_title};
use crate::base::case::{Group, Operation};
use crate::base::record::{BenchRecord, Outcome};

/// Samples that a page holds: about a seventh of a megabyte.
const SAMPLES: usize = 24_000;

/// The record as base64 of gzip of JSON.
pub fn record(record: &BenchRecord) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // A vector takes every byte.
    let written = encoder.write_all(compact(&thinned(record, step(record))).as_bytes());
    debug_assert!(written.is_ok());
    STANDARD.encode(encoder.finish().unwrap_or_default())
}

/// Names and kinds by position, for the page's script.
#[derive(Serialize)]
struct Index<'a> {
    models: Vec<&'a str>,
    formats: Vec<IndexFormat<'a>>,
    operations: Vec<IndexOperation>,
    headline: usize,
    operation: Option<String>,
}

#[derive(Serialize)]
struct IndexFormat<'a> {
    id: &'a str,
    title: &'a str,
    executable: bool,
    runtime: &'a str,
    encoding: &'a str,
}

#[derive(Serialize)]
struct IndexOperation {
    id: String,
    title: String,
    group: &'static str,
}

/// What the script needs to know of the page, as JSON that can stand in a script element.
pub fn index_json(lookup: &Lookup<'_>, headline: usize) -> String {
    let operations = operations(lookup);
    let preferred = [Operation::DecodePredictOne, Operation::Decode];
    let first = preferred.iter().map(|operation| operation.id().to_owned());
    let operation = first
        .chain(operations.iter().map(|operation| operation.id.clone()))
        .find(|id| operations.iter().any(|operation| operation.id == *id));
    let formats = lookup.formats.iter().map(|format| IndexFormat {
        id: format.id,
        title: format.record.map_or("", |record| &record.title),
        executable: format.is_executable(),
        runtime: format.record.map_or("", |record| &record.runtime),
        encoding: format.record.map_or("", |record| &record.encoding),
    });
    let index = Index {
        models: lookup.models.iter().map(|model| model.id).collect(),
        formats: formats.collect(),
        operations,
        headline,
        operation,
    };
    harmless(&compact(&index))
}

/// Every operation of any model, by group.
fn operations(lookup: &Lookup<'_>) -> Vec<IndexOperation> {
    let mut all = Vec::new();
    for group in GROUPS {
        for (of, title) in operations_of(lookup, group) {
            all.push(IndexOperation { id: of, title, group: group_id(group) });
        }
    }
    all
}

/// Names and titles of the operations of a group that any model has rows for.
pub fn operations_of(lookup: &Lookup<'_>, group: Group) -> Vec<(String, String)> {
    let models = lookup.models.iter();
    let mut found: Vec<_> = models.flat_map(|model| lookup.operations(model.id)).collect();
    found.retain(|of| of.operation.group() == group);
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|of| (operation_id(of), operation_title(of))).collect()
}

/// One of how many samples a page holds: 1 where it holds all.
pub fn step(record: &BenchRecord) -> usize {
    let timings = record.rows.iter().filter_map(|row| row.outcome.timing());
    let samples: usize = timings.flat_map(|timing| &timing.samples_nanos).map(Vec::len).sum();
    samples.div_ceil(SAMPLES).max(1)
}

/// A copy with one of `step` samples of each process, so that their order and spread stay.
fn thinned(record: &BenchRecord, step: usize) -> Cow<'_, BenchRecord> {
    if step <= 1 {
        return Cow::Borrowed(record);
    }
    let mut copy = record.clone();
    for row in &mut copy.rows {
        if let Outcome::Measured(timing) = &mut row.outcome {
            for samples in &mut timing.samples_nanos {
                *samples = samples.iter().copied().step_by(step).collect();
            }
        }
    }
    copy.notes.push(format!(
        "This copy of the record is from a page and holds one of {step} samples; bench.json has all."
    ));
    Cow::Owned(copy)
}

/// JSON without `<`, which only stands in strings.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c")
}

fn compact(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, WholeNumbers);
    // Records have only string keys and a vector takes every byte.
    let written = value.serialize(&mut serializer);
    debug_assert!(written.is_ok());
    String::from_utf8(bytes).unwrap_or_default()
}

/// Writes `1500` for `1500.0`: the same number, and what most samples are.
struct WholeNumbers;

impl Formatter for WholeNumbers {
    fn write_f64<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        // Up to 2^53 every whole number is exact.
        if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 && !is_negative_zero(value)
        {
            return write!(writer, "{}", value as i64);
        }
        serde_json::ser::CompactFormatter.write_f64(writer, value)
    }
}

fn is_negative_zero(value: f64) -> bool {
    value == 0.0 && value.is_sign_negative()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_short_and_nothing_closes_the_element() {
        assert_eq!(compact(&[1500.0, 0.25, -0.0, 1e300]), "[1500,0.25,-0.0,1e+300]");
        let json = harmless(&compact(&["</script><!--"]));
        assert_eq!(json, r#"["\u003c/script>\u003c!--"]"#);
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), ["</script><!--"]);
    }
}
