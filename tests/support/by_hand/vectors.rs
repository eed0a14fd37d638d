//! Examples of support vectors, neighbours and perceptrons beyond those of what is trained here.

use deadweight::base::Parameters;
use deadweight::models::Predictions;

use super::{ByHand, array, circle, labels, machine, model, near, rows, texts, three_planes};

/// One that says only what is predicted.
fn predicted(
    name: &'static str,
    parameters: Parameters,
    rows: Vec<Vec<f64>>,
    predictions: Predictions,
) -> ByHand {
    ByHand { name, parameters, rows, predictions, probabilities: None, decisions: None }
}

/// Two classes with a softmax over -z and z: e^z / (e^z + e^-z) is the sigmoid of 2 z.
pub fn logistic() -> Vec<ByHand> {
    let mut parameters = three_planes("multinomial");
    for (name, values, shape) in
        [("coef", vec![0.5], vec![1, 1]), ("intercept", vec![0.0], vec![1])]
    {
        parameters = super::replaced(&parameters, name, Some(array(&values, &shape)));
    }
    let parameters = super::replaced(&parameters, "classes", Some(texts(&["no", "yes"])));
    let (low, high) = (0.2, 0.8);
    vec![ByHand {
        name: "multinomial of two",
        parameters,
        // z = ln 2: e^z = 2 and e^-z = 1/2, together 2.5.
        rows: vec![vec![2.0 * 2f64.ln()], vec![0.0]],
        predictions: labels(&["yes", "no"]),
        probabilities: Some(vec![vec![low, high], vec![0.5, 0.5]]),
        decisions: Some(vec![vec![2f64.ln()], vec![0.0]]),
    }]
}

pub fn support_vectors() -> Vec<ByHand> {
    let zero = |side| machine("linear", 1.0, 0.0, 3).with("zero_decision", side);
    // 0 beats 1, 2 beats 0 by far, 1 beats 2: a vote each, and sums of -2, 0 and 2.
    let by_class = |last, shape: &str, ties| ByHand {
        decisions: None,
        ..predicted(
            "",
            circle(last).with("decision_shape", shape).with("break_ties", ties),
            vec![vec![1.0]],
            Predictions::Integers(vec![if ties { 9 } else { 7 }]),
        )
    };
    let third = 2.0 / 9.0;
    let mut even = circle(0.0);
    even.insert("probability_a", array(&[0.0; 3], &[3])).unwrap();
    even.insert("probability_b", array(&[0.0; 3], &[3])).unwrap();
    vec![
        predicted("zero: first", zero("first"), vec![vec![1.0]], labels(&["no"])),
        predicted("zero: second", zero("second"), vec![vec![1.0]], labels(&["yes"])),
        predicted(
            "fused",
            zero("first").with("products", "fused"),
            vec![vec![2.0]],
            labels(&["yes"]),
        ),
        predicted(
            "in order",
            zero("first").with("products", "in_order"),
            vec![vec![0.0]],
            labels(&["no"]),
        ),
        ByHand {
            name: "a vote each, pairs",
            decisions: Some(vec![vec![1.0, -3.0, 1.0]]),
            ..by_class(-3.0, "pairs", false)
        },
        ByHand {
            name: "a vote each, the largest sum",
            decisions: Some(vec![vec![1.0 - third, 1.0, 1.0 + third]]),
            ..by_class(-3.0, "classes", true)
        },
        ByHand {
            name: "votes and sums scaled to half a vote",
            decisions: Some(vec![vec![2.5, 1.0, -0.5]]),
            ..by_class(1.0, "classes_of_all_rows", false)
        },
        ByHand {
            name: "pairs that are even make classes that are",
            probabilities: Some(vec![vec![1.0 / 3.0; 3]]),
            ..predicted("", even, vec![vec![1.0]], Predictions::Integers(vec![7]))
        },
    ]
}

fn machine_regressor(kernel: &str) -> Parameters {
    model(
        "support_vector_regressor",
        vec![
            ("support_vectors", array(&[1.0, 3.0], &[2, 1])),
            ("dual_coef", array(&[2.0, -1.0], &[1, 2])),
            ("intercept", array(&[0.5], &[1])),
        ],
    )
    .with("kernel", kernel)
    .with("gamma", 1.0)
    .with("coef0", 1.0)
    .with("degree", 2i64)
}

pub fn support_vector_regressors() -> Vec<ByHand> {
    // 2 K(1, x) - K(3, x) + 0.5.
    let of = |name, kernel, expected: [f64; 2]| {
        let expected = ndarray::arr2(&[[expected[0]], [expected[1]]]);
        let rows = rows(&[[0.0], [2.0]]);
        predicted(name, machine_regressor(kernel), rows, Predictions::Values(expected))
    };
    vec![
        of("linear: 2x - 3x + 0.5", "linear", [0.5, -1.5]),
        of("polynomial: 2 (x + 1)^2 - (3x + 1)^2 + 0.5", "poly", [1.5, 18.0 - 49.0 + 0.5]),
        of(
            "radial",
            "rbf",
            [
                2.0 * (-1.0f64).exp() - (-9.0f64).exp() + 0.5,
                2.0 * (-1.0f64).exp() - (-1.0f64).exp() + 0.5,
            ],
        ),
        of(
            "sigmoid",
            "sigmoid",
            [2.0 * 1f64.tanh() - 1f64.tanh() + 0.5, 2.0 * 3f64.tanh() - 7f64.tanh() + 0.5],
        ),
    ]
}

/// A tree over the rows 0, 2, 4 and 4: two leaves, in each the later row first.
pub fn tree(search: &str, bounds: &[f64]) -> Parameters {
    let planes = bounds.len() / 3;
    let mut parameters = near(1, "uniform").with("search", search);
    for (name, array) in [
        ("tree_order", array(&[1i64, 0, 3, 2], &[4])),
        ("tree_first", array(&[0i64, 0, 2], &[3])),
        ("tree_last", array(&[4i64, 2, 4], &[3])),
        ("tree_leaf", array(&[0i64, 1, 1], &[3])),
        ("tree_radius", array(&[2.5, 1.0, 0.0], &[3])),
        ("tree_bounds", array(bounds, &[planes, 3, 1])),
    ] {
        parameters.insert(name, array).unwrap();
    }
    parameters
}

fn whole(k: i64, search: &str) -> Parameters {
    model(
        "k_neighbors_classifier",
        vec![
            ("data", array(&[4.0, 4.0, 2.0], &[3, 1])),
            ("labels", array(&[0i64, 1, 1], &[3])),
            ("classes", texts(&["even", "odd"])),
        ],
    )
    .with("n_neighbors", k)
    .with("weights", "uniform")
    .with("metric", "euclidean")
    .with("search", search)
}

/// Two training rows of a sparse matrix with their squares, in steps of 4 above 2^54 as all numbers
/// of double precision there. Of the row (2^27, 1, 1, 1), which is the first of them, the squares
/// and products are 2^54 when they are summed from the first column, and 2^54 + 4 from the last.
/// Squared distances to the rows are then 8 and 4, or 4 and 8.
fn summed(order: &str) -> Parameters {
    let (large, square) = (2f64.powi(27), 2f64.powi(54));
    model(
        "k_neighbors_classifier",
        vec![
            ("data", array(&[large, 1.0, 1.0, 1.0, large, 0.0, 0.0, 0.0], &[2, 4])),
            ("square_lengths", array(&[square + 8.0, square + 4.0], &[2])),
            ("labels", array(&[0i64, 1], &[2])),
            ("classes", texts(&["first", "second"])),
        ],
    )
    .with("n_neighbors", 1)
    .with("weights", "uniform")
    .with("metric", "euclidean_by_products")
    .with("row_order", order)
}

pub fn neighbors() -> Vec<ByHand> {
    let sparse = |name, order, label| {
        let row = vec![vec![2f64.powi(27), 1.0, 1.0, 1.0]];
        predicted(name, summed(order), row, labels(&[label]))
    };
    let case = |name, parameters, values: &[f64], expected: &[&str]| {
        let rows = values.iter().map(|value| vec![*value]).collect();
        predicted(name, parameters, rows, labels(expected))
    };
    let mut outputs = near(1, "uniform");
    let (first, classes) = (outputs.array("labels").unwrap().clone(), texts(&["even", "odd"]));
    outputs = super::replaced(&super::replaced(&outputs, "labels", None), "classes", None);
    for (name, array) in [
        ("labels.0", first),
        ("labels.1", array(&[0i64, 1, 2, 2], &[4])),
        ("classes.0", classes),
        ("classes.1", array(&[10i64, 20, 30], &[3])),
    ] {
        outputs.insert(name, array).unwrap();
    }
    vec![
        case(
            "kd_tree",
            tree("kd_tree", &[0.0, 0.0, 4.0, 4.0, 2.0, 4.0]),
            &[1.0, 4.0],
            &["even", "even"],
        ),
        // From 3 both leaves may hold a row at distance 1: the left one is looked at first.
        case("ball_tree", tree("ball_tree", &[2.5, 1.0, 4.0]), &[3.0, 5.0], &["even", "even"]),
        // Distances 3, 3 and 1: the first stays in the heap, and is swapped behind in a partition.
        case("first", whole(2, "first"), &[1.0], &["even"]),
        case("heap", whole(2, "heap"), &[1.0], &["even"]),
        case("partition", whole(2, "partition"), &[1.0], &["odd"]),
        sparse("squares summed from the first column", "ascending", "second"),
        sparse("squares summed from the last column", "descending", "first"),
        ByHand {
            name: "two outputs",
            probabilities: Some(vec![vec![0.0, 1.0, 1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0, 0.0, 1.0]]),
            ..predicted(
                "",
                outputs,
                vec![vec![0.5], vec![5.0]],
                Predictions::Outputs(vec![
                    labels(&["odd", "odd"]),
                    Predictions::Integers(vec![10, 30]),
                ]),
            )
        },
    ]
}

fn means(k: i64, data: &[[f64; 2]; 2], metric: &str, weights: &str) -> Parameters {
    model(
        "k_neighbors_regressor",
        vec![
            ("data", array(data.as_flattened(), &[2, 2])),
            ("targets", array(&[10.0, -1.0, 0.0, 3.0], &[2, 2])),
        ],
    )
    .with("n_neighbors", k)
    .with("weights", weights)
    .with("metric", metric)
}

pub fn neighbors_regressors() -> Vec<ByHand> {
    let origin = || rows(&[[0.0, 0.0]]);
    let value = |name, parameters, rows, expected: [f64; 2]| {
        predicted(name, parameters, rows, Predictions::Values(ndarray::arr2(&[expected])))
    };
    // Distances `far` and 1 from the origin.
    let weighed = |name, metric, far: f64| {
        let (weight, sum) = (1.0 / far, 1.0 / far + 1.0);
        let expected = [10.0 * weight / sum, (-weight + 3.0) / sum];
        value(name, means(2, &[[3.0, 4.0], [1.0, 0.0]], metric, "distance"), origin(), expected)
    };
    let nearest = |metric| means(1, &[[3.0, 3.0], [4.0, 0.0]], metric, "uniform");
    vec![
        weighed("euclidean: 5 and 1", "euclidean", 5.0),
        weighed("by products: 25 and 1, squared", "euclidean_by_products", 5.0),
        weighed("fused: 25 and 1, squared", "euclidean_by_fused_products", 5.0),
        weighed("manhattan: 7 and 1", "manhattan", 7.0),
        weighed("chebyshev: 4 and 1", "chebyshev", 4.0),
        value("p = 1: 6 and 4", nearest("minkowski").with("p", 1.0), origin(), [0.0, 3.0]),
        value("p = 3: 54 and 64", nearest("minkowski").with("p", 3i64), origin(), [10.0, -1.0]),
        // The direction counts: (1, 2) is further from (4, 0) than from (3, 3).
        value("cosine", nearest("cosine"), rows(&[[0.1, 0.2]]), [10.0, -1.0]),
        value(
            "the mean",
            means(2, &[[0.0, 0.0], [1.0, 1.0]], "euclidean", "uniform"),
            origin(),
            [5.0, 1.0],
        ),
    ]
}

/// h = activation of (x, -x), then the sum of both, less one.
fn network(kind: &str, activation: &str, output: &str) -> Parameters {
    model(
        kind,
        vec![
            ("coef.0", array(&[1.0, -1.0], &[1, 2])),
            ("intercept.0", array(&[0.0; 2], &[2])),
            ("coef.1", array(&[1.0; 2], &[2, 1])),
            ("intercept.1", array(&[-1.0], &[1])),
        ],
    )
    .with("activation", activation)
    .with("output_activation", output)
}

/// The outputs x and -x, without a hidden layer.
fn single(output: &str) -> Parameters {
    model(
        "multilayer_perceptron_classifier",
        vec![
            ("coef.0", array(&[1.0, -1.0], &[1, 2])),
            ("intercept.0", array(&[0.0; 2], &[2])),
            ("classes", array(&[0i64, 1], &[2])),
        ],
    )
    .with("activation", "relu")
    .with("output_activation", output)
}

pub fn perceptrons() -> Vec<ByHand> {
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    let mut binary = network("multilayer_perceptron_classifier", "relu", "logistic");
    binary.insert("classes", texts(&["no", "yes"])).unwrap();
    let two = 1.0f64.exp() + (-1.0f64).exp();
    let (large, small) = (1.0f64.exp() / two, (-1.0f64).exp() / two);
    let regressor = |name, activation, output, expected: [f64; 2]| {
        let expected = ndarray::arr2(&[[expected[0]], [expected[1]]]);
        let parameters = network("multilayer_perceptron_regressor", activation, output);
        predicted(name, parameters, rows(&[[0.0], [-3.0]]), Predictions::Values(expected))
    };
    vec![
        ByHand {
            probabilities: Some(vec![vec![0.5, 0.5], vec![1.0 - sigmoid(1.0), sigmoid(1.0)]]),
            ..predicted(
                "|x| - 1, a half is the first class",
                binary,
                rows(&[[1.0], [-2.0]]),
                labels(&["no", "yes"]),
            )
        },
        ByHand {
            probabilities: Some(vec![vec![0.5, 0.5], vec![small, large]]),
            ..predicted(
                "softmax, the first of equals",
                single("softmax"),
                rows(&[[0.0], [-1.0]]),
                Predictions::Integers(vec![0, 1]),
            )
        },
        ByHand {
            probabilities: Some(vec![vec![0.5, 0.5], vec![sigmoid(-1.0), sigmoid(1.0)]]),
            ..predicted(
                "labels of their own, a half is none",
                single("logistic").with("multilabel", true),
                rows(&[[0.0], [-1.0]]),
                Predictions::Outputs(vec![
                    Predictions::Integers(vec![0, 0]),
                    Predictions::Integers(vec![0, 1]),
                ]),
            )
        },
        regressor("|x| - 1", "relu", "identity", [-1.0, 2.0]),
        regressor("x - x - 1", "identity", "identity", [-1.0, -1.0]),
        regressor("tanh is odd", "tanh", "identity", [-1.0, -1.0]),
        // Half and half at zero; elsewhere what the two add up to is one but for a rounding.
        regressor("logistic", "logistic", "identity", [0.0, sigmoid(-3.0) + sigmoid(3.0) - 1.0]),
        regressor("e^(|x| - 1)", "relu", "exp", [(-1.0f64).exp(), 2.0f64.exp()]),
    ]
}
