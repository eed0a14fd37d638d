//! Files that real versions of scikit-learn wrote (scripts/make_sklearn_fixtures.py), read without
//! running them: what the library answered against what is predicted here.
//!
//! Labels must be identical, trees and forests equal to the bit, all else to within 1e-12 of the
//! largest value of its column. A model may be refused only when [`REFUSED`] says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use deadweight::base::{Limits, PagePolicy, Storage};
use deadweight::formats::npy;
use deadweight::formats::pickle::{ImportOptions, import};
use deadweight::models::registry::from_parameters;
use deadweight::models::{Column, Model, ModelError, Predictions, Rows, Table, Transformed};
use ndarray::Array2;
use serde_json::Value as Json;

/// Models that are refused, with the beginning of the reason: `NAME` or `NAME@VERSION`.
const REFUSED: &str = include_str!("data/sklearn/refused.txt");

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sklearn")
}

fn json(path: &Path) -> Json {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

enum Input {
    Numbers(Array2<f64>),
    Table(Table),
}

impl Input {
    fn rows(&self) -> Rows<'_> {
        match self {
            Input::Numbers(rows) => rows.view().into(),
            Input::Table(table) => table.into(),
        }
    }
}

fn input(name: &str) -> Input {
    let path = data().join("inputs").join(name);
    if name.ends_with(".json") {
        let texts = json(&path);
        let texts = texts.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned());
        return Input::Table(Table::of_texts(texts));
    }
    if name.ends_with(".npy") {
        let array = npy::read(&std::fs::read(&path).unwrap(), PagePolicy::Heap).unwrap();
        let values = match array.as_slice::<f64>() {
            Ok(values) => values.to_vec(),
            Err(_) => array.as_slice::<i64>().unwrap().iter().map(|value| *value as f64).collect(),
        };
        let columns = array.shape().get(1).copied().unwrap_or(1);
        return Input::Numbers(
            Array2::from_shape_vec((values.len() / columns, columns), values).unwrap(),
        );
    }
    let mut reader = csv::Reader::from_path(&path).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let mut fields = vec![Vec::new(); names.len()];
    for record in reader.records() {
        for (column, field) in fields.iter_mut().zip(&record.unwrap()) {
            column.push(field.to_owned());
        }
    }
    let column = |fields: Vec<String>| {
        let number = |field: &String| match field.as_str() {
            "" => Some(f64::NAN),
            field => field.parse().ok(),
        };
        match fields.iter().map(number).collect::<Option<Vec<f64>>>() {
            Some(numbers) => Column::Numbers(numbers),
            None => Column::Texts(
                fields.into_iter().map(|f| Some(f).filter(|field| !field.is_empty())).collect(),
            ),
        }
    };
    Input::Table(Table::new(Some(names), fields.into_iter().map(column).collect()).unwrap())
}

/// What the library answered, or what is answered here: numbers with a shape, or texts.
#[derive(Debug, PartialEq)]
enum Answer {
    Numbers(Vec<usize>, Vec<f64>),
    Texts(Vec<String>),
}

fn expected(answer: &Json, floats: &[f64]) -> Answer {
    if let Some(parts) = answer.get("list") {
        let parts: Vec<Answer> =
            parts.as_array().unwrap().iter().map(|part| expected(part, floats)).collect();
        return side_by_side(parts);
    }
    let shape: Vec<usize> =
        answer["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
    let count: usize = shape.iter().product();
    if let Some(at) = answer.get("at") {
        let at = at.as_u64().unwrap() as usize;
        return Answer::Numbers(shape, floats[at..at + count].to_vec());
    }
    let values = answer["values"].as_array().unwrap();
    assert_eq!(values.len(), count);
    if values.iter().all(|value| value.is_number() || value.is_boolean()) {
        let number = |value: &Json| match value {
            Json::Bool(value) => f64::from(u8::from(*value)),
            _ => value.as_f64().unwrap(),
        };
        return Answer::Numbers(shape, values.iter().map(number).collect());
    }
    let text = |value: &Json| match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    };
    Answer::Texts(values.iter().map(text).collect())
}

fn side_by_side(parts: Vec<Answer>) -> Answer {
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for part in parts {
        let Answer::Numbers(shape, values) = part else { panic!("texts side by side") };
        rows.resize(shape[0], Vec::new());
        let width = values.len() / shape[0].max(1);
        rows.iter_mut().zip(values.chunks(width.max(1))).for_each(|(row, part)| row.extend(part));
    }
    let shape = vec![rows.len(), rows.first().map_or(0, Vec::len)];
    Answer::Numbers(shape, rows.concat())
}

fn numbers(values: &Array2<f64>) -> Answer {
    Answer::Numbers(vec![values.nrows(), values.ncols()], values.iter().copied().collect())
}

fn found(predictions: &Predictions) -> Answer {
    match predictions {
        Predictions::Integers(labels) => {
            Answer::Numbers(vec![labels.len()], labels.iter().map(|label| *label as f64).collect())
        }
        Predictions::Booleans(labels) => Answer::Numbers(
            vec![labels.len()],
            labels.iter().map(|label| f64::from(u8::from(*label))).collect(),
        ),
        Predictions::Texts(labels) => Answer::Texts(labels.clone()),
        Predictions::Values(values) => numbers(values),
        Predictions::Outputs(outputs) => {
            let parts: Vec<Answer> = outputs.iter().map(found).collect();
            if parts.iter().all(|part| matches!(part, Answer::Numbers(..))) {
                return side_by_side(parts);
            }
            let texts: Vec<Vec<String>> = parts
                .into_iter()
                .map(|part| match part {
                    Answer::Texts(texts) => texts,
                    Answer::Numbers(_, values) => values.iter().map(f64::to_string).collect(),
                })
                .collect();
            let rows = texts[0].len();
            Answer::Texts(
                (0..rows).flat_map(|row| texts.iter().map(move |c| c[row].clone())).collect(),
            )
        }
    }
}

fn ask(model: &dyn Model, method: &str, rows: Rows<'_>) -> Result<Answer, ModelError> {
    Ok(match method {
        "predict" => found(&model.predict(rows)?),
        "predict_proba" => numbers(&model.predict_proba(rows)?),
        "decision_function" => numbers(&model.decision_function(rows)?),
        "transform" => match model.transform(rows)? {
            Transformed::Numbers(values) => numbers(&values),
            Transformed::Table(table) => {
                let cell = |column: &Column, row: usize| match column {
                    Column::Numbers(values) => values[row].to_string(),
                    Column::Texts(texts) => texts[row].clone().unwrap_or_default(),
                };
                let rows = 0..table.len();
                Answer::Texts(
                    rows.flat_map(|row| table.columns().iter().map(move |c| cell(c, row)))
                        .collect(),
                )
            }
        },
        other => panic!("{other}"),
    })
}

/// The first difference, if there is one that is too large.
fn difference(class: &str, method: &str, wanted: &Answer, got: &Answer) -> Option<String> {
    let (wanted_shape, wanted, got) = match (wanted, got) {
        (Answer::Numbers(shape, wanted), Answer::Numbers(_, got)) => (shape, wanted, got),
        _ => return (wanted != got).then(|| format!("{got:?}, expected {wanted:?}")),
    };
    if wanted.len() != got.len() {
        return Some(format!("{} values, expected {}", got.len(), wanted.len()));
    }
    let exact = ["tree.", "forest."].iter().any(|module| class.contains(module))
        && method != "decision_function";
    let width = if wanted_shape.len() < 2 { 1 } else { wanted_shape[1].max(1) };
    let mut largest = vec![0.0f64; width];
    for (index, value) in wanted.iter().enumerate() {
        let column = &mut largest[index % width];
        *column = if value.is_finite() { column.max(value.abs()) } else { *column };
    }
    let close = |index: usize, a: f64, b: f64| {
        let bound = if exact { 0.0 } else { 1e-12 * largest[index % width] };
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= bound
    };
    let wrong = wanted.iter().zip(got).enumerate().find(|(i, (a, b))| !close(*i, **a, **b))?;
    Some(format!("value {}: {:?}, expected {:?}", wrong.0, wrong.1.1, wrong.1.0))
}

/// The out-of-band buffers that lie beside a file, in order; most have none.
fn buffers(version: &str, file: &str) -> Vec<Storage> {
    let Some(stem) = file.strip_suffix(".buffers.pkl") else { return Vec::new() };
    let path = |number: usize| data().join(version).join(format!("{stem}.buffers.{number}.bin"));
    let there = (0..).map(path).take_while(|path| path.exists());
    there.map(|path| Storage::adopt(std::fs::read(path).unwrap())).collect()
}

enum Outcome {
    Right,
    Refused(String),
    Wrong(String),
}

fn check(version: &str, file: &str, select: Option<&str>, entry: &Json, floats: &[f64]) -> Outcome {
    let bytes = Storage::adopt(std::fs::read(data().join(version).join(file)).unwrap());
    let options = ImportOptions {
        limits: Limits::default(),
        select: select.map(str::to_owned),
        buffers: buffers(version, file),
        ..ImportOptions::default()
    };
    let parameters = match import(&bytes, &options) {
        Ok(imported) => imported.parameters,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    let model = match from_parameters(&parameters) {
        Ok(model) => model,
        Err(error) => return Outcome::Refused(format!("model: {error}")),
    };
    if let Err(error) = model.validate() {
        return Outcome::Wrong(format!("not valid: {error}"));
    }
    let predicting = match from_parameters(&model.to_parameters()) {
        Ok(model) => model,
        Err(error) => return Outcome::Wrong(format!("what prediction needs: {error}")),
    };
    let rows = input(entry["input"].as_str().unwrap());
    let class = entry["class"].as_str().unwrap();
    for (method, answer) in entry["outputs"].as_object().unwrap() {
        match ask(&*model, method, rows.rows()) {
            Err(error) => return Outcome::Refused(format!("{method}: {error}")),
            Ok(answered) => {
                // Content `predict` is a model of its own; what it answers is the same.
                match ask(&*predicting, method, rows.rows()) {
                    Ok(again) if format!("{again:?}") == format!("{answered:?}") => {}
                    again => {
                        return Outcome::Wrong(format!("{method} of content predict: {again:?}"));
                    }
                }
                if let Some(text) = difference(class, method, &expected(answer, floats), &answered)
                {
                    return Outcome::Wrong(format!("{method}: {text}"));
                }
            }
        }
    }
    Outcome::Right
}

/// The path of a part as `--select` takes it.
fn select_path(path: &Json) -> String {
    path.as_array()
        .unwrap()
        .iter()
        .map(|step| match step {
            Json::String(key) => format!("[{key:?}]"),
            other => format!("[{other}]"),
        })
        .collect()
}

/// The line of [`REFUSED`] that says that a model may be refused for this reason.
fn expected_line(name: &str, version: &str, reason: &str) -> Option<&'static str> {
    REFUSED.lines().find(|line| {
        let Some((model, text)) = line.split_once(": ") else { return false };
        let (model, at) = model.split_once('@').unwrap_or((model, version));
        model == name && at == version && reason.contains(text)
    })
}

#[test]
fn every_version_is_read_as_it_was_written() {
    let (mut right, mut refused, mut wrong) = (0usize, BTreeMap::new(), Vec::new());
    let mut met = BTreeSet::new();
    let mut versions: Vec<String> = std::fs::read_dir(data())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| data().join(name).join("expected.json").exists())
        .collect();
    versions.sort();
    assert!(versions.len() > 10, "{versions:?}");
    for version in &versions {
        let expected = json(&data().join(version).join("expected.json"));
        let floats = std::fs::read(data().join(version).join("expected.npy")).unwrap();
        let floats = npy::read(&floats, PagePolicy::Heap).unwrap();
        let floats = floats.as_slice::<f64>().unwrap();
        for entry in expected["models"].as_array().unwrap() {
            let name = entry["name"].as_str().unwrap();
            let parts = match (entry.get("outputs"), entry.get("parts")) {
                (Some(_), _) => vec![(None, entry)],
                (None, Some(parts)) => parts
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|part| (Some(select_path(&part["path"])), part))
                    .collect(),
                // Arrays alone: tests/pickle_numpy.rs.
                (None, None) => continue,
            };
            let files = entry["files"].as_array().unwrap().iter().filter_map(Json::as_str);
            for file in files {
                for (select, part) in &parts {
                    match check(version, file, select.as_deref(), part, floats) {
                        Outcome::Right => right += 1,
                        Outcome::Refused(reason) => match expected_line(name, version, &reason) {
                            Some(line) => drop(met.insert(line)),
                            None => {
                                let place = refused.entry((name.to_owned(), reason));
                                place.or_insert_with(Vec::new).push(format!("{version}/{file}"));
                            }
                        },
                        Outcome::Wrong(text) => wrong.push(format!("{version}/{file}: {text}")),
                    }
                }
            }
        }
    }
    println!("{right} right, {} refused, {} wrong", refused.len(), wrong.len());
    for ((name, reason), files) in &refused {
        println!("refused {name} ({} files, {}): {reason}", files.len(), files[0]);
    }
    wrong.iter().for_each(|line| println!("WRONG {line}"));
    assert!(wrong.is_empty(), "{} files give other answers than their writer", wrong.len());
    assert!(right > 1400, "{right} files: are all fixtures there?");
    assert_eq!(met, REFUSED.lines().collect(), "what is not refused any more must not be listed");
    assert!(refused.is_empty(), "{} models are refused that should be read", refused.len());
}
