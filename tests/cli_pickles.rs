//! The commands on files that scikit-learn wrote: nothing of Python is there.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use deadweight::base::PagePolicy;
use deadweight::formats::npy;
use deadweight::pickle::{Assembler, Op};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value as Json;
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sklearn").join(name)
}

fn run(folder: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("deadweight").unwrap();
    command.current_dir(folder).env("COLUMNS", "100").env("NO_COLOR", "1");
    command.env("DEADWEIGHT_CACHE", folder.join("cache")).args(arguments).assert()
}

/// A folder with files of 1.9.1 under other names.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (from, to) in files {
        let target = folder.path().join(to);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(fixture(&format!("1.9.1/{from}")), target).unwrap();
    }
    fs::copy(fixture("inputs/numbers.npy"), folder.path().join("rows.npy")).unwrap();
    folder
}

#[test]
fn a_forest_is_inspected_converted_and_predicts_the_same() {
    let folder = folder(&[("forest_classifier.joblib", "model.bin")]);
    let path = folder.path();
    let output = run(path, &["inspect", "model.bin", "--json"]).success();
    let json: Json = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(json["kind"], "random_forest_classifier");
    assert_eq!(json["format"], "joblib");
    assert_eq!(json["origin"]["library"], "scikit-learn");
    assert_eq!(json["origin"]["version"], "1.9.1");
    assert_eq!(json["content"], "full");
    run(path, &["inspect", "model.bin", "--validate"]).success();
    run(path, &["convert", "model.bin", "model.safetensors"])
        .success()
        .stderr(contains("every bit is the same"));
    run(path, &["convert", "model.bin", "small.npz", "--content", "predict"]).success();
    let ask = |model: &str| {
        let arguments = ["predict", model, "--input", "rows.npy", "--method", "predict_proba"];
        run(path, &arguments).success().get_output().stdout.clone()
    };
    let answer = ask("model.bin");
    assert_eq!(answer.iter().filter(|byte| **byte == b'\n').count(), 20);
    assert_eq!(ask("model.safetensors"), answer);
    assert_eq!(ask("small.npz"), answer);
    let size = |name: &str| fs::metadata(path.join(name)).unwrap().len();
    assert!(size("small.npz") < size("model.safetensors"));
}

#[test]
fn one_of_several_models_is_chosen_by_its_path() {
    let folder = folder(&[("bundle_list.joblib_p5.joblib", "bundle.joblib")]);
    let path = folder.path();
    let expected: Json =
        serde_json::from_slice(&fs::read(fixture("1.9.1/expected.json")).unwrap()).unwrap();
    let models = expected["models"].as_array().unwrap();
    let bundle = models.iter().find(|model| model["name"] == "bundle_list").unwrap();
    let count = bundle["parts"].as_array().unwrap().len();
    assert!(count > 1);
    let model = ["predict", "bundle.joblib", "--input", "rows.npy"];
    run(path, &model)
        .code(1)
        .stderr(contains(format!("{count} models")).and(contains("--select PATH")));
    run(path, &[&model[..], &["--select", "[0]"]].concat()).success();
    run(path, &[&model[..], &["--select", "[99]"]].concat())
        .code(1)
        .stderr(contains("no model at \"[99]\""));
    // What cannot be one model is shown as it is.
    run(path, &["inspect", "bundle.joblib"])
        .success()
        .stdout(contains("Ridge (read as a model)"))
        .stderr(contains("no model was made of it"));
}

#[test]
fn transformed_rows_are_written_as_numpy_reads_them() {
    let folder = folder(&[("standard_scaler.xz.joblib", "scaler.joblib")]);
    let path = folder.path();
    let arguments = ["predict", "scaler.joblib", "--input", "rows.npy", "--method"];
    run(path, &[&arguments[..], &["transform", "--output", "scaled.npy"]].concat()).success();
    let scaled = fs::read(path.join("scaled.npy")).unwrap();
    assert_eq!(npy::read(&scaled, PagePolicy::Heap).unwrap().shape(), [20, 6]);
    run(path, &[&arguments[..], &["predict"]].concat())
        .code(1)
        .stderr(contains("standard_scaler has no predict"));
}

#[test]
fn a_folder_is_converted_keeps_its_tree_and_goes_on_where_it_ended() {
    let folder = folder(&[
        ("forest_classifier.joblib", "models/forest.joblib"),
        ("forest_classifier.p4.pkl", "models/forest.pkl"),
        ("linear_regression.p4.pkl", "models/deep/er/linear.pkl"),
    ]);
    let path = folder.path();
    fs::write(path.join("models/notes.txt"), "no model").unwrap();
    let convert = ["convert", "models", "safe"];
    run(path, &convert)
        .success()
        .stdout(contains("converted").and(contains("already there").not()))
        .stderr(contains("3 converted, 0 already there, 0 failed"));
    for name in
        ["forest.joblib.safetensors", "forest.pkl.safetensors", "deep/er/linear.safetensors"]
    {
        assert!(path.join("safe").join(name).is_file(), "{name}");
    }
    let written = fs::read(path.join("safe/deep/er/linear.safetensors")).unwrap();
    run(path, &convert).success().stderr(contains("0 converted, 3 already there, 0 failed"));
    // A file that changed is not taken for the old one, and one that is none says why.
    fs::copy(fixture("1.9.1/ridge.joblib"), path.join("models/deep/er/linear.pkl")).unwrap();
    fs::write(path.join("models/bad.pkl"), b"\x80\x04cos\nsystem\n.").unwrap();
    run(path, &[&convert[..], &["--force"]].concat())
        .code(1)
        .stderr(contains("1 converted, 2 already there, 1 failed").and(contains("\"system\"")));
    assert_ne!(fs::read(path.join("safe/deep/er/linear.safetensors")).unwrap(), written);
    fs::create_dir(path.join("empty")).unwrap();
    run(path, &["convert", "empty", "safe"]).code(1).stderr(contains("found none"));
}

fn inspected(folder: &Path, arguments: &[&str]) -> Json {
    let output = run(folder, &[&["inspect"], arguments, &["--json"]].concat()).success();
    serde_json::from_slice(&output.get_output().stdout).unwrap()
}

#[test]
fn newer_versions_that_answer_other_numbers_are_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    fs::copy(fixture("1.3.2/tree_classifier.joblib_p2.joblib"), path.join("tree.joblib")).unwrap();
    run(path, &["inspect", "tree.joblib"]).success().stdout(
        contains("1.4.2 to 1.8.0  loads it, and fails when it is asked: DecisionTreeClassifier")
            .and(contains("1.9.1           wrong numbers, without an error: leaves hold counts"))
            .and(contains("deadweight reads it by the rules of 1.3.2")),
    );
    let json = inspected(path, &["tree.joblib"]);
    let found = &json["newer_versions"];
    assert_eq!(found.as_array().unwrap().len(), 2);
    assert_eq!(found[0]["from"], "1.4.2");
    assert_eq!(found[0]["to"], "1.8.0");
    assert_eq!(found[0]["effect"], "predict-fails");
    assert_eq!(found[0]["rule"], "tree-monotonic");
    assert_eq!(found[1]["from"], "1.9.1");
    assert_eq!(found[1]["effect"], "wrong-numbers");
    assert_eq!(found[1]["rule"], "class-counts");
    assert!(found[1]["message"].as_str().unwrap().contains("fractions"));
    let tested = ["1.4.2", "1.5.2", "1.6.1", "1.7.2", "1.8.0", "1.9.1"];
    assert_eq!(json["newer_versions_tested"], serde_json::json!(tested));
    // It is said of what scikit-learn wrote, not of what was made of it.
    run(path, &["convert", "tree.joblib", "tree.safetensors"]).success();
    assert!(inspected(path, &["tree.safetensors"]).get("newer_versions").is_none());
}

#[test]
fn newer_versions_fit_a_narrow_terminal_and_may_change_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    fs::copy(fixture("1.2.2/bundle.p1.pkl"), path.join("bundle.pkl")).unwrap();
    fs::copy(fixture("1.2.2/ridge.zlib.joblib"), path.join("same.joblib")).unwrap();
    fs::copy(fixture("1.9.1/ridge.joblib"), path.join("newest.joblib")).unwrap();
    let mut command = Command::cargo_bin("deadweight").unwrap();
    command.current_dir(path).env("COLUMNS", "48").env("NO_COLOR", "1");
    let output = command.args(["inspect", "bundle.pkl"]).assert().success();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    let from = text.find("newer versions of scikit-learn").unwrap();
    assert!(text[from..].lines().all(|line| line.chars().count() <= 48), "{text}");
    assert!(text[from..].contains("1.3.2 to 1.9.1  cannot load it:"), "{text}");
    assert_eq!(inspected(path, &["bundle.pkl"])["newer_versions"][0]["effect"], "load-fails");
    run(path, &["inspect", "same.joblib"])
        .success()
        .stdout(contains("newer versions of scikit-learn: the same answers from 1.3.2 to 1.9.1;"));
    assert_eq!(inspected(path, &["same.joblib"])["newer_versions"], serde_json::json!([]));
    run(path, &["inspect", "newest.joblib"])
        .success()
        .stdout(contains("none after 1.9.1 was tested"));
    assert_eq!(inspected(path, &["newest.joblib"])["newer_versions_tested"], serde_json::json!([]));
}

/// A model of a class whose attribute `name` is this value, both with what would steer a terminal.
fn steering(class: &str, attribute: &str, value: &str) -> Vec<u8> {
    let mut assembler = Assembler::new();
    assembler.proto(4).text(class).text("Normalizer").op(Op::StackGlobal);
    assembler.op(Op::EmptyTuple).op(Op::NewObj).op(Op::EmptyDict).op(Op::Mark);
    assembler.text("_sklearn_version").text("1.5.2").text(attribute).text(value);
    assembler.op(Op::SetItems).op(Op::Build).op(Op::Stop).finish().unwrap()
}

#[test]
fn what_a_file_calls_itself_does_not_steer_the_terminal() {
    let folder = folder(&[]);
    let path = folder.path();
    let evil = "\u{1b}[31m\u{9b}2J\u{202e}\u{7}x";
    for (class, attribute, value) in [
        ("sklearn.preprocessing._data", "norm", evil),
        ("sklearn.preprocessing._data", evil, "l2"),
        (&format!("sklearn.{evil}"), "norm", "l2"),
    ] {
        fs::write(path.join("model.pkl"), steering(class, attribute, value)).unwrap();
        for command in ["inspect", "predict", "convert"] {
            let arguments: &[&str] = match command {
                "inspect" => &["inspect", "model.pkl"],
                "predict" => &["predict", "model.pkl", "--input", "rows.npy"],
                _ => &["convert", "model.pkl", "model.npz", "--force"],
            };
            let output = run(path, arguments);
            let output = output.get_output();
            for text in [&output.stdout, &output.stderr] {
                let text = String::from_utf8(text.clone()).unwrap();
                let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
                assert!(!text.contains(steers), "{command}: {text:?}");
            }
        }
    }
    fs::write(path.join("model.pkl"), steering("sklearn.preprocessing._data", "norm", evil))
        .unwrap();
    run(path, &["predict", "model.pkl", "--input", "rows.npy"])
        .code(1)
        .stderr(contains("norm=\\u{1b}[31m\\u{9b}2J\\u{202e}\\u{7}x is not supported"));
}

#[test]
fn buffers_beside_the_file_are_given_in_their_order() {
    let mut names = vec!["forest_classifier.buffers.pkl".to_owned()];
    names.extend((0..17).map(|number| format!("forest_classifier.buffers.{number}.bin")));
    let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
    let folder = folder(&[&pairs[..], &[("forest_classifier.p4.pkl", "whole.pkl")]].concat());
    let path = folder.path();
    let predict = |model: &[&str]| {
        let rows = ["--input", "rows.npy", "--method", "predict_proba"];
        run(path, &[&["predict"], model, &rows].concat())
    };
    predict(&[&names[0]])
        .code(1)
        .stderr(contains("needs 17 out-of-band buffers, 0 were given").and(contains("--buffer")));
    let buffers: Vec<&str> =
        names[1..].iter().flat_map(|name| ["--buffer", name.as_str()]).collect();
    let whole = predict(&["whole.pkl"]).success().get_output().stdout.clone();
    let beside = predict(&[&[names[0].as_str()][..], &buffers].concat()).success();
    assert_eq!(beside.get_output().stdout, whole);
    let convert = [&["convert", names[0].as_str(), "model.safetensors"][..], &buffers].concat();
    run(path, &convert).success();
    assert_eq!(predict(&["model.safetensors"]).success().get_output().stdout, whole);
    // Where there is nothing to choose or to give, the options say so.
    run(path, &["predict", "model.safetensors", "--input", "rows.npy", "--buffer", &names[1]])
        .code(2)
        .stderr(contains("--buffer is for pickle and joblib files"));
}

#[test]
fn columns_are_compared_with_the_names_of_the_training() {
    let folder = folder(&[("histogram_regressor_frame.zlib.joblib", "model.joblib")]);
    let path = folder.path();
    let table = fs::read_to_string(fixture("inputs/table_category.csv")).unwrap();
    let (header, rows) = table.split_once('\n').unwrap();
    let names: Vec<&str> = header.split(',').collect();
    let predict = |model: &str, header: &str, more: &[&str]| {
        fs::write(path.join("rows.csv"), format!("{header}{rows}")).unwrap();
        run(path, &[&["predict", model, "--input", "rows.csv"], more].concat())
    };
    let right = predict("model.joblib", &format!("{header}\n"), &[]).success();
    let answer = right.get_output().stdout.clone();
    let mut turned = names.clone();
    turned.swap(0, 1);
    run(path, &["convert", "model.joblib", "small.npz", "--content", "predict"]).success();
    for model in ["model.joblib", "small.npz"] {
        predict(model, &format!("{}\n", turned.join(",")), &[])
            .code(1)
            .stderr(contains(format!("expected the columns {}", names.join(", "))));
        // Without names they are what they are by place.
        let plain = predict(model, "", &["--header", "no"]).success();
        assert_eq!(plain.get_output().stdout, answer);
    }
    // What pandas writes for columns without names may be names or a row.
    let counted: Vec<String> = (0..names.len()).map(|number| number.to_string()).collect();
    let counted = format!("{}\n", counted.join(","));
    predict("model.joblib", &counted, &[]).code(2).stderr(contains("--header yes"));
}
