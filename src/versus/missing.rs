//! What a record says of Python, and of each row that it has not measured.

use std::collections::BTreeMap;
use std::path::Path;

use super::Side;
use crate::base::case::CaseId;
use crate::base::peer::Held;
use crate::base::record::{BenchRecord, Outcome, PythonRecord, Row};
use crate::peers::registry::PEER_FORMATS;
use crate::peers::source::absent;

impl Side {
    /// What the record says of Python; where there is none, a reason for each of its rows.
    pub fn describe(&self, record: &mut BenchRecord) {
        match &self.python {
            Ok(python) => {
                record.python = Some(PythonRecord::Measured {
                    implementation: python.implementation.clone(),
                    version: python.version.clone(),
                    found: python.found.id().to_owned(),
                    packages: python.packages.clone(),
                    missing: python.missing.iter().map(|name| (*name).to_owned()).collect(),
                });
            }
            Err(reason) => {
                record.python = Some(PythonRecord::NotMeasured { reason: reason.clone() });
                let formats = PEER_FORMATS.iter();
                record.formats.extend(formats.map(|f| f.record(&BTreeMap::new(), None)));
                for model in &record.models {
                    record.rows.extend(not_measured(&model.id, reason));
                }
                record.rows.sort_by(|a, b| a.case.cmp(&b.case));
            }
        }
    }
}

/// Rows that say why Python has no figure for a model of ours.
fn not_measured(model: &str, reason: &str) -> Vec<Row> {
    let held = Held::Arrays(Path::new(""));
    let mut rows = Vec::new();
    for format in PEER_FORMATS {
        let known = format.operations(held);
        let shown = match known.is_empty() {
            true => format.operations(Held::Estimator(Path::new(""))),
            false => known.clone(),
        };
        for operation in &shown {
            let reason = match known.contains(operation) {
                true => reason.to_owned(),
                false => absent(format, held, *operation).to_owned(),
            };
            let case = CaseId {
                model: model.to_owned(),
                format: format.id.to_owned(),
                operation: *operation,
                pages: None,
                temperature: None,
            };
            rows.push(Row { case, outcome: Outcome::NotMeasured { reason } });
        }
    }
    rows
}
