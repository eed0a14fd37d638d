//! A case that takes part in rounds: how many iterations make a sample of it, and what one costs.

use std::collections::HashMap;
use std::time::Duration;

use super::BenchError;
use super::clock::Clock;
use super::protocol::{Event, KnownSample};
use super::slowed::Twin;
use super::worker::Reporter;
use crate::base::case::{Case, FLOOR};

/// Formats get as many iterations in a sample as the fastest of their operation needs, because the
/// first iteration of a sample is colder than the others; but no sample is made longer than this.
const EVEN_SAMPLE_NANOS: u64 = 400_000;

/// A case whose single iteration takes longer is not warmed up by an untimed one.
const SLOW_NANOS: u64 = 40_000_000;

/// A case of which a sample is known to cost more is not warmed up by one that does not count: it is warm
/// after a small part of it.
const WARM_NANOS: u64 = 5_000_000;

/// Samples, at most, that find the number of iterations.
const CALIBRATIONS: u32 = 3;

/// The first iteration is cold and may take so many times as long as the next: Python's `dumps` of
/// a small model does. What is shorter than so many samples is not known to need one iteration.
const COLD_FACTOR: u64 = 10;

/// A case that takes part in rounds.
pub(super) struct Planned {
    pub(super) case: Box<dyn Case>,
    /// Set where it is measured a second time, to check the measuring.
    pub(super) twin: Option<Twin>,
    /// How much its variance counts when time is divided.
    pub(super) weight: f64,
    /// A sample of it, where an earlier process found it out.
    pub(super) known: Option<KnownSample>,
}

/// A case in the rounds.
pub(super) struct Runner {
    pub(super) case: Box<dyn Case>,
    pub(super) twin: Option<Twin>,
    pub(super) weight: f64,
    pub(super) sample: KnownSample,
    pub(super) samples: usize,
    /// It takes part in every so many rounds.
    pub(super) every: u64,
    /// A sample that counts only where there is never another, and whether it was counted as dropped:
    /// of a disturbed window, or the first run of what is too slow to be warmed up.
    pub(super) spare: Option<(u64, bool)>,
    pub(super) out: bool,
}

impl Runner {
    fn new(planned: Planned, sample: KnownSample) -> Self {
        let Planned { case, twin, weight, .. } = planned;
        Runner { case, twin, weight, sample, samples: 0, every: 1, spare: None, out: false }
    }

    pub(super) fn is_done(&self, enough: usize) -> bool {
        self.out || self.samples >= enough
    }

    pub(super) fn calibrated(&self) -> Event {
        Event::Calibrated { case: self.case.id().clone(), sample: self.sample }
    }

    pub(super) fn event(&self, nanos: u64, round: Option<u32>) -> Event {
        Event::Sample {
            case: self.case.id().clone(),
            twin: self.twin,
            bytes: self.case.bytes(),
            iterations: self.sample.iterations,
            nanos,
            round,
        }
    }
}

/// Finds out how many iterations make a sample, and leaves out what is too slow for the profile.
pub(super) fn calibrate(
    mut planned: Planned,
    slowest: Duration,
    clock: &dyn Clock,
    reporter: &mut Reporter<'_>,
) -> Result<Option<Runner>, BenchError> {
    let known = planned.known;
    if let Some(known) = known.filter(|known| known.cost_nanos >= WARM_NANOS) {
        return Ok(Some(Runner::new(planned, known)));
    }
    let case = &mut planned.case;
    let mut iterations = known.map_or(1, |known| known.iterations).clamp(1, case.max_iterations());
    // The least of the attempts: what was disturbed once would else have fewer iterations in a sample than the
    // others, and be colder.
    let (mut nanos, mut once, mut cost_once) = (0, u64::MAX, u64::MAX);
    let attempts = if known.is_some() { 1 } else { CALIBRATIONS };
    for attempt in 0..attempts {
        let start = clock.now_nanos();
        let result = case.run(iterations);
        let cost_nanos = clock.now_nanos().saturating_sub(start);
        nanos = match result {
            Ok(nanos) => nanos.max(1),
            Err(error) => {
                let (case, twin) = (case.id().clone(), planned.twin);
                reporter.send(&Event::Failed { case, twin, reason: error.reason })?;
                return Ok(None);
            }
        };
        once = once.min(nanos / iterations);
        cost_once = cost_once.min(cost_nanos.max(nanos) / iterations);
        let sample = case.sample_nanos();
        let one_is_enough = if attempt == 0 { COLD_FACTOR * sample } else { sample };
        let is_slow = once * iterations > SLOW_NANOS;
        if (iterations == 1 && once >= one_is_enough) || is_slow || known.is_some() {
            break;
        }
        iterations = sample.div_ceil(once.max(1)).clamp(1, case.max_iterations());
    }
    let is_floor = case.id().format == FLOOR;
    let known = known.map_or(u64::MAX, |known| known.sample_nanos / known.iterations.max(1));
    let once = once.min(known);
    if Duration::from_nanos(once) > slowest && !is_floor {
        let (case, twin) = (case.id().clone(), planned.twin);
        reporter.send(&Event::TooSlow { case, twin, nanos: once })?;
        return Ok(None);
    }
    let sample_nanos = (once * iterations).max(1);
    let cost_nanos = (cost_once * iterations).max(sample_nanos);
    let sample = KnownSample { iterations, sample_nanos, cost_nanos };
    let mut runner = Runner::new(planned, sample);
    if sample_nanos > SLOW_NANOS {
        // It is not run again only to be warmed up: this counts if there is no time for another.
        runner.spare = Some((nanos, false));
    }
    Ok(Some(runner))
}

/// Gives the cases of an operation the same number of iterations, as far as [`EVEN_SAMPLE_NANOS`]
/// goes. Cases that need longer samples (another program's) are a group of their own.
pub(super) fn even_out(runners: &mut [Runner]) {
    let group = |runner: &Runner| {
        let id = runner.case.id();
        (id.operation, id.pages, runner.case.sample_nanos())
    };
    let mut most = HashMap::new();
    for runner in runners.iter() {
        let iterations = most.entry(group(runner)).or_insert(0);
        *iterations = runner.sample.iterations.max(*iterations);
    }
    for runner in runners {
        let group = group(runner);
        let sample = &mut runner.sample;
        let once = (sample.sample_nanos / sample.iterations).max(1);
        let wanted = most[&group].min(EVEN_SAMPLE_NANOS / once);
        let iterations = wanted.min(runner.case.max_iterations()).max(sample.iterations);
        sample.cost_nanos = sample.cost_nanos / sample.iterations * iterations;
        sample.sample_nanos = once * iterations;
        sample.iterations = iterations;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::case::{CaseError, Operation};
    use crate::bench::around::Around;
    use crate::bench::clock::ManualClock;
    use crate::bench::fakes::{Steady, events, id, planned};

    fn steady(cold: u64, warm: u64) -> Box<dyn Case> {
        Box::new(Steady { id: id(Operation::Encode), cold, warm, most: 1000, largest: 0 })
    }

    fn calibrated(cold: u64, warm: u64) -> (Option<u64>, usize) {
        let mut bytes = Vec::new();
        let mut reporter = Reporter(&mut bytes);
        let case = planned(steady(cold, warm));
        let clock = ManualClock::default();
        let runner = calibrate(case, Duration::from_secs(1), &clock, &mut reporter).unwrap();
        (runner.map(|runner| runner.sample.iterations), events(&bytes).len())
    }

    #[test]
    fn a_cold_first_iteration_does_not_tell_how_many_make_a_sample() {
        assert_eq!(calibrated(300_000, 10_000), (Some(10), 0));
        assert_eq!(calibrated(50_000, 1_000), (Some(100), 0));
        assert_eq!(calibrated(10, 10), (Some(1000), 0));
        assert_eq!(calibrated(300_000, 150_000), (Some(1), 0));
        // What is slow is not warmed up.
        assert_eq!(calibrated(50_000_000, 50_000_000), (Some(1), 0));
        // Too slow: a row without a time.
        assert_eq!(calibrated(2_000_000_000, 1), (None, 1));
    }

    /// One run of it is disturbed, and takes so many times as long.
    struct Disturbed(Box<dyn Case>, u32, u64);

    impl Around for Disturbed {
        fn inner(&self) -> &dyn Case {
            &*self.0
        }

        fn inner_mut(&mut self) -> &mut dyn Case {
            &mut *self.0
        }

        fn run_around(&mut self, iterations: u64) -> Result<u64, CaseError> {
            let nanos = self.0.run(iterations)?;
            let factor = if self.1 == 0 { self.2 } else { 1 };
            self.1 = self.1.wrapping_sub(1);
            Ok(nanos * factor)
        }
    }

    #[test]
    fn a_disturbed_attempt_changes_nothing() {
        // Of a first attempt that takes so much longer nobody can tell that it was disturbed.
        for (factor, first) in [(10, 0), (100_000, 1)] {
            for attempt in first..CALIBRATIONS {
                let (mut bytes, clock) = (Vec::new(), ManualClock::default());
                let case = Disturbed(steady(10_000, 10_000), attempt, factor);
                let runner = calibrate(
                    planned(Box::new(case)),
                    Duration::from_secs(5),
                    &clock,
                    &mut Reporter(&mut bytes),
                );
                let runner = runner.unwrap().unwrap();
                let expected =
                    KnownSample { iterations: 10, sample_nanos: 100_000, cost_nanos: 100_000 };
                assert_eq!((runner.sample, runner.spare), (expected, None), "{attempt}");
            }
        }
    }

    #[test]
    fn the_formats_of_an_operation_get_the_same_iterations_as_far_as_samples_stay_short() {
        let mut bytes = Vec::new();
        let mut reporter = Reporter(&mut bytes);
        let mut runners: Vec<Runner> = [1_000, 5_000, 90_000, 300_000, 3_000_000]
            .into_iter()
            .filter_map(|warm| {
                let case = planned(steady(warm, warm));
                let clock = ManualClock::default();
                calibrate(case, Duration::from_secs(1), &clock, &mut reporter).unwrap()
            })
            .collect();
        even_out(&mut runners);
        let iterations: Vec<u64> = runners.iter().map(|runner| runner.sample.iterations).collect();
        assert_eq!(iterations, [100, 80, 4, 1, 1]);
    }
}
