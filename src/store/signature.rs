//! Signatures of versions: what they cover, where they lie, and the policy that demands them.
//!
//! What is signed are two files by their names and SHA-256: `manifest.json`, the bytes of the manifest
//! as they are stored, and `model.safetensors`, the blob that it names. A version's signature lies
//! beside its manifest, so that what is signed never changes, and `store get --folder` writes the three
//! as Python's `model_signing verify key` takes them.

use std::path::Path;

use super::layout::Log;
use super::{Admission, Manifest, Name, Policy, Store, StoreError};
use crate::signing::{self, PrivateKey, Resource, Sha256, SigningError};

/// What the manifest is called among the files that are signed.
pub const MANIFEST_FILE: &str = "manifest.json";
/// What the model is called among them.
pub const MODEL_FILE: &str = "model.safetensors";

/// The files of a version as a signature names them. That the manifest is of this name and version is
/// checked where it is opened; the blob's bytes are compared with its digest wherever they are read.
fn resources(manifest: &[u8], model_sha256: &str) -> Result<[Resource; 2], SigningError> {
    Ok([
        Resource::new(MANIFEST_FILE, Sha256::of(manifest))?,
        Resource::new(MODEL_FILE, model_sha256.parse()?)?,
    ])
}

/// A file that says which models need a signature, and by whose key: see the page on signatures.
#[derive(Debug)]
pub struct SignaturePolicy(signing::Policy);

impl SignaturePolicy {
    /// Reads a policy, TOML. Files of keys are looked for beside it.
    ///
    /// # Errors
    /// [`StoreError::Signing`] when it or a key cannot be read.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        Ok(SignaturePolicy(signing::Policy::read(path)?))
    }
}

impl Policy for SignaturePolicy {
    fn admit(&self, version: &Admission<'_>) -> Result<(), String> {
        let told = |error: SigningError| format!("{error}; {}", error.remedy());
        let name: Name = version.name.parse().map_err(|error: StoreError| error.to_string())?;
        let manifest = Manifest::open(&name, version.version, version.manifest)
            .map_err(|error| error.to_string())?;
        let model = manifest.model().map_err(|error| error.to_string())?;
        let resources = resources(version.manifest, &model.sha256).map_err(told)?;
        self.0.admit(version.name, version.signature, &resources).map(drop).map_err(told)
    }
}

impl Store {
    /// Signs a version. A signature is never replaced: who wants another key puts the model again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such version, [`StoreError::Signed`] when it has
    /// another signature already.
    pub fn sign(&self, name: &Name, version: u64, key: &PrivateKey) -> Result<(), StoreError> {
        let bytes = self.manifest_bytes(name, version)?;
        let manifest = Manifest::open(name, version, &bytes)?;
        let resources = resources(&bytes, &manifest.model()?.sha256)?;
        let bundle = signing::sign(key, name.as_str(), &resources)?;
        match self.backend.create(&Log::versions(name).signature(version), bundle)? {
            true => Ok(()),
            false => Err(StoreError::Signed { name: name.to_string(), version }),
        }
    }

    /// Whether a signature that lies beside a version is whole and about it, whoever signed.
    pub(super) fn check_signature(
        &self,
        name: &Name,
        version: u64,
        signature: &[u8],
    ) -> Result<(), StoreError> {
        let bytes = self.manifest_bytes(name, version)?;
        let manifest = Manifest::open(name, version, &bytes)?;
        let resources = resources(&bytes, &manifest.model()?.sha256)?;
        Ok(signing::check_unverified(signature, &resources)?)
    }

    /// The manifest of a version as it is stored and the signature beside it: what has to lie beside the
    /// model so that others can verify it. The policy was asked.
    ///
    /// # Errors
    /// As [`Store::manifest`].
    pub fn signed_files(
        &self,
        name: &Name,
        version: u64,
    ) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError> {
        self.manifest(name, version)?;
        Ok((self.manifest_bytes(name, version)?, self.signature(name, version)?))
    }
}
