//! `demo`: loads every hostile file for real, in an aquarium and under the policy, and tells what
//! came of it.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};

use super::detonate::told;
use super::failure::NotSupported;
use super::files;
use super::python::tell;
use super::sandbox_arguments::DemoArguments;
use super::table::{Table, printable, width, wrapped};
use super::twin::twin_story;
use crate::attacks::registry::ATTACKS;
use crate::attacks::{Attack, Loader, Target, Targets};
use crate::base::Limits;
use crate::base::detonation::{Effect, EventKind};
use crate::base::trial::{DemoRecord, Trial, Verdict};
use crate::demo::{self, LoaderPython, Options};
use crate::peers::provision::home;
use crate::peers::python::{Choice, find};
use crate::sandbox::Support;

/// The record's name below a report's directory.
pub const RECORD: &str = "demo.json";

/// Tries the attacks, tells, and fails when anything was not as it must be.
pub fn run(arguments: &DemoArguments) -> anyhow::Result<()> {
    if arguments.list {
        return Ok(writeln!(anstream::stdout(), "{}", listing())?);
    }
    let missing = Support::of_this_system().missing;
    if !missing.is_empty() {
        return Err(NotSupported(format!("nothing was loaded: {}", missing.join("; "))).into());
    }
    let options = Options {
        helper: std::env::current_exe().context("cannot find this program's own file")?,
        python: python(&arguments.python),
        attacks: match (arguments.attacks.is_empty(), &arguments.carrier) {
            (true, None) => ATTACKS.to_vec(),
            _ => arguments.attacks.iter().map(|attack| attack.0).collect(),
        },
        every_loader: arguments.every_loader,
        without_namespaces: arguments.without_namespaces,
    };
    if let Err(reason) = &options.python {
        anstream::eprintln!(
            "{}",
            wrapped(&format!("Python's files are not loaded: {reason}"), 2).trim_end()
        );
    }
    let mut record = try_all(&options, !arguments.json)?;
    if let Some(path) = &arguments.carrier {
        let file = files::read(path, &Limits::default())?;
        let twin = demo::twin::run(&options, path, &file);
        let twin = twin.with_context(|| format!("no twin of {}", path.display()))?;
        if !arguments.json {
            anstream::stdout().write_all(twin_story(&twin).as_bytes())?;
        }
        record.twin = Some(twin);
    }
    if let Some(directory) = &arguments.out {
        write(&record, directory)?;
    }
    match arguments.json {
        true => writeln!(anstream::stdout(), "{}", serde_json::to_string_pretty(&record)?)?,
        false if record.trials.is_empty() => {}
        false => writeln!(anstream::stdout(), "{}", summary(&record))?,
    }
    match record.is_complete() {
        true => Ok(()),
        false => bail!("not every attack was stopped and seen as it must be"),
    }
}

/// An interpreter with the packages that the files need, made if there is none; else any.
pub fn python(choice: &Choice) -> Result<LoaderPython, String> {
    match choice {
        Choice::Off => Err("--python off says so".to_owned()),
        Choice::Path(path) => super::detonate::python(&Choice::Path(path.clone())),
        Choice::Auto | Choice::Ready => match find(choice, &home(), &tell) {
            Ok(python) => LoaderPython::ask(&python.executable),
            Err(_) => LoaderPython::of_search_path(),
        },
    }
}

/// Tries the attacks; each is told as soon as it is known, where that is wanted.
///
/// # Errors
/// When no private directory can be made.
pub fn try_all(options: &Options, tell: bool) -> anyhow::Result<DemoRecord> {
    let mut begun = |_: &Attack, _: Target| {};
    let mut lost = None;
    let mut done = |trial: &Trial| {
        // A story of data that was refused twenty times is told once, by the table.
        if tell && (trial.executable || trial.verdict.is_failure()) {
            let written = anstream::stdout().write_all(story(trial).as_bytes());
            lost = lost.take().or(written.err());
        }
    };
    let record = demo::run(options, &mut begun, &mut done).context("cannot prepare a trial")?;
    lost.map_or(Ok(record), |error| Err(error.into()))
}

/// Writes the record beside a report's.
///
/// # Errors
/// When the directory cannot be written.
pub fn write(record: &DemoRecord, directory: &Path) -> anyhow::Result<()> {
    let path = directory.join(RECORD);
    fs::create_dir_all(directory)
        .and_then(|()| fs::write(&path, serde_json::to_vec_pretty(record)?))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Attempts of a trial that are told.
const TOLD: usize = 4;

fn story(trial: &Trial) -> String {
    let mut text = format!("{} ({}, {})\n", trial.title, trial.attack, trial.target);
    let mut line = |label: &str, words: &str| {
        text.push_str(&super::table::labelled(&format!("  {label}"), 14, words));
    };
    if let Some(aquarium) = &trial.aquarium {
        match &trial.verdict {
            Verdict::StoppedUnseen { reason } => line("let loose", &format!("not tried: {reason}")),
            _ => {
                let effects: Vec<String> = aquarium.effects.iter().map(effect).collect();
                let shown = match effects.is_empty() {
                    true => trial
                        .signs
                        .iter()
                        .filter(|sign| sign.seen)
                        .map(|s| s.what.clone())
                        .collect(),
                    false => effects,
                };
                line("let loose", &shown.join("; "));
            }
        }
    }
    if let Some(policy) = &trial.policy {
        let important = |kind: EventKind| !matches!(kind, EventKind::Probe | EventKind::Thread);
        let events: Vec<_> = policy.armed().filter(|event| important(event.kind)).collect();
        for (at, event) in events.iter().take(TOLD).enumerate() {
            line(if at == 0 { "stopped" } else { "" }, &told(event));
        }
        if events.len() > TOLD {
            line("", &format!("and {} more", events.len() - TOLD));
        }
    }
    match &trial.verdict {
        Verdict::Failed { problems } => {
            for problem in problems {
                line("WRONG", &printable(problem));
            }
        }
        Verdict::NotRun { reason } => line("not tried", reason),
        _ => {}
    }
    text
}

/// What became of a planted thing, in words.
pub fn effect(effect: &Effect) -> String {
    let name = |path: &str| {
        let parts = path.split_once("/scene/").map(|(_, inside)| inside);
        printable(parts.unwrap_or(path))
    };
    match effect {
        Effect::Created { path } => format!("{} was made", name(path)),
        Effect::Changed { path } => format!("{} was changed", name(path)),
        Effect::Deleted { path } => format!("{} was deleted", name(path)),
        Effect::Received { listener, data } => {
            let short: String = data.chars().take(60).collect();
            format!("\"{}\" arrived by {listener}", printable(&short))
        }
    }
}

/// The table and the totals.
pub fn summary(record: &DemoRecord) -> String {
    let narrow = width() < 90;
    let mut table = match narrow {
        true => Table::new(&["attack", "on", "came of it"]),
        false => Table::new(&["attack", "severity", "on", "attempts", "came of it"]),
    };
    for (first, group) in grouped(&record.trials) {
        let targets: Vec<&str> = group.iter().map(|trial| trial.target.as_str()).collect();
        let on = match targets.len() {
            0..4 => targets.join(", "),
            count => format!("{count} formats"),
        };
        let attempts: u64 =
            group.iter().filter_map(|trial| trial.policy.as_ref()).map(|p| p.armed_events).sum();
        let came = came(&first.verdict);
        table.row(match narrow {
            true => vec![first.attack.clone(), on, came],
            false => {
                vec![first.attack.clone(), first.severity.clone(), on, attempts.to_string(), came]
            }
        });
    }
    format!("{}\n\n{}", table.text(), wrapped(&totals(record), 2).trim_end())
}

/// Trials of one attack with one verdict are one row.
fn grouped(trials: &[Trial]) -> Vec<(&Trial, Vec<&Trial>)> {
    let mut groups: Vec<(&Trial, Vec<&Trial>)> = Vec::new();
    for trial in trials {
        match groups.last_mut() {
            Some((first, group))
                if first.attack == trial.attack
                    && !trial.executable
                    && first.verdict.id() == trial.verdict.id()
                    && !trial.verdict.is_failure() =>
            {
                group.push(trial);
            }
            _ => groups.push((trial, vec![trial])),
        }
    }
    groups
}

fn came(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Stopped => "seen let loose, stopped under the policy".into(),
        Verdict::StoppedUnseen { .. } => "stopped under the policy".into(),
        Verdict::Refused { .. } => "refused with an error".into(),
        Verdict::Inert => "stays data".into(),
        Verdict::Failed { .. } => "WRONG".into(),
        Verdict::NotRun { reason } => format!("not tried: {}", printable(reason)),
    }
}

fn totals(record: &DemoRecord) -> String {
    let count =
        |wanted: &dyn Fn(&Trial) -> bool| record.trials.iter().filter(|t| wanted(t)).count();
    let executable = count(&|trial| trial.executable);
    let stopped = count(&|t| matches!(t.verdict, Verdict::Stopped | Verdict::StoppedUnseen { .. }));
    let loose = count(&|t| matches!(t.verdict, Verdict::Stopped));
    let data = count(&|trial| !trial.executable);
    let quiet = count(&|t| matches!(t.verdict, Verdict::Refused { .. } | Verdict::Inert));
    let wrong = count(&|t| t.verdict.is_failure());
    let untried = count(&|t| matches!(t.verdict, Verdict::NotRun { .. }));
    let mut parts = Vec::new();
    if executable > 0 {
        parts.push(format!(
            "Of {executable} files that Python's loaders run, {loose} did their harm where it was \
             let loose, and {stopped} were stopped under the policy, the planted files untouched"
        ));
    }
    if data > 0 {
        parts.push(format!(
            "Of {data} files for data-only loaders {quiet} were refused or stayed data, without one attempt"
        ));
    }
    if wrong > 0 {
        parts.push(format!("{wrong} went WRONG"));
    }
    if untried > 0 {
        parts.push(format!("{untried} could not be tried"));
    }
    format!("{}.", parts.join(". "))
}

/// The attacks.
fn listing() -> String {
    let mut table = match width() < 90 {
        true => Table::new(&["id", "what it does"]),
        false => Table::new(&["id", "severity", "on", "what it does"]),
    };
    for attack in ATTACKS {
        let on = match attack.targets {
            Targets::Python(loaders) => {
                loaders.iter().copied().map(Loader::id).collect::<Vec<_>>().join(", ")
            }
            Targets::Formats(formats) => formats.join(", "),
            Targets::EveryFormat => "every data-only format".into(),
        };
        table.row(match width() < 90 {
            true => vec![attack.id.into(), attack.title.into()],
            false => vec![attack.id.into(), attack.severity.id().into(), on, attack.title.into()],
        });
    }
    table.text()
}
