//! `store list`: the models, or the versions of one.
//!
//! What is damaged or what the policy refuses has a line that says so, and hides nothing else.

use std::collections::BTreeMap;

use anyhow::anyhow;
use serde_json::{Value as Json, json};

use super::{Place, advised, parsed, print, text};
use crate::base::text::printable;
use crate::cli::failure::Advise;
use crate::cli::table::Table;
use crate::store::{AliasEntry, Manifest, Name, Store, StoreError};

/// What stands in a column whose value is not known.
const UNKNOWN: &str = "?";

/// Arguments of `store list`.
#[derive(Debug, Clone, clap::Args)]
pub struct ListArguments {
    /// The model whose versions are listed (default: all models, with their newest)
    #[arg(value_parser = parsed::<Name>)]
    pub name: Option<Name>,
}

/// Prints the list, and fails when anything in it is damaged.
pub fn run(place: &Place, arguments: &ListArguments) -> anyhow::Result<()> {
    let store = place.open()?;
    match &arguments.name {
        Some(name) => versions(place, &store, name),
        None => models(place, &store),
    }
}

/// What could not be listed, and why.
#[derive(Default)]
struct Faults {
    lines: Vec<String>,
    damaged: usize,
}

impl Faults {
    /// Notes what is wrong with a model or a version; the text of it.
    fn add(&mut self, of: &str, errors: &[StoreError]) -> Option<String> {
        let texts: Vec<String> = errors.iter().map(StoreError::to_string).collect();
        let text = (!texts.is_empty()).then(|| texts.join("; "))?;
        self.lines.push(format!("\n{}", printable(&format!("{of}: {text}"))));
        // What is refused or of a newer program is as it was written.
        let is_whole =
            |e: &StoreError| matches!(e, StoreError::NotAdmitted { .. } | StoreError::Newer { .. });
        self.damaged += usize::from(!errors.iter().all(is_whole));
        Some(text)
    }

    /// Prints what was found, then fails if anything is damaged.
    fn print(
        &self,
        place: &Place,
        store: &Store,
        document: Json,
        table: &Table,
    ) -> anyhow::Result<()> {
        print(place, document, || format!("{}{}", table.text(), self.lines.concat()))?;
        match self.damaged {
            0 => Ok(()),
            damaged => Err(anyhow!(
                "{}: {damaged} of what is listed cannot be read, the rest can be used",
                store.url()
            ))
            .advise("`deadweight store verify` names all that is wrong; restore it from a copy"),
        }
    }
}

/// A part that was read, or nothing and its error among the others.
fn part<T>(result: Result<T, StoreError>, errors: &mut Vec<StoreError>) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}

/// Aliases in order, as `production=3`.
fn spelled(aliases: &[AliasEntry]) -> String {
    let aliases = aliases.iter().map(|entry| format!("{}={}", entry.alias, entry.version));
    aliases.collect::<Vec<_>>().join(" ")
}

fn models(place: &Place, store: &Store) -> anyhow::Result<()> {
    let mut table = Table::new(&["model", "versions", "kind", "aliases"]);
    let (mut models, mut faults) = (Vec::new(), Faults::default());
    for name in advised(store.names())? {
        let mut errors = Vec::new();
        let latest = part(store.latest(&name), &mut errors);
        let newest = latest.and_then(|latest| part(store.manifest(&name, latest), &mut errors));
        let kind = newest.map(|(manifest, _)| manifest.kind);
        let aliases = part(store.aliases(&name), &mut errors);
        table.row(vec![
            name.to_string(),
            latest.map_or(UNKNOWN.to_owned(), |latest| latest.to_string()),
            kind.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
            aliases.as_deref().map_or(UNKNOWN.to_owned(), spelled),
        ]);
        let mut model = serde_json::Map::from_iter([("name".to_owned(), json!(name.as_str()))]);
        let mut add = |key: &str, value: Option<Json>| {
            model.extend(value.map(|value| (key.to_owned(), value)));
        };
        add("latest", latest.map(|latest| json!(latest)));
        add("kind", kind.map(|kind| json!(kind)));
        add(
            "aliases",
            aliases.map(|aliases| {
                let aliases = aliases.into_iter().map(|entry| (entry.alias, entry.version));
                json!(aliases.collect::<BTreeMap<_, _>>())
            }),
        );
        add("error", faults.add(name.as_str(), &errors).map(|error| json!(error)));
        models.push(model);
    }
    let document = json!({"schema": "deadweight.store.list/1", "models": models});
    faults.print(place, store, document, &table)
}

fn versions(place: &Place, store: &Store, name: &Name) -> anyhow::Result<()> {
    let latest = advised(store.latest(name))?;
    let (mut versions, mut faults) = (Vec::new(), Faults::default());
    let mut errors = Vec::new();
    let aliases = part(store.aliases(name), &mut errors).unwrap_or_default();
    let error_of_aliases = faults.add(&format!("aliases of {name}"), &errors);
    let mut table = Table::new(&["version", "kind", "metrics", "aliases", "put"]);
    for number in 1..=latest {
        let here = aliases.iter().filter(|entry| entry.version == number);
        let here: Vec<String> = here.map(|entry| entry.alias.clone()).collect();
        let mut errors = Vec::new();
        let manifest = part(store.manifest(name, number), &mut errors);
        table.row(row(number, manifest.as_ref().map(|(manifest, _)| manifest), &here));
        let error = faults.add(&format!("version {number}"), &errors);
        versions.push(match manifest {
            Some((manifest, _)) => json!({
                "version": number,
                "kind": manifest.kind,
                "metrics": manifest.metrics,
                "aliases": here,
                "created": manifest.created,
            }),
            None => json!({"version": number, "aliases": here, "error": error}),
        });
    }
    let mut document = json!({"schema": "deadweight.store.versions/1", "name": name.as_str(), "versions": versions});
    if let (Some(error), Some(document)) = (error_of_aliases, document.as_object_mut()) {
        document.insert("error".to_owned(), json!(error));
    }
    faults.print(place, store, document, &table)
}

fn row(number: u64, manifest: Option<&Manifest>, aliases: &[String]) -> Vec<String> {
    let unknown = || UNKNOWN.to_owned();
    vec![
        number.to_string(),
        manifest.map_or_else(unknown, |manifest| manifest.kind.clone()),
        manifest.map_or_else(unknown, |manifest| text::metrics(&manifest.metrics)),
        aliases.join(" "),
        manifest.map_or_else(unknown, |manifest| manifest.created.to_string()),
    ]
}
