//! Where the large blocks of a sample lie within huge pages: elsewhere from sample to sample.
//!
//! A block of 10 MB that is mapped afresh is written in 1.4 ms where four of its pages are huge, in 2.4 ms where three
//! are. A process would else draw once which, by where its maps begin.

use super::allocator::{Filled, is_mapped};
use super::free_memory;

#[cfg(target_os = "linux")]
use super::copies::{COUNT, PAGE};
#[cfg(target_os = "linux")]
use crate::base::storage::HUGE_PAGE;
#[cfg(target_os = "linux")]
use memmap2::MmapMut;

/// What the memory of a sample that keeps so many bytes an iteration is made to be like, as long as it is taken:
/// nothing where it maps no blocks.
pub(super) fn memory_of_sample(place: usize, kept_bytes: u64) -> Option<(Filled, Option<Place>)> {
    let bytes = usize::try_from(kept_bytes).ok()?;
    if !is_mapped(bytes) {
        return None;
    }
    let taken = (Filled::new(), Place::take(place, bytes));
    // At last: gaps that were given back to the system are written to where they are filled.
    free_memory::keep_ready(bytes);
    Some(taken)
}

/// The smallest gap that is filled. Whole huge pages would be put elsewhere: Linux aligns them.
#[cfg(target_os = "linux")]
const LEAST_GAP: usize = HUGE_PAGE + PAGE;

/// Gaps that are filled, at most.
#[cfg(target_os = "linux")]
const MOST_GAPS: usize = 64;

/// Addresses that are taken while a sample is, so that what is mapped for it ends at another place within a huge
/// page than for the sample before. The system maps a block into the highest gap that it fits into, at the upper
/// end, and only those parts of it can be huge pages that hold a whole one.
///
/// There are as many places as there are [copies](super::copies), the same in every process and for every format.
pub(super) struct Place {
    /// Pages that nobody touches, so that they take no memory.
    #[cfg(target_os = "linux")]
    _taken: Vec<MmapMut>,
}

#[cfg(target_os = "linux")]
impl Place {
    /// Makes a block of `bytes` that is mapped next end at a place, and smaller ones, down to a huge page, lie below
    /// it. `None` when the system gives no addresses, or others: samples go on without.
    pub(super) fn take(place: usize, bytes: usize) -> Option<Self> {
        let address = |map: &MmapMut| map.as_ptr() as usize;
        let offset = HUGE_PAGE * (place % COUNT) / COUNT / PAGE * PAGE;
        // The allocator has a few bytes of its own in a block.
        let block = bytes.checked_next_multiple_of(PAGE)?.checked_add(PAGE)?;
        let len = block.checked_add(2 * HUGE_PAGE + PAGE)?;
        let room = MmapMut::map_anon(len).ok()?;
        let mut taken = Vec::with_capacity(MOST_GAPS + 1);
        let mut gap = block;
        while taken.len() < MOST_GAPS {
            let next = MmapMut::map_anon(gap).ok()?;
            if address(&next) > address(&room) {
                // A gap that has no such room, and that blocks would be put into.
                taken.push(next);
            } else if gap > LEAST_GAP {
                gap = (gap / 2).next_multiple_of(PAGE).max(LEAST_GAP);
            } else {
                break;
            }
        }
        let end = address(&room).checked_add(len)?;
        // Between one huge page and two above the block.
        let start = end.checked_sub(LEAST_GAP)?;
        let mut start = start - (start + HUGE_PAGE - offset) % HUGE_PAGE;
        if (end - start).is_multiple_of(HUGE_PAGE) {
            start -= PAGE;
        }
        drop(room);
        let above = MmapMut::map_anon(end - start).ok().filter(|map| address(map) == start)?;
        taken.push(above);
        Some(Place { _taken: taken })
    }
}

#[cfg(not(target_os = "linux"))]
impl Place {
    /// Elsewhere it is not known how the system chooses.
    pub(super) fn take(_: usize, _: usize) -> Option<Self> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::bench::environment::field_kib;

    /// Other tests map and give back at the same time, and may take what is being looked for.
    fn at_some_time(mut is_so: impl FnMut() -> Option<bool>) -> bool {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        std::iter::repeat_with(|| is_so() == Some(true))
            .take_while(|_| std::time::Instant::now() < until)
            .any(|found| found)
    }

    #[test]
    fn places_are_the_same_in_every_process_and_begin_again() {
        let expected = [0, 73, 146, 219, 292, 365, 438].map(|page| page * PAGE);
        for (place, expected) in (0..2 * COUNT).zip(expected.iter().cycle()) {
            assert!(at_some_time(|| {
                let place = Place::take(place, 10_000_001)?;
                // What is mapped then ends there.
                let block = MmapMut::map_anon(10_000_001).ok()?;
                let end = (block.as_ptr() as usize + block.len()).next_multiple_of(PAGE);
                let above = place._taken.last()?.as_ptr() as usize;
                // A page less where the map above would be of whole huge pages.
                let off = (*expected + HUGE_PAGE - above % HUGE_PAGE) % HUGE_PAGE;
                Some(off <= PAGE && end == above)
            }));
        }
    }

    #[test]
    fn gaps_above_are_filled() {
        assert!(at_some_time(|| {
            // Whatever gaps this process has are filled, so that the next one is of known size: room for the
            // block, not for two huge pages more.
            let _above = Place::take(0, 64 << 20)?;
            let gap = MmapMut::map_anon((7 << 20) + PAGE).ok()?;
            let _below = MmapMut::map_anon((1 << 30) + PAGE).ok()?;
            drop(gap);
            let place = Place::take(0, 6 << 20)?;
            let block = MmapMut::map_anon(6 << 20).ok()?;
            let small = MmapMut::map_anon(LEAST_GAP).ok()?;
            let lowest = place._taken.last()?.as_ptr();
            Some(block.as_ptr() < lowest && small.as_ptr() < lowest && place._taken.len() > 1)
        }));
    }

    #[test]
    fn addresses_are_given_back() {
        let mapped = || field_kib("/proc/self/status", "VmSize:").unwrap();
        let before = mapped();
        for place in 0..5000 {
            drop(Place::take(place, 100 << 20));
        }
        // Other tests map a little at the same time.
        assert!(mapped() < before + (5 << 30));
    }
}
