//! `store show`: what is known of a version, and where the aliases stand.

use serde_json::json;

use super::{Place, advised, parsed, print, text};
use crate::store::{Alias, Reference, Selector};

/// Arguments of `store show`.
#[derive(Debug, Clone, clap::Args)]
pub struct ShowArguments {
    /// The version: NAME, NAME@3, NAME@production
    #[arg(value_name = "NAME[@VERSION|ALIAS]", value_parser = parsed::<Reference>)]
    pub version: Reference,
    /// Every move of this alias instead
    #[arg(long, value_name = "ALIAS", value_parser = parsed::<Alias>)]
    pub history: Option<Alias>,
}

/// Prints the manifest, or the history.
pub fn run(place: &Place, arguments: &ShowArguments) -> anyhow::Result<()> {
    let store = place.open()?;
    let Reference { name, selector } = &arguments.version;
    if let Some(alias) = &arguments.history {
        let moves = advised(store.history(name, alias))?;
        if moves.is_empty() {
            // Says which of the two is not there, the model or the alias.
            advised(store.resolve(name, &Selector::Alias(alias.clone())))?;
        }
        let lines: Vec<String> = moves.iter().map(text::moved).collect();
        let document = json!({"schema": "deadweight.store.history/1", "moves": moves});
        return print(place, document, || lines.join("\n"));
    }
    let manifest = advised(store.find(name, selector))?;
    let aliases = advised(store.aliases(name))?;
    let is_signed = advised(store.signature(name, manifest.version))?.is_some();
    let mut document = text::with_schema(text::VERSION_SCHEMA, &manifest)?;
    if let Some(document) = document.as_object_mut() {
        document.insert("aliases".to_owned(), serde_json::to_value(&aliases)?);
        document.insert("signed".to_owned(), is_signed.into());
    }
    print(place, document, || {
        let moves = aliases.iter().map(|entry| format!("\n {}", text::moved(entry)));
        let moves: String = moves.collect();
        let heading = if moves.is_empty() { "" } else { "\naliases" };
        format!("{}{heading}{moves}", text::version(&manifest, is_signed))
    })
}
