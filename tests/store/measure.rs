//! Figures. `cargo test --release --test store -- --ignored --nocapture --test-threads 1 measure`

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use deadweight::base::storage::Arena;
use deadweight::base::{PagePolicy, Storage};
use deadweight::formats::DecodeOptions;
use deadweight::formats::registry::find;
use deadweight::models::registry::from_parameters;
use deadweight::store::{NewVersion, Store};
use rand::seq::SliceRandom;
use sha2::{Digest, Sha256};

use super::support::{alias, blob_path, name, version, wide};

fn took(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Median and largest.
fn of(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    (times[times.len() / 2], *times.last().unwrap())
}

#[test]
#[ignore = "a measurement"]
fn measure_ten_thousand_versions() {
    const VERSIONS: u64 = 10_000;
    const ROUNDS: u64 = 50;
    let folder = tempfile::tempdir().unwrap();
    let url = folder.path().to_str().unwrap();
    let store = Store::create_volatile(url).unwrap();
    let filling = Instant::now();
    for number in 0..VERSIONS {
        store.put(version("churn", number as f64 + 1.0)).unwrap();
    }
    println!("{VERSIONS} versions were put in {:.1?}", filling.elapsed());
    let (churn, production) = (name("churn"), alias("production"));
    let (mut show, mut moved, mut load, mut put) = (vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        // Handles that know nothing yet, and that wait for the disk.
        let fresh = || Store::open(url).unwrap();
        show.push(took(|| {
            let store = fresh();
            let latest = store.latest(&churn).unwrap();
            black_box((store.manifest(&churn, latest).unwrap(), store.aliases(&churn).unwrap()));
        }));
        moved.push(took(|| {
            drop(black_box(fresh().set_alias(&churn, &production, 5000 + round).unwrap()))
        }));
        load.push(took(|| drop(black_box(fresh().load("churn", "production").unwrap()))));
        put.push(took(|| {
            drop(black_box(fresh().put(version("churn", -1.0 - round as f64)).unwrap()))
        }));
    }
    for (what, times) in [("show", show), ("alias", moved), ("load", load), ("put", put)] {
        let (median, largest) = of(times);
        println!("{what:<6} {median:>10.2?} in the middle, {largest:>10.2?} at most, of {ROUNDS}");
        if what != "put" {
            assert!(median < Duration::from_millis(50), "{what}: {median:?}");
        }
    }
    let store = Store::open(url).unwrap();
    println!("list of 1 model: {:.2?}", took(|| drop(store.names().unwrap())));
    println!(
        "manifests of all versions: {:.2?}",
        took(|| {
            (1..=VERSIONS)
                .for_each(|number| drop(black_box(store.manifest(&churn, number).unwrap())));
        })
    );
}

/// A file, opened as one opens a file: read, viewed, made a model. With `hash`, its SHA-256 is taken on the
/// way as the store takes it, block by block while the bytes are in the cache.
fn open(path: &Path, hash: bool) -> Box<dyn deadweight::models::Model> {
    let mut file = std::fs::File::open(path).unwrap();
    let length = file.metadata().unwrap().len() as usize;
    let mut arena = Arena::zeroed(length, PagePolicy::Auto).unwrap();
    if hash {
        let mut hasher = Sha256::new();
        for start in (0..length).step_by(256 << 10) {
            let end = length.min(start + (256 << 10));
            hasher.update(arena.fill(&mut file, start..end).unwrap());
        }
        black_box(hasher.finalize());
    } else {
        arena.fill(&mut file, 0..length).unwrap();
    }
    let storage: Storage = arena.into();
    let parameters =
        find("safetensors").unwrap().view(&storage, &DecodeOptions::default()).unwrap();
    from_parameters(&parameters).unwrap()
}

/// The median, and the interval of it that 95 of 100 resamples of the rounds fall into.
fn median(values: &[f64]) -> (f64, [f64; 2]) {
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let mut resampled: Vec<f64> = (0..1000)
        .map(|_| {
            let any = || values[rand::random_range(0..values.len())];
            middle((0..values.len()).map(|_| any()).collect())
        })
        .collect();
    resampled.sort_by(f64::total_cmp);
    (middle(values.to_vec()), [resampled[25], resampled[974]])
}

/// The same file opened without a hash, with it, and loaded through the store, in one process, each round in
/// another order. What the store adds is the difference of the last two in each round, as a share of the
/// first in the same round: so the hash, which takes most of the time, is in neither.
#[test]
#[ignore = "a measurement"]
fn measure_loading() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create_volatile(folder.path().to_str().unwrap()).unwrap();
    for (megabytes, rounds) in [(1usize, 2001), (10, 501), (100, 101)] {
        let of_size = format!("m{megabytes}");
        store.put(NewVersion::new(name(&of_size), wide(megabytes << 20, 1.0))).unwrap();
        store.set_alias(&name(&of_size), &alias("production"), 1).unwrap();
        let path = blob_path(&store, &of_size, 1);
        // What was just written is read and checked anew at each load.
        std::thread::sleep(Duration::from_secs(3));
        let mut times: [Vec<f64>; 4] = Default::default();
        let selector = "production".parse().unwrap();
        for _ in 0..rounds {
            // In an order of its own: what comes behind a hash finds other things in the caches.
            let mut order = [0, 1, 2, 3];
            order.shuffle(&mut rand::rng());
            for which in order {
                times[which].push(
                    took(|| match which {
                        0 => drop(black_box(open(&path, false))),
                        1 => drop(black_box(open(&path, true))),
                        2 => drop(black_box(store.load(&of_size, "production").unwrap())),
                        // All that the store adds but the blob: the alias, the manifest.
                        _ => drop(black_box(store.find(&name(&of_size), &selector).unwrap())),
                    })
                    .as_secs_f64(),
                );
            }
        }
        let [opened, hashed, loaded, found] = &times;
        let share = |of: &dyn Fn(usize) -> f64| {
            let shares: Vec<f64> =
                (0..rounds).map(|round| of(round) / opened[round] * 100.0).collect();
            let (middle, [low, high]) = median(&shares);
            format!("{middle:+.1} % ({low:+.1} to {high:+.1})")
        };
        let time = |times: &[f64]| format!("{:.2?}", Duration::from_secs_f64(median(times).0));
        println!(
            "{megabytes:>3} MiB, {rounds} rounds: file opened {}; through the store {} more without the hash; the hash {} more; alias and manifest {}; with the hash: file {}, store {}",
            time(opened),
            share(&|round| loaded[round] - hashed[round]),
            share(&|round| hashed[round] - opened[round]),
            time(found),
            time(hashed),
            time(loaded),
        );
    }
}
