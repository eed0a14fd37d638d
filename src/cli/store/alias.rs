//! `store alias`: an alias stands on a version from here on.

use super::{Place, advised, parsed, print, text};
use crate::store::{Alias, Name, Selector};

/// Arguments of `store alias`.
#[derive(Debug, Clone, clap::Args)]
pub struct AliasArguments {
    /// The model
    #[arg(value_parser = parsed::<Name>)]
    pub name: Name,
    /// The version: a number, another alias, or latest
    #[arg(value_parser = parsed::<Selector>)]
    pub version: Selector,
    /// The alias
    #[arg(value_parser = parsed::<Alias>)]
    pub alias: Alias,
}

/// Moves the alias and prints where it stands.
pub fn run(place: &Place, arguments: &AliasArguments) -> anyhow::Result<()> {
    let store = place.open()?;
    let version = advised(store.resolve(&arguments.name, &arguments.version))?;
    let entry = advised(store.set_alias(&arguments.name, &arguments.alias, version))?;
    print(place, text::with_schema(text::MOVE_SCHEMA, &entry)?, || text::moved(&entry))
}
