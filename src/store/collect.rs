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
//!
//! Several collections at once keep to that, since each has places of its own in the trash. Were a place
//! shared, a collection that found no version of a blob could delete what another one moved there
//! later, when a writer had put a version and seen its blob in place. For the same reason none deletes
//! what it did not see before it read the manifests. In a directory a move is one step, so what is
//! seen in the trash is gone from its old place, and nobody is about to delete it there. In a cloud a
//! move is a copy and a deletion: what another collection copied is left to it, until it is so old
//! (`ABANDONED`) that no request can still be on its way.

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

/// What another collection copied to the trash of a cloud is left to it for so long.
const ABANDONED: SignedDuration = SignedDuration::from_hours(24);

/// A blob in the trash.
struct Trashed {
    place: String,
    sha256: String,
    size: u64,
}

/// One collection, step by step, so that others can come between the steps.
struct Collection<'a> {
    store: &'a Store,
    /// The number that the places in the trash have.
    nonce: String,
    grace: SignedDuration,
    /// Blobs without a reference that are older than that, with their sizes.
    old: Vec<(String, u64)>,
    collected: Collected,
}

impl Store {
    /// Deletes blobs that no version refers to and that are older than `grace`; with `pretend` it
    /// only says which and writes nothing, so that ages are by the clock of this machine.
    ///
    /// # Errors
    /// When a manifest cannot be read: then nobody knows what it refers to, and nothing is deleted.
    pub fn collect(&self, grace: Duration, pretend: bool) -> Result<Collected, StoreError> {
        // The clock of the backend is only told by writing to it.
        let now = if pretend { Timestamp::now() } else { self.backend.now(&nonce())? };
        let mut collection = Collection::begin(self, now, grace)?;
        if pretend {
            let Collection { mut old, mut collected, .. } = collection;
            old.sort();
            collected.deleted = old;
            collected.leftovers = self.old_leftovers(grace).len();
            return Ok(collected);
        }
        collection.take()?;
        // Read after all of it was moved and seen: see the top of this file.
        let trash = collection.trash()?;
        let referenced = if trash.is_empty() { HashSet::new() } else { self.referenced()? };
        collection.empty(trash, &referenced)?;
        let mut collected = collection.collected;
        let leftovers = self.old_leftovers(grace);
        let removed = leftovers.iter().filter(|path| std::fs::remove_file(path).is_ok());
        collected.leftovers = removed.count();
        Ok(collected)
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

impl<'a> Collection<'a> {
    /// Finds what is old and without a reference.
    fn begin(store: &'a Store, now: Timestamp, grace: Duration) -> Result<Self, StoreError> {
        let grace = SignedDuration::try_from(grace).unwrap_or(SignedDuration::MAX);
        let (mut old, mut collected) = (Vec::new(), Collected::default());
        let referenced = store.referenced()?;
        store.backend.each(BLOBS, |place, found| {
            let Some(sha256) = sha256_of(&place) else { return Ok(()) };
            match () {
                () if referenced.contains(sha256) => collected.referenced += 1,
                () if now.duration_since(found.modified) < grace => collected.young += 1,
                () => old.push((sha256.to_owned(), found.size)),
            }
            Ok(())
        })?;
        Ok(Collection { store, nonce: nonce(), grace, old, collected })
    }

    /// Moves the old blobs to the trash that are still as old as they were.
    fn take(&self) -> Result<(), StoreError> {
        let backend = &self.store.backend;
        for (sha256, _) in &self.old {
            let from = blob(BLOBS, sha256);
            let Some(found) = backend.head(&from)? else { continue };
            let now = backend.now(&nonce())?;
            if now.duration_since(found.modified) >= self.grace {
                // One that went away meanwhile was another collection's.
                backend.rename(&from, &layout::trash(sha256, &self.nonce))?;
            }
        }
        Ok(())
    }

    /// What the trash holds that this collection may decide about.
    fn trash(&self) -> Result<Vec<Trashed>, StoreError> {
        let backend = &self.store.backend;
        let mut trash = Vec::new();
        let mut youngest_of_others = None;
        if backend.folder().is_none() {
            let now = backend.now(&nonce())?;
            youngest_of_others = Some(now.saturating_sub(ABANDONED).unwrap_or(Timestamp::MIN));
        }
        backend.each(TRASH, |place, found| {
            let Some(sha256) = sha256_of(&place).map(str::to_owned) else { return Ok(()) };
            let is_own = place == layout::trash(&sha256, &self.nonce);
            if is_own || youngest_of_others.is_none_or(|youngest| found.modified <= youngest) {
                trash.push(Trashed { place, sha256, size: found.size });
            }
            Ok(())
        })?;
        trash.sort_by(|a, b| a.place.cmp(&b.place));
        Ok(trash)
    }

    /// Gives back what a manifest refers to, and deletes the rest.
    fn empty(
        &mut self,
        trash: Vec<Trashed>,
        referenced: &HashSet<String>,
    ) -> Result<(), StoreError> {
        let backend = &self.store.backend;
        for Trashed { place, sha256, size } in trash {
            if referenced.contains(&sha256) {
                self.give_back(&place, &sha256, size)?;
            } else if self.collected.deleted.last().is_none_or(|(last, _)| *last != sha256) {
                self.collected.deleted.push((sha256, size));
            }
            backend.delete(&place)?;
        }
        Ok(())
    }

    /// Puts a blob in its place again, unless as good a one is there.
    fn give_back(&mut self, place: &str, sha256: &str, size: u64) -> Result<(), StoreError> {
        let (backend, home) = (&self.store.backend, blob(BLOBS, sha256));
        // A writer may have sent it again: then no worse one is put in its place.
        let is_given = match backend.head(&home)? {
            None => backend.copy_to_free(place, &home)?,
            Some(found) if found.size == size => false,
            Some(_) => {
                let wanted = Blob { role: String::new(), sha256: sha256.to_owned(), size };
                transfer::is_whole(backend, place, &wanted, &silent)?
                    && backend.copy(place, &home)?
            }
        };
        self.collected.restored += usize::from(is_given);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Array, Parameters};
    use crate::store::NewVersion;

    fn version(name: &str) -> NewVersion {
        let mut parameters = Parameters::new("linear_regression", 1).with("content", "predict");
        parameters.insert("coef", Array::from_vec(vec![2.0], &[1, 1]).unwrap()).unwrap();
        parameters.insert("intercept", Array::from_vec(vec![0.0], &[1]).unwrap()).unwrap();
        NewVersion::new(name.parse().unwrap(), parameters)
    }

    /// A store with one blob that no version refers to.
    fn with_an_orphan(folder: &std::path::Path) -> Store {
        let store = Store::create_volatile(folder.to_str().unwrap()).unwrap();
        store.put(version("gone")).unwrap();
        std::fs::remove_dir_all(folder.join("models/gone")).unwrap();
        store
    }

    /// Lets an hour go by for every blob: two clocks of a system may be some milliseconds apart.
    fn age(store: &Store) {
        let past = SystemTime::now() - Duration::from_secs(3600);
        store
            .backend
            .each(BLOBS, |place, _| {
                let path = std::path::Path::new(store.url()).join(place);
                let file = std::fs::File::options().write(true).open(path).unwrap();
                file.set_modified(past).unwrap();
                Ok(())
            })
            .unwrap();
    }

    /// What the steps of two collections and a put do to the blob in some order.
    struct Steps<'a> {
        store: &'a Store,
        collections: [Collection<'a>; 2],
        seen: [Option<(Vec<Trashed>, HashSet<String>)>; 2],
        has_put: bool,
    }

    impl Steps<'_> {
        /// 0 to 2 and 3 to 5: a collection moves, sees and reads, deletes. 6: somebody puts. False when
        /// what was acknowledged cannot be loaded after the step.
        fn step(&mut self, step: usize) -> bool {
            let (which, what) = (step / 3, step % 3);
            match (which, what) {
                (2, _) => {
                    self.store.put(version("wanted")).unwrap();
                    self.has_put = true;
                }
                (_, 0) => {
                    age(self.store);
                    self.collections[which].take().unwrap();
                }
                (_, 1) => {
                    let trash = self.collections[which].trash().unwrap();
                    self.seen[which] = Some((trash, self.store.referenced().unwrap()));
                }
                _ => {
                    let (trash, referenced) = self.seen[which].take().unwrap();
                    self.collections[which].empty(trash, &referenced).unwrap();
                }
            }
            !self.has_put || self.store.load("wanted", "1").is_ok()
        }
    }

    /// Every order of seven steps in which those of a collection follow each other.
    fn orders() -> Vec<Vec<usize>> {
        let mut orders: Vec<Vec<usize>> = vec![vec![]];
        for _ in 0..7 {
            let longer = |order: Vec<usize>| {
                let next = |from: usize| (from..from + 3).find(|step| !order.contains(step));
                let put = (!order.contains(&6)).then_some(6);
                let steps = [next(0), next(3), put].into_iter().flatten();
                steps.map(|step| [&*order, &[step]].concat()).collect::<Vec<_>>()
            };
            orders = orders.into_iter().flat_map(longer).collect();
        }
        orders
    }

    /// The orders in which what was acknowledged is lost, with the numbers of the two collections.
    fn orders_that_lose(numbers: [&str; 2]) -> Vec<Vec<usize>> {
        let mut lost = Vec::new();
        for order in orders() {
            let folder = tempfile::tempdir().unwrap();
            let store = with_an_orphan(folder.path());
            // Both have found it old and without a reference.
            let collections = numbers.map(|number| Collection {
                nonce: number.repeat(16),
                ..Collection::begin(&store, Timestamp::now(), Duration::ZERO).unwrap()
            });
            assert!(collections.iter().all(|collection| collection.old.len() == 1));
            let mut steps =
                Steps { store: &store, collections, seen: [None, None], has_put: false };
            if !order.iter().all(|step| steps.step(*step)) {
                lost.push(order);
                continue;
            }
            assert_eq!(store.verify(&silent).unwrap().problems, [], "{order:?}");
        }
        lost
    }

    #[test]
    fn two_collections_and_a_put_lose_nothing_in_any_order() {
        assert_eq!(orders().len(), 140, "7! / (3! 3! 1!)");
        assert_eq!(orders_that_lose(["0a", "0b"]), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn collections_that_shared_a_place_in_the_trash_would_lose_a_version() {
        let lost = orders_that_lose(["0a", "0a"]);
        // One has moved the blob and found no version; it is put again; the other moves it; the one deletes.
        assert!(lost.contains(&vec![0, 1, 6, 3, 2, 4, 5]), "{lost:?}");
    }
}
