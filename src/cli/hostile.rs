//! `hostile`: every loader against changed files and against files of other versions.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::args::FormatArgument;
use super::failure::{Advise, NotSupported, UsageError};
use super::progress::Terminal;
use super::table::{Table, printable, wrapped};
use super::{files, measure, outputs};
use crate::base::Limits;
use crate::base::hostility::{
    Class, Column, EvolutionRecord, HOSTILITY_SCHEMA, HostilityRecord, LoaderRecord, Reading,
};
use crate::bench::environment::crate_version;
use crate::bench::run::Progress;
use crate::hostile::run as suite;
use crate::hostile::run::{Options, Repeated, not_run, repeat};

/// The record's name below a report's directory.
pub const RECORD: &str = "hostile.json";
/// The folder of the findings' files below it.
const FINDINGS: &str = "hostile";
/// Mutants of each loader beside a benchmark, where those that are listed are not more already.
const BESIDE: u64 = 1000;
/// The longest that the suite takes beside a benchmark.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(60);

/// Arguments of `hostile`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit code 1 when a loader of deadweight panicked, aborted, overflowed its stack, hung or took too \
                  much memory, or a sealed file was read wrong; what other crates do as their documentation shows \
                  them is only told."
)]
pub struct HostileArguments {
    /// Only loaders of this format; repeat for more (default: all)
    #[arg(long = "format", value_name = "ID", value_parser = super::args::format)]
    pub formats: Vec<FormatArgument>,
    /// Only these loaders; repeat for more (default: all; with --mutant: guarded)
    #[arg(long = "column", value_enum, value_name = "COLUMN")]
    pub columns: Vec<ColumnName>,
    /// Mutants of each loader, at least; truncations and hand-made files are never left out
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub mutants: u64,
    /// Seed of all random choices
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Make and load this mutant of one loader again, and tell what came of it
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["evolution", "json"])]
    pub mutant: Option<u64>,
    /// Only read files of other versions
    #[arg(long)]
    pub evolution: bool,
    /// Leave findings as large as they were found
    #[arg(long)]
    pub no_minimize: bool,
    /// Loaders at a time (default: one for each processor)
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Write the record and the findings' files to this directory
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print the record as JSON instead of tables
    #[arg(long)]
    pub json: bool,
}

/// Names of [`Column`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColumnName {
    /// The crate as its documentation shows it
    Documented,
    /// The loader of deadweight
    Guarded,
    /// The same behind a checksum
    Sealed,
}

impl From<ColumnName> for Column {
    fn from(name: ColumnName) -> Column {
        match name {
            ColumnName::Documented => Column::Documented,
            ColumnName::Guarded => Column::Guarded,
            ColumnName::Sealed => Column::Sealed,
        }
    }
}

/// Runs the suite, tells, and fails when a loader of ours broke a promise.
pub fn run(arguments: &HostileArguments) -> anyhow::Result<()> {
    if !cfg!(unix) {
        let what =
            "changed files are loaded in processes under limits, which this system does not have";
        return Err(NotSupported(what.into()).into());
    }
    if let Some(number) = arguments.mutant {
        return again(arguments, number);
    }
    if let Some(directory) = &arguments.out {
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot create the directory {}", directory.display()))
            .advise("name another directory with --out")?;
        super::report::check_file(&directory.join(RECORD))?;
    }
    let program = this_program()?;
    let terminal = Terminal::new();
    let done = |record: &LoaderRecord, done: usize, all: usize| {
        let who = format!("changed files: {} ({})", record.format, record.column.id());
        terminal.update(done as f64 / all.max(1) as f64, &who);
    };
    let formats = arguments.formats.iter().map(|format| format.0.descriptor().id.to_owned());
    let options = Options {
        program: &program,
        formats: formats.collect(),
        columns: match (arguments.evolution, arguments.columns.is_empty()) {
            (true, _) => Vec::new(),
            (_, true) => Column::ALL.to_vec(),
            _ => arguments.columns.iter().map(|column| (*column).into()).collect(),
        },
        mutants: arguments.mutants,
        seed: arguments.seed,
        minimize: !arguments.no_minimize,
        evolution: arguments.formats.is_empty() && arguments.columns.is_empty(),
        threads: arguments.threads.unwrap_or_else(processors),
        deadline: None,
        stop: None,
        version: &crate_version,
        done: &done,
    };
    let record = suite::run(&options, now());
    terminal.finish();
    let record = record.context("the suite could not do its work")?;
    if let Some(directory) = &arguments.out {
        write(&record, directory)?;
        write_findings(&record, directory)?;
    }
    match arguments.json {
        true => writeln!(anstream::stdout(), "{}", serde_json::to_string_pretty(&record)?)?,
        false => writeln!(anstream::stdout(), "{}", text(&record))?,
    }
    match record.is_kept() {
        true => Ok(()),
        false => bail!("a loader of deadweight broke a promise; the table says which"),
    }
}

fn this_program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("cannot find this program's own file")
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The suite beside a benchmark, with a bar; a record with the reason where it cannot run.
pub fn beside_a_benchmark(seed: u64) -> HostilityRecord {
    if measure::was_stopped() {
        return not_run("the run was stopped before", now());
    }
    let program = match this_program() {
        Ok(program) if cfg!(unix) => program,
        Ok(_) => return not_run("this system has no limits for a process", now()),
        Err(error) => return not_run(format!("{error:#}"), now()),
    };
    let terminal = Terminal::new();
    let done = |record: &LoaderRecord, done: usize, all: usize| {
        terminal
            .update(done as f64 / all.max(1) as f64, &format!("changed files: {}", record.format));
    };
    let options = Options {
        program: &program,
        formats: Vec::new(),
        columns: Column::ALL.to_vec(),
        mutants: BESIDE,
        seed,
        minimize: true,
        evolution: true,
        threads: processors(),
        deadline: Some(LONGEST),
        stop: Some(measure::stop()),
        version: &crate_version,
        done: &done,
    };
    let record = suite::run(&options, now());
    terminal.finish();
    record.unwrap_or_else(|error| not_run(error.to_string(), now()))
}

/// Writes the record beside a report's.
///
/// # Errors
/// When the directory cannot be written.
pub fn write(record: &HostilityRecord, directory: &Path) -> anyhow::Result<()> {
    outputs::write(&directory.join(RECORD), &serde_json::to_vec(record)?)
}

/// Reads the record beside a report's; `None` where there is none. One that cannot be read is a
/// record that says so: it costs its section, not the report.
pub fn read(directory: &Path) -> Option<HostilityRecord> {
    let path = directory.join(RECORD);
    if matches!(fs::metadata(&path), Err(error) if error.kind() == std::io::ErrorKind::NotFound) {
        return None;
    }
    let read = || -> anyhow::Result<HostilityRecord> {
        let bytes = files::read(&path, &Limits::default())?;
        let found: serde_json::Value = serde_json::from_slice(bytes.as_bytes())?;
        let schema = found.get("schema").and_then(|schema| schema.as_str()).unwrap_or("none");
        anyhow::ensure!(
            schema == HOSTILITY_SCHEMA,
            "expected schema {HOSTILITY_SCHEMA:?}, found {schema:?}"
        );
        Ok(serde_json::from_value(found)?)
    };
    Some(read().unwrap_or_else(|error| {
        not_run(format!("{RECORD} beside the report cannot be read: {error:#}"), now())
    }))
}

/// Writes the files of the findings that stand in the record.
fn write_findings(record: &HostilityRecord, directory: &Path) -> anyhow::Result<()> {
    use base64::Engine;
    let folder = directory.join(FINDINGS);
    fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create the directory {}", folder.display()))?;
    for loader in &record.loaders {
        for finding in &loader.findings {
            let Some(file) = &finding.file else { continue };
            let bytes = base64::engine::general_purpose::STANDARD.decode(file)?;
            let name = format!(
                "{}-{}-{}-{}.bin",
                loader.format,
                loader.column.id(),
                finding.class.id(),
                finding.mutant
            );
            fs::write(folder.join(&name), bytes).with_context(|| format!("cannot write {name}"))?;
        }
    }
    Ok(())
}

/// Makes and loads one mutant again.
fn again(arguments: &HostileArguments, number: u64) -> anyhow::Result<()> {
    let [format] = arguments.formats.as_slice() else {
        return Err(UsageError("--mutant needs one --format".into()).into());
    };
    let column = match arguments.columns.as_slice() {
        [] => Column::Guarded,
        [column] => (*column).into(),
        _ => return Err(UsageError("--mutant needs one --column".into()).into()),
    };
    let id = format.0.descriptor().id;
    let Repeated { mutator, bytes, class, phase, message } =
        repeat(&this_program()?, id, column, arguments.seed, number)?;
    let mut table =
        Table::new(&["mutant", "made by", "bytes", "ended in", "while", "what was said"]);
    table.row(vec![
        number.to_string(),
        mutator.to_owned(),
        bytes.len().to_string(),
        class.title().to_owned(),
        phase,
        printable(&message),
    ]);
    writeln!(anstream::stdout(), "{}", table.text())?;
    if let Some(directory) = &arguments.out {
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot create the directory {}", directory.display()))?;
        let path = directory.join(format!("{id}-{}-{number}.bin", column.id()));
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        super::print_line(&path.display().to_string())?;
    }
    Ok(())
}

/// The tables and the totals.
fn text(record: &HostilityRecord) -> String {
    let mut parts = Vec::new();
    for column in Column::ALL {
        let loaders: Vec<_> = record.loaders.iter().filter(|l| l.column == column).collect();
        if !loaders.is_empty() {
            parts.push(format!("{}\n{}", heading(column), loaders_table(&loaders)));
        }
    }
    let findings = findings(record);
    if !findings.is_empty() {
        parts.push(format!("Smallest files\n{findings}"));
    }
    if !record.evolution.is_empty() {
        parts.push(format!("Files of other versions\n{}", evolution_table(&record.evolution)));
    }
    parts.push(wrapped(&record.sentences().join(" "), 2).trim_end().to_owned());
    parts.join("\n\n")
}

fn heading(column: Column) -> &'static str {
    match column {
        Column::Documented => "Crates as their documentation shows them",
        Column::Guarded => "Loaders of deadweight",
        Column::Sealed => "Loaders of deadweight behind a checksum",
    }
}

fn loaders_table(loaders: &[&LoaderRecord]) -> String {
    let there = |class: &Class| loaders.iter().any(|loader| loader.count(*class) > 0);
    let classes: Vec<Class> = Class::ALL.into_iter().filter(there).collect();
    let mut head = vec!["format", "mutants"];
    head.extend(classes.iter().map(|class| class.title()));
    let mut table = Table::new(&head);
    for loader in loaders {
        let mut row = vec![loader.format.clone(), loader.mutants.to_string()];
        row.extend(classes.iter().map(|class| loader.count(*class).to_string()));
        table.row(row);
    }
    table.text()
}

fn findings(record: &HostilityRecord) -> String {
    let mut lines = Vec::new();
    for loader in &record.loaders {
        for finding in loader.findings.iter().filter(|f| f.class >= Class::ContainedPanic) {
            lines.push(format!(
                "  {} ({}): {}, {} times, {} bytes by {}: {}\n    {}",
                loader.format,
                loader.column.id(),
                finding.class.title(),
                finding.occurrences,
                finding.bytes,
                finding.mutator,
                printable(&finding.message),
                finding.repeat
            ));
        }
    }
    lines.join("\n")
}

fn evolution_table(rows: &[EvolutionRecord]) -> String {
    let mut table = Table::new(&["codec", "change", "old reads new", "new reads old"]);
    let word = |reading: &Reading| match reading {
        Reading::Right => "right".to_owned(),
        Reading::Default => "default".to_owned(),
        Reading::Error { .. } => "error".to_owned(),
        Reading::SilentWrong { example } => format!("SILENT WRONG: {}", printable(example)),
        Reading::Panic { .. } => "PANIC".to_owned(),
        Reading::Death { message } => format!("DEATH: {}", printable(message)),
    };
    for row in rows {
        table.row(vec![
            row.codec.clone(),
            row.change.title().to_owned(),
            word(&row.old_reads_new),
            word(&row.new_reads_old),
        ]);
    }
    table.text()
}
