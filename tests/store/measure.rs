//! Figures. `cargo test --release --test store -- --ignored --nocapture --test-threads 1 measure`

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use deadweight::base::storage::Arena;
use deadweight::base::{PagePolicy, Storage, digest};
use deadweight::formats::DecodeOptions;
use deadweight::formats::registry::find;
use deadweight::models::registry::from_parameters;
use deadweight::store::{NewVersion, Store};

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

/// A file, opened as one opens a file: read, viewed, made a model.
fn open(path: &Path) -> Box<dyn deadweight::models::Model> {
    use std::io::Read;
    let mut file = std::fs::File::open(path).unwrap();
    let length = file.metadata().unwrap().len() as usize;
    let mut arena = Arena::zeroed(length, PagePolicy::Auto).unwrap();
    file.read_exact(arena.as_mut_slice()).unwrap();
    let storage: Storage = arena.into();
    let parameters =
        find("safetensors").unwrap().view(&storage, &DecodeOptions::default()).unwrap();
    from_parameters(&parameters).unwrap()
}

#[test]
#[ignore = "a measurement"]
fn measure_loading() {
    const ROUNDS: usize = 31;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create_volatile(folder.path().to_str().unwrap()).unwrap();
    for megabytes in [1usize, 10, 100] {
        let of_size = format!("m{megabytes}");
        store.put(NewVersion::new(name(&of_size), wide(megabytes << 20, 1.0))).unwrap();
        store.set_alias(&name(&of_size), &alias("production"), 1).unwrap();
        let path = blob_path(&store, &of_size, 1);
        let bytes = std::fs::read(&path).unwrap();
        let (mut opened, mut loaded, mut hashed, mut rest) = (vec![], vec![], vec![], vec![]);
        for _ in 0..ROUNDS {
            opened.push(took(|| drop(black_box(open(&path)))));
            hashed.push(took(|| drop(black_box(digest::sha256(&bytes)))));
            loaded.push(took(|| drop(black_box(store.load(&of_size, "production").unwrap()))));
            // All that the store adds but the hash: the alias, the manifest, the places.
            rest.push(took(|| {
                let selector = "production".parse().unwrap();
                drop(black_box(store.find(&name(&of_size), &selector).unwrap()));
            }));
        }
        let [opened, loaded, hashed, rest] =
            [opened, loaded, hashed, rest].map(|times| of(times).0);
        let share = |time: Duration| time.as_secs_f64() / opened.as_secs_f64() * 100.0;
        println!(
            "{megabytes:>3} MiB: file opened {opened:.2?}; alias and manifest {rest:.2?} ({:.1} %); SHA-256 {hashed:.2?} ({:.0} %); through the store {loaded:.2?}, without the hash {:.2?} ({:+.1} %)",
            share(rest),
            share(hashed),
            loaded.saturating_sub(hashed),
            share(loaded.saturating_sub(hashed)) - 100.0,
        );
    }
}
