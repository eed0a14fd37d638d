//! The examples of `tests/support/by_hand.rs`: what the definition gives, whatever memory the
//! parameters lie in and however many rows are asked at once.

use deadweight::base::kinds::KINDS;
use deadweight::base::{PagePolicy, Parameters, Storage};
use deadweight::formats::{DecodeOptions, Format, raw::Raw};
use deadweight::models::registry::from_parameters;
use deadweight::models::{Model, ModelError};
use ndarray::{Array2, Axis};

use super::examples::{self, ByHand};
use super::matrix;
use super::trained::nth;

/// The same parameters as a view of bytes.
pub fn borrowed(parameters: &Parameters) -> Parameters {
    let mut bytes = Vec::new();
    Raw.encode(parameters, &mut bytes).unwrap();
    let source = Storage::copy_of(&bytes, PagePolicy::Heap).unwrap();
    let view = Raw.view(&source, &DecodeOptions::default()).unwrap();
    assert!(view.arrays().all(|(_, array)| source.range_of(array.as_bytes()).is_some()));
    view
}

#[test]
fn every_kind_has_an_example() {
    let examples = examples::parameters();
    let mut lacking = Vec::new();
    for kind in KINDS {
        if !examples.iter().any(|example| example.kind() == kind.id) {
            lacking.push(format!("{}: no example", kind.id));
        }
        // Each choice of each entry is calculated somewhere; kinds that share an entry, as trees
        // and forests do, share the code behind it.
        for entry in kind.entries {
            for choice in entry.choices() {
                let chosen =
                    |example: &Parameters| example.text(entry.name).is_ok_and(|t| t == *choice);
                if !examples.iter().any(chosen) {
                    lacking.push(format!("{}: no example of {} = {choice}", kind.id, entry.name));
                }
            }
        }
    }
    assert!(lacking.is_empty(), "calculate these: {lacking:#?}");
}

/// Close to the last bits, where pencil and paper round as they like.
fn assert_close(name: &str, found: &Array2<f64>, expected: &[Vec<f64>]) {
    let expected = matrix(expected);
    assert_eq!(found.dim(), expected.dim(), "{name}");
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() <= 1e-15 * expected.abs().max(1.0), "{name}: {found}");
    }
}

fn check(name: &str, model: &dyn Model, example: &ByHand) {
    let rows = matrix(&example.rows);
    let predictions =
        model.predict(rows.view().into()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(predictions, example.predictions, "{name}");
    if let Some(expected) = &example.probabilities {
        assert_close(name, &model.predict_proba(rows.view().into()).unwrap(), expected);
    }
    if let Some(expected) = &example.decisions {
        assert_close(name, &model.decision_function(rows.view().into()).unwrap(), expected);
    }
}

#[test]
fn examples_give_what_pencil_and_paper_give() {
    for example in examples::examples() {
        let kind = example.parameters.kind();
        let name = format!("{kind}, {}", example.name);
        let model = from_parameters(&example.parameters).unwrap();
        check(&name, &*model, &example);
        model.validate().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(model.kind(), kind);
        let again = from_parameters(&model.to_parameters()).unwrap();
        check(&format!("{name}, rebuilt"), &*again, &example);
        let view = borrowed(&example.parameters);
        check(&format!("{name}, borrowed"), &*from_parameters(&view).unwrap(), &example);
    }
}

/// A row's prediction does not depend on the rows beside it, nor on how they lie in memory.
#[test]
fn rows_are_predicted_one_by_one_and_in_any_layout() {
    for example in examples::examples() {
        let rows = matrix(&example.rows);
        let model = from_parameters(&example.parameters).unwrap();
        let all = model.predict(rows.view().into()).unwrap();
        for (index, row) in rows.outer_iter().enumerate() {
            let one = model.predict(row.insert_axis(Axis(0)).into()).unwrap();
            let same = nth(&all, index).bits_equal(&one);
            assert!(same, "{} row {index}", example.name);
        }
        let by_column = rows.t().as_standard_layout().into_owned();
        assert!(model.predict(by_column.t().into()).unwrap().bits_equal(&all), "{}", example.name);
        let mut wide = Array2::from_elem((rows.nrows(), rows.ncols() * 2), 99.0);
        wide.slice_mut(ndarray::s![.., ..;2]).assign(&rows);
        let every_second = wide.slice(ndarray::s![.., ..;2]);
        assert!(model.predict(every_second.into()).unwrap().bits_equal(&all), "{}", example.name);
        let none = model.predict(rows.slice(ndarray::s![..0, ..]).into()).unwrap();
        assert!(none.is_empty());
    }
}

#[test]
fn a_row_of_another_length_is_an_error() {
    for example in examples::examples() {
        let model = from_parameters(&example.parameters).unwrap();
        let right = model.n_features();
        assert_eq!(right, example.rows[0].len());
        for wrong in [0, right - 1, right + 1, 1000] {
            let rows = Array2::zeros((2, wrong));
            for result in [
                model.predict(rows.view().into()).map(|_| ()),
                model.predict_proba(rows.view().into()).map(|_| ()),
                model.decision_function(rows.view().into()).map(|_| ()),
            ] {
                match result {
                    Err(ModelError::Features { expected, found }) => {
                        assert_eq!((expected, found), (right, wrong));
                    }
                    Err(ModelError::Unsupported { .. }) => {}
                    other => panic!("{}: {other:?}", example.name),
                }
            }
        }
    }
}

#[test]
fn a_missing_value_is_refused_with_its_place() {
    let refusing = |example: &ByHand| match example.parameters.kind() {
        "k_neighbors_classifier" | "k_neighbors_regressor" => true,
        "support_vector_classifier" | "support_vector_regressor" => true,
        "multilayer_perceptron_classifier" | "multilayer_perceptron_regressor" => true,
        _ => example.parameters.text("missing").is_ok_and(|missing| missing == "refused"),
    };
    let mut tried = 0;
    for example in examples::examples().into_iter().filter(refusing) {
        let model = from_parameters(&example.parameters).unwrap();
        let mut rows = Array2::zeros((3, model.n_features()));
        rows[[1, model.n_features() - 1]] = f64::NAN;
        match model.predict(rows.view().into()) {
            Err(ModelError::Input { row: 1, column, found }) => {
                assert_eq!(column, model.n_features() - 1);
                assert!(found.is_nan());
            }
            other => panic!("{}: {other:?}", example.name),
        }
        tried += 1;
    }
    assert!(tried > 5);
}
