//! Damaged files: each prefix, and each byte changed. The result is an error or parameters that
//! are safe to use in every way that this library offers; never a panic, never a crash.

use deadweight::base::{DType, PagePolicy, Parameters, Storage};
use deadweight::formats::registry::{self, FORMATS};
use deadweight::formats::{DecodeOptions, Format, FormatError, WarningKind};
use deadweight::models::registry::from_parameters;
use ndarray::{Array2, IxDyn};
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::{by_hand, encoded, id, none, quiet, samples};

/// Reads bytes in every way, and uses whatever comes of it. The error is what panicked.
pub fn read_and_use(format: &dyn Format, bytes: &[u8]) -> Result<bool, String> {
    let options = DecodeOptions::default();
    let decoded = quiet::caught(|| format.decode(bytes, &options))
        .map_err(|message| format!("decode panicked: {message}"))?;
    let mut results = vec![("decoded", decoded)];
    if format.descriptor().view {
        let source = Storage::copy_of(bytes, PagePolicy::Heap).unwrap();
        let viewed = quiet::caught(|| format.view(&source, &options))
            .map_err(|message| format!("view panicked: {message}"))?;
        results.push(("viewed", viewed));
    }
    let _ = quiet::caught(|| format.recognizes(bytes))
        .map_err(|message| format!("recognizes panicked: {message}"))?;
    for (mode, result) in &results {
        match result {
            Ok(parameters) => quiet::caught(|| use_everything(parameters))
                .map_err(|message| format!("{mode} parameters: {message}"))?,
            Err(FormatError::Panicked { message, .. }) if !warns_of_hostile_input(format) => {
                return Err(format!("{mode}: the crate panicked ({message}): warn of it"));
            }
            Err(error) => drop(error.to_string()),
        }
    }
    Ok(results.iter().any(|(_, result)| result.is_ok()))
}

/// True when users are told that the crate behind the format can fail in bad ways.
fn warns_of_hostile_input(format: &dyn Format) -> bool {
    let warnings = format.descriptor().warnings;
    warnings.iter().any(|warning| warning.kind == WarningKind::HostileInput)
}

/// Looks at every element, then makes a model and asks it everything.
fn use_everything(parameters: &Parameters) {
    let _ = parameters.checksum();
    assert_eq!(parameters.first_difference(parameters), None);
    for (name, array) in parameters.arrays() {
        assert!(parameters.get(name).is_some());
        let elements = array.element_count();
        match array.dtype() {
            DType::Text => assert_eq!(array.texts().unwrap().len(), elements),
            DType::Bool => assert_eq!(array.bools().unwrap().len(), elements),
            dtype => assert_eq!(array.byte_len(), elements * dtype.item_size().unwrap()),
        }
        if array.dtype() == DType::F64 {
            assert_eq!(array.view::<f64, IxDyn>().unwrap().len(), elements);
        }
    }
    let Ok(model) = from_parameters(parameters) else { return };
    let _ = model.validate();
    let columns = Some(model.n_features()).filter(|columns| *columns <= 1000).unwrap_or(2);
    let values = [0.0, 0.5, -1.0, 0.6, 2.0, f64::INFINITY, 1e-3];
    let rows = Array2::from_shape_fn((5, columns), |(row, column)| values[(row * 3 + column) % 7]);
    let _ = model.predict(rows.view().into());
    let _ = model.predict_proba(rows.view().into());
    let _ = model.decision_function(rows.view().into());
    assert!(from_parameters(&model.to_parameters()).is_ok(), "what it becomes is not its kind");
}

/// Formats with each example of a kind.
fn work() -> Vec<(&'static dyn Format, by_hand::ByHand)> {
    let with = |format: &&'static dyn Format| {
        let format = *format;
        by_hand::one_of_each_kind().into_iter().map(move |example| (format, example))
    };
    FORMATS.iter().flat_map(with).collect()
}

#[test]
fn a_file_that_was_cut_is_an_error() {
    let cut = |(format, example): &(&'static dyn Format, by_hand::ByHand)| -> Vec<String> {
        let bytes = encoded(*format, &example.parameters);
        let say = |length: usize, what: &str| {
            let kind = example.parameters.kind();
            format!("{} {kind}, {length} of {} bytes: {what}", id(*format), bytes.len())
        };
        (0..bytes.len())
            .filter_map(|length| match read_and_use(*format, &bytes[..length]) {
                Ok(false) => None,
                Ok(true) => Some(say(length, "was read as if it were whole")),
                Err(message) => Some(say(length, &message)),
            })
            .collect()
    };
    none(work().par_iter().flat_map(cut).collect());
}

/// Tries each value at each position of a short file; in a longer one each bit, 0x00 and 0xff.
fn damage(format: &dyn Format, parameters: &Parameters, all_values_below: usize) -> Vec<String> {
    let mut bytes = encoded(format, parameters);
    let all_values = bytes.len() <= all_values_below;
    let mut problems = Vec::new();
    for position in 0..bytes.len() {
        let right = bytes[position];
        let values: Vec<u8> = match all_values {
            true => (0..=u8::MAX).collect(),
            false => (0..8).map(|bit| right ^ 1 << bit).chain([0, 0xff]).collect(),
        };
        for value in values.into_iter().filter(|value| *value != right) {
            bytes[position] = value;
            if let Err(message) = read_and_use(format, &bytes) {
                let kind = parameters.kind();
                problems.push(format!(
                    "{} {kind}, byte {position} = {value:#04x}: {message}",
                    id(format)
                ));
            }
        }
        bytes[position] = right;
    }
    problems
}

#[test]
fn a_changed_byte_is_an_error_or_harmless() {
    let one = |(format, example): &(&'static dyn Format, by_hand::ByHand)| {
        let all_values_below =
            if example.parameters.kind() == "linear_regression" { 1024 } else { 0 };
        damage(*format, &example.parameters, all_values_below)
    };
    none(work().par_iter().flat_map(one).collect());
}

/// The one array that is wrong is named among those that are not.
#[test]
fn a_damaged_array_is_named() {
    let flags: Vec<bool> = (0..61).map(|i| i % 3 == 0 || i % 7 == 2).collect();
    let pattern: Vec<u8> = flags.iter().map(|flag| u8::from(*flag)).collect();
    let flags = deadweight::base::Array::from_bools(&flags, &[61]).unwrap();
    let parameters = samples::parameters([
        ("before", samples::array(&[1.5f64, 2.5], &[2])),
        ("flags", flags),
        ("after", samples::array(&[7u8], &[1])),
    ]);
    let mut named = 0;
    for format in FORMATS {
        let mut bytes = encoded(*format, &parameters);
        let Some(place) = bytes.windows(61).position(|window| window == pattern) else { continue };
        bytes[place + 30] = 2;
        let options = DecodeOptions::default();
        let mut results = vec![format.decode(&bytes, &options)];
        if format.descriptor().view {
            let source = Storage::copy_of(&bytes, PagePolicy::Heap).unwrap();
            results.push(format.view(&source, &options));
        }
        for result in results {
            match result {
                Err(FormatError::Array { name, source }) => {
                    assert_eq!(name, "flags", "{}: {source}", id(*format));
                    assert!(source.to_string().starts_with("element 30 of a bool"), "{source}");
                    named += 1;
                }
                // The crate itself refused, before there was an array.
                Err(FormatError::Codec { .. }) => {}
                other => panic!("{}: {other:?}", id(*format)),
            }
        }
    }
    assert!(named > 10, "{named}");
}

/// Damage of many bytes at once: changed, cut out, put in, and repeated.
fn mangled(whole: &[u8], random: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..1 + random(4) {
        if bytes.is_empty() {
            break;
        }
        let start = random(bytes.len());
        let end = (start + 1 + random(16)).min(bytes.len());
        match random(5) {
            0 => drop(bytes.drain(start..end)),
            1 => drop(bytes.splice(start..start, whole[..end.min(whole.len())].to_vec())),
            2 => bytes.extend_from_within(start..end),
            3 => bytes[start..end].fill([0, 0xff, 0x7f, 0x80][random(4)]),
            _ => bytes[start..end].iter_mut().for_each(|byte| *byte = random(256) as u8),
        }
    }
    bytes
}

#[test]
fn a_mangled_file_is_an_error_or_harmless() {
    let mangle = |(format, example): &(&'static dyn Format, by_hand::ByHand)| -> Vec<String> {
        let whole = encoded(*format, &example.parameters);
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        (0..500)
            .filter_map(|round| {
                let message = read_and_use(*format, &mangled(&whole, &mut random)).err()?;
                let kind = example.parameters.kind();
                Some(format!("{} {kind}, round {round}: {message}", id(*format)))
            })
            .collect()
    };
    none(work().par_iter().flat_map(mangle).collect());
}

/// Arrays that claim the same bytes would let a small file ask for any amount of memory.
#[test]
fn arrays_that_share_bytes_are_refused() {
    let raw = registry::find("raw").unwrap();
    let entries = |ranges: &[(usize, usize)]| {
        let entry = |(index, (start, end)): (usize, &(usize, usize))| {
            format!("[\"{index}\",\"u8\",[{}],{start},{end}]", end - start)
        };
        let arrays: Vec<String> = ranges.iter().enumerate().map(entry).collect();
        let header = format!(
            "{{\"kind\":\"arrays\",\"layout_version\":1,\"metadata\":\"{{}}\",\"arrays\":[{}]}}",
            arrays.join(",")
        );
        let mut bytes = b"DWEIGHT\x01".to_vec();
        bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&xxh3_64(header.as_bytes()).to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        let end = ranges.iter().map(|range| range.1).max().unwrap();
        bytes.resize(bytes.len().next_multiple_of(64) + end, 7);
        bytes
    };
    let options = DecodeOptions::default();
    assert_eq!(raw.decode(&entries(&[(0, 65), (128, 130)]), &options).unwrap().byte_len(), 67);
    for wrong in [&[(0, 64), (0, 64)][..], &[(0, 65), (64, 65)], &[(0, 2), (128, 130)], &[(64, 65)]]
    {
        let error = raw.decode(&entries(wrong), &options).unwrap_err().to_string();
        assert!(error.contains("position of an array"), "{wrong:?}: {error}");
    }

    let arrow = registry::find("arrow").unwrap();
    let numbers = |count: usize| samples::array(&vec![1u64; count], &[count]);
    let mut bytes = encoded(arrow, &samples::parameters([("a", numbers(37)), ("b", numbers(41))]));
    // The buffer of `b`, an offset and a length, is moved to where that of `a` is.
    let place = bytes.windows(8).position(|window| window == (41u64 * 8).to_le_bytes()).unwrap();
    assert_ne!(bytes[place - 8..place], [0; 8]);
    bytes[place - 8..place].fill(0);
    let error = arrow.decode(&bytes, &options).unwrap_err().to_string();
    assert!(error.contains("buffers overlap: 328 bytes at 0"), "{error}");
}

/// Every dtype, names and metadata that models do not have.
#[test]
fn a_changed_byte_of_awkward_parameters_is_an_error_or_harmless() {
    let mut all = Parameters::new("arrays", 1).with_metadata(samples::map(vec![
        ("list", vec![1i64.into(), f64::NAN.into(), "ü".into()].into()),
        ("map", samples::map(vec![("$float", true.into())]).into()),
    ]));
    for sample in ["bools", "no dimensions"] {
        for (name, array) in samples::awkward_sample(sample).arrays() {
            all.insert(name, array.clone()).unwrap();
        }
    }
    let words = deadweight::base::Array::from_texts(&["", "naïve", "a\0"], &[3, 1]).unwrap();
    all.insert("words", words).unwrap();
    none(FORMATS.par_iter().flat_map(|format| damage(*format, &all, 0)).collect());
}
