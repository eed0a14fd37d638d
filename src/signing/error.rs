//! Why something could not be signed, is not admitted, or was refused, and what to do about it.
//!
//! In: what the other files of this module found, with the text of strangers shortened and cleaned.
//! Out: one sentence on what is wrong and one on what to do. Nothing secret is ever part of either.

use std::path::PathBuf;

use thiserror::Error;

use crate::base::text::printable;

/// Longest text of a stranger's in an error, in bytes.
const MAX_SHOWN: usize = 120;

/// Why something could not be signed or was refused. Each variant says where, what was expected and
/// what was found; [`SigningError::remedy`] says what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SigningError {
    /// A file could not be read.
    #[error("{}: cannot read the {what}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What it was to be.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that has to be text is something else.
    #[error("{}: expected a {what} as UTF-8 text, found other bytes", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// What it was to be.
        what: &'static str,
    },
    /// Something is larger than anything that is right.
    #[error("{what}: expected at most {limit} {unit}, found {found}")]
    TooLarge {
        /// What was being read or written.
        what: String,
        /// Most that is taken.
        limit: usize,
        /// What was counted.
        unit: &'static str,
        /// How many there are; "more" where counting stopped.
        found: String,
    },
    /// A text holds no key that can be used.
    #[error("{place}: expected {expected}, found {found}")]
    Key {
        /// Where the text stood.
        place: String,
        /// What would be right.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A private key that a password protects.
    #[error("{place}: expected a private key without a password, found an encrypted one")]
    EncryptedKey {
        /// Where the text stood.
        place: String,
    },
    /// There are no public keys to verify with.
    #[error("expected at least one public key to verify with, found none")]
    NoKeys,
    /// The name of a model or of a resource that cannot be signed.
    #[error("{what} {found}: expected {expected}")]
    Name {
        /// What it was to be.
        what: &'static str,
        /// What was given.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A text is no SHA-256.
    #[error("SHA-256 {found}: expected 64 lower-case hexadecimal digits")]
    Sha256 {
        /// What was given.
        found: String,
    },
    /// A bundle or the statement in it is no JSON of the right shape.
    #[error("{place}: {message}")]
    Json {
        /// Which of them.
        place: &'static str,
        /// What the parser said, with line and column.
        message: String,
    },
    /// A bundle or the statement in it has a value that cannot be right.
    #[error("{place}: expected {expected}, found {found}")]
    Value {
        /// The field, with what it is in.
        place: String,
        /// What would be right.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The bundle was signed by a key that is not among those that are trusted.
    #[error("bundle: expected a signature by {trusted}, found one by the key {hint}")]
    UntrustedKey {
        /// The keys that were given.
        trusted: String,
        /// The fingerprint that the bundle says.
        hint: String,
    },
    /// The signature is not one of the key over the statement.
    #[error(
        "bundle: expected a signature of its statement by {trusted}, found one that does not fit"
    )]
    WrongSignature {
        /// The keys that were tried.
        trusted: String,
    },
    /// A resource is listed more than once.
    #[error("{place}: expected each resource once, found {name} again")]
    Repeated {
        /// In the statement, or in what it was compared with.
        place: &'static str,
        /// The resource.
        name: String,
    },
    /// A resource of the model is not in the statement.
    #[error("resource {name}: expected it in the signed statement, found it in the model alone")]
    Unsigned {
        /// The resource.
        name: String,
    },
    /// A resource of the statement is not in the model.
    #[error("resource {name}: expected it in the model, found it in the signed statement alone")]
    Missing {
        /// The resource.
        name: String,
    },
    /// A resource has other bytes than those that were signed.
    #[error("resource {name}: expected the signed SHA-256 {signed}, found {found}")]
    Changed {
        /// The resource.
        name: String,
        /// Its digest in the statement.
        signed: String,
        /// Its digest in the model.
        found: String,
    },
    /// A policy cannot be read.
    #[error("policy {place}: {message}")]
    Policy {
        /// The file, with the line or the rule.
        place: String,
        /// What was expected and what was found.
        message: String,
    },
    /// The policy has no rule for a name, and admits nothing else.
    #[error(
        "model {name}: expected a rule of the policy that names it, found none, and its default is \"deny\""
    )]
    Denied {
        /// The model.
        name: String,
    },
    /// The policy demands a signature and there is none.
    #[error("model {name}: expected a signature by {trusted}, as the policy demands, found none")]
    NotSigned {
        /// The model.
        name: String,
        /// The keys of the rule.
        trusted: String,
    },
}

impl SigningError {
    pub(super) fn value(
        place: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        SigningError::Value { place: place.into(), expected: expected.into(), found: found.into() }
    }

    pub(super) fn too_large(
        what: impl Into<String>,
        limit: usize,
        unit: &'static str,
        found: usize,
    ) -> Self {
        SigningError::TooLarge { what: what.into(), limit, unit, found: found.to_string() }
    }

    /// What to do about it, in one sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            SigningError::File { .. } => "check the path and the permissions",
            SigningError::NotText { .. } => {
                "give a text file; a key in DER becomes PEM with `openssl pkey -inform DER -in key.der -out key.pem`, with `-pubin -pubout` if it is public"
            }
            SigningError::TooLarge { .. } => {
                "check that it is the right file; a model of more files, or with longer names, cannot be signed as one"
            }
            SigningError::Key { .. } => {
                "make a key with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem`, and its public half with `openssl pkey -in key.pem -pubout -out key.pub.pem`"
            }
            SigningError::EncryptedKey { .. } => {
                "take the password off for the time of signing: `openssl pkey -in key.pem -out plain.pem`"
            }
            SigningError::NoKeys => "give the public key of the signer",
            SigningError::Name { .. } | SigningError::Sha256 { .. } => {
                "correct it; a signature names each file by its path in the model, with `/`, and by its SHA-256"
            }
            SigningError::Json { .. } | SigningError::Value { .. } => {
                "it is no signature of a key by model-signing 1.1, or it was changed: get it from its source again, or sign the model again"
            }
            SigningError::UntrustedKey { .. } => {
                "get the public key of the signer by a way that you trust and add it, or have the model signed by a key that is trusted already"
            }
            SigningError::WrongSignature { .. } => {
                "do not load the model: the signature or its statement was changed; get both from their source again"
            }
            SigningError::Repeated { .. } => "do not load the model: sign it again, each file once",
            SigningError::Unsigned { .. }
            | SigningError::Missing { .. }
            | SigningError::Changed { .. } => {
                "do not load the model: it is not the one that was signed; get it from its source again, or have it signed as it is"
            }
            SigningError::Policy { .. } => {
                "correct the policy; nothing is admitted by a policy that cannot be read"
            }
            SigningError::Denied { .. } => {
                "add a rule for the name to the policy, or have the model put under a name that it covers"
            }
            SigningError::NotSigned { .. } => {
                "have the model signed by one of these keys, or change the policy"
            }
        }
    }
}

/// Text of a stranger in quotes: short, on one line.
pub(super) fn shown(text: &str) -> String {
    format!("\"{}\"", beginning(text))
}

/// The beginning of a text of a stranger, on one line.
pub(super) fn beginning(text: &str) -> String {
    match text.get(..text.floor_char_boundary(MAX_SHOWN)) {
        Some(start) if start.len() < text.len() => format!("{}…", printable(start)),
        _ => printable(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_strangers_are_short_and_on_one_line() {
        assert_eq!(shown("a\nb\u{202e}"), "\"a\\nb\\u{202e}\"");
        let long = shown(&"ü".repeat(1 << 20));
        assert!(long.ends_with("ü…\"") && long.len() < MAX_SHOWN + 8, "{}", long.len());
    }
}
