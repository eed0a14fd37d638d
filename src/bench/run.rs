//! One run: fresh processes that measure, one after the other, and the record of what they saw.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::collected::Collected;
use super::plan::Profile;
use super::protocol::{Event, Injected, Job, PeerJob, Rounds};
use super::schedule::Schedule;
use super::subject::{self, Subject};
use super::{
    BenchError, allocator, environment, file_io, memory_pass, peers, power, rows, trained,
};
use crate::base::case::Operation;
use crate::base::record::{BENCH_SCHEMA, BenchRecord, FormatRecord};
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
    /// Models on which a quick run measures every format, and not only the core; all when empty.
    pub whole: Vec<String>,
    /// Models on which the measuring itself is checked by twins.
    pub twins: Vec<String>,
    /// A format that is slowed down on purpose.
    pub injected: Option<Injected>,
    /// Share of the profile's time budget.
    pub budget_share: f64,
    /// The most time for everything; rounds get less where the profile's would be more.
    pub limit: Option<Duration>,
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

impl Options<'_> {
    /// How many processes measure.
    pub(super) fn process_count(&self) -> u32 {
        self.processes.unwrap_or(self.profile.processes())
    }

    /// True when every profile measures every format on a model.
    pub(super) fn is_whole(&self, model: &str) -> bool {
        self.whole.is_empty() || self.whole.iter().any(|id| id == model)
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
    let private = file_io::private_directory(&trained::default_directory())?;
    for subject in subjects {
        subject::write(subject, private.path(), subject.id())?;
        if let Some(peer) = &options.peer {
            let has_estimator = peer.job.estimators.contains_key(subject.id());
            peers::write(subject, private.path(), has_estimator)?;
        }
    }
    let processes = options.process_count();
    let mut collected = Collected::default();
    let mut schedule = Schedule::new(subjects, options);
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
        true => memory_pass::run(subjects, options, private.path(), &collected, &mut schedule),
        false => Vec::new(),
    };
    memory.append(&mut collected.peer_memory);
    collected.notes.extend(schedule.note());
    collected.notes.extend(allocator::note(collected.without_huge_pages));
    collected.notes.extend(options.injected.as_ref().map(Injected::sentence));
    let stopped = options.stop.load(Ordering::SeqCst);
    let interrupted = stopped.then(|| STOPPED.to_owned());
    let formats = described(options);
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
        noise: environment::noise(&collected, load_before),
        power: power::check(&collected),
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
        criterion: None,
        instructions: Vec::new(),
    })
}

/// What the record says of the formats, ours first.
fn described(options: &Options<'_>) -> Vec<FormatRecord> {
    let ours = options.formats.iter();
    let ours = ours.map(|format| format.descriptor().record(environment::crate_version));
    let theirs = options.peer.iter().flat_map(|peer| peer.formats.iter().cloned());
    ours.chain(theirs).collect()
}

/// What the record of a run says that its user ended.
const STOPPED: &str = "stopped by the user; the rows hold what was measured until then";

fn measure_in_process(
    process: u32,
    subjects: &[Subject],
    options: &Options<'_>,
    dir: &Path,
    collected: &mut Collected,
    schedule: &mut Schedule,
) -> Result<(), BenchError> {
    let before = (collected.set_up_nanos, collected.budget_nanos);
    let share = schedule.next_share(process);
    let job = Job::Rounds(Box::new(Rounds {
        dir: dir.to_owned(),
        models: subjects.iter().map(|subject| subject.record.clone()).collect(),
        formats: options.formats.iter().map(|f| f.descriptor().id.to_owned()).collect(),
        profile: options.profile,
        only: options.only.clone(),
        budget_share: options.budget_share * share,
        seed: options.seed.wrapping_add(u64::from(process)),
        verify: process == 0 || !collected.notes.is_empty(),
        whole: subjects
            .iter()
            .map(|subject| subject.id().to_owned())
            .filter(|id| options.is_whole(id))
            .collect(),
        twins: options.twins.clone(),
        known: collected.known(),
        injected: options.injected.clone(),
        is_full: schedule.is_full(process),
        sizes: process == 0,
        peer: options.peer.as_ref().map(|peer| peer.job.clone()),
    }));
    let of = options.process_count();
    let mut current: Option<&Subject> = None;
    let result = converse(&options.helper, &job, options.stop, |event| {
        if let Event::Model { id } = &event {
            if let Some(finished) = current {
                schedule.model_done(finished, options);
            }
            current = subjects.iter().find(|subject| subject.id() == id);
            let what = format!("process {} of {of}: {id}", process + 1);
            options.progress.update(schedule.share(), &what);
        }
        collected.take(event, process as usize);
    });
    if let Some(finished) = current {
        schedule.model_done(finished, options);
    }
    let seconds = |now: u64, before: u64| now.saturating_sub(before) as f64 / 1e9;
    let set_up = seconds(collected.set_up_nanos, before.0);
    let budgets = seconds(collected.budget_nanos, before.1) * options.budget_share;
    schedule.took(process, set_up, budgets);
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
        .envs(environment_of(job).iter().copied())
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

/// What a process gets beside the environment of this one. Whole programs and the memory of a load are
/// measured as they run elsewhere.
fn environment_of(job: &Job) -> &'static [(&'static str, &'static str)] {
    match job {
        Job::Rounds(_) => &allocator::SETTINGS,
        _ => &[],
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
    Schedule::new(subjects, options).planned()
}
