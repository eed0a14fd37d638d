//! Models that are small enough to be calculated with pencil and paper, several of each kind:
//! parameters, rows, and what `src/base/kinds/` says that they give. Ties and equalities are
//! among them on purpose.

use deadweight::base::{Array, DType, Element, Parameters};
use deadweight::models::Predictions;

#[path = "by_hand/boosted.rs"]
mod boosted;
#[path = "by_hand/trees.rs"]
mod more_trees;
#[path = "by_hand/transforms.rs"]
pub mod transforms;
#[path = "by_hand/vectors.rs"]
pub mod vectors;

/// A model, rows, and what is expected of it.
pub struct ByHand {
    /// For messages.
    pub name: &'static str,
    pub parameters: Parameters,
    pub rows: Vec<Vec<f64>>,
    pub predictions: Predictions,
    pub probabilities: Option<Vec<Vec<f64>>>,
    pub decisions: Option<Vec<Vec<f64>>>,
}

/// An array of numbers.
pub fn array<T: Element>(values: &[T], shape: &[usize]) -> Array {
    Array::from_vec(values.to_vec(), shape).unwrap()
}

/// An array of texts.
pub fn texts(values: &[&str]) -> Array {
    Array::from_texts(values, &[values.len()]).unwrap()
}

/// The same parameters with arrays and entries of `change` in place of those of the same name.
pub fn replaced(parameters: &Parameters, name: &str, replacement: Option<Array>) -> Parameters {
    let mut changed = Parameters::new(parameters.kind(), parameters.layout_version())
        .with_metadata(parameters.metadata().clone());
    for (found, array) in parameters.arrays() {
        let array = if found == name { replacement.clone() } else { Some(array.clone()) };
        if let Some(array) = array {
            changed.insert(found, array).unwrap();
        }
    }
    changed
}

fn model(kind: &str, arrays: Vec<(&str, Array)>) -> Parameters {
    let mut parameters = Parameters::new(kind, 1);
    for (name, array) in arrays {
        parameters.insert(name, array).unwrap();
    }
    parameters
}

fn labels(texts: &[&str]) -> Predictions {
    Predictions::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
}

fn rows<const N: usize>(rows: &[[f64; N]]) -> Vec<Vec<f64>> {
    rows.iter().map(|row| row.to_vec()).collect()
}

/// Every example.
pub fn examples() -> Vec<ByHand> {
    let mut all = linear();
    all.extend(logistic());
    all.extend(vectors::logistic());
    all.extend(trees());
    all.extend(forests());
    all.extend(more_trees::classifiers());
    all.extend(more_trees::regressors());
    all.extend(more_trees::forests());
    all.extend(boosted::boosted_classifiers());
    all.extend(boosted::boosted_regressors());
    all.extend(boosted::histogram_classifiers());
    all.extend(boosted::histogram_regressors());
    all.extend(support_vectors());
    all.extend(vectors::support_vectors());
    all.extend(vectors::support_vector_regressors());
    all.extend(neighbors());
    all.extend(vectors::neighbors());
    all.extend(vectors::neighbors_regressors());
    all.extend(vectors::perceptrons());
    all
}

/// The parameters of every example, of models that predict and of those that only transform.
pub fn parameters() -> Vec<Parameters> {
    let predicting = examples().into_iter().map(|example| example.parameters);
    let transforming = transforms::examples().into_iter().map(|example| example.parameters);
    predicting.chain(transforming).collect()
}

/// The first parameters of each kind.
pub fn parameters_of_each_kind() -> Vec<Parameters> {
    let mut all = parameters();
    let mut seen: Vec<String> = Vec::new();
    all.retain(|parameters| {
        let new = !seen.iter().any(|kind| kind == parameters.kind());
        seen.push(parameters.kind().to_owned());
        new
    });
    all
}

/// The first example of each kind, for tests that only need parameters.
pub fn one_of_each_kind() -> Vec<ByHand> {
    let mut seen: Vec<String> = Vec::new();
    examples()
        .into_iter()
        .filter(|example| {
            let kind = example.parameters.kind().to_owned();
            let new = !seen.contains(&kind);
            seen.push(kind);
            new
        })
        .collect()
}

fn linear() -> Vec<ByHand> {
    let regression = ByHand {
        name: "two outputs",
        parameters: model(
            "linear_regression",
            vec![
                ("coef", array(&[2.0, -1.0, 0.5, 4.0], &[2, 2])),
                ("intercept", array(&[1.0, -3.0], &[2])),
            ],
        ),
        rows: rows(&[[1.0, 2.0], [0.0, 0.0], [-1.0, 0.5]]),
        // 2 - 2 + 1 and 0.5 + 8 - 3; the intercepts; -2 - 0.5 + 1 and -0.5 + 2 - 3.
        predictions: Predictions::Values(ndarray::array![[1.0, 5.5], [1.0, -3.0], [-1.5, -1.5]]),
        probabilities: None,
        decisions: None,
    };
    let hyperplane = ByHand {
        name: "a decision of exactly zero is the first class",
        parameters: model(
            "linear_support_vector_classifier",
            vec![
                ("coef", array(&[1.0, -2.0], &[1, 2])),
                ("intercept", array(&[0.5], &[1])),
                ("classes", array(&[-1i64, 1], &[2])),
            ],
        ),
        rows: rows(&[[1.5, 1.0], [1.5, 0.5], [0.0, 1.0]]),
        predictions: Predictions::Integers(vec![-1, 1, -1]),
        probabilities: None,
        decisions: Some(rows(&[[0.0], [1.0], [-1.5]])),
    };
    let hyperplanes = ByHand {
        name: "a row a class, the first of equals",
        parameters: model(
            "linear_support_vector_classifier",
            vec![
                ("coef", array(&[1.0, 0.0, -1.0], &[3, 1])),
                ("intercept", array(&[0.0, 0.5, 0.0], &[3])),
                ("classes", texts(&["right", "middle", "left"])),
            ],
        ),
        rows: rows(&[[2.0], [0.5], [0.0], [-0.5], [-2.0]]),
        predictions: labels(&["right", "right", "middle", "middle", "left"]),
        probabilities: None,
        decisions: Some(rows(&[
            [2.0, 0.5, -2.0],
            [0.5, 0.5, -0.5],
            [0.0, 0.5, 0.0],
            [-0.5, 0.5, 0.5],
            [-2.0, 0.5, 2.0],
        ])),
    };
    vec![regression, hyperplane, hyperplanes]
}

fn three_planes(multi_class: &str) -> Parameters {
    model(
        "logistic_regression",
        vec![
            ("coef", array(&[1.0, 0.0, 0.0, 1.0, 0.0, 0.0], &[3, 2])),
            ("intercept", array(&[0.0; 3], &[3])),
            ("classes", texts(&["a", "b", "c"])),
        ],
    )
    .with("multi_class", multi_class)
}

fn logistic() -> Vec<ByHand> {
    let third = 1.0 / 3.0;
    let second = 1.0 / (1.0 + (-1.0f64).exp());
    let binary = ByHand {
        name: "binary, z = 0 is the first class",
        parameters: model(
            "logistic_regression",
            vec![
                ("coef", array(&[1.0, -1.0], &[1, 2])),
                ("intercept", array(&[0.0], &[1])),
                ("classes", texts(&["no", "yes"])),
            ],
        )
        .with("multi_class", "binary"),
        rows: rows(&[[1.0, 1.0], [2.0, 1.0], [-800.0, 0.0], [800.0, 0.0]]),
        predictions: labels(&["no", "yes", "no", "yes"]),
        probabilities: Some(rows(&[[0.5, 0.5], [1.0 - second, second], [1.0, 0.0], [0.0, 1.0]])),
        decisions: Some(rows(&[[0.0], [1.0], [-800.0], [800.0]])),
    };
    let multinomial = ByHand {
        name: "multinomial, the first of equals",
        parameters: three_planes("multinomial"),
        rows: rows(&[[0.0, 0.0], [1.0, 1.0], [-1.0, -1.0], [2f64.ln(), 0.0]]),
        predictions: labels(&["a", "a", "c", "a"]),
        // e^z over their sum; in the third row the largest is that of c.
        probabilities: Some(vec![
            vec![third; 3],
            vec![
                1.0 / (2.0 + (-1.0f64).exp()),
                1.0 / (2.0 + (-1.0f64).exp()),
                (-1.0f64).exp() / (2.0 + (-1.0f64).exp()),
            ],
            vec![
                (-1.0f64).exp() / (1.0 + 2.0 * (-1.0f64).exp()),
                (-1.0f64).exp() / (1.0 + 2.0 * (-1.0f64).exp()),
                1.0 / (1.0 + 2.0 * (-1.0f64).exp()),
            ],
            vec![0.5, 0.25, 0.25],
        ]),
        decisions: Some(rows(&[
            [0.0, 0.0, 0.0],
            [1.0, 1.0, 0.0],
            [-1.0, -1.0, 0.0],
            [2f64.ln(), 0.0, 0.0],
        ])),
    };
    let one_vs_rest = ByHand {
        name: "one against the rest",
        parameters: three_planes("one_vs_rest"),
        rows: rows(&[[0.0, 0.0], [1000.0, -1000.0]]),
        predictions: labels(&["a", "a"]),
        // Sigmoids 1/2, 1/2, 1/2 and 1, 0, 1/2, divided by their sum.
        probabilities: Some(vec![vec![third; 3], vec![2.0 / 3.0, 0.0, third]]),
        decisions: Some(rows(&[[0.0, 0.0, 0.0], [1000.0, -1000.0, 0.0]])),
    };
    vec![binary, multinomial, one_vs_rest]
}

/// x0 against 0.5 at the root; on its right x1 against -1.
pub fn tree(comparator: &str, input_cast: &str, missing: &str) -> Parameters {
    model(
        "decision_tree_classifier",
        vec![
            ("tree_offsets", array(&[0u64, 5], &[2])),
            ("feature", array(&[0i32, -1, 1, -1, -1], &[5])),
            ("threshold", array(&[0.5, 0.0, -1.0, 0.0, 0.0], &[5])),
            ("left", array(&[1u32, 0, 3, 0, 0], &[5])),
            ("right", array(&[2u32, 0, 4, 0, 0], &[5])),
            ("value", array(&[0.5, 0.5, 1.0, 0.0, 0.25, 0.75, 0.5, 0.5, 0.0, 1.0], &[5, 2])),
            ("classes", texts(&["low", "high"])),
        ],
    )
    .with("comparator", comparator)
    .with("input_cast", input_cast)
    .with("missing", missing)
    .with("aggregation", "mean_probability")
    .with("n_features", 2i64)
}

/// A tree of one split at `threshold`, "left" below and "right" above.
fn stump(threshold: f64, comparator: &str, input_cast: &str, missing: &str) -> Parameters {
    model(
        "decision_tree_classifier",
        vec![
            ("tree_offsets", array(&[0u64, 3], &[2])),
            ("feature", array(&[0i32, -1, -1], &[3])),
            ("threshold", array(&[threshold, 0.0, 0.0], &[3])),
            ("left", array(&[1u32, 0, 0], &[3])),
            ("right", array(&[2u32, 0, 0], &[3])),
            ("value", array(&[0.5, 0.5, 1.0, 0.0, 0.0, 1.0], &[3, 2])),
            ("classes", texts(&["left", "right"])),
        ],
    )
    .with("comparator", comparator)
    .with("input_cast", input_cast)
    .with("missing", missing)
    .with("aggregation", "mean_probability")
    .with("n_features", 1i64)
}

fn trees() -> Vec<ByHand> {
    let of_stump = |name, parameters, values: &[f64], expected: &[&str]| ByHand {
        name,
        parameters,
        rows: values.iter().map(|value| vec![*value]).collect(),
        predictions: labels(expected),
        probabilities: None,
        decisions: None,
    };
    // The single-precision number that is nearest to `above` is the threshold itself.
    let threshold = f64::from(0.1f32);
    let above = threshold + 1e-10;
    assert!(above > threshold && f64::from(above as f32) == threshold);
    vec![
        ByHand {
            name: "equal goes left, fractions that tie give the first class",
            parameters: tree("less_or_equal", "none", "refused"),
            rows: rows(&[[0.5, 9.0], [0.6, -1.0], [0.6, -0.9], [0.4, -9.0]]),
            predictions: labels(&["low", "low", "high", "low"]),
            probabilities: Some(rows(&[[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [1.0, 0.0]])),
            decisions: None,
        },
        ByHand {
            name: "equal goes right under less",
            parameters: tree("less", "none", "refused"),
            rows: rows(&[[0.5, 9.0], [0.5, -1.0], [0.5, -1.1], [0.4, 0.0]]),
            predictions: labels(&["high", "high", "low", "low"]),
            probabilities: Some(rows(&[[0.0, 1.0], [0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])),
            decisions: None,
        },
        of_stump(
            "compared as it is",
            stump(threshold, "less_or_equal", "none", "refused"),
            &[threshold, above, f64::NEG_INFINITY, f64::INFINITY],
            &["left", "right", "left", "right"],
        ),
        of_stump(
            "compared in single precision",
            stump(threshold, "less_or_equal", "f32", "refused"),
            &[threshold, above, threshold + 1e-7, -1e30, 1e30],
            &["left", "left", "right", "left", "right"],
        ),
        of_stump(
            "NaN goes right",
            stump(0.0, "less_or_equal", "none", "right"),
            &[f64::NAN, -0.0, 0.0, 1.0],
            &["right", "left", "left", "right"],
        ),
        of_stump(
            "negative zero is zero",
            stump(0.0, "less", "f32", "right"),
            &[f64::NAN, -0.0, 0.0, -1e-40],
            &["right", "right", "right", "left"],
        ),
    ]
}

/// Trees of one leaf each, with these fractions.
pub fn leaves(fractions: &[[f64; 2]], aggregation: &str) -> Parameters {
    let trees = fractions.len();
    let offsets: Vec<u64> = (0..=trees as u64).collect();
    model(
        "random_forest_classifier",
        vec![
            ("tree_offsets", array(&offsets, &[trees + 1])),
            ("feature", array(&vec![-1i32; trees], &[trees])),
            ("threshold", array(&vec![0.0; trees], &[trees])),
            ("left", array(&vec![0u32; trees], &[trees])),
            ("right", array(&vec![0u32; trees], &[trees])),
            ("value", array(fractions.as_flattened(), &[trees, 2])),
            ("classes", array(&[10i64, 20], &[2])),
        ],
    )
    .with("comparator", "less_or_equal")
    .with("input_cast", "none")
    .with("missing", "refused")
    .with("aggregation", aggregation)
    .with("n_features", 1i64)
}

fn forests() -> Vec<ByHand> {
    let case = |name, fractions: &[[f64; 2]], aggregation, class, probabilities: [f64; 2]| ByHand {
        name,
        parameters: leaves(fractions, aggregation),
        rows: vec![vec![0.0]],
        predictions: Predictions::Integers(vec![class]),
        probabilities: Some(vec![probabilities.to_vec()]),
        decisions: None,
    };
    let split = [[1.0, 0.0], [0.25, 0.75], [0.25, 0.75]];
    vec![
        case("the mean decides", &split, "mean_probability", 10, [0.5, 0.5]),
        case("the votes decide", &split, "vote", 20, [1.0 / 3.0, 2.0 / 3.0]),
        case("a tie in a tree is a vote for the first", &[[0.5, 0.5]], "vote", 10, [1.0, 0.0]),
        case("a tie of votes is the first", &[[0.0, 1.0], [1.0, 0.0]], "vote", 10, [0.5, 0.5]),
    ]
}

fn machine(kernel: &str, gamma: f64, coef0: f64, degree: i64) -> Parameters {
    model(
        "support_vector_classifier",
        vec![
            ("support_vectors", array(&[0.0, 2.0], &[2, 1])),
            ("dual_coef", array(&[-1.0, 1.0], &[1, 2])),
            ("intercept", array(&[-2.0], &[1])),
            ("support_counts", array(&[1i64, 1], &[2])),
            ("classes", texts(&["no", "yes"])),
        ],
    )
    .with("kernel", kernel)
    .with("gamma", gamma)
    .with("coef0", coef0)
    .with("degree", degree)
}

/// Decisions that do not depend on x: 0 beats 1, 1 beats 2, and `last` decides 0 against 2.
fn circle(last: f64) -> Parameters {
    model(
        "support_vector_classifier",
        vec![
            ("support_vectors", array(&[0.0; 3], &[3, 1])),
            ("dual_coef", array(&[0.0; 6], &[2, 3])),
            ("intercept", array(&[1.0, last, 1.0], &[3])),
            ("support_counts", array(&[1i64, 1, 1], &[3])),
            ("classes", array(&[7i64, 8, 9], &[3])),
        ],
    )
    .with("kernel", "linear")
    .with("gamma", 1.0)
    .with("coef0", 0.0)
    .with("degree", 3i64)
}

fn support_vectors() -> Vec<ByHand> {
    let case = |name, parameters, rows, expected: &[&str], decisions: Vec<Vec<f64>>| ByHand {
        name,
        parameters,
        rows,
        predictions: labels(expected),
        probabilities: None,
        decisions: Some(decisions),
    };
    let votes = |name, last: f64, class| ByHand {
        name,
        parameters: circle(last),
        rows: vec![vec![1.0]],
        predictions: Predictions::Integers(vec![class]),
        probabilities: None,
        decisions: Some(vec![vec![1.0, last, 1.0]]),
    };
    let e4 = (-4.0f64).exp();
    vec![
        case(
            "linear: 2x - 2, zero is the first class",
            machine("linear", 1.0, 0.0, 3),
            rows(&[[1.0], [2.0], [0.0]]),
            &["no", "yes", "no"],
            rows(&[[0.0], [2.0], [-2.0]]),
        ),
        case(
            "radial: -exp(-x^2) + exp(-(x - 2)^2) - 2",
            machine("rbf", 1.0, 0.0, 3),
            rows(&[[0.0], [1.0]]),
            &["no", "no"],
            rows(&[[-1.0 + e4 - 2.0], [-2.0]]),
        ),
        case(
            "polynomial: (2x + 1)^2 - 1 - 2",
            machine("poly", 1.0, 1.0, 2),
            rows(&[[1.0], [0.0], [-1.0]]),
            &["yes", "no", "no"],
            rows(&[[6.0], [-2.0], [-2.0]]),
        ),
        case(
            "sigmoid: tanh(x + 0.5) - tanh(0.5) - 2",
            machine("sigmoid", 0.5, 0.5, 2),
            rows(&[[0.0], [-0.5]]),
            &["no", "no"],
            rows(&[[-2.0], [-(0.5f64.tanh()) - 2.0]]),
        ),
        votes("a vote each: the first", -1.0, 7),
        votes("a decision of zero is a vote for the second of the pair", 0.0, 7),
        votes("two votes win", 1.0, 7),
    ]
}

fn near(k: i64, weights: &str) -> Parameters {
    model(
        "k_neighbors_classifier",
        vec![
            ("data", array(&[0.0, 2.0, 4.0, 4.0], &[4, 1])),
            ("labels", array(&[1i64, 0, 1, 0], &[4])),
            ("classes", texts(&["even", "odd"])),
        ],
    )
    .with("n_neighbors", k)
    .with("weights", weights)
    .with("metric", "euclidean")
}

fn neighbors() -> Vec<ByHand> {
    let case = |name, parameters, values: &[f64], expected: &[&str], odd: &[f64]| ByHand {
        name,
        parameters,
        rows: values.iter().map(|value| vec![*value]).collect(),
        predictions: labels(expected),
        probabilities: Some(odd.iter().map(|odd| vec![1.0 - odd, *odd]).collect()),
        decisions: None,
    };
    vec![
        // 1 lies between the first two rows, 3 between the second and the third, 4 on two rows.
        case(
            "of equally near rows the first",
            near(1, "uniform"),
            &[1.0, 3.0, 4.0, 5.0],
            &["odd", "even", "odd", "odd"],
            &[1.0, 0.0, 1.0, 1.0],
        ),
        case(
            "of equally voted classes the first",
            near(2, "uniform"),
            &[1.0, 4.0],
            &["even", "even"],
            &[0.5, 0.5],
        ),
        // From 1: distances 1, 1, 3, 3 and weights 1, 1, 1/3. At distance zero only those count.
        case(
            "weighed by distance",
            near(3, "distance"),
            &[1.0, 4.0, 0.0],
            &["odd", "even", "odd"],
            &[(1.0 + 1.0 / 3.0) / (2.0 + 1.0 / 3.0), 0.5, 1.0],
        ),
        case("all of them", near(4, "uniform"), &[-100.0, 100.0], &["even", "even"], &[0.5, 0.5]),
    ]
}

/// The elements of a numeric array, changed and put into a new one.
pub fn changed<T: Element>(array: &Array, index: usize, value: T) -> Array {
    assert_ne!(array.dtype(), DType::Text);
    let mut values = array.as_slice::<T>().unwrap().to_vec();
    values[index] = value;
    Array::from_vec(values, array.shape()).unwrap()
}
