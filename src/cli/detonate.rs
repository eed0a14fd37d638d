//! `detonate`: loads a file for real, under supervision, and tells what it tried.

use std::io::Write;

use anyhow::Context;

use super::failure::{Advise, NotSupported};
use super::files;
use super::sandbox_arguments::DetonateArguments;
use super::table::{labelled, printable, wrapped};
use crate::attacks::Loader;
use crate::base::detonation::{Detonation, Event, Mode, Outcome};
use crate::base::{Limits as InputLimits, units};
use crate::demo::identify::{Way, way};
use crate::demo::{LoaderPython, trial};
use crate::peers::provision::home;
use crate::peers::python::{Choice, find};
use crate::sandbox::{self, Limits, Request, Support};

/// Attempts that are told in full.
const TOLD: usize = 60;

/// Loads the file and tells the story.
pub fn run(arguments: &DetonateArguments) -> anyhow::Result<()> {
    let detonation = detonate(arguments)?;
    match arguments.json {
        true => {
            writeln!(anstream::stdout(), "{}", serde_json::to_string_pretty(&detonation)?)?;
        }
        false => anstream::stdout().write_all(story(&detonation).as_bytes())?,
    }
    if detonation.outcome != Outcome::NotRun {
        return Ok(());
    }
    let reason = detonation.reason.unwrap_or_default();
    match Support::of_this_system().missing.is_empty() {
        true => Err(anyhow::anyhow!("nothing was loaded: {reason}")),
        false => Err(NotSupported(format!("nothing was loaded: {reason}")).into()),
    }
}

fn detonate(arguments: &DetonateArguments) -> anyhow::Result<Detonation> {
    let name = arguments.file.display().to_string();
    let missing = Support::of_this_system().missing;
    if !missing.is_empty() {
        let reason = missing.join("; ");
        return Ok(Detonation::not_run(&name, Mode::Policy, "none", reason));
    }
    let helper = std::env::current_exe().context("cannot find this program's own file")?;
    let way = match arguments.loader {
        Some(loader) => Way::Python(loader.into(), modules(arguments)),
        None => way(&files::read(&arguments.file, &InputLimits::default())?),
    };
    let limits = Limits {
        wall_millis: arguments.timeout * 1000,
        cpu_seconds: arguments.cpu,
        address_bytes: arguments.memory << 20,
        processes: arguments.processes,
        listed: arguments.list,
    };
    let request = match way {
        Way::Python(loader, modules) => python_request(arguments, loader, &modules)?,
        Way::Format(id) => trial::decode_request(&helper, arguments.file.clone(), id),
        Way::Unknown => {
            return Err(anyhow::anyhow!("{name} is of no format that is known to be loaded"))
                .advise("name the loader: --loader pickle, joblib, numpy or torch-zip");
        }
    };
    let request = Request { limits, without_namespaces: arguments.without_namespaces, ..request };
    Ok(sandbox::detonate(&helper, &request))
}

/// What the file needs, where it can be read without running it.
fn modules(arguments: &DetonateArguments) -> Vec<String> {
    let file = files::read(&arguments.file, &InputLimits::default());
    match file.map(|file| way(&file)) {
        Ok(Way::Python(_, modules)) => modules,
        _ => Vec::new(),
    }
}

fn python_request(
    arguments: &DetonateArguments,
    loader: Loader,
    modules: &[String],
) -> anyhow::Result<Request> {
    let python = python(&arguments.python)
        .map_err(anyhow::Error::msg)
        .context("no Python that could load the file")
        .advise("name one with --python PATH; `deadweight run` makes one that has joblib and scikit-learn")?;
    if let Some(problem) = python.lacks(loader) {
        return Err(anyhow::anyhow!("{problem}"))
            .advise("name a Python that has it with --python PATH; `deadweight run` makes one");
    }
    Ok(Request {
        path: arguments.file.clone(),
        mode: Mode::Policy,
        loader: format!("{}, {}", loader_name(loader), python.interpreter.version),
        program: python.interpreter.program(loader.id(), modules, &[]),
        limits: Limits::default(),
        planted: None,
        without_namespaces: false,
        ablation: None,
    })
}

fn loader_name(loader: Loader) -> &'static str {
    match loader {
        Loader::Pickle => "pickle.load",
        Loader::Joblib => "joblib.load",
        Loader::Numpy => "numpy.load(allow_pickle=True)",
        Loader::TorchZip => "data.pkl of the archive, as torch.load does it",
    }
}

/// An interpreter that is ready: one with the packages where there is one, else any.
pub fn python(choice: &Choice) -> Result<LoaderPython, String> {
    let ready = match choice {
        Choice::Off => return Err("--python off says so".to_owned()),
        // Any interpreter loads pickles; it need not have the packages that are measured.
        Choice::Path(path) => {
            let path = std::path::absolute(path).map_err(|error| error.to_string())?;
            return LoaderPython::ask(&path);
        }
        Choice::Auto | Choice::Ready => find(&Choice::Ready, &home(), &|_| ()),
    };
    match ready {
        Ok(python) => LoaderPython::ask(&python.executable),
        Err(_) => LoaderPython::of_search_path(),
    }
}

/// What happened, for people.
pub fn story(detonation: &Detonation) -> String {
    let mut text = format!(
        "{}\n",
        wrapped(&format!("{}, loaded by {}", printable(&detonation.path), detonation.loader), 2)
            .trim_end()
    );
    let layers = detonation
        .layers
        .iter()
        .map(|(name, strength)| format!("{name} {}", format!("{strength:?}").to_lowercase()));
    let layers: Vec<String> = layers.collect();
    if !layers.is_empty() {
        text.push_str(&labelled("in force", 10, &layers.join(", ")));
    }
    for note in &detonation.notes {
        text.push_str(&labelled("", 10, note));
    }
    let reason = detonation.reason.as_ref().map(|reason| format!(": {}", printable(reason)));
    let outcome = format!("{}{}", detonation.outcome.id(), reason.unwrap_or_default());
    text.push_str(&labelled("outcome", 10, &outcome));
    if let Some(bytes) = detonation.peak_resident_bytes {
        let millis = detonation.elapsed_micros.unwrap_or(0) / 1000;
        text.push_str(&labelled(
            "used",
            10,
            &format!("{} of memory, {millis} ms", units::bytes(bytes)),
        ));
    }
    if detonation.outcome == Outcome::NotRun {
        return text;
    }
    text.push_str(&labelled("attempts", 10, &count(detonation)));
    for (at, event) in detonation.armed().take(TOLD).enumerate() {
        text.push_str(&labelled(&format!("{:>8}", at + 1), 10, &told(event)));
    }
    let left = detonation.armed().count().saturating_sub(TOLD);
    if left > 0 {
        text.push_str(&labelled("", 10, &format!("and {left} more, which --json lists")));
    }
    for (kind, count) in &detonation.omitted {
        text.push_str(&labelled(
            "",
            10,
            &format!("and {count} of {} that are not listed", kind.id()),
        ));
    }
    text
}

fn count(detonation: &Detonation) -> String {
    match detonation.armed_events {
        0 => "none: after loading began it did nothing but load".into(),
        1 => "1 after loading began".into(),
        count => format!("{count} after loading began"),
    }
}

/// One attempt and what became of it.
pub fn told(event: &Event) -> String {
    let times = event.times.map(|times| format!(" ({times} times)")).unwrap_or_default();
    format!(
        "{}: {}{times}: {}",
        event.kind.id(),
        printable(&event.to_string()),
        printable(&event.became())
    )
}
