//! Memory for the arrays of one model, in one piece: from the allocator or in pages of its own.
//!
//! In: a length and a page policy; then bytes, written or read from a file. Out: an [`Arena`], which becomes
//! a [`Storage`](super::Storage). Never: a byte that nobody wrote and that is not zero.

use std::alloc::{Layout, alloc, dealloc};
use std::fs::File;
use std::io::Read;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::ptr::NonNull;

use memmap2::MmapMut;

use super::accounting;
use super::storage::{PagePolicy, StorageError};

/// Every arena, and every array inside one, starts at a multiple of this many
/// bytes: a cache line, and the widest vector register of current processors.
pub const ARENA_ALIGNMENT: usize = 64;

/// A huge page of x86-64, and of aarch64 with base pages of 4 KiB.
pub const HUGE_PAGE: usize = 2 * 1024 * 1024;

/// A fresh, aligned buffer that becomes the [`Storage`](super::Storage) of one model.
///
/// Every byte that was not written is zero. Yet what is written from the start on, by [`Arena::write`] and
/// [`Arena::fill`], is not zeroed before: that would cost a block of the allocator as much as the copy itself.
pub struct Arena {
    backing: Backing,
    start: usize,
    len: usize,
    /// How many bytes it had when it was made.
    whole: usize,
    /// What was reported to [`accounting`]: nothing for a heap block, which the allocator reports.
    counted: usize,
}

enum Backing {
    Heap(HeapBlock),
    Pages(MmapMut),
}

/// A block of the global allocator with our alignment; its layout is kept for the release.
struct HeapBlock {
    pointer: NonNull<u8>,
    layout: Layout,
    /// So many bytes from the start on were written, never more than the layout has.
    written: usize,
}

// SAFETY: the block is owned alone, and is only read or written through `&self`
// and `&mut self` of its owner, so it moves and is shared like a Box<[u8]>.
unsafe impl Send for HeapBlock {}
// SAFETY: as above; `&HeapBlock` gives only `&[u8]`.
unsafe impl Sync for HeapBlock {}

impl HeapBlock {
    fn new(len: usize) -> Result<Self, StorageError> {
        let layout = Layout::from_size_align(len.max(1), ARENA_ALIGNMENT)
            .map_err(|_| StorageError::Overflow)?;
        // SAFETY: the layout's size is at least one.
        let pointer = unsafe { alloc(layout) };
        match NonNull::new(pointer) {
            Some(pointer) => Ok(HeapBlock { pointer, layout, written: 0 }),
            None => Err(StorageError::OutOfMemory {
                bytes: len,
                source: std::io::ErrorKind::OutOfMemory.into(),
            }),
        }
    }

    /// What was written.
    fn as_slice(&self) -> &[u8] {
        // SAFETY: the block has `layout.size()` bytes, of which the first `written` are initialized, and
        // lives as long as self.
        unsafe { std::slice::from_raw_parts(self.pointer.as_ptr(), self.written) }
    }

    /// All bytes; what was not written is zero.
    fn as_mut_slice(&mut self) -> &mut [u8] {
        self.zero_until(self.layout.size());
        // SAFETY: as above, all are written now, and `&mut self` makes the access unique.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.as_ptr(), self.written) }
    }

    /// The bytes behind those that were written.
    fn rest(&mut self) -> &mut [MaybeUninit<u8>] {
        let len = self.layout.size().saturating_sub(self.written);
        // SAFETY: `written` is at most the size, so both are inside the block or at its end; what may be
        // uninitialized needs no initialization, and `&mut self` makes the access unique.
        unsafe {
            std::slice::from_raw_parts_mut(self.pointer.as_ptr().add(self.written).cast(), len)
        }
    }

    /// Zeroes what is not written yet of the bytes before `end`.
    fn zero_until(&mut self, end: usize) {
        let Some(more) = end.min(self.layout.size()).checked_sub(self.written) else { return };
        if let Some(gap) = self.rest().get_mut(..more) {
            gap.fill(MaybeUninit::new(0));
            self.written = self.written.saturating_add(more);
        }
    }

    /// Writes bytes behind those that were written; false when there is no room.
    fn append(&mut self, bytes: &[u8]) -> bool {
        let Some(target) = self.rest().get_mut(..bytes.len()) else { return false };
        // SAFETY: the target has as many bytes as the source, and is of a block of our own, which the source
        // cannot be a part of while `&mut self` is held.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), target.as_mut_ptr().cast(), bytes.len());
        }
        self.written = self.written.saturating_add(bytes.len());
        true
    }

    /// Reads from a file, behind the bytes that were written, until `end` is.
    #[cfg(unix)]
    fn read(&mut self, file: &File, end: usize) -> std::io::Result<()> {
        while self.written < end {
            let more = end.saturating_sub(self.written);
            let target = self.rest().get_mut(..more).ok_or(std::io::ErrorKind::InvalidInput)?;
            let read = match rustix::io::read(file, target) {
                Ok((read, _)) => read.len(),
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            self.written = self.written.saturating_add(read);
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn read(&mut self, mut file: &File, end: usize) -> std::io::Result<()> {
        let start = self.written;
        self.zero_until(end);
        let target = self.as_mut_slice().get_mut(start..end);
        file.read_exact(target.ok_or(std::io::ErrorKind::InvalidInput)?)
    }
}

impl Drop for HeapBlock {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this very layout, and released only here.
        unsafe { dealloc(self.pointer.as_ptr(), self.layout) }
    }
}

impl Arena {
    /// Takes `len` bytes under the given page policy, all zero until they are written.
    ///
    /// # Errors
    /// [`StorageError::OutOfMemory`] when the system refuses; [`StorageError::Overflow`]
    /// when `len` cannot be addressed.
    pub fn zeroed(len: usize, pages: PagePolicy) -> Result<Self, StorageError> {
        match pages.resolve(len) {
            PagePolicy::Heap | PagePolicy::Auto => Ok(Arena {
                backing: Backing::Heap(HeapBlock::new(len)?),
                start: 0,
                len,
                whole: len,
                counted: 0,
            }),
            PagePolicy::Small => Self::pages(len, 0, |_| ()),
            PagePolicy::Huge => Self::pages(len, HUGE_PAGE, advise_huge),
        }
    }

    /// Maps fresh pages; with an `alignment`, enough of them that the arena can start at a
    /// multiple of it. The pages before the start are never touched and so never exist.
    fn pages(len: usize, alignment: usize, advise: fn(&MmapMut)) -> Result<Self, StorageError> {
        let rounded = round_up_to_huge_where_cheap(len, alignment);
        let mapped = rounded.checked_add(alignment).ok_or(StorageError::Overflow)?.max(1);
        let map = MmapMut::map_anon(mapped)
            .map_err(|source| StorageError::OutOfMemory { bytes: len, source })?;
        advise(&map);
        let start = match alignment {
            0 => 0,
            _ => map.as_ptr().align_offset(alignment).min(alignment),
        };
        accounting::add_arena(rounded);
        Ok(Arena { backing: Backing::Pages(map), start, len, whole: len, counted: rounded })
    }

    /// The same arena with only its first `len` bytes, or as many as it was made with.
    pub fn cut(mut self, len: usize) -> Self {
        self.len = self.whole.min(len);
        self
    }

    /// How many bytes it was made with: to so many it can be [`cut`](Arena::cut), shorter or longer than it is.
    pub fn whole(&self) -> usize {
        self.whole
    }

    /// Zeroes what was not written.
    pub(super) fn finish(&mut self) {
        if let Backing::Heap(block) = &mut self.backing {
            block.zero_until(self.len);
        }
    }

    /// How many bytes the arena holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when the arena holds no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes that were written: all of them in a [`Storage`](super::Storage), and always in fresh pages.
    pub(super) fn written(&self) -> &[u8] {
        let (all, end) = match &self.backing {
            Backing::Heap(block) => (block.as_slice(), self.len.min(block.written)),
            Backing::Pages(map) => (&**map, self.start.saturating_add(self.len)),
        };
        all.get(self.start..end).unwrap_or_default()
    }

    /// The bytes, to be filled in any order: what was not written is zeroed now.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        let range = self.start..self.start.saturating_add(self.len);
        let all: &mut [u8] = match &mut self.backing {
            Backing::Heap(block) => block.as_mut_slice(),
            Backing::Pages(map) => map,
        };
        all.get_mut(range).unwrap_or_default()
    }

    /// Copies `bytes` to `range`, which [`ArenaLayout::reserve`](super::storage::ArenaLayout::reserve) returned.
    ///
    /// # Errors
    /// [`StorageError::OutOfRange`] when the range is not inside the arena or its length differs.
    pub fn write(&mut self, range: Range<usize>, bytes: &[u8]) -> Result<(), StorageError> {
        let (start, end, len) = (range.start, range.end, self.len);
        let outside = StorageError::OutOfRange { start, end, len };
        if start > end || end > len || end - start != bytes.len() {
            return Err(outside);
        }
        if let Backing::Heap(block) = &mut self.backing
            && start >= block.written
        {
            block.zero_until(start);
            return if block.append(bytes) { Ok(()) } else { Err(outside) };
        }
        match self.as_mut_slice().get_mut(range) {
            Some(target) => {
                target.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(outside),
        }
    }

    /// Reads `range` from where a file stands, and returns what was read.
    ///
    /// # Errors
    /// What the system says; [`std::io::ErrorKind::UnexpectedEof`] when the file ends before,
    /// [`std::io::ErrorKind::InvalidInput`] when the range is not inside the arena.
    pub fn fill(&mut self, file: &mut File, range: Range<usize>) -> std::io::Result<&[u8]> {
        if range.start > range.end || range.end > self.len {
            return Err(std::io::ErrorKind::InvalidInput.into());
        }
        let is_behind = match &mut self.backing {
            Backing::Heap(block) if range.start >= block.written => {
                block.zero_until(range.start);
                block.read(file, range.end)?;
                true
            }
            _ => false,
        };
        if is_behind {
            return Ok(self.written().get(range).unwrap_or_default());
        }
        let target = self.as_mut_slice().get_mut(range).unwrap_or_default();
        file.read_exact(target)?;
        Ok(target)
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        accounting::remove(self.counted);
    }
}

/// A last, partly used huge page saves up to 512 page faults; it is taken when it adds at most
/// one sixteenth to the arena, so that memory stays close to what was asked for.
fn round_up_to_huge_where_cheap(len: usize, alignment: usize) -> usize {
    if alignment == 0 {
        return len;
    }
    match len.checked_next_multiple_of(alignment) {
        Some(rounded) if rounded - len <= len / 16 => rounded,
        _ => len,
    }
}

#[cfg(target_os = "linux")]
fn advise_huge(map: &MmapMut) {
    // A kernel without transparent huge pages refuses; small pages are correct too.
    let _ = map.advise(memmap2::Advice::HugePage);
}

#[cfg(not(target_os = "linux"))]
fn advise_huge(_map: &MmapMut) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Storage;

    #[test]
    fn an_arena_is_zeroed_aligned_and_of_the_asked_length_under_every_policy() {
        for pages in [PagePolicy::Auto, PagePolicy::Heap, PagePolicy::Small, PagePolicy::Huge] {
            for len in [0, 1, 63, 64, 4096, 300_000, HUGE_PAGE, 5_000_001] {
                let mut arena = Arena::zeroed(len, pages).unwrap();
                assert_eq!(arena.as_mut_slice().len(), len, "{pages:?} {len}");
                assert!(arena.as_mut_slice().iter().all(|byte| *byte == 0));
                assert_eq!(arena.as_mut_slice().as_ptr() as usize % ARENA_ALIGNMENT, 0);
                arena.as_mut_slice().fill(7);
                assert!(Storage::from(arena).as_bytes().iter().all(|byte| *byte == 7));
                let untouched = Storage::from(Arena::zeroed(len, pages).unwrap());
                assert_eq!(untouched.as_bytes(), vec![0; len]);
            }
        }
    }

    #[test]
    fn huge_arenas_start_at_a_huge_page_and_waste_at_most_a_sixteenth() {
        let mut arena = Arena::zeroed(10_000_000, PagePolicy::Huge).unwrap();
        assert_eq!(arena.as_mut_slice().as_ptr() as usize % HUGE_PAGE, 0);
        assert_eq!(round_up_to_huge_where_cheap(10_000_000, HUGE_PAGE), 5 * HUGE_PAGE);
        assert_eq!(round_up_to_huge_where_cheap(2_100_000, HUGE_PAGE), 2_100_000);
    }

    /// Fills the allocator's free memory with something that is not zero.
    fn dirty(len: usize) {
        let blocks: Vec<Vec<u8>> = (0..8).map(|_| vec![0xa5; len]).collect();
        drop(blocks);
    }

    #[test]
    fn what_is_not_written_is_zero_in_whatever_order_the_rest_is() {
        const LEN: usize = 1000;
        let parts = [(0, 10), (64, 100), (200, 1), (10, 30), (150, 70), (900, 100), (500, 0)];
        for pages in [PagePolicy::Heap, PagePolicy::Small] {
            for first in 0..parts.len() {
                dirty(LEN);
                let mut arena = Arena::zeroed(LEN, pages).unwrap();
                let mut expected = vec![0u8; LEN];
                for turn in 0..parts.len() {
                    let (start, len) = parts[(first + turn) % parts.len()];
                    let bytes = vec![turn as u8 + 1; len];
                    arena.write(start..start + len, &bytes).unwrap();
                    expected[start..start + len].copy_from_slice(&bytes);
                }
                assert_eq!(Storage::from(arena).as_bytes(), expected, "{pages:?} {first}");
            }
        }
    }

    #[test]
    fn a_file_fills_an_arena_from_where_it_stands() {
        let content: Vec<u8> = (0..5000u32).map(|number| (number % 251) as u8).collect();
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), &content).unwrap();
        for pages in [PagePolicy::Heap, PagePolicy::Small] {
            dirty(5000);
            let mut file = File::open(path.path()).unwrap();
            let mut arena = Arena::zeroed(5000, pages).unwrap();
            assert_eq!(arena.fill(&mut file, 0..100).unwrap(), &content[..100]);
            // A gap, and then what follows in the file.
            assert_eq!(arena.fill(&mut file, 200..4900).unwrap(), &content[100..4800]);
            assert_eq!(arena.fill(&mut file, 50..60).unwrap(), &content[4800..4810]);
            let error = |result: std::io::Result<&[u8]>| result.unwrap_err().kind();
            assert_eq!(error(arena.fill(&mut file, 4900..5001)), std::io::ErrorKind::InvalidInput);
            let mut short = Arena::zeroed(5000, pages).unwrap();
            let kind = error(short.fill(&mut file, 0..5000));
            assert_eq!(kind, std::io::ErrorKind::UnexpectedEof);
            let storage = Storage::from(arena);
            assert_eq!(&storage.as_bytes()[..50], &content[..50]);
            assert!(storage.as_bytes()[100..200].iter().all(|byte| *byte == 0));
            assert!(storage.as_bytes()[4900..].iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn a_range_outside_the_arena_is_refused() {
        let mut arena = Arena::zeroed(8, PagePolicy::Heap).unwrap();
        assert!(matches!(
            arena.write(4..12, &[0; 8]),
            Err(StorageError::OutOfRange { len: 8, .. })
        ));
        assert!(arena.write(0..4, &[0; 3]).is_err());
        assert!(Arena::zeroed(usize::MAX, PagePolicy::Huge).is_err());
    }
}
