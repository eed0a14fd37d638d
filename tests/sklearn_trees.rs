//! Trees in files of scikit-learn: what is kept beside what predicts, and nodes that no library
//! wrote.

use std::path::Path;

use deadweight::base::{Limits, PagePolicy, Parameters, Storage, Value};
use deadweight::models::registry::from_parameters;
use deadweight::pickle::numpy::array::Data;
use deadweight::pickle::sklearn::{self, Source};
use deadweight::pickle::{Document, container};

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sklearn").join(name);
    std::fs::read(path).unwrap()
}

fn read(bytes: &[u8]) -> Result<Parameters, String> {
    let limits = Limits::default();
    let file = Storage::adopt(bytes.to_vec());
    let opened = container::open(file, &limits).map_err(|error| error.to_string())?;
    let document =
        Document::read(&opened.storage, &[], &limits).map_err(|error| error.to_string())?;
    let source = Source::new(&document, PagePolicy::Heap);
    let read = sklearn::read(&source, None).map_err(|error| error.to_string());
    read.map(|(parameters, _)| parameters)
}

/// A structured array in a file: where it begins, the size of an element, and fields with their
/// places and sizes.
struct Nodes {
    start: usize,
    size: usize,
    count: usize,
    fields: Vec<(String, usize, usize)>,
}

/// The first array in the file that has a field.
fn nodes(bytes: &[u8], field: &str) -> Nodes {
    let storage = Storage::adopt(bytes.to_vec());
    let document = Document::read(&storage, &[], &Limits::default()).unwrap();
    let arrays = document.arrays().map(|node| document.array(node).unwrap());
    let array = arrays.into_iter().find(|array| array.field(field).is_ok()).unwrap();
    let Data::Borrowed { start, .. } = array.data() else { panic!("not in the file") };
    let fields = array.dtype().fields.iter();
    Nodes {
        start: *start,
        size: array.dtype().item_size,
        count: array.element_count(),
        fields: fields.map(|f| (f.name.clone(), f.offset, f.dtype.item_size)).collect(),
    }
}

impl Nodes {
    fn place(&self, node: usize, field: &str) -> std::ops::Range<usize> {
        let (_, offset, size) = self.fields.iter().find(|(name, ..)| name == field).unwrap();
        let start = self.start + node * self.size + offset;
        start..start + size
    }

    fn get(&self, bytes: &[u8], node: usize, field: &str) -> i64 {
        let bytes = &bytes[self.place(node, field)];
        let mut wide = [if bytes[bytes.len() - 1] > 127 { 0xff } else { 0 }; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        i64::from_le_bytes(wide)
    }

    /// The file with another number in a field.
    fn with(&self, bytes: &[u8], node: usize, field: &str, value: &[u8]) -> Vec<u8> {
        let place = self.place(node, field);
        let mut changed = bytes.to_vec();
        let size = place.len();
        changed[place].copy_from_slice(&value[..size]);
        changed
    }
}

/// Reads a file with one changed number; it must be refused at that node.
fn expect(bytes: &[u8], nodes: &Nodes, node: usize, field: &str, value: &[u8], text: &str) {
    let error = read(&nodes.with(bytes, node, field, value)).unwrap_err();
    let offset = nodes.start + node * nodes.size;
    let place = format!("node {node} (byte {offset})");
    assert!(error.contains(&place) && error.contains(text), "{field}: {error}, not {place}");
}

const PLAIN: [&str; 2] = [TREE, OLD_TREE];
const TREE: &str = "1.9.1/tree_classifier_float32.joblib";
const OLD_TREE: &str = "1.2.2/tree_classifier.p5.pkl";

#[test]
fn crafted_children_and_features_are_refused_with_their_node() {
    for name in PLAIN {
        let file = fixture(name);
        assert!(read(&file).is_ok(), "{name}");
        let nodes = nodes(&file, "left_child");
        let mut splits = 0;
        for node in 0..nodes.count {
            if nodes.get(&file, node, "left_child") == -1 {
                // A leaf with one child.
                let child = (nodes.count as i64 - 1).to_le_bytes();
                let text = format!("after {node} and before {}", nodes.count);
                expect(&file, &nodes, node, "right_child", &child, &text);
                continue;
            }
            splits += 1;
            let text = format!("after {node} and before {}", nodes.count);
            for side in ["left_child", "right_child"] {
                let wrong = [0, node as i64, nodes.count as i64, -1, -2, i64::MIN, i64::MAX];
                for child in wrong.into_iter().chain([1i64 << 32]) {
                    expect(&file, &nodes, node, side, &child.to_le_bytes(), &text);
                }
            }
            for feature in [6i64, -1, -2, i64::MAX, 1 << 32] {
                expect(&file, &nodes, node, "feature", &feature.to_le_bytes(), "a feature below 6");
            }
            // Newer trees may have a threshold that separates nothing but what is missing.
            let nan = f64::NAN.to_le_bytes();
            match name {
                OLD_TREE => expect(&file, &nodes, node, "threshold", &nan, "a threshold"),
                _ => assert!(read(&nodes.with(&file, node, "threshold", &nan)).is_ok()),
            }
        }
        assert!(splits > 2, "{name}");
    }
}

#[test]
fn crafted_histograms_are_refused_with_their_node() {
    let file = fixture("1.0.2/histogram_regressor_categories.p4.pkl");
    let parameters = read(&file).unwrap();
    from_parameters(&parameters).unwrap().validate().unwrap();
    let nodes = nodes(&file, "is_leaf");
    let (mut splits, mut sets) = (0, 0);
    for node in 0..nodes.count {
        if nodes.get(&file, node, "is_leaf") == 1 {
            continue;
        }
        splits += 1;
        for side in ["left", "right"] {
            for child in [0u32, node as u32, nodes.count as u32, u32::MAX] {
                let text = format!("a {side} child after {node} and before {}", nodes.count);
                expect(&file, &nodes, node, side, &child.to_le_bytes(), &text);
            }
        }
        for feature in [4i64, 255, (1 << 31) - 1] {
            let value = feature.to_le_bytes();
            expect(&file, &nodes, node, "feature_idx", &value, "a feature below 4");
        }
        if nodes.get(&file, node, "is_categorical") == 1 {
            sets += 1;
            let value = u32::MAX.to_le_bytes();
            expect(&file, &nodes, node, "bitset_idx", &value, "a set of categories below");
        } else {
            let nan = f64::NAN.to_le_bytes();
            expect(&file, &nodes, node, "num_threshold", &nan, "a threshold");
        }
    }
    assert!(splits > 1 && sets > 0, "{splits} {sets}");
}

/// Counts where fractions have to be: a file of an old version that a new one loaded and saved.
#[test]
fn counts_in_a_file_of_a_version_of_fractions_are_refused() {
    let file = fixture(OLD_TREE);
    let old = b"1.2.2";
    let places: Vec<usize> =
        (0..file.len() - 5).filter(|place| file[*place..place + 5] == *old).collect();
    assert!(!places.is_empty());
    let mut newer = file.clone();
    for place in places {
        newer[place..place + 5].copy_from_slice(b"1.4.2");
    }
    let error = read(&newer).unwrap_err();
    assert!(error.contains("node 0 ") && error.contains("fractions that add up to 1"), "{error}");
}

fn map<'a>(value: &'a Value, key: &str) -> &'a Value {
    let Value::Map(map) = value else { panic!("{key} of no map") };
    map.get(key).unwrap_or_else(|| panic!("no {key} in {map:?}"))
}

#[test]
fn what_predicts_and_what_is_kept_beside_it() {
    let parameters = read(&fixture(OLD_TREE)).unwrap();
    let nodes = parameters.array("feature").unwrap().element_count();
    for field in ["impurity", "n_node_samples", "weighted_n_node_samples"] {
        let kept = parameters.array(&format!("attributes.tree_.{field}")).unwrap();
        assert_eq!(kept.shape(), [nodes]);
    }
    // Whole counts are what the fractions and the weights of the nodes give.
    assert!(parameters.get("attributes.tree_.counts").is_none());
    assert!(parameters.get("missing_left").is_none());
    let attributes = parameters.metadata().get("attributes").unwrap();
    assert_eq!(map(map(attributes, "tree_"), "max_depth"), &Value::Integer(4));
    let fields = map(map(attributes, "tree_"), "nodes");
    assert_eq!(map(fields, "impurity"), &Value::from("attributes.tree_.impurity"));
    let model = from_parameters(&parameters).unwrap();
    assert!(model.to_parameters().get("attributes.tree_.impurity").is_none());
}

#[test]
fn weighted_counts_are_kept_where_fractions_do_not_give_them_back() {
    let parameters = read(&fixture(WEIGHTED)).unwrap();
    let counts = parameters.slice::<f64>("attributes.tree_.counts").unwrap();
    let value = parameters.slice::<f64>("value").unwrap();
    assert_eq!(counts.len(), value.len());
    for (counts, fractions) in counts.chunks(3).zip(value.chunks(3)) {
        let sum: f64 = counts.iter().sum();
        let close = |(count, fraction): (&f64, &f64)| (count / sum - fraction).abs() < 1e-15;
        assert!(counts.iter().zip(fractions).all(close));
    }
    assert!(counts.iter().any(|count| count.fract() != 0.0));
}

const WEIGHTED: &str = "1.2.2/tree_classifier_weighted.joblib_p2.joblib";

/// Trees of a forest share nearly all attributes: they are kept once.
#[test]
fn trees_of_a_forest_are_kept_together() {
    let parameters = read(&fixture(FOREST)).unwrap();
    let attributes = parameters.metadata().get("attributes").unwrap();
    let trees = map(attributes, "estimators_");
    assert_eq!(map(trees, "count"), &Value::Integer(4));
    assert_eq!(map(map(trees, "shared"), "criterion"), &Value::from("gini"));
    let seeds = parameters.slice::<i64>("attributes.estimators_.random_state").unwrap();
    assert_eq!(seeds.len(), 4);
    assert_eq!(parameters.slice::<i64>("attributes.estimators_.max_depth").unwrap(), [3, 3, 3, 3]);
    // Nothing is kept tree by tree.
    assert!(parameters.arrays().len() < 20, "{}", parameters.arrays().len());
}

const FOREST: &str = "1.2.2/forest_classifier.joblib";
