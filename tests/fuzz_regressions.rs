//! Files that once broke a promise of the readers, the loaders or the predictors, changed fixtures, and
//! changed models of every kind.
//!
//! A fuzzer found the files in `tests/data/fuzz` (`scripts/fuzz`, see CONTRIBUTING.md). Each lies in
//! the folder of the target that it broke, and goes through the same check here.

#[path = "support/by_hand.rs"]
#[allow(dead_code)]
mod examples;
#[path = "reader_checks/mod.rs"]
mod reader_checks;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use deadweight::base::Parameters;
use deadweight::pickle::Compression;
use reader_checks::mutate::{Random, cross, mutate};
use reader_checks::{CHECKS, format, kind};

/// What takes longer is a finding of its own: every file is small.
const MOST_TIME: Duration = Duration::from_secs(5);

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The files in a folder and below, by name; none of a folder that is not there.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let exists = folder.exists().then(|| folder.to_owned());
    let (mut found, mut folders) = (Vec::new(), Vec::from_iter(exists));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push((path.clone(), std::fs::read(&path).unwrap())),
            }
        }
    }
    found.sort();
    found
}

/// The models of each kind that were calculated by hand.
fn models() -> Vec<(&'static str, Vec<Parameters>)> {
    let of = |id: &&'static str| {
        let mut all = examples::parameters();
        all.retain(|parameters| parameters.kind() == *id);
        (*id, all)
    };
    kind::ids().iter().map(of).collect()
}

/// A check of the bytes in a folder.
type Check = Box<dyn Fn(&[u8])>;

/// Every target with its check, by its folder.
fn targets() -> Vec<(String, Check)> {
    let mut targets: Vec<(String, Check)> = Vec::new();
    for (target, check) in CHECKS {
        targets.push(((*target).to_owned(), Box::new(check)));
    }
    for id in format::ids() {
        // That a panic becomes an error is what is promised.
        let check = move |bytes: &[u8]| format::format(id, bytes, &mut |_| ());
        targets.push((format!("formats/{id}"), Box::new(check)));
    }
    for (id, examples) in models() {
        let check = move |bytes: &[u8]| kind::kind(&examples, bytes);
        targets.push((format!("kinds/{id}"), Box::new(check)));
    }
    targets
}

#[test]
fn what_broke_a_promise_once_keeps_it_now() {
    let mut count = 0;
    for (target, check) in targets() {
        for (path, bytes) in files(&data().join("fuzz").join(target)) {
            println!("{}", path.display());
            let start = Instant::now();
            check(&bytes);
            assert!(start.elapsed() < MOST_TIME, "{}: {:?}", path.display(), start.elapsed());
            count += 1;
        }
    }
    assert_eq!(count, files(&data().join("fuzz")).len(), "a folder has no target");
}

/// As the next but one, over models instead of files: `FUZZ_ROUNDS` and `FUZZ_SEED` are its length and
/// its changes.
#[test]
fn changed_models_keep_every_promise() {
    let rounds = number("FUZZ_ROUNDS").unwrap_or(4000) / 40;
    let mut random = Random::new(number("FUZZ_SEED").unwrap_or(7));
    for (id, examples) in models() {
        assert!(!examples.is_empty(), "{id} has no example");
        for round in 0..rounds {
            let changes = 1 + random.below(4);
            let bytes: Vec<u8> = (0..1 + 12 * changes).map(|_| random.below(256) as u8).collect();
            let start = Instant::now();
            let result = catch_unwind(AssertUnwindSafe(|| kind::kind(&examples, &bytes)));
            assert!(result.is_ok(), "{id}, round {round}: {bytes:?}");
            assert!(start.elapsed() < MOST_TIME, "{id}, round {round}: {bytes:?}");
        }
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
fn what_the_fuzzer_reached_keeps_every_promise() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (target, check) in CHECKS {
        let inputs = files(&corpus.join(target));
        // A package has no fuzz targets with it, and so no corpus.
        assert!(!corpus.exists() || inputs.len() > 10, "{target}: {} inputs", inputs.len());
        for (path, bytes) in inputs {
            println!("{}", path.display());
            check(&bytes);
        }
    }
}

/// Plain pickles and joblib files of the fixtures that are not large.
fn seeds() -> Vec<(PathBuf, Vec<u8>)> {
    let mut seeds = files(&data().join("pickle"));
    seeds.extend(files(&data().join("pickle_numpy")));
    seeds.extend(files(&data().join("sklearn")));
    seeds.retain(|(path, bytes)| {
        let is_pickle = path.extension().is_some_and(|end| end == "pkl" || end == "joblib");
        is_pickle && bytes.len() <= 4096 && Compression::of(bytes).is_none()
    });
    seeds
}

/// A check that refuses everything would find nothing, and nobody would notice.
#[test]
fn the_checks_get_as_far_as_predictions() {
    let mut seeds = seeds();
    seeds.retain(|(path, _)| path.starts_with(data().join("sklearn/1.3.2")));
    let asked = seeds.iter().filter(|(_, bytes)| reader_checks::models(bytes) > 0).count();
    assert!(asked * 3 > seeds.len() * 2, "{asked} of {} files have a model to ask", seeds.len());
}

/// A short fuzzing session without a fuzzer: the changes follow from the seed. `FUZZ_ROUNDS` makes
/// it longer, and `FUZZ_SEED` another one.
#[test]
fn changed_fixtures_keep_every_promise() {
    let rounds = number("FUZZ_ROUNDS").unwrap_or(4000);
    let mut random = Random::new(number("FUZZ_SEED").unwrap_or(7));
    let seeds = seeds();
    let (mut changed, mut read) = (0, 0);
    for round in 0..rounds {
        let (path, seed) = random.pick(&seeds).unwrap();
        let other = &random.pick(&seeds).unwrap().1;
        let bytes = match random.one_in(4) {
            true => cross(seed, other, &mut random),
            false => mutate(seed, &mut random),
        };
        let Some(bytes) = bytes else { continue };
        changed += 1;
        read += u64::from(deadweight::pickle::load(&bytes, &reader_checks::limits()).is_ok());
        // What overflows the stack ends the process: it must be there before.
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("changed.pkl");
        std::fs::write(&kept, &bytes).unwrap();
        let start = Instant::now();
        let result = catch_unwind(|| CHECKS.iter().for_each(|(_, check)| check(&bytes)));
        if result.is_err() || start.elapsed() > MOST_TIME {
            let (seed, kept) = (path.display(), kept.display());
            panic!("round {round}, made of {seed}, took {:?}: {kept}", start.elapsed());
        }
    }
    // Changes that nothing gets past would test the first check alone.
    assert!(changed * 4 > rounds * 3, "{changed} of {rounds} were changed");
    assert!(read * 3 > changed, "{read} of {changed} are pickles");
}
