//! `store get`: the file of a version.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;

use super::progress::Bar;
use super::{Place, advised, parsed, print};
use crate::cli::failure::Advise;
use crate::cli::outputs;
use crate::signing::SIGNATURE_FILE;
use crate::store::Reference;
use crate::store::signature::{MANIFEST_FILE, MODEL_FILE};

/// Arguments of `store get`.
#[derive(Debug, Clone, clap::Args)]
pub struct GetArguments {
    /// The version: NAME, NAME@3, NAME@production
    #[arg(value_name = "NAME[@VERSION|ALIAS]", value_parser = parsed::<Reference>)]
    pub version: Reference,
    /// The file to write (default: NAME-VERSION.safetensors)
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write the model, its manifest and its signature to this directory instead, as Python's
    /// `model_signing verify key` takes them
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    pub folder: Option<PathBuf>,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub force: bool,
}

/// Writes the file and prints its path.
pub fn run(place: &Place, arguments: &GetArguments) -> anyhow::Result<()> {
    let store = place.open()?;
    let Reference { name, selector } = &arguments.version;
    let manifest = advised(store.find(name, selector))?;
    let in_folder = arguments.folder.as_ref().map(|folder| folder.join(MODEL_FILE));
    let output = arguments
        .output
        .clone()
        .or(in_folder)
        .unwrap_or_else(|| format!("{name}-{}.safetensors", manifest.version).into());
    if let Some(folder) = &arguments.folder {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))
            .advise("check the path and its permissions")?;
    }
    outputs::check_free(&output, |_| arguments.force, outputs::OR_FORCE)?;
    if let Some(folder) = &arguments.folder {
        let (document, signature) = advised(store.signed_files(name, manifest.version))?;
        let files = [(MANIFEST_FILE, Some(document)), (SIGNATURE_FILE, signature)];
        let files = files.map(|(name, bytes)| (folder.join(name), bytes));
        // Nothing is written before all of it may be.
        for (path, bytes) in &files {
            let is_ours = |path: &Path| arguments.force || holds(path, bytes.as_deref());
            outputs::check_free(path, is_ours, outputs::OR_FORCE)?;
        }
        for (path, bytes) in &files {
            settle(path, bytes.as_deref())?;
        }
    }
    let bar = Bar::new();
    let got = store.download(&manifest, &output, &|done, size| bar.update(done, size));
    drop(bar);
    advised(got)?;
    let blob = advised(manifest.model())?;
    let shown = output.display().to_string();
    anstream::eprintln!("{name} version {} -> {shown}, sha256 {}", manifest.version, blob.sha256);
    let document = json!({
        "schema": "deadweight.store.get/1",
        "name": name.as_str(),
        "version": manifest.version,
        "path": shown,
        "sha256": blob.sha256,
        "size": blob.size,
    });
    print(place, document, || shown.clone())
}

/// True for a file that has these bytes: an earlier attempt wrote it, and is gone on with.
fn holds(path: &Path, bytes: Option<&[u8]>) -> bool {
    let size = std::fs::metadata(path).map(|metadata| metadata.len());
    bytes.is_some_and(|bytes| {
        size.is_ok_and(|size| size == bytes.len() as u64)
            && std::fs::read(path).is_ok_and(|found| found == bytes)
    })
}

/// Lets a file have these bytes, whole or not at all. Without any there is to be none: a signature of
/// what lay there before would be a wrong one.
fn settle(path: &Path, bytes: Option<&[u8]>) -> anyhow::Result<()> {
    match bytes {
        Some(_) if holds(path, bytes) => Ok(()),
        Some(bytes) => outputs::write(path, bytes),
        None => match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error)
                .with_context(|| format!("cannot remove {}", path.display()))
                .advise("check the path and its permissions"),
            _ => Ok(()),
        },
    }
}
