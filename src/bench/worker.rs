//! One measuring process: verifies each case, then times them in shuffled, interleaved rounds.
//!
//! It reads a [`Job`] from its standard input and writes [`Event`]s, one a line, to its standard
//! output. A case that fails is out and costs its row; everything else goes on.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::cases::{self, Prepared};
use super::clock::{Clock, MonotonicClock};
use super::compression::Compression;
use super::noise::{Monitor, SystemCounters};
use super::plan::{self, LARGE_BYTES, Profile};
use super::protocol::{Event, Job, KnownSample, MemoryJob, Rounds, Watched};
use super::rounds;
use super::runner::Planned;
use super::slowed::{Twin, slowed};
use super::subject::{self, ROWS, Subject, VERIFIED_ROWS};
use super::{
    BenchError, allocator, environment, file_io, floors, hot, instructions, memory, peers, programs,
};
use crate::base::PagePolicy;
use crate::base::case::{Case, CaseError, CaseId, FLOOR, Operation};
use crate::base::peer::CaseSource;
use crate::base::units;
use crate::formats::registry;

/// A case of which one sample costs so many times what a case has on average takes part only in full
/// processes: one round of them would take longer than all rounds of the others.
const RESTING: u32 = 10;

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
        Job::Repeat(job) => instructions::repeat(&job, &mut reporter)?,
        Job::Program(command) => reporter.send(&programs::once(&command, programs::LONGEST)?)?,
    }
    reporter.send(&Event::Done)?;
    reporter.flush()
}

pub(super) struct Reporter<'a>(pub(super) &'a mut dyn Write);

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

    /// The case that was set up; of one that cannot be, the reason is told, and it costs its row alone.
    fn settled(
        &mut self,
        case: CaseId,
        twin: Option<Twin>,
        made: Result<Box<dyn Case>, CaseError>,
    ) -> Result<Option<Box<dyn Case>>, BenchError> {
        match made {
            Ok(made) => Ok(Some(made)),
            Err(CaseError { reason }) => {
                self.send(&Event::Failed { case, twin, reason })?;
                Ok(None)
            }
        }
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
    let mut monitor = Monitor::new(SystemCounters, &*clock);
    let mut watched = Watched::default();
    if allocator::lacks_huge_pages() {
        reporter.send(&Event::WithoutHugePages)?;
    }
    for record in &job.models {
        reporter.send(&Event::Spin { nanos: environment::spin_loop(&*clock) })?;
        reporter.send(&Event::Model { id: record.id.clone() })?;
        reporter.flush()?;
        let start = clock.now_nanos();
        let subject = Arc::new(subject::read(record.clone(), &job.dir, &record.id)?);
        allocator::keep_for(subject.parameters.byte_len());
        let (mut cases, twins) = prepare(job, &subject, &clock, &mut rng, reporter)?;
        let mut memory = Vec::new();
        if let Some(source) = source.as_deref_mut() {
            let offered = peers::cases(job, &subject, source, reporter)?;
            memory.extend(offered.iter().map(|case| case.id().clone()).filter(peers::has_memory));
            cases.extend(offered);
        }
        let planned = planned(job, &subject, cases, twins, &clock);
        let budget = job.profile.budget(subject.parameters.byte_len(), planned.len());
        let used = budget.mul_f64(job.budget_share);
        let mut rounds = rounds::Rounds {
            plan: rounds::Plan {
                budget: used,
                enough: job.profile.enough_samples(),
                slowest: job.profile.slowest_iteration(),
            },
            clock: &*clock,
            monitor: &mut monitor,
            watched: &mut watched,
            reporter,
        };
        let (rounds_nanos, mut whole) = rounds.run(planned, &mut rng)?;
        whole.shuffle(&mut rng);
        if job.is_hot(subject.id()) {
            hot::measure_hot(whole, job.profile, job.budget_share, reporter)?;
        }
        if let (Some(source), true) = (source.as_deref_mut(), job.sizes) {
            peers::memory(source, memory, reporter)?;
        }
        let nanos = clock.now_nanos().saturating_sub(start);
        let planned = u64::try_from(used.as_nanos()).unwrap_or(u64::MAX);
        let set_up_nanos = nanos.saturating_sub(rounds_nanos.min(planned));
        let budget_nanos = u64::try_from(budget.as_nanos()).unwrap_or(u64::MAX);
        reporter.send(&Event::Took { model: record.id.clone(), set_up_nanos, budget_nanos })?;
    }
    reporter.send(&Event::Watched(watched))?;
    for text in source.iter_mut().flat_map(|source| source.complaints()) {
        reporter.send(&Event::Complaint { text })?;
    }
    reporter.send(&Event::Spin { nanos: environment::spin_loop(&*clock) })?;
    let count = environment::context_switches().saturating_sub(switches);
    reporter.send(&Event::Switches { count })
}

/// The cases as they take part: what an earlier process found of them, twins, and what is slowed down
/// on purpose.
fn planned(
    job: &Rounds,
    subject: &Arc<Subject>,
    cases: Vec<Box<dyn Case>>,
    twins: Vec<TwinCase>,
    clock: &Arc<dyn Clock>,
) -> Vec<Planned> {
    let known = job.known.iter().filter_map(|known| Some((&known.case, known.sample?)));
    let known: HashMap<&CaseId, KnownSample> = known.collect();
    // A case that is too slow takes its twins with it, but not the other way round.
    let is_too_slow = |id: &CaseId, twin: Option<Twin>| {
        let mut slow = job.known.iter().filter(|known| known.sample.is_none());
        slow.any(|known| known.case == *id && (known.twin.is_none() || known.twin == twin))
    };
    let average = job.profile.budget(subject.parameters.byte_len(), 1).mul_f64(job.budget_share);
    let rests = |id: &CaseId| {
        let cost = known.get(id).map(|sample| sample.cost_nanos);
        !job.is_full && cost.is_some_and(|cost| Duration::from_nanos(cost) > average * RESTING)
    };
    let slower = |case: Box<dyn Case>| match &job.injected {
        Some(injected) if injected.format == case.id().format => {
            slowed(case, injected.factor, clock)
        }
        _ => case,
    };
    let part = |case: Box<dyn Case>, twin: Option<Twin>| Planned {
        known: known.get(case.id()).copied(),
        weight: plan::weight(case.id(), registry::find(&case.id().format).is_some()),
        case,
        twin,
    };
    let takes_part =
        |case: &dyn Case, twin: Option<Twin>| !is_too_slow(case.id(), twin) && !rests(case.id());
    let cases = cases.into_iter().filter(|case| takes_part(&**case, None));
    let twins = twins.into_iter().filter(|(twin, case)| takes_part(&**case, Some(*twin)));
    let cases = cases.map(|case| part(slower(case), None));
    cases
        .chain(twins.map(|(twin, case)| part(slowed(case, twin.factor(), clock), Some(twin))))
        .collect()
}

/// A format, or a twin of one, on a model.
type Part<'a> = (&'a str, Option<Twin>);

/// Encodes a model in every format that takes part, and again for each twin, in a random order: where the
/// bytes of one lie beside those of another is luck, a copy can be a fifth slower for it, and no format
/// should have the same luck in every process. A twin shares nothing with its case but the model.
fn encode<'a>(
    job: &'a Rounds,
    subject: &Arc<Subject>,
    rng: &mut ChaCha8Rng,
) -> HashMap<Part<'a>, Result<Arc<Prepared>, CaseError>> {
    let is_whole = job.is_whole(subject.id());
    let formats = job.formats.iter().map(String::as_str);
    let formats = formats.filter(|id| job.profile.leaves_out(id, is_whole).is_none());
    let mut parts: Vec<Part<'_>> = formats.map(|id| (id, None)).collect();
    if job.twins.contains(&subject.record.id) {
        let core = job.formats.iter().map(String::as_str).filter(|id| plan::CORE.contains(id));
        parts.extend(core.flat_map(|id| Twin::ALL.map(|twin| (id, Some(twin)))));
    }
    parts.shuffle(rng);
    let encoded = parts.into_iter().filter_map(|part| {
        let format = registry::find(part.0)?;
        Some((part, Prepared::new(subject.clone(), format, &job.dir).map(Arc::new)))
    });
    encoded.collect()
}

/// A case of a twin.
type TwinCase = (Twin, Box<dyn Case>);
/// The cases of a model, and those of its twins.
type AllCases = (Vec<Box<dyn Case>>, Vec<TwinCase>);

/// The cases of the twins: a few operations of the formats that every model is measured in.
fn twins(
    job: &Rounds,
    subject: &Subject,
    prepared: &HashMap<Part<'_>, Result<Arc<Prepared>, CaseError>>,
    clock: &Arc<dyn Clock>,
    reporter: &mut Reporter<'_>,
) -> Result<Vec<TwinCase>, BenchError> {
    let wanted = |operation: &Operation| job.only.is_empty() || job.only.contains(operation);
    let mut made = Vec::new();
    let all = plan::CORE.iter().flat_map(|id| Twin::ALL.map(|twin| (*id, twin)));
    for (id, twin) in all {
        let Some(prepared) = prepared.get(&(id, Some(twin))) else { continue };
        let Some(format) = registry::find(id) else { continue };
        for operation in plan::HEADLINES.iter().copied().filter(wanted) {
            if cases::missing(format, subject.rows.is_some(), operation).is_none() {
                let prepared = prepared.as_ref().map_err(CaseError::clone);
                let case = prepared.and_then(|it| cases::case(it, operation, None, clock));
                let id = named(subject, id, operation, None);
                made.extend(reporter.settled(id, Some(twin), case)?.map(|case| (twin, case)));
            }
        }
    }
    Ok(made)
}

/// Encodes, verifies and sets up every case of a model.
fn prepare(
    job: &Rounds,
    subject: &Arc<Subject>,
    clock: &Arc<dyn Clock>,
    rng: &mut ChaCha8Rng,
    reporter: &mut Reporter<'_>,
) -> Result<AllCases, BenchError> {
    let bytes = subject.parameters.byte_len();
    let wanted = |operation: Operation| job.only.is_empty() || job.only.contains(&operation);
    let start = clock.now_nanos();
    let reference = subject.reference()?;
    let thousand = clock.now_nanos().saturating_sub(start) * (ROWS / VERIFIED_ROWS) as u64;
    let not_cold = file_io::why_not_cold(&job.dir);
    let warm_only = |operation: Operation| not_cold.clone().filter(|_| operation.is_cold());
    let mut made = floors(job, subject, clock, not_cold.as_deref(), reporter)?;
    let (is_whole, encoded) = (job.is_whole(subject.id()), encode(job, subject, rng));
    for id in &job.formats {
        let Some(format) = registry::find(id) else { continue };
        if let Some(reason) = job.profile.leaves_out(id, is_whole) {
            leave_out(job, subject, id, &reason, reporter)?;
            continue;
        }
        let name = |operation, pages| named(subject, id, operation, pages);
        let Some(prepared) = encoded.get(&(id.as_str(), None)) else { continue };
        // The other processes are this program on the same bytes, and begin when this one ended.
        let prepared = prepared.clone().and_then(|prepared| match job.verify {
            true => prepared.verify(reference.as_ref()).map(|()| prepared),
            false => Ok(prepared),
        });
        for operation in Operation::ALL.iter().copied().filter(|operation| wanted(*operation)) {
            let why = cases::missing(format, subject.rows.is_some(), operation)
                .or_else(|| job.profile.skips(operation, is_whole, bytes))
                .or_else(|| too_slow(job, operation, thousand))
                .or_else(|| warm_only(operation))
                .filter(|_| operation.group() != crate::base::case::Group::Floor);
            if let Some(reason) = why {
                reporter.send(&Event::Skipped { case: name(operation, None), reason })?;
            }
        }
        for (operation, pages) in job.profile.operations(is_whole, bytes) {
            let exists = cases::missing(format, subject.rows.is_some(), operation).is_none();
            let copies = pages.is_none() || cases::fills_arena(format, operation);
            let in_time = too_slow(job, operation, thousand).is_none();
            let can_be = warm_only(operation).is_none();
            if !wanted(operation) || !exists || !copies || !in_time || !can_be {
                continue;
            }
            match &prepared {
                Ok(prepared) => {
                    let case = cases::case(prepared, operation, pages, clock);
                    made.extend(reporter.settled(name(operation, pages), None, case)?);
                }
                Err(error) => {
                    let (case, reason) = (name(operation, pages), error.reason.clone());
                    reporter.send(&Event::Failed { case, twin: None, reason })?;
                }
            }
        }
        if let (Ok(prepared), true) = (&prepared, job.sizes) {
            reporter.send(&sizes(subject, id, prepared.encoded(), job))?;
            reporter.flush()?;
        }
    }
    let twins = twins(job, subject, &encoded, clock, reporter)?;
    Ok((made, twins))
}

/// The name of a case in the rounds.
fn named(
    subject: &Subject,
    format: &str,
    operation: Operation,
    pages: Option<PagePolicy>,
) -> CaseId {
    let (model, format) = (subject.id().to_owned(), format.to_owned());
    CaseId { model, format, operation, pages, temperature: None }
}

/// Says of each operation of a format that the profile leaves it out on a model.
fn leave_out(
    job: &Rounds,
    subject: &Subject,
    format: &str,
    reason: &str,
    reporter: &mut Reporter<'_>,
) -> Result<(), BenchError> {
    for (operation, _) in
        job.profile.operations(job.is_whole(subject.id()), subject.parameters.byte_len())
    {
        if !job.only.is_empty() && !job.only.contains(&operation) {
            continue;
        }
        let case = named(subject, format, operation, None);
        reporter.send(&Event::Skipped { case, reason: reason.to_owned() })?;
    }
    Ok(())
}

/// The floors of a model; without those that begin with a cold file where none gets cold.
fn floors(
    job: &Rounds,
    subject: &Subject,
    clock: &Arc<dyn Clock>,
    not_cold: Option<&str>,
    reporter: &mut Reporter<'_>,
) -> Result<Vec<Box<dyn Case>>, BenchError> {
    let mut made = Vec::new();
    for (operation, pages) in job.profile.floors() {
        if !job.only.is_empty() && !job.only.contains(&operation) {
            continue;
        }
        let case = named(subject, FLOOR, operation, pages);
        match not_cold.filter(|_| operation.is_cold()) {
            None => {
                let floor = floors::floor(subject, operation, pages, &job.dir, clock);
                made.extend(reporter.settled(case, None, floor)?);
            }
            Some(reason) => {
                reporter.send(&Event::Skipped { case, reason: reason.to_owned() })?;
            }
        }
    }
    Ok(made)
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
    use crate::bench::collected::Collected;
    use crate::bench::fakes::{events, id};

    #[test]
    fn what_cannot_be_set_up_costs_its_row_and_a_twin_not_even_that() {
        let mut bytes = Vec::new();
        let mut reporter = Reporter(&mut bytes);
        let case = id(Operation::DecodeReused);
        for twin in [None, Some(Twin::Slower)] {
            let made = Err(CaseError::new("no memory"));
            assert!(reporter.settled(case.clone(), twin, made).unwrap().is_none());
        }
        let mut collected = Collected::default();
        for event in events(&bytes) {
            collected.take(event, 0);
        }
        assert_eq!(collected.failed, [(case.clone(), "no memory".to_owned())].into());
        assert_eq!(collected.failed_twins, [(case, Twin::Slower)].into());
    }
}
