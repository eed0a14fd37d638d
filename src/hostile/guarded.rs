//! The loaders of deadweight, bare and behind a checksum of the whole file.

use crate::base::hostility::Column;
use crate::formats::{DecodeOptions, Format, FormatError, seal};

use super::reader::{Failure, Input, Loaded, Reader, Seed, Way};
use super::samples::samples;

/// A format of the registry.
pub struct Guarded(pub &'static dyn Format);

/// The same, sealed.
pub struct Sealed(pub &'static dyn Format);

fn failure(error: FormatError) -> Failure {
    match error {
        FormatError::Panicked { message, .. } => Failure::Panicked(message),
        error => {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                let words = cause.to_string();
                if !text.contains(&words) {
                    text = format!("{text}: {words}");
                }
                source = cause.source();
            }
            Failure::Refused(text)
        }
    }
}

fn encoded(format: &dyn Format, wrap: impl Fn(Vec<u8>) -> Vec<u8>) -> Result<Vec<Seed>, String> {
    let mut seeds = Vec::new();
    for (name, parameters) in samples().map_err(|error| error.to_string())? {
        let mut bytes = Vec::new();
        format.encode(&parameters, &mut bytes).map_err(|error| format!("{name}: {error}"))?;
        seeds.push(Seed { name, bytes: wrap(bytes), holds: Loaded::Parameters(parameters) });
    }
    Ok(seeds)
}

fn ways(format: &dyn Format) -> &'static [Way] {
    match format.descriptor().view {
        true => &[Way::Decode, Way::View],
        false => &[Way::Decode],
    }
}

fn loaded(format: &dyn Format, way: Way, input: &Input, sealed: bool) -> Result<Loaded, Failure> {
    let options = DecodeOptions::default();
    let result = match (way, &input.storage) {
        (Way::View, Some(storage)) if sealed => {
            seal::open_storage(storage).and_then(|inside| format.view(&inside, &options))
        }
        (Way::View, Some(storage)) => format.view(storage, &options),
        _ if sealed => seal::open(&input.bytes).and_then(|inside| format.decode(inside, &options)),
        _ => format.decode(&input.bytes, &options),
    };
    result.map(Loaded::Parameters).map_err(failure)
}

impl Reader for Guarded {
    fn format(&self) -> &'static str {
        self.0.descriptor().id
    }

    fn column(&self) -> Column {
        Column::Guarded
    }

    fn crate_name(&self) -> Option<&'static str> {
        self.0.descriptor().crate_name
    }

    fn seeds(&self) -> Result<Vec<Seed>, String> {
        encoded(self.0, |bytes| bytes)
    }

    fn ways(&self) -> &'static [Way] {
        ways(self.0)
    }

    fn load(&self, way: Way, input: &Input) -> Result<Loaded, Failure> {
        loaded(self.0, way, input, false)
    }
}

impl Reader for Sealed {
    fn format(&self) -> &'static str {
        self.0.descriptor().id
    }

    fn column(&self) -> Column {
        Column::Sealed
    }

    fn crate_name(&self) -> Option<&'static str> {
        self.0.descriptor().crate_name
    }

    fn seeds(&self) -> Result<Vec<Seed>, String> {
        encoded(self.0, |bytes| seal::seal(&bytes))
    }

    fn ways(&self) -> &'static [Way] {
        ways(self.0)
    }

    fn load(&self, way: Way, input: &Input) -> Result<Loaded, Failure> {
        loaded(self.0, way, input, true)
    }
}
