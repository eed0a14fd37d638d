//! `run`: the main job. Train once, measure every format, write the report, say what to use.

use super::args::RunArguments;
use super::measure::{self, Measure};
use super::table::{printable, wrapped};
use super::{comparison, report};
use crate::base::record::BenchRecord;
use crate::bench::subject::Subject;
use crate::formats::registry::FORMATS;
use crate::report::verdict::verdicts;

/// The model of the first comparison: the tutorials' forest.
const FIRST: &str = "random_forest_classifier-s";

/// Does the main job.
pub fn run(arguments: &RunArguments) -> anyhow::Result<()> {
    report::check(&arguments.out)?;
    measure::listen()?;
    let wanted = measure::wanted(&[], None)?;
    // The first comparison comes before the large models are trained: it is there in seconds.
    let (small, large): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|(_, size)| *size == crate::models::recipes::Size::S);
    let formats = FORMATS.to_vec();
    let measure = Measure { profile: arguments.profile.into(), seed: arguments.seed, formats };
    let mut subjects = measure::trained(&small, false)?;
    first(&measure, &subjects)?;
    if !measure::was_stopped() {
        subjects.extend(measure::trained(&large, false)?);
    }
    let record = measure.all(&subjects)?;
    let page = report::write(&arguments.out, &record)?;
    summary(&record);
    anstream::eprint!("\nReport: ");
    super::print_line(&page.display().to_string())?;
    next_steps();
    measure::stopped_is_failure()
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
        ("run --profile standard", "every operation, tighter intervals"),
        ("formats", "what is known against each format"),
    ] {
        anstream::eprintln!(" {program} {arguments}\n     {what}");
    }
}
