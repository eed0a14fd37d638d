//! Where the large blocks of a sample lie within huge pages: elsewhere from sample to sample.
//!
//! A block of 10 MB that is mapped afresh is written in 1.4 ms where four of its pages are huge, in 2.4 ms where three
//! are. A process would else draw once which, by where its maps begin.

#[cfg(target_os = "linux")]
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
#[cfg(target_os = "linux")]
use std::ffi::c_void;

#[cfg(target_os = "linux")]
use super::copies::{COUNT, PAGE};
#[cfg(target_os = "linux")]
use crate::base::storage::HUGE_PAGE;

/// Gaps that are filled, at most.
#[cfg(target_os = "linux")]
const MOST_GAPS: usize = 64;

/// Addresses that are taken while a sample is, so that what is mapped for it ends at another place within a huge
/// page than for the sample before. The system maps a block into the highest gap that it fits into, at the upper
/// end, and only those parts of it can be huge pages that hold a whole one.
///
/// There are as many places as there are [copies](super::copies), the same in every process and for every format.
pub(super) struct Place {
    #[cfg(target_os = "linux")]
    _taken: Vec<Taken>,
}

/// Addresses that nothing else is mapped to. They cannot be read or written, and take no memory.
#[cfg(target_os = "linux")]
struct Taken {
    start: *mut c_void,
    len: usize,
}

#[cfg(target_os = "linux")]
impl Taken {
    /// Where the system would map so many bytes.
    fn new(len: usize) -> Option<Self> {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: the system chooses addresses that nobody uses.
        let start = unsafe { mmap_anonymous(std::ptr::null_mut(), len, ProtFlags::empty(), flags) };
        Some(Taken { start: start.ok()?, len })
    }

    /// Gives the first `bytes` back, a whole number of pages and not all of them.
    fn give_back(&mut self, bytes: usize) -> Option<()> {
        let len = self.len.checked_sub(bytes).filter(|len| *len > 0)?;
        // SAFETY: within what is taken, to which nothing refers.
        unsafe { munmap(self.start, bytes).ok()? };
        (self.start, self.len) = (self.start.wrapping_byte_add(bytes), len);
        Some(())
    }
}

#[cfg(target_os = "linux")]
impl Drop for Taken {
    fn drop(&mut self) {
        // SAFETY: nothing refers to these addresses.
        let _ = unsafe { munmap(self.start, self.len) };
    }
}

#[cfg(target_os = "linux")]
impl Place {
    /// Makes a block of `bytes` that is mapped next end at a place, and smaller ones, down to a huge page, lie below
    /// it. `None` when the system gives no addresses: samples go on without.
    pub(super) fn take(place: usize, bytes: usize) -> Option<Self> {
        let offset = HUGE_PAGE * (place % COUNT) / COUNT / PAGE * PAGE;
        // The allocator has a few bytes of its own in a block.
        let block = bytes.checked_next_multiple_of(PAGE)?.checked_add(PAGE)?;
        let mut lowest = Taken::new(block.checked_add(2 * HUGE_PAGE)?)?;
        let mut taken = Vec::with_capacity(MOST_GAPS + 1);
        let mut len = block;
        while taken.len() < MOST_GAPS {
            let next = Taken::new(len)?;
            if next.start > lowest.start {
                // A gap that is too small for the addresses, and that blocks would be put into.
                taken.push(next);
            } else if len > HUGE_PAGE {
                len = (len / 2).next_multiple_of(PAGE).max(HUGE_PAGE);
            } else {
                break;
            }
        }
        let end = (lowest.start as usize).checked_add(block)?;
        let below = (offset + HUGE_PAGE - end % HUGE_PAGE) % HUGE_PAGE;
        lowest.give_back(block.checked_add(below)?)?;
        taken.push(lowest);
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

    #[test]
    fn places_are_the_same_in_every_process_and_begin_again() {
        let offset = |place| {
            let place = Place::take(place, 10_000_001).unwrap();
            place._taken.last().unwrap().start as usize % HUGE_PAGE
        };
        let offsets: Vec<usize> = (0..COUNT).map(offset).collect();
        let expected = [0, 73, 146, 219, 292, 365, 438].map(|page| page * PAGE);
        assert_eq!(offsets, expected);
        assert_eq!(offset(COUNT + 2), expected[2]);
    }

    #[test]
    fn gaps_above_are_filled() {
        let is_below = || {
            // Whatever gaps this process has are filled, so that the next one is of known size.
            let _above = Place::take(0, 64 << 20).unwrap();
            let mut gap = Taken::new(16 << 20).unwrap();
            let _below = Taken::new(1 << 30).unwrap();
            // Room for the block, not for two huge pages more.
            gap.give_back(7 << 20).unwrap();
            let place = Place::take(0, 6 << 20).unwrap();
            let block = Taken::new(6 << 20).unwrap();
            let small = Taken::new(2 << 20).unwrap();
            let lowest = place._taken.last().unwrap().start;
            block.start < lowest && small.start < lowest && place._taken.len() > 1
        };
        // Other tests map and give back at the same time.
        assert!((0..100).any(|_| is_below()));
    }

    #[test]
    fn addresses_are_given_back() {
        let mapped = || field_kib("/proc/self/status", "VmSize:").unwrap();
        let before = mapped();
        for place in 0..5000 {
            Place::take(place, 100 << 20).unwrap();
        }
        // Other tests map a little at the same time.
        assert!(mapped() < before + (5 << 30));
    }
}
