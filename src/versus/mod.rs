//! deadweight and Python on the same models: what Python trained becomes subjects of the benchmark,
//! read out of its files without running them; what the benchmark has to know to have Python
//! measured beside the formats; and the rows that say why where there is no Python.
//!
//! ```text
//! Python -> tutorial, estimators (joblib) -> read without executing -> subjects -> bench
//! Python -> programs that load and predict                          -> bench::programs
//! ```

mod missing;
mod programs;
mod subjects;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;

use crate::base::record::{Metric, TutorialRecord};
use crate::bench::protocol::PeerJob;
use crate::bench::run::Peer;
use crate::bench::subject::Subject;
use crate::bench::trained::default_directory;
use crate::formats::registry::FORMATS;
use crate::peers::python::Python;
use crate::peers::recipes::{PeerRecipe, TUTORIAL, find};
use crate::peers::registry::PEER_FORMATS;
use crate::peers::source::Config;
use crate::peers::trained::{Estimator, Trainer};
use crate::peers::tutorial;

/// Python's side of a run.
pub struct Side {
    python: Result<Python, String>,
    /// Files of estimators by the ids of their models.
    estimators: BTreeMap<String, PathBuf>,
    /// The tutorial's files, kept as long as this is.
    place: tempfile::TempDir,
}

/// What became of an estimator that Python was to train.
pub enum Outcome {
    /// It is a subject now; how long its training took, where it was trained now.
    Subject(Box<Subject>, Option<u64>),
    /// It costs its rows.
    Lost(&'static PeerRecipe, String),
}

impl Side {
    /// With an interpreter, or with the reason why there is none.
    ///
    /// # Errors
    /// When no private directory can be made.
    pub fn new(python: Result<Python, String>) -> anyhow::Result<Self> {
        let place = tempfile::Builder::new().prefix("deadweight-").tempdir();
        let place = place.context("cannot create a private directory")?;
        Ok(Side { python, estimators: BTreeMap::new(), place })
    }

    /// The interpreter, if there is one.
    pub fn python(&self) -> Option<&Python> {
        self.python.as_ref().ok()
    }

    /// Runs the classic tutorial: the subject that it made, and what it says.
    ///
    /// # Errors
    /// When Python cannot, or what it made cannot be read.
    pub fn tutorial(&mut self) -> anyhow::Result<Option<(Subject, TutorialRecord)>> {
        let Some(python) = self.python() else { return Ok(None) };
        let dir = self.place.path();
        let mut record = tutorial::run(&python.executable, dir, TUTORIAL)
            .context("Python cannot do the tutorial")?;
        let recipe = find(TUTORIAL).context("the tutorial's recipe is missing")?;
        let estimator = Estimator {
            recipe,
            model: dir.join(tutorial::files::MODEL),
            rows: dir.join(tutorial::files::ROWS),
            metric: Metric {
                name: "accuracy".to_owned(),
                value: record.accuracy_before,
                rows: record.test_rows,
            },
            training_nanos: record.training_nanos,
            hyper_parameters: recipe.hyper_parameters(),
            from_cache: false,
        };
        let subject = subjects::of_estimator(&estimator)?;
        let rows = subjects::read_rows(&dir.join(tutorial::files::TEST_ROWS))?;
        let labels = subjects::read_labels(&dir.join(tutorial::files::TEST_LABELS))?;
        for format in FORMATS {
            record.methods.push(subjects::method(*format, &subject, &rows, &labels)?);
        }
        self.estimators.insert(TUTORIAL.to_owned(), estimator.model);
        Ok(Some((subject, record)))
    }

    /// Estimators, trained or from the cache.
    pub fn estimators(
        &mut self,
        recipes: impl IntoIterator<Item = &'static PeerRecipe>,
    ) -> Vec<Outcome> {
        let Ok(python) = &self.python else { return Vec::new() };
        let mut trainer = Trainer::new(python, &default_directory());
        let mut outcomes = Vec::new();
        for recipe in recipes {
            let made = trainer.obtain(recipe).map_err(|error| error.to_string());
            let made = made.and_then(|estimator| {
                let subject = subjects::of_estimator(&estimator);
                Ok((subject.map_err(|error| format!("{error:#}"))?, estimator))
            });
            outcomes.push(match made {
                Ok((subject, estimator)) => {
                    self.estimators.insert(recipe.id.to_owned(), estimator.model);
                    let trained = (!estimator.from_cache).then_some(estimator.training_nanos);
                    Outcome::Subject(Box::new(subject), trained)
                }
                Err(reason) => Outcome::Lost(recipe, reason),
            });
        }
        outcomes
    }

    /// What the benchmark needs to have Python measure too.
    pub fn peer(&self) -> Option<Peer> {
        let python = self.python()?;
        let formats = PEER_FORMATS.iter();
        let formats = formats.map(|f| f.record(&python.packages, Some(&python.version))).collect();
        let config = serde_json::to_value(self.config()?).ok()?;
        let job = PeerJob { config, estimators: self.estimators.clone() };
        Some(Peer { job, formats })
    }

    /// How the peer is started.
    pub fn config(&self) -> Option<Config> {
        let python = self.python()?;
        Some(Config {
            python: python.executable.clone(),
            formats: PEER_FORMATS.iter().map(|format| format.id.to_owned()).collect(),
            missing: python.missing.iter().map(|name| (*name).to_owned()).collect(),
        })
    }

    /// The file of an estimator that Python trained.
    pub fn estimator(&self, model: &str) -> Option<&PathBuf> {
        self.estimators.get(model)
    }
}
