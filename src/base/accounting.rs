//! One counter for all memory that a load asks for.
//!
//! The heap is seen by the counting allocator (declared by the binary and the
//! benches), page-backed arenas are not heap and report themselves. Both add to
//! the same counter here, because the peak of a sum is not the sum of peaks.
//!
//! Off by default; then each call is one relaxed load and a branch.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

static ENABLED: AtomicBool = AtomicBool::new(false);
static CURRENT: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static ARENA_BYTES: AtomicU64 = AtomicU64::new(0);

/// What was asked for between [`start`] and [`stop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Largest number of bytes held at one moment, heap and arenas together.
    pub peak_bytes: u64,
    /// Bytes still held when counting stopped.
    pub held_bytes: u64,
    /// How many allocations (heap blocks and arenas) were made.
    pub allocations: u64,
    /// Bytes of page-backed arenas that were made, freed ones included.
    pub arena_bytes: u64,
}

/// Begins counting from zero. Memory that exists already is not counted.
///
/// Counting is process-wide: run one measurement at a time.
pub fn start() {
    CURRENT.store(0, Relaxed);
    PEAK.store(0, Relaxed);
    ALLOCATIONS.store(0, Relaxed);
    ARENA_BYTES.store(0, Relaxed);
    ENABLED.store(true, Relaxed);
}

/// Ends counting and returns what was seen since [`start`].
pub fn stop() -> Usage {
    ENABLED.store(false, Relaxed);
    Usage {
        peak_bytes: PEAK.load(Relaxed),
        held_bytes: CURRENT.load(Relaxed),
        allocations: ALLOCATIONS.load(Relaxed),
        arena_bytes: ARENA_BYTES.load(Relaxed),
    }
}

/// Notes `bytes` newly held. Called by the counting allocator for each block.
#[inline]
pub fn add(bytes: usize) {
    if ENABLED.load(Relaxed) {
        ALLOCATIONS.fetch_add(1, Relaxed);
        let held = CURRENT.fetch_add(bytes as u64, Relaxed).wrapping_add(bytes as u64);
        PEAK.fetch_max(held, Relaxed);
    }
}

/// Notes `bytes` given back. A block from before [`start`] never takes the count below zero.
#[inline]
pub fn remove(bytes: usize) {
    if ENABLED.load(Relaxed) {
        let _ =
            CURRENT.fetch_update(Relaxed, Relaxed, |held| Some(held.saturating_sub(bytes as u64)));
    }
}

/// Notes a page-backed arena of `bytes`, which the allocator cannot see.
pub(crate) fn add_arena(bytes: usize) {
    add(bytes);
    if ENABLED.load(Relaxed) {
        ARENA_BYTES.fetch_add(bytes as u64, Relaxed);
    }
}
