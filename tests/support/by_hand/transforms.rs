//! Transformers that are small enough to be calculated with pencil and paper: parameters, rows
//! that may hold texts, and what is made of them.

use deadweight::base::{Array, Parameters};
use deadweight::models::{Column, Table, Transformed};
use ndarray::{Array2, array as matrix};

use super::{array, model, texts};

const TWO_53: f64 = 9_007_199_254_740_992.0;

/// A transformer, rows, and what it makes of them.
pub struct TransformByHand {
    /// For messages.
    pub name: &'static str,
    pub parameters: Parameters,
    pub rows: Table,
    pub result: Transformed,
}

/// Every example.
pub fn examples() -> Vec<TransformByHand> {
    let mut all = projections();
    all.extend(scalers());
    all.extend(rowwise());
    all.extend(imputers());
    all.extend(encoders());
    all.extend(counts());
    all.extend(weights());
    all.extend(compositions());
    all
}

fn example(
    name: &'static str,
    parameters: Parameters,
    rows: Table,
    result: Array2<f64>,
) -> TransformByHand {
    TransformByHand { name, parameters, rows, result: Transformed::Numbers(result) }
}

fn numbers(rows: Array2<f64>) -> Table {
    let columns = rows.columns().into_iter().map(|column| Column::Numbers(column.to_vec()));
    Table::new(None, columns.collect()).unwrap()
}

fn words(values: &[&str]) -> Column {
    Column::Texts(values.iter().map(|text| Some((*text).to_owned())).collect())
}

fn bools(values: &[bool]) -> Array {
    Array::from_bools(values, &[values.len()]).unwrap()
}

fn projections() -> Vec<TransformByHand> {
    let pca = |centering: &str, variance: Option<[f64; 2]>| {
        let mut arrays = vec![
            ("components", array(&[1.0, 0.0, 0.0, -1.0], &[2, 2])),
            ("mean", array(&[1.0, 2.0], &[2])),
        ];
        arrays.extend(variance.map(|values| ("explained_variance", array(&values, &[2]))));
        model("principal_component_analysis", arrays).with("centering", centering)
    };
    let rows = || numbers(matrix![[3.0, 5.0], [1.0, 1.0]]);
    vec![
        // The second component turns the second feature around.
        example(
            "whitened",
            pca("before", Some([4.0, 9.0])),
            rows(),
            matrix![[1.0, -1.0], [0.0, 1.0 / 3.0]],
        ),
        example("centered after", pca("after", None), rows(), matrix![[2.0, -3.0], [0.0, 1.0]]),
        // A root below 2^-52 counts as 2^-52.
        example(
            "a variance of zero",
            pca("after", Some([4.0, 0.0])),
            rows(),
            matrix![[1.0, -3.0 * 4_503_599_627_370_496.0], [0.0, 4_503_599_627_370_496.0]],
        ),
    ]
}

fn scalers() -> Vec<TransformByHand> {
    let nan = f64::NAN;
    let mean = || ("mean", array(&[1.0, 10.0], &[2]));
    let scale = || ("scale", array(&[2.0, 4.0], &[2]));
    let rows = || numbers(matrix![[3.0, 10.0], [nan, 2.0]]);
    let standard = |arrays| model("standard_scaler", arrays);
    let between = |parameters: Parameters| parameters.with("clip_low", 0.0).with("clip_high", 1.0);
    let range = || {
        let arrays = vec![("scale", array(&[0.5, 2.0], &[2])), ("min", array(&[1.0, -1.0], &[2]))];
        model("min_max_scaler", arrays)
    };
    let wide = || numbers(matrix![[2.0, 0.25], [-1.0, nan]]);
    vec![
        example("both", standard(vec![mean(), scale()]), rows(), matrix![[1.0, 0.0], [nan, -2.0]]),
        example("only the mean", standard(vec![mean()]), rows(), matrix![[2.0, 0.0], [nan, -8.0]]),
        example("only the scale", standard(vec![scale()]), rows(), matrix![[1.5, 2.5], [nan, 0.5]]),
        example(
            "held between -1 and 1",
            standard(vec![mean(), scale()]).with("clip", true),
            rows(),
            matrix![[1.0, 0.0], [nan, -1.0]],
        ),
        example("a range", range(), wide(), matrix![[2.0, -0.5], [0.5, nan]]),
        example("a range with ends", between(range()), wide(), matrix![[1.0, 0.0], [0.5, nan]]),
    ]
}

fn rowwise() -> Vec<TransformByHand> {
    let norm = |norm: &str| model("normalizer", vec![]).with("norm", norm).with("n_features", 2i64);
    let rows = || numbers(matrix![[-4.0, 2.0], [0.0, 0.0]]);
    vec![
        // |-4| + |2| = 6.
        example("l1", norm("l1"), rows(), matrix![[-2.0 / 3.0, 1.0 / 3.0], [0.0, 0.0]]),
        example("l2", norm("l2"), numbers(matrix![[3.0, -4.0]]), matrix![[0.6, -0.8]]),
        example(
            "the largest without its sign",
            norm("max"),
            rows(),
            matrix![[-1.0, 0.5], [0.0, 0.0]],
        ),
        example("the largest", norm("largest"), rows(), matrix![[-2.0, 1.0], [0.0, 0.0]]),
        example(
            "the threshold itself is not above it",
            model("binarizer", vec![]).with("threshold", 0.5).with("n_features", 3i64),
            numbers(matrix![[0.5, 0.6, -1.0]]),
            matrix![[0.0, 1.0, 0.0]],
        ),
        example(
            "rows as they are",
            model("identity", vec![]).with("n_features", 2i64),
            rows(),
            matrix![[-4.0, 2.0], [0.0, 0.0]],
        ),
    ]
}

fn imputers() -> Vec<TransformByHand> {
    let nan = f64::NAN;
    let imputer = |kept: [bool; 2], missing: &str| {
        let arrays = vec![("statistics", array(&[7.0, 8.0], &[2])), ("kept", bools(&kept))];
        model("simple_imputer", arrays).with("missing", missing)
    };
    let mut indicated = imputer([true, true], "absent");
    indicated.insert("indicator", array(&[1i64], &[1])).unwrap();
    let mut of_texts = imputer([true, true], "text").with("missing_text", "?");
    of_texts.insert("text_statistics", texts(&["cat", ""])).unwrap();
    of_texts.insert("is_text", bools(&[true, false])).unwrap();
    let table = |animals: &[&str]| {
        Table::new(None, vec![words(animals), Column::Numbers(vec![1.0, 2.0])]).unwrap()
    };
    vec![
        example(
            "an indicator of the second feature",
            indicated,
            numbers(matrix![[nan, 1.0], [2.0, nan]]),
            matrix![[7.0, 1.0, 0.0], [2.0, 8.0, 1.0]],
        ),
        example(
            "a number that counts as missing, and a feature that is left out",
            imputer([false, true], "number").with("missing_number", -1.0),
            numbers(matrix![[-1.0, -1.0], [2.0, 3.0]]),
            matrix![[8.0], [3.0]],
        ),
        TransformByHand {
            name: "a text that counts as missing",
            parameters: of_texts,
            rows: table(&["?", "dog"]),
            result: Transformed::Table(table(&["cat", "dog"])),
        },
    ]
}

fn encoders() -> Vec<TransformByHand> {
    let table = |animals: &[&str], sizes: &[f64]| {
        Table::new(None, vec![words(animals), Column::Numbers(sizes.to_vec())]).unwrap()
    };
    let categories = || {
        vec![
            ("categories.0", texts(&["cat", "dog", "emu"])),
            ("categories.1", array(&[1.0, 2.5], &[2])),
            ("missing", array(&[-1i64, -1], &[2])),
        ]
    };
    // The first category of the first feature has no column of its own.
    let mut one_hot = categories();
    one_hot.extend([
        ("columns.0", array(&[-1i64, 0, 1], &[3])),
        ("columns.1", array(&[0i64, 1], &[2])),
        ("widths", array(&[2i64, 2], &[2])),
        ("unknown", array(&[-1i64, -1], &[2])),
    ]);
    let one_hot = model("one_hot_encoder", one_hot);
    let mut ordinal = categories();
    ordinal.extend([
        ("codes.0", array(&[0.0, 1.0, 2.0], &[3])),
        ("codes.1", array(&[0.0, 1.0], &[2])),
    ]);
    let ordinal = model("ordinal_encoder", ordinal);
    vec![
        example(
            "a column for each but the first",
            one_hot.clone().with("handle_unknown", "error"),
            table(&["cat", "emu"], &[2.5, 1.0]),
            matrix![[0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]],
        ),
        example(
            "what is no category is nowhere",
            one_hot.with("handle_unknown", "ignore"),
            table(&["Dog", "dog"], &[1.0, 2.0]),
            matrix![[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]],
        ),
        example(
            "codes",
            ordinal.clone().with("handle_unknown", "error"),
            table(&["emu", "cat"], &[1.0, 2.5]),
            matrix![[2.0, 0.0], [0.0, 1.0]],
        ),
        example(
            "what is no category has a code of its own",
            ordinal.with("handle_unknown", "value").with("unknown_value", -7.0),
            table(&["owl", "dog"], &[1.0, 2.0]),
            matrix![[-7.0, 0.0], [1.0, -7.0]],
        ),
        example(
            "labels",
            model("label_encoder", vec![("classes", texts(&["no", "yes"]))]),
            Table::of_texts(["yes", "no", "yes"]),
            matrix![[1.0], [0.0], [1.0]],
        ),
    ]
}

/// How texts are counted: words of letters, single ones, in lower case.
fn counted(kind: &str, terms: &[&str], more: Vec<(&str, Array)>) -> Parameters {
    let mut arrays = vec![("vocabulary", texts(terms))];
    arrays.extend(more);
    model(kind, arrays)
        .with("analyzer", "word")
        .with("ngram_min", 1i64)
        .with("ngram_max", 1i64)
        .with("lowercase", true)
        .with("strip_accents", "none")
        .with("token_pattern", r"(?u)\b\w+\b")
        .with("binary", false)
}

fn counts() -> Vec<TransformByHand> {
    let count = |terms: &[&str]| counted("count_vectorizer", terms, vec![]);
    let accents = |way: &str| count(&["ete"]).with("strip_accents", way);
    // "ø" is no letter with an accent: only ASCII loses it.
    let summer = || Table::of_texts(["Été été", "ete", "ø"]);
    let pairs = |analyzer: &str, terms: &[&str]| {
        count(terms).with("analyzer", analyzer).with("ngram_min", 2i64).with("ngram_max", 2i64)
    };
    let stopped = counted(
        "count_vectorizer",
        &["cat", "the", "cat dog"],
        vec![("stop_words", texts(&["the"]))],
    );
    vec![
        example(
            "words and pairs of words",
            count(&["cat", "the", "the cat"]).with("ngram_max", 2i64),
            Table::of_texts(["The cat, the dog", ""]),
            matrix![[1.0, 2.0, 1.0], [0.0, 0.0, 0.0]],
        ),
        example(
            "pairs without the words that are taken out",
            stopped.with("ngram_max", 2i64),
            Table::of_texts(["cat the dog"]),
            matrix![[1.0, 0.0, 1.0]],
        ),
        example(
            "once is enough",
            count(&["a", "b"]).with("binary", true),
            Table::of_texts(["a b a", "A"]),
            matrix![[1.0, 1.0], [1.0, 0.0]],
        ),
        example(
            "pairs of characters",
            pairs("char", &["a ", "ab", "b "]),
            Table::of_texts(["ab ab"]),
            matrix![[0.0, 2.0, 1.0]],
        ),
        // " ab " and " a ".
        example(
            "pairs of characters of a word",
            pairs("char_wb", &[" a", "a ", "ab"]),
            Table::of_texts(["ab a"]),
            matrix![[2.0, 1.0, 1.0]],
        ),
        example("accents stay", accents("none"), summer(), matrix![[0.0], [1.0], [0.0]]),
        example("only ASCII", accents("ascii"), summer(), matrix![[2.0], [1.0], [0.0]]),
        example("without accents", accents("unicode"), summer(), matrix![[2.0], [1.0], [0.0]]),
        example(
            "without accents where there are some",
            accents("unicode_if_changed"),
            summer(),
            matrix![[2.0], [1.0], [0.0]],
        ),
    ]
}

fn weights() -> Vec<TransformByHand> {
    let weighted = |parameters: Parameters, norm: &str| {
        parameters.with("norm", norm).with("sublinear_tf", false).with("precision", "f64")
    };
    let of_idf = |idf: &[f64], norm| {
        weighted(model("tfidf_transformer", vec![("idf", array(idf, &[idf.len()]))]), norm)
    };
    let rows = || numbers(matrix![[3.0, 2.0], [0.0, 0.0]]);
    let (three, four) = (f64::from(0.6f32), f64::from(0.8f32));
    let terms = counted("tfidf_vectorizer", &["a", "b"], vec![("idf", array(&[3.0, 2.0], &[2]))]);
    vec![
        // 3 * 1 and 2 * 2: a triangle of 3, 4 and 5.
        example("l2", of_idf(&[1.0, 2.0], "l2"), rows(), matrix![[0.6, 0.8], [0.0, 0.0]]),
        example("l1", of_idf(&[1.0, 0.5], "l1"), rows(), matrix![[0.75, 0.25], [0.0, 0.0]]),
        example(
            "single precision",
            of_idf(&[1.0, 2.0], "l2").with("precision", "f32"),
            rows(),
            matrix![[three, four], [0.0, 0.0]],
        ),
        // 2^53 + 1 is no number of double precision: 1 + 1 comes first, or is lost.
        example(
            "l1, summed from the first column",
            of_idf(&[TWO_53, 1.0, 1.0], "l1").with("norm_order", "ascending"),
            numbers(matrix![[1.0, 1.0, 1.0]]),
            matrix![[1.0, 1.0 / TWO_53, 1.0 / TWO_53]],
        ),
        example(
            "l1, summed from the last column",
            of_idf(&[TWO_53, 1.0, 1.0], "l1").with("norm_order", "descending"),
            numbers(matrix![[1.0, 1.0, 1.0]]),
            matrix![[TWO_53 / (TWO_53 + 2.0), 1.0 / (TWO_53 + 2.0), 1.0 / (TWO_53 + 2.0)]],
        ),
        // ln(1) + 1 = 1; what is not there stays 0 whatever its weight.
        example(
            "sublinear, and a weight without end",
            of_idf(&[5.0, f64::INFINITY], "none").with("sublinear_tf", true),
            numbers(matrix![[1.0, 0.0], [0.0, 1.0]]),
            matrix![[5.0, 0.0], [0.0, f64::INFINITY]],
        ),
        example(
            "of texts",
            weighted(terms, "l2"),
            Table::of_texts(["b a b", "c", "b"]),
            matrix![[0.6, 0.8], [0.0, 0.0], [0.0, 1.0]],
        ),
    ]
}

fn compositions() -> Vec<TransformByHand> {
    let identity = |width: i64| model("identity", vec![]).with("n_features", width);
    let above_one =
        |width: i64| model("binarizer", vec![]).with("threshold", 1.0).with("n_features", width);
    let composed = |kind: &str, slot: &str, arrays, children: Vec<Parameters>| {
        let mut parameters = model(kind, arrays);
        let children = children.into_iter().enumerate();
        let named = children.map(|(index, child)| (format!("part {index}"), child));
        parameters.set_children(slot, named.collect()).unwrap();
        parameters
    };
    let columns = vec![
        ("columns.0", array(&[2i64, 0], &[2])),
        ("columns.1", array(&[1i64], &[1])),
        ("weights", array(&[10.0, 1.0], &[2])),
    ];
    let halves = model("standard_scaler", vec![("scale", array(&[2.0, 2.0], &[2]))]);
    let weights = vec![("weights", array(&[1.0, -3.0], &[2]))];
    vec![
        example(
            "columns in another order, the second not at all above 1",
            composed(
                "column_transformer",
                "transformers",
                columns,
                vec![identity(2), above_one(1)],
            )
            .with("n_features", 3i64),
            numbers(matrix![[1.0, 1.0, 3.0], [4.0, 5.0, 6.0]]),
            matrix![[30.0, 10.0, 0.0], [60.0, 40.0, 1.0]],
        ),
        example(
            "side by side",
            composed("feature_union", "transformers", weights, vec![identity(2), above_one(2)]),
            numbers(matrix![[1.0, 2.0]]),
            matrix![[1.0, 2.0, 0.0, -3.0]],
        ),
        // 2 / 2 is not above 1, 3 / 2 is.
        example(
            "one after the other",
            composed("pipeline", "steps", vec![], vec![halves, above_one(2)]),
            numbers(matrix![[2.0, 3.0]]),
            matrix![[0.0, 1.0]],
        ),
    ]
}
