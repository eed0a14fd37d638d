//! One run: fresh processes that measure, one after the other, and the record of what they saw.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::plan::Profile;
use super::protocol::{Event, Job, MemoryJob, PeerJob, Rounds};
use super::subject::{self, Subject};
use super::{BenchError, environment, peers, rows};
use crate::base::case::{CaseId, Operation};
use crate::base::record::{
    BENCH_SCHEMA, BenchRecord, FormatRecord, MemoryOutcome, MemoryRow, SizeRow,
};
use crate::formats::{Format, registry};

/// What is told while a run goes on.
pub trait Progress {
    /// `share` (0 to 1) of the planned work is done; `what` is going on now.
    fn update(&self, share: f64, what: &str);
}

/// What to run and how.
pub struct Options<'a> {
    /// How thorough.
    pub profile: Profile,
    /// Seed of orders and of the bootstrap.
    pub seed: u64,
    /// The formats, all of the registry by default.
    pub formats: Vec<&'static dyn Format>,
    /// Only these operations; all of the profile when empty.
    pub only: Vec<Operation>,
    /// Fresh processes; the profile's number when `None`.
    pub processes: Option<u32>,
    /// Share of the profile's time budget.
    pub budget_share: f64,
    /// False leaves the memory pass out.
    pub memory: bool,
    /// Another program that measures rows in the same rounds.
    pub peer: Option<Peer>,
    /// The program that `helper` measures with: this one's own path.
    pub helper: PathBuf,
    /// Told of progress.
    pub progress: &'a dyn Progress,
    /// Set when the run should end early and keep what was measured.
    pub stop: &'a AtomicBool,
}

/// Another program whose rows are measured in the same rounds.
#[derive(Debug, Clone)]
pub struct Peer {
    /// What is handed over, and how it is asked.
    pub job: PeerJob,
    /// What the record says of its formats.
    pub formats: Vec<FormatRecord>,
}

/// Everything that events told, by case.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) samples: HashMap<CaseId, CaseSamples>,
    pub(super) failed: BTreeMap<CaseId, String>,
    pub(super) skipped: BTreeMap<CaseId, String>,
    pub(super) sizes: Vec<SizeRow>,
    pub(super) spins: Vec<u64>,
    pub(super) switches: u64,
    pub(super) notes: Vec<String>,
    pub(super) peer_memory: Vec<MemoryRow>,
    pub(super) complaints: Vec<String>,
}

/// Samples of one case: a list a process.
#[derive(Default)]
pub(super) struct CaseSamples {
    pub(super) bytes: u64,
    pub(super) iterations: u64,
    pub(super) processes: Vec<Vec<f64>>,
}

impl Collected {
    pub(super) fn take(&mut self, event: Event, process: usize) {
        match event {
            Event::Sample { case, bytes, iterations, nanos } => {
                let samples = self.samples.entry(case).or_default();
                samples.bytes = bytes;
                samples.iterations = samples.iterations.max(iterations);
                samples.processes.resize_with(process + 1, Vec::new);
                samples.processes[process].push(nanos as f64 / iterations.max(1) as f64);
            }
            Event::Failed { case, reason } => {
                self.failed.insert(case, reason);
            }
            Event::Skipped { case, reason } => {
                self.skipped.entry(case).or_insert(reason);
            }
            Event::Size { model, format, bytes, compressed_bytes } => {
                self.sizes.push(SizeRow { model, format, bytes, compressed_bytes });
            }
            Event::Spin { nanos } => self.spins.push(nanos),
            Event::Switches { count } => self.switches += count,
            Event::PeerMemory { case, outcome } => {
                self.peer_memory.push(MemoryRow { case, outcome });
            }
            Event::Complaint { text } => {
                if !self.complaints.contains(&text) {
                    self.complaints.push(text);
                }
            }
            Event::Model { .. } | Event::Memory { .. } | Event::Program { .. } | Event::Done => {}
        }
    }
}

/// Measures every format on every subject.
///
/// # Errors
/// [`BenchError`] when there is nothing to measure or the run's own files cannot be written. A
/// process that dies costs its rows and is named in the notes.
pub fn run(subjects: &[Subject], options: &Options<'_>) -> Result<BenchRecord, BenchError> {
    if subjects.is_empty() || options.formats.is_empty() {
        return Err(BenchError::Nothing("no model or no format was chosen".to_owned()));
    }
    let start = Instant::now();
    let started = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let load_before = environment::load_average();
    let private = tempfile::Builder::new()
        .prefix("deadweight-")
        .tempdir()
        .map_err(|error| BenchError::io("cannot create", &std::env::temp_dir(), error))?;
    for subject in subjects {
        subject::write(subject, private.path(), subject.id())?;
        if let Some(peer) = &options.peer {
            let has_estimator = peer.job.estimators.contains_key(subject.id());
            peers::write(subject, private.path(), has_estimator)?;
        }
    }
    let processes = options.processes.unwrap_or(options.profile.processes());
    let mut collected = Collected::default();
    let mut schedule = Schedule::new(subjects, options, processes);
    for process in 0..processes {
        if options.stop.load(Ordering::SeqCst) {
            break;
        }
        measure_in_process(
            process,
            subjects,
            options,
            private.path(),
            &mut collected,
            &mut schedule,
        )?;
    }
    let mut memory = match options.memory {
        true => memory_pass(subjects, options, private.path(), &collected, &mut schedule),
        false => Vec::new(),
    };
    memory.append(&mut collected.peer_memory);
    let stopped = options.stop.load(Ordering::SeqCst);
    let interrupted = stopped.then(|| STOPPED.to_owned());
    let ours = options.formats.iter();
    let ours = ours.map(|format| format.descriptor().record(environment::crate_version));
    let theirs = options.peer.iter().flat_map(|peer| peer.formats.iter().cloned());
    let formats: Vec<FormatRecord> = ours.chain(theirs).collect();
    Ok(BenchRecord {
        schema: BENCH_SCHEMA.to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        elapsed_seconds: start.elapsed().as_secs_f64(),
        profile: options.profile.id().to_owned(),
        seed: options.seed,
        processes,
        interrupted,
        environment: environment::describe(),
        noise: environment::noise(&collected.spins, collected.switches, load_before),
        models: subjects.iter().map(|subject| subject.record.clone()).collect(),
        complaints: std::mem::take(&mut collected.complaints),
        sizes: std::mem::take(&mut collected.sizes),
        notes: std::mem::take(&mut collected.notes),
        rows: rows::make(collected, options.seed, &formats),
        formats,
        memory,
        python: None,
        tutorial: None,
        programs: Vec::new(),
        compatibility: None,
    })
}

/// What the record of a run says that its user ended.
const STOPPED: &str = "stopped by the user; the rows hold what was measured until then";

/// How much of the run is done, in seconds of its plan.
struct Schedule {
    total: f64,
    done: f64,
}

/// Encoding, verifying and calibrating one format of a large model takes about so long.
const SET_UP_SECONDS: f64 = 0.35;
/// Another program starts, stores and verifies one model in all of its formats in about so long,
/// and so much more for each megabyte.
const PEER_SECONDS: f64 = 0.4;
const PEER_SECONDS_A_MEGABYTE: f64 = 0.25;
/// One process of the memory pass.
const MEMORY_SECONDS: f64 = 0.015;

impl Schedule {
    fn new(subjects: &[Subject], options: &Options<'_>, processes: u32) -> Self {
        let rounds: f64 = subjects.iter().map(|s| Self::seconds(s, options)).sum();
        let loads = (subjects.len() * options.formats.len() * MEMORY_OPERATIONS.len()) as f64;
        let memory = if options.memory { loads * MEMORY_SECONDS } else { 0.0 };
        Schedule { total: rounds * f64::from(processes) + memory, done: 0.0 }
    }

    fn seconds(subject: &Subject, options: &Options<'_>) -> f64 {
        let bytes = subject.parameters.byte_len();
        let scale = (bytes as f64 / 10e6).min(1.0);
        let budget = options.profile.budget(bytes).mul_f64(options.budget_share);
        let peer = match options.peer {
            Some(_) => PEER_SECONDS + PEER_SECONDS_A_MEGABYTE * bytes as f64 / 1e6,
            None => 0.0,
        };
        budget.as_secs_f64() + SET_UP_SECONDS * scale * options.formats.len() as f64 + peer
    }

    fn share(&self) -> f64 {
        (self.done / self.total.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
    }
}

fn measure_in_process(
    process: u32,
    subjects: &[Subject],
    options: &Options<'_>,
    dir: &Path,
    collected: &mut Collected,
    schedule: &mut Schedule,
) -> Result<(), BenchError> {
    let job = Job::Rounds(Rounds {
        dir: dir.to_owned(),
        models: subjects.iter().map(|subject| subject.record.clone()).collect(),
        formats: options.formats.iter().map(|f| f.descriptor().id.to_owned()).collect(),
        profile: options.profile,
        only: options.only.clone(),
        budget_share: options.budget_share,
        seed: options.seed.wrapping_add(u64::from(process)),
        verify: process == 0 || !collected.notes.is_empty(),
        sizes: process == 0,
        peer: options.peer.as_ref().map(|peer| peer.job.clone()),
    });
    let of = options.processes.unwrap_or(options.profile.processes());
    let mut current: Option<&Subject> = None;
    let result = converse(&options.helper, &job, options.stop, |event| {
        if let Event::Model { id } = &event {
            if let Some(finished) = current {
                schedule.done += Schedule::seconds(finished, options);
            }
            current = subjects.iter().find(|subject| subject.id() == id);
            let what = format!("process {} of {of}: {id}", process + 1);
            options.progress.update(schedule.share(), &what);
        }
        collected.take(event, process as usize);
    });
    if let Some(finished) = current {
        schedule.done += Schedule::seconds(finished, options);
    }
    match result {
        Err(BenchError::Worker(reason)) if !options.stop.load(Ordering::SeqCst) => {
            collected.notes.push(format!("measuring process {}: {reason}", process + 1));
            Ok(())
        }
        Err(BenchError::Worker(_)) => Ok(()),
        other => other,
    }
}

/// Starts a measuring process, hands it its job and each of its events to `take`.
pub(super) fn converse(
    helper: &Path,
    job: &Job,
    stop: &AtomicBool,
    mut take: impl FnMut(Event),
) -> Result<(), BenchError> {
    let mut child = Command::new(helper)
        .arg("helper")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| BenchError::io("cannot start", helper, error))?;
    let complaints = drain(&mut child);
    let json = serde_json::to_vec(job).map_err(|error| BenchError::Worker(error.to_string()))?;
    if let Some(mut input) = child.stdin.take() {
        // A child that died already is told of below, by the end of its events.
        let _ = input.write_all(&json);
    }
    let mut done = false;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if stop.load(Ordering::SeqCst) {
                let _ = child.kill();
                break;
            }
            match serde_json::from_str(&line) {
                Ok(Event::Done) => done = true,
                Ok(event) => take(event),
                // A line that was cut off by the child's death is the last one.
                Err(_) => break,
            }
        }
    }
    let status = child.wait().map_err(|error| BenchError::Worker(error.to_string()))?;
    let said = complaints.and_then(|thread| thread.join().ok()).unwrap_or_default();
    match done {
        true => Ok(()),
        false => Err(BenchError::Worker(format!("ended early ({status}) {}", said.trim()))),
    }
}

/// Reads what the child complains of, so that it never waits for us to read it.
fn drain(child: &mut Child) -> Option<std::thread::JoinHandle<String>> {
    let errors = child.stderr.take()?;
    Some(std::thread::spawn(move || {
        let mut text = String::new();
        // Sixteen kilobytes are enough to see what went wrong; the rest is read and dropped.
        let mut errors = BufReader::new(errors);
        let _ = errors.by_ref().take(16 << 10).read_to_string(&mut text);
        let _ = std::io::copy(&mut errors, &mut std::io::sink());
        text
    }))
}

/// The loads whose memory is measured.
const MEMORY_OPERATIONS: [Operation; 2] = [Operation::Decode, Operation::MapPredictOne];

fn memory_pass(
    subjects: &[Subject],
    options: &Options<'_>,
    dir: &Path,
    collected: &Collected,
    schedule: &mut Schedule,
) -> Vec<MemoryRow> {
    let mut rows = Vec::new();
    for subject in subjects {
        options.progress.update(schedule.share(), &format!("memory: {}", subject.id()));
        let cases: Vec<(&'static dyn Format, CaseId)> = options
            .formats
            .iter()
            .flat_map(|format| MEMORY_OPERATIONS.map(|operation| (*format, operation)))
            .map(|(format, operation)| {
                let format_id = format.descriptor().id.to_owned();
                let model = subject.id().to_owned();
                (format, CaseId { model, format: format_id, operation, pages: None })
            })
            .collect();
        // No time is taken here, so that every core may load.
        let (helper, stop) = (options.helper.as_path(), options.stop);
        rows.par_extend(cases.into_par_iter().map(|(format, case)| {
            let outcome = memory_of(&case, format, subject, helper, stop, dir, collected);
            MemoryRow { case, outcome }
        }));
        schedule.done += MEMORY_SECONDS * (options.formats.len() * MEMORY_OPERATIONS.len()) as f64;
    }
    rows
}

fn memory_of(
    case: &CaseId,
    format: &dyn Format,
    subject: &Subject,
    helper: &Path,
    stop: &AtomicBool,
    dir: &Path,
    collected: &Collected,
) -> MemoryOutcome {
    let unmeasured = |reason: String| MemoryOutcome::NotMeasured { reason };
    if stop.load(Ordering::SeqCst) {
        return unmeasured("the run was stopped before".to_owned());
    }
    let missing = super::cases::missing(format, subject.rows.is_some(), case.operation);
    if let Some(reason) = missing.or_else(|| collected.failed.get(case).cloned()) {
        return unmeasured(reason);
    }
    let job = Job::Memory(Box::new(MemoryJob {
        dir: dir.to_owned(),
        model: subject.record.clone(),
        case: case.clone(),
    }));
    let mut outcome = None;
    let result = converse(helper, &job, stop, |event| match event {
        Event::Memory { memory } => outcome = Some(MemoryOutcome::Measured(memory)),
        Event::Skipped { reason, .. } => outcome = Some(unmeasured(reason)),
        _ => {}
    });
    match (outcome, result) {
        (Some(outcome), _) => outcome,
        (None, Err(error)) => unmeasured(error.to_string()),
        (None, Ok(())) => unmeasured("the process reported nothing".to_owned()),
    }
}

/// The formats of ids, all of them when there are none.
///
/// # Errors
/// The first id that is not known.
pub fn formats(ids: &[String]) -> Result<Vec<&'static dyn Format>, String> {
    if ids.is_empty() {
        return Ok(registry::FORMATS.to_vec());
    }
    ids.iter().map(|id| registry::find(id).ok_or_else(|| id.clone())).collect()
}

/// How long a run will take, by its plan; training not included.
pub fn planned(subjects: &[Subject], options: &Options<'_>) -> Duration {
    let processes = options.processes.unwrap_or(options.profile.processes());
    Duration::from_secs_f64(Schedule::new(subjects, options, processes).total)
}
