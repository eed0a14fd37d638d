//! Figures of criterion beside those of a run: read from a directory, told in a sentence.

use std::path::Path;

use super::failure::Advise;
use crate::base::criterion::{Agreement, CriterionRecord, pairs};
use crate::base::record::BenchRecord;

/// What criterion left in a directory.
///
/// # Errors
/// When the directory has none of our cases, or files that criterion did not write.
pub fn read(directory: &Path) -> anyhow::Result<CriterionRecord> {
    crate::bench::criterion::read(directory)
        .advise("`cargo bench` in a checkout of deadweight fills target/criterion")
}

/// How far criterion and the tight loops of the record agree; nothing without figures of criterion.
pub fn sentence(record: &BenchRecord) -> Option<String> {
    record.criterion.as_ref()?;
    let pairs = pairs(record);
    Some(match pairs.is_empty() {
        true => "no case was measured by criterion and in a tight loop of this run: the profiles standard and thorough have such loops".to_owned(),
        false => Agreement::of(&pairs).sentence(),
    })
}
