//! A record turned round for reading: by model, then operation, then format.
//!
//! Rows of a record may name models and formats that its lists do not describe (a file that was
//! put together by hand, a newer program). They get a place at the end, so that no row is lost.

use std::collections::{BTreeMap, HashMap};

use super::fold::Detail;
use crate::base::PagePolicy;
use crate::base::case::{CaseId, FLOOR, Group, Operation, Temperature};
use crate::base::record::{
    BenchRecord, FormatRecord, Memory, MemoryOutcome, ModelRecord, Outcome, SizeRow, Timing,
};

/// An operation with its page policy and temperature: what one table is about. Rows that differ in
/// one of them are never ranked among each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Measured {
    /// What is done.
    pub operation: Operation,
    /// Into which pages, where that is named.
    pub pages: Option<PagePolicy>,
    /// How warm, where it was not measured in the mixed rounds.
    pub temperature: Option<Temperature>,
}

impl Measured {
    /// The operation as it is usually measured.
    pub fn usual(operation: Operation) -> Self {
        Measured { operation, pages: None, temperature: None }
    }
}

impl From<&CaseId> for Measured {
    fn from(case: &CaseId) -> Self {
        let (pages, temperature) = (case.pages, case.temperature);
        Measured { operation: case.operation, pages, temperature }
    }
}

/// A model that rows are about.
#[derive(Debug, Clone, Copy)]
pub struct Model<'a> {
    /// Its id in rows.
    pub id: &'a str,
    /// Its description, where the record has one.
    pub record: Option<&'a ModelRecord>,
}

impl<'a> Model<'a> {
    /// Its title, or its id.
    pub fn title(&self) -> &'a str {
        self.record.map_or(self.id, |record| record.title.as_str())
    }

    /// Bytes of its arrays, where they are known and not none.
    pub fn array_bytes(&self) -> Option<u64> {
        self.record.map(|record| record.array_bytes).filter(|bytes| *bytes > 0)
    }
}

/// A format that rows are about.
#[derive(Debug, Clone, Copy)]
pub struct Format<'a> {
    /// Its id in rows.
    pub id: &'a str,
    /// Its description, where the record has one.
    pub record: Option<&'a FormatRecord>,
}

impl Format<'_> {
    /// True when it holds what the model holds: one that holds less is not compared without a word.
    pub fn holds_all(&self) -> bool {
        self.record.is_none_or(|record| record.content.is_none())
    }

    /// True when loading can run code that the file chooses, and when nobody said that it cannot.
    pub fn is_executable(&self) -> bool {
        self.record.is_none_or(|record| record.kind != "data-only")
    }
}

/// A record by model, operation and format.
#[derive(Debug)]
pub struct Lookup<'a> {
    /// The record.
    pub record: &'a BenchRecord,
    /// Its models, in its order; then those that only rows name.
    pub models: Vec<Model<'a>>,
    /// Its formats, in its order; then those that only rows name. Floors are no format.
    pub formats: Vec<Format<'a>>,
    /// How much of it the page shows.
    pub detail: Detail,
    /// Position of the model that the page's verdict is about.
    pub headline: usize,
    rows: HashMap<&'a str, BTreeMap<Measured, HashMap<&'a str, &'a Outcome>>>,
    sizes: HashMap<(&'a str, &'a str), &'a SizeRow>,
    memory: HashMap<&'a str, BTreeMap<Measured, HashMap<&'a str, &'a MemoryOutcome>>>,
}

impl<'a> Lookup<'a> {
    /// Reads a record once.
    pub fn new(record: &'a BenchRecord) -> Self {
        let mut lookup = Lookup {
            record,
            models: record.models.iter().map(|m| Model { id: &m.id, record: Some(m) }).collect(),
            formats: record.formats.iter().map(|f| Format { id: &f.id, record: Some(f) }).collect(),
            detail: Detail::Whole,
            headline: 0,
            rows: HashMap::new(),
            sizes: HashMap::new(),
            memory: HashMap::new(),
        };
        for row in &record.rows {
            lookup.know(&row.case.model, &row.case.format);
            let operations = lookup.rows.entry(&row.case.model).or_default();
            let cells = operations.entry(Measured::from(&row.case)).or_default();
            cells.insert(&row.case.format, &row.outcome);
        }
        for size in &record.sizes {
            lookup.know(&size.model, &size.format);
            lookup.sizes.insert((&size.model, &size.format), size);
        }
        for row in &record.memory {
            lookup.know(&row.case.model, &row.case.format);
            let operations = lookup.memory.entry(&row.case.model).or_default();
            let cells = operations.entry(Measured::from(&row.case)).or_default();
            cells.insert(&row.case.format, &row.outcome);
        }
        lookup
    }

    fn know(&mut self, model: &'a str, format: &'a str) {
        if !self.models.iter().any(|known| known.id == model) {
            self.models.push(Model { id: model, record: None });
        }
        if format != FLOOR && !self.formats.iter().any(|known| known.id == format) {
            self.formats.push(Format { id: format, record: None });
        }
    }

    /// Positions of the models whose panels stand in the page as markup.
    pub fn plain(&self) -> Vec<usize> {
        match self.detail.is_folded() {
            true => vec![self.headline],
            false => (0..self.models.len()).collect(),
        }
    }

    /// The model at a position.
    pub fn model(&self, index: usize) -> Option<&Model<'a>> {
        self.models.get(index)
    }

    /// Position of a format, which the page uses as its short name.
    pub fn format_index(&self, id: &str) -> Option<usize> {
        self.formats.iter().position(|format| format.id == id)
    }

    /// A format by its id.
    pub fn format(&self, id: &str) -> Option<Format<'a>> {
        self.formats.iter().find(|format| format.id == id).copied()
    }

    /// The operations on formats that a model has rows for, in the order of the documentation.
    pub fn operations(&self, model: &str) -> Vec<Measured> {
        let operations = self.rows.get(model).into_iter().flat_map(BTreeMap::keys);
        operations.filter(|of| of.operation.group() != Group::Floor).copied().collect()
    }

    /// The floors that a model has rows for.
    pub fn floors(&self, model: &str) -> Vec<(Measured, &'a Outcome)> {
        let operations = self.rows.get(model).into_iter().flatten();
        let floors = operations.filter(|(of, _)| of.operation.group() == Group::Floor);
        floors.flat_map(|(of, cells)| cells.values().map(|outcome| (*of, *outcome))).collect()
    }

    /// What became of each format in an operation, in the order of formats.
    pub fn outcomes(&self, model: &str, of: Measured) -> Vec<(Format<'a>, &'a Outcome)> {
        let Some(cells) = self.rows.get(model).and_then(|rows| rows.get(&of)) else {
            return Vec::new();
        };
        let formats = self.formats.iter();
        formats.filter_map(|format| Some((*format, *cells.get(format.id)?))).collect()
    }

    /// The measured rows of an operation, fastest first.
    pub fn timings(&self, model: &str, of: Measured) -> Vec<(Format<'a>, &'a Timing)> {
        let outcomes = self.outcomes(model, of).into_iter();
        let mut timings: Vec<_> =
            outcomes.filter_map(|(format, outcome)| Some((format, outcome.timing()?))).collect();
        timings.sort_by(|(_, a), (_, b)| a.median_nanos.total_cmp(&b.median_nanos));
        timings
    }

    /// One measured row under the usual page policy.
    pub fn timing(&self, model: &str, format: &str, operation: Operation) -> Option<&'a Timing> {
        self.rows.get(model)?.get(&Measured::usual(operation))?.get(format)?.timing()
    }

    /// True when a row of the format on the model was tried and failed. A file that did not get cold is
    /// no failure of its format.
    pub fn failed(&self, model: &str, format: &str) -> bool {
        let operations = self.rows.get(model).into_iter().flatten();
        operations
            .filter(|(of, _)| !of.operation.is_cold())
            .filter_map(|(_, cells)| cells.get(format))
            .any(|outcome| matches!(outcome, Outcome::Failed { .. }))
    }

    /// Sizes of a model in a format.
    pub fn size(&self, model: &str, format: &str) -> Option<&'a SizeRow> {
        self.sizes.get(&(model, format)).copied()
    }

    /// Sizes of a model, in the order of formats.
    pub fn sizes(&self, model: &str) -> Vec<(Format<'a>, &'a SizeRow)> {
        let formats = self.formats.iter();
        formats.filter_map(|format| Some((*format, self.size(model, format.id)?))).collect()
    }

    /// The loads whose memory a model has rows for.
    pub fn memory_operations(&self, model: &str) -> Vec<Measured> {
        self.memory.get(model).into_iter().flat_map(BTreeMap::keys).copied().collect()
    }

    /// What became of each format's memory in a load, in the order of formats.
    pub fn memory_outcomes(
        &self,
        model: &str,
        of: Measured,
    ) -> Vec<(Format<'a>, &'a MemoryOutcome)> {
        let Some(cells) = self.memory.get(model).and_then(|rows| rows.get(&of)) else {
            return Vec::new();
        };
        let formats = self.formats.iter();
        formats.filter_map(|format| Some((*format, *cells.get(format.id)?))).collect()
    }

    /// The measured memory of a load, in the order of formats.
    pub fn memory(&self, model: &str, operation: Operation) -> Vec<(Format<'a>, &'a Memory)> {
        let outcomes = self.memory_outcomes(model, Measured::usual(operation)).into_iter();
        outcomes
            .filter_map(|(format, outcome)| match outcome {
                MemoryOutcome::Measured(memory) => Some((format, memory)),
                MemoryOutcome::NotMeasured { .. } => None,
            })
            .collect()
    }
}
