//! Memory that a decoder fills for a second time: the arena of parameters that nobody needs any more.
//!
//! Fresh pages are most of what loading a large model costs. Who loads one model after the other, as a
//! server does that gets new weights, can hand the memory of the last to the next. Nothing of what lay
//! there is ever seen: an array covers only bytes that were written for it.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::Parameters;
use super::storage::{Arena, PagePolicy, Storage, StorageError};

/// An arena that may be filled again, or none. A clone is the same arena: who asks first gets it.
///
/// ```
/// use deadweight::base::{Array, PagePolicy, Parameters, Spare};
/// let mut old = Parameters::new("arrays", 1);
/// old.insert("x", Array::copied_from(deadweight::base::DType::U8, &[100], &[7; 100], PagePolicy::Heap)?)?;
/// let spare = Spare::of(old);
/// assert!(spare.is_ready());
/// let arena = spare.arena(90, PagePolicy::Heap)?;
/// assert!(!spare.is_ready());
/// assert_eq!(arena.len(), 90);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Spare(Arc<Mutex<Option<Arena>>>);

impl Spare {
    /// Takes parameters apart for the largest arena behind their arrays. There is none when something
    /// else still uses it (a model, a clone of an array), or when the arrays are vectors or maps.
    pub fn of(parameters: Parameters) -> Self {
        let mut largest: Option<Storage> = None;
        for array in parameters.into_arrays() {
            // The arrays of one arena all hold it: each must go before it can be had.
            let storage = array.storage();
            if largest.as_ref().is_none_or(|largest| largest.len() < storage.len()) {
                largest = Some(storage.clone());
            }
        }
        Spare(Arc::new(Mutex::new(largest.and_then(Storage::into_arena))))
    }

    /// True while the arena waits to be filled.
    pub fn is_ready(&self) -> bool {
        self.0.lock().is_ok_and(|arena| arena.is_some())
    }

    /// The arena, cut to `len` bytes, where it was made with as many and not more than twice as many, whatever
    /// it was cut to since; fresh memory otherwise. Bytes of an arena that is reused are not zero.
    ///
    /// # Errors
    /// As [`Arena::zeroed`].
    pub fn arena(&self, len: usize, pages: PagePolicy) -> Result<Arena, StorageError> {
        let waiting = self.0.lock().ok().and_then(|mut arena| arena.take());
        match waiting {
            Some(arena) if (len..=len.saturating_mul(2)).contains(&arena.whole()) => {
                Ok(arena.cut(len))
            }
            _ => Arena::zeroed(len, pages),
        }
    }

    /// Copies bytes into memory that [`Spare::arena`] gives.
    ///
    /// # Errors
    /// As [`Arena::zeroed`].
    pub fn copy_of(&self, bytes: &[u8], pages: PagePolicy) -> Result<Storage, StorageError> {
        let mut arena = self.arena(bytes.len(), pages)?;
        arena.write(0..bytes.len(), bytes)?;
        Ok(arena.into())
    }

    /// Overwrites the arena that waits, so that a test sees what was not written anew.
    pub fn overwrite(&self, byte: u8) {
        if let Ok(mut arena) = self.0.lock()
            && let Some(arena) = arena.as_mut()
        {
            arena.as_mut_slice().fill(byte);
        }
    }
}

impl fmt::Debug for Spare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_ready() { "Spare(ready)" } else { "Spare(none)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Array;

    fn of_bytes(bytes: &[u8]) -> Array {
        Array::copied_from(crate::base::DType::U8, &[bytes.len()], bytes, PagePolicy::Small)
            .unwrap()
    }

    #[test]
    fn memory_is_given_once_and_only_where_it_fits() {
        let parameters = |length| {
            let mut parameters = Parameters::new("arrays", 1);
            parameters.insert("small", of_bytes(&[1; 3])).unwrap();
            parameters.insert("large", of_bytes(&vec![2; length])).unwrap();
            parameters
        };
        let spare = Spare::of(parameters(1000));
        let address = |arena: &mut Arena| arena.as_mut_slice().as_ptr() as usize;
        let mut first = spare.clone().arena(1000, PagePolicy::Heap).unwrap();
        assert_eq!(first.as_mut_slice(), [2; 1000]);
        let mut second = spare.arena(1000, PagePolicy::Heap).unwrap();
        assert_ne!(address(&mut first), address(&mut second));
        assert_eq!(second.as_mut_slice(), [0; 1000]);
        for wrong in [1001, 499] {
            let mut fresh = Spare::of(parameters(1000)).arena(wrong, PagePolicy::Heap).unwrap();
            assert!(fresh.as_mut_slice().iter().all(|byte| *byte == 0), "{wrong}");
        }
    }

    #[test]
    fn what_was_cut_off_is_not_lost() {
        let arena = Arena::zeroed(1000, PagePolicy::Heap).unwrap();
        let address = |arena: &mut Arena| arena.as_mut_slice().as_ptr() as usize;
        let mut arena = arena.cut(600);
        let place = address(&mut arena);
        assert_eq!((arena.len(), arena.whole()), (600, 1000));
        let spare = Spare(Arc::new(Mutex::new(Some(arena))));
        let mut again = spare.arena(900, PagePolicy::Heap).unwrap();
        assert_eq!((again.len(), address(&mut again)), (900, place));
        assert_eq!(again.as_mut_slice(), [0; 900]);
    }

    #[test]
    fn memory_that_something_uses_stays_where_it_is() {
        let mut parameters = Parameters::new("arrays", 1);
        parameters.insert("x", of_bytes(&[5; 64])).unwrap();
        let kept = parameters.get("x").unwrap().clone();
        assert!(!Spare::of(parameters).is_ready());
        assert_eq!(kept.as_bytes(), [5; 64]);
    }
}
