//! What is signed: files of a model by name and SHA-256.
//!
//! In: names and digests, of the store or of a stranger. Out: the same, checked. A name is the path
//! of a file below the directory of its model, in the one spelling that every system reads alike.

use std::fmt;
use std::str::FromStr;

use super::error::{SigningError, shown};

/// Longest name of a model or of a resource, in bytes. Linux ends a path there.
pub const MAX_NAME_BYTES: usize = 4096;

/// A SHA-256.
///
/// ```
/// use deadweight::signing::Sha256;
/// let empty = Sha256::of(b"");
/// assert!(empty.to_string().starts_with("e3b0c44298fc1c14"));
/// assert_eq!(empty.to_string().parse::<Sha256>()?, empty);
/// # Ok::<(), deadweight::signing::SigningError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// The digest of bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Sha256(<sha2::Sha256 as sha2::Digest>::digest(bytes).into())
    }

    /// The 32 bytes of the digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Sha256 {
    fn from(bytes: [u8; 32]) -> Self {
        Sha256(bytes)
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sha256 {
    type Err = SigningError;

    /// Reads 64 lower-case hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, SigningError> {
        let refused = || SigningError::Sha256 { found: shown(text) };
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(refused()) };
        let mut bytes = [0; 32];
        if pairs.len() != bytes.len() {
            return Err(refused());
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (high, low) = digit(*high).zip(digit(*low)).ok_or_else(refused)?;
            *byte = high << 4 | low;
        }
        Ok(Sha256(bytes))
    }
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// A file of a model: its path below the directory of the model, and the SHA-256 of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    name: String,
    sha256: Sha256,
}

impl Resource {
    /// A file by its path, with `/` between the parts.
    ///
    /// # Errors
    /// When the path is empty, absolute, longer than 4096 bytes, has an empty part, `.` or `..`, a
    /// backslash or a control character.
    pub fn new(name: impl Into<String>, sha256: Sha256) -> Result<Self, SigningError> {
        let name = name.into();
        let plain = |part: &str| !matches!(part, "" | "." | "..");
        let odd = |c: char| c.is_control() || c == '\\';
        if name.len() > MAX_NAME_BYTES || name.contains(odd) || !name.split('/').all(plain) {
            return Err(SigningError::Name {
                what: "resource",
                found: shown(&name),
                expected: "a path below the directory of the model, like \"weights/model.safetensors\"",
            });
        }
        Ok(Resource { name, sha256 })
    }

    /// Its path below the directory of the model.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The digest of its bytes.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }
}

/// Checks the name of a model, which is for people alone.
///
/// # Errors
/// When it is empty, too long or has control characters.
pub(super) fn check_model_name(name: &str) -> Result<(), SigningError> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES || name.contains(char::is_control) {
        return Err(SigningError::Name {
            what: "model",
            found: shown(name),
            expected: "1 to 4096 bytes on one line",
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_lower_case_digits() {
        let digest = Sha256::of("abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.to_string(), text);
        assert_eq!(text.parse::<Sha256>().unwrap(), digest);
        for wrong in [
            "",
            &text[1..],
            &text[2..],
            &text.to_uppercase(),
            &format!("{text}00"),
            &text.replace('b', "g"),
        ] {
            let error = wrong.parse::<Sha256>().unwrap_err().to_string();
            assert!(error.ends_with("expected 64 lower-case hexadecimal digits"), "{error}");
        }
    }

    #[test]
    fn names_have_one_spelling() {
        let digest = Sha256::of("");
        for right in ["model.safetensors", "a/b", "..a", "a b", "é"] {
            assert_eq!(Resource::new(right, digest).unwrap().name(), right);
        }
        let long = "a".repeat(MAX_NAME_BYTES + 1);
        for wrong in ["", "/a", "a/", "a//b", "./a", "a/..", "..", "a\\b", "a\nb", "a\0", &long] {
            assert!(Resource::new(wrong, digest).is_err(), "{wrong:?}");
        }
    }
}
