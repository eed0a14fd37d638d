//! Models out of files: what was imported can be stored, and predicting from it ends.

use deadweight::base::{Content, Parameters, Storage};
use deadweight::formats::pickle::{ImportOptions, import, outline};
use deadweight::formats::{DecodeOptions, FormatError, registry};
use deadweight::models::registry::from_parameters;
use deadweight::pickle::sklearn::ReadError;
use deadweight::pickle::{Node, load};

use super::predictions;

/// Most models of one file that are looked at.
const MOST_MODELS: usize = 4;

/// Imports the model of a file, or the first of several, and asks it about rows.
pub fn estimator(bytes: &[u8]) {
    models(bytes);
}

/// The same; how many models were asked.
pub fn models(bytes: &[u8]) -> usize {
    let file = Storage::adopt(bytes.to_vec());
    let mut options =
        ImportOptions { limits: super::limits(), buffers: asked_for(bytes), ..Default::default() };
    match outline(&file, &options) {
        Ok(entries) => assert!(!entries.is_empty() || import(&file, &options).is_err()),
        Err(error) => super::is_short(&error),
    }
    let mut asked = 0;
    match import(&file, &options) {
        Ok(imported) => asked += look_at(&imported.parameters),
        Err(FormatError::Import(error)) => {
            let ReadError::Several { paths, .. } = error.as_ref() else {
                super::is_short(&error);
                return 0;
            };
            for path in paths.iter().take(MOST_MODELS) {
                options.select = Some(path.clone());
                match import(&file, &options) {
                    Ok(imported) => asked += look_at(&imported.parameters),
                    Err(error) => super::is_short(&error),
                }
            }
        }
        Err(error) => super::is_short(&error),
    }
    asked
}

/// As many buffers as the file asks for, up to a few: others are refused.
fn asked_for(bytes: &[u8]) -> Vec<Storage> {
    let Ok(pickle) = load(bytes, &super::limits()) else { return Vec::new() };
    let number = |(_, node): (_, &Node<'_>)| match node {
        Node::Buffer { index, .. } => Some(index + 1),
        _ => None,
    };
    let count = pickle.values.iter().filter_map(number).max().unwrap_or(0);
    super::buffers().into_iter().take(count).collect()
}

/// Stores, loads, makes and asks a model; 1 when there was one to ask.
fn look_at(parameters: &Parameters) -> usize {
    let raw = registry::find("raw").expect("the floor is always there");
    let mut encoded = Vec::new();
    raw.encode(parameters, &mut encoded).expect("what was imported can be stored");
    let decoded = raw.decode(&encoded, &DecodeOptions::default());
    let decoded = decoded.expect("what was stored can be loaded");
    assert_eq!(decoded.first_difference(parameters), None);

    let model = match from_parameters(&decoded) {
        Ok(model) => model,
        Err(error) => {
            super::is_short(&error);
            return 0;
        }
    };
    if let Err(error) = model.validate() {
        super::is_short(&error);
    }
    // What is left when only predictions matter predicts the same.
    let own = model.to_parameters();
    assert_eq!((own.kind(), own.content()), (decoded.kind(), Content::Predict));
    let again = from_parameters(&own).expect("the parameters of a model make a model");
    predictions::compare(model.as_ref(), again.as_ref());
    1
}
