//! Every loader of the registry: what it loads can be checked, and predicting from it ends.

use deadweight::base::{Parameters, Storage};
use deadweight::formats::registry::{self, FORMATS};
use deadweight::formats::{DecodeOptions, Format, FormatError, FormatKind};
use deadweight::models::registry::from_parameters;

use super::predictions;

/// Ids of the formats that are data alone.
pub fn ids() -> Vec<&'static str> {
    let data = FORMATS.iter().map(|format| format.descriptor());
    data.filter(|format| format.kind == FormatKind::DataOnly).map(|format| format.id).collect()
}

/// Decodes, opens a view where there is one, validates and predicts. A panic of a crate that the loader
/// made an error is told to `contained`.
pub fn format(id: &str, bytes: &[u8], contained: &mut dyn FnMut(&str)) {
    let format = registry::find(id).expect("the id is of a format");
    let options = DecodeOptions { limits: super::limits(), ..Default::default() };
    let decoded = loaded(format.decode(bytes, &options), contained);
    if let Some(parameters) = &decoded {
        look_at(format, parameters);
    }
    if !format.descriptor().view {
        return;
    }
    let storage = Storage::adopt(bytes.to_vec());
    if let Some(view) = loaded(format.view(&storage, &options), contained) {
        if let Some(decoded) = decoded {
            assert_eq!(view.first_difference(&decoded), None, "a view is what decoding gives");
        }
        look_at(format, &view);
    }
}

fn loaded(
    result: Result<Parameters, FormatError>,
    contained: &mut dyn FnMut(&str),
) -> Option<Parameters> {
    match result {
        Ok(parameters) => Some(parameters),
        Err(FormatError::Panicked { message, .. }) => {
            contained(&message);
            None
        }
        Err(error) => {
            super::is_short(&error);
            None
        }
    }
}

/// Validates, predicts, and writes again what was loaded.
fn look_at(format: &dyn Format, parameters: &Parameters) {
    std::hint::black_box(parameters.checksum());
    if let Ok(model) = from_parameters(parameters) {
        if let Err(error) = model.validate() {
            super::is_short(&error);
        }
        predictions::compare(model.as_ref(), model.as_ref());
    }
    let mut again = Vec::new();
    if let Err(error) = format.encode(parameters, &mut again) {
        super::is_short(&error);
    }
}
