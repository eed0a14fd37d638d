//! What `run`, `train` and `bench` share: subjects, Ctrl-C, and a run over the subjects.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, anyhow};

use super::args::BenchArguments;
use super::failure::{Advise, UsageError};
use super::progress::{Terminal, spoken};
use super::{files, table};
use crate::base::case::Operation;
use crate::base::record::{BenchRecord, ModelRecord, ProgramRow};
use crate::base::{Parameters, units};
use crate::bench::instructions;
use crate::bench::plan::{HUGE_BYTES, Profile};
use crate::bench::programs::Program;
use crate::bench::protocol::Injected;
use crate::bench::run::{Options, Peer, Progress};
use crate::bench::subject::{Subject, generated};
use crate::bench::trained::{self, Provenance};
use crate::formats::Format;
use crate::models::recipes::{RECIPES, Recipe, Size};
use crate::models::registry::from_parameters;
use crate::payloads::{self, Payload};

/// Set by Ctrl-C while there is something to keep.
static STOP: AtomicBool = AtomicBool::new(false);
/// True once measuring began.
static MEASURING: AtomicBool = AtomicBool::new(false);

/// Makes Ctrl-C end the measuring cleanly, and the process at once before or at the second time.
pub fn listen() -> anyhow::Result<()> {
    let handle = || {
        if !MEASURING.load(Ordering::SeqCst) || STOP.swap(true, Ordering::SeqCst) {
            anstream::eprintln!("\nstopped: nothing was written");
            std::process::exit(1);
        }
        anstream::eprintln!("\nstopping; what was measured is kept (Ctrl-C again to drop it)");
    };
    ctrlc::set_handler(handle).context("cannot listen for Ctrl-C")
}

/// A model and a size of it.
pub type Wanted = (&'static Recipe, Size);

/// Makes Ctrl-C set [`stop`], so that what is going on ends and cleans up; the second time ends the process.
pub fn listen_to_stop() -> anyhow::Result<()> {
    MEASURING.store(true, Ordering::SeqCst);
    listen()
}

/// The models that were asked for, all when none was, small ones first.
///
/// # Errors
/// When a model that was named has no such size.
pub fn wanted(models: &[&'static Recipe], size: Option<Size>) -> anyhow::Result<Vec<Wanted>> {
    let sizes = size.map_or(vec![Size::S, Size::M], |size| vec![size]);
    let lacks = |recipe: &&&Recipe| size.is_some_and(|size| !recipe.sizes.contains(&size));
    if let (Some(size), Some(recipe)) = (size, models.iter().find(lacks)) {
        let has: Vec<&str> = recipe.sizes.iter().map(|size| size.id()).collect();
        let error = format!("{} has no size {}; it has {}", recipe.id, size.id(), has.join(", "));
        return Err(anyhow!(UsageError(error)));
    }
    let chosen =
        |recipe: &Recipe| models.is_empty() || models.iter().any(|model| model.id == recipe.id);
    let mut wanted = Vec::new();
    for size in sizes {
        let of_size = RECIPES.iter().filter(|r| chosen(r) && r.sizes.contains(&size));
        wanted.extend(of_size.map(|recipe| (recipe, size)));
    }
    match wanted.is_empty() {
        true => Err(anyhow!(UsageError("no model has this size".to_owned()))),
        false => Ok(wanted),
    }
}

/// Takes models from the cache or trains them, and says which it was.
///
/// # Errors
/// When training fails or the cache cannot be written.
pub fn trained(wanted: &[Wanted], force: bool) -> anyhow::Result<Vec<Subject>> {
    let cache = trained::default_directory();
    let mut subjects = Vec::new();
    let (mut newly, mut nanos) = (0usize, 0);
    for (recipe, size) in wanted {
        let id = trained::id(recipe, *size);
        let progress = Terminal::new();
        let told = |share: f64| progress.update(share, &format!("training {id}"));
        let (subject, provenance) = trained::obtain(recipe, *size, &cache, force, &told)
            .with_context(|| format!("cannot train {id}"))
            .advise(format!("the cache is {}; DEADWEIGHT_CACHE names another", cache.display()))?;
        progress.finish();
        if let Provenance::Retrained(damage) = &provenance {
            anstream::eprintln!(
                "warning: the cache entry is damaged and was replaced: {}",
                table::printable(damage)
            );
        }
        if provenance != Provenance::Cached {
            newly += 1;
            nanos += subject.record.training_nanos.unwrap_or(0);
            anstream::eprintln!("{}", sentence(&subject.record));
        }
        subjects.push(subject);
    }
    let models = |count: usize| format!("{count} model{}", if count == 1 { "" } else { "s" });
    let (cached, place) = (subjects.len() - newly, cache.display());
    match (newly, cached) {
        (0, _) => anstream::eprintln!("nothing was trained: {} from {place}", models(cached)),
        (_, 0) => anstream::eprintln!(
            "trained {} in {}; kept in {place}",
            models(newly),
            units::duration(nanos as f64)
        ),
        _ => anstream::eprintln!("trained {}, took {cached} from {place}", models(newly)),
    }
    Ok(subjects)
}

fn sentence(record: &ModelRecord) -> String {
    let took = record.training_nanos.map_or(String::new(), |n| units::duration(n as f64));
    let metric = record.metric.as_ref().map(|m| format!("{} {:.3}", m.name, m.value));
    let bytes = units::bytes(record.array_bytes);
    format!(" trained {:<36} {:<15} {bytes:>8}  {took}", record.id, metric.unwrap_or_default())
}

/// A file as a subject: a model, or a table. Its id is the file's name without what a path could
/// not bear.
///
/// # Errors
/// When the file cannot be read.
pub fn of_file(
    path: &Path,
    arguments: &BenchArguments,
    taken: &[Subject],
) -> anyhow::Result<Subject> {
    let file = files::load_data(path, &arguments.pickle, arguments.header.into())?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let stem: String = stem.unwrap_or_default().chars().take(60).map(plain).collect();
    let is_taken = |id: &String| taken.iter().any(|subject| subject.id() == id);
    let mut id = stem.clone();
    for number in 2.. {
        if !is_taken(&id) {
            break;
        }
        id = format!("{stem}-{number}");
    }
    let (rows, data) = rows_of(&file, path, arguments.seed);
    // Two files of one name are told apart by their paths.
    let name = match id == stem {
        true => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy(),
        false => path.to_string_lossy(),
    };
    let title = format!("{name} ({})", file.format);
    Ok(subject(id, title, data, file.parameters, rows))
}

/// The rows that a file's model predicts, if it is one, and what the record says of its data.
fn rows_of(
    file: &files::DataFile,
    path: &Path,
    seed: u64,
) -> (Option<ndarray::Array2<f64>>, String) {
    let path = path.display();
    if let Some(words) = &file.words {
        for word in words {
            anstream::eprintln!("{path}: {}", table::printable(word));
        }
        let words: Vec<&str> =
            ["measured as arrays"].into_iter().chain(words.iter().map(String::as_str)).collect();
        anstream::eprintln!("{path}: measured as arrays, without predictions");
        return (None, words.join("; "));
    }
    match rows_for(&file.parameters, seed) {
        Ok(rows) => {
            (Some(rows), "the rows to predict are standard normal, from the seed".to_owned())
        }
        Err(reason) => {
            anstream::eprintln!(
                "{path}: measured as arrays, without predictions: {}",
                table::printable(&reason.to_string())
            );
            (None, format!("measured as arrays: {reason}"))
        }
    }
}

/// Built-in payloads as subjects.
///
/// # Errors
/// When memory cannot be had.
pub fn payloads(payloads: &[&Payload]) -> anyhow::Result<Vec<Subject>> {
    let subject = |payload: &&Payload| {
        let parameters = payload.make(payloads::SEED)?;
        let data = format!("{}; seed {}", payload.why, payloads::SEED);
        Ok(subject(payload.id.to_owned(), payload.title.to_owned(), data, parameters, None))
    };
    payloads.iter().map(subject).collect()
}

/// Parameters that were not trained here, as a subject.
fn subject(
    id: String,
    title: String,
    data: String,
    parameters: Parameters,
    rows: Option<ndarray::Array2<f64>>,
) -> Subject {
    let record = ModelRecord {
        id,
        title,
        kind: parameters.kind().to_owned(),
        size: None,
        data,
        hyper_parameters: Default::default(),
        metric: None,
        array_bytes: parameters.byte_len() as u64,
        array_count: parameters.arrays().len() as u64,
        content: parameters.content().id().to_owned(),
        training_nanos: None,
        from_cache: false,
        checksum: format!("{:016x}", parameters.checksum()),
    };
    Subject { record, parameters, rows }
}

/// Rows for a model, when the parameters make one that predicts them.
fn rows_for(parameters: &Parameters, seed: u64) -> anyhow::Result<ndarray::Array2<f64>> {
    let model = from_parameters(parameters)?;
    let rows = generated(model.n_features(), seed);
    model.predict(rows.view().into())?;
    Ok(rows)
}

/// What to measure beside the subjects.
pub struct Measure {
    /// How thorough.
    pub profile: Profile,
    /// Seed of orders and intervals.
    pub seed: u64,
    /// The formats.
    pub formats: Vec<&'static dyn Format>,
    /// The other program that takes part, if one does.
    pub peer: Option<Peer>,
    /// Models on which a quick run measures every format; all when empty.
    pub whole: Vec<String>,
    /// A format that is slowed down on purpose.
    pub injected: Option<Injected>,
}

/// The models on which a quick run measures every format, when nobody names one: the forest in the
/// sizes that people meet.
pub const WHOLE: [&str; 2] = ["random_forest_classifier-s", "random_forest_classifier-m"];

impl Measure {
    /// Everything that the profile plans.
    ///
    /// # Errors
    /// When the measuring processes cannot be started.
    pub fn all(&self, subjects: &[Subject]) -> anyhow::Result<BenchRecord> {
        let terminal = Terminal::new();
        let mut options = self.options(&terminal)?;
        options.limit = Some(self.profile.limit());
        options.twins = self.twins(subjects);
        let planned = crate::bench::run::planned(subjects, &options).as_secs();
        anstream::eprintln!(
            "{}",
            table::wrapped(
                &format!(
                    "measuring {} format{}{} on {} model{} in {} fresh processes, about {} (Ctrl-C ends it and keeps what was measured)",
                    options.formats.len(),
                    if options.formats.len() == 1 { "" } else { "s" },
                    match &options.peer {
                        Some(peer) => format!(" and up to {} of Python", peer.formats.len()),
                        None => String::new(),
                    },
                    subjects.len(),
                    if subjects.len() == 1 { "" } else { "s" },
                    self.profile.processes(),
                    spoken(planned)
                ),
                0
            )
            .trim()
        );
        let mut record = measure(subjects, &options, &terminal)?;
        let counted = subjects.iter().find(|subject| subject.id() == instructions::MODEL);
        if let (Some(subject), true) = (counted, self.profile != Profile::Quick) {
            anstream::eprintln!("counting instructions of some formats on {}", subject.id());
            let (formats, helper) = (&options.formats, &options.helper);
            record.instructions = instructions::count(subject, formats, helper, &STOP)?;
        }
        Ok(record)
    }

    /// One short process over a few operations: a first answer while the long run goes on.
    ///
    /// # Errors
    /// As [`Measure::all`].
    pub fn first(&self, subject: &Subject) -> anyhow::Result<BenchRecord> {
        let terminal = Terminal::new();
        let only = vec![
            Operation::Encode,
            Operation::Decode,
            Operation::DecodeReady,
            Operation::DecodePredictOne,
            Operation::ViewPredictOne,
        ];
        let (processes, budget_share) = (Some(1), 0.5);
        let (memory, whole) = (false, Vec::new());
        let options =
            Options { only, processes, budget_share, memory, whole, ..self.options(&terminal)? };
        measure(std::slice::from_ref(subject), &options, &terminal)
    }

    /// The models whose cases have twins: small enough to cost little, and a large one where there is
    /// time.
    fn twins(&self, subjects: &[Subject]) -> Vec<String> {
        let is_whole = |subject: &&Subject| {
            self.whole.is_empty() || self.whole.iter().any(|w| w == subject.id())
        };
        let mut candidates: Vec<&Subject> = subjects
            .iter()
            .filter(is_whole)
            .filter(|subject| subject.parameters.byte_len() < HUGE_BYTES)
            .collect();
        candidates.sort_by_key(|subject| subject.parameters.byte_len());
        let largest = candidates.last().filter(|_| self.profile != Profile::Quick);
        let mut ids: Vec<String> =
            candidates.first().into_iter().chain(largest).map(|s| s.id().to_owned()).collect();
        ids.dedup();
        ids
    }

    fn options<'a>(&self, terminal: &'a Terminal) -> anyhow::Result<Options<'a>> {
        let helper = std::env::current_exe().context("cannot find this program's own file")?;
        Ok(Options {
            profile: self.profile,
            seed: self.seed,
            formats: self.formats.clone(),
            only: Vec::new(),
            processes: None,
            whole: self.whole.clone(),
            twins: Vec::new(),
            injected: self.injected.clone(),
            budget_share: 1.0,
            limit: None,
            memory: true,
            peer: self.peer.clone(),
            helper,
            progress: terminal,
            stop: &STOP,
        })
    }
}

fn measure(
    subjects: &[Subject],
    options: &Options<'_>,
    terminal: &Terminal,
) -> anyhow::Result<BenchRecord> {
    MEASURING.store(true, Ordering::SeqCst);
    let record = crate::bench::run::run(subjects, options);
    terminal.finish();
    Ok(record?)
}

/// Whole programs, a few times each.
///
/// # Errors
/// When this program's own file cannot be found.
pub fn programs(
    programs: &[Program],
    profile: Profile,
    seed: u64,
) -> anyhow::Result<Vec<ProgramRow>> {
    let helper = std::env::current_exe().context("cannot find this program's own file")?;
    let rounds = match profile {
        Profile::Quick => 3,
        Profile::Standard => 11,
        Profile::Thorough => 25,
    };
    Ok(crate::bench::programs::run(programs, rounds, seed, &helper, &STOP))
}

/// The exit code of a run that was stopped is that of a job which was not done.
///
/// # Errors
/// When Ctrl-C ended the measuring.
pub fn stopped_is_failure() -> anyhow::Result<()> {
    match was_stopped() {
        true => Err(anyhow!("the run was stopped before its end"))
            .advise("what was measured until then is in the record and the report"),
        false => Ok(()),
    }
}

/// Set when Ctrl-C ended the measuring.
pub fn stop() -> &'static AtomicBool {
    &STOP
}

/// True when Ctrl-C ended the measuring.
pub fn was_stopped() -> bool {
    STOP.load(Ordering::SeqCst)
}
