//! `demo`: loads every hostile file for real, in an aquarium and under the policy, and tells what
//! came of it.

use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};

use super::detonate::told;
use super::failure::{Advise, NotSupported};
use super::progress::Terminal;
use super::python::tell;
use super::sandbox_arguments::DemoArguments;
use super::table::{Table, printable, width, wrapped};
use super::twin::twin_story;
use super::{files, measure, outputs};
use crate::attacks::registry::ATTACKS;
use crate::attacks::{Attack, Loader, Target, Targets};
use crate::base::Limits;
use crate::base::detonation::EventKind;
use crate::base::trial::{DEMO_SCHEMA, DemoRecord, Trial, Verdict};
use crate::bench::plan::Profile;
use crate::bench::run::Progress;
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
    if let Some(directory) = &arguments.out {
        check(directory)?;
    }
    measure::listen_to_stop()?;
    let options = Options {
        helper: std::env::current_exe().context("cannot find this program's own file")?,
        python: python(&arguments.python),
        attacks: match (arguments.attacks.is_empty(), &arguments.carrier) {
            (true, None) => ATTACKS.to_vec(),
            _ => arguments.attacks.iter().map(|attack| attack.0).collect(),
        },
        every_loader: arguments.every_loader,
        without_namespaces: arguments.without_namespaces,
        stop: Some(measure::stop()),
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

/// Makes the directory, and fails early where somebody else's file is in the way.
fn check(directory: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory)
        .with_context(|| format!("cannot create the directory {}", directory.display()))
        .advise("name another directory with --out")?;
    super::report::check_file(&directory.join(RECORD))
}

/// Writes the record beside a report's.
///
/// # Errors
/// When the directory cannot be written.
pub fn write(record: &DemoRecord, directory: &Path) -> anyhow::Result<()> {
    check(directory)?;
    outputs::write(&directory.join(RECORD), &serde_json::to_vec(record)?)
}

/// Reads the record beside a report's; `None` where there is none. One that cannot be read is a
/// record that says so: it costs its section, not the report.
pub fn read(directory: &Path) -> Option<DemoRecord> {
    let path = directory.join(RECORD);
    let bytes = match fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        _ => files::read(&path, &Limits::default()),
    };
    let record = bytes.and_then(|bytes| -> anyhow::Result<DemoRecord> {
        let found: serde_json::Value = serde_json::from_slice(bytes.as_bytes())?;
        let schema = found.get("schema").and_then(|schema| schema.as_str()).unwrap_or("none");
        anyhow::ensure!(schema == DEMO_SCHEMA, "expected schema {DEMO_SCHEMA:?}, found {schema:?}");
        Ok(serde_json::from_value(found)?)
    });
    Some(record.unwrap_or_else(|error| {
        demo::not_run(format!("{RECORD} beside the report cannot be read: {error:#}"))
    }))
}

/// What a run of this profile tries: some that show what loading can do, or all.
fn attacks_of(profile: Profile) -> Vec<&'static Attack> {
    let every = profile != Profile::Quick;
    ATTACKS.iter().copied().filter(|attack| every || attack.quick).collect()
}

/// The attacks of a run, with a bar; a record with the reason where the system or Python cannot.
pub fn beside_a_benchmark(python: Result<&Path, String>, profile: Profile) -> DemoRecord {
    let missing = Support::of_this_system().missing;
    if !missing.is_empty() {
        return demo::not_run(missing.join("; "));
    }
    if measure::was_stopped() {
        return demo::not_run("the run was stopped before");
    }
    let ready = python.and_then(LoaderPython::ask);
    let helper = std::env::current_exe().map_err(|error| error.to_string());
    let (python, helper) = match (ready, helper) {
        (Ok(python), Ok(helper)) => (python, helper),
        (Err(reason), _) | (_, Err(reason)) => return demo::not_run(reason),
    };
    let options = Options {
        helper,
        python: Ok(python),
        attacks: attacks_of(profile),
        every_loader: false,
        without_namespaces: false,
        stop: Some(measure::stop()),
    };
    let terminal = Terminal::new();
    let (all, tried) = (options.plan().len().max(1), Cell::new(0));
    let mut begun = |attack: &Attack, _: Target| {
        terminal
            .update(tried.get() as f64 / all as f64, &format!("hostile file: {}", attack.title));
    };
    let mut done = |_: &Trial| tried.set(tried.get() + 1);
    let record = demo::run(&options, &mut begun, &mut done);
    terminal.finish();
    record.unwrap_or_else(|error| demo::not_run(format!("a trial cannot be prepared: {error}")))
}

/// Attempts of a trial that are told.
const TOLD: usize = 4;

fn story(trial: &Trial) -> String {
    let mut text = format!("{} ({}, {})\n", trial.title, trial.attack, trial.target);
    let mut line = |label: &str, words: &str| {
        text.push_str(&super::table::labelled(&format!("  {label}"), 14, words));
    };
    if trial.aquarium.is_some() {
        match &trial.verdict {
            Verdict::StoppedUnseen { reason } => line("let loose", &format!("not tried: {reason}")),
            _ => {
                let shown: Vec<String> = trial.seen().iter().map(|seen| printable(seen)).collect();
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
    format!("{}\n\n{}", table.text(), wrapped(&record.sentences().join(" "), 2).trim_end())
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

/// The attacks.
fn listing() -> String {
    let mut table = match width() < 90 {
        true => Table::new(&["id", "what it does"]),
        false => Table::new(&["id", "severity", "on", "what it does"]),
    };
    for attack in ATTACKS {
        let on = match attack.targets {
            Targets::Python(loaders) | Targets::PythonWith(loaders, _) => {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is planned for a profile, by the same options as a run has, and how many are left out.
    fn plan(profile: Profile) -> Vec<(&'static str, bool)> {
        let options = Options {
            helper: "deadweight".into(),
            python: Err("nothing is loaded here".into()),
            attacks: attacks_of(profile),
            every_loader: false,
            without_namespaces: false,
            stop: None,
        };
        let plan = options.plan().into_iter();
        plan.map(|(attack, _)| (attack.id, attack.is_executable())).collect()
    }

    #[test]
    fn a_quick_run_shows_six_attacks_and_every_other_run_shows_all() {
        let quick = plan(Profile::Quick);
        let ids: Vec<&str> = quick.iter().map(|(id, _)| *id).collect();
        assert_eq!(
            ids,
            [
                "os-system",
                "subprocess-popen",
                "rmtree",
                "exfiltrate-tcp",
                "memory-bomb",
                "atexit-payload"
            ]
        );
        assert!(quick.iter().all(|(_, executable)| *executable));
        for profile in [Profile::Standard, Profile::Thorough] {
            let all = plan(profile);
            for attack in ATTACKS {
                assert!(all.iter().any(|(id, _)| *id == attack.id), "{}", attack.id);
            }
            let loads = all.iter().filter(|(_, executable)| *executable).count();
            let executable = ATTACKS.iter().filter(|attack| attack.is_executable()).count();
            assert_eq!(loads, executable, "each for its first loader alone");
        }
    }
}
