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
use crate::base::case::{Case, CaseError};
use crate::base::storage::HUGE_PAGE;

/// What was freed so recently is still there.
const LATELY: Duration = Duration::from_millis(100);

/// Of larger samples so much more than their results is taken, for what they need besides.
const MOST_BESIDES: usize = 64 << 20;

/// A huge page that is there is written in 0.13 ms, one that the host has to find in 5 ms.
const SLOW_PAGE: Duration = Duration::from_micros(400);

/// So often memory is taken until all of it is there: what was freed lies beside what the host has, and either may
/// be given out next.
const MOST_TIMES: u32 = 3;

/// Has free memory be there for a sample of so many bytes, unless that was done for as many a moment ago. What else is
/// taken for the sample must have been taken.
pub(super) fn keep_ready(bytes: usize) {
    static LAST: Mutex<Option<(Instant, usize)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.is_some_and(|(when, ready)| ready >= bytes && when.elapsed() < LATELY) {
        return;
    }
    let pages = u32::try_from(bytes / HUGE_PAGE).unwrap_or(u32::MAX);
    let is_slow = |time: Duration| time > SLOW_PAGE.saturating_mul(pages);
    for _ in 0..MOST_TIMES {
        if !take_and_free(bytes).is_some_and(is_slow) {
            break;
        }
    }
    *last = Some((Instant::now(), bytes));
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
            keep_ready(bytes);
        }
        self.0.run(iterations)
    }
}

/// How long it took to write to each page of as much memory as a sample of so many bytes needs. `None` where the
/// system has too little to spare.
fn take_and_free(bytes: usize) -> Option<Duration> {
    let len = bytes.checked_add(bytes.min(MOST_BESIDES))?.checked_add(HUGE_PAGE)?;
    let available = field_kib("/proc/meminfo", "MemAvailable:")?;
    if len as u64 > available / 2 {
        return None;
    }
    let start = Instant::now();
    let mut map = MmapMut::map_anon(len).ok()?;
    // Without huge pages it takes longer, and serves as well.
    #[cfg(target_os = "linux")]
    let _ = map.advise(memmap2::Advice::HugePage);
    map.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
    std::hint::black_box(&mut map);
    Some(start.elapsed())
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
            assert!(take_and_free(48 << 20).is_some());
            peak() >= before + (90 << 20) && resident() < before + (16 << 20)
        }));
    }

    #[test]
    fn what_the_system_has_not_is_not_taken() {
        assert_eq!(take_and_free(usize::MAX / 2), None);
        assert_eq!(take_and_free(usize::MAX), None);
        // Nor does this end the process.
        keep_ready(usize::MAX);
    }
}
