//! `deadweight store` as people call it.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use deadweight::base::{Array, digest};
use deadweight::formats::npy;
use deadweight::signing;
use predicates::prelude::PredicateBooleanExt;
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
        self.json_of_code(arguments, 0)
    }

    /// The document of a command that ends with this code.
    fn json_of_code(&self, arguments: &[&str], code: i32) -> Json {
        let output = self.run(&[arguments, &["--json"]].concat()).code(code);
        serde_json::from_slice(&output.get_output().stdout).unwrap()
    }

    /// A policy that wants a signature of every model. The path of the key.
    fn policy(&self) -> String {
        let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/signing");
        fs::copy(keys.join("test_only.pub.pem"), self.path("release.pub.pem")).unwrap();
        let policy = "version = 1\ndefault = \"deny\"\n[keys.release]\nfile = \"release.pub.pem\"\n\
                      [[rules]]\nmodels = [\"price\"]\nsigned_by = [\"release\"]\n";
        fs::write(self.path("policy.toml"), policy).unwrap();
        keys.join("test_only.pem").to_str().unwrap().to_owned()
    }

    /// Labels of whole numbers and of others.
    fn labels(&self, name: &str, array: &Array) {
        fs::write(self.path(name), npy::write(array).unwrap()).unwrap();
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
        .stderr(contains("nothing stood before version 1"))
        .stderr(contains("`deadweight store show NAME --history ALIAS`"));
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
        .stderr(contains("1 thing is wrong"));
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
        (&["put", "a.dw", "--name", "x", "--metric", "a b=1"], "expected NAME=VALUE"),
        (
            &["put", "a.dw", "--name", "x", "--metric", "accuracy=nan"],
            "expected a finite number, found \"nan\"",
        ),
        (
            &["put", "a.dw", "--name", "x", "--metric", "a=0.5", "--metric", "a=0.25"],
            "--metric a was given twice, as 0.5 and as 0.25",
        ),
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
    let key = &folder.policy();
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
    let other = key.replace("test_only.pem", "other.pem");
    let other = folder.run(&["sign", "price@2", "--key", &other]);
    other.code(1).stderr(contains("is signed already"));
    under(&["get", "price@2", "--output", "two.safetensors"]).success();
    under(&["verify"]).success();
    folder.run(&["verify"]).success();
    // The signature of the other version is whole, and about other bytes; half of one is not whole.
    let signatures = ["price/versions/00000001.sig", "price/versions/00000002.sig"]
        .map(|of| folder.path("store/models").join(of));
    let [first, second] = [fs::read(&signatures[0]).unwrap(), fs::read(&signatures[1]).unwrap()];
    for (damaged, said) in [(&first[..], "SHA-256"), (&second[..second.len() / 2], "bundle")] {
        fs::write(&signatures[1], damaged).unwrap();
        folder.run(&["verify"]).code(1).stdout(contains(said));
    }
    fs::write(&signatures[1], &second).unwrap();
    folder.run(&["verify"]).success();

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

#[test]
fn a_joblib_file_goes_in_without_being_run() {
    let folder = Folder::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sklearn");
    for (number, file) in [
        "1.8.0/logistic_bools.joblib",
        "1.6.1/logistic_binary.lzma.joblib",
        "1.8.0/logistic_binary.zlib.joblib",
    ]
    .iter()
    .enumerate()
    {
        let joblib = fixtures.join(file);
        let put = folder.json(&["put", joblib.to_str().unwrap(), "--name", "churn"]);
        assert_eq!(
            (&put["version"], &put["kind"]),
            (&(number + 1).into(), &"logistic_regression".into())
        );
        assert_eq!(
            (&put["origin"]["format"], &put["origin"]["library"]),
            (&"joblib".into(), &"scikit-learn".into()),
            "{file}"
        );
        let bytes = fs::read(&joblib).unwrap();
        assert_eq!(put["origin"]["file_sha256"], digest::sha256(&bytes));
        assert_eq!(put["origin"]["file_bytes"], bytes.len());
        assert_eq!(put["format"]["id"], "safetensors");
    }
    folder.run(&["get", "churn@2"]).success().stdout("churn-2.safetensors\n");
    assert_eq!(folder.json(&["verify"])["problems"], Json::Array(vec![]));
}

#[test]
fn what_cannot_be_listed_hides_nothing_else() {
    let folder = Folder::new();
    let key = folder.policy();
    folder.run(&["put", "a.dw", "--name", "price", "--sign", &key]).success();
    folder.run(&["put", "b.dw", "--name", "price"]).success();
    folder.run(&["put", "a.dw", "--name", "alpha", "--alias", "production"]).success();
    fs::create_dir_all(folder.path("store/models/aaa/versions")).unwrap();
    let names = |list: &Json| -> Vec<String> {
        let models = list["models"].as_array().unwrap();
        models.iter().map(|model| model["name"].as_str().unwrap().to_owned()).collect()
    };
    let list = folder.json(&["list"]);
    assert_eq!(names(&list), ["alpha", "price"]);
    assert_eq!(list["models"][0].get("error"), None);

    // What the policy refuses is not damaged.
    let list = folder.json(&["--policy", "policy.toml", "list"]);
    assert_eq!(names(&list), ["alpha", "price"]);
    let error = list["models"][1]["error"].as_str().unwrap();
    assert!(error.starts_with("price version 2: not admitted: "), "{error}");
    assert_eq!((&list["models"][1]["latest"], list["models"][1].get("kind")), (&2.into(), None));
    let versions = folder.json(&["--policy", "policy.toml", "list", "price"]);
    assert_eq!(versions["versions"][0]["kind"], "linear_regression");
    assert!(versions["versions"][1]["error"].as_str().unwrap().contains("not admitted"));

    fs::write(folder.path("store/models/alpha/versions/00000001.json"), "{}").unwrap();
    for policy in [&["list"][..], &["--policy", "policy.toml", "list"]] {
        let list = folder.json_of_code(policy, 1);
        assert_eq!(names(&list), ["alpha", "price"]);
        let error = list["models"][0]["error"].as_str().unwrap();
        assert!(
            error
                .starts_with("models/alpha/versions/00000001.json: expected a deadweight.manifest"),
            "{error}"
        );
        assert_eq!(list["models"][0]["aliases"]["production"], 1);
    }
    let said = folder.run(&["list"]).code(1);
    said.stdout(contains("\n price ").and(contains("\nalpha: models/alpha/versions/0")))
        .stderr(contains("1 of what is listed cannot be read, the rest can be used"));
    folder.run(&["list", "alpha"]).code(1).stdout(contains("\nversion 1: models/alpha/"));
    // Neither does an alias that is damaged.
    fs::create_dir_all(folder.path("store/models/price/aliases/x")).unwrap();
    fs::write(folder.path("store/models/price/aliases/x/00000001.json"), "{}").unwrap();
    let versions = folder.json_of_code(&["list", "price"], 1);
    assert_eq!(versions["versions"].as_array().unwrap().len(), 2);
    assert_eq!(versions["versions"][1]["kind"], "linear_regression");
    assert!(
        versions["error"].as_str().unwrap().starts_with("models/price/aliases/x/00000001.json")
    );
}

#[test]
fn what_a_policy_refuses_gets_no_alias_by_a_put() {
    let folder = Folder::new();
    let key = folder.policy();
    let under =
        |arguments: &[&str]| folder.run(&[&["--policy", "policy.toml"], arguments].concat());
    let put = ["put", "a.dw", "--name", "price", "--alias", "production"];
    under(&[&put[..], &["--sign", &key]].concat()).success().stdout("1\n");
    under(&["put", "b.dw", "--name", "price", "--alias", "production"]).code(1).stdout("").stderr(
        contains(
            "stored as version 2, and production was not moved: price version 2: not admitted: ",
        ),
    );
    let shown = folder.json(&["show", "price@production"]);
    assert_eq!((&shown["version"], &shown["signed"]), (&1.into(), &true.into()));
    let shown = folder.json(&["show", "price"]);
    assert_eq!((&shown["version"], &shown["signed"]), (&2.into(), &false.into()));
    folder.run(&["show", "price"]).success().stdout(contains("\n signed           no"));
    folder.run(&["show", "price@1"]).success().stdout(contains("\n signed           yes"));
    // Without an alias nothing is used.
    under(&["put", "b.dw", "--name", "price"]).success().stdout("3\n");
}

#[test]
fn a_folder_has_no_signature_of_another_version_and_is_gone_on_with() {
    let folder = Folder::new();
    let key = folder.policy();
    folder.run(&["put", "a.dw", "--name", "price", "--sign", &key]).success();
    folder.run(&["put", "b.dw", "--name", "price"]).success();
    let there = |name: &str| folder.path("out").join(name);
    folder.run(&["get", "price@1", "--folder", "out"]).success();
    fs::write(there("notes.sig"), "mine").unwrap();
    // The model did not come whole: what lies there is gone on with.
    let model = fs::read(there("model.safetensors")).unwrap();
    fs::remove_file(there("model.safetensors")).unwrap();
    folder.run(&["get", "price@1", "--folder", "out"]).success();
    assert_eq!(fs::read(there("model.safetensors")).unwrap(), model);
    // What is of another version is not, and nothing is changed.
    fs::remove_file(there("model.safetensors")).unwrap();
    let before = fs::read(there("manifest.json")).unwrap();
    let refused = folder.run(&["get", "price@2", "--folder", "out"]).code(1);
    refused.stderr(contains("manifest.json exists: not overwritten"));
    fs::remove_file(there("manifest.json")).unwrap();
    let refused = folder.run(&["get", "price@2", "--folder", "out"]).code(1);
    refused.stderr(contains("model.sig exists: not overwritten"));
    assert!(there("model.sig").exists() && !there("manifest.json").exists());
    folder.run(&["get", "price@2", "--folder", "out", "--force"]).success();
    assert!(!there("model.sig").exists());
    assert!(there("notes.sig").exists());
    assert_ne!(fs::read(there("manifest.json")).unwrap(), before);
}

#[test]
fn a_promotion_that_moves_nothing_says_so() {
    let folder = Folder::new();
    folder.run(&["put", "a.dw", "--name", "price"]).success();
    let promote = |condition: &str, labels: &str| {
        folder.run(&[
            "promote",
            "price",
            "--to",
            "production",
            "--data",
            "X.npy",
            "--labels",
            labels,
            "--if",
            condition,
        ])
    };
    promote("mae < 2", "y.npy").success().stdout(contains("because mae (1.5) < 2, "));
    let same = "production: already stands on version 1, because mse (3.5) < 4\n";
    promote("mse < 4", "y.npy").success().stdout(same);
    let document = folder.json(&[
        "promote",
        "price",
        "--to",
        "production",
        "--data",
        "X.npy",
        "--labels",
        "y.npy",
        "--if",
        "mse < 5",
    ]);
    assert_eq!((&document["moved"], &document["number"]), (&false.into(), &1.into()));
    assert_eq!(document["reason"]["because"], "mse (3.5) < 5");
    promote("1 > 0", "y.npy").code(2).stderr(contains("character 6: expected a metric of"));
    promote("mae < 1e308 * 1e308", "y.npy").code(1).stderr(contains("found inf for"));
    let labels = |values: Vec<f64>| Array::from_vec(values, &[4]).unwrap();
    folder.labels("nan.npy", &labels(vec![0.0, f64::NAN, 4.0, 6.0]));
    promote("mae < 2", "nan.npy").code(1).stderr(contains("labels: row 2: expected a number"));
    folder.labels("whole.npy", &Array::from_vec(vec![0i64, 3, 6, 9], &[4]).unwrap());
    promote("accuracy == 1", "whole.npy").success().stdout(contains("accuracy (1) == 1"));
    fs::write(folder.path("short.csv"), "1\n2\n").unwrap();
    promote("mae < 2", "short.csv").code(1).stderr(contains("each of 4 rows, found 2"));
}

#[test]
fn a_history_of_nothing_is_an_error() {
    let folder = Folder::new();
    folder.run(&["put", "a.dw", "--name", "price", "--alias", "production"]).success();
    let of = |model: &str, alias: &str| folder.run(&["show", model, "--history", alias]);
    of("nope", "x").code(1).stdout("").stderr(contains("model nope: not in the store"));
    of("price", "x")
        .code(1)
        .stdout("")
        .stderr(contains("alias x of price: not in the store; there is production"));
    of("price", "production").success();
}

#[test]
fn an_address_of_a_file_is_decoded() {
    let folder = Folder::new();
    let url = format!("file://{}", folder.path("a%20store").display());
    folder.run(&["--store", &url, "put", "a.dw", "--name", "price"]).success();
    assert!(folder.path("a store/store.json").exists() && !folder.path("a%20store").exists());
    let wrong = format!("file://{}", folder.path("a%2").display());
    let wrong = folder.run(&["--store", &wrong, "put", "a.dw", "--name", "price"]);
    wrong.code(1).stderr(contains("expected two hexadecimal digits behind every %, found %2"));
}

#[test]
#[cfg(unix)]
fn the_first_commands_of_the_page_work_as_they_stand() {
    let folder = Folder::new();
    for (model, name) in [("a.dw", "model.joblib"), ("b.dw", "better.joblib")] {
        fs::copy(folder.path(model), folder.path(name)).unwrap();
    }
    let page = include_str!("../../docs/store.md");
    let (_, block) = page.split_once("```sh\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    assert_eq!(block.matches("deadweight store ").count(), 5, "{block}");
    let binary = Path::new(env!("CARGO_BIN_EXE_deadweight"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", binary.parent().unwrap().display());
    let mut shell = Command::new("sh");
    shell
        .current_dir(folder.0.path())
        .env("PATH", path)
        .args(["-e", "-c", block])
        .assert()
        .success();
    assert!(folder.path("churn-1.safetensors").exists(), "production is back on the first");
    let mut show = Command::cargo_bin("deadweight").unwrap();
    show.current_dir(folder.0.path()).args(["store", "--store", "models", "show", "churn"]);
    show.args(["--history", "production"]).assert().success().stdout(contains(
        "production: version 2 from version 1, promote, because accuracy (1) >= production.accuracy (0.25) + 0.01",
    ));
}
