//! Trained once: models are kept between runs, keyed by everything that determines them.
//!
//! An entry is a directory of three files: `entry.json` (fingerprint, checksums, metric, how long
//! training took), `parameters.dw` and `evaluation.dw`. It is written beside its place and
//! renamed, so that a killed run leaves no half entry; it is checked when it is read, and a
//! damaged one is named and trained anew.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::BenchError;
use super::subject::{Subject, read_raw, repeated, write_raw};
/// Where trained models are kept.
pub use crate::base::cache::default_directory;
use crate::base::parameters::PLAIN_ARRAYS;
use crate::base::record::{Metric, ModelRecord};
use crate::base::{Array, Parameters};
use crate::models::ModelError;
use crate::models::recipes::{Recipe, Size};

/// What became of a request for a trained model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// It was in the cache.
    Cached,
    /// It was trained now.
    Trained,
    /// The cache entry was damaged, in the way that is told; it was trained now.
    Retrained(String),
}

#[derive(Serialize, Deserialize)]
struct Entry {
    fingerprint: String,
    parameters_checksum: String,
    evaluation_checksum: String,
    metric: Metric,
    data: String,
    hyper_parameters: BTreeMap<String, String>,
    training_nanos: u64,
    tool_version: String,
}

/// The id of a recipe at a size, in records and on the command line.
pub fn id(recipe: &Recipe, size: Size) -> String {
    format!("{}-{}", recipe.id, size.id().to_lowercase())
}

/// Takes a model from the cache, or trains it and puts it there.
///
/// `progress` is told the share of the training that is done.
///
/// # Errors
/// [`BenchError`] when training fails or the cache directory cannot be written.
pub fn obtain(
    recipe: &Recipe,
    size: Size,
    cache: &Path,
    force: bool,
    progress: &(dyn Fn(f64) + Sync),
) -> Result<(Subject, Provenance), BenchError> {
    let fingerprint = recipe.fingerprint(size);
    let place =
        cache.join(format!("{}-{:016x}", id(recipe, size), xxh3_64(fingerprint.as_bytes())));
    let mut provenance = Provenance::Trained;
    if place.exists() && !force {
        match read(recipe, size, &place, &fingerprint) {
            Ok(subject) => return Ok((subject, Provenance::Cached)),
            Err(damage) => {
                provenance = Provenance::Retrained(format!("{}: {damage}", place.display()))
            }
        }
    }
    let start = Instant::now();
    let trained = recipe.train(size, progress)?;
    let training_nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let rows = trained.evaluation.rows.as_standard_layout().into_owned();
    let mut evaluation = Parameters::new(PLAIN_ARRAYS, 1);
    let array = Array::from_vec(rows.iter().copied().collect(), rows.shape());
    evaluation.insert("rows", array.map_err(ModelError::from)?).map_err(ModelError::from)?;
    let entry = Entry {
        fingerprint,
        parameters_checksum: hex(&trained.parameters),
        evaluation_checksum: hex(&evaluation),
        metric: Metric {
            name: trained.metric.name.to_owned(),
            value: trained.metric.value,
            rows: trained.metric.rows as u64,
        },
        data: trained.data,
        hyper_parameters: trained.hyper_parameters,
        training_nanos,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    for attempt in 1.. {
        let Err(error) = write(&entry, &trained.parameters, &evaluation, cache, &place) else {
            break;
        };
        // Another process may have put the same model there, or be about to.
        if read(recipe, size, &place, &entry.fingerprint).is_ok() {
            break;
        }
        if attempt == 3 {
            return Err(error);
        }
    }
    let record = record(recipe, size, &entry, &trained.parameters, false);
    let rows = Some(repeated(rows.view()));
    Ok((Subject { record, parameters: trained.parameters, rows }, provenance))
}

fn hex(parameters: &Parameters) -> String {
    format!("{:016x}", parameters.checksum())
}

fn write(
    entry: &Entry,
    parameters: &Parameters,
    evaluation: &Parameters,
    cache: &Path,
    place: &Path,
) -> Result<(), BenchError> {
    let io = |what, path: &Path| {
        let path = path.to_owned();
        move |error| BenchError::io(what, &path, error)
    };
    std::fs::create_dir_all(cache).map_err(io("cannot create", cache))?;
    let beside = tempfile::Builder::new()
        .prefix(".training-")
        .tempdir_in(cache)
        .map_err(io("cannot write below", cache))?;
    write_raw(parameters, &beside.path().join("parameters.dw"))?;
    write_raw(evaluation, &beside.path().join("evaluation.dw"))?;
    let json = serde_json::to_string_pretty(entry)
        .map_err(|error| BenchError::Worker(error.to_string()))?;
    let entry_path = beside.path().join("entry.json");
    std::fs::write(&entry_path, json).map_err(io("cannot write", &entry_path))?;
    for name in ["entry.json", "parameters.dw", "evaluation.dw"] {
        let path = beside.path().join(name);
        std::fs::File::open(&path)
            .and_then(|file| file.sync_all())
            .map_err(io("cannot sync", &path))?;
    }
    if place.exists() {
        // Moved away in one step, so that nobody finds half of it; removed with our own directory.
        let old = tempfile::Builder::new().prefix(".training-").tempdir_in(cache);
        let old = old.map_err(io("cannot write below", cache))?;
        std::fs::rename(place, old.path().join("old")).map_err(io("cannot replace", place))?;
    }
    std::fs::rename(beside.path(), place).map_err(io("cannot rename to", place))?;
    // Its name is another now: there is nothing left to remove.
    let _ = beside.keep();
    Ok(())
}

/// Reads and checks an entry; the error says in words what is wrong with it.
fn read(recipe: &Recipe, size: Size, place: &Path, fingerprint: &str) -> Result<Subject, String> {
    let json = std::fs::read_to_string(place.join("entry.json")).map_err(|e| e.to_string())?;
    let entry: Entry = serde_json::from_str(&json).map_err(|e| format!("entry.json: {e}"))?;
    if entry.fingerprint != fingerprint {
        return Err("entry.json is of another model".to_owned());
    }
    let load = |name: &str, expected: &str| {
        let parameters = read_raw(&place.join(name)).map_err(|e| e.to_string())?;
        let found = hex(&parameters);
        match found == expected {
            true => Ok(parameters),
            false => Err(format!("{name} has checksum {found}, expected {expected}")),
        }
    };
    let parameters = load("parameters.dw", &entry.parameters_checksum)?;
    let evaluation = load("evaluation.dw", &entry.evaluation_checksum)?;
    let rows = evaluation.array("rows").map_err(|e| e.to_string())?;
    let rows = rows.view::<f64, ndarray::Ix2>().map_err(|e| e.to_string())?;
    let record = record(recipe, size, &entry, &parameters, true);
    Ok(Subject { record, rows: Some(repeated(rows)), parameters })
}

fn record(
    recipe: &Recipe,
    size: Size,
    entry: &Entry,
    parameters: &Parameters,
    from_cache: bool,
) -> ModelRecord {
    ModelRecord {
        id: id(recipe, size),
        title: format!("{} ({})", recipe.title, size.id()),
        kind: parameters.kind().to_owned(),
        size: Some(size.id().to_owned()),
        data: entry.data.clone(),
        hyper_parameters: entry.hyper_parameters.clone(),
        metric: Some(entry.metric.clone()),
        array_bytes: parameters.byte_len() as u64,
        array_count: parameters.arrays().len() as u64,
        content: parameters.content().id().to_owned(),
        training_nanos: Some(entry.training_nanos),
        from_cache,
        checksum: hex(parameters),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::recipes;

    #[test]
    fn a_second_request_trains_nothing_and_a_damaged_entry_is_named_and_retrained() {
        let cache = tempfile::tempdir().unwrap();
        let recipe = recipes::find("linear_regression").unwrap();
        let get = || obtain(recipe, Size::S, cache.path(), false, &|_| ()).unwrap();
        let (first, trained) = get();
        let (second, cached) = get();
        assert_eq!((trained, cached), (Provenance::Trained, Provenance::Cached));
        assert_eq!(first.parameters.first_difference(&second.parameters), None);
        assert_eq!(first.rows, second.rows);
        assert_eq!(first.record.checksum, second.record.checksum);
        assert!(second.record.from_cache && !first.record.from_cache);

        let place = std::fs::read_dir(cache.path()).unwrap().next().unwrap().unwrap().path();
        let file = place.join("parameters.dw");
        let mut bytes = std::fs::read(&file).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        let (third, retrained) = get();
        let Provenance::Retrained(why) = retrained else { panic!("{retrained:?}") };
        assert!(why.contains("parameters.dw has checksum"), "{why}");
        assert_eq!(third.parameters.first_difference(&second.parameters), None);
        assert_eq!(get().1, Provenance::Cached);
        assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 1, "nothing left beside it");
    }
}
