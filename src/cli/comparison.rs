//! One model's formats side by side on a terminal.

use std::cmp::Ordering;

use super::table::{Table, width, wrapped};
use crate::base::case::{FLOOR, Operation};
use crate::base::record::{BenchRecord, MemoryOutcome, ModelRecord, Timing};
use crate::base::units;

/// A column: the widest terminal that does without it, its head, its figure for a format.
type Column = (u16, &'static str, fn(&Figures<'_>) -> Option<String>);

const COLUMNS: &[Column] = &[
    (0, "size", |f| Some(units::bytes(f.size()?))),
    (78, "encode", |f| f.time(Operation::Encode)),
    (0, "decode", |f| f.time(Operation::Decode)),
    (0, "+ first prediction", |f| f.time(Operation::DecodePredictOne)),
    (66, "view + first prediction", |f| f.time(Operation::ViewPredictOne)),
    (94, "peak memory", |f| Some(units::bytes(f.peak()?))),
];

/// What is known of one format with one model.
struct Figures<'a> {
    record: &'a BenchRecord,
    model: &'a str,
    format: &'a str,
}

impl Figures<'_> {
    fn timing(&self, operation: Operation) -> Option<&Timing> {
        timing(self.record, self.model, self.format, operation)
    }

    fn time(&self, operation: Operation) -> Option<String> {
        Some(units::duration(self.timing(operation)?.median_nanos))
    }

    fn size(&self) -> Option<u64> {
        let rows = &self.record.sizes;
        let row = rows.iter().find(|row| row.model == self.model && row.format == self.format)?;
        Some(row.bytes)
    }

    fn peak(&self) -> Option<u64> {
        let row = self.record.memory.iter().find(|row| {
            let case = &row.case;
            case.model == self.model
                && case.format == self.format
                && case.operation == Operation::Decode
        })?;
        match &row.outcome {
            MemoryOutcome::Measured(memory) => Some(memory.peak_bytes),
            MemoryOutcome::NotMeasured { .. } => None,
        }
    }
}

fn timing<'a>(
    record: &'a BenchRecord,
    model: &str,
    format: &str,
    operation: Operation,
) -> Option<&'a Timing> {
    let row = record.rows.iter().find(|row| {
        let case = &row.case;
        case.model == model
            && case.format == format
            && case.operation == operation
            && case.is_usual()
    })?;
    row.outcome.timing()
}

/// The formats of a model, fastest load first, with a line below that explains the figures.
pub fn text(record: &BenchRecord, model: &ModelRecord) -> String {
    let width = width();
    let is_known = |figure: fn(&Figures<'_>) -> Option<String>| {
        let mut formats = record.formats.iter();
        formats.any(|f| figure(&Figures { record, model: &model.id, format: &f.id }).is_some())
    };
    let columns: Vec<&Column> =
        COLUMNS.iter().filter(|(beyond, _, figure)| width > *beyond && is_known(*figure)).collect();
    let mut head = vec!["format"];
    head.extend(columns.iter().map(|(_, title, _)| *title));
    let mut table = Table::of_figures(&head);
    let mut formats: Vec<&str> = record.formats.iter().map(|format| format.id.as_str()).collect();
    let load = |format: &str| {
        let of = |operation| Some(timing(record, &model.id, format, operation)?.median_nanos);
        of(Operation::DecodePredictOne).or_else(|| of(Operation::Decode))
    };
    formats.sort_by(|a, b| match (load(a), load(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    });
    // What has no figure at all says why in the report.
    formats.retain(|format| {
        let figures = Figures { record, model: &model.id, format };
        columns.iter().any(|(.., figure)| figure(&figures).is_some())
    });
    let note = of_dict(record, model, &formats);
    for format in formats {
        let figures = Figures { record, model: &model.id, format };
        let mut cells = vec![format.to_owned()];
        cells.extend(columns.iter().map(|(.., figure)| figure(&figures).unwrap_or_default()));
        table.row(cells);
    }
    if let Some(floor) = timing(record, &model.id, FLOOR, Operation::FloorCopy) {
        let mut cells = vec!["memcpy (floor)".to_owned()];
        let time = units::duration(floor.median_nanos);
        let is_decode = |title: &str| if title == "decode" { time.clone() } else { String::new() };
        cells.extend(columns.iter().map(|(_, title, _)| is_decode(title)));
        table.row(cells);
    }
    let bytes = units::bytes(model.array_bytes);
    format!("{}, {bytes} of arrays; medians\n{}{note}", model.title, table.text())
}

/// Says which rows are Python's and end with arrays instead of a model that predicts.
fn of_dict(record: &BenchRecord, model: &ModelRecord, shown: &[&str]) -> String {
    let is_dict = |format: &&&str| {
        let known = record.formats.iter().find(|known| known.id == ***format);
        known.is_some_and(|known| known.runtime == "python")
            && timing(record, &model.id, format, Operation::Decode).is_some()
    };
    let names: Vec<&str> = shown.iter().filter(is_dict).copied().collect();
    match names.is_empty() {
        true => String::new(),
        false => {
            wrapped(&format!("In Python, the same arrays in a dict: {}.", names.join(", ")), 4)
        }
    }
}
