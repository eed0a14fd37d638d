//! Signatures of models in the model-signing form of the OpenSSF, by keys of the curve P-256.
//!
//! In: the files of a model by name and SHA-256, and a key. Out: a sigstore bundle that Python's
//! `model_signing verify key` accepts; and the other way round, that a bundle, ours or Python's, is
//! a signature of exactly these files by one of the keys that are trusted. [`Policy`] says which
//! models need one, and by whom.
//!
//! A bundle is a stranger's until its signature was verified: its size and depth are bounded, and it
//! may hold nothing that is not signed. Nothing here opens a socket or asks a log or a certificate
//! authority, and a file of a model is never opened: its digest is given by who reads it.
//!
//! ```
//! use deadweight::signing::{self, PrivateKey, PublicKey, Resource, Sha256};
//!
//! # let private_pem = include_str!("../../tests/data/signing/test_only.pem");
//! # let public_pem = include_str!("../../tests/data/signing/test_only.pub.pem");
//! let weights = Resource::new("model.safetensors", Sha256::of(b"the bytes of the file"))?;
//! let bundle = signing::sign(&PrivateKey::from_pem(private_pem)?, "churn", &[weights.clone()])?;
//!
//! let trusted = [PublicKey::from_pem("release", public_pem)?];
//! let verified = signing::verify(&bundle, &trusted, &[weights])?;
//! assert_eq!(verified.model_name(), "churn");
//!
//! let other = Resource::new("model.safetensors", Sha256::of(b"other bytes"))?;
//! assert!(signing::verify(&bundle, &trusted, &[other]).is_err());
//! # Ok::<(), signing::SigningError>(())
//! ```

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bundle;
mod error;
mod json;
mod keys;
mod policy;
mod resource;
mod statement;
mod verify;

pub use error::SigningError;
pub use keys::{PrivateKey, PublicKey};
pub use policy::{Admission, Demand, Policy};
pub use resource::{MAX_NAME_BYTES, Resource, Sha256};
pub use verify::{Verified, check_unverified, verify};

/// Largest bundle that is written or read. A model of two files has 2 KB, and each more file 300 bytes.
pub const MAX_BUNDLE_BYTES: usize = 4 << 20;
/// Most files of one model.
pub const MAX_RESOURCES: usize = 10_000;
/// What the bundle is called in the directory of its model. It is no part of what is signed.
pub const SIGNATURE_FILE: &str = "model.sig";

/// Signs the files of a model and gives the bytes of a bundle, which are the same for the same key
/// and files. `model_name` is for people: verifying compares it with nothing.
///
/// # Errors
/// When there are no resources, more than [`MAX_RESOURCES`], one twice or one that is called
/// [`SIGNATURE_FILE`], when the name of the model is empty or has control characters, or when the
/// bundle would be larger than [`MAX_BUNDLE_BYTES`].
pub fn sign(
    key: &PrivateKey,
    model_name: &str,
    resources: &[Resource],
) -> Result<Vec<u8>, SigningError> {
    let payload = statement::write(model_name, resources)?;
    let signature = key.sign(&bundle::pre_authentication_encoding(&payload))?;
    bundle::Bundle { hint: key.fingerprint(), payload, signature }.write()
}
