//! The program as people call it: what it prints, what it writes, how it fails.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use deadweight::base::{Array, Metadata, Parameters};
use deadweight::formats::registry::{FORMATS, READ_ONLY, find};
use deadweight::formats::{DecodeOptions, npy};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value as Json;
use tempfile::TempDir;

/// An empty directory with a model of text labels in it, and commands that run there.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Place(TempDir::new().unwrap());
        place.write("model.safetensors", &encoded("safetensors", &logistic()));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> assert_cmd::assert::Assert {
        let mut command = Command::cargo_bin("deadweight").unwrap();
        command
            .current_dir(self.0.path())
            .env("DEADWEIGHT_CACHE", self.path("cache"))
            .env("COLUMNS", "100")
            .env("NO_COLOR", "1")
            .args(arguments)
            .assert()
    }
}

fn encoded(format: &str, parameters: &Parameters) -> Vec<u8> {
    let mut bytes = Vec::new();
    find(format).unwrap().encode(parameters, &mut bytes).unwrap();
    bytes
}

fn decoded(bytes: &[u8]) -> Parameters {
    let format = deadweight::formats::registry::recognize(bytes).unwrap();
    format.decode(bytes, &DecodeOptions::default()).unwrap()
}

/// Two features, classes "no" and "yes": the decision is 2 a - b - 0.5.
fn logistic() -> Parameters {
    let origin: Metadata = [("library", "hand"), ("version", "1")]
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into();
    let mut parameters = Parameters::new("logistic_regression", 1)
        .with("multi_class", "binary")
        .with("origin", origin)
        .with("note", "only full content keeps this");
    parameters.insert("coef", Array::from_vec(vec![2.0, -1.0], &[1, 2]).unwrap()).unwrap();
    parameters.insert("intercept", Array::from_vec(vec![-0.5], &[1]).unwrap()).unwrap();
    parameters.insert("classes", Array::from_texts(&["no", "yes"], &[2]).unwrap()).unwrap();
    parameters
}

fn linear() -> Parameters {
    let mut parameters = Parameters::new("linear_regression", 1);
    parameters.insert("coef", Array::from_vec(vec![0.5, -2.0], &[1, 2]).unwrap()).unwrap();
    parameters.insert("intercept", Array::from_vec(vec![1.0], &[1]).unwrap()).unwrap();
    parameters
}

// ---------------------------------------------------------------- formats, help, usage

#[test]
fn formats_prints_a_table_or_one_document() {
    let place = Place::new();
    place
        .run(&["formats"])
        .success()
        .stdout(contains("safetensors-0").not())
        .stdout(contains("bincode-elements"));
    let output = place.run(&["formats", "--json"]).success().stderr("");
    let json: Json = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(json["schema"], "deadweight.formats/1");
    let formats = json["formats"].as_array().unwrap();
    assert_eq!(formats.len(), FORMATS.len() + READ_ONLY.len());
    let (written, read_only) = formats.split_at(FORMATS.len());
    for format in read_only {
        assert_eq!(format["kind"], "executable");
        assert_eq!(format["modes"], serde_json::json!(["read"]));
        assert!(!format["warnings"].as_array().unwrap().is_empty());
    }
    for format in written {
        assert_eq!(format["kind"], "data-only");
        assert_eq!(format["runtime"], "rust");
        assert!(
            format["id"].is_string() && format["modes"].is_array() && format["warnings"].is_array()
        );
    }
}

#[test]
fn every_help_text_fits_in_a_narrow_terminal() {
    let place = Place::new();
    for command in [
        "run",
        "train",
        "bench",
        "formats",
        "inspect",
        "predict",
        "convert",
        "report",
        "completions",
    ] {
        for columns in ["60", "100"] {
            let mut program = Command::cargo_bin("deadweight").unwrap();
            let output =
                program.env("COLUMNS", columns).args([command, "--help"]).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let width: usize = columns.parse().unwrap();
            let long = text
                .lines()
                // The usage is one line, to be copied.
                .find(|line| line.chars().count() > width && !line.starts_with("Usage: "));
            assert_eq!(long, None, "{command} at {columns} columns");
            assert!(text.contains("Usage: deadweight"), "{text}");
        }
    }
    place.run(&["--help"]).success().stdout(contains("Exit codes").and(contains("helper").not()));
    place.run(&["--version"]).success().stdout(contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn names_that_do_not_exist_list_those_that_do() {
    let place = Place::new();
    place
        .run(&["bench", "--format", "safetensor"])
        .code(2)
        .stderr(contains("did you mean \"safetensors\"?").and(contains("bincode-elements")));
    place.run(&["train", "--model", "random_forest"]).code(2).stderr(
        contains("Did you mean \"random_forest_classifier\"?").and(contains("k_neighbors")),
    );
    place
        .run(&["train", "--model", "linear_regression", "--size", "L"])
        .code(2)
        .stderr(contains("linear_regression has no size L; it has S"));
    place
        .run(&["convert", "model.safetensors", "out", "--to", "pickle"])
        .code(2)
        .stderr(contains("Formats: raw"));
    place.run(&["bench", "--save-baseline", "../x"]).code(2).stderr(contains("letters, digits"));
    place.run(&["nonsense"]).code(2);
}

#[test]
fn completions_name_the_commands() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        place.run(&["completions", shell]).success().stdout(contains("inspect"));
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let place = Place::new();
    let program = assert_cmd::cargo::cargo_bin("deadweight");
    let script = format!(
        "'{}' formats --json | head -c 10 >/dev/null; exit ${{PIPESTATUS[0]}}",
        program.display()
    );
    Command::new("bash")
        .args(["-c", &script])
        .current_dir(place.0.path())
        .assert()
        .code(0)
        .stderr("");
}

// ---------------------------------------------------------------- inspect

#[test]
fn inspect_says_what_a_file_holds() {
    let place = Place::new();
    place.write("a name that lies.json", &place.read("model.safetensors"));
    place.run(&["inspect", "a name that lies.json"]).success().stdout(
        contains("logistic_regression, layout 1")
            .and(contains("safetensors (data-only)"))
            .and(contains("hand 1"))
            .and(contains("coef"))
            .and(contains("[1, 2]")),
    );
    let output = place.run(&["inspect", "--json", "model.safetensors"]).success().stderr("");
    let json: Json = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(json["schema"], "deadweight.model/1");
    assert_eq!(json["kind"], "logistic_regression");
    assert_eq!(json["origin"], serde_json::json!({"library": "hand", "version": "1"}));
    assert_eq!(json["content"], "full");
    assert_eq!(
        json["arrays"][0],
        serde_json::json!({"name": "coef", "dtype": "f64", "shape": [1, 2]})
    );
    assert_eq!(json["metadata"]["multi_class"], "binary");
}

#[test]
fn control_characters_of_a_stranger_do_not_reach_the_terminal() {
    let place = Place::new();
    let mut evil = linear().with("title\u{1b}[2J", "x\u{7}");
    evil.insert("\u{1b}]0;owned", Array::from_vec(vec![1.0], &[1]).unwrap()).unwrap();
    place.write("evil.dw", &encoded("raw", &evil));
    let output = place.run(&["inspect", "evil.dw"]).success();
    let text = &output.get_output().stdout;
    assert!(!text.contains(&0x1b) && !text.contains(&7), "{}", String::from_utf8_lossy(text));
}

#[test]
fn validate_names_the_element_that_is_wrong() {
    let place = Place::new();
    place
        .run(&["inspect", "--validate", "model.safetensors"])
        .success()
        .stdout(contains("every element"));
    let mut broken = Parameters::new("linear_regression", 1);
    broken.insert("coef", Array::from_vec(vec![0.5, f64::NAN], &[1, 2]).unwrap()).unwrap();
    broken.insert("intercept", Array::from_vec(vec![1.0], &[1]).unwrap()).unwrap();
    place.write("broken.npz", &encoded("npz", &broken));
    place
        .run(&["inspect", "--validate", "broken.npz"])
        .code(1)
        .stdout("")
        .stderr(contains("\"coef\", element 1: expected a finite number, found NaN"));
}

// ---------------------------------------------------------------- bad input

#[test]
fn what_cannot_be_read_is_an_error_that_says_why_and_what_to_do() {
    let place = Place::new();
    let whole = place.read("model.safetensors");
    place.write("empty", b"");
    place.write("truncated", &whole[..whole.len() - 3]);
    place.write("words", b"just some words in a file");
    place.write(
        "model.pkl",
        b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93.",
    );
    fs::create_dir(place.path("folder")).unwrap();
    let cases = [
        ("missing", "cannot read missing: No such file", "check the path"),
        ("empty", "cannot read empty: the file is empty", "again"),
        ("truncated", "truncated: cannot be read as safetensors", "fetch or save it again"),
        ("words", "found \"just some words in a fil\"", "`deadweight formats`"),
        ("model.pkl", "the name \"system\" of module \"posix\" is refused", "nothing in the file"),
        ("folder", "expected a file, found a directory", "name one file"),
    ];
    for command in ["inspect", "bench"] {
        for (file, what, remedy) in cases {
            // A pickle is shown even where no model can be made of it.
            if (command, file) == ("inspect", "model.pkl") {
                let shown = contains("posix.system (not known, byte 26)");
                let reason = contains("the name \"system\" of module \"posix\" is");
                place.run(&[command, file]).success().stdout(shown).stderr(reason);
                continue;
            }
            // What has no mark of its own may be a table.
            let is_text = (command, file) == ("bench", "words");
            let what = if is_text { "expected a table" } else { what };
            let stderr = contains(what).and(contains(remedy)).and(contains("panicked").not());
            place.run(&[command, file]).code(1).stdout("").stderr(stderr);
        }
    }
    for (file, what, _) in cases {
        let what_of_a_folder = "folder: expected model files, found none";
        let what_converted = if file == "folder" { what_of_a_folder } else { what };
        place.run(&["convert", file, "out.npz"]).code(1).stderr(contains(what_converted));
        assert!(!place.path("out.npz").exists());
        place.run(&["predict", file, "--input", "rows.csv"]).code(1).stderr(contains(what));
    }
    assert!(!place.path("out.npz").exists());
}

#[test]
fn what_scikit_learn_trains_needs_python_and_says_so_before_anything_is_trained() {
    let place = Place::new();
    let needs =
        contains("sklearn_random_forest-s is trained by scikit-learn, and there is no Python")
            .and(contains("--python auto"));
    let arguments = ["bench", "--model", "sklearn_random_forest-s", "--model", "linear_regression"];
    place.run(&arguments).code(2).stdout("").stderr(needs.and(contains("trained 1").not()));
    let listed =
        contains("there is no model \"sklearn_forest\"").and(contains("sklearn_random_forest-l"));
    place.run(&["bench", "--model", "sklearn_forest"]).code(2).stderr(listed);
}

#[test]
#[cfg(unix)]
fn a_pipe_is_refused_instead_of_waited_for() {
    let place = Place::new();
    assert!(
        std::process::Command::new("mkfifo").arg(place.path("pipe")).status().unwrap().success()
    );
    place
        .run(&["inspect", "pipe"])
        .code(1)
        .stderr(contains("expected a regular file, found a pipe"));
}

// ---------------------------------------------------------------- convert

#[test]
fn convert_reaches_every_format_and_keeps_every_bit() {
    let place = Place::new();
    for format in FORMATS {
        let id = format.descriptor().id;
        let to = format!("to-{id}");
        let back = format!("back-{id}");
        place
            .run(&["convert", "model.safetensors", &to, "--to", id])
            .success()
            .stdout("")
            .stderr(contains("every bit is the same"));
        place.run(&["convert", &to, &back, "--to", "safetensors"]).success();
        assert_eq!(place.read(&back), place.read("model.safetensors"), "{id}");
    }
}

#[test]
fn convert_takes_the_format_from_the_extension_or_says_which_there_are() {
    let place = Place::new();
    place.run(&["convert", "model.safetensors", "m.npz"]).success();
    assert!(place.read("m.npz").starts_with(b"PK"));
    place.run(&["convert", "model.safetensors", "m.json"]).success();
    serde_json::from_slice::<Json>(&place.read("m.json")).unwrap();
    place.run(&["convert", "model.safetensors", "m.weights"]).code(2).stderr(
        contains("no format has the extension of m.weights; extensions: ").and(contains("--to")),
    );
}

#[test]
fn content_can_be_reduced_to_what_prediction_needs_but_not_made_up() {
    let place = Place::new();
    place.run(&["convert", "model.safetensors", "small.npz", "--content", "predict"]).success();
    let small = decoded(&place.read("small.npz"));
    assert_eq!(small.content().id(), "predict");
    assert!(!small.metadata().contains_key("note"), "{:?}", small.metadata());
    place
        .run(&["convert", "small.npz", "full.npz", "--content", "full"])
        .code(1)
        .stderr(contains("holds only what prediction needs"));
    place.write("rows.csv", b"1,0\n0,1\n");
    let before = place.run(&["predict", "model.safetensors", "--input", "rows.csv"]).success();
    let after = place.run(&["predict", "small.npz", "--input", "rows.csv"]).success();
    assert_eq!(before.get_output().stdout, after.get_output().stdout);
}

#[test]
fn a_declared_loss_is_said_and_a_refusal_writes_nothing() {
    let place = Place::new();
    let mut odd = linear();
    let nan = f64::from_bits(0x7ff8_dead_beef_0001);
    odd.insert("extra", Array::from_vec(vec![nan], &[1]).unwrap()).unwrap();
    place.write("odd.dw", &encoded("raw", &odd));
    place
        .run(&["convert", "odd.dw", "odd.json", "--to", "json-elements"])
        .success()
        .stderr(contains("warning: ").and(contains("NaN")));
    place
        .run(&["convert", "odd.dw", "odd.borsh", "--to", "borsh-elements"])
        .code(1)
        .stderr(contains("borsh-elements"));
    assert!(!place.path("odd.borsh").exists());
}

#[test]
fn files_of_others_are_not_overwritten() {
    let place = Place::new();
    place.write("thesis.npz", b"four years of work");
    place
        .run(&["convert", "model.safetensors", "thesis.npz"])
        .code(1)
        .stderr(contains("not overwritten"));
    assert_eq!(place.read("thesis.npz"), b"four years of work");
    // A model that deadweight wrote is replaced, plain arrays of others are not.
    place.write("ours.npz", &encoded("npz", &linear()));
    place.run(&["convert", "model.safetensors", "ours.npz"]).success();
    assert_eq!(decoded(&place.read("ours.npz")).kind(), "logistic_regression");
    let plain = Parameters::new("arrays", 1);
    place.write("plain.npz", &encoded("npz", &plain));
    place
        .run(&["convert", "model.safetensors", "plain.npz"])
        .code(1)
        .stderr(contains("not overwritten"));
    place.run(&["convert", "model.safetensors", "plain.npz", "--force"]).success();
    place
        .run(&["convert", "model.safetensors", "model.safetensors", "--to", "npz"])
        .code(2)
        .stderr(contains("same file"));
    place
        .run(&["convert", "model.safetensors", "no/such/folder.npz"])
        .code(1)
        .stderr(contains("is no folder"));
    let names: Vec<String> = names_in(place.0.path());
    assert!(names.iter().all(|name| !name.starts_with(".deadweight")), "{names:?}");
}

fn names_in(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_leaves_no_file_under_the_final_name() {
    let place = Place::new();
    let program = assert_cmd::cargo::cargo_bin("deadweight");
    // A limit on the size of files fails a write as a full disk does.
    let big = vec![0.5; 200_000];
    let mut parameters = linear();
    parameters.insert("big", Array::from_vec(big, &[200_000]).unwrap()).unwrap();
    place.write("big.dw", &encoded("raw", &parameters));
    let script =
        format!("trap '' XFSZ; ulimit -f 100; '{}' convert big.dw big.npz", program.display());
    Command::new("bash")
        .args(["-c", &script])
        .current_dir(place.0.path())
        .assert()
        .code(1)
        .stderr(contains("cannot write big.npz"));
    assert_eq!(names_in(place.0.path()).len(), 2, "{:?}", names_in(place.0.path()));
}

// ---------------------------------------------------------------- predict

#[test]
fn predict_answers_on_standard_output_and_in_files() {
    let place = Place::new();
    place.write("rows.csv", b"first,second\n1,0\n0,1\n");
    let model = ["predict", "model.safetensors", "--input", "rows.csv"];
    place.run(&model).success().stdout("yes\nno\n").stderr("");
    let with = |more: &[&'static str]| [&model[..], more].concat();
    place
        .run(&with(&["--output", "y.npy"]))
        .success()
        .stdout("")
        .stderr(contains("2 rows -> y.npy"));
    let array = npy::read(&place.read("y.npy"), Default::default()).unwrap();
    assert_eq!(array.texts().unwrap(), ["yes", "no"]);
    assert!(String::from_utf8_lossy(&place.read("y.npy")[..128]).contains("'<U3'"));
    place.run(&with(&["--method", "predict_proba", "--output", "p.csv"])).success();
    let text = String::from_utf8(place.read("p.csv")).unwrap();
    let first: Vec<f64> =
        text.lines().next().unwrap().split(',').map(|f| f.parse().unwrap()).collect();
    // 1 / (1 + exp(1.5)) for "no".
    assert!(
        (first[0] - 0.182_425_523_806_356_3).abs() < 1e-15 && first[0] + first[1] == 1.0,
        "{text}"
    );
    place.run(&with(&["--method", "decision_function"])).success().stdout("1.5\n-1.5\n");
}

#[test]
fn predict_reads_npy_of_any_order_and_type() {
    let place = Place::new();
    place.write("linear.dw", &encoded("raw", &linear()));
    let rows = |descr: &str, order: &str, data: &[u8]| {
        let mut text =
            format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': (2, 2), }}");
        while (text.len() + 11) % 64 != 0 {
            text.push(' ');
        }
        text.push('\n');
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((text.len() as u16).to_le_bytes());
        file.extend(text.as_bytes());
        file.extend(data);
        file
    };
    // Rows (4, 1) and (2, 0): 0.5 a - 2 b + 1 is 1 and 2.
    let floats =
        |values: [f64; 4]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let files = [
        rows("<f8", "False", &floats([4.0, 1.0, 2.0, 0.0])),
        rows("<f8", "True", &floats([4.0, 2.0, 1.0, 0.0])),
        rows(">i2", "False", &[0, 4, 0, 1, 0, 2, 0, 0]),
        rows("|u1", "True", &[4, 2, 1, 0]),
    ];
    for file in files {
        place.write("rows.npy", &file);
        place.run(&["predict", "linear.dw", "--input", "rows.npy"]).success().stdout("1.0\n2.0\n");
    }
    place.write("rows.npy", &rows("|O", "False", b"\x80\x04."));
    place
        .run(&["predict", "linear.dw", "--input", "rows.npy"])
        .code(1)
        .stderr(contains("Python objects").and(contains("could run code")));
}

#[test]
fn predict_says_what_is_wrong_with_rows_methods_and_outputs() {
    let place = Place::new();
    place.write("linear.dw", &encoded("raw", &linear()));
    place.write("wide.csv", b"1,2,3\n");
    place.write("words.csv", b"a,b\n1,2\n3,x\n");
    place.write("nan.csv", b"1,NaN\n");
    let run = |input: &str, more: &[&str]| {
        place.run(&[&["predict", "linear.dw", "--input", input], more].concat())
    };
    run("wide.csv", &[]).code(1).stderr(contains("takes 2 features a row, the input has 3"));
    run("words.csv", &[])
        .code(1)
        .stderr(contains("input row 1, column 1: expected a number, found the text \"x\""));
    run("nan.csv", &[]).code(1).stderr(contains("row 0, column 1: NaN is not accepted"));
    run("missing.csv", &[]).code(1).stderr(contains("cannot read missing.csv"));
    run("wide.csv", &["--method", "guess"]).code(2);
    run("wide.csv", &["--output", "y.xlsx"]).code(2).stderr(contains("expected Y.npy, Y.csv or -"));
    place.write("rows.csv", b"4,1\n");
    run("rows.csv", &["--method", "predict_proba"])
        .code(1)
        .stderr(contains("linear_regression has no predict_proba"));
    place.write("y.csv", b"mine");
    run("rows.csv", &["--output", "y.csv"]).code(1).stderr(contains("--force"));
    assert_eq!(place.read("y.csv"), b"mine");
    run("rows.csv", &["--output", "y.csv", "--force"]).success();
    assert_eq!(place.read("y.csv"), b"1.0\n");
    place.write("plain.npz", &encoded("npz", &Parameters::new("arrays", 1)));
    place
        .run(&["predict", "plain.npz", "--input", "rows.csv"])
        .code(1)
        .stderr(contains("plain arrays"));
}

// ---------------------------------------------------------------- train, report

#[test]
fn train_says_what_it_trained_and_trains_once() {
    let place = Place::new();
    let train = ["train", "--model", "linear_regression", "--model", "logistic_regression_iris"];
    place.run(&train).success().stdout("").stderr(contains("trained 2 models in "));
    place.run(&train).success().stderr(contains("nothing was trained: 2 models from "));
    place
        .run(&[&train[..], &["--force"]].concat())
        .success()
        .stderr(contains("trained 2 models in "));
    let entry = names_in(&place.path("cache"))
        .into_iter()
        .find(|name| name.starts_with("linear_regression"))
        .unwrap();
    let file = place.path("cache").join(entry).join("parameters.dw");
    let mut bytes = fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&file, bytes).unwrap();
    place.run(&train).success().stderr(
        contains("damaged")
            .and(contains("parameters.dw has checksum"))
            .and(contains("trained 1 model")),
    );
    place.run(&train).success().stderr(contains("nothing was trained"));
}

#[test]
fn two_records_are_compared_or_shown_apart_with_the_reason() {
    let place = Place::new();
    let timing = |median: f64| {
        let samples: Vec<Vec<f64>> =
            (0..5).map(|n| vec![median * (1.0 + 0.001 * f64::from(n)); 5]).collect();
        serde_json::json!({
            "model": "m", "operation": "decode", "status": "measured", "median_nanos": median,
            "low_nanos": median, "high_nanos": median, "bytes": 1000, "iterations": 1,
            "samples_nanos": samples,
        })
    };
    let record = |cpu: &str, slow: f64| {
        let rows = ["a", "b", "c", "d", "e"].map(|format| {
            let mut row = timing(if format == "e" { 1000.0 * slow } else { 1000.0 });
            row["format"] = format.into();
            row
        });
        serde_json::json!({
            "schema": "deadweight.bench/1", "tool_version": "0.1.0", "started": "2026-01-01T00:00:00Z",
            "elapsed_seconds": 1.0, "profile": "quick", "seed": 1, "processes": 5,
            "environment": { "cpu": cpu, "cores": 2, "memory_bytes": 1, "kernel": "k", "rustc": "r", "crates": {} },
            "noise": { "loop_median_nanos": 1.0, "loop_spread": 0.0, "context_switches": 0, "noisy": false },
            "models": [], "formats": [], "rows": rows, "sizes": [], "memory": [],
        })
        .to_string()
    };
    place.write("old.json", record("one", 1.0).as_bytes());
    place.write("new.json", record("one", 1.5).as_bytes());
    place.write("other.json", record("two", 1.5).as_bytes());
    let page = |arguments: &[&str]| {
        place.run(arguments).success().stdout(contains("compare.html"));
        String::from_utf8(place.read("out/compare.html")).unwrap()
    };
    let compared = page(&["report", "--compare", "old.json", "new.json", "--out", "out"]);
    let first = compared.find("<th scope=\"row\">e</th>").expect("the one that changed");
    assert!(first < compared.find("<th scope=\"row\">a</th>").unwrap());
    assert!(compared[first..].contains("▲ slower"));
    let apart = page(&["report", "--compare", "old.json", "other.json", "--out", "out"]);
    assert!(apart.contains("different machines") && !apart.contains("new / old"));
    // What is no whole record is refused with its name, and nothing is replaced.
    let cut = &record("one", 1.0)[..300];
    place.write("cut.json", cut.as_bytes());
    place
        .run(&["report", "--compare", "old.json", "cut.json", "--out", "out"])
        .code(1)
        .stderr(contains("cut.json: expected a record in JSON"));
    place.write("older.json", record("one", 1.0).replace("bench/1", "bench/0").as_bytes());
    place.run(&["report", "--compare", "older.json", "new.json", "--out", "out"]).code(1).stderr(
        contains(
            "older.json: expected schema \"deadweight.bench/1\", found \"deadweight.bench/0\"",
        ),
    );
    assert_eq!(String::from_utf8(place.read("out/compare.html")).unwrap(), apart);
}

#[test]
fn report_needs_a_record_of_its_own() {
    let place = Place::new();
    place.run(&["report"]).code(1).stderr(contains("bench.json").and(contains("deadweight run")));
    fs::create_dir(place.path("reports")).unwrap();
    place.write("reports/bench.json", b"{\"schema\":\"deadweight.bench/99\"}");
    place
        .run(&["report"])
        .code(1)
        .stderr(contains("expected schema \"deadweight.bench/1\", found \"deadweight.bench/99\""));
    place.write("reports/bench.json", b"not json");
    place.run(&["report"]).code(1).stderr(contains("expected a record in JSON"));
    place.write("reports/index.html", b"<html>my page</html>");
    for arguments in [&["run"][..], &["bench", "model.safetensors", "--out", "reports"]] {
        place.run(arguments).code(1).stderr(contains("exists: not overwritten"));
    }
    assert_eq!(place.read("reports/index.html"), b"<html>my page</html>");
}

#[test]
fn a_trained_model_predicts_rows_as_they_are_measured() {
    let place = Place::new();
    let train = ["train", "--model", "logistic_regression_iris"];
    place.run(&train).success();
    let entry = names_in(&place.path("cache")).into_iter().next().unwrap();
    let model = format!("cache/{entry}/parameters.dw");
    // Centimetres, not deviations from a mean that only training knows.
    place.write("iris.csv", b"5.1,3.5,1.4,0.2\n7.0,3.2,4.7,1.4\n6.3,3.3,6.0,2.5\n");
    place
        .run(&["predict", &model, "--input", "iris.csv"])
        .success()
        .stdout("setosa\nversicolor\nvirginica\n");
}

#[test]
fn processes_may_train_into_one_cache_at_the_same_time() {
    let place = Place::new();
    let start = || {
        std::process::Command::new(assert_cmd::cargo::cargo_bin("deadweight"))
            .args(["train", "--model", "linear_regression", "--model", "logistic_regression"])
            .env("DEADWEIGHT_CACHE", place.path("cache"))
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    for _ in 0..3 {
        let _ = fs::remove_dir_all(place.path("cache"));
        let children: Vec<_> = (0..6).map(|_| start()).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        assert_eq!(names_in(&place.path("cache")).len(), 2, "{:?}", names_in(&place.path("cache")));
    }
}

#[test]
fn outputs_that_would_destroy_an_input_are_refused() {
    let place = Place::new();
    place.write("rows.csv", b"1,0\n");
    let predict = ["predict", "model.safetensors", "--input", "rows.csv", "--output", "rows.csv"];
    place.run(&[&predict[..], &["--force"]].concat()).code(2).stderr(contains("input itself"));
    assert_eq!(place.read("rows.csv"), b"1,0\n");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere.npz", place.path("link.npz")).unwrap();
        place
            .run(&["convert", "model.safetensors", "link.npz"])
            .code(1)
            .stderr(contains("a link to a file that does not exist"));
    }
}

#[test]
fn plain_arrays_are_no_invalid_model() {
    let place = Place::new();
    place.write("plain.npz", &encoded("npz", &Parameters::new("arrays", 1)));
    place
        .run(&["inspect", "--validate", "plain.npz"])
        .success()
        .stdout(contains("there is no model to validate"));
}

#[test]
fn a_sealed_file_opens_and_a_damaged_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let run = |arguments: &[&std::path::Path], more: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("deadweight").unwrap();
        command.arg("convert").args(arguments).args(more).output().unwrap()
    };
    let mut parameters = deadweight::base::Parameters::new("arrays", 1);
    let weights = deadweight::base::Array::from_vec(vec![1.5f64, -2.0], &[2]).unwrap();
    parameters.insert("weights", weights).unwrap();
    let raw = deadweight::formats::registry::find("raw").unwrap();
    let mut bytes = Vec::new();
    raw.encode(&parameters, &mut bytes).unwrap();
    std::fs::write(at("plain.dw"), &bytes).unwrap();

    let output = run(&[&at("plain.dw"), &at("sealed.dw")], &["--seal"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut sealed = std::fs::read(at("sealed.dw")).unwrap();
    assert_eq!(deadweight::formats::seal::open(&sealed).unwrap(), bytes);

    // What is inside comes out again.
    assert!(run(&[&at("sealed.dw"), &at("again.dw")], &[]).status.success());
    assert_eq!(std::fs::read(at("again.dw")).unwrap(), bytes);

    *sealed.last_mut().unwrap() ^= 1;
    std::fs::write(at("damaged.dw"), &sealed).unwrap();
    let output = run(&[&at("damaged.dw"), &at("never.dw")], &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the seal is broken: byte 16: checksum of a sealed file"), "{said}");
    assert!(!at("never.dw").exists());
}
