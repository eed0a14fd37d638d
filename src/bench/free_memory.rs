//! Free memory that a virtual machine's host has taken back, and that the next sample would have to wait for.
//!
//! Linux can tell the host of a virtual machine which blocks of pages are free (free page reporting,
//! `mm/page_reporting.c`): some two seconds after memory was freed the host takes it back, and whoever writes to it
//! next waits until it is there again. Copying 100 MB into fresh huge pages took 8 ms where the pages had been freed
//! just before, and 174 to 290 ms after three seconds of rest and more (some 5 ms for a huge page, Linux 6.18 under
//! KVM). A case whose neighbours need little memory would pay for that in each sample, and a case among others that
//! need as much would not. So as much as a sample needs is taken, written to and freed before it, whatever the case.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use memmap2::MmapMut;

use super::allocator::is_mapped;
use super::around::Around;
use super::copies::PAGE;
use super::environment::field_kib;
use crate::base::PagePolicy;
use crate::base::case::{Case, CaseError};
use crate::base::storage::HUGE_PAGE;

/// What was freed so recently is still there.
const LATELY: Duration = Duration::from_millis(100);

/// Of larger samples so much more than their results is taken, for what they need besides.
const MOST_BESIDES: usize = 64 << 20;

/// A huge page that is there is written in 0.13 ms, as much in small pages in some 0.3 ms, and what the host has to find
/// in 5 ms.
const SLOW: Duration = Duration::from_millis(1);

/// Python builds an estimator from several copies of its arrays.
const COPIES_OF_PYTHON: usize = 3;

/// So often memory is taken until all of it is there: what was freed lies beside what the host has, and either may
/// be given out next.
const MOST_TIMES: u32 = 3;

/// Has free memory be there for a sample of so many bytes, unless that was done for as many a moment ago. What else is
/// taken for the sample must have been taken.
pub(super) fn keep_ready(bytes: usize) {
    static LAST: Last = Last::new(None);
    ready_in(bytes, PagePolicy::Huge, &LAST);
}

/// When memory was made ready, and for how many bytes.
type Last = Mutex<Option<(Instant, usize)>>;

fn ready_in(bytes: usize, pages: PagePolicy, last: &Last) {
    let Some(len) = needed(bytes) else { return };
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    if last.is_some_and(|(when, ready)| ready >= len && when.elapsed() < LATELY) {
        return;
    }
    for _ in 0..MOST_TIMES {
        match take_and_free(len, pages) {
            Some(slowest) if slowest > SLOW => {}
            Some(_) => {
                *last = Some((Instant::now(), len));
                return;
            }
            None => return,
        }
    }
}

/// What a sample of so many bytes needs, in whole huge pages: as much for formats of about the same length.
fn needed(bytes: usize) -> Option<usize> {
    bytes
        .checked_add(bytes.min(MOST_BESIDES))?
        .checked_add(HUGE_PAGE)?
        .checked_next_multiple_of(HUGE_PAGE)
}

/// A case of another program, with memory ready for it.
pub fn ready_for(case: Box<dyn Case>) -> Box<dyn Case> {
    Box::new(Ready(case))
}

struct Ready(Box<dyn Case>);

impl Around for Ready {
    fn inner(&self) -> &dyn Case {
        &*self.0
    }

    fn inner_mut(&mut self) -> &mut dyn Case {
        &mut *self.0
    }

    fn run_around(&mut self, iterations: u64) -> Result<u64, CaseError> {
        if let Some(bytes) = usize::try_from(self.0.bytes()).ok().filter(|bytes| is_mapped(*bytes))
        {
            // Its allocators take small pages, too, and those come from pieces that huge ones cannot be taken from.
            static SMALL: Last = Last::new(None);
            let bytes = bytes.saturating_mul(COPIES_OF_PYTHON);
            ready_in(bytes, PagePolicy::Small, &SMALL);
            keep_ready(bytes);
        }
        self.0.run(iterations)
    }
}

/// Writes to each page of so much memory, and says how long the slowest part of it took, of a huge page each. `None` where the system has too little to spare.
fn take_and_free(len: usize, pages: PagePolicy) -> Option<Duration> {
    let available = field_kib("/proc/meminfo", "MemAvailable:")?;
    if len as u64 > available / 2 {
        return None;
    }
    let mut map = MmapMut::map_anon(len).ok()?;
    // Without huge pages it takes longer, and serves as well.
    #[cfg(target_os = "linux")]
    let _ = map.advise(match pages {
        PagePolicy::Small => memmap2::Advice::NoHugePage,
        _ => memmap2::Advice::HugePage,
    });
    #[cfg(not(target_os = "linux"))]
    let _ = pages;
    let mut slowest = Duration::ZERO;
    for part in map.chunks_mut(HUGE_PAGE) {
        let start = Instant::now();
        part.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
        slowest = slowest.max(start.elapsed());
    }
    std::hint::black_box(&mut map);
    Some(slowest)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_os = "linux")]
    use crate::bench::memory::reset_resident_peak;

    #[test]
    #[cfg(target_os = "linux")]
    fn as_much_is_taken_as_a_sample_needs_and_all_of_it_is_freed() {
        let resident = || field_kib("/proc/self/status", "VmRSS:").unwrap();
        let peak = || field_kib("/proc/self/status", "VmHWM:").unwrap();
        // Other tests take some at the same time, and free it.
        assert!((0..20).any(|_| {
            let before = reset_resident_peak().unwrap_or_else(resident);
            assert!(take_and_free(96 << 20, PagePolicy::Huge).is_some());
            peak() >= before + (90 << 20) && resident() < before + (16 << 20)
        }));
    }

    #[test]
    fn formats_of_about_the_same_length_need_as_much() {
        assert_eq!(needed(10_320_528), Some(22 << 20));
        assert_eq!(needed(10_324_405), Some(22 << 20));
        assert_eq!(needed(100 << 20), Some(166 << 20));
    }

    #[test]
    fn memory_is_taken_once_in_a_moment_and_not_said_to_be_ready_where_there_was_none() {
        let last = Last::new(None);
        ready_in(usize::MAX / 4, PagePolicy::Small, &last);
        assert_eq!(*last.lock().unwrap(), None);
        // A busy machine may find no pages at once.
        let done = (0..100).any(|_| {
            ready_in(4 << 20, PagePolicy::Small, &last);
            last.lock().unwrap().is_some_and(|(_, ready)| ready == 10 << 20)
        });
        assert!(done);
    }

    #[test]
    fn what_the_system_has_not_is_not_taken() {
        assert_eq!(take_and_free(usize::MAX / 2, PagePolicy::Huge), None);
        assert_eq!(take_and_free(usize::MAX, PagePolicy::Small), None);
        assert_eq!(needed(usize::MAX), None);
        // Nor does this end the process.
        keep_ready(usize::MAX);
    }
}
