//! Aliases: names for versions that move. A move is one more entry, never a change, so every alias
//! has its history, and going back is as quick as going on.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::document::{MAX_BYTES, Schema};
use super::layout::{self, Log};
use super::open::nonce;
use super::{Alias, Manifest, Metrics, Name, Store, StoreError, transfer};

const SCHEMA: Schema = Schema { id: "deadweight.alias", steps: &[] };

/// How an alias came to stand on a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Somebody said so.
    Set,
    /// A condition on metrics held.
    Promote,
    /// It went back to what it stood on before.
    Rollback,
}

impl Action {
    /// The name that is written: `set`, `promote`, `rollback`.
    pub fn id(self) -> &'static str {
        match self {
            Action::Set => "set",
            Action::Promote => "promote",
            Action::Rollback => "rollback",
        }
    }
}

/// Why a version was promoted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// The condition that held.
    pub condition: String,
    /// It again, with the numbers in it.
    pub because: String,
    /// Metrics of the version that was promoted, on the data.
    pub metrics: Metrics,
    /// Those of what it was compared with, by alias, and the versions that these stood on.
    pub others: BTreeMap<String, Compared>,
    /// SHA-256 of the file of rows.
    pub data_sha256: String,
    /// SHA-256 of the file of labels.
    pub labels_sha256: String,
    /// How many rows there were.
    pub rows: u64,
}

/// What a version was compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// Its number.
    pub version: u64,
    /// Its metrics on the data.
    pub metrics: Metrics,
}

/// One move of an alias.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasEntry {
    /// The model.
    pub name: String,
    /// The alias.
    pub alias: String,
    /// Which move it is, from 1 on.
    pub number: u64,
    /// The version that it stands on from here on.
    pub version: u64,
    /// SHA-256 of the manifest of that version.
    pub manifest_sha256: String,
    /// The version that it stood on before.
    pub previous: Option<u64>,
    /// How it came to this.
    pub action: Action,
    /// Of a rollback: the move that it went back to.
    pub restores: Option<u64>,
    /// Of a promotion: why.
    pub reason: Option<Reason>,
    /// When, by the clock of the machine that did it.
    pub created: Timestamp,
    /// The deadweight that did it.
    pub tool_version: String,
    /// Tells this move from every other.
    pub nonce: String,
}

/// Where an alias is to go.
pub(super) struct Move {
    pub version: u64,
    pub manifest_sha256: String,
    pub action: Action,
    pub restores: Option<u64>,
    pub reason: Option<Reason>,
}

impl Store {
    /// The entry of an alias by its number.
    ///
    /// # Errors
    /// [`StoreError::Gap`] when it is missing, [`StoreError::Document`] when it is wrong.
    pub fn alias_entry(
        &self,
        name: &Name,
        alias: &Alias,
        number: u64,
    ) -> Result<AliasEntry, StoreError> {
        let place = Log::alias(name, alias).place(number);
        match self.backend.read_small(&place, MAX_BYTES)? {
            Some(bytes) => opened(name, alias, number, &bytes),
            None => Err(gap(name, alias, number)),
        }
    }

    /// The newest entry of an alias; `None` when there is none.
    ///
    /// # Errors
    /// As [`Store::alias_entry`].
    pub fn alias(&self, name: &Name, alias: &Alias) -> Result<Option<AliasEntry>, StoreError> {
        Ok(self.newest_move(name, alias)?.map(Arc::unwrap_or_clone))
    }

    fn newest_move(
        &self,
        name: &Name,
        alias: &Alias,
    ) -> Result<Option<Arc<AliasEntry>>, StoreError> {
        let log = Log::alias(name, alias);
        match self.head(&log)? {
            0 => Ok(None),
            number => {
                let place = log.place(number);
                let open = |bytes: Vec<u8>| Ok(Arc::new(opened(name, alias, number, &bytes)?));
                let entry = self.moves.read(&self.backend, &place, open)?;
                entry.map(Some).ok_or_else(|| gap(name, alias, number))
            }
        }
    }

    /// The newest entry of an alias that must be there.
    pub(super) fn standing(
        &self,
        name: &Name,
        alias: &Alias,
    ) -> Result<Arc<AliasEntry>, StoreError> {
        if let Some(entry) = self.newest_move(name, alias)? {
            return Ok(entry);
        }
        self.latest(name)?;
        let aliases = self.backend.folders(&layout::aliases(name))?;
        let present = match aliases.is_empty() {
            true => "none".to_owned(),
            false => aliases.join(", "),
        };
        Err(StoreError::NotFound { what: format!("alias {alias} of {name}"), present })
    }

    /// Every alias of a model with its newest entry, in order.
    ///
    /// # Errors
    /// As [`Store::alias_entry`].
    pub fn aliases(&self, name: &Name) -> Result<Vec<AliasEntry>, StoreError> {
        let folders = self.backend.folders(&layout::aliases(name))?;
        let mut entries = Vec::with_capacity(folders.len());
        for alias in folders.iter().filter_map(|alias| alias.parse().ok()) {
            entries.extend(self.alias(name, &alias)?);
        }
        Ok(entries)
    }

    /// Every move of an alias, from the first on.
    ///
    /// # Errors
    /// As [`Store::alias_entry`].
    pub fn history(&self, name: &Name, alias: &Alias) -> Result<Vec<AliasEntry>, StoreError> {
        let newest = self.head(&Log::alias(name, alias))?;
        (1..=newest).map(|number| self.alias_entry(name, alias, number)).collect()
    }

    /// Lets an alias stand on a version. Where it does so already, nothing is written.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such version, [`StoreError::Blob`] when its blob is missing
    /// or of another size.
    pub fn set_alias(
        &self,
        name: &Name,
        alias: &Alias,
        version: u64,
    ) -> Result<AliasEntry, StoreError> {
        let (manifest, manifest_sha256) = self.manifest(name, version)?;
        self.has_blobs(&manifest)?;
        let (entry, _) = self.move_alias(name, alias, |_| {
            Ok(Move {
                version: manifest.version,
                manifest_sha256: manifest_sha256.clone(),
                action: Action::Set,
                restores: None,
                reason: None,
            })
        })?;
        Ok(entry)
    }

    /// Lets an alias stand on what it stood on before. Again: on what it stood on before that.
    ///
    /// # Errors
    /// [`StoreError::NothingBefore`] when there is nothing left to go back to; what is wrong with the version
    /// that it would stand on, and [`StoreError::NotAdmitted`] when the policy does not want it.
    pub fn rollback(&self, name: &Name, alias: &Alias) -> Result<AliasEntry, StoreError> {
        self.standing(name, alias)?;
        let (entry, _) = self.move_alias(name, alias, |current| {
            let nothing = |version| StoreError::NothingBefore {
                name: name.to_string(),
                alias: alias.to_string(),
                version,
            };
            let Some(current) = current else { return Err(nothing(0)) };
            // A rollback stands where the move stood that it went back to.
            let before = current.restores.unwrap_or(current.number).saturating_sub(1);
            if before == 0 {
                return Err(nothing(current.version));
            }
            let entry = self.alias_entry(name, alias, before)?;
            // Whoever goes back is in trouble already: a version that cannot be used is no help.
            self.has_blobs(&*self.entry_manifest(name, alias, &entry)?)?;
            Ok(Move {
                version: entry.version,
                manifest_sha256: entry.manifest_sha256,
                action: Action::Rollback,
                restores: Some(entry.restores.unwrap_or(entry.number)),
                reason: None,
            })
        })?;
        Ok(entry)
    }

    /// Says what is missing or of another size of the blobs of a version, without reading them.
    fn has_blobs(&self, manifest: &Manifest) -> Result<(), StoreError> {
        manifest.blobs.iter().try_for_each(|blob| transfer::place_of(&self.backend, blob).map(drop))
    }

    /// Adds a move. `decide` is told where the alias stands, and is asked again when another move
    /// came between; it may refuse. A move to where the alias stands already is not written: then the
    /// entry is the old one, and the answer false.
    pub(super) fn move_alias(
        &self,
        name: &Name,
        alias: &Alias,
        mut decide: impl FnMut(Option<&AliasEntry>) -> Result<Move, StoreError>,
    ) -> Result<(AliasEntry, bool), StoreError> {
        let log = Log::alias(name, alias);
        let (entry, is_new) = self.heads.append(&self.backend, &log, |number| {
            let current = match number {
                1 => None,
                _ => Some(self.alias_entry(name, alias, number.saturating_sub(1))?),
            };
            let decided = decide(current.as_ref())?;
            let same = |entry: &AliasEntry| {
                entry.version == decided.version && entry.manifest_sha256 == decided.manifest_sha256
            };
            if let Some(entry) = current.as_ref().filter(|entry| same(entry)) {
                return Ok(((entry.clone(), false), None));
            }
            let entry = AliasEntry {
                name: name.to_string(),
                alias: alias.to_string(),
                number,
                version: decided.version,
                manifest_sha256: decided.manifest_sha256,
                previous: current.map(|entry| entry.version),
                action: decided.action,
                restores: decided.restores,
                reason: decided.reason,
                created: self.now(),
                tool_version: env!("CARGO_PKG_VERSION").to_owned(),
                nonce: nonce(),
            };
            let bytes = SCHEMA.seal(&log.place(number), &entry)?;
            Ok(((entry, true), Some(bytes)))
        })?;
        Ok((entry, is_new))
    }

    /// The manifest that an alias stands on, with the entry that says so.
    ///
    /// # Errors
    /// As [`Store::find`].
    pub fn alias_manifest(
        &self,
        name: &Name,
        alias: &Alias,
    ) -> Result<(AliasEntry, Manifest), StoreError> {
        let entry = self.standing(name, alias)?;
        let manifest = self.entry_manifest(name, alias, &entry)?;
        Ok((Arc::unwrap_or_clone(entry), Arc::unwrap_or_clone(manifest)))
    }
}

/// The entry of an alias that bytes are.
fn opened(name: &Name, alias: &Alias, number: u64, bytes: &[u8]) -> Result<AliasEntry, StoreError> {
    let place = Log::alias(name, alias).place(number);
    let entry: AliasEntry = SCHEMA.open(&place, bytes)?;
    let found = (entry.name.as_str(), entry.alias.as_str(), entry.number);
    let restores = entry.restores.is_none_or(|restored| (1..number).contains(&restored));
    let is_right = found == (name.as_str(), alias.as_str(), number)
        && entry.version > 0
        && layout::is_sha256(&entry.manifest_sha256)
        && restores
        && entry.restores.is_some() == (entry.action == Action::Rollback);
    match is_right {
        true => Ok(entry),
        false => Err(StoreError::document(
            &place,
            format!("move {number} of alias {alias} of {name}"),
            format!("{:?}", (found, entry.version, entry.action, entry.restores)),
        )),
    }
}

/// Says that an entry of an alias is missing below the newest.
fn gap(name: &Name, alias: &Alias, number: u64) -> StoreError {
    let log = Log::alias(name, alias);
    let (missing, present) = (log.place(number), log.place(number.saturating_add(1)));
    StoreError::Gap { missing, present }
}
