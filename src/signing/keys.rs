//! Keys of the curve P-256 from PEM.
//!
//! In: text of a key file, PKCS#8 or SEC1 for private keys and SPKI for public ones, as openssl writes
//! them. Out: a key, with the fingerprint by which bundles name it. What is held of a private key here,
//! the text of its file too, is wiped from memory after use, and no error or debug output has any of it.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use p256::elliptic_curve::zeroize::Zeroizing;
use p256::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePublicKey, LineEnding, SecretDocument};

use super::error::{SigningError, shown};
use super::resource::Sha256;

/// Largest key file. Those of openssl have 300 bytes; certificates and notes may stand around a key.
const MAX_KEY_BYTES: usize = 64 << 10;
const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";
/// Curves that keys are often made of by mistake: the object identifier in DER, and the name.
const OTHER_CURVES: &[(&[u8], &str)] = &[
    (&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22], "P-384"),
    (&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23], "P-521"),
    (&[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a], "secp256k1"),
    (&[0x06, 0x03, 0x2b, 0x65, 0x70], "Ed25519"),
    (&[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01], "RSA"),
];

/// A private key of the curve P-256.
#[derive(Clone)]
pub struct PrivateKey {
    key: SigningKey,
    fingerprint: Sha256,
}

impl PrivateKey {
    /// Reads a key from a PEM file.
    ///
    /// # Errors
    /// When the file cannot be read or is too large, and as [`PrivateKey::from_pem`].
    pub fn read(path: &Path) -> Result<Self, SigningError> {
        private_key(&path.display().to_string(), &read_text(path, "private key", MAX_KEY_BYTES)?)
    }

    /// A key from PEM text: `PRIVATE KEY` (PKCS#8) or `EC PRIVATE KEY` (SEC1).
    ///
    /// # Errors
    /// When the text has no such key or several, or one of another curve or with a password.
    pub fn from_pem(text: &str) -> Result<Self, SigningError> {
        private_key("private key", text)
    }

    /// The fingerprint of its public half.
    pub fn fingerprint(&self) -> Sha256 {
        self.fingerprint
    }

    /// Signs bytes with the nonce of RFC 6979: the same key and bytes give the same signature, and
    /// no random numbers can fail. In DER.
    pub(super) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, SigningError> {
        let signature: DerSignature = self.key.try_sign(bytes).map_err(|_| {
            SigningError::value("signature", "a number below the order of the curve", "none")
        })?;
        Ok(signature.as_bytes().to_vec())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.fingerprint)
    }
}

/// A public key of the curve P-256.
#[derive(Debug, Clone)]
pub struct PublicKey {
    key: VerifyingKey,
    fingerprint: Sha256,
    label: String,
}

impl PublicKey {
    /// Reads a key from a PEM file. The path becomes its label.
    ///
    /// # Errors
    /// When the file cannot be read or is too large, and as [`PublicKey::from_pem`].
    pub fn read(path: &Path) -> Result<Self, SigningError> {
        let label = path.display().to_string();
        let text = read_text(path, "public key", MAX_KEY_BYTES)?;
        public_key(&label, label.clone(), &text)
    }

    /// A key from PEM text, `PUBLIC KEY` (SPKI), with a label for people.
    ///
    /// # Errors
    /// When the text has no such key or several, or one of another curve.
    pub fn from_pem(label: &str, text: &str) -> Result<Self, SigningError> {
        public_key(&format!("public key {}", shown(label)), label.to_owned(), text)
    }

    /// The SHA-256 of the key's SPKI as PEM with lines of 64 characters: the hint by which a bundle
    /// says who signed it.
    pub fn fingerprint(&self) -> Sha256 {
        self.fingerprint
    }

    /// What it is called in messages.
    pub fn label(&self) -> &str {
        &self.label
    }

    pub(super) fn with_label(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }

    /// True if `signature` is one of this key over `bytes`. Anything is read from a signature that
    /// is DER to the last byte, with both numbers in range.
    pub(super) fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        DerSignature::from_bytes(signature)
            .is_ok_and(|signature| self.key.verify(bytes, &signature).is_ok())
    }
}

/// Labels and fingerprints for a message.
pub(super) fn list(keys: &[PublicKey]) -> String {
    let one = |key: &PublicKey| format!("{} ({})", shown(&key.label), key.fingerprint);
    keys.iter().map(one).collect::<Vec<_>>().join(" or ")
}

/// The text of a file of at most `limit` bytes; wiped when it is dropped.
pub(super) fn read_text(
    path: &Path,
    what: &'static str,
    limit: usize,
) -> Result<Zeroizing<String>, SigningError> {
    let failed = |source| SigningError::File { path: path.to_owned(), what, source };
    let file = File::open(path).map_err(failed)?;
    // All at once: a text that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit.saturating_add(2)));
    let mut bounded = file.take((limit as u64).saturating_add(1));
    bounded.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit {
        let what = format!("{}: {what}", path.display());
        return Err(SigningError::TooLarge { what, limit, unit: "bytes", found: "more".into() });
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(SigningError::NotText { path: path.to_owned(), what }),
    }
}

fn private_key(place: &str, text: &str) -> Result<PrivateKey, SigningError> {
    let expected = "one private key of the curve P-256 in PEM";
    let refused = |found: String| SigningError::Key { place: place.to_owned(), expected, found };
    let (label, block) = one_block(text).map_err(refused)?;
    let key = match label {
        "PRIVATE KEY" => p256::SecretKey::from_pkcs8_pem(block).map_err(|e| e.to_string()),
        "EC PRIVATE KEY" => from_sec1(block),
        "ENCRYPTED PRIVATE KEY" => {
            return Err(SigningError::EncryptedKey { place: place.to_owned() });
        }
        _ => return Err(refused(format!("{} in PEM", shown(label)))),
    };
    // What older versions of openssl put a password on.
    if key.is_err() && block.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(SigningError::EncryptedKey { place: place.to_owned() });
    }
    let key = key.map_err(|error| refused(other_curve(block).unwrap_or(error)))?;
    let key = SigningKey::from(key);
    let fingerprint = fingerprint(key.verifying_key()).map_err(refused)?;
    Ok(PrivateKey { key, fingerprint })
}

fn public_key(place: &str, label: String, text: &str) -> Result<PublicKey, SigningError> {
    let expected = "one public key of the curve P-256 in PEM";
    let refused = |found: String| SigningError::Key { place: place.to_owned(), expected, found };
    let (kind, block) = one_block(text).map_err(refused)?;
    if kind != "PUBLIC KEY" {
        return Err(refused(format!("{} in PEM", shown(kind))));
    }
    let key = VerifyingKey::from_public_key_pem(block)
        .map_err(|error| refused(other_curve(block).unwrap_or_else(|| error.to_string())))?;
    let fingerprint = fingerprint(&key).map_err(refused)?;
    Ok(PublicKey { key, fingerprint, label })
}

/// A private key in SEC1. The decoded bytes are wiped, which the reader of the crate for this form
/// of PEM does not do.
fn from_sec1(block: &str) -> Result<p256::SecretKey, String> {
    let (_, document) = SecretDocument::from_pem(block).map_err(|error| error.to_string())?;
    p256::SecretKey::from_sec1_der(document.as_bytes()).map_err(|error| error.to_string())
}

fn fingerprint(key: &VerifyingKey) -> Result<Sha256, String> {
    let text = p256::PublicKey::from(*key)
        .to_public_key_pem(LineEnding::LF)
        .map_err(|error| error.to_string())?;
    Ok(Sha256::of(text))
}

/// Kind and text of the only block of a PEM text. What openssl says of the curve before a key is
/// passed over: it stands in the key again.
fn one_block(text: &str) -> Result<(&str, &str), String> {
    let (mut rest, mut found) = (text, None);
    while let Some(start) = rest.find(BEGIN) {
        let block = rest.get(start..).unwrap_or_default();
        let label = block.strip_prefix(BEGIN).and_then(|text| text.split_once(DASHES));
        let (label, _) = label.ok_or("a BEGIN line without its end")?;
        // With a damaged BEGIN line, what follows is not a label but the key, which no error shows.
        if !label.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b' ')) {
            return Err("a BEGIN line that is damaged".into());
        }
        let end = format!("{DASHES}END {label}{DASHES}");
        let length = block.find(&end).ok_or_else(|| format!("no END line of {}", shown(label)))?;
        let (block, after) = block.split_at(length.saturating_add(end.len()));
        if label != "EC PARAMETERS" && found.replace((label, block)).is_some() {
            return Err("several blocks".into());
        }
        rest = after;
    }
    found.ok_or_else(|| "no PEM block".into())
}

/// The curve of a key that is not of P-256, if it is a common one.
fn other_curve(block: &str) -> Option<String> {
    let (_, document) = SecretDocument::from_pem(block).ok()?;
    let has = |oid: &[u8]| document.as_bytes().windows(oid.len()).any(|window| window == oid);
    OTHER_CURVES.iter().find(|(oid, _)| has(oid)).map(|(_, name)| format!("one of {name}"))
}
