//! `store list`: the models, or the versions of one.

use serde_json::json;

use super::{Place, advised, parsed, print, text};
use crate::cli::table::Table;
use crate::store::{Name, Store};

/// Arguments of `store list`.
#[derive(Debug, Clone, clap::Args)]
pub struct ListArguments {
    /// The model whose versions are listed (default: all models, with their newest)
    #[arg(value_parser = parsed::<Name>)]
    pub name: Option<Name>,
}

/// Prints the list.
pub fn run(place: &Place, arguments: &ListArguments) -> anyhow::Result<()> {
    let store = place.open()?;
    match &arguments.name {
        Some(name) => versions(place, &store, name),
        None => models(place, &store),
    }
}

fn models(place: &Place, store: &Store) -> anyhow::Result<()> {
    let mut table = Table::new(&["model", "versions", "kind", "aliases"]);
    let mut models = Vec::new();
    for name in advised(store.names())? {
        let latest = advised(store.latest(&name))?;
        let kind = advised(store.manifest(&name, latest))?.0.kind;
        let aliases: Vec<(String, u64)> = advised(store.aliases(&name))?
            .into_iter()
            .map(|entry| (entry.alias, entry.version))
            .collect();
        let listed: Vec<String> = aliases.iter().map(|(alias, v)| format!("{alias}={v}")).collect();
        table.row(vec![name.to_string(), latest.to_string(), kind.clone(), listed.join(" ")]);
        models.push(json!({
            "name": name.as_str(),
            "latest": latest,
            "kind": kind,
            "aliases": aliases.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        }));
    }
    let document = json!({"schema": "deadweight.store.list/1", "models": models});
    print(place, document, || table.text())
}

fn versions(place: &Place, store: &Store, name: &Name) -> anyhow::Result<()> {
    let latest = advised(store.latest(name))?;
    let aliases = advised(store.aliases(name))?;
    let mut table = Table::new(&["version", "kind", "metrics", "aliases", "put"]);
    let mut versions = Vec::new();
    for number in 1..=latest {
        let (manifest, _) = advised(store.manifest(name, number))?;
        let here = aliases.iter().filter(|entry| entry.version == number);
        let here: Vec<String> = here.map(|entry| entry.alias.clone()).collect();
        table.row(vec![
            number.to_string(),
            manifest.kind.clone(),
            text::metrics(&manifest.metrics),
            here.join(" "),
            manifest.created.to_string(),
        ]);
        versions.push(json!({
            "version": number,
            "kind": manifest.kind,
            "metrics": manifest.metrics,
            "aliases": here,
            "created": manifest.created,
        }));
    }
    let document = json!({"schema": "deadweight.store.versions/1", "name": name.as_str(), "versions": versions});
    print(place, document, || table.text())
}
