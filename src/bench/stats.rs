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
//! Two rows of the same run are compared by their ratio inside each process, and there round by round,
//! because what slows a process down, or a moment, slows down both of them; the ratios of the processes go
//! through a t test. What is compared of a process is its interquartile mean, not its median: it is
//! steadier.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution, Uniform};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Draws of the bootstrap. The ends of a 95 % interval then rest on 25 draws each.
pub const DRAWS: usize = 1000;

/// By the number of processes: the interval reaches at least so many times half the width of the
/// percentile interval to each side of the point. From simulations of 8,000 experiments with normal
/// processes; the test of coverage repeats them. One process tells nothing of the next.
const WIDENING: [f64; 10] = [1.0, 1.0, 12.65, 2.65, 1.46, 1.05, 1.0, 1.43, 1.07, 1.05];

/// Samples of one case, process by process, in nanoseconds an iteration. A process without a sample keeps
/// its place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// Each process sorted.
    sorted: Vec<Vec<f64>>,
    /// Each process by the round in which a sample was taken.
    by_round: Vec<BTreeMap<u32, f64>>,
}

/// So many rounds of a process, at least, in which both of two cases have a sample, make its ratio; with
/// fewer it is that of all samples of the one and all of the other.
const LEAST_ROUNDS: usize = 3;

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
        Samples { sorted: processes, by_round: Vec::new() }
    }

    /// Takes samples in with the rounds in which they were taken: cases that have samples of the same rounds
    /// are compared round by round.
    pub fn of_rounds(processes: &[Vec<f64>], rounds: &[Vec<Option<u32>>]) -> Self {
        let of_process = |(samples, rounds): (&Vec<f64>, &Vec<Option<u32>>)| {
            let known = samples.iter().zip(rounds);
            known.filter_map(|(sample, round)| Some(((*round)?, *sample))).collect()
        };
        let by_round = processes.iter().zip(rounds).map(of_process).collect();
        Samples { by_round, ..Samples::new(processes.to_vec()) }
    }

    /// True when no process has a sample.
    pub fn is_empty(&self) -> bool {
        self.sorted.iter().all(Vec::is_empty)
    }

    /// The samples, process by process.
    pub fn processes(&self) -> &[Vec<f64>] {
        &self.sorted
    }

    /// Median over the processes of each one's median; `None` without samples.
    pub fn median(&self) -> Option<f64> {
        median(&mut self.sorted.iter().filter_map(|s| of_sorted(s)).collect::<Vec<_>>())
    }

    /// The middle of each process, to be compared with that of another case.
    pub fn middles(&self) -> Vec<Option<f64>> {
        self.sorted.iter().map(|samples| interquartile_mean(samples)).collect()
    }

    /// The median with its interval; `None` without samples.
    pub fn estimate(&self, seed: u64) -> Option<Estimate> {
        let processes: Vec<Resampled<'_>> = self.resampled().into_iter().flatten().collect();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let draws = bootstrap(processes.len(), &mut rng, |at, rng| processes[at].draw(rng))?;
        Some(interval(self.median()?, draws, processes.len()))
    }

    /// Logarithms of `self / other`, one for each process that has both: the interquartile mean of those of
    /// its rounds, or that of the interquartile means where it has few rounds with both.
    ///
    /// What is timed in the same moment is slowed down by the same neighbours (a randomized block design;
    /// Box, Hunter and Hunter 2005, "Statistics for Experimenters", chapter 4).
    pub fn log_ratios(&self, other: &Samples) -> Vec<f64> {
        let processes = self.sorted.len().min(other.sorted.len());
        (0..processes).filter_map(|process| self.log_ratio(other, process)).collect()
    }

    fn log_ratio(&self, other: &Samples, process: usize) -> Option<f64> {
        let logarithm = |ratio: f64| (ratio > 0.0 && ratio.is_finite()).then(|| ratio.ln());
        if let (Some(ours), Some(theirs)) =
            (self.by_round.get(process), other.by_round.get(process))
        {
            let ratio = |(round, one): (&u32, &f64)| logarithm(one / theirs.get(round)?);
            let mut logs: Vec<f64> = ours.iter().filter_map(ratio).collect();
            if logs.len() >= LEAST_ROUNDS {
                logs.sort_unstable_by(f64::total_cmp);
                return interquartile_mean(&logs);
            }
        }
        let (one, other) = (self.sorted.get(process)?, other.sorted.get(process)?);
        logarithm(interquartile_mean(one)? / interquartile_mean(other)?)
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
        self.sorted.iter().map(|samples| Resampled::new(samples)).collect()
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

/// The mean of the middle half, where a value at its edge counts for the part that is inside. Of the
/// samples of a process it varies a sixth less from process to process than their median, which jumps
/// where they lie in two heaps (the caches were warm, or not), and a burst of noise leaves it as it is.
fn interquartile_mean(sorted: &[f64]) -> Option<f64> {
    let count = sorted.len() as f64;
    let (first, last) = (count / 4.0, count * 0.75);
    let inside = |index: usize| {
        let (from, to) = (index as f64, index as f64 + 1.0);
        (to.min(last) - from.max(first)).max(0.0)
    };
    let sum: f64 = sorted.iter().enumerate().map(|(index, value)| value * inside(index)).sum();
    (!sorted.is_empty()).then(|| sum / (last - first))
}

/// The middle value, or the mean of the two in the middle; sorts its input. `None` when empty.
pub fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    of_sorted(values)
}

/// The mean; 0 when there is nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The sum of the squared distances from the mean.
pub fn squares(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

/// The weight of the typical variance, as degrees of freedom.
const PRIOR_FREEDOM: f64 = 4.0;

/// What varies so many times as much as is typical is not of the same sort, and is judged by itself: the
/// typical variance would make it look steadier than it is, and its noise a difference.
const LEAST_ODD: f64 = 4.0;

/// So many variances, at least, tell what is typical: those of the pairs of four cases. The median of
/// fewer is hardly more than one of them, which must not count twice.
const LEAST_VARIANCES: usize = 6;

/// The median of the variances of comparable cases; `None` when these are too few to tell.
pub fn typical(variances: &mut [f64]) -> Option<f64> {
    if variances.len() < LEAST_VARIANCES {
        return None;
    }
    median(variances)
}

/// A t test whose variance, known from few processes, is moderated by what is typical of the cases
/// beside it (Smyth 2004, "Linear models and empirical Bayes methods for assessing differential
/// expression", section 4; the weight of the typical variance is fixed here, not estimated).
#[derive(Debug, Clone, Copy)]
pub struct Moderated {
    /// What is [`typical`]. Without it, the test is Student's.
    pub typical: Option<f64>,
    /// The case's own variance.
    pub variance: f64,
    /// Its degrees of freedom.
    pub freedom: f64,
}

impl Moderated {
    /// Of logarithms, one for each process; `None` for fewer than two.
    fn of_logs(logs: &[f64], typical: Option<f64>) -> Option<Self> {
        let freedom = logs.len().checked_sub(1).filter(|freedom| *freedom > 0)? as f64;
        Some(Moderated { typical, variance: squares(logs) / freedom, freedom })
    }

    /// The interval of `exp(shift)`, where the variance of the shift is `sizes` times that of a
    /// process, that misses the truth with a chance of `error`. `None` when that cannot be told.
    pub fn interval(&self, shift: f64, sizes: f64, error: f64) -> Option<Estimate> {
        let typical = self.typical.filter(|typical| self.variance <= LEAST_ODD * typical);
        let (prior, typical) = typical.map_or((0.0, 0.0), |typical| (PRIOR_FREEDOM, typical));
        let freedom = prior + self.freedom;
        let moderated = (prior * typical + self.freedom * self.variance) / freedom;
        let student = StudentsT::new(0.0, 1.0, freedom).ok()?;
        let half = student.inverse_cdf(1.0 - error / 2.0) * (moderated * sizes).sqrt();
        let (low, high) = ((shift - half).exp(), (shift + half).exp());
        Some(Estimate { median: shift.exp(), low, high })
    }
}

/// What is typical of the variances of the logarithms of such ratios.
fn typical_of(logs: &[Vec<f64>]) -> Option<f64> {
    let tests = logs.iter().filter_map(|logs| Moderated::of_logs(logs, None));
    typical(&mut tests.map(|test| test.variance).collect::<Vec<_>>())
}

/// The ratio with those logarithms. `None` for fewer than two processes.
fn ratio(logs: &[f64], typical: Option<f64>, error: f64) -> Option<Estimate> {
    let test = Moderated::of_logs(logs, typical)?;
    test.interval(mean(logs), 1.0 / logs.len() as f64, error)
}

/// The ratios of pairs of cases of one run, each with an interval that misses the truth with a chance
/// of `error`. `None` for a pair that has fewer than two processes in common.
pub fn ratios(pairs: &[(&Samples, &Samples)], error: f64) -> Vec<Option<Estimate>> {
    let logs: Vec<Vec<f64>> = pairs.iter().map(|(one, other)| one.log_ratios(other)).collect();
    let typical = typical_of(&logs);
    logs.iter().map(|logs| ratio(logs, typical, error)).collect()
}

/// The chance that any of equal cases is given another rank than the fastest of them.
const RANK_ERROR: f64 = 0.05;

/// Ranks from 1, fastest first. In the order of their medians, cases share the rank of the first of
/// their group up to the first one that is slower than that by more than chance explains. This one is
/// the first of the next group, and what comes behind it is compared with it alone. Cases without
/// samples get no rank.
///
/// The first of a group was chosen because it looked fastest: of equal cases any could have been, so
/// any pair could have been compared, and each comparison gets its part of the error among all pairs
/// (Bonferroni). A bare order of medians, or one of single intervals, would give ranks to noise.
pub fn ranks(cases: &[Samples]) -> Vec<Option<u32>> {
    let mut order: Vec<(usize, f64)> = cases
        .iter()
        .enumerate()
        .filter_map(|(index, samples)| Some((index, samples.median()?)))
        .collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut ranks = vec![None; cases.len()];
    let logs =
        |slower: &(usize, f64), faster: &(usize, f64)| cases[slower.0].log_ratios(&cases[faster.0]);
    let mut pairs = Vec::new();
    for (place, faster) in order.iter().enumerate() {
        pairs.extend(order[place + 1..].iter().map(|slower| logs(slower, faster)));
    }
    let (typical, error) = (typical_of(&pairs), RANK_ERROR / pairs.len().max(1) as f64);
    let mut position = 0;
    while let Some(leader) = order.get(position) {
        let rest = &order[position..];
        let is_slower = |case: &(usize, f64)| {
            ratio(&logs(case, leader), typical, error).is_some_and(|ratio| ratio.low > 1.0)
        };
        let first_slower = rest[1..].iter().position(is_slower);
        let shared = first_slower.map_or(rest.len(), |index| index + 1);
        for (index, _) in &rest[..shared] {
            ranks[*index] = Some(position as u32 + 1);
        }
        position += shared;
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
    fn the_middle_half_counts_and_its_edges_in_part() {
        assert_eq!(interquartile_mean(&[]), None);
        assert_eq!(interquartile_mean(&[3.0]), Some(3.0));
        assert_eq!(interquartile_mean(&[1.0, 3.0]), Some(2.0));
        // A quarter of the first and of the last: (0.25 + 2 + 0.25 * 90) / 1.5.
        assert_eq!(interquartile_mean(&[1.0, 2.0, 90.0]), Some(16.5));
        assert_eq!(interquartile_mean(&[1.0, 4.0, 6.0, 90.0]), Some(5.0));
        // By hand, of six: half of the second, the third, the fourth, and half of the fifth.
        assert_eq!(interquartile_mean(&[0.0, 2.0, 4.0, 6.0, 8.0, 99.0]), Some(5.0));
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

    /// Of 1,000 intervals, how many cover the truth, where the samples of a process scatter too.
    fn covered_with_samples(scatter: f64, samples: usize, rng: &mut ChaCha8Rng) -> usize {
        let noise = rand_distr::Normal::new(0.0, scatter).unwrap();
        let covers = |seed: &u64| {
            let processes = drawn(8, rng);
            let of = |process: &Vec<f64>| {
                (0..samples).map(|_| process[0] * f64::exp(noise.sample(rng))).collect()
            };
            let estimate = Samples::new(processes.processes().iter().map(of).collect());
            let estimate = estimate.estimate(*seed).unwrap();
            estimate.low <= 100.0 && 100.0 <= estimate.high
        };
        (0..1000).filter(covers).count()
    }

    #[test]
    fn the_scatter_of_samples_makes_the_interval_wider_and_never_too_narrow() {
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        // Hardly any beside that of processes: as without.
        let little = covered_with_samples(0.003, 15, &mut rng);
        assert!((935..=980).contains(&little), "{little} of 1000");
        // More than that of processes: it counts twice, in the middles of processes and inside them.
        let much = covered_with_samples(0.1, 15, &mut rng);
        assert!(much >= 980, "{much} of 1000");
    }

    #[test]
    fn what_slows_a_process_down_is_in_no_ratio_of_its_rows() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let machine = drawn(5, &mut rng);
        let slower = machine.processes().iter().map(|s| s.iter().map(|v| v * 1.05).collect());
        let slower = Samples::new(slower.collect());
        let paired = ratios(&[(&slower, &machine)], 0.05)[0].unwrap();
        assert!((paired.median - 1.05).abs() < 1e-9 && paired.differs(), "{paired:?}");
        assert!(!slower.ratio_unpaired(&machine, 1).unwrap().differs());
    }

    #[test]
    fn what_slows_a_moment_down_is_in_no_ratio_of_its_rows() {
        // Three times as slow in some rounds of each process; the other case lacks some samples.
        let slow = |process: usize, round: u32| {
            if (round as usize + process).is_multiple_of(4) { 3.0 } else { 1.0 }
        };
        let case = |factor: f64, missing: u32| {
            let rounds =
                |_: usize| (0..12).filter(|round| round % 7 != missing).map(Some).collect();
            let rounds: Vec<Vec<Option<u32>>> = (0..5).map(rounds).collect();
            let sample =
                |process: usize, round: &Option<u32>| factor * slow(process, round.unwrap());
            let samples = |(process, rounds): (usize, &Vec<Option<u32>>)| {
                rounds.iter().map(|round| sample(process, round)).collect()
            };
            let processes: Vec<Vec<f64>> = rounds.iter().enumerate().map(samples).collect();
            Samples::of_rounds(&processes, &rounds)
        };
        let (one, other) = (case(11.0, 1), case(10.0, 3));
        let logs = one.log_ratios(&other);
        assert_eq!(logs.len(), 5);
        assert!(logs.iter().all(|log| (log - 1.1f64.ln()).abs() < 1e-9), "{logs:?}");
        assert!(ratios(&[(&one, &other)], 0.05)[0].unwrap().differs());
    }

    #[test]
    fn a_process_without_samples_keeps_its_place() {
        let one = Samples::new(vec![vec![], vec![10.0], vec![30.0]]);
        let other = Samples::new(vec![vec![7.0], vec![5.0], vec![]]);
        assert_eq!(one.log_ratios(&other), [2f64.ln()]);
        assert_eq!(ratios(&[(&one, &other)], 0.05), [None]);
        assert_eq!(one.middles(), [None, Some(10.0), Some(30.0)]);
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
        let slower = [110.9, 111.5, 109.3, 110.6, 108.4];
        let same = [100.9, 101.4, 99.8, 100.7, 98.9];
        let cases = [processes(&slower), processes(&base), processes(&same), Samples::default()];
        assert_eq!(ranks(&cases), [Some(3), Some(1), Some(1), None]);
    }

    /// Of 1,000 runs, in how many equal cases got different ranks.
    fn split(cases: usize, processes: usize, rng: &mut ChaCha8Rng) -> usize {
        let is_split = |_: &u32| {
            let cases: Vec<Samples> = (0..cases).map(|_| drawn(processes, rng)).collect();
            ranks(&cases).iter().any(|rank| *rank != Some(1))
        };
        (0..1000).filter(is_split).count()
    }

    #[test]
    fn equal_cases_share_a_rank_however_many_there_are() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        for (cases, processes) in [(2, 3), (3, 3), (4, 3), (10, 3), (2, 8), (10, 8), (30, 8)] {
            let split = split(cases, processes, &mut rng);
            assert!(split <= 70, "{cases} cases, {processes} processes: {split} of 1000 split");
        }
    }

    #[test]
    fn few_variances_are_not_typical_of_anything() {
        assert_eq!(typical(&mut [1.0; 5]), None);
        assert_eq!(typical(&mut [1.0, 9.0, 2.0, 3.0, 1.0, 4.0]), Some(2.5));
        // By hand: Student's t at 97.5 % with 2 degrees of freedom is 4.303, with 4 more it is 2.447.
        let half = |typical| {
            let test = Moderated { typical, variance: 4.0, freedom: 2.0 };
            test.interval(0.0, 0.25, 0.05).unwrap().high.ln()
        };
        assert!((half(None) - 4.303).abs() < 1e-3);
        assert!((half(Some(4.0)) - 2.447).abs() < 1e-3);
    }

    /// Times of a twin that takes `factor` times as long; two percent between the ratios of processes.
    fn twin(of: &Samples, factor: f64, rng: &mut ChaCha8Rng) -> Samples {
        let noise = rand_distr::Normal::new(0.0, 0.02).unwrap();
        let times = of.processes().iter();
        Samples::new(times.map(|t| vec![t[0] * factor * f64::exp(noise.sample(rng))]).collect())
    }

    #[test]
    fn pairs_that_differ_by_a_tenth_are_told_apart_and_equal_ones_are_not() {
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        for (factor, few, many) in [(1.0, 0, 60), (1.1, 760, 800)] {
            let mut told_apart = 0;
            for _ in 0..20 {
                let cases: Vec<Samples> = (0..40).map(|_| drawn(5, &mut rng)).collect();
                let twins: Vec<Samples> =
                    cases.iter().map(|case| twin(case, factor, &mut rng)).collect();
                let pairs: Vec<(&Samples, &Samples)> = twins.iter().zip(&cases).collect();
                told_apart += ratios(&pairs, 0.05).iter().flatten().filter(|r| r.differs()).count();
            }
            assert!((few..=many).contains(&told_apart), "{factor}: {told_apart} of 800");
        }
    }
}
