//! From samples to rows: estimates, shares of the floor, ranks.

use std::collections::BTreeMap;

use super::collected::{CaseSamples, Collected};
use super::stats::{Samples, ranks};
use crate::base::PagePolicy;
use crate::base::case::{CaseId, FLOOR, Operation};
use crate::base::record::{FormatRecord, Outcome, Row, Timing};

/// Makes the rows of a record, in the order of their ids.
///
/// A format that holds another content than the model's has no rank: it was asked for less.
pub(super) fn make(collected: Collected, seed: u64, formats: &[FormatRecord]) -> Vec<Row> {
    let mut timed: BTreeMap<CaseId, (CaseSamples, Samples)> = collected
        .samples
        .into_iter()
        // A case that failed in one process has no figure, whatever the others say.
        .filter(|(case, _)| !collected.failed.contains_key(case))
        .map(|(case, samples)| {
            let per_process = samples.compared();
            (case, (samples, per_process))
        })
        .filter(|(_, (_, samples))| !samples.is_empty())
        .collect();
    let ranks = rank(&timed, formats);
    let floors: BTreeMap<CaseId, f64> = timed
        .iter()
        .filter(|(case, _)| case.format == FLOOR)
        .filter_map(|(case, (_, samples))| Some((case.clone(), samples.median()?)))
        .collect();
    let mut rows = Vec::new();
    for (case, reason) in collected.failed {
        rows.push(Row { case, outcome: Outcome::Failed { reason } });
    }
    for (case, reason) in collected.skipped {
        if !timed.contains_key(&case) && !rows.iter().any(|row| row.case == case) {
            rows.push(Row { case, outcome: Outcome::NotMeasured { reason } });
        }
    }
    while let Some((case, (samples, per_process))) = timed.pop_first() {
        let rank = ranks.get(&case).copied();
        let floor = floor_of(&case).and_then(|floor| floors.get(&floor).copied());
        if let Some(timing) = timing(&samples, &per_process, seed, rank, floor) {
            rows.push(Row { case, outcome: Outcome::Measured(timing) });
        }
    }
    rows.sort_by(|a, b| a.case.cmp(&b.case));
    rows
}

fn timing(
    samples: &CaseSamples,
    per_process: &Samples,
    seed: u64,
    rank: Option<u32>,
    floor: Option<f64>,
) -> Option<Timing> {
    let estimate = per_process.estimate(seed)?;
    // In the order in which they were taken; a process without a sample keeps its place.
    let kept = samples.processes.iter();
    Some(Timing {
        median_nanos: rounded(estimate.median),
        low_nanos: rounded(estimate.low),
        high_nanos: rounded(estimate.high),
        bytes: samples.bytes,
        iterations: samples.iterations,
        samples_nanos: kept.map(|s| s.iter().copied().map(rounded).collect()).collect(),
        rank,
        floor_share: floor.map(|floor| (floor / estimate.median * 1e4).round() / 1e4),
    })
}

/// Five significant digits: far below the noise, and half the size of a record.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let magnitude = 10f64.powi(4 - value.abs().log10().floor() as i32);
    (value * magnitude).round() / magnitude
}

fn rank(
    timed: &BTreeMap<CaseId, (CaseSamples, Samples)>,
    formats: &[FormatRecord],
) -> BTreeMap<CaseId, u32> {
    let differs =
        |id: &str| formats.iter().any(|format| format.id == id && format.content.is_some());
    let mut groups: BTreeMap<CaseId, Vec<&CaseId>> = BTreeMap::new();
    for case in timed.keys().filter(|case| case.format != FLOOR && !differs(&case.format)) {
        // Rows of one model, operation, page policy and temperature, whatever their format.
        let group = CaseId { format: String::new(), ..case.clone() };
        groups.entry(group).or_default().push(case);
    }
    let mut all = BTreeMap::new();
    for cases in groups.into_values() {
        let samples: Vec<Samples> = cases.iter().map(|case| timed[*case].1.clone()).collect();
        for (case, rank) in cases.into_iter().zip(ranks(&samples)) {
            all.extend(rank.map(|rank| (case.clone(), rank)));
        }
    }
    all
}

/// The floor that belongs to a case: the same movement of bytes with no format at all.
fn floor_of(case: &CaseId) -> Option<CaseId> {
    // The floors are measured in the mixed rounds: a hot row is no share of them.
    if case.format == FLOOR || case.temperature.is_some() {
        return None;
    }
    let (operation, pages) = match case.operation {
        Operation::Decode => (Operation::FloorCopy, case.pages),
        // An encoder fills a vector, which comes from the allocator.
        Operation::Encode => (Operation::FloorCopy, Some(PagePolicy::Heap)),
        Operation::EncodeReused | Operation::DecodeReused => (Operation::FloorCopyWarm, None),
        Operation::LoadFile => (Operation::FloorRead, case.pages),
        Operation::Save => (Operation::FloorWrite, None),
        Operation::SaveSync => (Operation::FloorWriteSync, None),
        // A first prediction more, which is small beside a device.
        Operation::LoadFileColdPredictOne => (Operation::FloorReadCold, None),
        _ => return None,
    };
    let model = case.model.clone();
    Some(CaseId { model, format: FLOOR.to_owned(), operation, pages, temperature: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(format: &str, operation: Operation) -> CaseId {
        let (pages, temperature) = (None, None);
        CaseId { model: "m".into(), format: format.into(), operation, pages, temperature }
    }

    fn samples(nanos: f64) -> CaseSamples {
        let processes = vec![vec![nanos; 3]; 3];
        CaseSamples { bytes: 10, iterations: 1, processes, rounds: Vec::new() }
    }

    #[test]
    fn rows_have_ranks_floors_and_reasons() {
        let mut collected = Collected::default();
        collected.samples.insert(case("raw", Operation::Decode), samples(200.0));
        collected.samples.insert(case("json", Operation::Decode), samples(4000.0));
        collected.samples.insert(case("broken", Operation::Decode), samples(1.0));
        collected.samples.insert(case(FLOOR, Operation::FloorCopy), samples(150.0));
        collected.failed.insert(case("broken", Operation::Decode), "differs".into());
        collected.skipped.insert(case("json", Operation::View), "no view".into());
        collected.skipped.insert(case("raw", Operation::Decode), "stale".into());
        let rows = make(collected, 1, &[]);
        let find = |format: &str, operation| {
            &rows.iter().find(|row| row.case == case(format, operation)).unwrap().outcome
        };
        let raw = find("raw", Operation::Decode).timing().unwrap();
        assert_eq!((raw.rank, raw.floor_share), (Some(1), Some(0.75)));
        assert_eq!(find("json", Operation::Decode).timing().unwrap().rank, Some(2));
        assert!(matches!(find("broken", Operation::Decode), Outcome::Failed { .. }));
        assert!(matches!(find("json", Operation::View), Outcome::NotMeasured { .. }));
        assert_eq!(find(FLOOR, Operation::FloorCopy).timing().unwrap().rank, None);
        assert_eq!(rows.len(), 5);
    }

    #[test]
    fn five_digits_are_kept() {
        assert_eq!(rounded(123_456.789), 123_460.0);
        assert_eq!(rounded(0.001_234_567), 0.001_234_6);
        assert_eq!(rounded(0.0), 0.0);
    }
}
