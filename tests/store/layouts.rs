//! A store of layout 1 that lies in the repository: it is read from now on, by every version.
//!
//! ```text
//! cargo test --release --test store -- --ignored make_layout_1     makes it anew
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use deadweight::base::digest;
use deadweight::store::{Action, NewVersion, Store, StoreError};

use super::support::{alias, assert_sound, linear, name, slope};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/store/layout_1")
}

/// The fixture where it can be written to.
fn copy() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let mut waiting = vec![PathBuf::new()];
    while let Some(part) = waiting.pop() {
        fs::create_dir_all(folder.path().join(&part)).unwrap();
        for entry in fs::read_dir(fixture().join(&part)).unwrap() {
            let entry = entry.unwrap();
            let part = part.join(entry.file_name());
            match entry.file_type().unwrap().is_dir() {
                true => waiting.push(part),
                false => drop(fs::copy(entry.path(), folder.path().join(part)).unwrap()),
            }
        }
    }
    let store = Store::open(folder.path().to_str().unwrap()).unwrap();
    (folder, store)
}

#[test]
#[ignore = "makes the fixture anew"]
fn make_layout_1() {
    let _ = fs::remove_dir_all(fixture());
    let store = Store::create(fixture().to_str().unwrap()).unwrap();
    let store = store.with_clock(|| "2026-01-02T03:04:05Z".parse().unwrap());
    for slope in [1.5, 2.5] {
        let mut new = NewVersion::new(name("price"), linear(slope, 0.0));
        new.metrics.0.insert("mae".into(), slope / 4.0);
        new.seed = Some(7);
        new.dataset_sha256 = Some("ab".repeat(32));
        store.put(new).unwrap();
    }
    for version in [1, 2] {
        store.set_alias(&name("price"), &alias("production"), version).unwrap();
    }
    store.rollback(&name("price"), &alias("production")).unwrap();
}

#[test]
fn layout_1_is_read_and_written_to() {
    let (folder, store) = copy();
    assert_eq!(store.names().unwrap(), [name("price")]);
    let mut list = assert_cmd::Command::cargo_bin("deadweight").unwrap();
    list.args(["store", "list", "--json", "--store"]).arg(folder.path());
    let listed = list.assert().success();
    let listed: serde_json::Value = serde_json::from_slice(&listed.get_output().stdout).unwrap();
    assert_eq!(
        listed["models"],
        serde_json::json!([{
            "name": "price",
            "latest": 2,
            "kind": "linear_regression",
            "aliases": {"production": 1},
        }])
    );
    assert_eq!(slope(&store.load("price", "latest").unwrap()), 2.5);
    let production = store.load("price", "production").unwrap();
    assert_eq!((slope(&production), production.manifest.metrics.0["mae"]), (1.5, 0.375));
    assert_eq!(production.manifest.created, "2026-01-02T03:04:05Z".parse().unwrap());
    assert_eq!(
        (production.manifest.seed, production.manifest.tool_version.as_str()),
        (Some(7), "0.1.0")
    );
    let history = store.history(&name("price"), &alias("production")).unwrap();
    let actions: Vec<(u64, Action)> =
        history.iter().map(|entry| (entry.version, entry.action)).collect();
    assert_eq!(actions, [(1, Action::Set), (2, Action::Set), (1, Action::Rollback)]);
    assert_sound(&store);
    assert_eq!(store.put(NewVersion::new(name("price"), linear(3.0, 0.0))).unwrap().version, 3);
    store.set_alias(&name("price"), &alias("production"), 3).unwrap();
    assert_eq!(store.rollback(&name("price"), &alias("production")).unwrap().version, 1);
    assert_sound(&store);
}

/// Changes the body of a document and its hash, as a newer program would have written it.
fn rewrite(path: &Path, change: impl Fn(&str) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let text = change(&text);
    let (head, body) = text.split_once("\"body\":").unwrap();
    let body = &body[..body.len() - 1];
    let (before, hash) = head.split_once("\"sha256\":\"").unwrap();
    let hash = hash.replacen(&hash[..64], &digest::sha256(body), 1);
    fs::write(path, format!("{before}\"sha256\":\"{hash}\"body\":{body}}}")).unwrap();
}

#[test]
fn what_is_newer_is_refused_and_says_what_to_upgrade() {
    for (file, from, to, expected) in [
        (
            "models/price/versions/00000002.json",
            "deadweight.manifest/1",
            "deadweight.manifest/2",
            "deadweight.manifest of version 2, this program reads up to 1",
        ),
        (
            "models/price/versions/00000002.json",
            "{\"id\":\"safetensors\",\"version\":1}",
            "{\"id\":\"safetensors\",\"version\":3}",
            "format safetensors of version 3, this program reads up to 1",
        ),
        (
            "models/price/versions/00000002.json",
            "\"layout_version\":1",
            "\"layout_version\":4",
            "linear_regression of layout 4, this program reads up to 1",
        ),
    ] {
        let (folder, store) = copy();
        rewrite(&folder.path().join(file), |text| {
            assert!(text.contains(from), "{text}");
            text.replace(from, to)
        });
        let error = store.load("price", "2").err().unwrap();
        assert!(matches!(error, StoreError::Newer { .. }), "{error}");
        assert!(error.to_string().ends_with(expected), "{error}");
        assert_eq!(error.remedy(), "upgrade deadweight");
        assert_eq!(slope(&store.load("price", "1").unwrap()), 1.5);
    }
    let (folder, _) = copy();
    rewrite(&folder.path().join("store.json"), |text| {
        text.replace("\"layout_version\":1", "\"layout_version\":2")
    });
    let error = Store::open(folder.path().to_str().unwrap()).err().unwrap();
    assert_eq!(error.to_string(), "store.json: layout of the store 2, this program reads up to 1");
}
