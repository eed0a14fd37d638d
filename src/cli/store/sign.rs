//! `store sign`: a signature beside a version.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Place, advised, parsed, print};
use crate::signing::PrivateKey;
use crate::store::{Reference, StoreError};

/// Arguments of `store sign`.
#[derive(Debug, Clone, clap::Args)]
pub struct SignArguments {
    /// The version: NAME, NAME@3, NAME@production
    #[arg(value_name = "NAME[@VERSION|ALIAS]", value_parser = parsed::<Reference>)]
    pub version: Reference,
    /// The private key, P-256, PEM
    #[arg(long, value_name = "KEY")]
    pub key: PathBuf,
}

/// Signs the version and says so.
pub fn run(place: &Place, arguments: &SignArguments) -> anyhow::Result<()> {
    let key = private_key(&arguments.key)?;
    // A policy that demands a signature would not let a version be found that has none yet.
    let store = Place { url: place.url.clone(), policy: None, json: place.json }.open()?;
    let Reference { name, selector } = &arguments.version;
    let version = advised(store.find(name, selector))?.version;
    advised(store.sign(name, version, &key))?;
    let document = json!({
        "schema": "deadweight.store.sign/1",
        "name": name.as_str(),
        "version": version,
    });
    print(place, document, || format!("{name} version {version} is signed"))
}

/// Reads a key, before anything is written.
pub fn private_key(path: &Path) -> anyhow::Result<PrivateKey> {
    advised(PrivateKey::read(path).map_err(StoreError::from))
}
