//! `store rollback`: an alias stands on what it stood on before.

use super::{Place, advised, parsed, print, text};
use crate::store::{Alias, Name};

/// Arguments of `store rollback`.
#[derive(Debug, Clone, clap::Args)]
pub struct RollbackArguments {
    /// The model
    #[arg(value_parser = parsed::<Name>)]
    pub name: Name,
    /// The alias
    #[arg(value_parser = parsed::<Alias>)]
    pub alias: Alias,
}

/// Moves the alias back and prints where it stands.
pub fn run(place: &Place, arguments: &RollbackArguments) -> anyhow::Result<()> {
    let store = place.open()?;
    let entry = advised(store.rollback(&arguments.name, &arguments.alias))?;
    print(place, text::with_schema(text::MOVE_SCHEMA, &entry)?, || text::moved(&entry))
}
