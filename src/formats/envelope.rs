//! What the containers of other worlds (safetensors, npz, Arrow) have no place for: kind, layout,
//! metadata, the order of arrays and the dtypes they lack. One JSON text that they carry under a
//! name of ours; other programs see their own arrays beside it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::FormatError;
use crate::base::{Array, DType, Limits, Parameters, value};

/// The version that is written and read.
const VERSION: u32 = 1;

/// The key, entry or field that carries the text.
pub(crate) const KEY: &str = "deadweight";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Envelope {
    version: u32,
    kind: String,
    layout_version: u32,
    metadata: Box<RawValue>,
    /// Name, dtype and shape of each array, in order.
    pub arrays: Vec<Listed>,
}

/// Name, dtype and shape of an array.
pub(crate) type Listed = (String, DType, Vec<usize>);

impl Envelope {
    /// The text for some parameters.
    pub fn text(format: &'static str, parameters: &Parameters) -> Result<String, FormatError> {
        let metadata = RawValue::from_string(value::to_json(parameters.metadata()))
            .map_err(|error| FormatError::codec(format, error))?;
        let array = |(name, array): (&str, &Array)| {
            (name.to_owned(), array.dtype(), array.shape().to_vec())
        };
        let envelope = Envelope {
            version: VERSION,
            kind: parameters.kind().to_owned(),
            layout_version: parameters.layout_version(),
            metadata,
            arrays: parameters.arrays().map(array).collect(),
        };
        serde_json::to_string(&envelope).map_err(|error| FormatError::codec(format, error))
    }

    /// Reads the text.
    pub fn parse(format: &'static str, text: &str, limits: &Limits) -> Result<Self, FormatError> {
        if text.len() > limits.max_header_bytes {
            return Err(value::MetadataError::TooLong {
                found: text.len(),
                limit: limits.max_header_bytes,
            }
            .into());
        }
        let envelope: Envelope =
            serde_json::from_str(text).map_err(|error| FormatError::Malformed {
                offset: 0,
                what: "text under the key \"deadweight\"",
                expected: "what deadweight writes there".into(),
                found: error.to_string(),
            })?;
        if envelope.version != VERSION {
            return Err(FormatError::Version {
                format,
                found: envelope.version,
                expected: VERSION,
            });
        }
        Ok(envelope)
    }

    /// Parameters without their arrays, and what the arrays are to be.
    pub fn open(self, limits: &Limits) -> Result<(Parameters, Vec<Listed>), FormatError> {
        let metadata = value::from_json(self.metadata.get(), limits)?;
        let parameters = Parameters::new(self.kind, self.layout_version).with_metadata(metadata);
        Ok((parameters, self.arrays))
    }
}

/// The error for an array that the envelope lists and the container holds differently.
pub(crate) fn disagreement(name: &str, listed: &str, found: &str) -> FormatError {
    FormatError::Malformed {
        offset: 0,
        what: "an array that does not fit its listing",
        expected: format!("{name:?} as {listed}"),
        found: found.to_owned(),
    }
}
