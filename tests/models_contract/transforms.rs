//! The examples of `tests/support/by_hand/transforms.rs`: what the definition gives, in whatever
//! memory parameters and rows lie, and what wrong elements lead to.

use deadweight::base::{Array, DType, Element, Parameters};
use deadweight::models::registry::from_parameters;
use deadweight::models::{Column, Model, ModelError, Rows, Table, Transformed};
use ndarray::Array2;

use super::by_hand::borrowed;
use super::examples::transforms::{TransformByHand, examples};
use super::examples::{changed, replaced};
use super::quiet;

/// The columns of a result, numbers or texts.
fn columns(result: &Transformed) -> Vec<Column> {
    match result {
        Transformed::Numbers(values) => {
            values.columns().into_iter().map(|c| Column::Numbers(c.to_vec())).collect()
        }
        Transformed::Table(table) => table.columns().to_vec(),
    }
}

fn assert_same(name: &str, found: &Transformed, expected: &Transformed) {
    let (all, expected) = (columns(found), columns(expected));
    assert_eq!(all.len(), expected.len(), "{name}: {found:?}");
    for (found, expected) in all.iter().zip(&expected) {
        match (found, expected) {
            (Column::Numbers(found), Column::Numbers(expected)) => {
                assert_eq!(found.len(), expected.len(), "{name}");
                let close = |a: f64, b: f64| {
                    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-15 * b.abs()
                };
                let same = found.iter().zip(expected).all(|(a, b)| close(*a, *b));
                assert!(same, "{name}: {found:?}, expected {expected:?}");
            }
            _ => assert_eq!(found, expected, "{name}"),
        }
    }
}

fn check(name: &str, model: &dyn Model, example: &TransformByHand) {
    let transformed =
        |rows: Rows<'_>| model.transform(rows).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_same(name, &transformed((&example.rows).into()), &example.result);
    if let Ok(numbers) = Rows::from(&example.rows).numbers() {
        assert_same(name, &transformed(numbers.view().into()), &example.result);
    }
    // A row's result does not depend on the rows beside it.
    let all = columns(&example.result);
    for row in 0..example.rows.len() {
        let part = transformed((&example.rows.part(row..row + 1)).into());
        let one = Table::new(None, all.clone()).unwrap().part(row..row + 1);
        assert_same(&format!("{name}, row {row}"), &part, &Transformed::Table(one));
    }
}

#[test]
fn transformers_make_what_pencil_and_paper_make() {
    for example in examples() {
        let kind = example.parameters.kind();
        let name = format!("{kind}, {}", example.name);
        let model = from_parameters(&example.parameters).unwrap();
        model.validate().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(model.kind(), kind);
        check(&name, &*model, &example);
        let again = from_parameters(&model.to_parameters()).unwrap();
        check(&format!("{name}, rebuilt"), &*again, &example);
        let view = borrowed(&example.parameters);
        check(&format!("{name}, borrowed"), &*from_parameters(&view).unwrap(), &example);
    }
}

#[test]
fn what_only_transforms_does_not_predict() {
    for example in examples() {
        let model = from_parameters(&example.parameters).unwrap();
        let rows = || Rows::from(&example.rows);
        for (method, error) in [
            ("predict", model.predict(rows()).map(|_| ()).unwrap_err()),
            ("predict_proba", model.predict_proba(rows()).map(|_| ()).unwrap_err()),
            ("decision_function", model.decision_function(rows()).map(|_| ()).unwrap_err()),
        ] {
            let error = error.to_string();
            assert!(error.contains(method), "{}: {error}", example.name);
        }
    }
}

#[test]
fn a_row_of_another_length_is_not_transformed() {
    for example in examples() {
        let model = from_parameters(&example.parameters).unwrap();
        // What counts without idf, or adds up other models, may say that any length will do.
        let right = model.n_features();
        assert_eq!(right, example.rows.columns().len(), "{}", example.name);
        for wrong in [0, right + 1, 1000] {
            let rows = Array2::zeros((2, wrong));
            assert!(model.transform(rows.view().into()).is_err(), "{}: {wrong}", example.name);
        }
    }
}

/// Asks about the rows of the example and about others, then validates.
fn asked(example: &TransformByHand, parameters: &Parameters) -> Result<(), ModelError> {
    let found = quiet::caught(|| {
        let model = from_parameters(parameters)?;
        let _ = model.transform((&example.rows).into());
        for value in [0.0, 1.0, -1e300, f64::NAN] {
            let rows = Array2::from_elem((3, example.rows.columns().len()), value);
            let _ = model.transform(rows.view().into());
        }
        model.validate()
    });
    found.unwrap_or_else(|message| panic!("{} panicked: {message}", example.name))
}

fn each_wrong<T: Element>(
    example: &TransformByHand,
    name: &str,
    array: &Array,
    values: &[T],
    mut then: impl FnMut(usize, T, Result<(), ModelError>),
) {
    for index in 0..array.element_count() {
        for value in values {
            let wrong = changed(array, index, *value);
            let parameters = replaced(&example.parameters, name, Some(wrong));
            then(index, *value, asked(example, &parameters));
        }
    }
}

/// Any number in any place ends in a result or an error.
#[test]
fn wrong_elements_of_transformers_end_and_are_named() {
    // Indices whose bounds other arrays say, and numbers that are to be numbers.
    let indices = ["missing", "columns.0", "columns.1", "unknown", "widths", "indicator"];
    let finite = ["components", "min", "idf"];
    let mut named = 0;
    for example in examples() {
        for (name, array) in example.parameters.arrays() {
            match array.dtype() {
                DType::I64 => {
                    let values = [i64::MIN, -2, 1 << 40, i64::MAX];
                    each_wrong(&example, name, array, &values, |index, value, found| {
                        if indices.contains(&name) {
                            let what = format!("{} {name}[{index}] = {value}", example.name);
                            assert!(found.is_err(), "{what}");
                            named += 1;
                        }
                    });
                }
                DType::F64 => {
                    let values = [f64::NAN, f64::NEG_INFINITY, 0.0, -1.0, 1e300];
                    each_wrong(&example, name, array, &values, |index, value, found| {
                        // A feature that was never there has a range of NaN.
                        let wrong = value.is_infinite() || (value.is_nan() && name != "min");
                        if wrong && finite.contains(&name) {
                            let what = format!("{} {name}[{index}] = {value}", example.name);
                            match found {
                                Err(ModelError::Invalid { array, index: at, .. }) => {
                                    assert_eq!((array, at), (name, index), "{what}");
                                }
                                other => panic!("{what}: {other:?}"),
                            }
                            named += 1;
                        }
                    });
                }
                _ => {}
            }
        }
    }
    assert!(named > 50, "{named}");
}
