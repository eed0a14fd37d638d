//! What goes in comes out: to the bit, for owned parameters and for views, and with the same
//! predictions. Only what a format declares as a loss may be lost, and that must be.

use deadweight::base::{PagePolicy, Parameters, Spare, Storage};
use deadweight::formats::registry::FORMATS;
use deadweight::formats::{DecodeOptions, Encoding, Format, FormatError, Loss};
use deadweight::models::registry::from_parameters;
use deadweight::models::{Model, ModelError, Predictions};
use ndarray::{Array2, ArrayView2};

use super::{encoded, id, none, samples, trained::trained};

/// Everything that is wrong with a round trip of the parameters through a format.
pub fn problems(format: &dyn Format, name: &str, parameters: &Parameters) -> Vec<String> {
    let say = |what: String| vec![format!("{}, {name}: {what}", id(format))];
    let mut bytes = Vec::new();
    let written = format.encode(parameters, &mut bytes);
    let Some(expected) = samples::expected(format, parameters) else {
        return match written {
            Ok(()) => say("saving was declared to fail".into()),
            Err(_) => Vec::new(),
        };
    };
    if let Err(error) = written {
        return say(format!("encode: {error}"));
    }
    let mut streamed = Vec::new();
    match format.write(parameters, &mut streamed) {
        Ok(count) if streamed == bytes && count == bytes.len() as u64 => {}
        Ok(count) => return say(format!("written: {count} bytes, other than the encoded ones")),
        Err(error) => return say(format!("write: {error}")),
    }
    let options = DecodeOptions::default();
    let mut problems = match format.decode(&bytes, &options) {
        Err(error) => say(format!("decode: {error}")),
        Ok(decoded) => {
            let difference = decoded.first_difference(&expected);
            let same = (decoded.checksum() == expected.checksum()) == difference.is_none();
            assert!(same, "checksum and comparison disagree on {name}");
            difference.map_or(Vec::new(), |difference| say(format!("decoded: {difference}")))
        }
    };
    let source = Storage::copy_of(&bytes, PagePolicy::Auto).unwrap();
    match (format.view(&source, &options), format.descriptor().view) {
        (Ok(view), true) => {
            let difference = view.first_difference(&expected);
            problems.extend(difference.map(|d| say(format!("viewed: {d}"))).unwrap_or_default());
        }
        (Err(FormatError::NoView { .. }), false) => {}
        (Err(error), true) => problems.extend(say(format!("view: {error}"))),
        (found, false) => problems.extend(say(format!("an undeclared view: {found:?}"))),
    }
    problems
}

#[test]
fn awkward_parameters_come_back_to_the_bit() {
    let each = |format: &&dyn Format| -> Vec<String> {
        samples::awkward()
            .iter()
            .flat_map(|sample| problems(*format, sample.name, &sample.parameters))
            .collect()
    };
    none(FORMATS.iter().flat_map(each).collect());
}

#[test]
fn trained_models_come_back_to_the_bit() {
    let each = |format: &&dyn Format| -> Vec<String> {
        trained()
            .iter()
            .flat_map(|(recipe, trained)| problems(*format, recipe.id, &trained.parameters))
            .collect()
    };
    none(FORMATS.iter().flat_map(each).collect());
}

#[test]
fn ten_thousand_arrays_come_back_in_order() {
    let many = samples::many_arrays();
    none(FORMATS.iter().flat_map(|format| problems(*format, "many arrays", &many)).collect());
}

/// 100 MB where arrays go as blocks. Rows that put each number through a codec take seconds for
/// that (JSON writes 225 MB of digits): 10 MB cross the same thresholds of 4 MiB and 8 MiB that
/// crates are known to have.
#[test]
fn one_large_array_comes_back() {
    for (megabytes, elements) in [(100, false), (10, true)] {
        let large = samples::one_large_array(megabytes * 1_000_000);
        for format in FORMATS {
            if (format.descriptor().encoding == Encoding::Elements) == elements {
                let decoded = format.decode(&encoded(*format, &large), &DecodeOptions::default());
                assert_eq!(decoded.unwrap().first_difference(&large), None, "{}", id(*format));
            }
        }
    }
}

#[test]
fn a_loss_that_is_declared_occurs() {
    for format in FORMATS {
        for loss in format.descriptor().losses {
            let witness = samples::awkward_sample(match loss {
                Loss::SignallingNan32 => "signalling NaN of 32 bits",
                Loss::NanPayload | Loss::NanRefused => "quiet NaN",
            });
            let mut bytes = Vec::new();
            match (loss, format.encode(witness, &mut bytes)) {
                (Loss::NanRefused, Err(error)) => {
                    assert!(error.to_string().contains("NaN"), "{}: {error}", id(*format));
                }
                (_, Ok(())) => {
                    let back = format.decode(&bytes, &DecodeOptions::default()).unwrap();
                    assert!(
                        back.first_difference(witness).is_some(),
                        "{} declares {loss:?} but keeps it; remove the declaration",
                        id(*format)
                    );
                }
                (_, Err(error)) => panic!("{}: {loss:?}: {error}", id(*format)),
            }
        }
    }
}

#[test]
fn every_page_policy_gives_the_same_parameters() {
    let (_, trained) = &trained()[0];
    for format in FORMATS {
        let bytes = encoded(*format, &trained.parameters);
        for pages in [PagePolicy::Auto, PagePolicy::Heap, PagePolicy::Small, PagePolicy::Huge] {
            let options = DecodeOptions { pages, ..DecodeOptions::default() };
            let decoded = format.decode(&bytes, &options).unwrap();
            assert_eq!(decoded.first_difference(&trained.parameters), None, "{}", id(*format));
        }
    }
}

/// Memory that is filled again shows nothing of before, and is the same memory.
#[test]
fn memory_of_earlier_parameters_can_be_filled_again() {
    let places = |parameters: &Parameters| -> Vec<usize> {
        parameters.arrays().map(|(_, array)| array.as_bytes().as_ptr() as usize).collect()
    };
    for format in FORMATS.iter().filter(|format| format.descriptor().arena) {
        for (recipe, trained) in trained() {
            let bytes = encoded(*format, &trained.parameters);
            let first = format.decode(&bytes, &DecodeOptions::default()).unwrap();
            let before = places(&first);
            let spare = Spare::of(first);
            assert!(spare.is_ready(), "{} {}", id(*format), recipe.id);
            spare.overwrite(0xa5);
            let options = DecodeOptions { spare, ..DecodeOptions::default() };
            let again = format.decode(&bytes, &options).unwrap();
            let what = format!("{} {}", id(*format), recipe.id);
            assert_eq!(again.first_difference(&trained.parameters), None, "{what}");
            let same = places(&again).iter().filter(|place| before.contains(place)).count();
            assert!(same > 0, "{what}: none of {} arrays lies where one lay before", before.len());
        }
    }
}

/// A name that the container keeps for itself is refused by name, before anything is lost.
#[test]
fn reserved_names_are_refused_or_kept() {
    for name in ["__metadata__", "__deadweight__"] {
        let parameters = samples::parameters([(name, samples::array(&[1u8], &[1]))]);
        for format in FORMATS {
            let mut bytes = Vec::new();
            match format.encode(&parameters, &mut bytes) {
                Ok(()) => none(problems(*format, name, &parameters)),
                Err(error) => assert!(error.to_string().contains(name), "{}: {error}", id(*format)),
            }
        }
    }
}

type Asked = (Predictions, Result<Array2<f64>, ModelError>, Result<Array2<f64>, ModelError>);

fn ask(model: &dyn Model, rows: ArrayView2<'_, f64>) -> Asked {
    (
        model.predict(rows.into()).unwrap(),
        model.predict_proba(rows.into()),
        model.decision_function(rows.into()),
    )
}

fn same(a: &Asked, b: &Asked) -> bool {
    let values = |a: &Result<Array2<f64>, _>, b: &Result<Array2<f64>, _>| match (a, b) {
        (Ok(a), Ok(b)) => a.iter().map(|v| v.to_bits()).eq(b.iter().map(|v| v.to_bits())),
        (a, b) => a.is_err() && b.is_err(),
    };
    a.0.bits_equal(&b.0) && values(&a.1, &b.1) && values(&a.2, &b.2)
}

#[test]
fn a_rebuilt_model_predicts_the_same() {
    for (recipe, trained) in trained() {
        let rows = trained.evaluation.rows.view();
        let first = ask(&*from_parameters(&trained.parameters).unwrap(), rows);
        for format in FORMATS {
            let bytes = encoded(*format, &trained.parameters);
            let options = DecodeOptions::default();
            let decoded = format.decode(&bytes, &options).unwrap();
            // What was decoded must not depend on the bytes any more.
            drop(bytes);
            let model = from_parameters(&decoded).unwrap();
            assert!(same(&ask(&*model, rows), &first), "{} {}", recipe.id, id(*format));
            model.validate().unwrap();
            if format.descriptor().view {
                let bytes = encoded(*format, &trained.parameters);
                let source = Storage::copy_of(&bytes, PagePolicy::Auto).unwrap();
                let view = format.view(&source, &options).unwrap();
                // A view keeps its source alive by itself.
                drop(source);
                let model = from_parameters(&view).unwrap();
                drop(view);
                assert!(same(&ask(&*model, rows), &first), "{} {} view", recipe.id, id(*format));
            }
        }
    }
}
