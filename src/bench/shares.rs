//! In which rounds a case takes part, and in which order: how the time of the rounds is divided among cases.
//!
//! The variance of a row falls with the number of its samples, and what one costs differs a thousandfold
//! between formats. In a given time the variances of all rows are least, together, when the samples of each
//! are as many as the root of its weight over its cost (optimal allocation; Cochran 1977, "Sampling
//! Techniques", section 5.5). With equal time for each, two slow formats would hardly be told apart while
//! two fast ones had more samples than they need.

use std::ops::Range;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// What is known of a case when time is divided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Share {
    /// What a sample costs, with what is outside its figure.
    pub(super) cost_nanos: u64,
    /// How much its variance counts.
    pub(super) weight: f64,
}

impl Share {
    /// Every how many rounds it takes part, where so many are as one by `unit`: a power of two, so that
    /// the rounds of a slow case are rounds of the quicker ones too.
    fn every(&self, unit: f64, most: u64) -> u64 {
        let apart = (self.cost_nanos as f64 / self.weight).sqrt() / unit;
        (apart.ceil() as u64).clamp(1, most).next_power_of_two()
    }
}

/// Halvings that find the unit: each end of them is the same number then.
const HALVINGS: u32 = 60;

/// Every how many rounds each case takes part, so that those of `rounds` take about `nanos`, or less where
/// all take part in all.
pub(super) fn divide(cases: &[Share], rounds: &Range<u64>, nanos: u64) -> Vec<u64> {
    let most = rounds.end.max(1);
    let took = |unit: f64| -> f64 {
        let one = |case: &Share| {
            let times = multiples(rounds, case.every(unit, most));
            case.cost_nanos as f64 * times as f64
        };
        cases.iter().map(one).sum()
    };
    // As logarithms: by the least, cases take part in hardly any round, by the most in each.
    let (mut least, mut largest) = (-30.0f64, 30.0f64);
    if took(largest.exp()) <= nanos as f64 {
        return vec![1; cases.len()];
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(least, largest);
        match took(middle.exp()) <= nanos as f64 {
            true => least = middle,
            false => largest = middle,
        }
    }
    cases.iter().map(|case| case.every(least.exp(), most)).collect()
}

/// How many of the rounds are multiples of a number.
pub(super) fn multiples(rounds: &Range<u64>, every: u64) -> u64 {
    rounds.end.div_ceil(every).saturating_sub(rounds.start.div_ceil(every))
}

/// The order of a round: blocks in a random order, and each in a random order of its own, so that what is
/// compared is timed within a moment and no case has a place that is better than another's.
pub(super) fn order(blocks: &mut [Vec<usize>], rng: &mut ChaCha8Rng) -> Vec<usize> {
    blocks.shuffle(rng);
    blocks.iter_mut().for_each(|block| block.shuffle(rng));
    blocks.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(cost_nanos: u64, weight: f64) -> Share {
        Share { cost_nanos, weight }
    }

    fn took(cases: &[Share], every: &[u64], rounds: &Range<u64>) -> u64 {
        let one = |(case, every): (&Share, &u64)| case.cost_nanos * multiples(rounds, *every);
        cases.iter().zip(every).map(one).sum()
    }

    #[test]
    fn multiples_are_counted_from_the_first_round_on() {
        assert_eq!(multiples(&(0..60), 1), 60);
        assert_eq!(multiples(&(0..60), 64), 1);
        assert_eq!(multiples(&(1..60), 64), 0);
        assert_eq!(multiples(&(8..60), 8), 7);
        assert_eq!(multiples(&(9..16), 8), 0);
    }

    #[test]
    fn all_take_part_in_all_rounds_where_there_is_time() {
        let cases = [share(1, 1.0), share(1_000, 1.0), share(50_000, 4.0)];
        assert_eq!(divide(&cases, &(0..60), 60 * 51_001), [1, 1, 1]);
        assert_eq!(divide(&[], &(0..60), 0), [0u64; 0]);
        assert_eq!(divide(&cases, &(3..3), 1), [1, 1, 1]);
    }

    #[test]
    fn samples_are_as_the_root_of_the_weight_over_the_cost() {
        let cases =
            [share(1_000, 1.0), share(16_000, 1.0), share(16_000, 16.0), share(256_000, 1.0)];
        for nanos in [20_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000] {
            let rounds = 1..64;
            let every = divide(&cases, &rounds, nanos);
            assert!(took(&cases, &every, &rounds) <= nanos, "{every:?}");
            // Powers of two: as 1 to 4 to 1 to 16, until the quick take part in all.
            let quick = every[0];
            if quick > 1 {
                assert_eq!(every[1..], [(4 * quick).min(64), quick, (16 * quick).min(64)]);
            }
            assert!(every[2] <= every[1] && every[1] <= every[3], "{every:?}");
        }
    }

    #[test]
    fn where_there_is_no_time_nothing_takes_part_after_the_first_round() {
        let cases = [share(1_000_000, 1.0), share(9_000_000, 16.0)];
        assert_eq!(divide(&cases, &(1..60), 10), [64, 64]);
    }
}
