//! Numbered entries that are written once: how the newest is found, and how the next is added.
//!
//! Nothing says which number is the newest, since nothing in a store is ever updated. Entries have no
//! gaps, so it is found by doubling and halving: about two looks for each binary digit of the number,
//! whatever else is in the store. A number that was known before makes it three, and one, at the folder,
//! while nothing in it was added or taken away.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::StoreError;
use super::backend::Backend;
use super::layout::{Log, MAX_NUMBER};
use super::remembered::Identity;

/// Most times that a writer tries to be the first. Each time it was not, another was: so many
/// writers at once are one too many.
const ATTEMPTS: u32 = 1000;

/// Enough logs for the names that one process asks for; a search without what was known is still short.
const MOST: usize = 10_000;

/// The newest number that was seen of each log.
#[derive(Default)]
pub(super) struct Heads(Mutex<HashMap<String, Head>>);

#[derive(Debug, Clone, Copy, Default)]
struct Head {
    number: u64,
    /// The folder as it was before the number was found, where a change since then would show.
    folder: Option<Identity>,
}

impl Heads {
    /// The newest number of a log, 0 where there is none.
    pub fn newest(&self, backend: &Backend, log: &Log) -> Result<u64, StoreError> {
        // Looked at before the entries: what comes in between makes it another folder. And the time before
        // that: a process may stand still at any place here.
        let now = SystemTime::now();
        let folder = backend.folder_identity(&log.folder);
        let known = self.get(log);
        if folder.is_some() && folder == known.folder {
            return Ok(known.number);
        }
        let number = head(backend, log, known.number)?;
        let folder = folder.filter(|folder| folder.is_settled(now));
        self.set(log, Head { number, folder });
        Ok(number)
    }

    /// Adds an entry behind the newest. `make` is given the number that it will have, and is asked again
    /// when another writer was faster; it may refuse, and without bytes nothing is added.
    pub fn append<T>(
        &self,
        backend: &Backend,
        log: &Log,
        make: impl FnMut(u64) -> Result<(T, Option<Vec<u8>>), StoreError>,
    ) -> Result<T, StoreError> {
        let (number, entry) = append(backend, log, self.get(log).number, make)?;
        self.set(log, Head { number, folder: None });
        Ok(entry)
    }

    fn get(&self, log: &Log) -> Head {
        let heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heads.get(&log.folder).copied().unwrap_or_default()
    }

    fn set(&self, log: &Log, head: Head) {
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heads.len() >= MOST {
            heads.clear();
        }
        heads.insert(log.folder.clone(), head);
    }
}

/// The newest number, 0 where there is no entry. `known` is one that was there before, or 0.
fn head(backend: &Backend, log: &Log, known: u64) -> Result<u64, StoreError> {
    newest(known, |number| match number {
        0..=MAX_NUMBER => Ok(backend.head(&log.place(number))?.is_some()),
        _ => Ok(false),
    })?
    .map_err(|missing| StoreError::Gap {
        missing: log.place(missing),
        present: log.place(missing.saturating_add(1)),
    })
}

/// The newest number by what exists; the number that is missing below another as the inner error.
fn newest(
    known: u64,
    mut exists: impl FnMut(u64) -> Result<bool, StoreError>,
) -> Result<Result<u64, u64>, StoreError> {
    // Another store may be at this place by now.
    let mut low = if known > 0 && exists(known)? { known } else { 0 };
    loop {
        let mut step = 1u64;
        let mut high = low.saturating_add(step);
        while exists(high)? {
            low = high;
            step = step.saturating_mul(2);
            high = low.saturating_add(step);
        }
        while high.saturating_sub(low) > 1 {
            let middle = low.midpoint(high);
            match exists(middle)? {
                true => low = middle,
                false => high = middle,
            }
        }
        // A hole in the middle would look like the end, and its number be given again.
        if !exists(high.saturating_add(1))? {
            return Ok(Ok(low));
        }
        // Two writers may have been at it between the two looks.
        match exists(high)? {
            true => low = high,
            false => return Ok(Err(high)),
        }
    }
}

/// Adds an entry behind the newest, and says the newest number that is there then.
fn append<T>(
    backend: &Backend,
    log: &Log,
    known: u64,
    mut make: impl FnMut(u64) -> Result<(T, Option<Vec<u8>>), StoreError>,
) -> Result<(u64, T), StoreError> {
    let mut newest = head(backend, log, known)?;
    for _ in 0..ATTEMPTS {
        let number = newest.saturating_add(1);
        let place = log.place(number);
        if number > MAX_NUMBER {
            let expected = format!("at most {MAX_NUMBER} entries");
            return Err(StoreError::document(&place, expected, "one more"));
        }
        let (entry, bytes) = make(number)?;
        let Some(bytes) = bytes else { return Ok((newest, entry)) };
        if backend.create(&place, bytes)? {
            return Ok((number, entry));
        }
        newest = head(backend, log, number)?;
    }
    Err(StoreError::Busy { place: log.folder.clone(), attempts: ATTEMPTS })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(known: u64, last: u64, missing: Option<u64>) -> (Result<u64, u64>, u32) {
        let mut looks = 0;
        let found = newest(known, |number| {
            looks += 1;
            Ok((1..=last).contains(&number) && Some(number) != missing)
        });
        (found.unwrap(), looks)
    }

    #[test]
    fn the_newest_is_found_in_few_looks() {
        for last in (0..600).chain([9_999, 10_000, 1_000_000, MAX_NUMBER]) {
            let (found, looks) = looked(0, last, None);
            assert_eq!(found, Ok(last));
            assert!(looks <= 2 * (64 - last.leading_zeros()) + 3, "{last}: {looks}");
            assert_eq!(looked(last, last, None), (Ok(last), if last > 0 { 3 } else { 2 }));
            // What was known is of another store.
            assert_eq!(looked(last + 7, last, None).0, Ok(last));
        }
    }

    #[test]
    fn a_number_that_was_taken_away_is_not_given_again() {
        for last in 2..200 {
            for missing in 1..last {
                let (found, _) = looked(0, last, Some(missing));
                assert!(
                    found == Ok(last) || found == Err(missing),
                    "{missing} of {last}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn a_folder_that_stayed_as_it_was_is_not_searched_again_and_one_that_changed_is() {
        let folder = tempfile::tempdir().unwrap();
        let backend = Backend::open(folder.path().to_str().unwrap(), true, false).unwrap();
        let log = Log { folder: "log".into() };
        let heads = Heads::default();
        let file = |number| folder.path().join(log.place(number));
        let newest = || heads.newest(&backend, &log).unwrap();
        assert_eq!(newest(), 0);
        std::fs::create_dir(folder.path().join("log")).unwrap();
        for number in 1..=3 {
            std::fs::write(file(number), "{}").unwrap();
            assert_eq!(newest(), number);
        }
        // Just changed: not relied upon.
        assert_eq!(heads.get(&log).folder, None);
        std::thread::sleep(super::super::remembered::SETTLED);
        assert_eq!(newest(), 3);
        assert_eq!(heads.get(&log).folder, backend.folder_identity("log"));
        assert_eq!(newest(), 3);
        // By another process, and in another folder at the same place.
        std::fs::write(file(4), "{}").unwrap();
        assert_eq!(newest(), 4);
        std::fs::remove_file(file(4)).unwrap();
        assert_eq!(newest(), 3);
        std::fs::remove_dir_all(folder.path().join("log")).unwrap();
        assert_eq!(newest(), 0);
    }

    #[test]
    fn writers_between_two_looks_are_no_hole() {
        // Every look finds one more entry than the last.
        let mut last = 4;
        let found = newest(0, |number| {
            last += 1;
            Ok(number <= last.min(40))
        });
        assert_eq!(found.unwrap(), Ok(40));
    }
}
