//! JSON of strangers, with a bound on its depth before anything is parsed.
//!
//! In: bytes whose number is bounded already. Out: a typed value, or where the bytes differ from it.
//! A repeated field is an error, because another reader could take the other one.

use serde::Deserialize;

use super::error::{SigningError, beginning};

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
    if let Some(offset) = too_deep(bytes) {
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

/// Where the nesting becomes too deep. Brackets inside of texts do not count.
fn too_deep(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    for (offset, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth = depth.saturating_add(1),
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(offset);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_texts() {
        assert_eq!(too_deep("[".repeat(MAX_DEPTH).as_bytes()), None);
        assert_eq!(too_deep("[".repeat(1 << 20).as_bytes()), Some(MAX_DEPTH));
        assert_eq!(too_deep(format!("\"\\\"{}\"", "[".repeat(100)).as_bytes()), None);
        assert_eq!(too_deep("[{},".repeat(MAX_DEPTH).as_bytes()), Some(4 * (MAX_DEPTH - 1) + 1));
    }

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
