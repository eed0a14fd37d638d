//! Shuffled, interleaved rounds over the cases of one model, in windows that are watched.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::BenchError;
use super::clock::Clock;
use super::noise::{Counters, Monitor};
use super::protocol::{Event, KnownSample, Watched};
use super::slowed::Twin;
use super::worker::Reporter;
use crate::base::case::{Case, FLOOR};

/// Formats get as many iterations in a sample as the fastest of their operation needs, because the
/// first iteration of a sample is colder than the others; but no sample is made longer than this.
const EVEN_SAMPLE_NANOS: u64 = 400_000;

/// What a sample of a case may cost to take part in every round, as a part of the time that a case has on
/// average: who costs more takes part in every k-th. Most of the time would else go to a few slow ones, and
/// the others, which are compared most, would rest on few samples.
const PARTS: u64 = 60;

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
    /// A sample of it, where an earlier process found it out.
    pub(super) known: Option<KnownSample>,
}

/// A case in the rounds.
struct Runner {
    case: Box<dyn Case>,
    twin: Option<Twin>,
    sample: KnownSample,
    samples: usize,
    /// A sample that counts only where there is never another, and whether it was counted as dropped:
    /// of a disturbed window, or the first run of what is too slow to be warmed up.
    spare: Option<(u64, bool)>,
    out: bool,
}

impl Runner {
    fn new(case: Box<dyn Case>, twin: Option<Twin>, sample: KnownSample) -> Self {
        Runner { case, twin, sample, samples: 0, spare: None, out: false }
    }

    fn calibrated(&self) -> Event {
        Event::Calibrated { case: self.case.id().clone(), sample: self.sample }
    }

    fn event(&self, nanos: u64, round: Option<u32>) -> Event {
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
fn calibrate(
    planned: Planned,
    slowest: Duration,
    clock: &dyn Clock,
    reporter: &mut Reporter<'_>,
) -> Result<Option<Runner>, BenchError> {
    let Planned { mut case, twin, known } = planned;
    if let Some(known) = known.filter(|known| known.cost_nanos >= WARM_NANOS) {
        return Ok(Some(Runner::new(case, twin, known)));
    }
    let mut iterations = known.map_or(1, |known| known.iterations).clamp(1, case.max_iterations());
    let (mut nanos, mut cost_nanos) = (0, 0);
    let attempts = if known.is_some() { 1 } else { CALIBRATIONS };
    for attempt in 0..attempts {
        let start = clock.now_nanos();
        let result = case.run(iterations);
        cost_nanos = clock.now_nanos().saturating_sub(start);
        nanos = match result {
            Ok(nanos) => nanos.max(1),
            Err(error) => {
                let case = case.id().clone();
                reporter.send(&Event::Failed { case, reason: error.reason })?;
                return Ok(None);
            }
        };
        let sample = case.sample_nanos();
        let one_is_enough = if attempt == 0 { COLD_FACTOR * sample } else { sample };
        if (iterations == 1 && nanos >= one_is_enough) || nanos > SLOW_NANOS || known.is_some() {
            break;
        }
        let fitting = (sample * iterations).div_ceil(nanos);
        iterations = fitting.clamp(1, case.max_iterations());
    }
    let is_floor = case.id().format == FLOOR;
    let once = nanos / iterations;
    if Duration::from_nanos(once) > slowest && !is_floor {
        reporter.send(&Event::TooSlow { case: case.id().clone(), nanos: once })?;
        return Ok(None);
    }
    let sample = KnownSample { iterations, sample_nanos: nanos, cost_nanos: cost_nanos.max(nanos) };
    let mut runner = Runner::new(case, twin, sample);
    if nanos > SLOW_NANOS {
        // It is not run again only to be warmed up: this counts if there is no time for another.
        runner.spare = Some((nanos, false));
    }
    Ok(Some(runner))
}

/// Gives the cases of an operation the same number of iterations, as far as [`EVEN_SAMPLE_NANOS`]
/// goes. Cases that need longer samples (another program's) are a group of their own.
fn even_out(runners: &mut [Runner]) {
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

/// The order of a round: blocks in a random order, and each in a random order of its own, so that what is
/// compared is timed within a moment and no case has a place that is better than another's.
fn order(blocks: &mut [Vec<usize>], rng: &mut ChaCha8Rng) -> Vec<usize> {
    blocks.shuffle(rng);
    blocks.iter_mut().for_each(|block| block.shuffle(rng));
    blocks.concat()
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
    /// every k-th round, so that all get the same share of the time; the first round is always whole.
    /// Returns how long they took, in nanoseconds, and the cases that did not fail, without twins.
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
        for runner in runners.iter().filter(|runner| runner.twin.is_none()) {
            self.reporter.send(&runner.calibrated())?;
        }
        self.reporter.flush()?;
        let budget = u64::try_from(self.plan.budget.as_nanos()).unwrap_or(u64::MAX);
        let share = budget / (runners.len().max(1) as u64 * PARTS);
        let start = self.clock.now_nanos();
        let is_used = |clock: &dyn Clock| clock.now_nanos().saturating_sub(start) >= budget;
        let mut window = Vec::new();
        let mut blocks = blocks(&runners);
        self.monitor.begin(self.clock);
        for round in 0u64.. {
            let mut open = false;
            for index in order(&mut blocks, rng) {
                let runner = &mut runners[index];
                // Powers of two, so that the rounds of a slow case are rounds of the quicker ones too.
                let every = (runner.sample.cost_nanos / share.max(1)).max(1).next_power_of_two();
                if runner.out || runner.samples >= self.plan.enough {
                    continue;
                }
                open = true;
                // A run that calibrated and would do for a sample stands for that of the first round.
                let has_run = round == 0 && runner.spare.is_some();
                let is_due = round % every == 0 && !has_run && !is_used(self.clock);
                if runner.samples == 0 && runner.spare.is_none() || is_due {
                    self.sample(runner, (index, round as u32), &mut window)?;
                }
                if self.monitor.is_over(self.clock) {
                    self.close(&mut runners, &mut window)?;
                }
            }
            if !open || is_used(self.clock) {
                break;
            }
        }
        self.close(&mut runners, &mut window)?;
        self.use_spares(&runners)?;
        let nanos = self.clock.now_nanos().saturating_sub(start);
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
        match runner.case.run(runner.sample.iterations) {
            Ok(nanos) => {
                runner.samples += 1;
                window.push(Taken { index, round, nanos });
                Ok(())
            }
            Err(error) => {
                runner.out = true;
                let case = runner.case.id().clone();
                self.reporter.send(&Event::Failed { case, reason: error.reason })
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

    /// Each iteration takes `warm` nanoseconds, the first of all `cold`.
    struct Steady {
        id: CaseId,
        cold: u64,
        warm: u64,
    }

    impl Case for Steady {
        fn id(&self) -> &CaseId {
            &self.id
        }

        fn bytes(&self) -> u64 {
            1
        }

        fn max_iterations(&self) -> u64 {
            1000
        }

        fn run(&mut self, iterations: u64) -> Result<u64, CaseError> {
            let first = std::mem::replace(&mut self.cold, self.warm);
            Ok(first + (iterations - 1) * self.warm)
        }
    }

    fn id() -> CaseId {
        CaseId {
            model: "m".to_owned(),
            format: "f".to_owned(),
            operation: Operation::Encode,
            pages: None,
            temperature: None,
        }
    }

    fn planned(case: Box<dyn Case>) -> Planned {
        Planned { case, twin: None, known: None }
    }

    fn events(bytes: &[u8]) -> Vec<Event> {
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    fn calibrated(cold: u64, warm: u64) -> (Option<u64>, usize) {
        let mut bytes = Vec::new();
        let mut reporter = Reporter(&mut bytes);
        let case = planned(Box::new(Steady { id: id(), cold, warm }));
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

    #[test]
    fn the_formats_of_an_operation_get_the_same_iterations_as_far_as_samples_stay_short() {
        let mut bytes = Vec::new();
        let mut reporter = Reporter(&mut bytes);
        let mut runners: Vec<Runner> = [1_000, 5_000, 90_000, 300_000, 3_000_000]
            .into_iter()
            .filter_map(|warm| {
                let case = planned(Box::new(Steady { id: id(), cold: warm, warm }));
                let clock = ManualClock::default();
                calibrate(case, Duration::from_secs(1), &clock, &mut reporter).unwrap()
            })
            .collect();
        even_out(&mut runners);
        let iterations: Vec<u64> = runners.iter().map(|runner| runner.sample.iterations).collect();
        assert_eq!(iterations, [100, 80, 4, 1, 1]);
    }

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
        let cases = (0..3).map(|_| planned(Box::new(Ticking(id(), clock, 1_000_000)))).collect();
        rounds.run(cases, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        let is_sample = |event: &&Event| matches!(event, Event::Sample { .. });
        (watched, events(&bytes).iter().filter(is_sample).count())
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
