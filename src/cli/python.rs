//! Python's part of a run on a terminal: the search for an interpreter that goes on beside other
//! work, and what became of the estimators.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::measure;
use super::progress::Terminal;
use super::table::{printable, wrapped};
use crate::base::compatibility::CompatibilityRecord;
use crate::base::units;
use crate::bench::run::Progress;
use crate::bench::subject::Subject;
use crate::bench::trained::default_directory;
use crate::compatibility::CompatibilityError;
use crate::peers::provision::home;
use crate::peers::python::{Choice, Python, Told, Unavailable, find};
use crate::peers::recipes::PeerRecipe;
use crate::versus::{Outcome, Side};

/// A search for Python that goes on beside other work.
pub struct Search {
    found: Receiver<Result<Python, Unavailable>>,
    off: bool,
}

impl Search {
    /// Begins to look for Python.
    pub fn begin(choice: &Choice) -> Self {
        let (sender, receiver) = channel();
        let (choice, off) = (choice.clone(), *choice == Choice::Off);
        thread::spawn(move || {
            // Nobody waits any more when the run was stopped.
            let _ = sender.send(find(&choice, &home(), &tell));
        });
        Search { found: receiver, off }
    }

    /// Waits at most so long; `None` when it goes on.
    pub fn wait(&self, patience: Duration) -> anyhow::Result<Option<Side>> {
        let found = match self.found.recv_timeout(patience) {
            Ok(found) => found.map_err(|error| error.to_string()),
            Err(RecvTimeoutError::Timeout) => return Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err("the search for Python failed".to_owned()),
        };
        // Who says that it is to be left out need not be told.
        if let (Err(reason), false) = (&found, self.off) {
            anstream::eprintln!(
                "{}",
                wrapped(&format!("Python is not measured: {reason}"), 2).trim_end()
            );
        }
        Side::new(found).map(Some)
    }
}

/// Says on standard error how the search goes.
pub fn tell(told: &Told) {
    match told {
        Told::Making { place, megabytes, packages } => {
            let text = format!(
                "making a Python environment with {packages} packages in {} ({megabytes} MB; --python off to leave Python out)",
                place.display()
            );
            anstream::eprintln!("{}", wrapped(&text, 2).trim_end());
        }
        Told::Step(step) => anstream::eprintln!(" python: {}", printable(step)),
        Told::Done { seconds } => anstream::eprintln!(" python: ready after {seconds:.0} s"),
    }
}

/// What became of models of many versions, with a bar.
///
/// # Errors
/// When the files that are kept in this program cannot be read.
pub fn compatibility(side: &Side) -> Result<CompatibilityRecord, CompatibilityError> {
    let terminal = Terminal::new();
    let progress = |done: usize, all: usize| {
        terminal.update(done as f64 / all.max(1) as f64, "models of other versions");
    };
    let python = side.python().map(|python| python.executable.as_path());
    let record = crate::compatibility::run(python, measure::stop(), &progress);
    terminal.finish();
    record
}

/// Estimators as subjects; what could not be had is said, and costs its rows.
pub fn estimators(
    side: &mut Side,
    recipes: impl IntoIterator<Item = &'static PeerRecipe>,
) -> Vec<Subject> {
    let mut subjects = Vec::new();
    let (mut newly, mut nanos) = (0, 0);
    for outcome in side.estimators(recipes) {
        match outcome {
            Outcome::Subject(subject, trained) => {
                newly += usize::from(trained.is_some());
                nanos += trained.unwrap_or(0);
                subjects.push(*subject);
            }
            Outcome::Lost(recipe, reason) => {
                let text = format!("{}: not measured: {}", recipe.id, printable(&reason));
                anstream::eprintln!("{}", wrapped(&text, 2).trim_end());
            }
        }
    }
    if newly > 0 {
        let took = units::duration(nanos as f64);
        let place = default_directory();
        anstream::eprintln!(
            "scikit-learn trained {newly} models in {took}; kept in {}",
            place.display()
        );
    }
    subjects
}
