//! Cases in a tight loop: the temperature `hot`.
//!
//! After the mixed rounds of a model each case of a few operations runs alone, over and over, as
//! criterion and `timeit` run theirs. In: the cases that are still whole after the rounds, so that
//! what is measured here was verified there. Out: samples under the same names with the
//! temperature. Never: a hot sample under the name of a mixed one, or the other way round; nothing
//! is ranked across the two.

use std::time::Duration;

use super::BenchError;
use super::copies;
use super::plan::Profile;
use super::protocol::Event;
use super::worker::Reporter;
use crate::base::case::{Case, CaseError, CaseId, Operation, Temperature};
use crate::base::units;

/// What is measured hot: the copies in both directions, the headline, and memcpy to compare with.
const OPERATIONS: [Operation; 5] = [
    Operation::Encode,
    Operation::Decode,
    Operation::DecodePredictOne,
    Operation::View,
    Operation::FloorCopy,
];

/// Samples at each of the places that a case moves through.
const AT_PLACE: u32 = 2;

/// Samples of a case in a process.
const SAMPLES: u32 = AT_PLACE * copies::COUNT as u32;

/// The least, of one that is slow.
const LEAST_SAMPLES: u64 = 3;

/// Largest number of iterations in a sample; far more than a budget holds, short of the shortest.
const MOST_ITERATIONS: u64 = 1_000_000;

/// How long a case may take in all, its warm-up and its samples. `None` leaves the temperature out.
fn budget(profile: Profile) -> Option<Duration> {
    match profile {
        Profile::Quick => None,
        Profile::Standard => Some(Duration::from_millis(25)),
        Profile::Thorough => Some(Duration::from_millis(100)),
    }
}

/// A case of which one iteration takes longer has no hot row: its samples alone would take more time
/// than its rounds, and nothing of what it touches is still in a cache when it begins again.
fn slowest(profile: Profile) -> Duration {
    match profile {
        Profile::Thorough => Duration::from_millis(500),
        _ => Duration::from_millis(150),
    }
}

/// Seconds that a run plans for a model in one process, of so many formats: the short cases take the
/// budget, those of large models their samples.
pub(super) fn planned_seconds(profile: Profile, array_bytes: usize, formats: usize) -> f64 {
    let Some(budget) = budget(profile) else { return 0.0 };
    // Typical of the formats' median: a gigabyte a second.
    let samples = (f64::from(SAMPLES) + copies::COUNT as f64) * array_bytes as f64 / 1e9;
    let case = samples.max(budget.as_secs_f64());
    case * (formats * (OPERATIONS.len() - 1)) as f64
}

/// Runs each case of the subset in a tight loop of its own and reports its samples.
///
/// # Errors
/// [`BenchError`] when nobody listens any more. A case that fails costs its row.
pub(super) fn measure_hot(
    cases: Vec<Box<dyn Case>>,
    profile: Profile,
    share: f64,
    reporter: &mut Reporter<'_>,
) -> Result<(), BenchError> {
    let Some(budget) = budget(profile) else { return Ok(()) };
    let budget = budget.mul_f64(share);
    let wanted = |case: &CaseId| case.is_usual() && OPERATIONS.contains(&case.operation);
    for mut case in cases.into_iter().filter(|case| wanted(case.id())) {
        let id = CaseId { temperature: Some(Temperature::Hot), ..case.id().clone() };
        let bytes = case.bytes();
        match tight_loop(&mut *case, budget, slowest(profile)) {
            Ok((iterations, samples)) => {
                for nanos in samples {
                    let case = id.clone();
                    let (twin, round) = (None, None);
                    reporter.send(&Event::Sample {
                        case,
                        twin,
                        bytes,
                        iterations,
                        nanos,
                        round,
                    })?;
                }
            }
            Err(NoSamples::TooSlow(once)) => {
                let took = units::duration(once as f64);
                let reason =
                    format!("one iteration takes {took}: no cache keeps it warm for so long");
                reporter.send(&Event::Skipped { case: id, reason })?;
            }
            Err(NoSamples::Failed(error)) => {
                reporter.send(&Event::Failed { case: id, twin: None, reason: error.reason })?;
            }
        }
        reporter.flush()?;
    }
    Ok(())
}

/// Why a case has no samples.
#[derive(Debug, PartialEq, Eq)]
enum NoSamples {
    /// One iteration takes so many nanoseconds.
    TooSlow(u64),
    /// It failed.
    Failed(CaseError),
}

/// Warms the case up for a quarter of the budget and takes equal samples for the rest of it. Returns
/// the iterations in each sample, and the nanoseconds of each.
fn tight_loop(
    case: &mut dyn Case,
    budget: Duration,
    slowest: Duration,
) -> Result<(u64, Vec<u64>), NoSamples> {
    let budget = u64::try_from(budget.as_nanos()).unwrap_or(u64::MAX);
    let (mut iterations, mut spent) = (1, 0u64);
    let once = loop {
        let nanos = batches(case, iterations).map_err(NoSamples::Failed)?.max(1);
        spent = spent.saturating_add(nanos);
        let once = nanos / iterations;
        if Duration::from_nanos(once) > slowest {
            return Err(NoSamples::TooSlow(once));
        }
        if spent >= budget / 4 || iterations >= MOST_ITERATIONS {
            break once.max(1);
        }
        iterations *= 2;
    };
    let sample = (budget / 4).saturating_mul(3) / u64::from(SAMPLES);
    let iterations = (sample / once).clamp(1, MOST_ITERATIONS);
    // What is slow has fewer, so that it takes no more than a few times the budget.
    let fitting = budget.saturating_mul(4) / once.saturating_mul(iterations).max(1);
    let count = fitting.clamp(LEAST_SAMPLES, u64::from(SAMPLES));
    let sample = |number: u64| {
        if number.is_multiple_of(u64::from(AT_PLACE)) {
            case.move_on();
            // What it reads now was not read for a while, and what it takes elsewhere within huge pages is other
            // pages than before. In what is slow it hardly shows.
            if once <= budget / 4 {
                batches(case, 1)?;
            }
        }
        batches(case, iterations)
    };
    let samples: Result<Vec<u64>, CaseError> = (0..count).map(sample).collect();
    Ok((iterations, samples.map_err(NoSamples::Failed)?))
}

/// Nanoseconds of so many iterations, in as large batches as the case can bear.
fn batches(case: &mut dyn Case, iterations: u64) -> Result<u64, CaseError> {
    let (mut left, mut nanos) = (iterations, 0u64);
    while left > 0 {
        let batch = left.min(case.max_iterations().max(1));
        nanos = nanos.saturating_add(case.run(batch)?);
        left -= batch;
    }
    Ok(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::PagePolicy;
    use crate::bench::fakes::{Steady, id};

    fn steady(operation: Operation, warm: u64) -> Steady {
        Steady { id: id(operation), cold: 10 * warm, warm, most: 100, largest: 0 }
    }

    #[test]
    fn samples_are_warm_equal_and_in_batches_that_the_case_can_bear() {
        let mut case = steady(Operation::Decode, 1_000);
        let budget = Duration::from_millis(4);
        let (iterations, samples) = tight_loop(&mut case, budget, budget).unwrap();
        // Three quarters of 4 ms, in fourteen samples.
        assert_eq!(iterations, 214);
        assert_eq!(samples, vec![214_000; 14]);
        assert_eq!(case.largest, 100);
    }

    #[test]
    fn what_is_slow_has_a_few_single_iterations_or_a_reason() {
        let mut case = steady(Operation::Decode, 5_000_000);
        let (budget, slowest) = (Duration::from_millis(4), Duration::from_millis(60));
        assert_eq!(tight_loop(&mut case, budget, slowest), Ok((1, vec![5_000_000; 3])));
        let budget = Duration::from_millis(40);
        assert_eq!(tight_loop(&mut case, budget, slowest), Ok((1, vec![5_000_000; 14])));
        let budget = Duration::from_millis(4);
        let mut case = steady(Operation::Decode, 70_000_000);
        assert_eq!(tight_loop(&mut case, budget, slowest), Err(NoSamples::TooSlow(700_000_000)));
    }

    #[test]
    fn a_subset_is_hot_and_says_so_in_its_name() {
        let mut events = Vec::new();
        let cases = |pages: Option<PagePolicy>| -> Vec<Box<dyn Case>> {
            let mut small = steady(Operation::Decode, 1_000);
            small.id.pages = pages;
            vec![Box::new(small), Box::new(steady(Operation::Save, 1_000))]
        };
        let mut told = |pages, profile| {
            events.clear();
            let mut reporter = Reporter::new(&mut events);
            measure_hot(cases(pages), profile, 0.1, &mut reporter).unwrap();
            String::from_utf8(events.clone()).unwrap()
        };
        let standard = told(None, Profile::Standard);
        assert_eq!(standard.lines().count(), 14);
        assert!(
            standard
                .lines()
                .all(|line| { line.contains(r#""operation":"decode","temperature":"hot""#) })
        );
        assert_eq!(told(None, Profile::Quick), "");
        // Rows of a page policy are about pages.
        assert_eq!(told(Some(PagePolicy::Small), Profile::Standard), "");
    }
}
