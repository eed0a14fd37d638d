//! `run`: the main job. Train once, measure every format, write the report, say what to use.

use std::time::Duration;

use anyhow::Context;

use super::args::RunArguments;
use super::measure::{self, Measure};
use super::python::{self, Search};
use super::table::{printable, wrapped};
use super::{comparison, demo, hostile as changed, report, tutorial};
use crate::base::record::{BenchRecord, PythonRecord, TutorialRecord};
use crate::base::trial::DemoRecord;
use crate::bench::plan::Profile;
use crate::bench::subject::Subject;
use crate::formats::registry::FORMATS;
use crate::models::recipes::Size;
use crate::payloads::Payload;
use crate::payloads::registry::PAYLOADS;
use crate::peers::recipes::{TUTORIAL, of_profile};
use crate::report::verdict::verdicts;
use crate::versus::Side;

/// The model of the first comparison: the tutorials' forest.
const FIRST: &str = "random_forest_classifier-s";

/// The payloads of a standard run: a message, numbers that are much alike, and whole numbers.
const TELLING: [&str; 3] = ["message", "trained-weights", "sorted-integers"];

/// A search for Python that ends within this time keeps nobody waiting: the tutorial comes first.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Does the main job.
pub fn run(arguments: &RunArguments) -> anyhow::Result<()> {
    report::check(&arguments.out)?;
    measure::listen()?;
    let search = Search::begin(&arguments.python);
    let profile: Profile = arguments.profile.into();
    let mut measure = everything(arguments);
    let mut subjects = Vec::new();
    let mut side = search.wait(AT_ONCE)?;
    let mut tutorial = match &mut side {
        Some(side) => tutorial_first(side, &mut measure, &mut subjects)?,
        None => None,
    };
    let (small, large, left_out) = wanted(profile)?;
    subjects.extend(measure::trained(&small, false)?);
    if tutorial.is_none() && side.as_ref().is_some_and(|side| side.python().is_none()) {
        // The first comparison comes before the large models are trained: it is there in seconds.
        first(&measure, &subjects)?;
    }
    if !measure::was_stopped() {
        subjects.extend(measure::trained(&large, false)?);
    }
    let mut side = match side {
        Some(side) => side,
        // An environment is being made, and everything else is done.
        None => {
            search.wait(Duration::MAX)?.context("the search for Python ended without a word")?
        }
    };
    if tutorial.is_none() && !measure::was_stopped() {
        tutorial = tutorial_first(&mut side, &mut measure, &mut subjects)?;
    }
    if !measure::was_stopped() {
        // The tutorial's is there already.
        let others = of_profile(profile.id()).filter(|recipe| recipe.id != TUTORIAL);
        subjects.extend(python::estimators(&mut side, others));
        subjects.extend(measure::payloads(&payloads(profile))?);
    }
    measure.peer = side.peer();
    let mut record = measure.all(&subjects)?;
    side.describe(&mut record);
    if left_out > 0 {
        record.notes.push(format!(
            "of the large models, profile {} measures the forest; --profile thorough measures {left_out} more",
            profile.id()
        ));
    }
    if let Some(subject) = subjects.iter().find(|subject| subject.id() == TUTORIAL) {
        let programs = side.programs(subject)?;
        record.programs = measure::programs(&programs, profile, arguments.seed)?;
    }
    record.tutorial = tutorial;
    match python::compatibility(&side) {
        Ok(compatibility) => record.compatibility = Some(compatibility),
        Err(error) => record.notes.push(format!("other versions were not measured: {error}")),
    }
    let sentences = hostile_files(&side, &record, profile, arguments)?;
    let page = report::write(&arguments.out, &record, None)?;
    summary(&record);
    for sentence in sentences {
        anstream::eprintln!("{}", wrapped(&sentence, 4).trim_end());
    }
    anstream::eprint!("\nReport: ");
    super::print_line(&page.display().to_string())?;
    next_steps();
    measure::stopped_is_failure()
}

/// Every format, and every one of them on the forests; in all but a thorough run on the small ones, because
/// thirty encodings of ten megabytes would take the time of all rounds.
fn everything(arguments: &RunArguments) -> Measure {
    let forests = measure::WHOLE.into_iter();
    let is_thorough = Profile::from(arguments.profile) == Profile::Thorough;
    let forests = forests.filter(|id| is_thorough || *id == FIRST).chain([TUTORIAL]);
    Measure {
        profile: arguments.profile.into(),
        seed: arguments.seed,
        formats: FORMATS.to_vec(),
        peer: None,
        whole: forests.map(str::to_owned).collect(),
        injected: None,
    }
}

/// The models of ours that a profile measures: the small ones, the large ones, and how many of these
/// it leaves out.
fn wanted(profile: Profile) -> anyhow::Result<(Vec<measure::Wanted>, Vec<measure::Wanted>, usize)> {
    let mut wanted = measure::wanted(&[], None)?;
    if profile == Profile::Thorough {
        wanted.extend(measure::wanted(&[], Some(Size::L))?);
    }
    let (small, mut large): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|(_, size)| *size == Size::S);
    let all = large.len();
    large.retain(|(recipe, _)| profile == Profile::Thorough || FIRST.starts_with(recipe.id));
    let left_out = all - large.len();
    Ok((small, large, left_out))
}

/// The payloads that take part. A first answer is about models; a standard run adds those that differ
/// most from them.
fn payloads(profile: Profile) -> Vec<&'static Payload> {
    let all = PAYLOADS.iter().copied();
    match profile {
        Profile::Quick => Vec::new(),
        Profile::Standard => all.filter(|payload| TELLING.contains(&payload.id)).collect(),
        Profile::Thorough => all.collect(),
    }
}

/// The tutorial and its first comparison, from one process. What Python cannot do is said, and costs
/// the tutorial, not the run.
fn tutorial_first(
    side: &mut Side,
    measure: &mut Measure,
    subjects: &mut Vec<Subject>,
) -> anyhow::Result<Option<TutorialRecord>> {
    let (subject, record) = match side.tutorial() {
        Ok(Some(done)) => done,
        Ok(None) => return Ok(None),
        Err(error) => {
            anstream::eprintln!("note: no tutorial: {}", printable(&format!("{error:#}")));
            return Ok(None);
        }
    };
    let version = side.python().and_then(|python| python.packages.get("scikit-learn").cloned());
    anstream::eprintln!("\n{}\n", tutorial::story(&record, &version.unwrap_or_default()));
    measure.peer = side.peer();
    let measured = measure.first(&subject)?;
    anstream::eprintln!("{}\n", tutorial::table(&measured, &record));
    subjects.push(subject);
    Ok(Some(record))
}

fn first(measure: &Measure, subjects: &[Subject]) -> anyhow::Result<()> {
    let Some(subject) = subjects.iter().find(|subject| subject.id() == FIRST) else {
        return Ok(());
    };
    let record = measure.first(subject)?;
    anstream::eprintln!("\nA first comparison, from one process:");
    anstream::eprintln!("{}\n", comparison::text(&record, &subject.record));
    Ok(())
}

/// Hostile files and, but for a quick run, which has no time for them, changed ones: each leaves a
/// record beside the report. What came of them, in sentences.
fn hostile_files(
    side: &Side,
    record: &BenchRecord,
    profile: Profile,
    arguments: &RunArguments,
) -> anyhow::Result<Vec<String>> {
    let hostile = hostile(side, record, profile);
    demo::write(&hostile, &arguments.out)?;
    let mut sentences = hostile.sentences();
    if profile != Profile::Quick {
        let changed = changed::beside_a_benchmark(arguments.seed);
        changed::write(&changed, &arguments.out)?;
        sentences.extend(changed.sentences());
    }
    Ok(sentences)
}

/// Really loads hostile files: six that show what loading can do, or all. What cannot be done costs
/// the section of the report, with its reason.
fn hostile(side: &Side, record: &BenchRecord, profile: Profile) -> DemoRecord {
    let python = match (side.python(), &record.python) {
        (Some(python), _) => Ok(python.executable.as_path()),
        (None, Some(PythonRecord::NotMeasured { reason })) => Err(reason.clone()),
        (None, _) => Err("no Python took part in the run".to_owned()),
    };
    demo::beside_a_benchmark(python, profile)
}

fn summary(record: &BenchRecord) {
    let largest = record.models.iter().max_by_key(|model| model.array_bytes);
    if let Some(model) = largest {
        anstream::eprintln!("\n{}\n", comparison::text(record, model));
    }
    for sentence in verdicts(record).sentences() {
        anstream::eprintln!("{}", wrapped(&sentence, 4).trim_end());
    }
    for note in &record.notes {
        anstream::eprintln!("note: {}", printable(note));
    }
}

fn next_steps() {
    // Cargo tells its children of itself; others have the program by its name.
    let program = match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(_) => "cargo run --release --",
        None => "deadweight",
    };
    anstream::eprintln!("\nTry next:");
    for (arguments, what) in [
        ("bench MODEL-FILE", "the same for a model of yours"),
        ("run --profile standard", "more operations, tighter intervals"),
        ("formats", "what is known against each format"),
        ("demo", "hostile files, really loaded: what they do, and how they are stopped"),
    ] {
        anstream::eprintln!(" {program} {arguments}\n     {what}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_run_is_about_models_a_standard_one_adds_three_payloads_a_thorough_one_all() {
        assert_eq!(payloads(Profile::Quick).len(), 0);
        let standard = payloads(Profile::Standard);
        assert_eq!(standard.iter().map(|payload| payload.id).collect::<Vec<_>>(), TELLING);
        assert_eq!(payloads(Profile::Thorough).len(), PAYLOADS.len());
    }
}
