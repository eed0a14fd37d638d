//! Readers of one version of a program on files of another.

use crate::base::hostility::EvolutionRecord;

/// Every codec, every change, both directions.
pub fn matrix(_version: &(dyn Fn(&str) -> Option<String> + Sync)) -> Vec<EvolutionRecord> {
    Vec::new()
}
