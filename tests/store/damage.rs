//! What was changed from outside is named, and the rest still works.

use std::fs;
use std::path::{Path, PathBuf};

use deadweight::store::{Store, StoreError};

use super::support::{Place, alias, assert_sound, blob_path, name, place, slope, version};

/// Three versions with a blob each, and an alias that moved over them.
fn sample() -> (Place, Store) {
    let place = place();
    let store = Store::create(&place.url).unwrap();
    for number in 1..=3u64 {
        store.put(version("churn", number as f64)).unwrap();
        store.set_alias(&name("churn"), &alias("production"), number).unwrap();
    }
    (place, store)
}

fn path(store: &Store, place: &str) -> PathBuf {
    Path::new(store.url()).join(place)
}

/// The one thing that is wrong: where, and what.
#[track_caller]
fn problem(store: &Store) -> (String, String) {
    let problems = store.verify(&|_, _| ()).unwrap().problems;
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    (problem.place.clone(), problem.message.clone())
}

#[test]
fn a_damaged_blob_is_named_and_the_rest_loads() {
    let long: fn(&mut Vec<u8>) = |bytes| bytes.push(0);
    type Change = (&'static str, fn(&mut Vec<u8>));
    let changes: [Change; 3] = [
        ("found SHA-256 ", |bytes| *bytes.last_mut().unwrap() ^= 1),
        (" bytes, found ", |bytes| bytes.truncate(100)),
        (" bytes, found ", long),
    ];
    for (expected, change) in changes {
        let (_place, store) = sample();
        let blob = blob_path(&store, "churn", 2);
        let mut bytes = fs::read(&blob).unwrap();
        change(&mut bytes);
        fs::write(&blob, bytes).unwrap();
        let error = store.load("churn", "2").err().unwrap();
        assert!(matches!(error, StoreError::Blob { .. }));
        let sha256 = blob.file_name().unwrap().to_str().unwrap();
        assert!(error.to_string().starts_with(&format!("blob {sha256}: expected ")), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        let (place, message) = problem(&store);
        assert!(
            place.ends_with(sha256) && message.ends_with("; of churn version 2"),
            "{place}: {message}"
        );
        for other in ["1", "3", "production"] {
            store.load("churn", other).unwrap();
        }
        let (manifest, _) = store.manifest(&name("churn"), 2).unwrap();
        let target = store.url().to_owned() + "-copy";
        assert!(store.download(&manifest, target.as_ref(), &|_, _| ()).is_err());
        assert!(!Path::new(&target).exists());
    }
}

#[test]
fn a_removed_or_short_blob_comes_back_with_the_next_put() {
    let (_place, store) = sample();
    let blob = blob_path(&store, "churn", 2);
    fs::remove_file(&blob).unwrap();
    let error = store.load("churn", "2").err().unwrap().to_string();
    assert!(error.ends_with("found nothing"), "{error}");
    assert!(problem(&store).1.contains("found nothing; of churn version 2"));
    store.put(version("churn", 2.0)).unwrap();
    assert_sound(&store);
    fs::write(&blob, b"short").unwrap();
    store.put(version("churn", 2.0)).unwrap();
    assert_eq!(slope(&store.load("churn", "2").unwrap()), 2.0);
    assert_sound(&store);
}

#[test]
fn a_changed_blob_comes_right_with_the_next_put() {
    let (_place, store) = sample();
    let blob = blob_path(&store, "churn", 2);
    let right = fs::read(&blob).unwrap();
    for at in [0, right.len() / 2, right.len() - 1] {
        let mut bytes = right.clone();
        bytes[at] ^= 1;
        fs::write(&blob, bytes).unwrap();
        let number = store.put(version("churn", 2.0)).unwrap().version;
        assert_eq!(fs::read(&blob).unwrap(), right, "byte {at}");
        assert_eq!(slope(&store.load("churn", &number.to_string()).unwrap()), 2.0);
        assert_sound(&store);
    }
}

#[test]
fn a_collection_puts_nothing_damaged_over_what_was_sent_again() {
    let (_place, store) = sample();
    let blob = blob_path(&store, "churn", 2);
    let right = fs::read(&blob).unwrap();
    let trash = PathBuf::from(blob.to_str().unwrap().replace("/blobs/", "/trash/"));
    fs::create_dir_all(trash.parent().unwrap()).unwrap();
    for (there, in_trash) in [(&right[..], &b"short"[..]), (&b"short"[..], &right[..])] {
        fs::write(&blob, there).unwrap();
        fs::write(&trash, in_trash).unwrap();
        store.collect(std::time::Duration::from_secs(3600), false).unwrap();
        assert_eq!(fs::read(&blob).unwrap(), right);
        assert!(!trash.exists());
    }
}

#[test]
fn a_collection_leaves_alone_what_is_not_the_stores_own() {
    let (_place, store) = sample();
    let write = |place: &str| {
        let file = path(&store, place);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "x").unwrap();
        file
    };
    store.set_alias(&name("churn"), &alias("clock"), 2).unwrap();
    let sha256 = "ab".repeat(32);
    let strangers: Vec<PathBuf> = [
        "src/clock/time.py",
        "clock/time.py",
        "clock/deep/0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
        "notes#1",
        "models/notes#1",
        "models/churn/versions/notes#1",
        "src/models/churn/versions/00000009.json#1",
        "blobs/notes#1",
        &format!("blobs/sha256/x/{sha256}"),
    ]
    .map(write)
    .into();
    let own = [
        "store.json#1",
        "clock/0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
        "models/churn/aliases/clock/00000002.json#1",
        &format!("blobs/sha256/ab/{sha256}#1"),
        &format!("trash/sha256/ab/{sha256}#1"),
    ]
    .map(write);
    let verified = store.verify(&|_, _| ()).unwrap();
    assert_eq!((verified.leftovers, verified.unreferenced), (own.len(), 0));
    let pretended = store.collect(std::time::Duration::ZERO, true).unwrap();
    assert_eq!((pretended.leftovers, pretended.deleted.len()), (own.len(), 0));
    assert!(own.iter().all(|file| file.exists()));
    let collected = store.collect(std::time::Duration::ZERO, false).unwrap();
    assert_eq!((collected.leftovers, collected.deleted.len()), (own.len(), 0));
    assert!(own.iter().all(|file| !file.exists()));
    for stranger in &strangers {
        assert!(stranger.exists(), "{}", stranger.display());
    }
    assert_eq!(slope(&store.load("churn", "clock").unwrap()), 2.0);
}

#[test]
fn to_say_what_would_be_collected_writes_nothing() {
    let (_place, store) = sample();
    fs::remove_file(path(&store, "models/churn/versions/00000003.json")).unwrap();
    assert_eq!(store.collect(std::time::Duration::ZERO, true).unwrap().deleted.len(), 1);
    assert!(!path(&store, "clock").exists());
    assert!(!path(&store, "trash").exists());
}

#[test]
fn a_signature_that_cannot_be_one_is_named() {
    let (_place, store) = sample();
    let stray = path(&store, "models/churn/versions/00000009.sig");
    fs::write(&stray, "{}").unwrap();
    assert_eq!(
        problem(&store),
        (
            "models/churn/versions/00000009.sig".to_owned(),
            "the version that it is a signature of is missing".to_owned()
        )
    );
    fs::remove_file(stray).unwrap();
    fs::write(path(&store, "models/churn/versions/00000002.sig"), vec![b' '; (1 << 20) + 1])
        .unwrap();
    let (place, message) = problem(&store);
    assert_eq!(place, "models/churn/versions/00000002.sig");
    assert!(message.ends_with("expected at most 1048576 bytes, found 1048577 bytes"), "{message}");
}

#[test]
fn a_folder_without_a_version_is_no_model() {
    let (_place, store) = sample();
    fs::create_dir_all(path(&store, "models/aaa/versions")).unwrap();
    fs::create_dir_all(path(&store, "models/zzz")).unwrap();
    assert_eq!(store.names().unwrap(), [name("churn")]);
    assert!(matches!(store.latest(&name("aaa")), Err(StoreError::NotFound { .. })));
    assert_sound(&store);
}

#[test]
fn a_changed_manifest_is_named() {
    let (_place, store) = sample();
    let file = path(&store, "models/churn/versions/00000002.json");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"kind\":\"linear", "\"kind\":\"Linear")).unwrap();
    let error = store.load("churn", "2").err().unwrap().to_string();
    assert!(
        error.starts_with("models/churn/versions/00000002.json: expected a body of SHA-256 "),
        "{error}"
    );
    assert_eq!(problem(&store).0, "models/churn/versions/00000002.json");
    store.load("churn", "3").unwrap();
    // Nobody knows what it refers to.
    assert!(store.collect(std::time::Duration::ZERO, false).is_err());
}

/// A server that loaded a version before, and remembers what it checked.
#[test]
fn damage_is_noticed_by_who_has_loaded_the_version_before() {
    let (_place, store) = sample();
    // What was just written is not remembered.
    std::thread::sleep(std::time::Duration::from_secs(3));
    for place in
        ["models/churn/versions/00000003.json", "models/churn/aliases/production/00000003.json"]
    {
        for _ in 0..2 {
            store.load("churn", "production").unwrap();
        }
        let file = path(&store, place);
        let bytes = fs::read(&file).unwrap();
        let mut changed = bytes.clone();
        let digit = changed.iter().rposition(u8::is_ascii_digit).unwrap();
        changed[digit] ^= 1;
        fs::write(&file, changed).unwrap();
        let error = store.load("churn", "production").err().unwrap().to_string();
        assert!(error.starts_with(&format!("{place}: expected a body of SHA-256 ")), "{error}");
        fs::write(&file, bytes).unwrap();
    }
    store.load("churn", "production").unwrap();
}

#[test]
fn an_alias_moves_to_what_can_be_used_alone() {
    let (churn, production) = (name("churn"), alias("production"));
    let manifest = "models/churn/versions/00000002.json";
    type Damage = fn(&Store);
    let damages: [(Damage, &str); 3] = [
        (
            |store| fs::write(path(store, "models/churn/versions/00000002.json"), "{}").unwrap(),
            manifest,
        ),
        (
            |store| fs::remove_file(path(store, "models/churn/versions/00000002.json")).unwrap(),
            manifest,
        ),
        (
            |store| fs::write(blob_path(store, "churn", 2), "short").unwrap(),
            " bytes, found 5 bytes",
        ),
    ];
    for (damage, expected) in damages {
        let (_place, store) = sample();
        // Its path is by the manifest.
        let _ = blob_path(&store, "churn", 2);
        damage(&store);
        let moved = [store.rollback(&churn, &production), store.set_alias(&churn, &production, 2)];
        for refused in moved {
            let error = refused.unwrap_err().to_string();
            let is_missing = error.contains("churn version 2");
            assert!(error.contains(expected) || is_missing, "{error}");
        }
        assert_eq!(store.alias(&churn, &production).unwrap().unwrap().version, 3);
        store.load("churn", "production").unwrap();
    }
}

#[test]
fn what_is_put_while_a_store_is_verified_is_no_damage() {
    let (_place, store) = sample();
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 4u64.. {
                if is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    return number;
                }
                let put = store.put(version("churn", number as f64)).unwrap();
                store.set_alias(&name("churn"), &alias("production"), put.version).unwrap();
            }
            0
        });
        for _ in 0..60 {
            let problems = store.verify(&|_, _| ()).unwrap().problems;
            assert!(problems.is_empty(), "{problems:?}");
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(writer.join().unwrap() > 4);
    });
}

#[test]
fn a_manifest_that_was_replaced_is_not_what_the_alias_was_set_to() {
    let (_place, store) = sample();
    let file = path(&store, "models/churn/versions/00000003.json");
    // A whole and sound manifest of version 3, of another store.
    let (_other_place, other) = sample();
    fs::copy(path(&other, "models/churn/versions/00000003.json"), &file).unwrap();
    store.load("churn", "3").unwrap();
    let error = store.load("churn", "production").err().unwrap().to_string();
    assert!(error.contains("as when alias production was set"), "{error}");
    let (place, message) = problem(&store);
    assert_eq!(place, "models/churn/aliases/production/00000003.json");
    assert!(message.starts_with("version 3 had SHA-256 "), "{message}");
}

#[test]
fn a_number_that_is_missing_is_named_and_not_given_again() {
    for missing in [1, 2] {
        let (_place, store) = sample();
        fs::remove_file(path(&store, &format!("models/churn/versions/0000000{missing}.json")))
            .unwrap();
        let store = Store::open(store.url()).unwrap();
        let problems = store.verify(&|_, _| ()).unwrap().problems;
        let names: Vec<&str> = problems.iter().map(|problem| problem.place.as_str()).collect();
        let version_place = format!("models/churn/versions/0000000{missing}.json");
        let move_place = format!("models/churn/aliases/production/0000000{missing}.json");
        assert_eq!(names, [move_place.as_str(), version_place.as_str()]);
        match store.put(version("churn", 9.0)) {
            Ok(manifest) => assert_eq!((missing, manifest.version), (2, 4)),
            Err(error) => {
                assert!(matches!(error, StoreError::Gap { .. }) && missing == 1, "{error}")
            }
        }
        assert_eq!(slope(&store.load("churn", "production").unwrap()), 3.0);
        assert_eq!(slope(&store.load("churn", "3").unwrap()), 3.0);
    }
}

#[test]
fn the_number_of_a_removed_newest_version_is_not_given_again_where_something_speaks_of_it() {
    let newest = "models/churn/versions/00000003.json";
    let signature = "models/churn/versions/00000003.sig";
    let moved = |number: u32| format!("models/churn/aliases/production/{number:08}.json");
    // An alias that stands on it, one that came from it, a signature.
    let (stands, came, signed) = (sample(), sample(), sample());
    came.1.set_alias(&name("churn"), &alias("production"), 1).unwrap();
    fs::write(path(&signed.1, signature), "{}").unwrap();
    fs::remove_file(path(&signed.1, &moved(3))).unwrap();
    for ((_place, store), witness) in
        [(stands, moved(3)), (came, moved(4)), (signed, signature.to_owned())]
    {
        fs::remove_file(path(&store, newest)).unwrap();
        let store = Store::open(store.url()).unwrap();
        let error = store.put(version("churn", 9.0)).unwrap_err();
        assert_eq!(error.to_string(), format!("{newest} is missing, though {witness} is there"));
        assert!(error.remedy().contains("restore it from a copy"));
        store.load("churn", "2").unwrap();
    }
    // Damage of an alias is its own, and stops nobody.
    let (_place, store) = sample();
    fs::write(path(&store, &moved(3)), "{}").unwrap();
    assert_eq!(store.put(version("churn", 9.0)).unwrap().version, 4);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_document_or_a_blob_is_no_reason_to_wait() {
    let (_place, store) = sample();
    let blob = blob_path(&store, "churn", 2);
    for file in [path(&store, "models/churn/versions/00000003.json"), blob] {
        fs::remove_file(&file).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&file).status().unwrap();
        assert!(made.success());
    }
    let error = store.load("churn", "3").err().unwrap().to_string();
    assert_eq!(
        error,
        "models/churn/versions/00000003.json: expected a regular file, found a pipe or device"
    );
    let error = store.load("churn", "2").err().unwrap().to_string();
    assert!(error.ends_with("expected a regular file, found a pipe or device"), "{error}");
    assert_eq!(slope(&store.load("churn", "1").unwrap()), 1.0);
}

#[test]
fn strangers_are_named_and_stop_a_collection() {
    let (_place, store) = sample();
    fs::write(path(&store, "models/churn/versions/1.json"), "{}").unwrap();
    assert_eq!(problem(&store).0, "models/churn/versions/1.json");
    assert!(store.collect(std::time::Duration::ZERO, false).is_err());
    assert_eq!(store.latest(&name("churn")).unwrap(), 3);
}

#[test]
fn hostile_documents_are_refused() {
    let (_place, store) = sample();
    let file = path(&store, "models/churn/versions/00000003.json");
    for hostile in [
        "[".repeat(900_000),
        " ".repeat(2 << 20),
        "{\"schema\":\"deadweight.manifest/1\",\"sha256\":\"\",\"body\":{}}".to_owned(),
        String::new(),
        "\0".repeat(100),
    ] {
        fs::write(&file, &hostile).unwrap();
        assert!(matches!(store.load("churn", "3"), Err(StoreError::Document { .. })));
        assert_eq!(slope(&store.load("churn", "2").unwrap()), 2.0);
    }
}

#[test]
fn what_a_killed_collection_left_in_the_trash_is_still_there() {
    // The first collections shared one place for a blob; now each has its own.
    for ending in ["".to_owned(), format!(".{}", "0f".repeat(16))] {
        let (_place, store) = sample();
        let blob = blob_path(&store, "churn", 2);
        let trash = blob.to_str().unwrap().replace("/blobs/", "/trash/") + &ending;
        let trash = PathBuf::from(trash);
        fs::create_dir_all(trash.parent().unwrap()).unwrap();
        fs::rename(&blob, &trash).unwrap();
        assert_eq!(slope(&store.load("churn", "2").unwrap()), 2.0);
        let manifest = store.manifest(&name("churn"), 2).unwrap().0;
        let target = store.url().to_owned() + "-copy";
        store.download(&manifest, target.as_ref(), &|_, _| ()).unwrap();
        assert_sound(&store);
        let hour = std::time::Duration::from_secs(3600);
        assert_eq!(store.collect(hour, false).unwrap().restored, 1);
        assert!(blob.exists() && !trash.exists());
        assert_sound(&store);
    }
}

#[test]
fn old_blobs_without_a_version_go_and_young_ones_stay() {
    let (_place, store) = sample();
    let blob = blob_path(&store, "churn", 3);
    for number in ["versions/00000003.json", "aliases/production/00000003.json"] {
        fs::remove_file(path(&store, &format!("models/churn/{number}"))).unwrap();
    }
    let hour = std::time::Duration::from_secs(3600);
    let collected = store.collect(hour, false).unwrap();
    assert_eq!((collected.deleted.len(), collected.young, collected.referenced), (0, 1, 2));
    let past = std::time::SystemTime::now() - 2 * hour;
    fs::File::options().write(true).open(&blob).unwrap().set_modified(past).unwrap();
    let leftover = path(&store, "models/churn/versions/00000009.json#1");
    fs::write(&leftover, "half").unwrap();
    fs::File::options().write(true).open(&leftover).unwrap().set_modified(past).unwrap();
    let pretended = store.collect(hour, true).unwrap();
    assert!(blob.exists() && pretended.deleted.len() == 1);
    // From the future, as after a clock was set back: young.
    fs::File::options()
        .write(true)
        .open(&blob)
        .unwrap()
        .set_modified(std::time::SystemTime::now() + hour)
        .unwrap();
    let collected = store.collect(hour, false).unwrap();
    assert_eq!((collected.deleted, collected.leftovers), (vec![], 1));
    fs::File::options().write(true).open(&blob).unwrap().set_modified(past).unwrap();
    let collected = store.collect(hour, false).unwrap();
    assert_eq!(collected.deleted, pretended.deleted);
    assert!(!blob.exists() && !leftover.exists());
    assert_sound(&store);
}
