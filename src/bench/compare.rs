//! What got faster or slower since a saved record.
//!
//! Two runs differ by more than the code: the machine is faster on one day, a process has luck with
//! its pages. So three things are done before anything is called a change.
//!
//! 1. **Relative figures.** In each process, how far a row is from where it was is taken relative to the
//!    median of the same of the formats that are about as fast, in the same operation on the same model.
//!    What slows the machine down cancels out, also where it slows memory down and not the processor, as
//!    long as three of the five are slowed down by it. What slows most of them down together, of the machine
//!    or of code that they share, is no change of theirs; how much all formats changed is told beside it.
//! 2. **Processes are the unit.** The change of a format is the median over its rows, once for each
//!    process; the two records are compared by a t test over these. With few processes a variance is
//!    hardly known, so it is moderated by that of all formats (Smyth 2004, "Linear models and empirical
//!    Bayes methods for assessing differential expression", section 4).
//! 3. **Many questions, one error.** Intervals are widened (Bonferroni) so that in nineteen of twenty
//!    comparisons of equal records nothing is flagged at all; and what is below a twentieth is not
//!    flagged either, because no one would act on it.
//!
//! Records of different machines are never compared.

use std::collections::{BTreeMap, BTreeSet};

use super::stats::{Estimate, Moderated, Samples, mean, median, squares, typical};
use crate::base::case::{CaseId, FLOOR, Group};
use crate::base::record::BenchRecord;

/// A smaller change is not flagged.
pub const LEAST_CHANGE: f64 = 0.05;

/// The chance that anything is flagged where nothing changed.
const ERROR: f64 = 0.05;

/// Formats that make a median which stands for others, at least.
const FORMATS_FOR_MEDIAN: usize = 3;

/// So many formats, at most, stand for one that is about as fast, mostly itself among them. Where there are
/// five and two of them changed, the median is still of those that did not.
const NEAREST: usize = 5;

/// The change of a format, in one group of operations or in all.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The format.
    pub format: String,
    /// The operations; `None` is all of them.
    pub group: Option<Group>,
    /// How many rows it rests on.
    pub rows: usize,
    /// New time divided by old time, relative to the formats that are about as fast, with an interval
    /// that holds for all changes at once.
    pub ratio: Estimate,
}

impl Change {
    /// True when it is more than chance explains, and large enough to matter.
    pub fn is_flagged(&self) -> bool {
        self.ratio.differs() && self.ratio.median.ln().abs() >= (1.0 + LEAST_CHANGE).ln()
    }
}

/// One row in both records.
#[derive(Debug, Clone, PartialEq)]
pub struct RowChange {
    /// The row.
    pub case: CaseId,
    /// New time divided by old time, as measured, with its own 95 % interval.
    pub ratio: Estimate,
}

/// Two records side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Every format, in all operations and in each group; the largest change first.
    pub changes: Vec<Change>,
    /// Every row that both records have.
    pub rows: Vec<RowChange>,
    /// New time divided by old time of all formats together, as measured.
    pub all_formats: f64,
    /// The same of the floors, which no change of the code concerns; `None` without floors.
    pub floors: Option<f64>,
}

/// Logarithms of the middles of a row ([`Samples::middles`]), process by process.
type Middles = BTreeMap<CaseId, Vec<Option<f64>>>;

/// Compares the rows that both records have.
///
/// # Errors
/// A sentence that says why the records cannot be compared: another machine, other models.
pub fn compare(new: &BenchRecord, old: &BenchRecord) -> Result<Comparison, String> {
    same_machine(new, old)?;
    let same_model = |case: &CaseId| {
        let checksum = |record: &BenchRecord| {
            let model = record.models.iter().find(|known| known.id == case.model)?;
            Some(model.checksum.clone())
        };
        checksum(new) == checksum(old)
    };
    let (samples_new, samples_old) = (samples(new), samples(old));
    let common: BTreeSet<CaseId> = samples_new
        .keys()
        .filter(|case| samples_old.contains_key(case) && same_model(case))
        .cloned()
        .collect();
    let rows: Vec<RowChange> = common
        .iter()
        .filter(|case| case.format != FLOOR)
        .filter_map(|case| {
            let ratio = samples_new[case].ratio_unpaired(&samples_old[case], 0)?;
            Some(RowChange { case: case.clone(), ratio })
        })
        .collect();
    if rows.is_empty() {
        return Err("the records have no row of the same model in common".to_owned());
    }
    let (log_new, log_old) = (logarithms(&samples_new, &common), logarithms(&samples_old, &common));
    let mut changes = changes(&log_new, &log_old);
    let size = |change: &Change| change.ratio.median.ln().abs();
    changes.sort_by(|a, b| b.is_flagged().cmp(&a.is_flagged()).then(size(b).total_cmp(&size(a))));
    let shift = |is_floor: bool| {
        let of = |case: &&CaseId| (case.format == FLOOR) == is_floor;
        let shifts = common.iter().filter(of).filter_map(|case| {
            Some(samples_new[case].median()?.ln() - samples_old[case].median()?.ln())
        });
        median(&mut shifts.collect::<Vec<_>>()).map(f64::exp)
    };
    Ok(Comparison { changes, rows, all_formats: shift(false).unwrap_or(1.0), floors: shift(true) })
}

fn same_machine(new: &BenchRecord, old: &BenchRecord) -> Result<(), String> {
    let (ours, theirs) = (new.environment.host(), old.environment.host());
    match ours == theirs {
        true => Ok(()),
        false => Err(format!(
            "the records are of different machines: {ours} and {theirs}; save a baseline on this one"
        )),
    }
}

fn samples(record: &BenchRecord) -> BTreeMap<CaseId, Samples> {
    let measured = record.rows.iter().filter_map(|row| {
        let timing = row.outcome.timing()?;
        Some((row.case.clone(), Samples::new(timing.samples_nanos.clone())))
    });
    measured.collect()
}

fn logarithms(samples: &BTreeMap<CaseId, Samples>, common: &BTreeSet<CaseId>) -> Middles {
    let logarithm = |value: Option<f64>| value.filter(|value| *value > 0.0).map(f64::ln);
    let of = |case: &CaseId| samples[case].middles().into_iter().map(logarithm).collect();
    common.iter().map(|case| (case.clone(), of(case))).collect()
}

/// Where each row was: the mean of its processes.
fn levels(middles: &Middles) -> BTreeMap<&CaseId, f64> {
    let level = |values: &[Option<f64>]| {
        let known: Vec<f64> = values.iter().copied().flatten().collect();
        (!known.is_empty()).then(|| mean(&known))
    };
    middles.iter().filter_map(|(case, values)| Some((case, level(values)?))).collect()
}

/// How far each row is from its level, relative to what stands for it in its process: the median of the
/// [`NEAREST`] formats in the same operation on the same model, each from its own level; where there are too
/// few formats, the floors of the model.
///
/// Those that copy are slowed down by a neighbour that takes the memory's time, those that parse by one
/// that takes the processor's: with one median for both, whichever are fewer would seem to change. And a
/// median of the times themselves would be the time of the format in the middle, whose changes would seem
/// to be those of all others, the other way round.
fn relative(middles: &Middles, levels: &BTreeMap<&CaseId, f64>) -> Middles {
    let group = |case: &CaseId| (case.model.clone(), case.operation, case.pages, case.temperature);
    let mut groups: BTreeMap<_, Vec<&CaseId>> = BTreeMap::new();
    let mut floors: BTreeMap<&str, Vec<&CaseId>> = BTreeMap::new();
    for case in middles.keys() {
        match case.format == FLOOR {
            true => floors.entry(&case.model).or_default().push(case),
            false => groups.entry(group(case)).or_default().push(case),
        }
    }
    let shift = |case: &CaseId, process: usize| {
        let value = middles[case].get(process).copied().flatten()?;
        Some(value - levels.get(case)?)
    };
    let center = |cases: &[&CaseId], process: usize| {
        let shifts = cases.iter().filter_map(|case| shift(case, process));
        median(&mut shifts.collect::<Vec<_>>())
    };
    let distance = |one: &CaseId, other: &CaseId| match (levels.get(one), levels.get(other)) {
        (Some(one), Some(other)) => (one - other).abs(),
        _ => f64::INFINITY,
    };
    let mut relative = Middles::new();
    for cases in groups.values() {
        let steady = steady(cases, middles);
        for case in cases {
            let mut others = steady.clone();
            if steady.len() >= FORMATS_FOR_MEDIAN {
                others.sort_by(|a, b| distance(case, a).total_cmp(&distance(case, b)));
                others.truncate(NEAREST);
            } else {
                others = floors.get(case.model.as_str()).cloned().unwrap_or_default();
            }
            let of_process = |process: usize| {
                // Without anything to compare with, the time itself is what there is.
                Some(shift(case, process)? - center(&others, process).unwrap_or(0.0))
            };
            let values = (0..middles[*case].len()).map(of_process);
            relative.insert((*case).clone(), values.collect());
        }
    }
    relative
}

/// Those of the cases that are in as many processes as any of them: slow ones rest in some, and what stands
/// for all must be the same in each, or it moves with who is there.
fn steady<'a>(cases: &[&'a CaseId], middles: &Middles) -> Vec<&'a CaseId> {
    let processes = |case: &CaseId| middles[case].iter().flatten().count();
    let most = cases.iter().map(|case| processes(case)).max();
    cases.iter().copied().filter(|case| Some(processes(case)) == most).collect()
}

/// What one question rests on: the change in each process of both records.
struct Question {
    format: String,
    group: Option<Group>,
    rows: usize,
    new: Vec<f64>,
    old: Vec<f64>,
}

/// What changed from `old` to `new`.
fn changes(new: &Middles, old: &Middles) -> Vec<Change> {
    let levels = levels(old);
    let (new, old) = (&relative(new, &levels), &relative(old, &levels));
    let mut questions: BTreeMap<(Option<Group>, &str), Vec<&CaseId>> = BTreeMap::new();
    for case in new.keys() {
        let group = case.operation.group();
        questions.entry((None, &case.format)).or_default().push(case);
        questions.entry((Some(group), &case.format)).or_default().push(case);
    }
    let asked = |((group, format), cases): ((Option<Group>, &str), Vec<&CaseId>)| Question {
        format: format.to_owned(),
        group,
        rows: cases.len(),
        new: effects(&cases, new, old),
        old: effects(&cases, old, old),
    };
    let mut groups: BTreeMap<Option<Group>, Vec<Question>> = BTreeMap::new();
    for question in questions.into_iter().map(asked).filter(|question| question.freedom() >= 1.0) {
        groups.entry(question.group).or_default().push(question);
    }
    // Half of the error belongs to the formats as a whole, half to all of their groups together.
    let parts: usize = groups.iter().filter(|(g, _)| g.is_some()).map(|(_, q)| q.len()).sum();
    let asked_with = |group: &Option<Group>, count: usize| match group {
        None => count,
        Some(_) => parts,
    };
    groups.iter().flat_map(|(group, q)| answers(q, asked_with(group, q.len()))).collect()
}

/// In each process the median over the rows of how far they are from where they were.
fn effects(cases: &[&CaseId], of: &Middles, old: &Middles) -> Vec<f64> {
    let mean = |values: &[Option<f64>]| {
        let known: Vec<f64> = values.iter().copied().flatten().collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let processes = cases.iter().map(|case| of[*case].len()).max().unwrap_or(0);
    let effect = |process: usize| {
        let shifts = cases.iter().filter_map(|case| {
            let value = of[*case].get(process).copied().flatten()?;
            Some(value - mean(&old[*case])?)
        });
        median(&mut shifts.collect::<Vec<_>>())
    };
    (0..processes).filter_map(effect).collect()
}

impl Question {
    /// Degrees of freedom of its variance.
    fn freedom(&self) -> f64 {
        (self.new.len() + self.old.len()).saturating_sub(2) as f64
    }

    /// Variance of a process, pooled over both records.
    fn variance(&self) -> f64 {
        (squares(&self.new) + squares(&self.old)) / self.freedom().max(1.0)
    }
}

/// The t test of each question of one group of operations, where so many are asked in all. Groups have
/// variances of their own: files are noisier than memory.
fn answers(questions: &[Question], asked: usize) -> Vec<Change> {
    let typical = typical(&mut questions.iter().map(Question::variance).collect::<Vec<_>>());
    let error = ERROR / 2.0 / asked.max(1) as f64;
    let answer = |q: &Question| {
        let shift = mean(&q.new) - mean(&q.old);
        let sizes = 1.0 / q.new.len() as f64 + 1.0 / q.old.len() as f64;
        let test = Moderated { typical, variance: q.variance(), freedom: q.freedom() };
        let ratio = test.interval(shift, sizes, error)?;
        Some(Change { format: q.format.clone(), group: q.group, rows: q.rows, ratio })
    };
    questions.iter().filter_map(answer).collect()
}

/// The operations of a change, for readers.
pub fn operations(group: Option<Group>) -> &'static str {
    match group {
        None => "all operations",
        Some(Group::Save) => "encode and save",
        Some(Group::Load) => "decode and on",
        Some(Group::View) => "views",
        Some(Group::File) => "from files",
        Some(Group::Compression) => "compression",
        Some(Group::Floor) => "floors",
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, Normal};

    use super::*;
    use crate::base::case::Operation;

    /// Times of formats in a record whose processes and machine differ, `slower` by a factor.
    fn middles(rng: &mut ChaCha8Rng, machine: f64, slower: Option<(&str, f64)>) -> Middles {
        let noise = Normal::new(0.0, 0.02).unwrap();
        let mut middles = Middles::new();
        let drift: Vec<f64> = (0..5).map(|_| 3.0 * noise.sample(rng)).collect();
        for model in ["a", "b"] {
            for (position, format) in ["w", "x", "y", "z", "raw", "npz"].into_iter().enumerate() {
                for operation in [Operation::Encode, Operation::Decode, Operation::View] {
                    let factor = slower.filter(|s| s.0 == format).map_or(1.0, |s| s.1);
                    let nanos = 1e5 * (position + 1) as f64 * machine * factor;
                    let case = CaseId {
                        model: model.to_owned(),
                        format: format.to_owned(),
                        operation,
                        pages: None,
                        temperature: None,
                    };
                    let of = drift.iter().map(|drift| Some(nanos.ln() + drift + noise.sample(rng)));
                    middles.insert(case, of.collect());
                }
            }
        }
        middles
    }

    fn flagged(new: &Middles, old: &Middles) -> Vec<(String, bool)> {
        let changes = changes(new, old);
        let flagged = changes.iter().filter(|change| change.is_flagged());
        flagged.map(|change| (change.format.clone(), change.ratio.median > 1.0)).collect()
    }

    #[test]
    fn an_injected_slowdown_is_found_and_nothing_else() {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let mut right = 0;
        for _ in 0..100 {
            let old = middles(&mut rng, 1.0, None);
            let new = middles(&mut rng, 1.3, Some(("x", 1.15)));
            let found = flagged(&new, &old);
            right += usize::from(
                !found.is_empty() && found.iter().all(|(format, up)| format == "x" && *up),
            );
        }
        assert!(right >= 95, "{right} of 100");
    }

    #[test]
    fn equal_records_flag_nothing_in_nineteen_of_twenty() {
        let mut rng = ChaCha8Rng::seed_from_u64(12);
        let wrong = (0..200)
            .filter(|_| {
                let (old, new) = (middles(&mut rng, 1.0, None), middles(&mut rng, 0.8, None));
                !flagged(&new, &old).is_empty()
            })
            .count();
        assert!(wrong <= 10, "{wrong} of 200");
    }

    fn case(format: &str, operation: Operation) -> CaseId {
        let (model, format) = ("m".to_owned(), format.to_owned());
        CaseId { model, format, operation, pages: None, temperature: None }
    }

    #[test]
    fn what_happens_to_the_format_in_the_middle_does_not_happen_to_the_others() {
        let middles = |slower: f64| -> Middles {
            let times = [("v", 1.0), ("w", 2.0), ("x", 3.0 + slower), ("y", 4.0), ("z", 9.0)];
            let of = |(id, time)| (case(id, Operation::Decode), vec![Some(time); 8]);
            times.map(of).into()
        };
        let old = middles(0.0);
        for (row, values) in relative(&middles(0.14), &levels(&old)) {
            let expected = if row.format == "x" { 0.14 } else { 0.0 };
            assert!(
                values.iter().all(|v| (v.unwrap() - expected).abs() < 1e-9),
                "{row}: {values:?}"
            );
        }
    }

    #[test]
    fn what_slows_memory_down_is_no_change_of_the_formats_that_copy() {
        // Four copy, six parse; between the runs copying got faster by a fifth, and one of the four slower.
        let ids = ["a", "b", "c", "d", "p", "q", "r", "s", "t", "u"];
        let middles = |memory: f64, slower: f64| -> Middles {
            let of = |(place, id): (usize, &&str)| {
                let level = if place < 4 { 1.0 + memory } else { 3.0 } + place as f64 / 10.0;
                let changed = if *id == "b" { slower } else { 0.0 };
                (case(id, Operation::Decode), vec![Some(level + changed); 8])
            };
            ids.iter().enumerate().map(of).collect()
        };
        let old = middles(0.0, 0.0);
        for (row, values) in relative(&middles(-0.2, 0.14), &levels(&old)) {
            let expected = if row.format == "b" { 0.14 } else { 0.0 };
            assert!((values[0].unwrap() - expected).abs() < 1e-9, "{row}: {values:?}");
        }
    }

    #[test]
    fn a_noisy_format_among_steady_ones_is_flagged_as_seldom() {
        let mut rng = ChaCha8Rng::seed_from_u64(13);
        for (processes, experiments) in [(3, 200), (8, 200)] {
            let mut middles = || -> Middles {
                let of = |position: usize, rng: &mut ChaCha8Rng| {
                    let noise = if position < 3 { 0.1 } else { 0.015 };
                    let noise = Normal::new(0.0, noise).unwrap();
                    let values = (0..processes).map(|_| Some(position as f64 + noise.sample(rng)));
                    values.collect()
                };
                let row = |position: usize| {
                    let id = format!("f{position}");
                    (case(&id, Operation::Decode), of(position, &mut rng))
                };
                (0..10).map(row).collect()
            };
            let wrong = (0..experiments)
                .filter(|_| {
                    let (old, new) = (middles(), middles());
                    !flagged(&new, &old).is_empty()
                })
                .count();
            assert!(wrong * 20 <= experiments, "{processes} processes: {wrong} of {experiments}");
        }
    }

    #[test]
    fn who_rests_in_some_processes_does_not_move_the_others() {
        let mut middles: Middles = ["w", "x", "y"]
            .iter()
            .map(|id| (case(id, Operation::Decode), vec![Some(1.0); 8]))
            .collect();
        for id in ["slow", "slower", "slowest", "last"] {
            let of = (0..8).map(|process| (process % 2 == 0).then_some(9.0)).collect();
            middles.insert(case(id, Operation::Decode), of);
        }
        // Those that rest are slower by 2 than they were.
        let old = |row: &CaseId| if middles[row].contains(&None) { 7.0 } else { 1.0 };
        let relative = relative(&middles, &middles.keys().map(|row| (row, old(row))).collect());
        assert_eq!(relative[&case("w", Operation::Decode)], vec![Some(0.0); 8]);
        assert_eq!(relative[&case("slow", Operation::Decode)][..2], [Some(2.0), None]);
    }

    #[test]
    fn a_single_format_is_compared_with_the_floors() {
        let middles = |time: f64, floor: f64| -> Middles {
            [
                (case("raw", Operation::Decode), vec![Some(time), Some(time + 0.001)]),
                (case(FLOOR, Operation::FloorCopy), vec![Some(floor), Some(floor)]),
            ]
            .into()
        };
        let (old, new) = (middles(5.0, 3.0), middles(5.5, 3.5));
        let found = relative(&new, &levels(&old));
        assert_eq!(found.len(), 1);
        let first = found.values().next().unwrap()[0].unwrap();
        assert!((first + 0.0005).abs() < 1e-9, "{first}");
        assert!(changes(&new, &old).iter().all(|change| !change.is_flagged()));
    }
}
