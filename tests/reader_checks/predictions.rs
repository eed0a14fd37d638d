//! Rows of all sorts, asked of a model whose parameters may be anything.

use deadweight::models::{Column, Model, Predictions, Rows, Table, Transformed};
use ndarray::Array2;

/// No rows are made wider: a file may say that it has any number of features.
const MOST_FEATURES: usize = 2048;

/// Numbers that a scaled row may hold.
const PLAIN: &[f64] = &[0.0, 1.0, -1.0, 0.5, 2.0, -0.25, 3.0, 17.0];
/// Numbers at the edges of what is finite.
const EXTREME: &[f64] =
    &[f64::MAX, -0.0, f64::MIN_POSITIVE, 1e300, f64::MIN, 5e-324, 9.3e18, -9.3e18, 4.3e9];
/// What is no number, between others.
const WILD: &[f64] = &[f64::NAN, f64::INFINITY, 1.0, f64::NEG_INFINITY, 0.0];
/// Texts: categories and documents.
const TEXTS: &[Option<&str>] =
    &[Some("a"), None, Some(""), Some("the red Fox jumps, the b"), Some("ß\u{130}e\u{301} 1_2")];

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

fn numbers(rows: usize, features: usize, from: &[f64]) -> Input {
    let number = |(row, column): (usize, usize)| from[(row * 3 + column) % from.len()];
    Input::Numbers(Array2::from_shape_fn((rows, features), number))
}

/// A table of three rows, every other column of it texts.
fn table(features: usize, named: bool) -> Input {
    let column = |index: usize| match index % 2 {
        0 => Column::Texts(
            (0..3).map(|row| TEXTS[(row + index) % TEXTS.len()].map(str::to_owned)).collect(),
        ),
        _ => Column::Numbers((0..3).map(|row| PLAIN[(row + index) % PLAIN.len()]).collect()),
    };
    let names = named.then(|| (0..features).map(|index| format!("x{index}")).collect());
    let table = Table::new(names, (0..features).map(column).collect());
    Input::Table(table.expect("columns of one length"))
}

fn inputs(features: usize) -> Vec<Input> {
    let wide = features.saturating_add(1).min(MOST_FEATURES);
    let documents = TEXTS.iter().map(|text| text.unwrap_or("1 2.5 A"));
    let mut inputs = vec![
        numbers(0, features.min(MOST_FEATURES), PLAIN),
        numbers(3, wide, PLAIN),
        Input::Table(Table::of_texts(documents)),
    ];
    if features <= MOST_FEATURES {
        inputs.push(numbers(4, features, PLAIN));
        inputs.push(numbers(3, features, EXTREME));
        inputs.push(numbers(2, features, WILD));
        inputs.push(table(features, false));
        inputs.push(table(features, true));
    }
    inputs
}

/// Asks both models, which must agree to the bit, everything that can be asked.
pub fn compare(model: &dyn Model, other: &dyn Model) {
    assert_eq!(model.n_features(), other.n_features());
    for input in inputs(model.n_features()) {
        let rows = input.rows();
        match (model.predict(rows), other.predict(rows)) {
            (Ok(once), Ok(again)) => {
                assert!(once.bits_equal(&again), "{once:?} against {again:?}");
                assert_eq!(once.len(), rows.len());
                look_at(&once, rows.len());
            }
            (once, again) => assert_eq!(text(once), text(again)),
        }
        type Ask = fn(&dyn Model, Rows<'_>) -> Result<Array2<f64>, String>;
        let asks: [Ask; 2] = [
            |model, rows| model.predict_proba(rows).map_err(|error| error.to_string()),
            |model, rows| model.decision_function(rows).map_err(|error| error.to_string()),
        ];
        for ask in asks {
            match (ask(model, rows), ask(other, rows)) {
                (Ok(once), Ok(again)) => same(&once, &again, rows.len()),
                (once, again) => assert_eq!(once.err(), again.err()),
            }
        }
        match (model.transform(rows), other.transform(rows)) {
            (Ok(Transformed::Numbers(once)), Ok(Transformed::Numbers(again))) => {
                same(&once, &again, rows.len());
            }
            (Ok(Transformed::Table(once)), Ok(Transformed::Table(again))) => {
                assert_eq!((once.len(), again.len()), (rows.len(), rows.len()));
            }
            (once, again) => assert_eq!(text(once), text(again)),
        }
    }
}

/// The message of an error; none when there was an answer.
fn text<T>(result: Result<T, impl std::fmt::Display>) -> Option<String> {
    result.err().map(|error| {
        super::is_short(&error);
        error.to_string()
    })
}

fn look_at(predictions: &Predictions, rows: usize) {
    if let Predictions::Outputs(outputs) = predictions {
        for output in outputs {
            assert_eq!(output.len(), rows);
        }
    }
}

fn same(once: &Array2<f64>, again: &Array2<f64>, rows: usize) {
    assert_eq!((once.nrows(), once.dim()), (rows, again.dim()));
    assert!(once.iter().zip(again).all(|(once, again)| once.to_bits() == again.to_bits()));
}
