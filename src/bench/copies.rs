//! The encoded bytes of a model, a few times over, each sample from another copy.
//!
//! How long a copy takes depends by a third and more on how far into a page its source begins, against its
//! target (see [`copy_offset`](crate::base::storage::copy_offset)), and a process draws once where a buffer
//! lies. Copies of equal size that lie one behind the other share that luck: all of a format begin about as far
//! into a page. So each begins at another place of it, the same places for every format, and from them in
//! turn a process shows their average.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::around::Around;
use crate::base::case::Case;
use crate::base::storage::{ARENA_ALIGNMENT, AUTO_HEAP_BELOW, Arena};
use crate::base::{PagePolicy, Storage, StorageError};

/// Copies of what is small, at most. What is large has huge pages, and begins with one.
const MOST: usize = 8;

/// All copies together take no more memory than this.
const MOST_BYTES: usize = 8 << 20;

const PAGE: usize = 4096;

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
        if bytes.len() + PAGE >= AUTO_HEAP_BELOW {
            return Ok(Copies::one(Storage::copy_of(bytes, PagePolicy::Auto)?));
        }
        let count = (MOST_BYTES / bytes.len().max(1)).clamp(1, MOST);
        let offset = |copy: usize| PAGE / count * copy / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
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
/// moved on together, one that takes part with seven others would always find the same copy.
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
    }
}

#[cfg(test)]
mod tests {
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
        let (mut one, mut others) = (case(), [case(), case(), case()]);
        let places = (0..MOST).map(|_| {
            others.iter_mut().for_each(Case::move_on);
            one.move_on();
            one.run(1).unwrap()
        });
        assert_eq!(places.collect::<std::collections::BTreeSet<_>>().len(), MOST);
    }

    fn addresses(copies: &Copies, bytes: &[u8]) -> Vec<usize> {
        let moved = (0..2 * MOST).map(|copy| {
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
        for len in [1, 1000, 434_000] {
            let bytes: Vec<u8> = (0..len).map(|number| number as u8).collect();
            let addresses = addresses(&Copies::of(&bytes).unwrap(), &bytes);
            let mut places: Vec<usize> = addresses.iter().map(|address| address % PAGE).collect();
            places.sort_unstable();
            assert_eq!(places, (0..MOST).map(|copy| PAGE / MOST * copy).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_large_takes_no_more_memory_than_it_may() {
        let bytes = vec![7; (2 << 20) - PAGE - 1];
        assert_eq!(addresses(&Copies::of(&bytes).unwrap(), &bytes).len(), 4);
        assert_eq!(Copies::of(&vec![0; AUTO_HEAP_BELOW]).unwrap().all.len(), 1);
        assert_eq!(addresses(&Copies::of(&[]).unwrap(), &[]).len(), MOST);
    }
}
