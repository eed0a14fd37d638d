//! Parameters that do not fit their kind: each required array and entry missing, of another type,
//! of another shape. The error names what is wrong.

use deadweight::base::kinds::{self, ArraySpec, EntryType, KINDS, KindSpec, Length};
use deadweight::base::{Array, DType, PagePolicy, Parameters, Value};
use deadweight::models::registry::from_parameters;

use super::examples::{self, array, replaced};
use super::refusal;

#[test]
fn a_missing_array_is_named() {
    for parameters in examples::parameters() {
        let kind = kinds::find(parameters.kind()).unwrap();
        for name in kind.arrays.iter().filter(|spec| spec.is_required()).map(|spec| spec.name) {
            let error = refusal(from_parameters(&replaced(&parameters, name, None)));
            let expected = format!("array {name:?} is missing; there are: ");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}

#[test]
fn another_dtype_is_named() {
    for parameters in examples::parameters_of_each_kind() {
        let parameters = &parameters;
        let kind = kinds::find(parameters.kind()).unwrap();
        for spec in kind.arrays {
            let Some(found) = parameters.get(spec.name) else { continue };
            let shape = found.shape().to_vec();
            let elements: usize = shape.iter().product();
            for dtype in DType::ALL.into_iter().filter(|dtype| !spec.dtypes.contains(dtype)) {
                let bytes = vec![0; dtype.item_size().map_or(8 * elements + 8, |s| s * elements)];
                let other = Array::copied_from(dtype, &shape, &bytes, PagePolicy::Heap).unwrap();
                let error = refusal(from_parameters(&replaced(parameters, spec.name, Some(other))));
                let names: Vec<&str> = spec.dtypes.iter().map(|dtype| dtype.name()).collect();
                let expected = names.join(" or ");
                assert_eq!(
                    error,
                    format!("{}: array {:?} is {dtype}, expected {expected}", kind.id, spec.name)
                );
            }
        }
    }
}

/// Zeros of a dtype and shape.
fn zeros(dtype: DType, shape: &[usize]) -> Array {
    let elements: usize = shape.iter().product();
    let bytes = vec![0; dtype.item_size().map_or(8 * elements + 8, |size| size * elements)];
    Array::copied_from(dtype, shape, &bytes, PagePolicy::Heap).unwrap()
}

#[test]
fn another_shape_is_named() {
    for parameters in examples::parameters_of_each_kind() {
        let parameters = &parameters;
        let kind = kinds::find(parameters.kind()).unwrap();
        for spec in kind.arrays {
            let Some(right) = parameters.get(spec.name) else { continue };
            let mut shapes = vec![[right.shape(), &[1]].concat(), [&[1], right.shape()].concat()];
            shapes.push(right.shape()[1..].to_vec());
            for axis in 0..right.shape().len() {
                for change in [1isize, 2, -1] {
                    let mut shape = right.shape().to_vec();
                    shape[axis] = shape[axis].saturating_add_signed(change);
                    shapes.push(shape);
                }
            }
            for shape in shapes {
                let other = replaced(parameters, spec.name, Some(zeros(right.dtype(), &shape)));
                let result = from_parameters(&other).map(|_| ()).map_err(|error| error.to_string());
                if is_free(kind, spec, parameters, &shape) {
                    continue;
                }
                let error = result.expect_err(spec.name);
                assert!(error.starts_with(&format!("{}: array \"", kind.id)), "{error}");
                assert!(error.contains("has shape ["), "{error}");
            }
        }
    }
}

/// True when only lengths differ that no other array of the kind has to agree with.
fn is_free(kind: &KindSpec, spec: &ArraySpec, parameters: &Parameters, shape: &[usize]) -> bool {
    let name = |length: &Length| match length {
        Length::Named(name) | Length::OneMoreThan(name) => Some(*name),
        Length::Exactly(_) | Length::Free(_) => None,
    };
    // An array that is not there agrees with everything.
    let there = |array: &&ArraySpec| parameters.get(array.name).is_some();
    let lengths: Vec<_> =
        kind.arrays.iter().filter(there).flat_map(|array| array.shape).map(name).collect();
    let alone = |length: &Length| {
        matches!(length, Length::Free(_))
            || lengths.iter().filter(|other| **other == name(length)).count() == 1
    };
    let right = parameters.get(spec.name).map_or(&[][..], Array::shape);
    right.len() == shape.len()
        && right.iter().zip(shape).zip(spec.shape).all(|((a, b), length)| a == b || alone(length))
}

#[test]
fn another_layout_or_kind_is_named() {
    for parameters in examples::parameters_of_each_kind() {
        let kind = parameters.kind();
        for version in [0, 2, u32::MAX] {
            let error = refusal(from_parameters(&Parameters::new(kind, version)));
            let expected =
                format!("{kind}: layout version {version}, this program reads version 1");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
    for unknown in ["", "arrays", "Linear_Regression", "linear_regression ", "日本"] {
        let error = refusal(from_parameters(&Parameters::new(unknown, 1)));
        assert!(error.starts_with(&format!("kind {unknown:?} is not known; ")), "{error}");
        assert!(KINDS.iter().all(|kind| error.contains(kind.id)));
    }
}

#[test]
fn a_missing_or_wrong_entry_is_named() {
    let others: [Value; 5] = [
        Value::Null,
        true.into(),
        vec![].into(),
        deadweight::base::Metadata::new().into(),
        "neither this nor that".into(),
    ];
    for parameters in examples::parameters_of_each_kind() {
        let kind = kinds::find(parameters.kind()).unwrap();
        for entry in kind.entries {
            if entry.required {
                let mut metadata = parameters.metadata().clone();
                metadata.shift_remove(entry.name);
                let without = parameters.clone().with_metadata(metadata);
                let error = refusal(from_parameters(&without));
                let expected = format!("metadata entry {:?} is missing, expected ", entry.name);
                assert!(error.starts_with(&expected), "{error}");
            }
            for other in &others {
                let fits = matches!(
                    (entry.holds, other),
                    (EntryType::Text, Value::Text(_))
                        | (EntryType::Boolean, Value::Bool(_))
                        | (EntryType::List, Value::List(_))
                );
                if fits {
                    continue;
                }
                let wrong = parameters.clone().with(entry.name, other.clone());
                let error = refusal(from_parameters(&wrong));
                assert!(error.contains(entry.name), "{error}");
                match (other, entry.choices().is_empty()) {
                    (Value::Text(text), false) => {
                        assert!(
                            error.contains(text) && error.contains("expected one of"),
                            "{error}"
                        );
                        assert!(entry.choices().iter().all(|choice| error.contains(choice)));
                    }
                    _ => assert!(error.contains(other.type_name()), "{error}"),
                }
            }
        }
    }
}

#[test]
fn numbers_that_no_model_can_have_are_refused() {
    let examples = examples::one_of_each_kind();
    let of = |kind: &str| {
        let example = examples.iter().find(|example| example.parameters.kind() == kind).unwrap();
        example.parameters.clone()
    };
    for wrong in [i64::MIN, -1, 0, 5, i64::MAX] {
        let parameters = of("k_neighbors_classifier").with("n_neighbors", wrong);
        let error = refusal(from_parameters(&parameters));
        let expected = format!("expected 1 to 4, the number of rows, found {wrong}");
        assert_eq!(error, format!("metadata entry \"n_neighbors\": {expected}"));
    }
    for kind in ["decision_tree_classifier", "random_forest_classifier"] {
        for wrong in [i64::MIN, -1, 1 << 31, i64::MAX] {
            let error = refusal(from_parameters(&of(kind).with("n_features", wrong)));
            let expected = format!("expected 0 to 2147483647, found {wrong}");
            assert_eq!(error, format!("metadata entry \"n_features\": {expected}"));
        }
        let error = refusal(from_parameters(&of(kind).with("n_features", 2.5)));
        assert!(error.contains("n_features") && error.contains("integer"), "{error}");
    }
    // Two classes have one row of coefficients, three have three.
    for kind in ["logistic_regression", "linear_support_vector_classifier"] {
        let parameters = replaced(&of(kind), "classes", Some(array(&[1i64, 2, 3], &[3])));
        let error = refusal(from_parameters(&parameters));
        assert!(error.contains("3 rows for 3 classes") && error.contains("1 rows"), "{error}");
    }
    let none = array::<i64>(&[], &[0]);
    for kind in
        ["logistic_regression", "linear_support_vector_classifier", "k_neighbors_classifier"]
    {
        let error = refusal(from_parameters(&replaced(&of(kind), "classes", Some(none.clone()))));
        assert!(error.contains("\"classes\"") && error.contains("at least one"), "{error}");
    }
    let one_vs_rest = of("logistic_regression").with("multi_class", "one_vs_rest");
    let error = refusal(from_parameters(&one_vs_rest));
    assert!(error.contains("one_vs_rest with 2"), "{error}");
}

#[test]
fn the_size_of_an_ensemble_fits_its_kind() {
    let forest = examples::leaves(&[], "vote");
    let error = refusal(from_parameters(&forest));
    assert!(error.contains("\"tree_offsets\"") && error.contains("at least one tree"), "{error}");
    let mut two = Parameters::new("decision_tree_classifier", 1);
    let forest = examples::leaves(&[[1.0, 0.0], [0.0, 1.0]], "vote");
    two = two.with_metadata(forest.metadata().clone());
    for (name, array) in forest.arrays() {
        two.insert(name, array.clone()).unwrap();
    }
    let error = refusal(from_parameters(&two));
    assert!(error.contains("\"tree_offsets\"") && error.contains("one tree"), "{error}");
}

/// Content `full` keeps more arrays than prediction uses.
#[test]
fn arrays_that_a_kind_does_not_name_are_left_alone() {
    for parameters in examples::parameters_of_each_kind() {
        let mut more = parameters.clone().with("extra", Value::Null);
        more.insert("extra", array(&[f64::NAN], &[])).unwrap();
        let model = from_parameters(&more).unwrap();
        model.validate().unwrap();
        assert!(model.to_parameters().get("extra").is_none());
    }
}
