//! Models, stores and files that the tests share.

use std::path::{Path, PathBuf};

use deadweight::base::{Array, Parameters};
use deadweight::formats::registry::find;
use deadweight::models::Predictions;
use deadweight::store::{Alias, Loaded, Name, NewVersion, Store};
use ndarray::array;
use tempfile::TempDir;

/// Names the store that tests of any backend use instead of a directory of their own.
pub const URL: &str = "DEADWEIGHT_TEST_STORE_URL";

/// A place for one store, which nobody else uses.
pub struct Place {
    pub url: String,
    _directory: Option<TempDir>,
}

/// A directory of its own, or a place of its own in the cloud that the environment names.
pub fn place() -> Place {
    match std::env::var(URL) {
        Ok(url) => {
            Place { url: format!("{url}/{:032x}", rand::random::<u128>()), _directory: None }
        }
        Err(_) => {
            let directory = TempDir::new().unwrap();
            let url = directory.path().join("store").to_str().unwrap().to_owned();
            Place { url, _directory: Some(directory) }
        }
    }
}

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn alias(text: &str) -> Alias {
    text.parse().unwrap()
}

/// Predicts `slope * x + intercept`.
pub fn linear(slope: f64, intercept: f64) -> Parameters {
    let mut parameters = Parameters::new("linear_regression", 1).with("content", "predict");
    parameters.insert("coef", Array::from_vec(vec![slope], &[1, 1]).unwrap()).unwrap();
    parameters.insert("intercept", Array::from_vec(vec![intercept], &[1]).unwrap()).unwrap();
    parameters
}

/// As many bytes as asked for, roughly, and something else for each seed.
pub fn wide(bytes: usize, seed: f64) -> Parameters {
    let features = bytes / 8;
    let mut parameters = Parameters::new("linear_regression", 1).with("content", "predict");
    let coef: Vec<f64> = (0..features).map(|index| seed + index as f64 * 0.25).collect();
    parameters.insert("coef", Array::from_vec(coef, &[1, features]).unwrap()).unwrap();
    parameters.insert("intercept", Array::from_vec(vec![seed], &[1]).unwrap()).unwrap();
    parameters
}

pub fn version(of: &str, slope: f64) -> NewVersion {
    NewVersion::new(name(of), linear(slope, 0.0))
}

/// What a linear model says of 1: its slope.
pub fn slope(loaded: &Loaded) -> f64 {
    match loaded.predict(array![[1.0]].view().into()).unwrap() {
        Predictions::Values(values) => values[[0, 0]],
        other => panic!("{other:?}"),
    }
}

/// A file of a model for the command line.
pub fn file(folder: &Path, file: &str, parameters: &Parameters) -> PathBuf {
    let mut bytes = Vec::new();
    find("raw").unwrap().encode(parameters, &mut bytes).unwrap();
    let path = folder.join(file);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// The file of a version's blob.
pub fn blob_path(store: &Store, of: &str, version: u64) -> PathBuf {
    let (manifest, _) = store.manifest(&name(of), version).unwrap();
    let sha256 = &manifest.model().unwrap().sha256;
    Path::new(store.url()).join("blobs/sha256").join(&sha256[..2]).join(sha256)
}

/// Nothing is wrong.
#[track_caller]
pub fn assert_sound(store: &Store) {
    assert_eq!(store.verify(&|_, _| ()).unwrap().problems, []);
}
