//! Sums of trees: starts, links, decisions, categories, missing values.

use deadweight::base::{Array, Parameters};
use deadweight::models::Predictions;

use super::more_trees::{bools, plain, stumps, with};
use super::{ByHand, array, labels, model, rows, texts};

/// Stumps at zero that add these values on their left and right.
fn sums(kind: &str, values: &[[f64; 2]], baseline: &[f64], more: Vec<(&str, Array)>) -> Parameters {
    let value: Vec<f64> = values.iter().flat_map(|[left, right]| [0.0, *left, *right]).collect();
    let mut arrays = stumps(&vec![0.0; values.len()]);
    arrays.push(("value", array(&value, &[value.len()])));
    arrays.push(("baseline", array(baseline, &[baseline.len()])));
    model(kind, with(arrays, more)).with("n_features", 1i64)
}

fn boosting(parameters: Parameters) -> Parameters {
    parameters
        .with("input_cast", "f32")
        .with("missing", "refused")
        .with("learning_rate", 0.5)
        .with("start", "constant")
}

fn logistic(sum: f64) -> [f64; 2] {
    let second = 1.0 / (1.0 + (-sum).exp());
    [1.0 - second, second]
}

/// A tree of one leaf with these fractions of the classes 0, 1, ...
fn constant(fractions: &[f64]) -> Parameters {
    let classes: Vec<i64> = (0..fractions.len() as i64).collect();
    let arrays = vec![
        ("tree_offsets", array(&[0u64, 1], &[2])),
        ("feature", array(&[-1i32], &[1])),
        ("threshold", array(&[0.0], &[1])),
        ("left", array(&[0u32], &[1])),
        ("right", array(&[0u32], &[1])),
        ("value", array(fractions, &[1, fractions.len()])),
        ("classes", array(&classes, &[classes.len()])),
    ];
    plain(model("decision_tree_classifier", arrays), "refused", 1)
        .with("aggregation", "mean_probability")
}

/// The same sums that begin with what a model inside says.
fn started(mut parameters: Parameters, child: Parameters, link: &str, clip: f64) -> Parameters {
    parameters.set_child("init", child).unwrap();
    parameters.with("start", "model").with("start_link", link).with("start_clip", clip)
}

pub fn boosted_classifiers() -> Vec<ByHand> {
    const KIND: &str = "gradient_boosting_classifier";
    let yes = || vec![("classes", texts(&["no", "yes"]))];
    let two = |decision: &str, link: &str, baseline: f64| {
        boosting(sums(KIND, &[[-2.0, 2.0], [0.0, 1.0]], &[baseline], yes()))
            .with("link", link)
            .with("decision", decision)
    };
    let three = |decision: &str| {
        let values = [[1.0, 0.0], [1.0, 0.0], [0.0, 2.0], [2.0, 0.0], [0.0; 2], [0.0; 2]];
        boosting(sums(
            KIND,
            &values,
            &[0.0, 0.5, 0.0],
            vec![("classes", array(&[7i64, 8, 9], &[3]))],
        ))
        .with("link", "softmax")
        .with("decision", decision)
    };
    let case =
        |name, parameters, values: &[f64], expected: &[&str], decisions: &[f64], factor: f64| {
            ByHand {
                name,
                parameters,
                rows: values.iter().map(|value| vec![*value]).collect(),
                predictions: labels(expected),
                probabilities: Some(
                    decisions.iter().map(|sum| logistic(factor * sum).to_vec()).collect(),
                ),
                decisions: Some(decisions.iter().map(|sum| vec![*sum]).collect()),
            }
        };
    let at = [0.0, 1.0];
    let softmax = |sums: [f64; 3]| {
        let total: f64 = sums.iter().map(|sum| sum.exp()).sum();
        sums.map(|sum| sum.exp() / total).to_vec()
    };
    // 1 + 0.5 * (-2) + 0.5 * 0 = 0 on the left, 1 + 0.5 * 2 + 0.5 * 1 = 2.5 on the right.
    vec![
        case(
            "zero is the second class",
            two("not_negative", "logistic", 1.0),
            &at,
            &["yes", "yes"],
            &[0.0, 2.5],
            1.0,
        ),
        case(
            "equal probabilities are the first",
            two("probability", "logistic", 1.0),
            &at,
            &["no", "yes"],
            &[0.0, 2.5],
            1.0,
        ),
        case(
            "zero is the first class",
            two("positive", "half_logistic", 1.0),
            &at,
            &["no", "yes"],
            &[0.0, 2.5],
            2.0,
        ),
        ByHand {
            name: "three sums in turn, the first of equals",
            parameters: three("largest"),
            rows: rows(&[[0.0], [1.0]]),
            // 0.5 * (1 + 2), 0.5 + 0.5 * 1, 0; 0, 0.5, 0.5 * 2
            predictions: Predictions::Integers(vec![7, 9]),
            probabilities: Some(vec![softmax([1.5, 1.0, 0.0]), softmax([0.0, 0.5, 1.0])]),
            decisions: Some(rows(&[[1.5, 1.0, 0.0], [0.0, 0.5, 1.0]])),
        },
        case(
            "begun by a model: ln(0.75 / 0.25)",
            started(two("positive", "logistic", 0.0), constant(&[0.25, 0.75]), "logit", 0.125),
            &at,
            &["yes", "yes"],
            &[3f64.ln() - 1.0, 3f64.ln() + 1.5],
            1.0,
        ),
        case(
            "begun by half of it, clipped: ln(0.875 / 0.125) / 2",
            started(
                two("positive", "half_logistic", 0.0),
                constant(&[0.0, 1.0]),
                "half_logit",
                0.125,
            ),
            &at,
            &["no", "yes"],
            &[7f64.ln() / 2.0 - 1.0, 7f64.ln() / 2.0 + 1.5],
            2.0,
        ),
        ByHand {
            name: "begun by logarithms of three classes",
            parameters: started(three("probability"), constant(&[0.25, 0.25, 0.5]), "log", 0.0),
            rows: rows(&[[0.0], [1.0]]),
            predictions: Predictions::Integers(vec![7, 9]),
            probabilities: None,
            decisions: Some(rows(&[
                [0.25f64.ln() + 1.5, 0.25f64.ln() + 0.5, 0.5f64.ln()],
                [0.25f64.ln(), 0.25f64.ln(), 0.5f64.ln() + 1.0],
            ])),
        },
        ByHand {
            name: "begun by logarithms less their mean",
            parameters: started(
                three("largest"),
                constant(&[0.125, 0.25, 0.625]),
                "centered_log",
                0.0,
            ),
            rows: rows(&[[0.0]]),
            predictions: Predictions::Integers(vec![9]),
            probabilities: None,
            decisions: Some({
                let center = (0.125f64.ln() + 0.25f64.ln() + 0.625f64.ln()) / 3.0;
                rows(&[[
                    0.125f64.ln() - center + 1.5,
                    0.25f64.ln() - center + 0.5,
                    0.625f64.ln() - center,
                ]])
            }),
        },
    ]
}

pub fn boosted_regressors() -> Vec<ByHand> {
    const KIND: &str = "gradient_boosting_regressor";
    let values = [[-2.0, 2.0], [0.0, 1.0]];
    let alone = boosting(sums(KIND, &values, &[10.0], vec![]));
    let tree = with(stumps(&[1.0]), vec![("value", array(&[0.0, 100.0, 200.0], &[3, 1]))]);
    let tree = plain(model("decision_tree_regressor", tree), "refused", 1);
    let case = |name, parameters, expected: [f64; 3]| ByHand {
        name,
        parameters,
        rows: rows(&[[0.0], [1.0], [2.0]]),
        predictions: Predictions::Values(ndarray::Array2::from_shape_fn((3, 1), |(r, _)| {
            expected[r]
        })),
        probabilities: None,
        decisions: None,
    };
    let inside = started(alone.clone(), tree, "identity", 0.0);
    vec![
        case("a constant and two trees", alone, [9.0, 11.5, 11.5]),
        case("a tree and two trees", inside, [99.0, 101.5, 201.5]),
    ]
}

fn histograms(parameters: Parameters, missing: &str) -> Parameters {
    parameters.with("missing", missing).with("negative_categories", "missing")
}

pub fn histogram_classifiers() -> Vec<ByHand> {
    const KIND: &str = "hist_gradient_boosting_classifier";
    let classes = || ("classes", array(&[0i64, 1], &[2]));
    let left = || ("missing_left", bools(&[true, false, false]));
    // Bits 3 and 40 go left; 1 is known and goes right, all else is missing.
    let categories = |name: &'static str| {
        vec![
            left(),
            ("category_set", array(&[0i32, -1, -1], &[3])),
            ("left_categories", array(&[1u32 << 3, 1 << 8, 0, 0, 0, 0, 0, 0], &[1, 8])),
            ("known_categories", array(&[(1u32 << 3) + 2, 1 << 8, 0, 0, 0, 0, 0, 0], &[1, 8])),
            (name, array(&[0i64, 1], &[2])),
        ]
    };
    let of_codes = |negative: &str| {
        sums(KIND, &[[-1.0, 1.0]], &[0.0], categories("classes"))
            .with("missing", "learned")
            .with("link", "logistic")
            .with("decision", "positive")
            .with("negative_categories", negative)
    };
    let case = |name, parameters, values: &[f64], decisions: &[f64]| ByHand {
        name,
        parameters,
        rows: values.iter().map(|value| vec![*value]).collect(),
        predictions: Predictions::Integers(decisions.iter().map(|d| i64::from(*d > 0.0)).collect()),
        probabilities: Some(decisions.iter().map(|sum| logistic(*sum).to_vec()).collect()),
        decisions: Some(decisions.iter().map(|sum| vec![*sum]).collect()),
    };
    let nan = f64::NAN;
    let values = [3.0, 3.9, 40.0, 1.0, 2.0, nan, 257.0, -1.0, -255.0];
    let mut right = categories("classes");
    right[0].1 = bools(&[false, false, false]);
    vec![
        case(
            "numbers and what is missing",
            histograms(
                sums(KIND, &[[-1.0, 1.0]], &[0.0], vec![left(), classes()])
                    .with("link", "logistic")
                    .with("decision", "probability"),
                "learned",
            ),
            &[0.0, 5e-324, nan, f64::INFINITY, f64::NEG_INFINITY],
            &[-1.0, 1.0, -1.0, 1.0, -1.0],
        ),
        // -255 is 1 modulo 256 where it counts so, as 257 does.
        case(
            "categories; negative ones are missing",
            of_codes("missing"),
            &values,
            &[-1.0, -1.0, -1.0, 1.0, -1.0, -1.0, 1.0, -1.0, -1.0],
        ),
        case(
            "categories; negative ones are wrapped",
            of_codes("wrapped"),
            &values,
            &[-1.0, -1.0, -1.0, 1.0, -1.0, -1.0, 1.0, -1.0, 1.0],
        ),
        case(
            "categories; missing goes right",
            sums(KIND, &[[-1.0, 1.0]], &[0.0], right)
                .with("missing", "learned")
                .with("link", "logistic")
                .with("decision", "positive")
                .with("negative_categories", "missing"),
            &[3.0, 1.0, 2.0, nan],
            &[-1.0, 1.0, 1.0, 1.0],
        ),
        case(
            "nothing may be missing",
            sums(KIND, &[[-1.0, 1.0]], &[0.5], vec![classes()])
                .with("missing", "refused")
                .with("link", "logistic")
                .with("decision", "positive"),
            &[0.0, 1.0],
            &[-0.5, 1.5],
        ),
    ]
}

pub fn histogram_regressors() -> Vec<ByHand> {
    const KIND: &str = "hist_gradient_boosting_regressor";
    let left = || ("missing_left", bools(&[false, false, false]));
    let case = |name, parameters, rows: Vec<Vec<f64>>, expected: &[f64]| ByHand {
        name,
        parameters,
        rows,
        predictions: Predictions::Values(ndarray::Array2::from_shape_fn(
            (expected.len(), 1),
            |(r, _)| expected[r],
        )),
        probabilities: None,
        decisions: None,
    };
    let sum = |link: &str| {
        sums(KIND, &[[-1.0, 1.0]], &[2.0], vec![left()])
            .with("missing", "learned")
            .with("link", link)
    };
    // Column 1 holds the categories 10, 20, 30, which become 0, 1, 2 and stand first.
    let encoded = with(
        stumps(&[0.0]),
        vec![
            ("value", array(&[0.0, 5.0, 7.0], &[3])),
            ("baseline", array(&[0.0], &[1])),
            left(),
            ("category_set", array(&[0i32, -1, -1], &[3])),
            ("left_categories", array(&[0b101u32, 0, 0, 0, 0, 0, 0, 0], &[1, 8])),
            (
                "known_categories",
                array(&[0b111u32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[2, 8]),
            ),
            ("categorical_columns", array(&[1i64], &[1])),
            ("categories.0", array(&[10i64, 20, 30], &[3])),
        ],
    );
    let encoded = histograms(model(KIND, encoded).with("link", "identity"), "learned");
    vec![
        case(
            "a sum",
            sum("identity"),
            vec![vec![0.0], vec![1.0], vec![f64::NAN]],
            &[1.0, 3.0, 3.0],
        ),
        case("the power of a sum", sum("log"), vec![vec![0.0]], &[1f64.exp()]),
        case(
            "categories are found and put first",
            encoded.with("n_features", 2i64),
            rows(&[[9.0, 10.0], [9.0, 20.0], [9.0, 30.0], [9.0, 0.0], [0.0, f64::NAN]]),
            &[5.0, 7.0, 5.0, 7.0, 7.0],
        ),
    ]
}
