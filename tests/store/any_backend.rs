//! What holds wherever a store is.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use deadweight::store::condition::Condition;
use deadweight::store::diff::difference;
use deadweight::store::metrics::Labels;
use deadweight::store::promote::{Promoted, Promotion};
use deadweight::store::{
    Action, Admission, AliasEntry, NewVersion, Policy, Selector, Store, StoreError,
};
use ndarray::{Array2, array};

use super::support::{alias, assert_sound, linear, name, place, slope, version, wide};

#[test]
fn a_version_comes_back_and_predicts() {
    let place = place();
    assert!(matches!(Store::open(&place.url), Err(StoreError::NoStore { .. })));
    let store = Store::create(&place.url).unwrap();
    let mut new = version("churn", 2.0);
    new.metrics.0.insert("accuracy".into(), 0.93);
    new.seed = Some(7);
    let manifest = store.put(new).unwrap();
    assert_eq!((manifest.version, manifest.kind.as_str()), (1, "linear_regression"));
    assert_eq!(manifest.origin.scan_verdict, "not-scanned");
    assert_eq!(store.put(version("churn", 3.0)).unwrap().version, 2);
    assert_eq!(store.put(version("other", 4.0)).unwrap().version, 1);

    let store = Store::open(&place.url).unwrap();
    assert_eq!(store.names().unwrap(), [name("churn"), name("other")]);
    assert_eq!(store.latest(&name("churn")).unwrap(), 2);
    assert_eq!(slope(&store.load("churn", "1").unwrap()), 2.0);
    assert_eq!(slope(&store.load("churn", "latest").unwrap()), 3.0);
    assert_eq!(store.manifest(&name("churn"), 1).unwrap().0, manifest);
    let missing = store.load("churn", "3").err().unwrap().to_string();
    assert_eq!(missing, "churn version 3: not in the store; there is the newest, version 2");
    assert!(matches!(store.load("nothing", "latest"), Err(StoreError::NotFound { .. })));
    let missing = store.load("churn", "production").err().unwrap().to_string();
    assert_eq!(missing, "alias production of churn: not in the store; there is none");
    assert_sound(&store);
}

#[test]
fn what_is_no_model_is_not_put() {
    let place = place();
    let store = Store::create(&place.url).unwrap();
    let arrays = deadweight::base::Parameters::new("arrays", 1);
    let error = store.put(NewVersion::new(name("x"), arrays)).unwrap_err();
    assert!(matches!(error, StoreError::PlainArrays));
    let error = store.put(NewVersion::new(name("x"), linear(f64::NAN, 0.0))).unwrap_err();
    assert!(matches!(error, StoreError::Model(_)), "{error}");
    let mut odd = version("x", 1.0);
    odd.metrics.0.insert("a b".into(), 0.5);
    assert!(store.put(odd).is_err());
    assert_eq!(store.names().unwrap(), []);
}

#[test]
fn one_blob_is_sent_once() {
    let place = place();
    let store = Store::create(&place.url).unwrap();
    let a = store.put(version("a", 2.0)).unwrap();
    let b = store.put(version("b", 2.0)).unwrap();
    assert_eq!(a.blobs, b.blobs);
    // More than a part.
    let large = || NewVersion::new(name("c"), wide(20 << 20, 1.0));
    assert_eq!(store.put(large()).unwrap().blobs, store.put(large()).unwrap().blobs);
    let verified = store.verify(&|_, _| ()).unwrap();
    assert_eq!((verified.versions, verified.blobs, verified.unreferenced), (4, 2, 0));
}

#[test]
fn thirty_two_writers_get_thirty_two_versions() {
    const WRITERS: u64 = 32;
    let place = place();
    Store::create(&place.url).unwrap();
    let start = Barrier::new(WRITERS as usize);
    let mut won: Vec<(u64, f64)> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (start, url) = (&start, &place.url);
                scope.spawn(move || {
                    // A handle of its own, as another machine has it.
                    let store = Store::open(url).unwrap();
                    start.wait();
                    let slope = writer as f64 + 1.0;
                    (store.put(version("churn", slope)).unwrap().version, slope)
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    won.sort_by_key(|(version, _)| *version);
    let versions: Vec<u64> = won.iter().map(|(version, _)| *version).collect();
    assert_eq!(
        versions,
        (1..=WRITERS).collect::<Vec<_>>(),
        "one winner a version, none is missing"
    );
    let store = Store::open(&place.url).unwrap();
    for (version, expected) in won {
        assert_eq!(slope(&store.load("churn", &version.to_string()).unwrap()), expected);
    }
    assert_sound(&store);
}

#[test]
fn racing_moves_of_an_alias_are_all_kept() {
    const MOVERS: u64 = 8;
    let place = place();
    let store = Store::create(&place.url).unwrap();
    for slope in 1..=MOVERS {
        store.put(version("churn", slope as f64)).unwrap();
    }
    let (churn, production) = (name("churn"), alias("production"));
    let start = Barrier::new(MOVERS as usize);
    let acknowledged: BTreeSet<String> = std::thread::scope(|scope| {
        let movers: Vec<_> = (1..=MOVERS)
            .map(|version| {
                let (start, url, churn, production) = (&start, &place.url, &churn, &production);
                scope.spawn(move || {
                    let store = Store::open(url).unwrap();
                    start.wait();
                    let entry = store.set_alias(churn, production, version).unwrap();
                    assert_eq!(entry.version, version);
                    entry.nonce
                })
            })
            .collect();
        movers.into_iter().map(|mover| mover.join().unwrap()).collect()
    });
    let history = store.history(&churn, &production).unwrap();
    let numbers: Vec<u64> = history.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, (1..=MOVERS).collect::<Vec<_>>());
    let kept: BTreeSet<String> = history.iter().map(|entry| entry.nonce.clone()).collect();
    assert_eq!(kept, acknowledged);
    for pair in history.windows(2) {
        assert_eq!(pair[1].previous, Some(pair[0].version));
    }
    assert_sound(&store);
}

#[test]
fn a_rollback_goes_back_step_by_step() {
    let place = place();
    let store = Store::create(&place.url).unwrap();
    let (churn, production) = (name("churn"), alias("production"));
    for version_number in 1..=3u64 {
        store.put(version("churn", version_number as f64)).unwrap();
    }
    let at = || store.alias(&churn, &production).unwrap().unwrap().version;
    for number in [1, 2] {
        store.set_alias(&churn, &production, number).unwrap();
    }
    // Nothing is written for a move to where it stands.
    assert_eq!(store.set_alias(&churn, &production, 2).unwrap().number, 2);
    let entry = store.rollback(&churn, &production).unwrap();
    assert_eq!((entry.version, entry.action, entry.restores), (1, Action::Rollback, Some(1)));
    assert_eq!(slope(&store.load("churn", "production").unwrap()), 1.0);
    assert!(matches!(store.rollback(&churn, &production), Err(StoreError::NothingBefore { .. })));
    store.set_alias(&churn, &production, 3).unwrap();
    assert_eq!(store.rollback(&churn, &production).unwrap().version, 1);
    assert!(store.rollback(&churn, &production).is_err());
    assert_eq!(at(), 1);
    assert!(matches!(store.set_alias(&churn, &production, 4), Err(StoreError::NotFound { .. })));
    let actions: Vec<&str> =
        store.history(&churn, &production).unwrap().iter().map(|e| e.action.id()).collect();
    assert_eq!(actions, ["set", "set", "rollback", "set", "rollback"]);
    assert_sound(&store);
}

fn promote(store: &Store, candidate: u64, condition: &str) -> Result<AliasEntry, StoreError> {
    // What a slope of 2 predicts.
    let labels = Labels::Numbers(vec![0.0, 2.0, 4.0, 6.0]);
    promote_on(store, candidate, condition, 1, &labels).map(|promoted| promoted.entry)
}

/// Promotes on four rows of some columns.
fn promote_on(
    store: &Store,
    candidate: u64,
    condition: &str,
    columns: usize,
    labels: &Labels,
) -> Result<Promoted, StoreError> {
    let rows = Array2::from_shape_fn((4, columns), |(row, _)| row as f64);
    let condition: Condition = condition.parse().unwrap();
    store.promote(&Promotion {
        name: &name("price"),
        candidate: &Selector::Version(candidate),
        alias: &alias("production"),
        condition: &condition,
        rows: rows.view().into(),
        labels,
        data_sha256: "ab".repeat(32),
        labels_sha256: "cd".repeat(32),
    })
}

#[test]
fn a_promotion_computes_and_says_why() {
    let place = place();
    let store = Store::create(&place.url).unwrap();
    for slope in [3.0, 2.5, 2.0] {
        let mut new = version("price", slope);
        // A boast in the manifest counts nothing.
        new.metrics.0.insert("mae".into(), 0.0);
        store.put(new).unwrap();
    }
    let error = promote(&store, 1, "mae < production.mae").unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    let error = promote(&store, 1, "mae < 1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "price version 1 is not promoted to production: mae (1.5) < 1 does not hold"
    );
    promote(&store, 1, "mae < 2").unwrap();
    let entry = promote(&store, 2, "mae <= production.mae - 0.5").unwrap();
    assert_eq!((entry.version, entry.previous, entry.action), (2, Some(1), Action::Promote));
    let reason = entry.reason.unwrap();
    assert_eq!(reason.because, "mae (0.75) <= production.mae (1.5) - 0.5");
    assert_eq!(reason.metrics.0["mae"], 0.75);
    assert_eq!((reason.others["production"].version, reason.rows), (1, 4));
    assert!(matches!(promote(&store, 1, "mae < production.mae"), Err(StoreError::Refused { .. })));
    assert!(matches!(promote(&store, 3, "auc > 0.5"), Err(StoreError::Metric { .. })));
    assert_eq!(store.rollback(&name("price"), &alias("production")).unwrap().version, 1);
    assert_sound(&store);
}

#[test]
fn a_promotion_to_where_the_alias_stands_is_decided_anew() {
    let place = place();
    let store = Store::create(&place.url).unwrap();
    store.put(version("price", 3.0)).unwrap();
    let labels = Labels::Numbers(vec![0.0, 2.0, 4.0, 6.0]);
    let first = promote_on(&store, 1, "mae < 2", 1, &labels).unwrap();
    assert!(first.is_new);
    assert_eq!(first.entry.reason, Some(first.reason));
    let again = promote_on(&store, 1, "mse < 5 and mae == production.mae", 1, &labels).unwrap();
    assert!(!again.is_new);
    assert_eq!(again.reason.because, "mse (3.5) < 5 and mae (1.5) == production.mae (1.5)");
    assert_eq!((again.entry.number, again.reason.others["production"].version), (1, 1));
    assert_eq!(again.entry.reason.unwrap().because, "mae (1.5) < 2");
    assert!(matches!(promote(&store, 1, "mae < 1"), Err(StoreError::Refused { .. })));
    assert_eq!(store.history(&name("price"), &alias("production")).unwrap().len(), 1);
}

#[test]
fn data_that_does_not_fit_promotes_nothing() {
    let place = place();
    let store = Store::create(&place.url).unwrap();
    store.put(version("price", 2.0)).unwrap();
    let error = |condition: &str, columns: usize, labels: Vec<f64>| {
        promote_on(&store, 1, condition, columns, &Labels::Numbers(labels)).unwrap_err()
    };
    let right = vec![0.0, 2.0, 4.0, 6.0];
    // Even where the condition is decided before it looks at the version.
    for condition in ["mae < 1", "1 > 2 and mae < 1"] {
        let found = error(condition, 2, right.clone());
        assert!(matches!(found, StoreError::Model(_)), "{found}");
        assert_eq!(
            error(condition, 1, right[..3].to_vec()).to_string(),
            "labels: expected a label for each of 4 rows, found 3"
        );
        assert_eq!(
            error(condition, 1, vec![0.0, 2.0, f64::NAN, 6.0]).to_string(),
            "labels: row 3: expected a number, found NaN or nothing"
        );
    }
    let found = error("mae < 1e308 * 1e308", 1, right).to_string();
    assert!(found.ends_with("expected a finite number, found inf for 1e308 * 1e308"), "{found}");
    assert_eq!(store.alias(&name("price"), &alias("production")).unwrap(), None);
}

#[test]
fn of_racing_promotions_none_wins_against_an_old_production() {
    let place = place();
    let store = Store::create(&place.url).unwrap();
    for slope in [6.0, 5.0, 4.0, 3.0, 2.0] {
        store.put(version("price", slope)).unwrap();
    }
    promote(&store, 1, "mae < 100").unwrap();
    std::thread::scope(|scope| {
        for candidate in 2..=5 {
            let url = &place.url;
            scope.spawn(move || {
                let store = Store::open(url).unwrap();
                // One that was overtaken by a better one is refused.
                let _ = promote(&store, candidate, "mae < production.mae");
            });
        }
    });
    let history = store.history(&name("price"), &alias("production")).unwrap();
    assert_eq!(history.last().unwrap().version, 5, "the best is refused by none");
    for pair in history.windows(2) {
        assert!(pair[0].version < pair[1].version, "each is better than the one it replaced");
        let compared = &pair[1].reason.as_ref().unwrap().others["production"];
        assert_eq!(compared.version, pair[0].version);
    }
}

#[test]
fn differences_are_named() {
    let place = place();
    let store = Store::create(&place.url).unwrap();
    let mut first = version("churn", 2.0);
    first.metrics.0.insert("accuracy".into(), 0.9);
    store.put(first).unwrap();
    store.put(version("churn", 2.5)).unwrap();
    let (a, b) = (store.load("churn", "1").unwrap(), store.load("churn", "2").unwrap());
    let found = difference(&a, &b, Some(array![[0.0], [2.0]].view().into())).unwrap();
    assert_eq!(found.equal_arrays, 1);
    assert_eq!(
        (found.arrays[0].name.as_str(), found.arrays[0].elements, found.arrays[0].largest),
        ("coef", Some(1), Some(0.5))
    );
    assert_eq!((found.metrics[0].a, found.metrics[0].b), (Some(0.9), None));
    let predictions = found.predictions.unwrap();
    assert_eq!((predictions.rows, predictions.differing, predictions.largest), (2, 1, Some(1.0)));
    let none = difference(&a, &a, None).unwrap();
    assert!(none.arrays.is_empty() && none.metrics.is_empty() && none.fields.is_empty());
}

#[test]
fn only_what_nothing_refers_to_is_collected() {
    let place = place();
    let store = Store::create(&place.url).unwrap();
    store.put(version("churn", 2.0)).unwrap();
    let collected = store.collect(Duration::ZERO, false).unwrap();
    assert_eq!((collected.deleted.len(), collected.referenced), (0, 1));
    assert_eq!(slope(&store.load("churn", "1").unwrap()), 2.0);
    assert_sound(&store);
}

#[test]
fn a_collection_takes_nothing_from_concurrent_writers() {
    let place = place();
    let store = Store::create(&place.url).unwrap();
    let done = AtomicBool::new(false);
    let rounds = std::thread::scope(|scope| {
        let collector = scope.spawn(|| {
            let store = Store::open(&place.url).unwrap();
            let mut rounds = 0;
            while !done.load(Ordering::Relaxed) {
                // No grace at all: what holds then are the trash and the second look. What it takes
                // from under a writer's hands is an error of the writer, and nothing acknowledged.
                let _ = store.collect(Duration::ZERO, false);
                rounds += 1;
            }
            rounds
        });
        let writers: Vec<_> = (0..2)
            .map(|writer| {
                let url = &place.url;
                scope.spawn(move || {
                    let store = Store::open(url).unwrap();
                    let mut put = Vec::new();
                    for round in 0..40 {
                        // Blobs come again under other names.
                        let slope = 1.0 + f64::from(round % 7);
                        let model = format!("m{writer}-{}", round % 3);
                        if let Ok(manifest) = store.put(version(&model, slope)) {
                            put.push((model, manifest.version, slope));
                        }
                    }
                    put
                })
            })
            .collect();
        let put: Vec<_> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        done.store(true, Ordering::Relaxed);
        assert!(put.len() >= 40, "{} were put", put.len());
        for (model, version, expected) in put {
            assert_eq!(slope(&store.load(&model, &version.to_string()).unwrap()), expected);
        }
        collector.join().unwrap()
    });
    assert!(rounds > 2, "{rounds}");
    store.collect(Duration::ZERO, false).unwrap();
    assert_sound(&store);
}

#[test]
fn a_download_goes_on_where_it_stopped() {
    let place = place();
    let store = Store::create(&place.url).unwrap();
    // Larger than a part, so that several are on their way.
    let parameters = wide(20 << 20, 1.0);
    let manifest = store.put(NewVersion::new(name("large"), parameters)).unwrap();
    let blob = manifest.model().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("large.safetensors");
    store.download(&manifest, &target, &|_, _| ()).unwrap();
    let whole = std::fs::read(&target).unwrap();
    assert_eq!(deadweight::base::digest::sha256(&whole), blob.sha256);

    let partial = folder.path().join(format!("large.safetensors.{}.partial", &blob.sha256[..12]));
    let half = whole.len() / 2 + 3;
    std::fs::remove_file(&target).unwrap();
    std::fs::write(&partial, &whole[..half]).unwrap();
    let told = std::sync::Mutex::new(Vec::new());
    store.download(&manifest, &target, &|done, _| told.lock().unwrap().push(done)).unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), whole);
    assert!(!partial.exists());
    assert!(told.lock().unwrap().contains(&(half as u64)), "it went on behind {half}");

    // What lies there is of something else: it is found out, and fetched anew.
    std::fs::write(&partial, vec![7; half]).unwrap();
    store.download(&manifest, &target, &|_, _| ()).unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), whole);
    let loaded = store.load("large", "1").unwrap();
    assert_eq!(loaded.parameters.first_difference(&wide(20 << 20, 1.0)), None);
    assert_sound(&store);
}

#[test]
fn a_watcher_follows_the_alias() {
    let place = place();
    let store = Store::create(&place.url).unwrap();
    let (churn, production) = (name("churn"), alias("production"));
    for slope in [1.0, 2.0] {
        store.put(version("churn", slope)).unwrap();
    }
    store.set_alias(&churn, &production, 1).unwrap();
    let watcher = store.watch("churn", "production", Duration::from_millis(10)).unwrap();
    let old = watcher.current();
    assert_eq!((slope(&old.loaded), watcher.swaps()), (1.0, 0));
    store.set_alias(&churn, &production, 2).unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while watcher.swaps() == 0 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(slope(&watcher.current().loaded), 2.0);
    assert_eq!(slope(&old.loaded), 1.0, "who has the old one keeps it");
    assert_eq!((watcher.swaps(), watcher.failure()), (1, None));
    assert!(!watcher.look().unwrap());
    assert!(matches!(
        store.watch("churn", "staging", Duration::from_secs(1)),
        Err(StoreError::NotFound { .. })
    ));
}

struct Unsigned;

impl Policy for Unsigned {
    fn admit(&self, version: &Admission<'_>) -> Result<(), String> {
        assert!(version.manifest.starts_with(b"{\"schema\":\"deadweight.manifest/1\""));
        match (version.version, version.signature) {
            (1, _) | (_, Some(_)) => Ok(()),
            (_, None) => Err("it has no signature".into()),
        }
    }
}

#[test]
fn a_policy_stands_before_every_use() {
    let place = place();
    let store = Store::create(&place.url).unwrap();
    store.put(version("churn", 1.0)).unwrap();
    store.put(version("churn", 2.0)).unwrap();
    let guarded = store.clone().with_policy(Arc::new(Unsigned));
    assert_eq!(slope(&guarded.load("churn", "1").unwrap()), 1.0);
    let error = guarded.load("churn", "2").err().unwrap().to_string();
    assert_eq!(error, "churn version 2: not admitted: it has no signature");
    assert!(guarded.set_alias(&name("churn"), &alias("production"), 2).is_err());
    store.set_alias(&name("churn"), &alias("production"), 2).unwrap();
    assert!(guarded.load("churn", "production").is_err());
    // Going back is a use as well: version 2 was unsigned when it was left.
    let left = store.set_alias(&name("churn"), &alias("production"), 1).unwrap();
    let refused = guarded.rollback(&name("churn"), &alias("production"));
    assert!(matches!(refused, Err(StoreError::NotAdmitted { version: 2, .. })), "{refused:?}");
    let stands = store.alias(&name("churn"), &alias("production")).unwrap();
    assert_eq!(stands.map(|entry| entry.nonce), Some(left.nonce));
    let problems = guarded.verify(&|_, _| ()).unwrap().problems;
    assert!(
        problems.iter().any(|problem| problem.message.contains("no signature")),
        "{problems:?}"
    );
    assert_eq!(guarded.collect(Duration::ZERO, false).unwrap().deleted, []);
    assert_sound(&store);
}

#[test]
fn a_clock_that_goes_backwards_changes_no_order() {
    let place = place();
    let hour = std::sync::atomic::AtomicI64::new(1000);
    let store = Store::create(&place.url).unwrap().with_clock(move || {
        let hour = hour.fetch_sub(10, Ordering::Relaxed);
        jiff::Timestamp::from_second(hour * 3600).unwrap()
    });
    let (churn, production) = (name("churn"), alias("production"));
    let created: Vec<_> = (1..=3u64)
        .map(|number| {
            let manifest = store.put(version("churn", number as f64)).unwrap();
            assert_eq!(manifest.version, number);
            store.set_alias(&churn, &production, number).unwrap();
            manifest.created
        })
        .collect();
    assert!(created[0] > created[1] && created[1] > created[2], "{created:?}");
    assert_eq!(slope(&store.load("churn", "latest").unwrap()), 3.0);
    assert_eq!(slope(&store.load("churn", "production").unwrap()), 3.0);
    assert_eq!(store.rollback(&churn, &production).unwrap().version, 2);
    // By the clock of the backend all blobs are new, whatever that of the writer says.
    assert_eq!(store.collect(Duration::from_secs(3600), false).unwrap().deleted, []);
    assert_sound(&store);
}
