//! JSON of strangers, with a bound on its depth before anything is parsed.
//!
//! In: bytes whose number is bounded already. Out: a typed value, or where the bytes differ from it.
//! A repeated field is an error, because another reader could take the other one.

use serde::Deserialize;

use super::error::{SigningError, beginning};
use crate::base::value;

/// Deepest nesting. A bundle has 4 levels and a statement has 5; signers may add fields to the latter.
const MAX_DEPTH: usize = 32;

/// Reads a value.
///
/// # Errors
/// When the bytes are nested too deep, are no JSON, or are no `T`.
pub(super) fn parse<'a, T: Deserialize<'a>>(
    place: &'static str,
    bytes: &'a [u8],
) -> Result<T, SigningError> {
    if let Some(offset) = value::too_deep(bytes, MAX_DEPTH) {
        let message =
            format!("byte {offset}: expected at most {MAX_DEPTH} levels of nesting, found more");
        return Err(SigningError::Json { place, message });
    }
    serde_json::from_slice(bytes).map_err(|error| {
        // The message first repeats what it found, and ends with line and column.
        let message = error.to_string();
        let (said, _) = message.rsplit_once(" at line ").unwrap_or((&message, ""));
        let message =
            format!("line {}, column {}: {}", error.line(), error.column(), beginning(said));
        SigningError::Json { place, message }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_fields_are_refused_with_their_place() {
        #[derive(Debug, Deserialize)]
        struct One {
            #[expect(dead_code, reason = "only its absence or presence is of interest")]
            a: u8,
        }
        let error = parse::<One>("bundle", b"{\"a\": 1,\n \"a\": 2}").unwrap_err();
        assert_eq!(error.to_string(), "bundle: line 2, column 4: duplicate field `a`");
    }
}
