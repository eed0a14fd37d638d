//! Where array bytes live: one reference-counted type for owned and zero-copy use.
//!
//! A [`Storage`] is an arena of our own, an adopted `Vec<T>`, a memory map, or
//! bytes that somebody else owns. Cloning it clones a reference, never bytes.
//!
//! An [`Arena`] carries its [`PagePolicy`], because page faults and not parsing
//! are most of the cost of loading a large model: copying 10 MB into fresh 4 KiB
//! pages takes several times as long as copying it into huge pages.

use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use memmap2::Mmap;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use super::arena::{ARENA_ALIGNMENT, Arena, HUGE_PAGE};
use super::array::Element;

/// Below this size [`PagePolicy::Auto`] takes memory from the allocator: no huge page fits in it,
/// and faults of fresh small pages would cost several times the copy that they serve, where an
/// allocator often has warm memory at hand.
pub const AUTO_HEAP_BELOW: usize = HUGE_PAGE;

/// Which pages back a fresh arena. It is part of the name of every measured row.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, PartialOrd, Ord,
)]
#[serde(rename_all = "kebab-case")]
pub enum PagePolicy {
    /// The allocator below [`AUTO_HEAP_BELOW`], huge pages from there on.
    #[default]
    Auto,
    /// The global allocator, whatever it does.
    Heap,
    /// Fresh anonymous pages of the system's base size (4 KiB on x86-64).
    Small,
    /// Fresh anonymous pages with `MADV_HUGEPAGE`, aligned so that it can take effect.
    Huge,
}

impl PagePolicy {
    /// The policy that is really used for an arena of `len` bytes.
    pub fn resolve(self, len: usize) -> PagePolicy {
        match self {
            PagePolicy::Auto if len < AUTO_HEAP_BELOW => PagePolicy::Heap,
            PagePolicy::Auto => PagePolicy::Huge,
            other => other,
        }
    }

    /// The name used in records and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            PagePolicy::Auto => "auto",
            PagePolicy::Heap => "heap",
            PagePolicy::Small => "small",
            PagePolicy::Huge => "huge",
        }
    }
}

/// Why memory could not be had or a range does not fit.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The system gave no memory for an arena.
    #[error("no memory for an arena of {bytes} bytes: {source}")]
    OutOfMemory {
        /// How many bytes were asked for.
        bytes: usize,
        /// What the system said.
        source: std::io::Error,
    },
    /// A size computation left the range of the address space.
    #[error("a size of more than {} bytes cannot be addressed", usize::MAX)]
    Overflow,
    /// A range reaches past the end of the storage.
    #[error("bytes {start}..{end} asked for, but the storage holds {len}")]
    OutOfRange {
        /// First byte of the range.
        start: usize,
        /// One past its last byte.
        end: usize,
        /// How many bytes there are.
        len: usize,
    },
    /// A file could not be mapped.
    #[error("cannot map the file: {0}")]
    Map(#[source] std::io::Error),
}

const PAGE: usize = 4096;

/// From here on the place in a page decides over a third of the time of a copy, and a page more
/// is nothing.
const LARGE_COPY: usize = 128 * 1024;

/// How far into a page a copy of `source` should begin, so that it is fast: as far as `source`
/// does, or a little further.
///
/// The C library picks between ways to copy by the distance of source and target within a page.
/// 10 MB into fresh huge pages took 0.94 ms where the target lay 0 to 192 bytes further into its
/// page than the source, and 1.48 ms elsewhere (glibc 2.36, AMD EPYC).
pub fn copy_offset(source: &[u8]) -> usize {
    let within = if source.len() >= LARGE_COPY { PAGE } else { ARENA_ALIGNMENT };
    source.as_ptr() as usize % within
}

/// Plans one arena for many arrays: reserve each, allocate once, write each.
///
/// ```
/// use deadweight::base::storage::{ArenaLayout, PagePolicy};
/// let mut layout = ArenaLayout::default();
/// let first = layout.reserve(3)?;
/// let second = layout.reserve(8)?;
/// let mut arena = layout.allocate(PagePolicy::Auto)?;
/// arena.write(first, b"abc")?;
/// arena.write(second.clone(), &7u64.to_le_bytes())?;
/// assert_eq!(second.start % 64, 0);
/// # Ok::<(), deadweight::base::StorageError>(())
/// ```
#[derive(Debug, Default, Clone)]
pub struct ArenaLayout {
    len: usize,
}

impl ArenaLayout {
    /// Sets `bytes` aside and returns where they will lie.
    ///
    /// # Errors
    /// [`StorageError::Overflow`] when the sum cannot be addressed.
    pub fn reserve(&mut self, bytes: usize) -> Result<Range<usize>, StorageError> {
        let start =
            self.len.checked_next_multiple_of(ARENA_ALIGNMENT).ok_or(StorageError::Overflow)?;
        let end = start.checked_add(bytes).ok_or(StorageError::Overflow)?;
        self.len = end;
        Ok(start..end)
    }

    /// Sets as many bytes aside as `source` has, where copying it is fastest: see [`copy_offset`].
    ///
    /// # Errors
    /// As [`ArenaLayout::reserve`].
    pub fn reserve_for(&mut self, source: &[u8]) -> Result<Range<usize>, StorageError> {
        if source.len() >= LARGE_COPY {
            let aligned = copy_offset(source).next_multiple_of(ARENA_ALIGNMENT) % PAGE;
            let ahead = aligned.checked_sub(self.len % PAGE).unwrap_or_else(|| {
                // Not on this page any more: on the next.
                aligned.saturating_add(PAGE).saturating_sub(self.len % PAGE)
            });
            self.len = self.len.checked_add(ahead).ok_or(StorageError::Overflow)?;
        }
        self.reserve(source.len())
    }

    /// How many bytes the arena will need.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when nothing was reserved.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes the memory.
    ///
    /// # Errors
    /// As [`Arena::zeroed`].
    pub fn allocate(&self, pages: PagePolicy) -> Result<Arena, StorageError> {
        Arena::zeroed(self.len, pages)
    }
}

/// Reference-counted bytes. Clone it freely: the bytes are never copied.
#[derive(Clone)]
pub struct Storage(Arc<Inner>);

enum Inner {
    Arena(Arena),
    Adopted(Box<dyn AsBytes>),
    Map(Mmap),
    Owner(Box<dyn AsRef<[u8]> + Send + Sync>),
    Static(&'static [u8]),
}

trait AsBytes: Send + Sync {
    fn as_bytes(&self) -> &[u8];
}

impl<T: Element> AsBytes for Vec<T> {
    fn as_bytes(&self) -> &[u8] {
        bytemuck::cast_slice(self)
    }
}

impl Storage {
    /// Adopts a vector: its memory becomes the storage, nothing is copied.
    pub fn adopt<T: Element>(values: Vec<T>) -> Self {
        Storage(Arc::new(Inner::Adopted(Box::new(values))))
    }

    /// Borrows bytes from a value that is kept alive as long as the storage is: an
    /// `Arc<[u8]>`, a buffer of another library, a guard.
    pub fn from_owner(owner: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Storage(Arc::new(Inner::Owner(Box::new(owner))))
    }

    /// Borrows bytes that live as long as the program (`include_bytes!`).
    pub fn from_static(bytes: &'static [u8]) -> Self {
        Storage(Arc::new(Inner::Static(bytes)))
    }

    /// Copies `bytes` into a fresh arena.
    ///
    /// # Errors
    /// As [`Arena::zeroed`].
    pub fn copy_of(bytes: &[u8], pages: PagePolicy) -> Result<Self, StorageError> {
        let mut arena = Arena::zeroed(bytes.len(), pages)?;
        arena.write(0..bytes.len(), bytes)?;
        Ok(arena.into())
    }

    /// The arena behind the bytes, to be filled again; `None` when there is another handle, or when
    /// they are no arena's.
    pub fn into_arena(self) -> Option<Arena> {
        match Arc::into_inner(self.0) {
            Some(Inner::Arena(arena)) => Some(arena),
            _ => None,
        }
    }

    /// Maps a whole file for reading; pages come in when they are touched.
    ///
    /// # Safety
    /// The file must be neither truncated nor changed by anyone while the storage lives:
    /// truncation kills the process (SIGBUS), a change alters bytes behind shared references.
    /// Map only files that this program wrote and keeps private; read all others with
    /// [`Storage::copy_of`] or `Storage::adopt`.
    ///
    /// # Errors
    /// [`StorageError::Map`] when the system refuses.
    pub unsafe fn map_file(file: &File) -> Result<Self, StorageError> {
        // SAFETY: the caller promises that the file stays as it is.
        let map = unsafe { Mmap::map(file) }.map_err(StorageError::Map)?;
        Ok(Storage(Arc::new(Inner::Map(map))))
    }

    /// All bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match &*self.0 {
            Inner::Arena(arena) => arena.written(),
            Inner::Adopted(values) => values.as_bytes(),
            Inner::Map(map) => map,
            Inner::Owner(owner) => (**owner).as_ref(),
            Inner::Static(bytes) => bytes,
        }
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Where `part`, a slice that was borrowed from this storage, lies inside it.
    ///
    /// A parser that hands out slices of its input is turned into ranges this way, without
    /// copying. `None` when `part` is not inside this storage.
    pub fn range_of(&self, part: &[u8]) -> Option<Range<usize>> {
        let whole = self.as_bytes().as_ptr_range();
        let part_range = part.as_ptr_range();
        if part_range.start < whole.start || part_range.end > whole.end {
            return None;
        }
        let start = (part_range.start as usize).checked_sub(whole.start as usize)?;
        Some(start..start.checked_add(part.len())?)
    }

    /// What backs the bytes: `arena`, `adopted`, `map`, `borrowed`.
    pub fn backing(&self) -> &'static str {
        match &*self.0 {
            Inner::Arena(_) => "arena",
            Inner::Adopted(_) => "adopted",
            Inner::Map(_) => "map",
            Inner::Owner(_) | Inner::Static(_) => "borrowed",
        }
    }
}

impl From<Arena> for Storage {
    fn from(mut arena: Arena) -> Self {
        arena.finish();
        Storage(Arc::new(Inner::Arena(arena)))
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Storage({}, {} bytes)", self.backing(), self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_of_the_storage_is_found_again_and_a_foreign_one_is_not() {
        let storage = Storage::adopt(vec![1u8, 2, 3, 4, 5]);
        let part = &storage.as_bytes()[1..4];
        assert_eq!(storage.range_of(part), Some(1..4));
        assert_eq!(storage.range_of(&[1, 2, 3]), None);
    }

    #[test]
    fn adopting_a_vector_keeps_its_memory() {
        let values = vec![1.0f64, 2.0];
        let address = values.as_ptr() as usize;
        let storage = Storage::adopt(values);
        assert_eq!(storage.as_bytes().as_ptr() as usize, address);
        assert_eq!(storage.len(), 16);
    }
}
