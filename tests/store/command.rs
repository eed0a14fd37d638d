//! `deadweight store` as people call it.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use deadweight::base::{Array, digest};
use deadweight::formats::npy;
use deadweight::signing;
use predicates::str::{contains, starts_with};
use serde_json::Value as Json;
use tempfile::TempDir;

use super::support::{file, linear};

/// A directory with models and data in it, and commands that run there on one store.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Folder(TempDir::new().unwrap());
        for (slope, name) in [(3.0, "a.dw"), (2.0, "b.dw")] {
            file(folder.0.path(), name, &linear(slope, 0.0));
        }
        let rows: Vec<f64> = (0..4).map(f64::from).collect();
        let labels: Vec<f64> = rows.iter().map(|row| row * 2.0).collect();
        let write = |name: &str, values: Vec<f64>, shape: &[usize]| {
            let array = Array::from_vec(values, shape).unwrap();
            fs::write(folder.path(name), npy::write(&array).unwrap()).unwrap();
        };
        write("X.npy", rows, &[4, 1]);
        write("y.npy", labels, &[4]);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> assert_cmd::assert::Assert {
        let mut command = Command::cargo_bin("deadweight").unwrap();
        command
            .current_dir(self.0.path())
            .env("DEADWEIGHT_STORE", self.path("store"))
            .env("COLUMNS", "100")
            .env("NO_COLOR", "1")
            .arg("store")
            .args(arguments)
            .assert()
    }

    fn json(&self, arguments: &[&str]) -> Json {
        let output = self.run(&[arguments, &["--json"]].concat()).success();
        serde_json::from_slice(&output.get_output().stdout).unwrap()
    }
}

#[test]
fn a_model_goes_in_is_promoted_rolled_back_and_comes_out() {
    let folder = Folder::new();
    folder.run(&["list"]).code(1).stderr(contains("there is no store (no store.json)"));
    let put = folder.run(&[
        "put",
        "a.dw",
        "--name",
        "price",
        "--metric",
        "mae=1.5",
        "--alias",
        "production",
    ]);
    put.success().stdout("1\n").stderr(starts_with("a.dw (raw) -> price version 1 at "));
    folder
        .run(&["put", "b.dw", "--name", "price", "--seed", "7", "--dataset", "X.npy"])
        .success()
        .stdout("2\n");

    let condition = ["--data", "X.npy", "--labels", "y.npy", "--to", "production", "--if"];
    let refused =
        folder.run(&[&["promote", "price@2"], &condition[..], &["mae > production.mae"]].concat());
    refused.code(13).stdout("").stderr(contains("mae (0) > production.mae (1.5) does not hold"));
    let promoted = folder
        .json(&[&["promote", "price"], &condition[..], &["mae <= production.mae - 1"]].concat());
    assert_eq!(promoted["schema"], "deadweight.store.move/1");
    assert_eq!((&promoted["version"], &promoted["action"]), (&2.into(), &"promote".into()));
    assert_eq!(promoted["reason"]["because"], "mae (0) <= production.mae (1.5) - 1");
    let wrong = folder.run(&[&["promote", "price"], &condition[..], &["mae <"]].concat());
    wrong.code(2).stderr(contains(
        "character 6: expected a metric, ALIAS.METRIC or a number, found the end",
    ));

    let shown = folder.json(&["show", "price@production"]);
    assert_eq!((&shown["version"], &shown["seed"]), (&2.into(), &7.into()));
    assert_eq!(shown["dataset_sha256"], digest::sha256(fs::read(folder.path("X.npy")).unwrap()));
    assert_eq!(
        shown["origin"]["file_sha256"],
        digest::sha256(fs::read(folder.path("b.dw")).unwrap())
    );
    assert_eq!(shown["origin"]["format"], "raw");
    folder
        .run(&["show", "price"])
        .success()
        .stdout(contains("price version 2\n kind             linear_regression (layout 1)"));

    folder
        .run(&["rollback", "price", "production"])
        .success()
        .stdout(starts_with("production: version 1 from version 2, rollback, "));
    folder
        .run(&["rollback", "price", "production"])
        .code(1)
        .stderr(contains("nothing stood before version 1"));
    folder
        .run(&["alias", "price", "latest", "candidate"])
        .success()
        .stdout(starts_with("candidate: version 2, set, "));
    let history = folder.json(&["show", "price", "--history", "production"]);
    assert_eq!(history["moves"].as_array().unwrap().len(), 3);

    folder.run(&["get", "price@production"]).success().stdout("price-1.safetensors\n");
    folder
        .run(&["get", "price@production"])
        .code(1)
        .stderr(contains("price-1.safetensors exists: not overwritten"));
    let mut predict = Command::cargo_bin("deadweight").unwrap();
    let predicted = predict.current_dir(folder.0.path()).args([
        "predict",
        "price-1.safetensors",
        "--input",
        "X.npy",
    ]);
    predicted.assert().success().stdout("0.0\n3.0\n6.0\n9.0\n");

    let list = folder.json(&["list"]);
    assert_eq!(list["models"][0]["aliases"]["candidate"], 2);
    let versions = folder.json(&["list", "price"]);
    assert_eq!(versions["versions"][0]["metrics"]["mae"], 1.5);
    let diff = folder.json(&["diff", "price", "1", "candidate", "--data", "X.npy"]);
    assert_eq!(
        (&diff["predictions"]["differing"], &diff["predictions"]["largest"]),
        (&3.into(), &3.0.into())
    );
    assert_eq!(diff["arrays"][0]["name"], "coef");
    folder
        .run(&["diff", "price@1", "price@2"])
        .success()
        .stdout(contains("array coef: 1 elements differ, by 1 at most"));
    folder.run(&["diff", "price@1", "price/2"]).code(2);
}

#[test]
fn a_pickle_goes_in_without_being_run() {
    let folder = Folder::new();
    let pickle = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/sklearn/1.4.2/logistic_binary.p3.pkl");
    let put = folder.json(&["put", pickle.to_str().unwrap(), "--name", "churn"]);
    assert_eq!(put["schema"], "deadweight.store.version/1");
    assert_eq!((&put["kind"], &put["content"]), (&"logistic_regression".into(), &"full".into()));
    assert_eq!(
        (&put["origin"]["library"], &put["origin"]["version"]),
        (&"scikit-learn".into(), &"1.4.2".into())
    );
    assert_eq!(
        (&put["origin"]["format"], &put["origin"]["scan_verdict"]),
        (&"pickle".into(), &"not-scanned".into())
    );
    assert_eq!(put["origin"]["file_sha256"], digest::sha256(fs::read(&pickle).unwrap()));
    assert_eq!(put["format"]["id"], "safetensors");
    assert!(
        put["hyper_parameters"]["C"].is_number() && put["hyper_parameters"]["solver"].is_string(),
        "{put}"
    );
    assert!(put["hyper_parameters"].get("n_iter_").is_none());
    let predict =
        folder.run(&["put", pickle.to_str().unwrap(), "--name", "churn", "--content", "predict"]);
    predict.success().stdout("2\n");
    assert_eq!(folder.json(&["show", "churn"])["content"], "predict");
    assert_eq!(folder.json(&["verify"])["problems"], Json::Array(vec![]));
}

#[test]
fn what_is_wrong_is_named_and_counted() {
    let folder = Folder::new();
    for file in ["a.dw", "b.dw"] {
        folder.run(&["put", file, "--name", "price"]).success();
    }
    folder
        .run(&["verify"])
        .success()
        .stdout(contains("1 models, 2 versions, 0 moves of aliases, 2 blobs of "));
    let blob = folder.json(&["show", "price@1"])["blobs"][0]["sha256"].as_str().unwrap().to_owned();
    fs::write(folder.path("store/blobs/sha256").join(&blob[..2]).join(&blob), "changed").unwrap();
    let verified = folder.run(&["verify"]).code(1);
    verified
        .stdout(starts_with(format!("blobs/sha256/{}/{blob}: blob {blob}: expected ", &blob[..2])))
        .stderr(contains("1 things are wrong"));
    folder.run(&["get", "price@1", "--output", "x"]).code(1).stderr(contains(&blob));
    folder.run(&["get", "price@2", "--output", "x"]).success();
    let collected = folder.json(&["gc", "--grace-hours", "0", "--dry-run"]);
    assert_eq!(
        (&collected["deleted"], &collected["referenced"]),
        (&Json::Array(vec![]), &2.into())
    );
    for (arguments, said) in [
        (&["put", "a.dw", "--name", "../x"][..], "name \"../x\": expected 1 to 100 of a-z"),
        (&["put", "a.dw", "--name", "x", "--metric", "accuracy"], "expected NAME=VALUE"),
        (&["show", "price@0"], "version \"0\": expected a whole number from 1 on"),
        (&["alias", "price", "1", "latest"], "alias \"latest\""),
    ] {
        folder.run(arguments).code(2).stderr(contains(said));
    }
    folder
        .run(&["show", "price@9"])
        .code(1)
        .stderr(contains("price version 9: not in the store; there is the newest, version 2"));
    folder
        .run(&["--store", "ftp://x", "list"])
        .code(1)
        .stderr(contains("no backend is called \"ftp\""));
}

#[test]
fn a_signed_version_passes_a_policy_and_another_does_not() {
    let folder = Folder::new();
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/signing");
    let key = keys.join("test_only.pem");
    let key = key.to_str().unwrap();
    fs::copy(keys.join("test_only.pub.pem"), folder.path("release.pub.pem")).unwrap();
    let policy = "version = 1\ndefault = \"deny\"\n[keys.release]\nfile = \"release.pub.pem\"\n\
                  [[rules]]\nmodels = [\"price\"]\nsigned_by = [\"release\"]\n";
    fs::write(folder.path("policy.toml"), policy).unwrap();
    let under =
        |arguments: &[&str]| folder.run(&[&["--policy", "policy.toml"], arguments].concat());

    folder.run(&["put", "a.dw", "--name", "price", "--sign", key]).success().stdout("1\n");
    folder.run(&["put", "b.dw", "--name", "price"]).success().stdout("2\n");
    under(&["get", "price@1", "--output", "one.safetensors"]).success();
    let refused = under(&["get", "price@2", "--output", "two.safetensors"]);
    refused.code(1).stderr(contains("price version 2: not admitted"));
    assert!(!folder.path("two.safetensors").exists());
    let found = under(&["verify", "--json"]).code(1);
    let found: Json = serde_json::from_slice(&found.get_output().stdout).unwrap();
    assert_eq!((found["blobs"].as_u64(), found["unreferenced"].as_u64()), (Some(2), Some(0)));
    assert_eq!(found["problems"].as_array().unwrap().len(), 1);

    folder.run(&["sign", "price@2", "--key", key]).success();
    // Once more is the same signature; that of another key would have to replace it.
    folder.run(&["sign", "price@2", "--key", key]).success();
    let other = keys.join("other.pem");
    let other = folder.run(&["sign", "price@2", "--key", other.to_str().unwrap()]);
    other.code(1).stderr(contains("is signed already"));
    under(&["get", "price@2", "--output", "two.safetensors"]).success();
    under(&["verify"]).success();

    // What a signature covers lies in the folder under the names that it has there.
    under(&["get", "price@1", "--folder", "one"]).success();
    let read = |name: &str| fs::read(folder.path("one").join(name)).unwrap();
    let resources = ["manifest.json", "model.safetensors"]
        .map(|name| signing::Resource::new(name, signing::Sha256::of(read(name))).unwrap());
    let trusted = [signing::PublicKey::read(&folder.path("release.pub.pem")).unwrap()];
    let verified = signing::verify(&read("model.sig"), &trusted, &resources).unwrap();
    assert_eq!(verified.model_name(), "price");
    folder.run(&["get", "price@1", "--folder", "one"]).code(1).stderr(contains("--force"));
}
