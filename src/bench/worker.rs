//! One measuring process: verifies each case, then times them in shuffled, interleaved rounds.
//!
//! It reads a [`Job`] from its standard input and writes [`Event`]s, one a line, to its standard
//! output. A case that fails is out and costs its row; everything else goes on.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::cases::{self, Prepared};
use super::clock::{Clock, MonotonicClock};
use super::compression::Compression;
use super::plan::{LARGE_BYTES, Profile};
use super::protocol::{Event, Job, MemoryJob, Rounds};
use super::subject::{self, ROWS, Subject, VERIFIED_ROWS};
use super::{BenchError, environment, memory, peers, programs};
use crate::base::PagePolicy;
use crate::base::case::{Case, CaseError, CaseId, FLOOR, Operation};
use crate::base::peer::CaseSource;
use crate::base::units;
use crate::formats::registry;

/// A sample of a short operation covers at least this long, so that the clock's own cost and
/// resolution stay below a thousandth.
const SAMPLE_NANOS: u64 = 100_000;

/// A case whose single iteration takes longer is not warmed up by an untimed one.
const SLOW_NANOS: u64 = 40_000_000;

/// Samples, at most, that find the number of iterations.
const CALIBRATIONS: u32 = 3;

/// The first iteration is cold and may take so many times as long as the next: Python's `dumps` of
/// a small model does. What is shorter than so many samples is not known to need one iteration.
const COLD_FACTOR: u64 = 10;

/// Does what the job asks and reports to `out`. `peers` makes the source of another program's rows
/// from what the job says of it.
///
/// # Errors
/// [`BenchError`] when models cannot be read or nobody listens any more.
pub fn work(
    job: Job,
    peers: &dyn Fn(&serde_json::Value) -> Option<Box<dyn CaseSource>>,
    out: &mut dyn Write,
) -> Result<(), BenchError> {
    let mut reporter = Reporter(out);
    match job {
        Job::Rounds(rounds) => {
            let source = rounds.peer.as_ref().and_then(|peer| peers(&peer.config));
            measure_rounds(&rounds, source, &mut reporter)?;
        }
        Job::Memory(job) => measure_memory(&job, &mut reporter)?,
        Job::Program(command) => reporter.send(&programs::once(&command, programs::LONGEST)?)?,
    }
    reporter.send(&Event::Done)?;
    reporter.flush()
}

pub(super) struct Reporter<'a>(&'a mut dyn Write);

impl<'a> Reporter<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Reporter(out)
    }

    pub(super) fn send(&mut self, event: &Event) -> Result<(), BenchError> {
        let mut line =
            serde_json::to_string(event).map_err(|error| BenchError::Worker(error.to_string()))?;
        line.push('\n');
        self.0.write_all(line.as_bytes()).map_err(|error| BenchError::Worker(error.to_string()))
    }

    pub(super) fn flush(&mut self) -> Result<(), BenchError> {
        self.0.flush().map_err(|error| BenchError::Worker(error.to_string()))
    }
}

fn measure_rounds(
    job: &Rounds,
    mut source: Option<Box<dyn CaseSource>>,
    reporter: &mut Reporter<'_>,
) -> Result<(), BenchError> {
    let clock: Arc<dyn Clock> = Arc::new(MonotonicClock::default());
    let mut rng = ChaCha8Rng::seed_from_u64(job.seed);
    let switches = environment::context_switches();
    for record in &job.models {
        reporter.send(&Event::Spin { nanos: environment::spin_loop(&*clock) })?;
        reporter.send(&Event::Model { id: record.id.clone() })?;
        reporter.flush()?;
        let subject = Arc::new(subject::read(record.clone(), &job.dir, &record.id)?);
        let mut cases = prepare(job, &subject, &clock, reporter)?;
        let mut memory = Vec::new();
        if let Some(source) = source.as_deref_mut() {
            let offered = peers::cases(job, &subject, source, reporter)?;
            memory.extend(offered.iter().map(|case| case.id().clone()).filter(peers::has_memory));
            cases.extend(offered);
        }
        let budget = job.profile.budget(subject.parameters.byte_len()).mul_f64(job.budget_share);
        rounds(job, cases, budget, &mut rng, &*clock, reporter)?;
        if let (Some(source), true) = (source.as_deref_mut(), job.sizes) {
            peers::memory(source, memory, reporter)?;
        }
    }
    for text in source.iter_mut().flat_map(|source| source.complaints()) {
        reporter.send(&Event::Complaint { text })?;
    }
    reporter.send(&Event::Spin { nanos: environment::spin_loop(&*clock) })?;
    let count = environment::context_switches().saturating_sub(switches);
    reporter.send(&Event::Switches { count })
}

/// Encodes, verifies and sets up every case of a model.
fn prepare(
    job: &Rounds,
    subject: &Arc<Subject>,
    clock: &Arc<dyn Clock>,
    reporter: &mut Reporter<'_>,
) -> Result<Vec<Box<dyn Case>>, BenchError> {
    let bytes = subject.parameters.byte_len();
    let wanted = |operation: Operation| job.only.is_empty() || job.only.contains(&operation);
    let start = clock.now_nanos();
    let reference = subject.reference()?;
    let thousand = clock.now_nanos().saturating_sub(start) * (ROWS / VERIFIED_ROWS) as u64;
    let mut made = Vec::new();
    for (operation, pages) in job.profile.floors() {
        if wanted(operation) {
            made.push(cases::floor(subject, operation, pages, &job.dir, clock));
        }
    }
    for id in &job.formats {
        let Some(format) = registry::find(id) else { continue };
        let name = |operation, pages| CaseId {
            model: subject.id().to_owned(),
            format: id.clone(),
            operation,
            pages,
        };
        let prepared = Prepared::new(subject.clone(), format, &job.dir).and_then(|prepared| {
            // The other processes are this program on the same bytes, and begin when this one ended.
            if job.verify {
                prepared.verify(reference.as_ref())?;
            }
            Ok(Arc::new(prepared))
        });
        for operation in Operation::ALL.iter().copied().filter(|operation| wanted(*operation)) {
            let why = cases::missing(format, subject.rows.is_some(), operation)
                .or_else(|| job.profile.skips(operation, bytes))
                .or_else(|| too_slow(job, operation, thousand))
                .filter(|_| operation.group() != crate::base::case::Group::Floor);
            if let Some(reason) = why {
                reporter.send(&Event::Skipped { case: name(operation, None), reason })?;
            }
        }
        for (operation, pages) in job.profile.operations(bytes) {
            let exists = cases::missing(format, subject.rows.is_some(), operation).is_none();
            let copies = pages.is_none() || format.descriptor().arena;
            let in_time = too_slow(job, operation, thousand).is_none();
            if !wanted(operation) || !exists || !copies || !in_time {
                continue;
            }
            match &prepared {
                Ok(prepared) => made.push(cases::case(prepared, operation, pages, clock)),
                Err(error) => reporter.send(&Event::Failed {
                    case: name(operation, pages),
                    reason: error.reason.clone(),
                })?,
            }
        }
        if let (Ok(prepared), true) = (&prepared, job.sizes) {
            reporter.send(&sizes(subject, id, prepared.encoded(), job))?;
            reporter.flush()?;
        }
    }
    made.into_iter().collect::<Result<_, CaseError>>().map_err(|e| BenchError::Worker(e.reason))
}

/// Why the rung of 1,000 predictions is left out: they would be all that its figure shows.
fn too_slow(job: &Rounds, operation: Operation, thousand_nanos: u64) -> Option<String> {
    let predicts = [Operation::DecodePredictThousand, Operation::ViewPredictThousand];
    let bound = job.profile.slowest_iteration() / 4;
    let slow = predicts.contains(&operation) && Duration::from_nanos(thousand_nanos) > bound;
    slow.then(|| {
        let took = units::duration(thousand_nanos as f64);
        format!("1,000 predictions alone take {took}, whatever the format")
    })
}

fn sizes(subject: &Subject, format: &str, encoded: &[u8], job: &Rounds) -> Event {
    let large = subject.parameters.byte_len() >= LARGE_BYTES;
    let slow = job.profile.skips_zstd_19(subject.parameters.byte_len());
    let compressed_bytes: BTreeMap<String, u64> = Compression::ALL
        .into_iter()
        .filter(|codec| !(slow && *codec == Compression::Zstd(19)))
        .filter(|codec| !(job.profile == Profile::Quick && large) || codec.is_quick())
        .filter_map(|codec| Some((codec.id(), codec.compress(encoded).ok()?.len() as u64)))
        .collect();
    Event::Size {
        model: subject.id().to_owned(),
        format: format.to_owned(),
        bytes: encoded.len() as u64,
        compressed_bytes,
    }
}

/// A case in the rounds.
struct Runner {
    case: Box<dyn Case>,
    iterations: u64,
    sample_nanos: u64,
    samples: usize,
    out: bool,
}

impl Runner {
    /// Times one sample and reports it; an error takes the case out.
    fn sample(&mut self, reporter: &mut Reporter<'_>) -> Result<(), BenchError> {
        match self.case.run(self.iterations) {
            Ok(nanos) => {
                self.samples += 1;
                reporter.send(&Event::Sample {
                    case: self.case.id().clone(),
                    bytes: self.case.bytes(),
                    iterations: self.iterations,
                    nanos,
                })
            }
            Err(error) => {
                self.out = true;
                reporter.send(&Event::Failed { case: self.case.id().clone(), reason: error.reason })
            }
        }
    }
}

/// Finds out how many iterations make a sample, and leaves out what is too slow for the profile.
fn calibrate(
    mut case: Box<dyn Case>,
    slowest: Duration,
    reporter: &mut Reporter<'_>,
) -> Result<Option<Runner>, BenchError> {
    let mut iterations = 1;
    let mut nanos = 0;
    for attempt in 0..CALIBRATIONS {
        nanos = match case.run(iterations) {
            Ok(nanos) => nanos.max(1),
            Err(error) => {
                let case = case.id().clone();
                reporter.send(&Event::Failed { case, reason: error.reason })?;
                return Ok(None);
            }
        };
        let one_is_enough = if attempt == 0 { COLD_FACTOR * SAMPLE_NANOS } else { SAMPLE_NANOS };
        if (iterations == 1 && nanos >= one_is_enough) || nanos > SLOW_NANOS {
            break;
        }
        let fitting = (SAMPLE_NANOS * iterations).div_ceil(nanos);
        iterations = fitting.clamp(1, case.max_iterations());
    }
    let is_floor = case.id().format == FLOOR;
    let once = nanos / iterations;
    if Duration::from_nanos(once) > slowest && !is_floor {
        let took = units::duration(once as f64);
        let reason = format!("one iteration takes {took}: too slow for this profile");
        reporter.send(&Event::Skipped { case: case.id().clone(), reason })?;
        return Ok(None);
    }
    let mut runner = Runner { case, iterations, sample_nanos: nanos, samples: 0, out: false };
    if nanos > SLOW_NANOS {
        // What takes this long gains nothing from a warm-up: the first run counts.
        runner.samples = 1;
        reporter.send(&Event::Sample {
            case: runner.case.id().clone(),
            bytes: runner.case.bytes(),
            iterations,
            nanos,
        })?;
    }
    Ok(Some(runner))
}

/// Rounds until the time is used or every case has enough samples. Slow cases take part only in
/// every k-th round, so that all get the same share of the time; the first round is always whole.
pub(super) fn rounds(
    job: &Rounds,
    cases: Vec<Box<dyn Case>>,
    budget: Duration,
    rng: &mut ChaCha8Rng,
    clock: &dyn Clock,
    reporter: &mut Reporter<'_>,
) -> Result<(), BenchError> {
    let mut runners = Vec::with_capacity(cases.len());
    for case in cases {
        runners.extend(calibrate(case, job.profile.slowest_iteration(), reporter)?);
    }
    reporter.flush()?;
    let enough = job.profile.enough_samples();
    let budget = u64::try_from(budget.as_nanos()).unwrap_or(u64::MAX);
    let share = budget / (runners.len().max(1) as u64 * 5);
    let start = clock.now_nanos();
    for round in 0u64.. {
        let mut order: Vec<usize> = (0..runners.len()).collect();
        order.shuffle(rng);
        let mut open = false;
        for index in order {
            let runner = &mut runners[index];
            let every = (runner.sample_nanos / share.max(1)).max(1);
            if runner.out || runner.samples >= enough {
                continue;
            }
            open = true;
            let used = clock.now_nanos().saturating_sub(start) >= budget;
            if runner.samples > 0 && (used || round % every != 0) {
                continue;
            }
            runner.sample(reporter)?;
            if runner.sample_nanos > SLOW_NANOS {
                // Whoever stops a run in a slow round keeps what the round has seen so far.
                reporter.flush()?;
            }
        }
        reporter.flush()?;
        if !open || clock.now_nanos().saturating_sub(start) >= budget {
            return Ok(());
        }
    }
    Ok(())
}

fn measure_memory(job: &MemoryJob, reporter: &mut Reporter<'_>) -> Result<(), BenchError> {
    let unmeasured = |reason: String| Event::Skipped { case: job.case.clone(), reason };
    if !memory::allocator_is_installed() {
        let reason = "this program does not declare the counting allocator".to_owned();
        return reporter.send(&unmeasured(reason));
    }
    let subject = Arc::new(subject::read(job.model.clone(), &job.dir, &job.model.id)?);
    let Some(format) = registry::find(&job.case.format) else {
        return reporter.send(&unmeasured("no such format".to_owned()));
    };
    let path = job.dir.join(format!("{}.{}", job.model.id, job.case.format));
    let measured = Prepared::of_file(subject, format, &path).and_then(|prepared| {
        let pages: Option<PagePolicy> = job.case.pages;
        memory::measure(|| prepared.load(job.case.operation, pages))
    });
    match measured {
        Ok((loaded, memory)) => {
            drop(loaded);
            reporter.send(&Event::Memory { memory })
        }
        Err(error) => reporter.send(&unmeasured(error.reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn calibrated(cold: u64, warm: u64) -> (Option<u64>, usize) {
        let id = CaseId {
            model: "m".to_owned(),
            format: "f".to_owned(),
            operation: Operation::Encode,
            pages: None,
        };
        let mut events = Vec::new();
        let mut reporter = Reporter(&mut events);
        let case = Box::new(Steady { id, cold, warm });
        let runner = calibrate(case, Duration::from_secs(1), &mut reporter).unwrap();
        (runner.map(|runner| runner.iterations), events.iter().filter(|b| **b == b'\n').count())
    }

    #[test]
    fn a_cold_first_iteration_does_not_tell_how_many_make_a_sample() {
        assert_eq!(calibrated(300_000, 10_000), (Some(10), 0));
        assert_eq!(calibrated(50_000, 1_000), (Some(100), 0));
        assert_eq!(calibrated(10, 10), (Some(1000), 0));
        assert_eq!(calibrated(300_000, 150_000), (Some(1), 0));
        // What is slow is not warmed up, and its first run counts.
        assert_eq!(calibrated(50_000_000, 50_000_000), (Some(1), 1));
        // Too slow: a row without a time.
        assert_eq!(calibrated(2_000_000_000, 1), (None, 1));
    }
}
