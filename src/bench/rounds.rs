//! Shuffled, interleaved rounds over the cases of one model, in windows that are watched.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::BenchError;
use super::clock::Clock;
use super::copies;
use super::displaced::displacement;
use super::noise::{Counters, Monitor};
use super::protocol::{Event, Watched};
use super::runner::{Planned, Runner, calibrate, even_out};
use super::shares::{self, Share};
use super::worker::Reporter;
use crate::base::case::Case;

/// A sample of a window that is not closed yet.
struct Taken {
    index: usize,
    round: u32,
    nanos: u64,
}

/// The places of the cases that are compared with each other: those of an operation.
fn blocks(runners: &[Runner]) -> Vec<Vec<usize>> {
    let mut blocks = BTreeMap::<_, Vec<usize>>::new();
    for (index, runner) in runners.iter().enumerate() {
        let id = runner.case.id();
        blocks.entry((id.operation, id.pages, id.temperature)).or_default().push(index);
    }
    blocks.into_values().collect()
}

/// Divides what is left of the time among the cases that need more samples, by what these cost. False
/// when it is enough for none of them.
fn divide(runners: &mut [Runner], enough: usize, rounds: &Range<u64>, nanos: u64) -> bool {
    let mut open: Vec<&mut Runner> =
        runners.iter_mut().filter(|runner| !runner.is_done(enough)).collect();
    let shares: Vec<Share> = open
        .iter()
        .map(|runner| Share { cost_nanos: runner.sample.cost_nanos.max(1), weight: runner.weight })
        .collect();
    for (runner, every) in open.iter_mut().zip(shares::divide(&shares, rounds, nanos)) {
        runner.every = every;
    }
    open.iter().any(|runner| shares::multiples(rounds, runner.every) > 0)
}

/// How long the rounds may take and how many samples are enough.
pub(super) struct Plan {
    pub(super) budget: Duration,
    pub(super) enough: usize,
    pub(super) slowest: Duration,
}

/// The rounds of one model.
pub(super) struct Rounds<'a, 'b, C: Counters> {
    pub(super) plan: Plan,
    pub(super) clock: &'a dyn Clock,
    pub(super) monitor: &'a mut Monitor<C>,
    pub(super) watched: &'a mut Watched,
    pub(super) reporter: &'a mut Reporter<'b>,
}

impl<C: Counters> Rounds<'_, '_, C> {
    /// Rounds until the time is used or every case has enough samples. Slow cases take part only in
    /// every k-th round; the first round is always whole, and what it takes does not count. What
    /// samples cost shows by and by, so time is divided again after the first, second, fourth ... round.
    /// Returns how long all but the first took, in nanoseconds, and the cases that did not fail, without twins.
    pub(super) fn run(
        &mut self,
        cases: Vec<Planned>,
        rng: &mut ChaCha8Rng,
    ) -> Result<(u64, Vec<Box<dyn Case>>), BenchError> {
        let mut runners = Vec::with_capacity(cases.len());
        for case in cases {
            runners.extend(calibrate(case, self.plan.slowest, self.clock, self.reporter)?);
        }
        even_out(&mut runners);
        // What has few samples would else read the first copies alone, in every process.
        for _ in 0..rng.random_range(0..copies::COUNT) {
            runners.iter_mut().for_each(|runner| runner.case.move_on());
        }
        let budget = u64::try_from(self.plan.budget.as_nanos()).unwrap_or(u64::MAX);
        let enough = self.plan.enough;
        let mut since = None;
        let used = |since: Option<u64>, clock: &dyn Clock| {
            since.map_or(0, |since| clock.now_nanos().saturating_sub(since))
        };
        let mut window = Vec::new();
        let mut blocks = blocks(&runners);
        self.monitor.begin(self.clock);
        for round in 0u64.. {
            let mut open = false;
            if round == 1 {
                since = Some(self.clock.now_nanos());
            }
            if round.is_power_of_two() {
                let left = budget.saturating_sub(used(since, self.clock));
                // Where samples were dropped there are more rounds than samples that are enough.
                let end = (enough as u64).max(2 * round);
                if !divide(&mut runners, enough, &(round..end), left) {
                    break;
                }
            }
            for index in shares::order(&mut blocks, rng) {
                let runner = &mut runners[index];
                if runner.is_done(enough) {
                    continue;
                }
                open = true;
                // A run that calibrated and would do for a sample stands for that of the first round.
                let has_run = round == 0 && runner.spare.is_some();
                let is_due =
                    round % runner.every == 0 && !has_run && used(since, self.clock) < budget;
                if runner.samples == 0 && runner.spare.is_none() || is_due {
                    let displaced = displacement(rng);
                    self.sample(runner, (index, round as u32), &mut window)?;
                    drop(displaced);
                }
                if self.monitor.is_over(self.clock) {
                    self.close(&mut runners, &mut window)?;
                }
            }
            if !open || used(since, self.clock) >= budget {
                break;
            }
        }
        self.close(&mut runners, &mut window)?;
        self.use_spares(&runners)?;
        for runner in runners.iter().filter(|runner| runner.twin.is_none()) {
            self.reporter.send(&runner.calibrated())?;
        }
        self.reporter.flush()?;
        let nanos = used(since, self.clock);
        let whole = runners.into_iter().filter(|runner| !runner.out && runner.twin.is_none());
        Ok((nanos, whole.map(|runner| runner.case).collect()))
    }

    /// Times one sample into the window; an error takes the case out.
    fn sample(
        &mut self,
        runner: &mut Runner,
        place: (usize, u32),
        window: &mut Vec<Taken>,
    ) -> Result<(), BenchError> {
        let (index, round) = place;
        runner.case.move_on();
        let start = self.clock.now_nanos();
        let result = runner.case.run(runner.sample.iterations);
        let cost_nanos = self.clock.now_nanos().saturating_sub(start);
        match result {
            Ok(nanos) => {
                // The first that were seen were colder, or disturbed.
                runner.sample.cost_nanos = runner.sample.cost_nanos.min(cost_nanos.max(nanos));
                runner.samples += 1;
                window.push(Taken { index, round, nanos });
                Ok(())
            }
            Err(error) => {
                runner.out = true;
                let (case, twin) = (runner.case.id().clone(), runner.twin);
                self.reporter.send(&Event::Failed { case, twin, reason: error.reason })
            }
        }
    }

    /// Ends a window: its samples are reported, or dropped where it was disturbed.
    fn close(&mut self, runners: &mut [Runner], window: &mut Vec<Taken>) -> Result<(), BenchError> {
        let disturbance = self.monitor.end(self.clock);
        self.watched.windows += 1;
        if let Some(disturbance) = disturbance {
            *self.watched.disturbed.entry(disturbance.id().to_owned()).or_default() += 1;
        }
        for Taken { index, round, nanos } in window.drain(..) {
            let runner = &mut runners[index];
            if disturbance.is_none() {
                self.reporter.send(&runner.event(nanos, Some(round)))?;
                continue;
            }
            runner.samples -= 1;
            runner.spare = Some((nanos, true));
            self.watched.dropped += 1;
        }
        // Whoever stops a run keeps what it has seen so far. Reporting belongs to no window.
        self.reporter.flush()?;
        self.monitor.begin(self.clock);
        Ok(())
    }

    /// A case that only ever ran in disturbed windows, or never again, keeps one sample, and is counted.
    fn use_spares(&mut self, runners: &[Runner]) -> Result<(), BenchError> {
        for runner in runners.iter().filter(|runner| runner.samples == 0 && !runner.out) {
            if let Some((nanos, was_dropped)) = runner.spare {
                self.watched.kept += 1;
                self.watched.dropped -= u64::from(was_dropped);
                self.reporter.send(&runner.event(nanos, None))?;
            }
        }
        self.reporter.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use rand::SeedableRng;

    use super::*;
    use crate::base::case::{CaseError, CaseId, Operation};
    use crate::bench::clock::ManualClock;
    use crate::bench::collected::Collected;
    use crate::bench::fakes::{Failing, events, id, planned, twin};
    use crate::bench::protocol::KnownCase;
    use crate::bench::slowed::Twin;

    /// Moves the clock on by what it says it took.
    struct Ticking<'a>(CaseId, &'a ManualClock, u64);

    impl Case for Ticking<'static> {
        fn id(&self) -> &CaseId {
            &self.0
        }

        fn bytes(&self) -> u64 {
            1
        }

        fn max_iterations(&self) -> u64 {
            1
        }

        fn run(&mut self, iterations: u64) -> Result<u64, CaseError> {
            self.1.advance(self.2 * iterations);
            Ok(self.2 * iterations)
        }
    }

    /// A machine whose loops are slow in the windows that are told.
    struct Machine {
        loops: Cell<usize>,
        slow: fn(usize) -> bool,
    }

    impl Counters for Machine {
        fn switches(&self) -> u64 {
            0
        }

        fn stolen_nanos(&self) -> Option<u64> {
            None
        }

        fn spin(&self, _: &dyn Clock, _: u32) -> u64 {
            let number = self.loops.replace(self.loops.get() + 1);
            if (self.slow)(number) { 200 } else { 100 }
        }
    }

    fn run_on(slow: fn(usize) -> bool, enough: usize) -> (Watched, usize) {
        let clock: &'static ManualClock = Box::leak(Box::default());
        let cases = (0..3).map(|_| planned(ticking(clock))).collect();
        let (watched, events) = run(cases, clock, slow, enough);
        let is_sample = |event: &&Event| matches!(event, Event::Sample { .. });
        (watched, events.iter().filter(is_sample).count())
    }

    fn ticking(clock: &'static ManualClock) -> Box<dyn Case> {
        Box::new(Ticking(id(Operation::Encode), clock, 1_000_000))
    }

    fn run(
        cases: Vec<Planned>,
        clock: &'static ManualClock,
        slow: fn(usize) -> bool,
        enough: usize,
    ) -> (Watched, Vec<Event>) {
        let mut monitor = Monitor::new(Machine { loops: Cell::new(0), slow }, clock);
        let (mut watched, mut bytes) = (Watched::default(), Vec::new());
        let mut rounds = Rounds {
            plan: Plan {
                budget: Duration::from_millis(200),
                enough,
                slowest: Duration::from_secs(1),
            },
            clock,
            monitor: &mut monitor,
            watched: &mut watched,
            reporter: &mut Reporter(&mut bytes),
        };
        rounds.run(cases, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        (watched, events(&bytes))
    }

    #[test]
    fn what_happens_to_a_twin_does_not_happen_to_its_case() {
        let clock: &'static ManualClock = Box::leak(Box::default());
        let case = id(Operation::Encode);
        for runs in [0, 5] {
            let failing = Box::new(Failing { inner: ticking(clock), runs });
            let slow = Box::new(Ticking(id(Operation::Encode), clock, 2_000_000_000));
            let cases =
                vec![planned(ticking(clock)), twin(failing, Twin::Same), twin(slow, Twin::Slower)];
            let mut collected = Collected::default();
            for event in run(cases, clock, |_| false, 20).1 {
                collected.take(event, 0);
            }
            assert!(collected.failed.is_empty() && collected.skipped.is_empty());
            assert_eq!(collected.samples[&case].processes[0].len(), 20);
            assert!(collected.failed_twins.contains(&(case.clone(), Twin::Same)));
            // The later processes leave out the twin that is too slow, and know what its case is.
            let known = collected.known();
            let too_slow = |known: &&KnownCase| known.sample.is_none();
            let (slow, found): (Vec<_>, Vec<_>) = known.iter().partition(too_slow);
            assert_eq!((slow.len(), slow[0].twin), (1, Some(Twin::Slower)));
            assert_eq!((found.len(), found[0].twin), (1, None));
        }
    }

    #[test]
    fn samples_of_disturbed_windows_are_taken_again() {
        let (watched, samples) = run_on(|_| false, 20);
        assert_eq!((watched.dropped, watched.kept, samples), (0, 0, 60));
        assert!(watched.disturbed.is_empty() && watched.windows >= 6);
        // Every tenth loop is slow: what it touches is repeated until all have enough.
        let (watched, samples) = run_on(|number| number % 10 == 9, 20);
        assert!(watched.dropped > 0 && watched.disturbed.contains_key("slow-loop"), "{watched:?}");
        assert_eq!((watched.kept, samples), (0, 60));
    }

    #[test]
    fn where_every_window_is_disturbed_each_case_keeps_one_sample() {
        let (watched, samples) = run_on(|number| number >= 5 && number % 2 == 1, 20);
        assert_eq!((watched.kept, samples), (3, 3), "{watched:?}");
        assert_eq!(watched.disturbed["slow-loop"], watched.windows);
    }
}
