//! Bounds on memory: an allocator that counts, and the most that an input may ask for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use deadweight::pickle::Compression;

/// Counts what is allocated now and what was at most.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn add(bytes: usize) {
    let now = NOW.fetch_add(bytes, Relaxed).wrapping_add(bytes);
    MOST.fetch_max(now, Relaxed);
}

// SAFETY: everything is handed to the allocator of the system, as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(size);
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.realloc(place, layout, size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(place, layout) }
    }
}

/// Runs `check`, which may have `most` bytes at a time.
pub fn bounded(most: usize, check: impl FnOnce()) {
    let before = NOW.load(Relaxed);
    MOST.store(before, Relaxed);
    check();
    let used = MOST.load(Relaxed).saturating_sub(before);
    assert!(used <= most, "{used} bytes of memory at a time, at most {most} were expected");
}

/// What reading a file may ask for.
pub fn of_file(bytes: &[u8]) -> usize {
    // A file of xz or lzma may ask for a dictionary of half a gigabyte; the others have windows.
    let own = if Compression::of(bytes).is_some() { 640 << 20 } else { 8 << 20 };
    own + 512 * bytes.len()
}
