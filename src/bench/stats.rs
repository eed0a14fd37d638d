//! Medians, intervals over processes, and ranks that are shared where nothing can be told apart.
//!
//! Samples of one process lie close together and still differ from those of the next process by
//! 5 to 9 %: pages, alignment and the neighbours on the machine are drawn once a process. So
//! the process is the unit: the point is the median of the processes' medians, and the interval
//! is a hierarchical bootstrap (Efron and Tibshirani 1993, percentile interval) that draws
//! processes first and then samples inside each drawn process.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Draws of the bootstrap. The ends of a 95 % interval then rest on 25 draws each.
pub const DRAWS: usize = 1000;

/// Samples of one case, process by process, in nanoseconds an iteration. Never empty inside.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples(Vec<Vec<f64>>);

/// A point and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The point.
    pub median: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Samples {
    /// Takes samples in; processes without a sample are left out.
    pub fn new(processes: Vec<Vec<f64>>) -> Self {
        Samples(processes.into_iter().filter(|samples| !samples.is_empty()).collect())
    }

    /// True when no process has a sample.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The samples, process by process.
    pub fn processes(&self) -> &[Vec<f64>] {
        &self.0
    }

    /// Median over the processes of each one's median; `None` without samples.
    pub fn median(&self) -> Option<f64> {
        median(&mut self.0.iter().filter_map(|s| median(&mut s.clone())).collect::<Vec<_>>())
    }

    fn draw(&self, rng: &mut ChaCha8Rng, scratch: &mut Vec<f64>) -> f64 {
        let mut medians = Vec::with_capacity(self.0.len());
        for _ in 0..self.0.len() {
            let process = &self.0[rng.random_range(0..self.0.len())];
            scratch.clear();
            scratch.extend((0..process.len()).map(|_| process[rng.random_range(0..process.len())]));
            medians.push(median(scratch).unwrap_or(f64::NAN));
        }
        median(&mut medians).unwrap_or(f64::NAN)
    }

    /// The median with its interval; `None` without samples.
    pub fn estimate(&self, seed: u64) -> Option<Estimate> {
        let median = self.median()?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut scratch = Vec::new();
        let draws = (0..DRAWS).map(|_| self.draw(&mut rng, &mut scratch)).collect();
        let (low, high) = interval(draws);
        // The interval of a bootstrap holds its point but for rounding of the draws.
        Some(Estimate { median, low: low.min(median), high: high.max(median) })
    }

    /// `self / other` with its interval; `None` when either has no samples.
    pub fn ratio(&self, other: &Samples, seed: u64) -> Option<Estimate> {
        let ratio = self.median()? / other.median()?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut scratch = Vec::new();
        let draws = (0..DRAWS)
            .map(|_| self.draw(&mut rng, &mut scratch) / other.draw(&mut rng, &mut scratch))
            .collect();
        let (low, high) = interval(draws);
        Some(Estimate { median: ratio, low: low.min(ratio), high: high.max(ratio) })
    }
}

/// The middle value, or the mean of the two in the middle; sorts its input. `None` when empty.
pub fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        len if len % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

fn interval(mut draws: Vec<f64>) -> (f64, f64) {
    draws.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| draws[((draws.len() - 1) as f64 * share).round() as usize];
    (at(0.025), at(0.975))
}

/// Ranks from 1, fastest first. A case shares the rank of the first of its group while the
/// interval of their ratio includes 1; cases without samples get none.
///
/// A bare order of medians would give ranks to noise.
pub fn ranks(cases: &[Samples], seed: u64) -> Vec<Option<u32>> {
    let mut order: Vec<(usize, f64)> = cases
        .iter()
        .enumerate()
        .filter_map(|(index, samples)| Some((index, samples.median()?)))
        .collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut ranks = vec![None; cases.len()];
    let mut leader: Option<(usize, u32)> = None;
    for (position, (index, _)) in order.into_iter().enumerate() {
        let shared = leader.and_then(|(first, rank)| {
            let ratio = cases[index].ratio(&cases[first], seed)?;
            (ratio.low <= 1.0).then_some(rank)
        });
        let rank = shared.unwrap_or(position as u32 + 1);
        if shared.is_none() {
            leader = Some((index, rank));
        }
        ranks[index] = Some(rank);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn processes(values: &[f64]) -> Samples {
        Samples::new(values.iter().map(|value| vec![*value, value * 1.01, value * 0.99]).collect())
    }

    #[test]
    fn the_median_is_over_processes_and_not_over_samples() {
        let samples = Samples::new(vec![vec![10.0; 100], vec![20.0], vec![30.0], vec![]]);
        assert_eq!(samples.median(), Some(20.0));
        assert_eq!(median(&mut [1.0, 4.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&mut []), None);
    }

    #[test]
    fn the_interval_covers_the_spread_between_processes() {
        let wide = processes(&[100.0, 108.0, 95.0, 103.0, 99.0]).estimate(1).unwrap();
        assert!(wide.low < 99.0 && wide.high > 103.0, "{wide:?}");
        let narrow = processes(&[100.0; 5]).estimate(1).unwrap();
        assert!(narrow.high - narrow.low <= 2.0, "{narrow:?}");
        assert_eq!(Samples::default().estimate(1), None);
    }

    #[test]
    fn a_difference_of_a_tenth_is_found_and_one_inside_the_noise_is_not() {
        let base = [100.0, 102.0, 99.0, 101.0, 98.0];
        let slower = base.map(|value| value * 1.1);
        let same = base.map(|value| value * 1.004);
        let cases = [processes(&slower), processes(&base), processes(&same), Samples::default()];
        assert_eq!(ranks(&cases, 7), [Some(3), Some(1), Some(1), None]);
    }
}
