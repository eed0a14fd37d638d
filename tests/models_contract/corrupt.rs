//! Models whose elements are wrong. Prediction is an error or a value and always ends; `validate`
//! names array and element.

use deadweight::base::{Array, DType, Element, Parameters};
use deadweight::models::registry::from_parameters;
use deadweight::models::{Model, ModelError};
use ndarray::Array2;

use super::examples::{self, array, changed, replaced};
use super::quiet;
use super::recipes::trained;

/// Rows that take every way through a small model.
fn rows(model: &dyn Model) -> Array2<f64> {
    let values = [0.0, 1.0, -1.0, 0.5, 0.6, -3.0, 1e300, -1e300, 5e-324];
    let columns = model.n_features();
    Array2::from_shape_fn((81, columns), |(row, column)| {
        values[if column % 2 == 0 { row % 9 } else { row / 9 }]
    })
}

/// Asks a model everything. What it says does not matter, that it answers does.
fn ask(model: &dyn Model) {
    let rows = rows(model);
    let _ = model.predict(rows.view().into());
    let _ = model.predict_proba(rows.view().into());
    let _ = model.decision_function(rows.view().into());
    for row in rows.outer_iter() {
        let _ = model.predict(row.insert_axis(ndarray::Axis(0)).into());
    }
}

/// The array and element that `validate` names; `None` when it finds nothing.
pub fn named(what: &str, parameters: &Parameters) -> Option<(&'static str, usize)> {
    let found = quiet::caught(|| {
        let model = from_parameters(parameters)?;
        ask(&*model);
        model.validate()
    });
    match found.unwrap_or_else(|message| panic!("{what} panicked: {message}")) {
        Ok(()) => None,
        Err(ModelError::Invalid { array, index, .. }) => Some((array, index)),
        Err(error) => panic!("{what}: {error}"),
    }
}

/// Puts a value into an element and expects `validate` to name it.
fn expect<T: Element>(parameters: &Parameters, name: &str, index: usize, value: T) {
    expect_at(parameters, name, index, value, name, index);
}

/// As [`expect`], where another place is the first that is wrong.
fn expect_at<T: Element>(
    parameters: &Parameters,
    name: &str,
    index: usize,
    value: T,
    array: &str,
    at: usize,
) {
    let wrong = changed(parameters.array(name).unwrap(), index, value);
    let what = format!("{} {name}[{index}] = {value:?}", parameters.kind());
    let found = named(&what, &replaced(parameters, name, Some(wrong)));
    assert_eq!(found, Some((array, at)), "{what}");
}

#[test]
fn wrong_children_end_and_are_named() {
    // Nodes: 0 splits into 1 and 2, 2 splits into 3 and 4.
    let tree = examples::tree("less_or_equal", "none", "right");
    assert_eq!(named("right", &tree), None);
    for side in ["left", "right"] {
        for node in [0usize, 2] {
            // Itself, what is before it, what is outside.
            for child in (0..=node as u32).chain([5, 6, 1 << 31, u32::MAX - 1, u32::MAX]) {
                expect(&tree, side, node, child);
            }
        }
        for leaf in [1usize, 3, 4] {
            for child in [1u32, leaf as u32, 4, 5, u32::MAX] {
                expect(&tree, side, leaf, child);
            }
        }
    }
    // A child of two nodes: found where it is met again.
    expect(&tree, "right", 0, 1u32);
    expect(&tree, "right", 2, 3u32);
    expect_at(&tree, "left", 0, 2u32, "right", 0);
    expect_at(&tree, "left", 2, 4u32, "right", 2);
    // A child that skips a level leaves a node without a parent.
    expect_at(&tree, "left", 0, 3u32, "left", 1);
}

#[test]
fn wrong_features_and_thresholds_are_named() {
    let tree = examples::tree("less_or_equal", "f32", "right");
    for node in [0usize, 2] {
        for feature in [2i32, 3, i32::MAX, -2, i32::MIN] {
            expect(&tree, "feature", node, feature);
        }
        for threshold in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            expect(&tree, "threshold", node, threshold);
        }
        // A leaf that has children.
        expect_at(&tree, "feature", node, -1i32, "left", node);
    }
    for leaf in [1usize, 3, 4] {
        // A split whose children are its own root.
        expect_at(&tree, "feature", leaf, 0i32, "left", leaf);
    }
}

#[test]
fn wrong_fractions_are_named_by_their_node() {
    let tree = examples::tree("less", "none", "right");
    for (index, value) in
        [(0, 0.6), (3, 0.5), (5, f64::NAN), (8, -0.5), (9, 2.0), (9, f64::INFINITY)]
    {
        expect_at(&tree, "value", index, value, "value", index / 2 * 2);
    }
}

#[test]
fn wrong_offsets_of_trees_are_named() {
    let forest = examples::leaves(&[[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]], "vote");
    assert_eq!(named("right", &forest), None);
    for wrong in [1u64, 3, u64::MAX] {
        expect(&forest, "tree_offsets", 0, wrong);
    }
    for wrong in [0u64, 2, 4, 1 << 40, u64::MAX] {
        expect(&forest, "tree_offsets", 3, wrong);
    }
    // An inner offset that is out of order spoils the tree before it or its own.
    for (index, wrong, tree) in [(1, 0u64, 0), (1, 9, 0), (2, 1, 1), (2, u64::MAX, 1)] {
        expect_at(&forest, "tree_offsets", index, wrong, "tree_offsets", tree);
    }
    // One that takes the next tree's root: no node of the first tree leads to it.
    expect_at(&forest, "tree_offsets", 1, 2u64, "left", 1);
}

#[test]
fn labels_that_stand_twice_are_named() {
    for example in examples::examples() {
        let Some(classes) = example.parameters.get("classes") else { continue };
        let count = classes.element_count();
        let twice = match classes.dtype() {
            DType::Text => Array::from_texts(&vec!["same"; count], &[count]).unwrap(),
            _ => array(&vec![7i64; count], &[count]),
        };
        let found = named(example.name, &replaced(&example.parameters, "classes", Some(twice)));
        assert_eq!(found, Some(("classes", 1)), "{}", example.name);
    }
}

/// Arrays that hold numbers which a model calculates with.
#[test]
fn numbers_that_are_none_are_named() {
    for example in examples::examples() {
        for name in ["coef", "intercept", "support_vectors", "dual_coef", "data"] {
            let Some(array) = example.parameters.get(name) else { continue };
            for index in 0..array.element_count() {
                for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                    expect(&example.parameters, name, index, value);
                }
            }
        }
    }
}

#[test]
fn wrong_counts_and_labels_are_named() {
    for example in examples::examples() {
        if let Some(counts) = example.parameters.get("support_counts") {
            let right = counts.as_slice::<i64>().unwrap().to_vec();
            for (index, right) in right.iter().enumerate() {
                for wrong in [right + 1, right - 1, -1, i64::MIN, i64::MAX] {
                    let wrong = changed(counts, index, wrong);
                    let parameters = replaced(&example.parameters, "support_counts", Some(wrong));
                    let (array, _) = named(example.name, &parameters).unwrap();
                    assert_eq!(array, "support_counts");
                    let model = from_parameters(&parameters).unwrap();
                    let refused =
                        model.predict(rows(&*model).view().into()).unwrap_err().to_string();
                    assert!(refused.contains("support_counts"), "{refused}");
                }
            }
        }
        if let Some(labels) = example.parameters.get("labels") {
            for index in 0..labels.element_count() {
                for wrong in [2, -1, i64::MIN, i64::MAX] {
                    expect(&example.parameters, "labels", index, wrong);
                }
            }
        }
    }
}

/// Layers that do not fit each other are refused, and wrong numbers in any of them found.
#[test]
fn wrong_layers_are_named() {
    for example in examples::vectors::perceptrons() {
        let parameters = &example.parameters;
        for name in ["coef.0", "intercept.0", "coef.1", "intercept.1"] {
            let Some(right) = parameters.get(name) else { continue };
            for value in [f64::NAN, f64::INFINITY] {
                let wrong = changed(right, right.element_count() - 1, value);
                let found = named(example.name, &replaced(parameters, name, Some(wrong)));
                assert_eq!(found.unwrap().0, name.split('.').next().unwrap());
            }
            assert!(from_parameters(&replaced(parameters, name, None)).is_err(), "{name}");
            let shape: Vec<usize> = right.shape().iter().map(|length| length + 1).collect();
            let larger = array(&vec![0.0; shape.iter().product()], &shape);
            assert!(from_parameters(&replaced(parameters, name, Some(larger))).is_err(), "{name}");
        }
        let none = replaced(&replaced(parameters, "coef.1", None), "intercept.1", None);
        let none = replaced(&replaced(&none, "coef.0", None), "intercept.0", None);
        let Err(error) = from_parameters(&none) else { panic!("a network without layers") };
        assert!(error.to_string().contains("a layer or more"), "{error}");
    }
}

#[test]
fn wrong_search_trees_end_and_are_named() {
    for (search, bounds) in
        [("kd_tree", vec![0.0, 0.0, 4.0, 4.0, 2.0, 4.0]), ("ball_tree", vec![2.5, 1.0, 4.0])]
    {
        let tree = examples::vectors::tree(search, &bounds);
        assert_eq!(named("right", &tree), None);
        for place in 0..4 {
            for wrong in [-1i64, 4, i64::MIN, i64::MAX] {
                expect(&tree, "tree_order", place, wrong);
            }
        }
        expect(&tree, "tree_order", 3, 1i64);
        for node in 0..3 {
            for wrong in [-1i64, 5, i64::MIN, i64::MAX] {
                expect(&tree, "tree_first", node, wrong);
            }
            for wrong in [5i64, i64::MAX] {
                expect(&tree, "tree_last", node, wrong);
            }
            for wrong in [-1i64, i64::MIN] {
                expect_at(&tree, "tree_last", node, wrong, "tree_first", node);
            }
            for wrong in [2i64, -1, i64::MAX] {
                expect(&tree, "tree_leaf", node, wrong);
            }
            for wrong in [f64::NAN, f64::INFINITY] {
                expect(&tree, "tree_radius", node, wrong);
                expect(&tree, "tree_bounds", node, wrong);
            }
        }
        // A leaf that is said to have children, and leaves that overlap until more rows are met
        // than there are.
        expect(&tree, "tree_leaf", 2, 0i64);
        let all = changed(tree.array("tree_first").unwrap(), 2, 0i64);
        let model = from_parameters(&replaced(&tree, "tree_first", Some(all))).unwrap();
        let error = model.predict(ndarray::array![[3.0]].view().into()).unwrap_err().to_string();
        assert!(error.contains("\"tree_last\", element 2"), "{error}");
        for name in ["tree_order", "tree_leaf", "tree_bounds"] {
            assert!(from_parameters(&replaced(&tree, name, None)).is_err(), "{name}");
        }
    }
}

/// Kernels with numbers that no training gives: a value of some kind, and `validate` objects.
#[test]
fn numbers_of_a_kernel_are_finite() {
    for example in examples::examples() {
        if example.parameters.kind() != "support_vector_classifier" {
            continue;
        }
        for entry in ["gamma", "coef0", "degree"] {
            for wrong in [f64::NAN, f64::INFINITY] {
                let parameters = example.parameters.clone().with(entry, wrong);
                let model = from_parameters(&parameters).unwrap();
                ask(&*model);
                let error = model.validate().unwrap_err().to_string();
                assert!(error.contains(entry), "{}: {error}", example.name);
            }
        }
    }
}

/// Every element of a real forest's columns that decide where to go, one after another.
#[test]
fn a_damaged_forest_ends() {
    let (_, trained) =
        trained().iter().find(|(recipe, _)| recipe.id == "random_forest_classifier").unwrap();
    let parameters = &trained.parameters;
    let row = trained.evaluation.rows.slice(ndarray::s![..3, ..]);
    let nodes = parameters.array("feature").unwrap().element_count();
    let mut named_by_validate = 0;
    let mut tried = 0;
    for (name, step) in [("left", 41), ("right", 43), ("feature", 47)] {
        for node in (0..nodes).step_by(step) {
            let original = parameters.array(name).unwrap();
            let wrong = match name {
                "feature" => changed(original, node, (node % 70) as i32 - 30),
                _ => changed(original, node, (node * 7919 % (nodes + 50)) as u32),
            };
            let damaged = replaced(parameters, name, Some(wrong));
            let model = from_parameters(&damaged).unwrap();
            quiet::caught(|| drop(model.predict(row.into()))).unwrap();
            tried += 1;
            if tried % 25 == 0 {
                named_by_validate += usize::from(model.validate().is_err());
            }
        }
    }
    assert!(tried > 300 && named_by_validate > 5, "{tried} {named_by_validate}");
}
