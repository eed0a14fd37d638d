//! Models out of files: what was imported can be stored, and predicting from it ends.

use deadweight::base::{Content, Parameters, Storage};
use deadweight::formats::pickle::{ImportOptions, import, outline};
use deadweight::formats::{DecodeOptions, FormatError, registry};
use deadweight::models::registry::from_parameters;
use deadweight::pickle::sklearn::ReadError;

use super::predictions;

/// Most models of one file that are looked at.
const MOST_MODELS: usize = 4;

/// Imports the model of a file, or the first of several, and asks it about rows.
pub fn estimator(bytes: &[u8]) {
    let file = Storage::adopt(bytes.to_vec());
    let mut options = ImportOptions {
        limits: super::limits(),
        buffers: super::buffers(),
        ..ImportOptions::default()
    };
    match outline(&file, &options) {
        Ok(entries) => assert!(!entries.is_empty() || import(&file, &options).is_err()),
        Err(error) => super::is_short(&error),
    }
    match import(&file, &options) {
        Ok(imported) => look_at(&imported.parameters),
        Err(FormatError::Import(error)) => {
            let ReadError::Several { paths, .. } = error.as_ref() else {
                return super::is_short(&error);
            };
            for path in paths.iter().take(MOST_MODELS) {
                options.select = Some(path.clone());
                match import(&file, &options) {
                    Ok(imported) => look_at(&imported.parameters),
                    Err(error) => super::is_short(&error),
                }
            }
        }
        Err(error) => super::is_short(&error),
    }
}

fn look_at(parameters: &Parameters) {
    let raw = registry::find("raw").expect("the floor is always there");
    let mut encoded = Vec::new();
    raw.encode(parameters, &mut encoded).expect("what was imported can be stored");
    let decoded = raw.decode(&encoded, &DecodeOptions::default());
    let decoded = decoded.expect("what was stored can be loaded");
    assert_eq!(decoded.first_difference(parameters), None);

    let model = match from_parameters(&decoded) {
        Ok(model) => model,
        Err(error) => return super::is_short(&error),
    };
    if let Err(error) = model.validate() {
        super::is_short(&error);
    }
    // What is left when only predictions matter predicts the same.
    let own = model.to_parameters();
    assert_eq!((own.kind(), own.content()), (decoded.kind(), Content::Predict));
    let again = from_parameters(&own).expect("the parameters of a model make a model");
    predictions::compare(model.as_ref(), again.as_ref());
}
