//! The encoded bytes of a model, a few times over, each sample from another copy.
//!
//! A process draws once which pages a buffer gets, and in about one of eight a small model decoded by a third
//! slower than in the others, sample after sample, probably for what these pages share in a cache that is
//! looked up by them. From several buffers in turn, a process shows their average.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::around::Around;
use super::cases::Prepared;
use crate::base::case::Case;
use crate::base::storage::AUTO_HEAP_BELOW;
use crate::base::{PagePolicy, Storage, StorageError};

/// Copies of what is small. What is large has huge pages.
const COUNT: usize = 5;

/// Equal bytes in several places, of which one is current.
pub(super) struct Copies {
    all: Vec<Storage>,
    current: AtomicUsize,
}

impl Copies {
    /// Copies bytes to aligned memory, several times where they are small.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, StorageError> {
        let count = if bytes.len() < AUTO_HEAP_BELOW { COUNT } else { 1 };
        let copies = (0..count).map(|_| Storage::copy_of(bytes, PagePolicy::Auto));
        Ok(Copies { all: copies.collect::<Result<_, _>>()?, current: AtomicUsize::new(0) })
    }

    /// What there is one of.
    pub(super) fn one(storage: Storage) -> Self {
        Copies { all: vec![storage], current: AtomicUsize::new(0) }
    }

    /// The current copy.
    pub(super) fn current(&self) -> &Storage {
        &self.all[self.current.load(Ordering::Relaxed) % self.all.len()]
    }

    fn move_on(&self) {
        self.current.fetch_add(1, Ordering::Relaxed);
    }
}

/// A case that takes the next copy when it is moved on.
pub(super) struct Moving {
    pub(super) inner: Box<dyn Case>,
    pub(super) prepared: Arc<Prepared>,
}

impl Around for Moving {
    fn inner(&self) -> &dyn Case {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut dyn Case {
        &mut *self.inner
    }

    fn move_around(&mut self) {
        self.prepared.copies().move_on();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_move_leads_to_another_copy_of_the_same_bytes() {
        let bytes: Vec<u8> = (0..1000u32).map(|number| number as u8).collect();
        let copies = Copies::of(&bytes).unwrap();
        let mut addresses: Vec<*const u8> = (0..2 * COUNT)
            .map(|_| {
                copies.move_on();
                assert_eq!(copies.current().as_bytes(), bytes);
                copies.current().as_bytes().as_ptr()
            })
            .collect();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), COUNT);
        assert_eq!(Copies::of(&vec![0; AUTO_HEAP_BELOW]).unwrap().all.len(), 1);
    }
}
