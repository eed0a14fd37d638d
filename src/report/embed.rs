//! The record inside the page: for the script, and for whoever gets the page without the record.
//!
//! The record is JSON, compressed with gzip and written in base64: a seventh of its size, and the
//! page can be mailed. Whole numbers lose their `.0`. It holds every row with its figures and its reasons,
//! and no samples: those are nine tenths of a record, the page's strips show them, and `bench.json`
//! beside the page has them. Its long tables stand column by column ([`Columns`]), which is half as much
//! again: thousands of rows say the same of the same formats.
//!
//! What the script needs at once stands as JSON. In a script element JSON ends at `</script`, and
//! `<!--` would change how it is read; no `<` is left in it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

use super::choice::is_portable;
use super::lookup::{Format, Lookup};
use super::tables::GROUPS;
use super::widgets::{group_id, operation_id, operation_title};
use crate::base::case::{Group, Operation};
use crate::base::record::{BenchRecord, Outcome, Timing};
use crate::base::trial::DemoRecord;

/// Text as base64 of gzip.
pub fn packed(text: &str) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // A vector takes every byte.
    let written = encoder.write_all(text.as_bytes());
    debug_assert!(written.is_ok());
    STANDARD.encode(encoder.finish().unwrap_or_default())
}

/// Warnings that speak against files of strangers.
const RISKS: [&str; 2] = ["advisory", "hostile-input"];

/// What the page holds of its record.
#[derive(Serialize)]
struct PageCopy<'a> {
    /// The record without its tables, which are empty here.
    record: &'a BenchRecord,
    /// The tables by their names in the record; rows without samples.
    tables: BTreeMap<&'static str, Columns>,
    /// For each row, how many samples its processes took.
    samples: Vec<usize>,
}

/// Rows of a table, column by column. A row has the keys of its kind, and of each the next value of that
/// key's column.
#[derive(Debug, Default, Serialize)]
struct Columns {
    /// The keys of each kind of row.
    keys: Vec<Vec<String>>,
    /// The kind of each row.
    kinds: Vec<usize>,
    /// The values of each key, of the rows that have it.
    values: BTreeMap<String, Vec<Value>>,
}

impl Columns {
    /// Rows that are objects in JSON; another has no keys.
    fn new(rows: &[impl Serialize]) -> Self {
        let mut columns = Columns::default();
        for row in rows {
            let fields = match serde_json::to_value(row) {
                Ok(Value::Object(fields)) => fields,
                _ => serde_json::Map::new(),
            };
            let keys: Vec<String> = fields.keys().cloned().collect();
            let known = columns.keys.iter().position(|of| *of == keys);
            columns.kinds.push(known.unwrap_or(columns.keys.len()));
            if known.is_none() {
                columns.keys.push(keys);
            }
            for (key, value) in fields {
                columns.values.entry(key).or_default().push(value);
            }
        }
        columns
    }
}

/// The record as base64 of gzip of JSON.
pub fn record(record: &BenchRecord) -> String {
    let timings = record.rows.iter().map(|row| row.outcome.timing());
    let count = |timing: Option<&Timing>| {
        timing.map_or(0, |timing| timing.samples_nanos.iter().map(Vec::len).sum())
    };
    let samples = timings.map(count).collect();
    let mut copy = without_samples(record);
    let tables = [
        ("rows", Columns::new(&std::mem::take(&mut copy.rows))),
        ("sizes", Columns::new(&std::mem::take(&mut copy.sizes))),
        ("memory", Columns::new(&std::mem::take(&mut copy.memory))),
    ];
    packed(&compact(&PageCopy { record: &copy, tables: tables.into(), samples }))
}

/// The record of hostile files as base64 of gzip of JSON, for the evidence that the page saves.
pub fn demonstration(record: &DemoRecord) -> String {
    packed(&compact(record))
}

/// Names and kinds by position, for the page's script.
#[derive(Serialize)]
struct Index<'a> {
    models: Vec<&'a str>,
    /// What the record calls the models.
    ids: Vec<&'a str>,
    formats: Vec<IndexFormat<'a>>,
    operations: Vec<IndexOperation>,
    headline: usize,
    operation: Option<String>,
}

#[derive(Serialize)]
struct IndexFormat<'a> {
    /// What the record calls it.
    id: &'a str,
    /// What the page calls it.
    name: &'a str,
    title: &'a str,
    executable: bool,
    runtime: &'a str,
    encoding: &'a str,
    /// Python programs can be expected to read its arrays.
    readable: bool,
    /// What speaks against reading files of strangers in it.
    risks: Vec<&'a str>,
}

#[derive(Serialize)]
struct IndexOperation {
    id: String,
    title: String,
    group: &'static str,
}

/// What the script needs to know of the page, as JSON that can stand in a script element.
/// The original has the names that the record came with, in the same places.
pub fn index_json(lookup: &Lookup<'_>, original: &Lookup<'_>) -> String {
    let operations = operations(lookup);
    let formats = lookup.formats.iter().zip(&original.formats).map(|(format, of)| IndexFormat {
        id: of.id,
        name: format.id,
        title: format.record.map_or("", |record| &record.title),
        executable: format.is_executable(),
        runtime: format.record.map_or("", |record| &record.runtime),
        encoding: format.record.map_or("", |record| &record.encoding),
        readable: is_portable(format) || format.record.is_some_and(|of| of.runtime == "python"),
        risks: risks(format),
    });
    let index = Index {
        models: lookup.models.iter().map(|model| model.id).collect(),
        ids: original.models.iter().map(|model| model.id).collect(),
        formats: formats.collect(),
        operations,
        headline: lookup.headline,
        operation: first_operation(lookup),
    };
    harmless(&compact(&index))
}

/// Why a format is not for files of strangers.
fn risks<'a>(format: &Format<'a>) -> Vec<&'a str> {
    let code = format.is_executable().then_some("can run code");
    let warnings = format.record.into_iter().flat_map(|record| &record.warnings);
    let grave = warnings.map(|warning| warning.id.as_str()).filter(|id| RISKS.contains(id));
    code.into_iter().chain(grave).collect()
}

/// The operation that a page shows first: a load that any model has rows for.
pub fn first_operation(lookup: &Lookup<'_>) -> Option<String> {
    let operations = operations(lookup);
    let preferred = [Operation::DecodePredictOne, Operation::Decode];
    let first = preferred.iter().map(|operation| operation.id().to_owned());
    first
        .chain(operations.iter().map(|operation| operation.id.clone()))
        .find(|id| operations.iter().any(|operation| operation.id == *id))
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

/// What the copy in a page says of itself.
const NOTE: &str =
    "This copy of the record is from a page and holds no samples; bench.json has all.";

/// A copy with the processes of each row and none of their samples.
fn without_samples(record: &BenchRecord) -> BenchRecord {
    let mut copy = record.clone();
    for row in &mut copy.rows {
        if let Outcome::Measured(timing) = &mut row.outcome {
            timing.samples_nanos.iter_mut().for_each(Vec::clear);
        }
    }
    copy.notes.push(NOTE.to_owned());
    copy
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
    fn rows_stand_column_by_column() {
        #[derive(Serialize)]
        struct Row {
            name: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            nanos: Option<f64>,
        }
        let row = |name, nanos| Row { name, nanos };
        let columns = Columns::new(&[row("a", Some(1.0)), row("b", None), row("c", Some(0.5))]);
        assert_eq!(
            compact(&columns),
            r#"{"keys":[["name","nanos"],["name"]],"kinds":[0,1,0],"values":{"name":["a","b","c"],"nanos":[1,0.5]}}"#
        );
        assert_eq!(compact(&Columns::new(&[0u8; 0])), r#"{"keys":[],"kinds":[],"values":{}}"#);
    }

    #[test]
    fn whole_numbers_are_short_and_nothing_closes_the_element() {
        assert_eq!(compact(&[1500.0, 0.25, -0.0, 1e300]), "[1500,0.25,-0.0,1e+300]");
        let json = harmless(&compact(&["</script><!--"]));
        assert_eq!(json, r#"["\u003c/script>\u003c!--"]"#);
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), ["</script><!--"]);
    }
}
