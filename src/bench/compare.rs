//! What got faster or slower since a saved record.
//!
//! A change counts when the interval of the ratio, over the processes of both records, does not
//! include 1. Records of different machines are never compared.

use std::collections::BTreeMap;

use super::stats::{Estimate, Samples};
use crate::base::case::{CaseId, FLOOR};
use crate::base::record::{BenchRecord, Timing};

/// One row that is in both records.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The row.
    pub case: CaseId,
    /// New time divided by old time, with its 95 % interval.
    pub ratio: Estimate,
}

impl Change {
    /// True when the difference is more than chance explains.
    pub fn is_significant(&self) -> bool {
        self.ratio.low > 1.0 || self.ratio.high < 1.0
    }
}

/// Compares the rows that both records have, the largest significant changes first.
///
/// # Errors
/// A sentence that says why the records cannot be compared: another machine, other models.
pub fn compare(new: &BenchRecord, old: &BenchRecord) -> Result<Vec<Change>, String> {
    let machine = |record: &BenchRecord| {
        let environment = &record.environment;
        (environment.cpu.clone(), environment.cores, environment.kernel.clone())
    };
    if machine(new) != machine(old) {
        return Err(format!(
            "the records are of different machines: {:?} and {:?}; save a baseline on this one",
            machine(new),
            machine(old)
        ));
    }
    let checksum = |record: &BenchRecord, model: &str| {
        let model = record.models.iter().find(|known| known.id == model)?;
        Some(model.checksum.clone())
    };
    let timings = |record: &BenchRecord| -> BTreeMap<CaseId, Timing> {
        let measured = record.rows.iter().filter_map(|row| {
            let timing = row.outcome.timing()?;
            Some((row.case.clone(), timing.clone()))
        });
        measured.collect()
    };
    let before = timings(old);
    let mut changes: Vec<Change> = timings(new)
        .into_iter()
        .filter(|(case, _)| case.format != FLOOR)
        .filter(|(case, _)| checksum(new, &case.model) == checksum(old, &case.model))
        .filter_map(|(case, timing)| {
            let new = Samples::new(timing.samples_nanos);
            let old = Samples::new(before.get(&case)?.samples_nanos.clone());
            let ratio = new.ratio(&old, 0)?;
            Some(Change { case, ratio })
        })
        .collect();
    if changes.is_empty() {
        return Err("the records have no row of the same model in common".to_owned());
    }
    changes.sort_by(|a, b| {
        let size = |change: &Change| change.ratio.median.ln().abs();
        b.is_significant().cmp(&a.is_significant()).then(size(b).total_cmp(&size(a)))
    });
    Ok(changes)
}
