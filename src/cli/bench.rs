//! `bench`: measures formats on trained models or on files that users bring.

use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;

use super::args::{BenchArguments, ModelArgument};
use super::failure::{Advise, Slower, UsageError};
use super::measure::{self, Measure};
use super::python::{self, Search};
use super::{baseline, comparison, criterion, report};
use crate::base::record::BenchRecord;
use crate::bench::subject::Subject;
use crate::formats::Format;
use crate::formats::registry::FORMATS;
use crate::models::recipes::Recipe;
use crate::peers::python::Choice;
use crate::peers::recipes::PeerRecipe;
use crate::report::comparison::{Baseline, Named};
use crate::report::verdict::verdicts;
use crate::versus::Side;

/// Measures, prints, keeps, compares.
pub fn run(arguments: &BenchArguments) -> anyhow::Result<()> {
    if let Some(directory) = &arguments.out {
        report::check(directory)?;
    }
    // Read now: a directory that is missing should not cost the measuring.
    let criterion = arguments.criterion.as_deref().map(criterion::read).transpose()?;
    let old = arguments.baseline.as_deref().map(baseline::load).transpose()?;
    measure::listen()?;
    let (ours, estimators) = named(&arguments.models);
    if let (Some(first), Choice::Off) = (estimators.first(), &arguments.python) {
        return no_python(first);
    }
    let mut subjects = subjects(arguments, &ours, &estimators)?;
    let chosen: Vec<&'static dyn Format> = arguments.formats.iter().map(|f| f.0).collect();
    let formats = if chosen.is_empty() { FORMATS.to_vec() } else { chosen };
    let mut side = match arguments.python {
        Choice::Off => None,
        ref choice => Search::begin(choice).wait(Duration::MAX)?,
    };
    if let Some(first) = estimators.first() {
        let Some(side) = side.as_mut().filter(|side| side.python().is_some()) else {
            return no_python(first);
        };
        subjects.extend(python::estimators(side, estimators));
        anyhow::ensure!(!subjects.is_empty(), "no model is left to measure on");
    }
    let peer = side.as_ref().and_then(Side::peer);
    // Whoever names what to measure gets all of it.
    let is_named = !arguments.files.is_empty()
        || !arguments.models.is_empty()
        || !arguments.payloads.is_empty()
        || !arguments.formats.is_empty();
    let whole = if is_named { Vec::new() } else { measure::WHOLE.map(str::to_owned).into() };
    let injected = arguments.inject.clone();
    let (profile, seed) = (arguments.profile.into(), arguments.seed);
    let measure = Measure { profile, seed, formats, peer, whole, injected };
    let mut record = measure.all(&subjects)?;
    if let Some(side) = &side {
        side.describe(&mut record);
    }
    record.criterion = criterion;
    print(&record, arguments.json)?;
    let old = arguments.baseline.as_deref().zip(old.as_ref());
    let old = old.map(|(name, record)| Named { name, record });
    if let Some(directory) = &arguments.out {
        write(directory, &record, old)?;
    }
    if let Some(name) = &arguments.save_baseline {
        baseline::save(name, &record)?;
    }
    let mut slower = Vec::new();
    if let Some(Named { name, record: old }) = old {
        let comparison = baseline::compare(&record, old, name)?;
        let changes = baseline::text(&comparison, &record, old, name);
        match arguments.json {
            true => anstream::eprintln!("{changes}"),
            false => super::print_line(&format!("\n{changes}"))?,
        }
        slower = baseline::slower(&comparison);
    }
    measure::stopped_is_failure()?;
    match slower.is_empty() || !arguments.fail_on_slower {
        true => Ok(()),
        false => Err(anyhow!(Slower(slower.join(", ")))),
    }
}

/// The report, and what changed since the baseline.
fn write(directory: &Path, record: &BenchRecord, old: Option<Named<'_>>) -> anyhow::Result<()> {
    let changes = old.map(|old| report::changes(old.record, record));
    let baseline = old.zip(changes.as_ref()).map(|(old, changes)| {
        let changes = changes.as_ref().map_err(String::as_str);
        Baseline { old, changes }
    });
    let page = report::write(directory, record, baseline)?;
    anstream::eprintln!("report: {}", page.display());
    if let Some(old) = old {
        let page = report::write_comparison(directory, old, Named { name: "this run", record })?;
        anstream::eprintln!("comparison: {}", page.display());
    }
    Ok(())
}

fn no_python(recipe: &PeerRecipe) -> anyhow::Result<()> {
    let error = format!("{} is trained by scikit-learn, and there is no Python", recipe.id);
    Err(anyhow!(UsageError(error)))
        .advise("--python auto, or the path of an interpreter that has it")
}

/// Models of ours, and those of scikit-learn's, each once.
fn named(models: &[ModelArgument]) -> (Vec<&'static Recipe>, Vec<&'static PeerRecipe>) {
    let (mut ours, mut estimators) = (Vec::new(), Vec::<&PeerRecipe>::new());
    for model in models {
        match model {
            ModelArgument::Ours(recipe) => ours.push(*recipe),
            ModelArgument::Estimator(recipe) if estimators.iter().any(|e| e.id == recipe.id) => {}
            ModelArgument::Estimator(recipe) => estimators.push(*recipe),
        }
    }
    (ours, estimators)
}

/// What is measured, but for the estimators.
fn subjects(
    arguments: &BenchArguments,
    ours: &[&'static Recipe],
    estimators: &[&'static PeerRecipe],
) -> anyhow::Result<Vec<Subject>> {
    let mut subjects = Vec::new();
    let others = !arguments.files.is_empty() || !arguments.payloads.is_empty();
    if !ours.is_empty() || (!others && estimators.is_empty()) {
        let wanted = measure::wanted(ours, arguments.size)?;
        subjects.extend(measure::trained(&wanted, false)?);
    }
    subjects.extend(measure::payloads(&arguments.payloads)?);
    if let (Some(option), 2..) = (arguments.pickle.given(), arguments.files.len()) {
        let error = UsageError(format!("{option} is for one file, there are several"));
        return Err(anyhow!(error)).advise("measure that file alone");
    }
    for file in &arguments.files {
        let subject = measure::of_file(file, arguments, &subjects)?;
        subjects.push(subject);
    }
    Ok(subjects)
}

fn print(record: &BenchRecord, json: bool) -> anyhow::Result<()> {
    if json {
        return Ok(super::print_line(&serde_json::to_string(record)?)?);
    }
    for model in &record.models {
        super::print_line(&format!("\n{}", comparison::text(record, model)))?;
    }
    super::print_line("")?;
    for sentence in verdicts(record).sentences() {
        super::print_line(super::table::wrapped(&sentence, 4).trim_end())?;
    }
    if let Some(sentence) = criterion::sentence(record) {
        super::print_line(super::table::wrapped(&sentence, 4).trim_end())?;
    }
    for note in &record.notes {
        anstream::eprintln!("note: {}", super::table::printable(note));
    }
    Ok(())
}
