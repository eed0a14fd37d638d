//! The bytes: equal for equal parameters, appended to what is there, and borrowed by views.

use deadweight::base::{DType, PagePolicy, Parameters, Storage};
use deadweight::formats::registry::FORMATS;
use deadweight::formats::{DecodeOptions, Format};

use super::{encoded, id, none, samples, trained::trained};

/// Everything that the tests of this file look at.
fn all() -> Vec<(&'static str, &'static Parameters)> {
    let awkward = samples::awkward().iter().map(|sample| (sample.name, &sample.parameters));
    let trained = trained().iter().map(|(recipe, trained)| (recipe.id, &trained.parameters));
    awkward.chain(trained).collect()
}

#[test]
fn equal_parameters_give_equal_bytes_wherever_they_are_written() {
    for format in FORMATS {
        for (name, parameters) in all() {
            let Some(expected) = samples::expected(*format, parameters) else { continue };
            let first = encoded(*format, parameters);
            let what = format!("{} {name}", id(*format));
            assert!(encoded(*format, parameters) == first, "{what}: a second time");
            let decoded = format.decode(&first, &DecodeOptions::default()).unwrap();
            // A loss may show in the bytes, but only once.
            let again = encoded(*format, &decoded);
            let unchanged = expected.first_difference(parameters).is_none();
            assert!(again == first || !unchanged, "{what}: of what was decoded");
            assert!(encoded(*format, &expected) == again, "{what}: of what is expected");
            for before in [1usize, 3, 64] {
                let mut out = vec![0xaa; before];
                format.encode(parameters, &mut out).unwrap();
                assert!(out[..before].iter().all(|byte| *byte == 0xaa), "{what}: overwritten");
                assert!(out[before..] == first, "{what}: after {before} bytes");
            }
        }
    }
}

/// Where each array of a view lies, and what is wrong with that.
fn borrowed(format: &dyn Format, name: &str, parameters: &Parameters) -> Vec<String> {
    let Some(expected) = samples::expected(format, parameters) else { return Vec::new() };
    let source = Storage::copy_of(&encoded(format, parameters), PagePolicy::Heap).unwrap();
    let view = format.view(&source, &DecodeOptions::default()).unwrap();
    assert_eq!(view.first_difference(&expected), None, "{} {name}", id(format));
    let mut problems = Vec::new();
    for (array_name, array) in view.arrays() {
        // Texts may have another form in the file; what is empty lies nowhere.
        if array.dtype() == DType::Text || array.byte_len() == 0 {
            continue;
        }
        let inside = source.range_of(array.as_bytes());
        if !inside.is_some_and(|range| range.start.is_multiple_of(array.dtype().alignment())) {
            problems.push(format!("{} {name}: {array_name:?} was copied", id(format)));
        }
    }
    problems
}

#[test]
fn the_arrays_of_a_view_lie_in_its_source() {
    let viewing = || FORMATS.iter().filter(|format| format.descriptor().view);
    assert!(viewing().count() > 3);
    let each = |format: &&dyn Format| -> Vec<String> {
        let format = *format;
        all()
            .into_iter()
            .flat_map(|(name, parameters)| borrowed(format, name, parameters))
            .collect()
    };
    none(viewing().flat_map(each).collect());
}

/// Bytes that begin in the middle of a block, and so at any address.
struct Shifted {
    bytes: Vec<u8>,
    start: usize,
}

impl AsRef<[u8]> for Shifted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

#[test]
fn a_view_of_a_source_at_an_odd_address_is_right() {
    for format in FORMATS.iter().filter(|format| format.descriptor().view) {
        for (name, parameters) in all() {
            let Some(expected) = samples::expected(*format, parameters) else { continue };
            let once = encoded(*format, parameters);
            for start in [1, 2, 4, 7, 8, 32] {
                let mut bytes = vec![0; start];
                bytes.extend_from_slice(&once);
                let source = Storage::from_owner(Shifted { bytes, start });
                let view = format.view(&source, &DecodeOptions::default());
                let what = format!("{} {name}, {start} bytes later", id(*format));
                let view = view.unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(view.first_difference(&expected), None, "{what}");
            }
        }
    }
}
