//! What criterion measured of the same cases, as part of a record.
//!
//! `cargo bench` runs the cases in a tight loop, as the rows at the temperature `hot` do. Two
//! instruments that were written apart and agree are worth more than one; where they disagree by
//! more than both intervals, a reader should know. Only data here: it is read in `bench` and drawn
//! in `report`.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::case::CaseId;
use super::record::{BenchRecord, Timing};

/// What criterion left in a directory, read once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CriterionRecord {
    /// When the newest of its figures was written, RFC 3339, UTC; absent where the system does not tell.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub measured: Option<String>,
    /// Its figures.
    pub rows: Vec<CriterionRow>,
}

/// One case as criterion measured it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CriterionRow {
    /// The case, under the name of the row that it is compared with.
    #[serde(flatten)]
    pub case: CaseId,
    /// Its estimate of the median, nanoseconds an iteration.
    pub median_nanos: f64,
    /// Lower end of its interval of the median.
    pub low_nanos: f64,
    /// Upper end.
    pub high_nanos: f64,
    /// Bytes that the operation moves, as criterion was told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bytes: Option<u64>,
    /// How many samples it took.
    pub samples: u64,
}

/// A figure of criterion's beside the row that measured the same.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// What criterion found.
    pub criterion: &'a CriterionRow,
    /// What the tight loop of a run found.
    pub hot: &'a Timing,
}

/// Faster cases are left out of the share that agrees: there a hundredth of a microsecond counts.
pub const COMPARED_FROM_NANOS: f64 = 1e6;

/// Two medians agree when the larger is at most so many times the smaller.
pub const AGREES_WITHIN: f64 = 1.1;

impl Pair<'_> {
    /// Criterion's median divided by ours.
    pub fn ratio(&self) -> f64 {
        self.criterion.median_nanos / self.hot.median_nanos
    }

    /// True when the two intervals have no time in common.
    pub fn differs(&self) -> bool {
        self.criterion.high_nanos < self.hot.low_nanos
            || self.hot.high_nanos < self.criterion.low_nanos
    }

    /// True when the medians are within a tenth of each other.
    pub fn agrees(&self) -> bool {
        let ratio = self.ratio();
        (1.0 / AGREES_WITHIN..=AGREES_WITHIN).contains(&ratio)
    }

    /// True when it is long enough to count.
    pub fn counts(&self) -> bool {
        self.hot.median_nanos >= COMPARED_FROM_NANOS
    }
}

/// Every case that a record has from both, in the order of the record's rows. Figures of criterion
/// of a model with another number of bytes are of another model, and have no pair.
pub fn pairs(record: &BenchRecord) -> Vec<Pair<'_>> {
    let Some(criterion) = &record.criterion else { return Vec::new() };
    let theirs: HashMap<&CaseId, &CriterionRow> =
        criterion.rows.iter().map(|row| (&row.case, row)).collect();
    let both = record.rows.iter().filter_map(|row| {
        let hot = row.outcome.timing().filter(|timing| timing.median_nanos > 0.0)?;
        let criterion = *theirs.get(&row.case)?;
        let same = criterion.bytes.is_none_or(|bytes| bytes == hot.bytes);
        (same && criterion.median_nanos > 0.0).then_some(Pair { criterion, hot })
    });
    both.collect()
}

/// How far two instruments agree, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// Cases that both measured.
    pub pairs: usize,
    /// Of these, those that take long enough to count.
    pub counted: usize,
    /// Of the counted, those whose medians are within a tenth.
    pub agreeing: usize,
    /// Of all pairs, those that differ by more than their intervals.
    pub differing: usize,
}

impl Agreement {
    /// Counts.
    pub fn of(pairs: &[Pair<'_>]) -> Self {
        let counted = || pairs.iter().filter(|pair| pair.counts());
        Agreement {
            pairs: pairs.len(),
            counted: counted().count(),
            agreeing: counted().filter(|pair| pair.agrees()).count(),
            differing: pairs.iter().filter(|pair| pair.differs()).count(),
        }
    }

    /// One sentence for a terminal and a page.
    pub fn sentence(&self) -> String {
        let Agreement { pairs, counted, agreeing, differing } = self;
        format!(
            "criterion and the tight loop of this run measured {pairs} of the same cases. Of the {counted} that take 1 ms or more, {agreeing} agree within 10 %. {differing} of all differ by more than their intervals."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::case::{Operation, Temperature};

    fn row(median_nanos: f64) -> CriterionRow {
        let case = CaseId {
            model: "m".into(),
            format: "raw".into(),
            operation: Operation::Decode,
            pages: None,
            temperature: Some(Temperature::Hot),
        };
        let (low_nanos, high_nanos) = (median_nanos * 0.99, median_nanos * 1.01);
        CriterionRow { case, median_nanos, low_nanos, high_nanos, bytes: Some(8), samples: 20 }
    }

    fn hot(median_nanos: f64) -> Timing {
        Timing {
            median_nanos,
            low_nanos: median_nanos * 0.97,
            high_nanos: median_nanos * 1.03,
            bytes: 8,
            iterations: 1,
            samples_nanos: vec![vec![median_nanos]],
            rank: None,
            floor_share: None,
        }
    }

    #[test]
    fn what_agrees_and_what_differs_are_two_questions() {
        let found = |criterion: f64, own: f64| {
            let (criterion, hot) = (row(criterion), hot(own));
            let pair = Pair { criterion: &criterion, hot: &hot };
            (pair.agrees(), pair.differs(), pair.counts())
        };
        assert_eq!(found(2e6, 2e6), (true, false, true));
        // Intervals apart, and yet within a tenth.
        assert_eq!(found(2.15e6, 2e6), (true, true, true));
        assert_eq!(found(2.3e6, 2e6), (false, true, true));
        assert_eq!(found(1.7e6, 2e6), (false, true, true));
        assert_eq!(found(20.0, 20.0), (true, false, false));
    }
}
