//! Progress on standard error: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::bench::run::Progress;

/// Steps of the bar.
const STEPS: u64 = 1000;
/// Where there is no terminal, a line is printed no more often than this.
const QUIET: Duration = Duration::from_secs(15);

/// A bar or lines, with an estimate of the time left.
pub struct Terminal {
    bar: Option<ProgressBar>,
    started: Instant,
    told: Mutex<Instant>,
}

impl Terminal {
    /// Begins to count the time.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(" {bar:20} {percent:>3} %  {wide_msg}");
            let bar = ProgressBar::new(STEPS);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        let started = Instant::now();
        Terminal { bar, started, told: Mutex::new(started) }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Terminal {
    fn update(&self, share: f64, what: &str) {
        let left = left(self.started.elapsed(), share);
        if let Some(bar) = &self.bar {
            bar.set_position((share * STEPS as f64) as u64);
            bar.set_message(format!("{left}{what}"));
            return;
        }
        let now = Instant::now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(*told) >= QUIET {
            *told = now;
            anstream::eprintln!(" {:>3.0} %  {left}{what}", share * 100.0);
        }
    }
}

/// An estimate of the time left, once there is something to estimate from.
fn left(elapsed: Duration, share: f64) -> String {
    if share < 0.02 || elapsed < Duration::from_secs(2) {
        return String::new();
    }
    let seconds = (elapsed.as_secs_f64() * (1.0 - share) / share).round() as u64;
    format!("{} left, ", spoken(seconds))
}

/// Seconds as people say them.
pub fn spoken(seconds: u64) -> String {
    match seconds {
        0..100 => format!("{seconds} s"),
        100..6000 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_the_share_that_is_done() {
        assert_eq!(left(Duration::from_secs(30), 0.25), "90 s left, ");
        assert_eq!(left(Duration::from_secs(30), 0.1), "4 min 30 s left, ");
        assert_eq!(left(Duration::from_secs(30), 0.001), "");
        assert_eq!(spoken(7260), "2 h 01 min");
    }
}
