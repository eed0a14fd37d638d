//! Files that do nothing but load have no evidence against them.

use std::path::{Path, PathBuf};
use std::process::Command;

use deadweight::base::Storage;
use deadweight::base::detonation::{Outcome, Strength};
use deadweight::demo::LoaderPython;
use deadweight::demo::identify::{Way, way};
use deadweight::peers::provision::home;
use deadweight::peers::python::{Choice, find};
use deadweight::sandbox;

use crate::support::{helper, not_tested, python, request, request_of};

/// Runs a script of ours, outside of any sandbox.
fn make(python: &LoaderPython, folder: &Path, script: &str) {
    let made = Command::new(&python.interpreter.executable)
        .args(["-I", "-B", "-c", script])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn nested_data_of_every_protocol_loads_without_an_event() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    make(
        python,
        folder.path(),
        "
import collections, datetime, decimal, fractions, pathlib, pickle, uuid
data = {
    'numbers': [1, -2.5, 10**40, 3j, True, None], 'text': 'zażółć', 'bytes': b'x' * 100000,
    'nested': [{'a': (1, {2, 3}, frozenset([4]))}] * 50, 'date': datetime.datetime(2026, 1, 2),
    'decimal': decimal.Decimal('1.5'), 'half': fractions.Fraction(1, 2), 'path': pathlib.PurePosixPath('a'),
    'ordered': collections.OrderedDict(a=1), 'id': uuid.UUID(int=7), 'counter': collections.Counter('aab'),
}
for protocol in range(6):
    with open('p%d.pkl' % protocol, 'wb') as file:
        pickle.dump(data, file, protocol=protocol)
",
    );
    let files = files(folder.path());
    assert_eq!(files.len(), 6);
    for file in files {
        for without_namespaces in [false, true] {
            let mut request = request(python, &file);
            request.without_namespaces = without_namespaces;
            let detonation = sandbox::detonate(helper(), &request);
            assert_eq!(detonation.outcome, Outcome::Loaded, "{detonation:#?}");
            assert_eq!(detonation.armed_events, 0, "{detonation:#?}");
            assert_eq!(detonation.reason.as_deref(), Some("loaded a builtins.dict"));
            assert_eq!(detonation.layers["seccomp"], Strength::Full);
            assert_ne!(detonation.layers["landlock"], Strength::None);
        }
    }
}

#[test]
fn models_and_arrays_load_without_an_event() {
    if python().is_none() {
        return;
    }
    // Made where there is none, as a run does it.
    let found = find(&Choice::Auto, &home(), &|_| ()).map_err(|error| error.to_string());
    let python = match found.and_then(|python| LoaderPython::ask(&python.executable)) {
        Ok(python) => python,
        Err(reason) => return eprintln!("NOT TESTED: {reason}"),
    };
    if !["numpy", "joblib", "scikit-learn"].iter().all(|name| python.packages.contains_key(*name)) {
        return not_tested("no interpreter has numpy, joblib and scikit-learn");
    }
    let folder = tempfile::tempdir().unwrap();
    make(
        &python,
        folder.path(),
        "
import pickle, joblib, numpy
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
rng = numpy.random.default_rng(1)
x, y = rng.normal(size=(200, 6)), rng.integers(0, 3, 200)
forest = RandomForestClassifier(10, random_state=1).fit(x, y)
pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
for protocol in range(2, 6):
    for name, thing in [('array', rng.normal(size=(500, 1000))), ('forest', forest), ('pipeline', pipeline)]:
        with open('%s-%d.pkl' % (name, protocol), 'wb') as file:
            pickle.dump(thing, file, protocol=protocol)
joblib.dump(forest, 'forest.joblib')
joblib.dump(pipeline, 'pipeline.joblib')
joblib.dump(x, 'array.joblib')
joblib.dump(pipeline, 'pipeline.joblib.gz', compress=3)
numpy.save('array.npy', x)
numpy.save('objects.npy', numpy.array([{'a': 1}, [2]], dtype=object), allow_pickle=True)
",
    );
    let mut tried = 0;
    for file in files(folder.path()) {
        let bytes = Storage::adopt(std::fs::read(&file).unwrap());
        let (loader, modules) = match way(&bytes) {
            Way::Python(loader, modules) => (loader, modules),
            Way::Format(_) => (deadweight::attacks::Loader::Numpy, Vec::new()),
            Way::Unknown => panic!("{} is of no known kind", file.display()),
        };
        let request = request_of(&python, &file, loader.id(), &modules);
        let detonation = sandbox::detonate(helper(), &request);
        let name = file.display();
        assert_eq!(detonation.outcome, Outcome::Loaded, "{name}: {detonation:#?}");
        let armed: Vec<_> = detonation.armed().collect();
        assert_eq!(detonation.armed_events, 0, "{name}: {armed:#?}");
        tried += 1;
    }
    assert_eq!(tried, 18);
}
