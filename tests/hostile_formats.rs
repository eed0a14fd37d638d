//! What hostile files do to the loaders of data-only formats: every attack that is not a program, in
//! every format that it is built for.
//!
//! What must be refused is an error with words in it, by every way in; what is harmless may load. None
//! panics, also not inside the crate of a format, and a model that loads can be asked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use deadweight::attacks::data_file::small_model;
use deadweight::attacks::registry::ATTACKS;
use deadweight::attacks::{Attack, Expected, Scene, Target};
use deadweight::base::{PagePolicy, Parameters, Storage};
use deadweight::formats::registry::{FORMATS, find};
use deadweight::formats::{DecodeOptions, Format, FormatError, FormatKind};
use deadweight::models::Rows;
use deadweight::models::registry::from_parameters;
use ndarray::array;

fn data_only() -> Vec<&'static str> {
    let kind = |format: &&&dyn Format| format.descriptor().kind == FormatKind::DataOnly;
    FORMATS.iter().filter(kind).map(|format| format.descriptor().id).collect()
}

fn cases() -> Vec<(&'static Attack, Target, &'static dyn Format)> {
    let formats = data_only();
    let attacks = ATTACKS.iter().copied().filter(|attack| !attack.is_executable());
    let targets = attacks.flat_map(|attack| {
        attack.targets(&formats).into_iter().map(move |target| (attack, target))
    });
    targets
        .map(|(attack, target)| {
            let format = find(target.id()).unwrap_or_else(|| panic!("no format {}", target.id()));
            (attack, target, format)
        })
        .collect()
}

fn built(attack: &Attack, target: Target, format: &dyn Format) -> Vec<u8> {
    let mut valid = Vec::new();
    format.encode(&small_model().unwrap(), &mut valid).unwrap();
    let scene = Scene { directory: PathBuf::from("/tmp/deadweight-scene"), valid };
    let bytes = (attack.build)(&scene, target).unwrap_or_else(|error| panic!("{error}"));
    assert_ne!(bytes, scene.valid, "{} leaves {} as it was", attack.id, target.id());
    bytes
}

/// Decodes, and views where the format can.
fn loaded(format: &dyn Format, bytes: &[u8]) -> Vec<Result<Parameters, FormatError>> {
    let options = DecodeOptions::default();
    let mut all = vec![format.decode(bytes, &options)];
    if format.descriptor().view {
        let source = Storage::copy_of(bytes, PagePolicy::Heap).unwrap();
        all.push(format.view(&source, &options));
    }
    all
}

/// What is wrong with how one file was taken; `None` when nothing is.
fn problem(attack: &Attack, format: &dyn Format, bytes: &[u8]) -> Option<String> {
    let results = match catch_unwind(AssertUnwindSafe(|| loaded(format, bytes))) {
        Ok(results) => results,
        Err(_) => return Some("the loader panicked".into()),
    };
    for result in results {
        match (result, attack.expected) {
            (Err(FormatError::Panicked { message, .. }), _) => {
                return Some(format!("its crate panicked: {message}"));
            }
            (Err(error), _) if error.to_string().is_empty() => {
                return Some("it was refused without a word".into());
            }
            (Ok(_), Expected::Refused) => return Some("it was not refused".into()),
            (Ok(parameters), _) if catch_unwind(AssertUnwindSafe(|| ask(&parameters))).is_err() => {
                return Some("the model panicked".into());
            }
            _ => {}
        }
    }
    None
}

/// Asks the model on both sides of a threshold; errors are fine.
fn ask(parameters: &Parameters) {
    if let Ok(model) = from_parameters(parameters) {
        for rows in [array![[0.0]], array![[1.0]], array![[0.0, 1.0]]] {
            let _ = model.predict(Rows::Numbers(rows.view()));
        }
        let _ = model.validate();
    }
}

#[test]
fn hostile_files_are_refused_or_harmless() {
    let mut problems = Vec::new();
    for (attack, target, format) in cases() {
        let bytes = built(attack, target, format);
        if let Some(problem) = problem(attack, format, &bytes) {
            problems.push(format!("{} in {}: {problem}", attack.id, target.id()));
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn hostile_files_are_small() {
    for (attack, target, format) in cases() {
        let length = built(attack, target, format).len();
        assert!(length < 12_000_000, "{} in {}: {length} bytes", attack.id, target.id());
    }
}
