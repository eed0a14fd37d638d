//! What the rules say of newer versions of scikit-learn (src/pickle/sklearn/newer), against what these
//! versions did (scripts/check_newer_versions.py): every model of every version, for every newer one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use deadweight::base::{Limits, PagePolicy, Storage};
use deadweight::pickle::sklearn::newer::{Effect, Finding, registry};
use deadweight::pickle::sklearn::{NewerVersions, Source, newer_versions};
use deadweight::pickle::{Document, container};
use serde_json::Value as Json;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sklearn")
}

fn json(name: &str) -> Json {
    serde_json::from_slice(&std::fs::read(data().join(name)).unwrap()).unwrap()
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap()
}

fn texts(value: &Json) -> impl Iterator<Item = &str> {
    value.as_array().unwrap().iter().map(text)
}

/// Writer, model and reader.
type Cell = (String, String, String);

/// What was measured, and is not the same: the effect, and the error or the example.
fn measured(matrix: &Json) -> BTreeMap<Cell, (Effect, String)> {
    let mut found = BTreeMap::new();
    for row in matrix["differences"].as_array().unwrap() {
        let effect = match text(&row["outcome"]) {
            "load-fails" => Effect::LoadFails,
            "predict-fails" => Effect::PredictFails,
            "wrong" => Effect::WrongNumbers,
            // Rounding errors of another BLAS: no rule speaks of them.
            "close" => continue,
            other => panic!("{other}"),
        };
        for name in texts(&row["models"]) {
            for reader in texts(&row["readers"]) {
                let cell = (text(&row["writer"]).into(), name.into(), reader.into());
                assert!(found.insert(cell, (effect, text(&row["what"]).to_owned())).is_none());
            }
        }
    }
    found
}

fn of_bytes(bytes: Vec<u8>) -> Option<NewerVersions> {
    let limits = Limits::default();
    let opened = container::open(Storage::adopt(bytes), &limits).unwrap();
    let document = Document::read(&opened.storage, &[], &limits).unwrap();
    newer_versions(&Source::new(&document, PagePolicy::Auto), None)
}

fn about(path: &Path) -> NewerVersions {
    let found = of_bytes(std::fs::read(path).unwrap());
    found.unwrap_or_else(|| panic!("{}: no version", path.display()))
}

/// An instance without state but these attributes, all of them texts, in protocol 2.
fn instance(module: &str, name: &str, attributes: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = format!("c{module}\n{name}\n)\u{1}}}(").into_bytes();
    let at = bytes.iter().position(|byte| *byte == 1).unwrap();
    bytes[at] = 0x81;
    for text in attributes.iter().flat_map(|(key, value)| [key, value]) {
        bytes.push(b'X');
        bytes.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes.extend(b"ub");
    bytes
}

fn pickled(values: &[Vec<u8>]) -> Vec<u8> {
    [b"\x80\x02(".to_vec(), values.concat(), b"l.".to_vec()].concat()
}

/// Versions in order, by their place in the list of tested ones.
fn place(version: &str) -> usize {
    registry::TESTED.iter().position(|tested| *tested == version).unwrap()
}

#[test]
fn rules_say_what_was_measured() {
    let matrix = json("newer_versions.json");
    let measured = measured(&matrix);
    let (mut cells, mut problems, mut used) = (0, Vec::new(), BTreeSet::new());
    for group in matrix["models"].as_array().unwrap() {
        for writer in texts(&group["writers"]) {
            let expected = json(&format!("{writer}/expected.json"));
            for name in texts(&group["names"]) {
                let models = expected["models"].as_array().unwrap();
                let entry = models.iter().find(|entry| entry["name"] == name).unwrap();
                let file = texts(&entry["files"]).find(|f| !f.ends_with(".buffers.pkl")).unwrap();
                let about = about(&data().join(writer).join(file));
                let newer = &registry::TESTED[place(writer) + 1..];
                assert_eq!(about.tested, newer, "{writer}/{file}");
                let not_tested = about.not_tested.iter();
                problems
                    .extend(not_tested.map(|class| format!("{writer}/{file}: not tested {class}")));
                for reader in newer {
                    let mut said = about.findings.iter().filter(|finding| {
                        (place(finding.from)..=place(finding.to)).contains(&place(reader))
                    });
                    let said = said.by_ref().max_by_key(|finding| finding.effect);
                    let cell = (writer.to_owned(), name.to_owned(), (*reader).to_owned());
                    let did = measured.get(&cell);
                    cells += 1;
                    if said.map(|finding| finding.effect) != did.map(|(effect, _)| *effect) {
                        problems.push(format!("{cell:?}: said {said:?}, did {did:?}"));
                    } else if let Some(finding) = said {
                        used.insert(finding.rule);
                    }
                }
            }
        }
    }
    problems.iter().for_each(|problem| println!("{problem}"));
    assert!(problems.is_empty(), "{} of {cells} differ", problems.len());
    assert!(cells > 9_000, "{cells}: is the whole matrix there?");
    let rules: BTreeSet<&str> = registry::rules().map(|rule| rule.id).collect();
    assert_eq!(used, rules, "a rule that no fixture needs, or two of one name");
    assert_eq!(registry::rules().count(), rules.len(), "ids stand once");
}

#[test]
fn every_fixture_and_every_version_was_measured() {
    let matrix = json("newer_versions.json");
    let versions: Vec<&str> =
        matrix["versions"].as_array().unwrap().iter().map(|row| text(&row["version"])).collect();
    assert_eq!(versions, registry::TESTED);
    let mut measured = BTreeSet::new();
    for group in matrix["models"].as_array().unwrap() {
        for writer in texts(&group["writers"]) {
            measured
                .extend(texts(&group["names"]).map(|name| (writer.to_owned(), name.to_owned())));
        }
    }
    let newest = registry::TESTED.last().unwrap();
    let mut written = BTreeSet::new();
    for version in registry::TESTED.iter().filter(|version| *version != newest) {
        let expected = json(&format!("{version}/expected.json"));
        let models = expected["models"].as_array().unwrap().iter();
        let models = models.filter(|model| model.get("arrays").is_none());
        written
            .extend(models.map(|model| ((*version).to_owned(), text(&model["name"]).to_owned())));
    }
    assert_eq!(measured, written, "run scripts/check_newer_versions.py again");
}

#[test]
fn a_file_that_says_no_version_is_told_nothing_about() {
    assert_eq!(of_bytes(pickled(&[])), None);
    let scaler = instance("sklearn.preprocessing._data", "MinMaxScaler", &[]);
    assert_eq!(of_bytes(pickled(&[scaler])), None);
    let path = "1.3.2/arrays_weights.p4.pkl";
    assert_eq!(of_bytes(std::fs::read(data().join(path)).unwrap()), None);
}

#[test]
fn each_model_has_its_own_and_the_file_its_names() {
    let version = ("_sklearn_version", "0.23.2");
    let scaler = instance("sklearn.preprocessing._data", "MinMaxScaler", &[version]);
    let encoder = instance("sklearn.preprocessing._encoders", "OrdinalEncoder", &[version]);
    let cluster = instance("sklearn.cluster._kmeans", "KMeans", &[version]);
    let found = of_bytes(pickled(&[scaler.clone(), encoder.clone(), cluster])).unwrap();
    let rules = |found: &NewerVersions| {
        let rule = |finding: &Finding| (finding.rule, finding.from, finding.to);
        found.findings.iter().map(rule).collect::<Vec<_>>()
    };
    let both = [("min-max-clip", "0.24.2", "1.9.1"), ("ordinal-unknown", "0.24.2", "1.9.1")];
    assert_eq!(rules(&found), both);
    assert_eq!(found.not_tested, ["sklearn.cluster._kmeans.KMeans"]);
    // What cannot be loaded cannot be asked.
    let losses = instance("sklearn.ensemble._gb_losses", "LeastSquaresError", &[]);
    let found = of_bytes(pickled(&[scaler, encoder, losses])).unwrap();
    let lost = ("boosting-losses", "1.4.2", "1.9.1");
    let [one, two] = both.map(|(rule, from, _)| (rule, from, "1.3.2"));
    assert_eq!(rules(&found), [one, lost, two]);
    assert_eq!(found.findings[1].effect, Effect::LoadFails);
}

#[test]
fn versions_are_told_apart_by_major_and_minor() {
    let of = |version| {
        let attributes = [("_sklearn_version", version)];
        let imputer = instance("sklearn.impute._base", "SimpleImputer", &attributes);
        of_bytes(pickled(&[imputer])).unwrap()
    };
    assert_eq!(of("1.7.0").tested, ["1.8.0", "1.9.1"]);
    assert_eq!(of("1.7.99").tested, ["1.8.0", "1.9.1"]);
    let newest = of("1.9.0");
    assert_eq!((newest.tested.len(), newest.findings.len()), (0, 0));
    assert_eq!(of("2.0.0").tested.len(), 0);
}
