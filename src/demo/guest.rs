//! What this program does when it is the one that is supervised: decodes descriptor 3 with one format.
//!
//! It reads the file, gives its sign, and from there on only computes: decode, open as a view, check,
//! and predict a row of zeros, as a program that uses the model would.

use std::io::Read;

use ndarray::Array2;

use crate::base::{Limits, Parameters, Storage};
use crate::formats::{DecodeOptions, Format, registry};
use crate::models::{self, Rows};
use crate::sandbox::guest;

/// The variable that names the format.
pub const FORMAT: &str = "DEADWEIGHT_DECODE";
/// The exit code of a refusal.
pub const REFUSED: u8 = 3;

/// Does it; the last line printed says what came of it.
pub fn run() -> u8 {
    let id = std::env::var(FORMAT).unwrap_or_default();
    let Some(format) = registry::find(&id) else {
        println!("{}", registry::unknown(&id));
        return 1;
    };
    let mut bytes = Vec::new();
    let read = guest::file().and_then(|file| {
        let most = Limits::default().max_file_bytes;
        file.take(most).read_to_end(&mut bytes)
    });
    if let Err(error) = read {
        println!("cannot read the file: {error}");
        return 1;
    }
    // The panic message needs memory and locks alone, no file: backtraces would read files.
    guest::give_sign();
    match decode(format, bytes) {
        Ok(said) => {
            println!("{said}");
            0
        }
        Err(error) => {
            println!("{}", error.replace('\n', " "));
            REFUSED
        }
    }
}

fn decode(format: &dyn Format, bytes: Vec<u8>) -> Result<String, String> {
    let options = DecodeOptions::default();
    let words = |error: &dyn std::error::Error| {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            source = cause.source();
        }
        text
    };
    let owned = format.decode(&bytes, &options).map_err(|error| words(&error))?;
    let mut said = vec![format!("decoded {} arrays", owned.arrays().count())];
    let storage = Storage::adopt(bytes);
    if format.descriptor().modes().contains(&"view") {
        let view = format.view(&storage, &options).map_err(|error| words(&error))?;
        said.push(format!("a view of {}", view.arrays().count()));
    }
    said.push(predict(&owned));
    Ok(said.join("; "))
}

fn predict(parameters: &Parameters) -> String {
    let model = match models::registry::from_parameters(parameters) {
        Ok(model) => model,
        Err(error) => return format!("no model: {error}"),
    };
    let valid = match model.validate() {
        Ok(()) => "valid".to_owned(),
        Err(error) => format!("not valid: {error}"),
    };
    // A feature count is the file's word.
    let features = model.n_features();
    if features > 1 << 20 {
        return format!("{valid}; {features} features are too many to try a prediction");
    }
    let row = Array2::zeros((1, features));
    match model.predict(Rows::from(row.view())) {
        Ok(_) => format!("{valid}; predicts"),
        Err(error) => format!("{valid}; no prediction: {error}"),
    }
}
