//! `store get`: the file of a version.

use std::path::PathBuf;

use serde_json::json;

use super::progress::Bar;
use super::{Place, advised, parsed, print};
use crate::cli::outputs;
use crate::store::Reference;

/// Arguments of `store get`.
#[derive(Debug, Clone, clap::Args)]
pub struct GetArguments {
    /// The version: NAME, NAME@3, NAME@production
    #[arg(value_name = "NAME[@VERSION|ALIAS]", value_parser = parsed::<Reference>)]
    pub version: Reference,
    /// The file to write (default: NAME-VERSION.safetensors)
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub force: bool,
}

/// Writes the file and prints its path.
pub fn run(place: &Place, arguments: &GetArguments) -> anyhow::Result<()> {
    let store = place.open()?;
    let Reference { name, selector } = &arguments.version;
    let manifest = advised(store.find(name, selector))?;
    let output = arguments
        .output
        .clone()
        .unwrap_or_else(|| format!("{name}-{}.safetensors", manifest.version).into());
    outputs::check_free(&output, |_| arguments.force, outputs::OR_FORCE)?;
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
