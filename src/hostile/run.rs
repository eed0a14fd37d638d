//! The whole suite: every loader, several at a time, into one record.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::minimize::{Found, minimize};
use super::mutators::registry::MUTATORS;
use super::plan::Plan;
use super::reader::Reader;
use super::worker::{Event, Job, Work, class_of, signature};
use super::{BOUNDS, HostileError, evolution, readers, supervise};
use crate::base::digest;
use crate::base::hostility::{
    Class, Column, Finding, HOSTILITY_SCHEMA, HostilityRecord, LoaderRecord, MutatorRecord,
};

/// Mutants that one process loads before the next one is started.
const BATCH: u64 = 4000;
/// Deaths of processes after which a loader has shown what it does. Each costs a new process.
const DEATHS: u64 = 400;
/// Findings of one loader that are made small: at most so many of one class.
const FINDINGS_OF_A_CLASS: usize = 3;
/// Files up to this size stand in the record.
const KEPT_BYTES: usize = 4096;

/// What to do.
pub struct Options<'a> {
    /// This program.
    pub program: &'a Path,
    /// Only these formats; all when empty.
    pub formats: Vec<String>,
    /// Only these columns.
    pub columns: Vec<Column>,
    /// Mutants of each loader, at least; those that are listed are never left out.
    pub mutants: u64,
    /// What all random choices follow from.
    pub seed: u64,
    /// Whether findings are made small.
    pub minimize: bool,
    /// Whether types of two versions are read, too.
    pub evolution: bool,
    /// Loaders at a time.
    pub threads: usize,
    /// No loader goes on for longer.
    pub deadline: Option<Duration>,
    /// Ends it early when it becomes true.
    pub stop: Option<&'a AtomicBool>,
    /// Version of a crate, where it is known.
    pub version: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// Told as soon as a loader is done: how many are, of how many.
    pub done: &'a (dyn Fn(&LoaderRecord, usize, usize) + Sync),
}

/// Runs the suite.
///
/// # Errors
/// When a format is not known, a loader cannot write its own files, or a process cannot be run.
pub fn run(options: &Options<'_>, started: String) -> Result<HostilityRecord, HostileError> {
    let clock = Instant::now();
    supervise::check(options.program)?;
    let wanted = |reader: &&dyn Reader| {
        let named = options.formats.iter().any(|format| format == reader.format());
        (named || options.formats.is_empty()) && options.columns.contains(&reader.column())
    };
    let all = readers::all();
    let chosen: Vec<&dyn Reader> = all.iter().map(|reader| &**reader).filter(wanted).collect();
    if let Some(unknown) =
        options.formats.iter().find(|format| chosen.iter().all(|r| r.format() != format.as_str()))
    {
        return Err(HostileError::Unknown { format: unknown.clone(), column: "any".into() });
    }
    let (next, finished) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.threads.clamp(1, chosen.len().max(1)) {
            scope.spawn(|| {
                while let Some(reader) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = one(options, *reader, clock);
                    let done = finished.fetch_add(1, Ordering::Relaxed) + 1;
                    if let Ok(record) = &result {
                        (options.done)(record, done, chosen.len());
                    }
                    let mut results = results.lock().unwrap_or_else(|broken| broken.into_inner());
                    results.push((reader.column(), reader.format(), result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(|broken| broken.into_inner());
    let place = |column: Column, format: &str| {
        chosen.iter().position(|reader| reader.column() == column && reader.format() == format)
    };
    results.sort_by_key(|(column, format, _)| place(*column, format));
    let loaders: Result<Vec<_>, _> = results.into_iter().map(|(.., result)| result).collect();
    let evolution = match options.evolution {
        true => evolution::matrix(options.program, options.version)?,
        false => Vec::new(),
    };
    let mutator = |mutator: &&super::mutators::Mutator| MutatorRecord {
        id: mutator.id.to_owned(),
        title: mutator.title.to_owned(),
    };
    Ok(HostilityRecord {
        schema: HOSTILITY_SCHEMA.to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        elapsed_seconds: clock.elapsed().as_secs_f64(),
        seed: options.seed,
        bounds: BOUNDS,
        mutators: MUTATORS.iter().map(mutator).collect(),
        loaders: loaders?,
        evolution,
        not_run: None,
    })
}

/// The record of a suite that did not run.
pub fn not_run(reason: impl Into<String>, started: String) -> HostilityRecord {
    HostilityRecord {
        schema: HOSTILITY_SCHEMA.to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        elapsed_seconds: 0.0,
        seed: 0,
        bounds: BOUNDS,
        mutators: Vec::new(),
        loaders: Vec::new(),
        evolution: Vec::new(),
        not_run: Some(reason.into()),
    }
}

/// What was seen of a loader so far.
struct Tally<'a> {
    plan: &'a Plan,
    record: LoaderRecord,
    /// By class and what was said: the first event, and how many there were. What is silently wrong
    /// or too large is one story.
    stories: BTreeMap<(Class, String), (Event, u64)>,
}

fn one(
    options: &Options<'_>,
    reader: &dyn Reader,
    clock: Instant,
) -> Result<LoaderRecord, HostileError> {
    let begun = Instant::now();
    let plan = Plan::of(reader, options.seed)?;
    let implementation = reader.crate_name().map(|name| match (options.version)(name) {
        Some(version) => format!("{name} {version}"),
        None => name.to_owned(),
    });
    let record = LoaderRecord {
        format: reader.format().to_owned(),
        column: reader.column(),
        implementation,
        mutants: 0,
        elapsed_seconds: 0.0,
        counts: BTreeMap::new(),
        wrong_refused_by_validation: 0,
        by_mutator: BTreeMap::new(),
        findings: Vec::new(),
        stopped: None,
    };
    let mut tally = Tally { plan: &plan, record, stories: BTreeMap::new() };
    let (total, mut at, mut deaths) = (plan.count(options.mutants), 0, 0);
    while at < total {
        if let Some(reason) = interruption(options, clock, deaths) {
            tally.record.stopped = Some(format!("{reason}; {total} mutants were planned"));
            break;
        }
        let end = total.min(at + BATCH);
        let left =
            supervise::run(options.program, &job(options, reader, Work::Mutants(at, end, at)))?;
        deaths += u64::from(left.death.is_some());
        at = tally.count(at, end, left);
    }
    tally.record.elapsed_seconds = begun.elapsed().as_secs_f64();
    findings(options, reader, &mut tally)?;
    Ok(tally.record)
}

fn job(options: &Options<'_>, reader: &dyn Reader, work: Work) -> Job {
    Job { format: reader.format().to_owned(), column: reader.column(), seed: options.seed, work }
}

fn interruption(options: &Options<'_>, clock: Instant, deaths: u64) -> Option<String> {
    if options.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
        return Some("the run was stopped".into());
    }
    if options.deadline.is_some_and(|deadline| clock.elapsed() > deadline) {
        return Some("the time for the suite was over".into());
    }
    (deaths >= DEATHS)
        .then(|| format!("after {deaths} dead processes the loader has shown what it does"))
}

impl Tally<'_> {
    /// Adds what one process left; the number of the next mutant to load.
    fn count(&mut self, from: u64, end: u64, left: supervise::Left) -> u64 {
        let mut next = end;
        let mut codes: Vec<_> = left.classes.iter().map(|code| class_of(*code)).collect();
        // Where a slow mutant was loaded once more, the process ended early without having died.
        next = next.min(from + codes.len().max(1) as u64);
        if let Some((place, class, said)) = left.death {
            codes.truncate(place);
            codes.push(Some((class, false)));
            next = from + place as u64 + 1;
            let event = Event {
                mutant: from + place as u64,
                class,
                phase: "decode".into(),
                message: said,
                refused: false,
            };
            self.tell(event);
        }
        for (number, code) in (from..).zip(codes) {
            let Some((class, refused)) = code else { continue };
            self.record.mutants += 1;
            *self.record.counts.entry(class).or_default() += 1;
            self.record.wrong_refused_by_validation += u64::from(refused);
            if let Some(mutant) = self.plan.mutant(number) {
                let counts =
                    self.record.by_mutator.entry(mutant.mutator.id.to_owned()).or_default();
                *counts.entry(class).or_default() += 1;
            }
        }
        left.events.into_iter().for_each(|event| self.tell(event));
        next
    }

    fn tell(&mut self, event: Event) {
        let said = match event.class {
            Class::SilentWrong | Class::OverAllocation | Class::Abort => String::new(),
            _ => signature(&event.message),
        };
        let known = self.stories.entry((event.class, said)).or_insert_with(|| (event, 0));
        known.1 += 1;
    }
}

/// Makes a finding of each story, the file as small as it gets.
fn findings(
    options: &Options<'_>,
    reader: &dyn Reader,
    tally: &mut Tally<'_>,
) -> Result<(), HostileError> {
    let mut of_class: BTreeMap<Class, usize> = BTreeMap::new();
    let stories = std::mem::take(&mut tally.stories);
    let single: BTreeMap<Class, usize> =
        stories.keys().fold(BTreeMap::new(), |mut sum, (class, _)| {
            *sum.entry(*class).or_default() += 1;
            sum
        });
    for ((class, _), (event, told)) in stories {
        let count = of_class.entry(class).or_default();
        *count += 1;
        if *count > FINDINGS_OF_A_CLASS {
            continue;
        }
        let Some(mutant) = tally.plan.mutant(event.mutant) else { continue };
        let found = Found {
            format: reader.format(),
            column: reader.column(),
            seed: options.seed,
            mutant: event.mutant,
            class,
        };
        // What is only wrong is as small as it was changed: taking bytes out makes other changes.
        let small = class == Class::SilentWrong || !options.minimize;
        let (bytes, minimized) = match small {
            true => (mutant.bytes, false),
            false => minimize(options.program, &found, mutant.bytes)?,
        };
        // Processes tell a story a few times only; with one story the count of the class is its.
        let alone = single.get(&class) == Some(&1);
        tally.record.findings.push(Finding {
            class,
            phase: event.phase,
            mutator: mutant.mutator.id.to_owned(),
            mutant: event.mutant,
            message: event.message,
            occurrences: if alone { tally.record.count(class) } else { told },
            bytes: bytes.len() as u64,
            minimized,
            sha256: digest::sha256(&bytes),
            file: (bytes.len() <= KEPT_BYTES).then(|| STANDARD.encode(&bytes)),
            repeat: format!(
                "deadweight hostile --format {} --column {} --seed {} --mutant {}",
                reader.format(),
                reader.column().id(),
                options.seed,
                event.mutant
            ),
        });
    }
    tally.record.findings.sort_by_key(|finding| std::cmp::Reverse(finding.class));
    Ok(())
}

/// One mutant, made and loaded again.
pub struct Repeated {
    /// The mutator that makes it.
    pub mutator: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
    /// How it ended.
    pub class: Class,
    /// What was being done, where it is known.
    pub phase: String,
    /// What was said.
    pub message: String,
}

/// Makes and loads one mutant again.
///
/// # Errors
/// When there is no such loader or mutant, or the process cannot be run.
pub fn repeat(
    program: &Path,
    format: &str,
    column: Column,
    seed: u64,
    number: u64,
) -> Result<Repeated, HostileError> {
    let reader = readers::find(format, column)?;
    let plan = Plan::of(&*reader, seed)?;
    let mutant = plan
        .mutant(number)
        .ok_or(HostileError::NoMutant { mutant: number, mutants: plan.count(0) })?;
    let work = Work::Mutants(number, number + 1, number);
    let job = Job { format: format.to_owned(), column, seed, work };
    let left = supervise::run(program, &job)?;
    let mut repeated = Repeated {
        mutator: mutant.mutator.id,
        bytes: mutant.bytes,
        class: Class::CleanError,
        phase: "decode".into(),
        message: String::new(),
    };
    if let Some((class, _)) = left.classes.first().and_then(|code| class_of(*code)) {
        repeated.class = class;
    }
    if let Some(event) = left.events.into_iter().next() {
        (repeated.phase, repeated.message) = (event.phase, event.message);
    }
    if let Some((_, class, said)) = left.death {
        (repeated.class, repeated.message) = (class, said);
    }
    Ok(repeated)
}
