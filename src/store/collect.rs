//! Deletes blobs that no version refers to, while others go on writing.
//!
//! A writer sends the blob before the manifest that refers to it, so a blob without a reference may be
//! one that is about to have one. What keeps it:
//!
//! 1. Only blobs older than the grace period are looked at, by the clock of the backend itself. A
//!    writer that finds its blob there makes it young before it goes on.
//! 2. What is to go is moved to the trash first. Then all manifests are read once more, and what one
//!    of them refers to is moved back.
//! 3. A writer looks for its blob once more after its manifest is there, and sends it again where it
//!    is missing.
//!
//! So whatever the clocks say: either the manifest was there before the blob was moved, and 2 finds
//! it; or it came later, and 3 does. Readers look into the trash, too, so a collection that is killed
//! between two steps takes nothing away; the next one begins with what the trash holds.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};

use super::document::MAX_BYTES;
use super::layout::{self, BLOBS, CLOCK, Entry, MODELS, TRASH, blob, sha256_of};
use super::open::nonce;
use super::{Blob, Manifest, Store, StoreError, silent, transfer};

/// How old a blob without a reference must be before it is deleted, unless something else is asked.
pub const GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// What a collection did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// Blobs that were deleted, by SHA-256, with their sizes in bytes.
    pub deleted: Vec<(String, u64)>,
    /// Blobs without a reference that are younger than the grace period.
    pub young: usize,
    /// Blobs that a version refers to.
    pub referenced: usize,
    /// Blobs that came out of the trash again, because a version refers to them.
    pub restored: usize,
    /// Pieces of writes that were never finished, which were deleted, or would be.
    pub leftovers: usize,
}

impl Store {
    /// Deletes blobs that no version refers to and that are older than `grace`; with `pretend` it
    /// only says which and writes nothing, so that ages are by the clock of this machine.
    ///
    /// # Errors
    /// When a manifest cannot be read: then nobody knows what it refers to, and nothing is deleted.
    pub fn collect(&self, grace: Duration, pretend: bool) -> Result<Collected, StoreError> {
        let mut collected = Collected::default();
        // The clock of the backend is only told by writing to it.
        let now = if pretend { Timestamp::now() } else { self.backend.now(&nonce())? };
        let grace_period = SignedDuration::try_from(grace).unwrap_or(SignedDuration::MAX);
        let mut old = Vec::new();
        let referenced = self.referenced()?;
        self.backend.each(BLOBS, |place, found| {
            let Some(sha256) = sha256_of(&place) else { return Ok(()) };
            match () {
                () if referenced.contains(sha256) => collected.referenced += 1,
                () if now.duration_since(found.modified) < grace_period => collected.young += 1,
                () => old.push((sha256.to_owned(), found.size)),
            }
            Ok(())
        })?;
        if pretend {
            old.sort();
            collected.deleted = old;
            collected.leftovers = self.old_leftovers(grace).len();
            return Ok(collected);
        }
        for (sha256, _) in &old {
            self.to_trash(sha256, grace_period)?;
        }
        self.empty_trash(&mut collected)?;
        let leftovers = self.old_leftovers(grace);
        let removed = leftovers.iter().filter(|path| std::fs::remove_file(path).is_ok());
        collected.leftovers = removed.count();
        Ok(collected)
    }

    /// Moves a blob to the trash, if it is still as old as it was.
    fn to_trash(&self, sha256: &str, grace: SignedDuration) -> Result<(), StoreError> {
        let (from, to) = (blob(BLOBS, sha256), blob(TRASH, sha256));
        let Some(found) = self.backend.head(&from)? else { return Ok(()) };
        let now = self.backend.now(&nonce())?;
        if now.duration_since(found.modified) < grace || !self.backend.copy(&from, &to)? {
            return Ok(());
        }
        self.backend.delete(&from)
    }

    /// Gives back what a manifest refers to, and deletes the rest.
    fn empty_trash(&self, collected: &mut Collected) -> Result<(), StoreError> {
        let mut trash = Vec::new();
        self.backend.each(TRASH, |place, found| {
            trash.extend(sha256_of(&place).map(|sha256| (sha256.to_owned(), found.size)));
            Ok(())
        })?;
        if trash.is_empty() {
            return Ok(());
        }
        trash.sort();
        // Read after all of it was moved: see the top of this file.
        let referenced = self.referenced()?;
        for (sha256, size) in trash {
            let (at, home) = (blob(TRASH, &sha256), blob(BLOBS, &sha256));
            if referenced.contains(&sha256) {
                // A writer may have sent it again: then no worse one is put in its place.
                let is_needed = match self.backend.head(&home)? {
                    None => true,
                    Some(found) if found.size == size => false,
                    Some(_) => {
                        let role = String::new();
                        let wanted = Blob { role, sha256: sha256.clone(), size };
                        transfer::is_whole(&self.backend, &at, &wanted, &silent)?
                    }
                };
                if is_needed {
                    self.backend.copy(&at, &home)?;
                    collected.restored += 1;
                }
            } else {
                collected.deleted.push((sha256, size));
            }
            self.backend.delete(&at)?;
        }
        Ok(())
    }

    /// The hash of every blob that a manifest refers to. A policy is not asked: what it does not
    /// admit today may be signed tomorrow.
    pub(super) fn referenced(&self) -> Result<HashSet<String>, StoreError> {
        let mut places = Vec::new();
        self.backend.each(MODELS, |place, _| {
            match layout::entry(&place) {
                Some(Entry::Manifest(name, version)) => places.push((place, name, version)),
                // Of a layout that is not known here: its blobs would be deleted.
                None if place.ends_with(".json") => {
                    return Err(StoreError::document(
                        &place,
                        "a manifest or an entry of an alias",
                        "another name",
                    ));
                }
                _ => {}
            }
            Ok(())
        })?;
        let mut referenced = HashSet::new();
        for (place, name, version) in places {
            let Some(bytes) = self.backend.read_small(&place, MAX_BYTES)? else { continue };
            let manifest = Manifest::open(&name, version, &bytes)?;
            referenced.extend(manifest.blobs.into_iter().map(|blob| blob.sha256));
        }
        Ok(referenced)
    }

    /// Pieces that killed writers left in a directory: the backend writes `NAME#1` and renames it. Only
    /// folders of the store are looked into, and only what it could have put there counts: a store may
    /// lie among files of others. Those of clouds are for a rule of the bucket.
    pub(super) fn leftovers(&self) -> Vec<PathBuf> {
        let Some(root) = self.backend.folder() else { return Vec::new() };
        let mut found = Vec::new();
        let mut waiting = vec![(String::new(), false), (CLOCK.to_owned(), false)];
        waiting.extend([BLOBS, TRASH, MODELS].map(|folder| (folder.to_owned(), true)));
        while let Some((folder, is_deep)) = waiting.pop() {
            let Ok(entries) = std::fs::read_dir(root.join(&folder)) else { continue };
            for entry in entries.flatten() {
                let (Ok(sort), name) = (entry.file_type(), entry.file_name()) else { continue };
                let Some(name) = name.to_str() else { continue };
                let place = match folder.as_str() {
                    "" => name.to_owned(),
                    folder => format!("{folder}/{name}"),
                };
                if sort.is_dir() && is_deep {
                    waiting.push((place, true));
                } else if sort.is_file() && layout::is_leftover(&place) {
                    found.push(entry.path());
                }
            }
        }
        found
    }

    /// Those that nobody is writing any more.
    fn old_leftovers(&self, grace: Duration) -> Vec<PathBuf> {
        let old = |path: &PathBuf| {
            let modified = path.metadata().and_then(|metadata| metadata.modified());
            modified.is_ok_and(|modified| {
                SystemTime::now().duration_since(modified).is_ok_and(|age| age >= grace)
            })
        };
        self.leftovers().into_iter().filter(old).collect()
    }
}
