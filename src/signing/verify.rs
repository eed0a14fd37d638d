//! Whether a bundle is a signature of exactly these files by one of these keys.
//!
//! In: bytes of a stranger, keys that are trusted, and the files of a model. Out: who signed, or the
//! first thing that is wrong. The statement is not looked at before its signature was verified.

use std::collections::BTreeMap;

use super::bundle::{Bundle, pre_authentication_encoding};
use super::error::{SigningError, shown};
use super::keys::{self, PublicKey};
use super::resource::{Resource, Sha256};
use super::statement;

/// A signature that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    key: String,
    fingerprint: Sha256,
    model_name: String,
}

impl Verified {
    /// The label of the key that signed.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The fingerprint of the key that signed.
    pub fn fingerprint(&self) -> Sha256 {
        self.fingerprint
    }

    /// What the signer called the model: with Python, the name of the directory. It is on one line,
    /// and it is not proof of anything: who needs to know that these files are the model of some name
    /// has to find the name in one of the files.
    pub fn model_name(&self) -> &str {
        &self.model_name
    }
}

/// Verifies that a bundle is a signature, by one of the keys, of exactly these resources: none more,
/// none less, each with this SHA-256.
///
/// # Errors
/// When there are no keys, when the bundle is of another form or was changed, when another key
/// signed, and when the resources are not those that were signed. [`SigningError::remedy`] says what
/// to do.
pub fn verify(
    bundle: &[u8],
    trusted: &[PublicKey],
    resources: &[Resource],
) -> Result<Verified, SigningError> {
    if trusted.is_empty() {
        return Err(SigningError::NoKeys);
    }
    let bundle = Bundle::read(bundle)?;
    let Some(key) = trusted.iter().find(|key| key.fingerprint() == bundle.hint) else {
        let hint = bundle.hint.to_string();
        return Err(SigningError::UntrustedKey { trusted: keys::list(trusted), hint });
    };
    if !key.verifies(&pre_authentication_encoding(&bundle.payload), &bundle.signature) {
        return Err(SigningError::WrongSignature {
            trusted: keys::list(std::slice::from_ref(key)),
        });
    }
    let statement = statement::read(&bundle.payload)?;
    compare(&statement.resources, resources)?;
    Ok(Verified {
        key: key.label().to_owned(),
        fingerprint: key.fingerprint(),
        model_name: statement.model_name,
    })
}

/// Whether a bundle is whole and about exactly these resources. No key is asked, so that it says nothing of
/// who signed: it tells damage from order.
///
/// # Errors
/// When the bundle is of another form, and when it is about other resources.
pub fn check_unverified(bundle: &[u8], resources: &[Resource]) -> Result<(), SigningError> {
    let bundle = Bundle::read(bundle)?;
    compare(&statement::read(&bundle.payload)?.resources, resources)
}

/// Compares what was signed with what is there. Names of the former come once.
fn compare(signed: &[Resource], present: &[Resource]) -> Result<(), SigningError> {
    statement::check_names("files of the model", &present.iter().collect::<Vec<_>>())?;
    let mut left: BTreeMap<&str, Sha256> =
        signed.iter().map(|resource| (resource.name(), resource.sha256())).collect();
    for resource in present {
        let name = || shown(resource.name());
        let Some(signed) = left.remove(resource.name()) else {
            return Err(SigningError::Unsigned { name: name() });
        };
        if signed != resource.sha256() {
            let (signed, found) = (signed.to_string(), resource.sha256().to_string());
            return Err(SigningError::Changed { name: name(), signed, found });
        }
    }
    match left.keys().next() {
        Some(name) => Err(SigningError::Missing { name: shown(name) }),
        None => Ok(()),
    }
}
