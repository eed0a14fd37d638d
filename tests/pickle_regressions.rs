//! Files that once broke a promise of the readers or the predictors, and changed fixtures.
//!
//! A fuzzer found the files in `tests/data/fuzz` (`scripts/fuzz`, see CONTRIBUTING.md). Each lies in
//! the folder of the target that it broke, and goes through the same check here.

#[path = "reader_checks/mod.rs"]
mod reader_checks;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reader_checks::CHECKS;
use reader_checks::mutate::{Random, cross, mutate};

/// What takes longer is a finding of its own: every file is small.
const MOST_TIME: Duration = Duration::from_secs(5);

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The files in a folder and below, by name.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
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

#[test]
fn what_broke_a_promise_once_keeps_it_now() {
    let mut count = 0;
    for (target, check) in CHECKS {
        let folder = data().join("fuzz").join(target);
        for (path, bytes) in if folder.exists() { files(&folder) } else { Vec::new() } {
            println!("{}", path.display());
            let start = Instant::now();
            check(&bytes);
            assert!(start.elapsed() < MOST_TIME, "{}: {:?}", path.display(), start.elapsed());
            count += 1;
        }
    }
    assert_eq!(count, files(&data().join("fuzz")).len(), "a folder has no target");
}

/// A short fuzzing session without a fuzzer: the changes follow from the seed.
#[test]
fn changed_fixtures_keep_every_promise() {
    let mut seeds = files(&data().join("pickle"));
    seeds.extend(files(&data().join("pickle_numpy")));
    seeds.extend(files(&data().join("sklearn/1.3.2")));
    seeds.retain(|(path, bytes)| {
        let is_pickle = path.extension().is_some_and(|end| end == "pkl" || end == "joblib");
        is_pickle && bytes.len() <= 4096 && deadweight::pickle::Compression::of(bytes).is_none()
    });
    let mut random = Random::new(7);
    let (mut changed, mut read) = (0, 0);
    for round in 0..4000 {
        let (path, seed) = random.pick(&seeds).unwrap();
        let other = &random.pick(&seeds).unwrap().1;
        let bytes = match random.one_in(4) {
            true => cross(seed, other, &mut random),
            false => mutate(seed, &mut random),
        };
        let Some(bytes) = bytes else { continue };
        println!("round {round}: {}", path.display());
        changed += 1;
        read += usize::from(deadweight::pickle::load(&bytes, &reader_checks::limits()).is_ok());
        CHECKS.iter().for_each(|(_, check)| check(&bytes));
    }
    // Changes that nothing gets past would test the first check alone.
    assert!(changed > 3000, "{changed} were changed");
    assert!(read * 3 > changed, "{read} of {changed} are pickles");
}
