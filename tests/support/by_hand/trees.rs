//! Trees and forests beyond the first examples: several outputs, values, learned ways of missing
//! values.

use deadweight::base::{Array, Parameters};
use deadweight::models::Predictions;

use super::{ByHand, array, labels, model, rows, texts};

/// x0 against 0.5 at the root; on its right x1 against -1. Missing: left at the root, right below.
fn columns() -> Vec<(&'static str, Array)> {
    vec![
        ("tree_offsets", array(&[0u64, 5], &[2])),
        ("feature", array(&[0i32, -1, 1, -1, -1], &[5])),
        ("threshold", array(&[0.5, 0.0, -1.0, 0.0, 0.0], &[5])),
        ("left", array(&[1u32, 0, 3, 0, 0], &[5])),
        ("right", array(&[2u32, 0, 4, 0, 0], &[5])),
    ]
}

/// Stumps that compare x0 with these thresholds.
pub(super) fn stumps(thresholds: &[f64]) -> Vec<(&'static str, Array)> {
    let trees = thresholds.len();
    let nodes = [3 * trees];
    let offsets: Vec<u64> = (0..=trees as u64).map(|tree| 3 * tree).collect();
    let each = |threshold: &f64| [*threshold, 0.0, 0.0];
    let thresholds: Vec<f64> = thresholds.iter().flat_map(each).collect();
    vec![
        ("tree_offsets", array(&offsets, &[trees + 1])),
        ("feature", array(&[0i32, -1, -1].repeat(trees), &nodes)),
        ("threshold", array(&thresholds, &nodes)),
        ("left", array(&[1u32, 0, 0].repeat(trees), &nodes)),
        ("right", array(&[2u32, 0, 0].repeat(trees), &nodes)),
    ]
}

pub(super) fn bools(values: &[bool]) -> Array {
    Array::from_bools(values, &[values.len()]).unwrap()
}

pub(super) fn with<'a>(
    mut arrays: Vec<(&'a str, Array)>,
    more: Vec<(&'a str, Array)>,
) -> Vec<(&'a str, Array)> {
    arrays.extend(more);
    arrays
}

pub(super) fn plain(parameters: Parameters, missing: &str, features: i64) -> Parameters {
    parameters
        .with("comparator", "less_or_equal")
        .with("input_cast", "f32")
        .with("missing", missing)
        .with("n_features", features)
}

pub fn classifiers() -> Vec<ByHand> {
    let nan = f64::NAN;
    let value = array(&[0.5, 0.5, 1.0, 0.0, 0.25, 0.75, 0.5, 0.5, 0.0, 1.0], &[5, 2]);
    let tree = |more| {
        let all = with(with(columns(), vec![("value", value.clone())]), more);
        plain(model("decision_tree_classifier", all), "learned", 2)
            .with("aggregation", "mean_probability")
    };
    let classes = || ("classes", texts(&["low", "high"]));
    let learned = ("missing_left", bools(&[true, false, false, false, false]));
    // Two outputs: two classes, then three. The leaf on the left ties in both.
    let several =
        [[0.5, 0.5, 0.25, 0.5, 0.25], [0.5, 0.5, 0.0, 0.5, 0.5], [0.5, 0.5, 0.5, 0.25, 0.25]];
    let several = with(
        stumps(&[0.0]),
        vec![
            ("value", array(several.as_flattened(), &[3, 5])),
            ("classes.0", array(&[3i64, 4], &[2])),
            ("classes.1", texts(&["a", "b", "c"])),
        ],
    );
    vec![
        ByHand {
            name: "NaN goes where the node says",
            parameters: tree(vec![learned.clone(), classes()]),
            rows: rows(&[[nan, 9.0], [0.6, nan], [nan, nan], [0.6, -1.0]]),
            predictions: labels(&["low", "high", "low", "low"]),
            probabilities: Some(rows(&[[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.5, 0.5]])),
            decisions: None,
        },
        ByHand {
            name: "the class that the counts decided, not the first of equal fractions",
            parameters: tree(vec![
                learned,
                ("decided", array(&[0u32, 0, 1, 1, 1], &[5, 1])),
                ("classes", bools(&[false, true])),
            ]),
            rows: rows(&[[0.6, -1.0], [0.5, 0.0], [0.6, 0.0]]),
            predictions: Predictions::Booleans(vec![true, false, true]),
            probabilities: Some(rows(&[[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]])),
            decisions: None,
        },
        ByHand {
            name: "two outputs side by side",
            parameters: plain(model("decision_tree_classifier", several), "refused", 1)
                .with("aggregation", "mean_probability"),
            rows: rows(&[[0.0], [1.0]]),
            predictions: Predictions::Outputs(vec![
                Predictions::Integers(vec![3, 3]),
                labels(&["b", "a"]),
            ]),
            probabilities: Some(rows(&[[0.5, 0.5, 0.0, 0.5, 0.5], [0.5, 0.5, 0.5, 0.25, 0.25]])),
            decisions: None,
        },
    ]
}

pub fn forests() -> Vec<ByHand> {
    // Each tree votes in each output: 0 and 1, 1 and 0, 1 and 0.
    let value = [
        [0.0; 4],
        [0.75, 0.25, 0.0, 1.0],
        [0.0; 4],
        [0.0; 4],
        [0.0, 1.0, 0.5, 0.5],
        [0.0; 4],
        [0.0; 4],
        [0.25, 0.75, 1.0, 0.0],
        [0.0; 4],
    ];
    // Values that no node of a tree of training rows has: only the left leaves are asked.
    let valid = |row: &[f64; 4]| if row[0] + row[1] == 1.0 { *row } else { [1.0, 0.0, 1.0, 0.0] };
    let value: Vec<[f64; 4]> = value.iter().map(valid).collect();
    let forest = |aggregation: &str| {
        let arrays = with(
            stumps(&[0.0, 0.0, 0.0]),
            vec![
                ("value", array(value.as_flattened(), &[9, 4])),
                ("classes.0", array(&[1i64, 2], &[2])),
                ("classes.1", array(&[0.5, 2.5], &[2])),
            ],
        );
        plain(model("random_forest_classifier", arrays), "refused", 1)
            .with("aggregation", aggregation)
    };
    let third = 1.0 / 3.0;
    let case = |name, aggregation, second: f64, probabilities: [f64; 4]| ByHand {
        name,
        parameters: forest(aggregation),
        rows: rows(&[[-1.0]]),
        predictions: Predictions::Outputs(vec![
            Predictions::Integers(vec![2]),
            Predictions::Values(ndarray::array![[second]]),
        ]),
        probabilities: Some(vec![probabilities.to_vec()]),
        decisions: None,
    };
    vec![
        // (0.75 + 0 + 0.25) / 3 and (0 + 0.5 + 1) / 3.
        case("means of two outputs", "mean_probability", 0.5, [third, 2.0 / 3.0, 0.5, 0.5]),
        case("votes of two outputs", "vote", 0.5, [third, 2.0 / 3.0, 2.0 / 3.0, third]),
    ]
}

pub fn regressors() -> Vec<ByHand> {
    let value = array(&[0.0, 0.0, 1.5, -2.0, 0.0, 0.0, 4.0, 8.0, -0.5, 0.25], &[5, 2]);
    let missing_left = ("missing_left", bools(&[true, false, false, false, false]));
    let tree = with(columns(), vec![("value", value), missing_left]);
    let forest = with(
        stumps(&[0.0, 1.0]),
        vec![("value", array(&[0.0, 1.0, 2.0, 0.0, 10.0, 20.0], &[6, 1]))],
    );
    let two = |values: ndarray::Array2<f64>| Predictions::Values(values);
    vec![
        ByHand {
            name: "two outputs, NaN goes where the node says",
            parameters: plain(model("decision_tree_regressor", tree), "learned", 2),
            rows: rows(&[[0.5, 0.0], [0.6, -1.0], [0.6, f64::NAN], [f64::NAN, 0.0]]),
            predictions: two(ndarray::array![[1.5, -2.0], [4.0, 8.0], [-0.5, 0.25], [1.5, -2.0]]),
            probabilities: None,
            decisions: None,
        },
        ByHand {
            name: "the mean of two trees",
            parameters: plain(model("random_forest_regressor", forest), "refused", 1),
            rows: rows(&[[0.0], [0.5], [2.0]]),
            // (1 + 10) / 2, (2 + 10) / 2, (2 + 20) / 2
            predictions: two(ndarray::array![[5.5], [6.0], [11.0]]),
            probabilities: None,
            decisions: None,
        },
    ]
}
