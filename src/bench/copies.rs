//! The encoded bytes of a model, a few times over, each sample from another copy.
//!
//! How long a copy takes depends by a third and more on how far into a page its source begins, against its
//! target (see [`copy_offset`](crate::base::storage::copy_offset)), and a process draws once where a buffer
//! lies. Copies of equal size that lie one behind the other share that luck: all of a format begin about as far
//! into a page. So each begins at another place of it, the same places for every format, and from them in
//! turn a process shows their average.
//!
//! There are seven, because slow cases take part in every second, fourth, eighth round: with an even number
//! they would come to some of the copies alone.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::around::Around;
use crate::base::case::Case;
use crate::base::storage::{ARENA_ALIGNMENT, AUTO_HEAP_BELOW, Arena};
use crate::base::{PagePolicy, Storage, StorageError};

/// Copies of what is small.
pub(super) const COUNT: usize = 7;

/// Of what is larger there is one copy, which begins with a page: several would take much memory.
const SMALL_BYTES: usize = 1 << 20;

pub(super) const PAGE: usize = 4096;

/// Equal bytes in several places, of which one is current.
pub(super) struct Copies {
    all: Vec<Storage>,
    current: AtomicUsize,
}

/// The bytes that have others before and behind them in an arena.
struct Placed {
    arena: Storage,
    range: Range<usize>,
}

impl AsRef<[u8]> for Placed {
    fn as_ref(&self) -> &[u8] {
        &self.arena.as_bytes()[self.range.clone()]
    }
}

/// Copies bytes to where a page has `offset` bytes before them.
fn copy_at(bytes: &[u8], offset: usize) -> Result<Storage, StorageError> {
    if bytes.len() >= AUTO_HEAP_BELOW && offset == 0 {
        // Pages of its own, huge ones, begin it anyway.
        return Storage::copy_of(bytes, PagePolicy::Auto);
    }
    let len = bytes.len().checked_add(PAGE).ok_or(StorageError::Overflow)?;
    let mut arena = Arena::zeroed(len, PagePolicy::Auto)?;
    let base = arena.as_mut_slice().as_ptr() as usize % PAGE;
    let start = (offset + PAGE - base) % PAGE;
    let range = start..start + bytes.len();
    arena.write(range.clone(), bytes)?;
    Ok(Storage::from_owner(Placed { arena: arena.into(), range }))
}

impl Copies {
    /// Copies bytes to aligned memory, several times where they are small.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, StorageError> {
        let count = if bytes.len() <= SMALL_BYTES { COUNT } else { 1 };
        let offset = |copy: usize| PAGE * copy / COUNT / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
        let all = (0..count).map(|copy| copy_at(bytes, offset(copy)));
        Ok(Copies { all: all.collect::<Result<_, _>>()?, current: AtomicUsize::new(0) })
    }

    /// What there is one of.
    pub(super) fn one(storage: Storage) -> Self {
        Copies { all: vec![storage], current: AtomicUsize::new(0) }
    }

    /// The current copy.
    pub(super) fn current(&self) -> &Storage {
        &self.all[self.current.load(Ordering::Relaxed) % self.all.len()]
    }

    fn turn_to(&self, copy: usize) {
        self.current.store(copy, Ordering::Relaxed);
    }
}

/// A case that takes the next copy when it is moved on. Each counts for itself: where cases of a format
/// moved on together, one that takes part with six others would always find the same copy.
pub(super) struct Moving {
    inner: Box<dyn Case>,
    copies: Arc<Copies>,
    copy: usize,
}

impl Moving {
    pub(super) fn new(inner: Box<dyn Case>, copies: Arc<Copies>) -> Self {
        Moving { inner, copies, copy: 0 }
    }
}

impl Around for Moving {
    fn inner(&self) -> &dyn Case {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut dyn Case {
        &mut *self.inner
    }

    fn move_around(&mut self) {
        self.copy += 1;
        self.copies.turn_to(self.copy);
        self.inner.move_on();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::base::case::{CaseError, CaseId, Operation};
    use crate::bench::fakes::id;

    /// Takes as long as it is far into the page.
    struct Place(CaseId, Arc<Copies>);

    impl Case for Place {
        fn id(&self) -> &CaseId {
            &self.0
        }

        fn bytes(&self) -> u64 {
            1
        }

        fn max_iterations(&self) -> u64 {
            1
        }

        fn run(&mut self, _: u64) -> Result<u64, CaseError> {
            Ok((self.1.current().as_bytes().as_ptr() as usize % PAGE) as u64)
        }
    }

    #[test]
    fn every_case_comes_to_every_copy_however_many_take_part() {
        let copies = Arc::new(Copies::of(&[7; 1000]).unwrap());
        let case = || {
            let place = Place(id(Operation::Decode), copies.clone());
            Moving::new(Box::new(place), copies.clone())
        };
        // Slow cases take part in every second, fourth, eighth round, and are compared with those of the round.
        for every in [1, 2, 4, 8] {
            let (mut quick, mut slow) = (case(), case());
            let (mut places, mut met) = (BTreeSet::new(), BTreeSet::new());
            for round in 0..COUNT * every {
                quick.move_on();
                if round % every == 0 {
                    met.insert(quick.run(1).unwrap());
                    slow.move_on();
                    places.insert(slow.run(1).unwrap());
                }
            }
            assert_eq!((places.len(), met.len()), (COUNT, COUNT), "every {every}");
        }
    }

    fn addresses(copies: &Copies, bytes: &[u8]) -> Vec<usize> {
        let moved = (0..2 * COUNT).map(|copy| {
            copies.turn_to(copy);
            assert_eq!(copies.current().as_bytes(), bytes);
            copies.current().as_bytes().as_ptr() as usize
        });
        let mut addresses: Vec<usize> = moved.collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }

    #[test]
    fn each_copy_begins_at_another_place_of_a_page() {
        let expected = [0, 576, 1152, 1728, 2304, 2880, 3456];
        for len in [0, 1, 1000, 434_000, SMALL_BYTES] {
            let bytes: Vec<u8> = (0..len).map(|number| number as u8).collect();
            let addresses = addresses(&Copies::of(&bytes).unwrap(), &bytes);
            let mut places: Vec<usize> = addresses.iter().map(|address| address % PAGE).collect();
            places.sort_unstable();
            assert_eq!(places, expected, "{len}");
        }
    }

    #[test]
    fn what_is_larger_has_one_copy_that_begins_with_a_page() {
        for len in [SMALL_BYTES + 1, AUTO_HEAP_BELOW - 1, AUTO_HEAP_BELOW, 3 << 20] {
            let bytes = vec![7; len];
            let addresses = addresses(&Copies::of(&bytes).unwrap(), &bytes);
            assert_eq!((addresses.len(), addresses[0] % PAGE), (1, 0), "{len}");
        }
    }
}
