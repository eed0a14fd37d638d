//! Medians, intervals over processes, and ranks that are shared where nothing can be told apart.
//!
//! Samples of one process lie close together and still differ from those of the next process by
//! 5 to 9 %: pages, alignment and the neighbours on the machine are drawn once a process. So
//! the process is the unit: the point is the median of the processes' medians, and the interval
//! is a hierarchical bootstrap (Efron and Tibshirani 1993, percentile interval) that draws
//! processes first and then samples inside each drawn process.
//!
//! The percentile interval of few units is too narrow: of three processes it covers the truth three
//! times in four. It is widened by a factor that was calibrated (Loh 1987, "Calibrating confidence
//! coefficients") so that it covers 95 % where processes differ as normal variables do; see
//! `WIDENING`.
//!
//! Two rows of the same run are compared by their ratio inside each process, because what slows a
//! process down slows down both of them.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution, Uniform};

/// Draws of the bootstrap. The ends of a 95 % interval then rest on 25 draws each.
pub const DRAWS: usize = 1000;

/// By the number of processes: the interval reaches at least so many times half the width of the
/// percentile interval to each side of the point. From simulations of 8,000 experiments with normal
/// processes; the test of coverage repeats them. One process tells nothing of the next.
const WIDENING: [f64; 10] = [1.0, 1.0, 12.65, 2.65, 1.46, 1.05, 1.0, 1.43, 1.07, 1.05];

/// Samples of one case, process by process, in nanoseconds an iteration, each process sorted. A
/// process without a sample keeps its place.
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

impl Estimate {
    /// True when the interval does not include 1: of a ratio, that it is more than chance explains.
    pub fn differs(&self) -> bool {
        self.low > 1.0 || self.high < 1.0
    }
}

impl Samples {
    /// Takes samples in. The place of a process tells which samples of two cases belong together.
    pub fn new(mut processes: Vec<Vec<f64>>) -> Self {
        for process in &mut processes {
            process.sort_unstable_by(f64::total_cmp);
        }
        Samples(processes)
    }

    /// True when no process has a sample.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }

    /// The samples, process by process.
    pub fn processes(&self) -> &[Vec<f64>] {
        &self.0
    }

    /// Median over the processes of each one's median; `None` without samples.
    pub fn median(&self) -> Option<f64> {
        median(&mut self.0.iter().filter_map(|s| of_sorted(s)).collect::<Vec<_>>())
    }

    /// The median of each process.
    pub fn medians(&self) -> Vec<Option<f64>> {
        self.0.iter().map(|samples| of_sorted(samples)).collect()
    }

    /// The median with its interval; `None` without samples.
    pub fn estimate(&self, seed: u64) -> Option<Estimate> {
        let processes: Vec<Resampled<'_>> = self.resampled().into_iter().flatten().collect();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let draws = bootstrap(processes.len(), &mut rng, |at, rng| processes[at].draw(rng))?;
        Some(interval(self.median()?, draws, processes.len()))
    }

    /// `self / other` of the same run: paired by process, with its interval. `None` when no process
    /// has samples of both.
    pub fn ratio(&self, other: &Samples, seed: u64) -> Option<Estimate> {
        let pairs: Vec<(Resampled<'_>, Resampled<'_>)> = self
            .resampled()
            .into_iter()
            .zip(other.resampled())
            .filter_map(|(one, other)| Some((one?, other?)))
            .collect();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let draws = bootstrap(pairs.len(), &mut rng, |at, rng| {
            let (one, other) = &pairs[at];
            one.draw(rng) / other.draw(rng)
        })?;
        let mut points: Vec<f64> =
            pairs.iter().filter_map(|(a, b)| Some(a.median()? / b.median()?)).collect();
        Some(interval(median(&mut points)?, draws, pairs.len()))
    }

    /// `self / other` of another run, whose processes have nothing to do with each other.
    pub fn ratio_unpaired(&self, other: &Samples, seed: u64) -> Option<Estimate> {
        let ours: Vec<Resampled<'_>> = self.resampled().into_iter().flatten().collect();
        let theirs: Vec<Resampled<'_>> = other.resampled().into_iter().flatten().collect();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let above = bootstrap(ours.len(), &mut rng, |at, rng| ours[at].draw(rng))?;
        let below = bootstrap(theirs.len(), &mut rng, |at, rng| theirs[at].draw(rng))?;
        let draws = above.into_iter().zip(below).map(|(above, below)| above / below).collect();
        let ratio = self.median()? / other.median()?;
        Some(interval(ratio, draws, ours.len().min(theirs.len())))
    }

    fn resampled(&self) -> Vec<Option<Resampled<'_>>> {
        self.0.iter().map(|samples| Resampled::new(samples)).collect()
    }
}

/// The sorted samples of a process, from which medians of resamples are drawn.
///
/// The median of `n` places drawn uniformly from `n`, `n` odd, is the place `floor(n U)` of the
/// sorted samples, where `U`, the median of `n` uniform variables, has the distribution
/// Beta((n + 1) / 2, (n + 1) / 2). So one draw does for a whole resample. An even number of samples
/// is drawn from as often as the odd number below it, which makes it a little wider.
struct Resampled<'a> {
    sorted: &'a [f64],
    middle: Option<Beta<f64>>,
}

impl<'a> Resampled<'a> {
    fn new(sorted: &'a [f64]) -> Option<Self> {
        if sorted.is_empty() {
            return None;
        }
        let odd = sorted.len() - (1 - sorted.len() % 2);
        let shape = (odd as f64 + 1.0) / 2.0;
        Some(Resampled { sorted, middle: Beta::new(shape, shape).ok() })
    }

    fn median(&self) -> Option<f64> {
        of_sorted(self.sorted)
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> f64 {
        let last = self.sorted.len() - 1;
        let place = match (&self.middle, last) {
            (_, 0) | (None, _) => 0,
            (Some(middle), _) => (middle.sample(rng) * self.sorted.len() as f64) as usize,
        };
        self.sorted[place.min(last)]
    }
}

/// Medians over processes drawn with replacement; `draw` makes the figure of one of them. `None`
/// without processes.
fn bootstrap(
    processes: usize,
    rng: &mut ChaCha8Rng,
    draw: impl Fn(usize, &mut ChaCha8Rng) -> f64,
) -> Option<Vec<f64>> {
    let which = Uniform::new(0, processes).ok()?;
    let mut drawn = Vec::with_capacity(processes);
    let mut draws = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        drawn.clear();
        for _ in 0..processes {
            let at = which.sample(rng);
            drawn.push(draw(at, rng));
        }
        draws.push(median(&mut drawn).unwrap_or(f64::NAN));
    }
    Some(draws)
}

/// The percentile interval of the draws, widened for few processes.
fn interval(point: f64, mut draws: Vec<f64>, processes: usize) -> Estimate {
    draws.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| draws[((draws.len() - 1) as f64 * share).round() as usize];
    // The interval of a bootstrap holds its point but for rounding of the draws.
    let (low, high) = (at(0.025).min(point), at(0.975).max(point));
    let widening = WIDENING.get(processes).or(WIDENING.last()).copied().unwrap_or(1.0);
    // Times and ratios are positive and vary by factors.
    let half = (high / low).ln() / 2.0 * widening;
    if !half.is_finite() || processes < 2 {
        return Estimate { median: point, low, high };
    }
    let factor = half.exp();
    Estimate { median: point, low: low.min(point / factor), high: high.max(point * factor) }
}

fn of_sorted(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        len if len % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// The middle value, or the mean of the two in the middle; sorts its input. `None` when empty.
pub fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    of_sorted(values)
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
        assert!(narrow.high - narrow.low <= 2.2, "{narrow:?}");
        assert_eq!(Samples::default().estimate(1), None);
    }

    /// A standard normal variable scaled to some percent, as processes differ.
    fn drawn(count: usize, rng: &mut ChaCha8Rng) -> Samples {
        let effect = rand_distr::Normal::new(0.0, 0.03).unwrap();
        Samples::new((0..count).map(|_| vec![100.0 * f64::exp(effect.sample(rng))]).collect())
    }

    #[test]
    fn the_interval_covers_the_truth_nineteen_times_of_twenty() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for processes in [2, 3, 4, 5, 7, 9] {
            let covered = (0..1000)
                .filter(|seed| {
                    let estimate = drawn(processes, &mut rng).estimate(*seed).unwrap();
                    estimate.low <= 100.0 && 100.0 <= estimate.high
                })
                .count();
            assert!((925..=980).contains(&covered), "{processes} processes: {covered} of 1000");
        }
    }

    #[test]
    fn what_slows_a_process_down_is_in_no_ratio_of_its_rows() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let machine = drawn(5, &mut rng);
        let slower = machine.processes().iter().map(|s| s.iter().map(|v| v * 1.05).collect());
        let slower = Samples::new(slower.collect());
        let paired = slower.ratio(&machine, 1).unwrap();
        assert!((paired.median - 1.05).abs() < 1e-9 && paired.differs(), "{paired:?}");
        assert!(!slower.ratio_unpaired(&machine, 1).unwrap().differs());
    }

    #[test]
    fn a_process_without_samples_keeps_its_place() {
        let one = Samples::new(vec![vec![], vec![10.0], vec![30.0]]);
        let other = Samples::new(vec![vec![7.0], vec![5.0], vec![]]);
        assert_eq!(one.ratio(&other, 1).unwrap().median, 2.0);
        assert_eq!(one.medians(), [None, Some(10.0), Some(30.0)]);
        assert!(Samples::new(vec![vec![]]).is_empty());
    }

    #[test]
    fn a_draw_is_the_median_of_a_resample() {
        let samples: Vec<f64> = (0..9).map(f64::from).collect();
        let resampled = Resampled::new(&samples).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut seen = [0u32; 9];
        for _ in 0..20_000 {
            seen[resampled.draw(&mut rng) as usize] += 1;
        }
        // By hand: nine draws of nine, the fifth smallest is the middle one.
        let share = f64::from(seen[4]) / 20_000.0;
        let mut middle = 0u32;
        let place = Uniform::new(0usize, 9).unwrap();
        for _ in 0..20_000 {
            let mut places: Vec<usize> = (0..9).map(|_| place.sample(&mut rng)).collect();
            places.sort_unstable();
            middle += u32::from(places[4] == 4);
        }
        assert!((share - f64::from(middle) / 20_000.0).abs() < 0.02, "{share} and {middle}");
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
