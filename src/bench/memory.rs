//! What a load costs in memory, measured in a pass of its own and in a fresh process.
//!
//! Two views of the same load. The counting allocator sees every heap block to the byte, and the
//! arenas report themselves ([`crate::base::accounting`]); neither sees maps. The resident set's
//! peak and the page faults, which the kernel counts, see everything, in whole pages.
//!
//! Costs nothing while it is off but a branch an allocation; timed rounds run with it off.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::environment::{field_kib, field_number};
use crate::base::accounting;
use crate::base::record::Memory;

/// The system's allocator, with each block reported to [`accounting`].
///
/// ```no_run
/// use deadweight::bench::memory::CountingAllocator;
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator;
/// # fn main() {}
/// ```
pub struct CountingAllocator;

static INSTALLED: AtomicBool = AtomicBool::new(false);

// SAFETY: every call is passed on to the system's allocator unchanged; counting touches only
// atomics and never allocates.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        accounting::add(layout.size());
        // SAFETY: the caller's promise about the layout is the one that the system asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        accounting::add(layout.size());
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        accounting::remove(layout.size());
        // SAFETY: the block came from the system's allocator with this layout.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // The system may extend in place; counting the new size before giving the old one back
        // would charge growth twice, so the difference is what is reported.
        match new_size.checked_sub(layout.size()) {
            Some(growth) => accounting::add(growth),
            None => accounting::remove(layout.size() - new_size),
        }
        // SAFETY: as in `dealloc`, and the caller promises that the new size is valid.
        unsafe { System.realloc(block, layout, new_size) }
    }
}

/// Sets how much free memory the C library's allocator keeps at the end of its heap, and has it give back the rest.
/// Other allocators go on as they are.
pub(super) fn keep_at_most(free_bytes: usize) {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let free_bytes = libc::c_int::try_from(free_bytes).unwrap_or(libc::c_int::MAX);
        // SAFETY: both calls may be made at any time from any thread; blocks that are in use stay as they are.
        unsafe {
            libc::mallopt(libc::M_TRIM_THRESHOLD, free_bytes);
            libc::malloc_trim(0);
        }
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    let _ = free_bytes;
}

/// The address at which the heap of the main thread ends, and the free bytes before it, which wrap from 2 GiB on.
/// `None` with other allocators than the C library's.
pub(super) fn end_of_heap() -> Option<(usize, i32)> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: both only tell. The later function that does not wrap is not in every C library.
    let end = unsafe { Some((libc::sbrk(0) as usize, libc::mallinfo().keepcost)) };
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    let end = None;
    end
}

/// True when this program declared [`CountingAllocator`]: a block was seen to be counted.
pub fn allocator_is_installed() -> bool {
    if !INSTALLED.load(Relaxed) {
        accounting::start();
        drop(std::hint::black_box(Vec::<u8>::with_capacity(64)));
        INSTALLED.store(accounting::stop().allocations > 0, Relaxed);
    }
    INSTALLED.load(Relaxed)
}

/// Runs `load` once and says what it asked for; the result is still held when the figures are
/// read, and handed back.
///
/// # Errors
/// What `load` says.
pub fn measure<T, E>(load: impl FnOnce() -> Result<T, E>) -> Result<(T, Memory), E> {
    let resident_before = reset_resident_peak();
    let faults_before = minor_faults();
    accounting::start();
    let result = load();
    let usage = accounting::stop();
    let resident_peak_bytes = resident_before
        .and_then(|before| Some(field_kib("/proc/self/status", "VmHWM:")?.saturating_sub(before)));
    let minor_faults =
        faults_before.and_then(|before| Some(minor_faults()?.saturating_sub(before)));
    let memory = Memory {
        peak_bytes: usage.peak_bytes,
        held_bytes: usage.held_bytes,
        arena_bytes: usage.arena_bytes,
        allocations: Some(usage.allocations),
        resident_peak_bytes,
        minor_faults,
    };
    Ok((result?, memory))
}

/// Sets the kernel's record of the peak to what is resident now, and returns that.
pub(super) fn reset_resident_peak() -> Option<u64> {
    // "5" resets the peak: proc_pid_clear_refs(5). Without the right to, there is no figure.
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    field_kib("/proc/self/status", "VmRSS:")
}

/// Minor page faults so far: field 10 of /proc/self/stat, counted from after the name in brackets.
fn minor_faults() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    text.rsplit_once(") ")?.1.split(' ').nth(7)?.parse().ok()
}

/// Largest resident set that this process has had.
pub fn resident_peak() -> Option<u64> {
    field_number("/proc/self/status", "VmHWM:")?.checked_mul(1024)
}

/// Largest resident set that any child which this process has waited for has had.
#[cfg(unix)]
pub fn resident_peak_of_children() -> Option<u64> {
    // SAFETY: the structure is plain data for which zeros are valid, and the call fills it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage) == 0).then_some(usage)
    };
    // Linux counts in KiB, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    let peak = u64::try_from(usage?.ru_maxrss).ok()?.checked_mul(unit)?;
    (peak > 0).then_some(peak)
}

/// Only Unix tells.
#[cfg(not(unix))]
pub fn resident_peak_of_children() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{PagePolicy, Storage};

    #[test]
    fn an_arena_is_counted_even_without_the_allocator() {
        let bytes = vec![1u8; 3 << 20];
        let (storage, memory) = measure(|| Storage::copy_of(&bytes, PagePolicy::Small)).unwrap();
        assert_eq!(storage.len(), 3 << 20);
        // Other tests may make arenas at the same time.
        assert!(memory.arena_bytes >= 3 << 20);
        assert!(memory.peak_bytes >= 3 << 20);
        assert!(memory.minor_faults.is_none_or(|faults| faults >= 700), "{memory:?}");
    }
}
