//! Trees beyond one output: what does not fit is refused, what is wrong at an element is named, and
//! every prediction ends.

use deadweight::base::{Array, Element, Parameters};
use deadweight::models::registry::from_parameters;

use super::corrupt::named;
use super::examples::{self, ByHand, array, changed, replaced};
use super::refusal;

fn example(name: &str) -> ByHand {
    examples::examples().into_iter().find(|example| example.name == name).unwrap()
}

fn expect<T: Element>(parameters: &Parameters, name: &str, index: usize, value: T) {
    let wrong = changed(parameters.array(name).unwrap(), index, value);
    let found = named(name, &replaced(parameters, name, Some(wrong)));
    assert_eq!(found, Some((name, index)).map(|(n, i)| (leak(n), i)), "{value:?}");
}

/// `named` gives the names of the program.
fn leak(name: &str) -> &'static str {
    let names = ["value", "baseline", "category_set", "decided", "feature", "left", "threshold"];
    names.into_iter().find(|known| *known == name).unwrap()
}

#[test]
fn wrong_elements_of_sums_and_sets_are_named() {
    let sums = example("equal probabilities are the first").parameters;
    assert_eq!(named("right", &sums), None);
    for value in [f64::NAN, f64::INFINITY] {
        expect(&sums, "value", 4, value);
        expect(&sums, "baseline", 0, value);
        expect(&sums, "threshold", 3, value);
    }
    expect(&sums, "left", 0, 0u32);
    expect(&sums, "left", 3, 3u32);
    expect(&sums, "feature", 0, 1i32);
    let sets = example("categories; negative ones are missing").parameters;
    for set in [1i32, i32::MAX, -2, i32::MIN] {
        expect(&sets, "category_set", 0, set);
    }
    // Behind the last of them all that is there goes left.
    let infinite = changed(sets.array("threshold").unwrap(), 0, f64::INFINITY);
    assert_eq!(named("infinite", &replaced(&sets, "threshold", Some(infinite))), None);
    let decided = example("the class that the counts decided, not the first of equal fractions");
    for class in [2u32, u32::MAX] {
        expect(&decided.parameters, "decided", 3, class);
    }
}

#[test]
fn numbers_of_sums_classes_and_columns_fit_each_other() {
    let refused = |parameters: &Parameters, name: &str, other: Option<Array>, text: &str| {
        let error = refusal(from_parameters(&replaced(parameters, name, other)));
        assert!(error.contains(text), "{error}");
    };
    let three = example("three sums in turn, the first of equals").parameters;
    refused(&three, "baseline", Some(array(&[0.0], &[1])), "\"baseline\"");
    refused(&three, "baseline", Some(array::<f64>(&[], &[0])), "\"baseline\"");
    refused(&three, "classes", Some(array(&[1i64, 2], &[2])), "\"baseline\"");
    for decision in ["positive", "not_negative"] {
        let error = refusal(from_parameters(&three.clone().with("decision", decision)));
        assert!(error.contains("\"decision\""), "{error}");
    }
    let two = example("zero is the second class").parameters;
    let error = refusal(from_parameters(&two.with("decision", "largest")));
    assert!(error.contains("\"decision\""), "{error}");
    let sets = example("categories; missing goes right").parameters;
    refused(&sets, "missing_left", None, "\"missing_left\" is missing");
    refused(&sets, "left_categories", None, "\"left_categories\" is missing");
    refused(&sets, "known_categories", Some(array(&[0u32; 16], &[2, 8])), "1 rows, one a feature");
    let encoded = example("categories are found and put first").parameters;
    for columns in [vec![], vec![2i64], vec![-1], vec![0, 1]] {
        let columns = array(&columns, &[columns.len()]);
        refused(&encoded, "categorical_columns", Some(columns), "\"categorical_columns\"");
    }
    let outputs = example("two outputs side by side").parameters;
    refused(&outputs, "classes.1", Some(array(&[1i64, 2], &[2])), "4 columns, one a class");
    refused(&outputs, "classes.0", None, "classes.0");
    let mut both = outputs.clone();
    both.insert("classes", array(&[1i64, 2, 3, 4, 5], &[5])).unwrap();
    assert!(refusal(from_parameters(&both)).contains("none beside classes.0"));
    let learned = example("NaN goes where the node says").parameters;
    let error = refusal(from_parameters(&learned.clone().with("comparator", "less")));
    assert!(error.contains("\"missing\""), "{error}");
    refused(&learned, "missing_left", None, "\"missing_left\" is missing");
}

/// A model inside that answers something else.
#[test]
fn a_start_that_does_not_fit_is_refused() {
    let begun = example("begun by a model: ln(0.75 / 0.25)").parameters;
    let child = example("a tree and two trees").parameters.child("init").unwrap();
    let mut other = begun.clone();
    for (name, _) in begun.arrays() {
        if name.starts_with("init.") {
            other = replaced(&other, name, None);
        }
    }
    other.set_child("init", child).unwrap();
    let model = from_parameters(&other).unwrap();
    let rows = ndarray::Array2::zeros((1, 1));
    let error = model.predict(rows.view().into()).unwrap_err().to_string();
    assert!(error.starts_with("init: ") && error.contains("predict_proba"), "{error}");
    for clip in [0.5, -0.1, f64::NAN] {
        let error = refusal(from_parameters(&begun.clone().with("start_clip", clip)));
        assert!(error.contains("start_clip"), "{error}");
    }
}
