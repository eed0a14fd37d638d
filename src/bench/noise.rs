//! Watches the machine while samples are taken, and says which of them it disturbed.
//!
//! Samples are taken in short windows. Between two windows a short loop that needs no memory is
//! timed, and the kernel is asked how often it took the processor away, and how long the host did.
//! What was sampled in a window that was disturbed does not count; it is taken again while there is
//! time. What disturbs without showing in any of the three (a neighbour on the memory bus) is in the
//! samples. It comes upon all formats alike because their samples are interleaved, though those that copy
//! may suffer more from it than those that parse.

use std::collections::VecDeque;

use super::clock::Clock;
use super::environment;
use super::stats::median;

/// A window ends after so long, or after the one sample that takes longer.
pub(super) const WINDOW_NANOS: u64 = 10_000_000;

/// The loop of a window: some forty microseconds, less than a hundredth of the window.
const LOOP_ITERATIONS: u32 = 40_000;

/// A loop that takes so many times the usual was disturbed. The usual of a quiet machine varies by
/// two or three percent.
const SLOW_LOOP: f64 = 1.2;

/// So many of the latest loops say what is usual: few, so that a machine that changes its frequency
/// for good is not disturbed for ever.
const USUAL: usize = 61;

/// The processor may be taken away once in so long without a word: the kernel's own work does that.
const SWITCH_EVERY_NANOS: u64 = 5_000_000;

/// The share of a window that the host may take away from a processor. It is told in hundredths of a
/// second, so that a window of 10 ms has none or a whole one.
const STOLEN_SHARE: f64 = 0.05;

/// What the system counts while a process runs.
pub(super) trait Counters {
    /// Involuntary context switches of this process so far.
    fn switches(&self) -> u64;
    /// Nanoseconds that the host has taken away so far, from each processor on average; `None` where
    /// it does not tell.
    fn stolen_nanos(&self) -> Option<u64>;
    /// Times the loop.
    fn spin(&self, clock: &dyn Clock, iterations: u32) -> u64;
}

/// The counters of the system.
pub(super) struct SystemCounters;

impl Counters for SystemCounters {
    fn switches(&self) -> u64 {
        environment::context_switches()
    }

    fn stolen_nanos(&self) -> Option<u64> {
        environment::stolen_nanos()
    }

    fn spin(&self, clock: &dyn Clock, iterations: u32) -> u64 {
        environment::spin(clock, iterations)
    }
}

/// Why a window does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disturbance {
    /// The loop was slow before or after it.
    SlowLoop,
    /// The kernel took the processor away.
    Switches,
    /// The host took the processor away.
    Stolen,
}

impl Disturbance {
    /// The name used in records.
    pub(super) fn id(self) -> &'static str {
        match self {
            Disturbance::SlowLoop => "slow-loop",
            Disturbance::Switches => "context-switches",
            Disturbance::Stolen => "stolen-time",
        }
    }
}

/// Watches one measuring process.
pub(super) struct Monitor<C: Counters> {
    counters: C,
    usual: VecDeque<f64>,
    was_slow: bool,
    began: u64,
    switches: u64,
    stolen: Option<u64>,
}

impl<C: Counters> Monitor<C> {
    /// Begins to watch, with the first window.
    pub(super) fn new(counters: C, clock: &dyn Clock) -> Self {
        let mut monitor = Monitor {
            usual: VecDeque::with_capacity(USUAL),
            was_slow: false,
            began: 0,
            switches: 0,
            stolen: None,
            counters,
        };
        for _ in 0..5 {
            monitor.spin(clock);
        }
        monitor.begin(clock);
        monitor
    }

    /// Begins a window now: what was before it (set-up, reports) is not watched.
    pub(super) fn begin(&mut self, clock: &dyn Clock) {
        self.was_slow = self.spin(clock);
        self.reset(clock);
    }

    /// True when the window has lasted long enough.
    pub(super) fn is_over(&self, clock: &dyn Clock) -> bool {
        clock.now_nanos().saturating_sub(self.began) >= WINDOW_NANOS
    }

    /// Ends the window, says what disturbed it, and begins the next.
    pub(super) fn end(&mut self, clock: &dyn Clock) -> Option<Disturbance> {
        let nanos = clock.now_nanos().saturating_sub(self.began).max(1);
        let switches = self.counters.switches().saturating_sub(self.switches);
        let stolen = self.counters.stolen_nanos().zip(self.stolen);
        let stolen = stolen.map_or(0, |(now, before)| now.saturating_sub(before));
        let was_slow = self.was_slow;
        self.was_slow = self.spin(clock);
        self.reset(clock);
        if stolen as f64 > nanos as f64 * STOLEN_SHARE {
            Some(Disturbance::Stolen)
        } else if switches > 1 + nanos / SWITCH_EVERY_NANOS {
            Some(Disturbance::Switches)
        } else {
            (was_slow || self.was_slow).then_some(Disturbance::SlowLoop)
        }
    }

    fn reset(&mut self, clock: &dyn Clock) {
        self.switches = self.counters.switches();
        self.stolen = self.counters.stolen_nanos();
        self.began = clock.now_nanos();
    }

    /// True when the loop was slow.
    fn spin(&mut self, clock: &dyn Clock) -> bool {
        let nanos = self.counters.spin(clock, LOOP_ITERATIONS) as f64;
        let usual = median(&mut self.usual.iter().copied().collect::<Vec<_>>());
        if self.usual.len() == USUAL {
            self.usual.pop_front();
        }
        self.usual.push_back(nanos);
        usual.is_some_and(|usual| nanos > usual * SLOW_LOOP)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;
    use crate::bench::clock::ManualClock;

    #[derive(Default)]
    struct World {
        clock: ManualClock,
        switches: Cell<u64>,
        stolen: Cell<u64>,
        spin: Cell<u64>,
    }

    struct Fake(Rc<World>);

    impl Counters for Fake {
        fn switches(&self) -> u64 {
            self.0.switches.get()
        }

        fn stolen_nanos(&self) -> Option<u64> {
            Some(self.0.stolen.get())
        }

        fn spin(&self, _: &dyn Clock, _: u32) -> u64 {
            self.0.spin.get()
        }
    }

    fn window(world: &World, nanos: u64, switches: u64, stolen: u64, spin: u64) {
        world.clock.advance(nanos);
        world.switches.set(world.switches.get() + switches);
        world.stolen.set(world.stolen.get() + stolen);
        world.spin.set(spin);
    }

    #[test]
    fn each_disturbance_is_named_and_quiet_windows_count() {
        let world = Rc::new(World::default());
        world.spin.set(100);
        let mut monitor = Monitor::new(Fake(world.clone()), &world.clock);
        assert!(!monitor.is_over(&world.clock));
        window(&world, WINDOW_NANOS, 2, 0, 105);
        assert!(monitor.is_over(&world.clock));
        assert_eq!(monitor.end(&world.clock), None);
        window(&world, WINDOW_NANOS, 4, 0, 100);
        assert_eq!(monitor.end(&world.clock), Some(Disturbance::Switches));
        window(&world, WINDOW_NANOS, 0, WINDOW_NANOS / 10, 100);
        assert_eq!(monitor.end(&world.clock), Some(Disturbance::Stolen));
        window(&world, WINDOW_NANOS, 0, 0, 130);
        assert_eq!(monitor.end(&world.clock), Some(Disturbance::SlowLoop));
        // The loop before the next window was the slow one.
        window(&world, WINDOW_NANOS, 0, 0, 100);
        assert_eq!(monitor.end(&world.clock), Some(Disturbance::SlowLoop));
        window(&world, WINDOW_NANOS, 0, 0, 100);
        assert_eq!(monitor.end(&world.clock), None);
    }

    #[test]
    fn a_machine_that_is_slower_for_good_is_usual_after_a_while() {
        let world = Rc::new(World::default());
        world.spin.set(100);
        let mut monitor = Monitor::new(Fake(world.clone()), &world.clock);
        let mut disturbed = 0;
        for _ in 0..100 {
            window(&world, WINDOW_NANOS, 0, 0, 150);
            disturbed += usize::from(monitor.end(&world.clock).is_some());
        }
        assert!((5..40).contains(&disturbed), "{disturbed}");
    }
}
