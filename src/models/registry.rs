//! The list of kinds that can be predicted from. A new one is a file beside this one and a line here.

use super::{Model, ModelError};
use crate::base::Parameters;

/// Makes the model that parameters describe, whatever they were loaded from.
///
/// # Errors
/// [`ModelError::Kind`] when the kind is not known or its arrays do not fit.
pub fn from_parameters(parameters: &Parameters) -> Result<Box<dyn Model>, ModelError> {
    crate::base::kinds::check(parameters)?;
    Err(ModelError::Unsupported { kind: "any", method: "from_parameters" })
}
