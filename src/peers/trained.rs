//! Estimators that Python trained, kept between runs.
//!
//! An entry is a directory: `entry.json` (what was trained by which versions, and the SHA-256 of the
//! files), `model.joblib` and `rows.npy`. It is written beside its place and renamed, and its hashes
//! are checked before Python is asked to load it: a joblib file runs what it says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::process::{PeerError, Process};
use super::python::Python;
use super::recipes::PeerRecipe;
use super::source::SCRIPT;
use crate::base::digest::{sha256, sha256_of_file};
use crate::base::record::Metric;

/// Longest time that one training may take.
const TRAINING_TIME: Duration = Duration::from_secs(600);

const MODEL: &str = "model.joblib";
const ROWS: &str = "rows.npy";
const ENTRY: &str = "entry.json";

/// Grows when the same recipe would give other files.
const TRAINER_VERSION: u32 = 1;

/// Why there is no trained estimator.
#[derive(Debug, Error)]
pub enum TrainedError {
    /// Python could not train it.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// A file of the cache.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// What Python answered is not what was asked for.
    #[error("Python told no {0}")]
    Answer(&'static str),
}

/// A trained estimator.
#[derive(Debug, Clone)]
pub struct Estimator {
    /// The recipe.
    pub recipe: &'static PeerRecipe,
    /// The estimator as joblib wrote it, without compression.
    pub model: PathBuf,
    /// 1,000 test rows, `.npy`, float64.
    pub rows: PathBuf,
    /// Its quality on the test part.
    pub metric: Metric,
    /// How long training took.
    pub training_nanos: u64,
    /// The options it was made with, as text.
    pub hyper_parameters: BTreeMap<String, String>,
    /// True when it was not trained now.
    pub from_cache: bool,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    fingerprint: String,
    model_sha256: String,
    rows_sha256: String,
    metric: Metric,
    training_nanos: u64,
    hyper_parameters: BTreeMap<String, String>,
}

/// Takes estimators from the cache, or has Python train them and keeps them there.
pub struct Trainer<'a> {
    python: &'a Python,
    cache: PathBuf,
    process: Option<Process>,
}

impl<'a> Trainer<'a> {
    /// Trains with `python`, keeps below `cache`.
    pub fn new(python: &'a Python, cache: &Path) -> Self {
        Trainer { python, cache: cache.join("python"), process: None }
    }

    /// The estimator of a recipe.
    ///
    /// # Errors
    /// [`TrainedError`] when Python cannot train it or the cache cannot be written.
    pub fn obtain(&mut self, recipe: &'static PeerRecipe) -> Result<Estimator, TrainedError> {
        let fingerprint = self.fingerprint(recipe);
        let name = format!("{}-{}", recipe.id, &sha256(&fingerprint)[..16]);
        let place = self.cache.join(name);
        if let Some(estimator) = read(recipe, &place, &fingerprint) {
            return Ok(estimator);
        }
        let io = |path: &Path| {
            let path = path.display().to_string();
            move |source| TrainedError::Io { path, source }
        };
        std::fs::create_dir_all(&self.cache).map_err(io(&self.cache))?;
        let beside = tempfile::Builder::new().prefix(".training-").tempdir_in(&self.cache);
        let beside = beside.map_err(io(&self.cache))?;
        let (model, rows) = (beside.path().join(MODEL), beside.path().join(ROWS));
        let entry = self.train(recipe, fingerprint, &model, &rows)?;
        let path = beside.path().join(ENTRY);
        let json = serde_json::to_string_pretty(&entry).unwrap_or_default();
        std::fs::write(&path, json).map_err(io(&path))?;
        if place.exists() {
            std::fs::remove_dir_all(&place).map_err(io(&place))?;
        }
        std::fs::rename(beside.path(), &place).map_err(io(&place))?;
        // It has another name now.
        let _ = beside.keep();
        Ok(estimator(recipe, &place, entry, false))
    }

    fn fingerprint(&self, recipe: &PeerRecipe) -> String {
        let packages = ["numpy", "scipy", "scikit-learn", "joblib"]
            .map(|name| (name, self.python.packages.get(name).cloned().unwrap_or_default()));
        let python = (&self.python.implementation, &self.python.version);
        json!([TRAINER_VERSION, recipe.id, recipe.specification(), packages, python]).to_string()
    }

    fn train(
        &mut self,
        recipe: &PeerRecipe,
        fingerprint: String,
        model: &Path,
        rows: &Path,
    ) -> Result<Entry, TrainedError> {
        let process = match &mut self.process {
            Some(process) => process,
            None => self.process.insert(Process::start(&self.python.executable, SCRIPT)?),
        };
        let Value::Object(mut request) = recipe.specification() else {
            return Err(TrainedError::Answer("specification"));
        };
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        request.insert("jobs".to_owned(), json!(jobs));
        request.insert("model".to_owned(), json!(model.to_string_lossy()));
        request.insert("rows".to_owned(), json!(rows.to_string_lossy()));
        let answer = process.ask("train", request, TRAINING_TIME).inspect_err(|error| {
            if matches!(error, PeerError::Gone(_)) {
                self.process = None;
            }
        })?;
        let io = |path: &Path| {
            let path = path.display().to_string();
            move |source| TrainedError::Io { path, source }
        };
        Ok(Entry {
            fingerprint,
            model_sha256: sha256_of_file(model).map_err(io(model))?,
            rows_sha256: sha256_of_file(rows).map_err(io(rows))?,
            metric: member(&answer, "metric")?,
            training_nanos: member(&answer, "training_nanos")?,
            hyper_parameters: member(&answer, "hyper_parameters")?,
        })
    }
}

fn member<T: serde::de::DeserializeOwned>(
    answer: &Map<String, Value>,
    name: &'static str,
) -> Result<T, TrainedError> {
    let value = answer.get(name).cloned().ok_or(TrainedError::Answer(name))?;
    serde_json::from_value(value).map_err(|_| TrainedError::Answer(name))
}

/// An entry whose files are those that were kept; anything else is trained anew.
fn read(recipe: &'static PeerRecipe, place: &Path, fingerprint: &str) -> Option<Estimator> {
    let json = std::fs::read_to_string(place.join(ENTRY)).ok()?;
    let entry: Entry = serde_json::from_str(&json).ok()?;
    let same = |name: &str, expected: &str| {
        sha256_of_file(&place.join(name)).is_ok_and(|found| found == expected)
    };
    let intact = entry.fingerprint == fingerprint
        && same(MODEL, &entry.model_sha256)
        && same(ROWS, &entry.rows_sha256);
    intact.then(|| estimator(recipe, place, entry, true))
}

fn estimator(
    recipe: &'static PeerRecipe,
    place: &Path,
    entry: Entry,
    from_cache: bool,
) -> Estimator {
    Estimator {
        recipe,
        model: place.join(MODEL),
        rows: place.join(ROWS),
        metric: entry.metric,
        training_nanos: entry.training_nanos,
        hyper_parameters: entry.hyper_parameters,
        from_cache,
    }
}
