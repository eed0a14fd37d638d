//! Raw samples as a strip: one small drawing a row, on one logarithmic axis for a whole table, so
//! that rows can be compared by eye and a second mode or a stray sample is seen.
//!
//! Samples that fall on the same place are drawn once. That keeps a strip at some hundred bytes.

use std::fmt::Write;

use maud::{Markup, html};

use crate::base::record::Timing;

/// Width of a strip in its own units.
const WIDTH: f64 = 200.0;

/// The axis that the strips of one table share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    /// From the least to the greatest sample or end of an interval of all rows; `None` where
    /// nothing can be drawn.
    pub fn of<'a>(timings: impl Iterator<Item = &'a Timing>) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, 0.0f64);
        for timing in timings {
            let samples = timing.samples_nanos.iter().flatten();
            for value in samples.chain([&timing.low_nanos, &timing.high_nanos]) {
                if *value > 0.0 && value.is_finite() {
                    (low, high) = (low.min(*value), high.max(*value));
                }
            }
        }
        (low <= high).then_some(Axis { low, high })
    }

    /// Both ends in nanoseconds.
    pub fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    fn place(&self, nanos: f64) -> u32 {
        let span = (self.high / self.low).ln();
        let share = if span > 0.0 { (nanos.max(self.low) / self.low).ln() / span } else { 0.5 };
        // Two units are kept free at both ends for the width of a line.
        (2.0 + share.clamp(0.0, 1.0) * (WIDTH - 4.0)).round() as u32
    }
}

/// The strip of a row: a tick a sample, the interval as a bar below, the median as a long line.
pub fn strip(axis: &Axis, timing: &Timing) -> Markup {
    let mut places: Vec<u32> =
        timing.samples_nanos.iter().flatten().map(|nanos| axis.place(*nanos)).collect();
    places.sort_unstable();
    places.dedup();
    let mut ticks = String::new();
    let mut last = None;
    for place in places {
        // Relative to the lower end of the tick before: a page has a hundred thousand of them.
        let _ = match last.replace(place) {
            None => write!(ticks, "M{place} 2v7"),
            Some(last) => write!(ticks, "m{}-7v7", place - last),
        };
    }
    let (low, high) = (axis.place(timing.low_nanos), axis.place(timing.high_nanos));
    let median = axis.place(timing.median_nanos);
    html! {
        svg.s viewBox={ "0 0 " (WIDTH) " 14" } aria-hidden="true" {
            path d=(ticks) {}
            path.i d={ "M" (low) " 12h" (high.saturating_sub(low).max(1)) "M" (median) " 0v14" } {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(samples: &[f64]) -> Timing {
        Timing {
            median_nanos: samples[samples.len() / 2],
            low_nanos: samples[0],
            high_nanos: samples[samples.len() - 1],
            bytes: 1,
            iterations: 1,
            samples_nanos: vec![samples.to_vec()],
            rank: None,
            floor_share: None,
        }
    }

    #[test]
    fn equal_places_are_drawn_once_and_the_axis_is_logarithmic() {
        let row = timing(&[10.0, 10.0, 100.0, 1000.0]);
        let axis = Axis::of([&row].into_iter()).unwrap();
        assert_eq!(axis.ends(), (10.0, 1000.0));
        let drawn = strip(&axis, &row).into_string();
        assert!(drawn.contains(r#"d="M2 2v7m98-7v7m98-7v7""#), "{drawn}");
        assert!(drawn.contains(r#"d="M2 12h196M100 0v14""#), "{drawn}");
    }

    #[test]
    fn one_value_or_none_is_no_reason_to_divide_by_zero() {
        let row = timing(&[10.0]);
        let axis = Axis::of([&row].into_iter()).unwrap();
        assert!(strip(&axis, &row).into_string().contains("M100 2v7"));
        assert_eq!(Axis::of([&timing(&[0.0])].into_iter()), None);
    }
}
