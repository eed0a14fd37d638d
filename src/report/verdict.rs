//! What a record says, in a few sentences with numbers.
//!
//! For each model and goal: the best formats, *all* that share rank 1, and the next one. Only
//! rows that were measured count, and only rows of one operation are compared with each other.
//! The record as a whole is told by its largest model, where differences matter most.
//!
//! A format with a reason for caution can win a goal, and is named with the reason; what to use is
//! decided in [`super::choice`].

use super::choice::{self, Choice};
use super::lookup::{Format, Lookup, Measured, Model};
use super::widgets::{percent, range};
use crate::base::case::Operation;
use crate::base::record::{BenchRecord, Power, SizeRow, Timing};
use crate::base::units;

/// What a reader may want from a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// The shortest time of an operation.
    Fast(Operation),
    /// The fewest bytes as encoded.
    Small,
    /// The fewest bytes after compression, with the codec that reached it.
    SmallCompressed,
    /// The lowest peak of memory while decoding.
    Frugal,
    /// The shortest time of an operation among formats whose arrays other programs can read and
    /// that give no reason for caution.
    Portable(Operation),
}

impl Want {
    /// True where figures are nanoseconds; the others are bytes.
    fn is_timed(self) -> bool {
        matches!(self, Want::Fast(_) | Want::Portable(_))
    }
}

/// A format with its figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Id of the format.
    pub format: String,
    /// The codec on top of it, where the goal is about compression.
    pub codec: Option<String>,
    /// Nanoseconds or bytes, as the goal has it.
    pub value: f64,
    /// The 95 % interval, of times.
    pub interval: Option<(f64, f64)>,
    /// Why the format should not be used without a thought; empty as a rule.
    pub cautions: Vec<String>,
}

impl Entry {
    /// The format, with its codec where there is one.
    pub fn name(&self) -> String {
        match &self.codec {
            Some(codec) => format!("{} + {codec}", self.format),
            None => self.format.clone(),
        }
    }

    /// The same with the reasons for caution: `cbor (unmaintained) + zstd-3`.
    fn name_with_cautions(&self) -> String {
        let format = match self.cautions.as_slice() {
            [] => self.format.clone(),
            cautions => format!("{} ({})", self.format, cautions.join(", ")),
        };
        match &self.codec {
            Some(codec) => format!("{format} + {codec}"),
            None => format,
        }
    }
}

/// What the record says about one goal.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// The goal.
    pub want: Want,
    /// The best: more than one where they cannot be told apart. Never empty.
    pub best: Vec<Entry>,
    /// The first that is worse than all of the best.
    pub next: Option<Entry>,
}

/// Everything that is said about one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelVerdict {
    /// Id of the model.
    pub model: String,
    /// Its title.
    pub title: String,
    /// Bytes and number of its arrays, where the record describes it.
    pub arrays: Option<(u64, u64)>,
    /// The goals that something was measured for.
    pub goals: Vec<Goal>,
    /// What to use, where a load was measured.
    pub choice: Option<Choice>,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdicts {
    /// Every model, in the record's order.
    pub models: Vec<ModelVerdict>,
    /// Position of the model that speaks for the record: the largest with a figure.
    pub headline: Option<usize>,
    /// Sentences about the run that limit everything else.
    pub caveats: Vec<String>,
}

/// Reads the verdicts out of a record.
pub fn verdicts(record: &BenchRecord) -> Verdicts {
    let lookup = Lookup::new(record);
    let models: Vec<ModelVerdict> =
        lookup.models.iter().map(|model| of_model(&lookup, model)).collect();
    let size = |position: &usize| {
        let verdict = &models[*position];
        // The first of equals: `max_by_key` takes the last.
        (!verdict.goals.is_empty(), verdict.arrays, std::cmp::Reverse(*position))
    };
    let headline = (0..models.len()).max_by_key(size);
    Verdicts { headline, caveats: caveats(record), models }
}

fn caveats(record: &BenchRecord) -> Vec<String> {
    let mut caveats = Vec::new();
    if let Some(reason) = &record.interrupted {
        caveats.push(format!("The run is not complete: {reason}."));
    }
    if record.noise.noisy {
        let spread = record.noise.loop_spread * 100.0;
        caveats.push(format!(
            "Noisy machine (a fixed loop varied by {spread:.0} %): do not trust small differences."
        ));
    }
    let made_up = |power: &&Power| power.equal_told_apart * 10 > power.equal_pairs;
    if let Some(power) = record.power.as_ref().filter(made_up) {
        caveats.push(format!(
            "Of {} equal pairs, {} were told apart: small differences may be made up.",
            power.equal_pairs, power.equal_told_apart
        ));
    }
    if let Some(power) = record.power.as_ref().filter(|power| !is_powerful(power)) {
        caveats.push(format!(
            "Of {} pairs that differ by {:.0} %, only {} were told apart: what shares a rank may well differ.",
            power.slowed_pairs,
            (power.injected_factor - 1.0) * 100.0,
            power.slowed_found
        ));
    }
    caveats
}

/// True when a run finds the differences that it should: nineteen of twenty.
fn is_powerful(power: &Power) -> bool {
    power.slowed_found * 20 >= power.slowed_pairs * 19
}

impl Verdicts {
    /// The model that speaks for the record.
    pub fn headline(&self) -> Option<&ModelVerdict> {
        self.models.get(self.headline?)
    }

    /// What a run ends with: a heading that names the model, then some sentences. Each is in one piece:
    /// a terminal or a page breaks lines where it needs to.
    pub fn sentences(&self) -> Vec<String> {
        let Some(model) = self.headline() else {
            return vec!["Nothing was measured: the record has no model.".to_owned()];
        };
        let largest = match self.models.len() {
            1 => String::new(),
            models => format!(", the largest of {models} models"),
        };
        let mut sentences = vec![format!("{}{largest}:", model.heading())];
        sentences.extend(model.sentences());
        sentences.extend(self.caveats.iter().cloned());
        sentences
    }
}

impl ModelVerdict {
    /// The model in a few words: `Random forest (M), 10.4 MB in 7 arrays`.
    pub fn heading(&self) -> String {
        match self.arrays {
            Some((bytes, 1)) => format!("{}, {} in 1 array", self.title, units::bytes(bytes)),
            Some((bytes, count)) => {
                format!("{}, {} in {count} arrays", self.title, units::bytes(bytes))
            }
            None => self.title.clone(),
        }
    }

    /// What is said about a goal.
    pub fn goal(&self, want: Want) -> Option<&Goal> {
        self.goals.iter().find(|goal| goal.want == want)
    }

    /// The first of some operations that something was measured for.
    fn fastest(&self, operations: &[Operation]) -> Option<&Goal> {
        operations.iter().find_map(|operation| self.goal(Want::Fast(*operation)))
    }

    /// Fastest load with and without a copy, smallest, what to use.
    pub fn sentences(&self) -> Vec<String> {
        if self.goals.is_empty() {
            return vec!["Nothing was measured for this model.".to_owned()];
        }
        let mut sentences = Vec::new();
        match self.fastest(LOADS) {
            Some(goal) => sentences.push(goal.sentence()),
            None => sentences.push("Fastest first prediction: not measured.".to_owned()),
        }
        sentences.extend(self.fastest(VIEWS).map(Goal::sentence));
        sentences.extend(self.size_sentence());
        match &self.choice {
            Some(choice) => sentences.extend(choice.sentences()),
            None => sentences.push("No recommendation: no load was measured.".to_owned()),
        }
        sentences
    }

    fn size_sentence(&self) -> Option<String> {
        let figure = |goal: &Goal, of: &str| {
            let bytes = goal.best.first().map_or(0.0, |best| best.value);
            let share = match self.arrays {
                Some((arrays @ 1.., _)) => format!(", {}{of}", percent(bytes / arrays as f64)),
                _ => String::new(),
            };
            let each = if goal.best.len() > 1 { " each" } else { "" };
            format!("{}{each}{share}", goal.figure(bytes))
        };
        let names = |goal: &Goal| {
            goal.best.iter().map(Entry::name_with_cautions).collect::<Vec<_>>().join(", ")
        };
        let raw = self.goal(Want::Small)?;
        let compressed = self.goal(Want::SmallCompressed).map(|goal| {
            let figure = figure(goal, "");
            match (goal.best.as_slice(), raw.best.as_slice()) {
                ([Entry { format, codec: Some(codec), .. }], [same]) if *format == same.format => {
                    format!("; with {codec} {figure}")
                }
                _ => format!("; {}, {figure}", names(goal)),
            }
        });
        let compressed = compressed.unwrap_or_default();
        Some(format!("Smallest: {}, {}{compressed}.", names(raw), figure(raw, " of the arrays")))
    }
}

/// What stands for a load with memory of its own: plain arrays have no first prediction.
pub const LOADS: &[Operation] = &[Operation::DecodePredictOne, Operation::Decode];
/// What stands for a load without a copy.
pub const VIEWS: &[Operation] =
    &[Operation::ViewPredictOne, Operation::MapPredictOne, Operation::View];

/// The operations with a goal of their own, in the order of the page.
const FAST: &[Operation] = &[
    Operation::DecodePredictOne,
    Operation::Decode,
    Operation::ViewPredictOne,
    Operation::View,
    Operation::LoadFilePredictOne,
    Operation::MapPredictOne,
    Operation::Encode,
];

fn of_model(lookup: &Lookup<'_>, model: &Model<'_>) -> ModelVerdict {
    let mut goals: Vec<Goal> = FAST.iter().filter_map(|o| fastest(lookup, model.id, *o)).collect();
    goals.extend(smallest(lookup, model.id));
    goals.extend(smallest_compressed(lookup, model.id));
    goals.extend(frugal(lookup, model.id));
    goals.extend(portable(lookup, model.id));
    ModelVerdict {
        model: model.id.to_owned(),
        title: model.title().to_owned(),
        arrays: model.record.map(|record| (record.array_bytes, record.array_count)),
        choice: choice::of_model(lookup, model.id),
        goals,
    }
}

fn timed(format: &Format<'_>, timing: &Timing) -> Entry {
    Entry {
        format: format.id.to_owned(),
        cautions: choice::cautions(format),
        codec: None,
        value: timing.median_nanos,
        interval: Some((timing.low_nanos, timing.high_nanos)),
    }
}

/// True when a row cannot be told apart from the fastest one: it shares its rank, or, in a record
/// without ranks, its interval reaches into that of the fastest.
fn is_as_fast(timing: &Timing, fastest: &Timing) -> bool {
    match (timing.rank, fastest.rank) {
        (Some(rank), Some(best)) => rank == best,
        _ => timing.low_nanos <= fastest.high_nanos,
    }
}

fn fastest(lookup: &Lookup<'_>, model: &str, operation: Operation) -> Option<Goal> {
    let mut timings = lookup.timings(model, Measured::usual(operation));
    timings.retain(|(format, _)| format.holds_all());
    fastest_of(Want::Fast(operation), timings)
}

/// The fastest of rows that are in order. The first one counts as best in any case: a record may
/// have lost the row with rank 1, or the rows are a selection.
fn fastest_of(want: Want, timings: Vec<(Format<'_>, &Timing)>) -> Option<Goal> {
    let (_, first) = timings.first()?;
    let (mut best, mut rest) = (Vec::new(), Vec::new());
    for (position, (format, timing)) in timings.iter().enumerate() {
        let side = if position == 0 || is_as_fast(timing, first) { &mut best } else { &mut rest };
        side.push(timed(format, timing));
    }
    Some(Goal { want, best, next: rest.into_iter().next() })
}

fn portable(lookup: &Lookup<'_>, model: &str) -> Option<Goal> {
    let operation = load_operation(lookup, model, LOADS)?;
    let mut timings = lookup.timings(model, Measured::usual(operation));
    timings.retain(|(format, _)| format.holds_all() && choice::is_portable(format));
    fastest_of(Want::Portable(operation), timings)
}

/// The entries with the lowest value, and the first that is higher.
fn lowest(want: Want, mut entries: Vec<Entry>) -> Option<Goal> {
    entries.sort_by(|a, b| a.value.total_cmp(&b.value));
    let value = entries.first()?.value;
    let (best, rest): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|entry| entry.value == value);
    Some(Goal { want, best, next: rest.into_iter().next() })
}

fn sized(format: &Format<'_>, codec: Option<&str>, bytes: u64) -> Entry {
    Entry {
        format: format.id.to_owned(),
        cautions: choice::cautions(format),
        codec: codec.map(str::to_owned),
        value: bytes as f64,
        interval: None,
    }
}

fn smallest(lookup: &Lookup<'_>, model: &str) -> Option<Goal> {
    let sizes = lookup.sizes(model).into_iter().filter(|(format, _)| format.holds_all());
    lowest(Want::Small, sizes.map(|(format, size)| sized(&format, None, size.bytes)).collect())
}

fn smallest_compressed(lookup: &Lookup<'_>, model: &str) -> Option<Goal> {
    let best_codec = |(format, size): (Format<'_>, &SizeRow)| {
        let (codec, bytes) = size.compressed_bytes.iter().min_by_key(|(_, bytes)| **bytes)?;
        Some(sized(&format, Some(codec), *bytes))
    };
    let sizes = lookup.sizes(model).into_iter().filter(|(format, _)| format.holds_all());
    lowest(Want::SmallCompressed, sizes.filter_map(best_codec).collect())
}

fn frugal(lookup: &Lookup<'_>, model: &str) -> Option<Goal> {
    let memory = lookup.memory(model, Operation::Decode).into_iter();
    lowest(
        Want::Frugal,
        memory.map(|(format, memory)| sized(&format, None, memory.peak_bytes)).collect(),
    )
}

/// Names with their figures up to this many; beyond it the names and the range.
const WITH_FIGURES: usize = 3;

impl Goal {
    /// What the goal is called: `Fastest first prediction`.
    pub fn label(&self) -> String {
        match self.want {
            Want::Fast(Operation::DecodePredictOne) => "Fastest first prediction".to_owned(),
            Want::Fast(Operation::ViewPredictOne) => "Fastest through a view".to_owned(),
            Want::Fast(Operation::MapPredictOne) => "Fastest from a mapped file".to_owned(),
            Want::Fast(Operation::LoadFilePredictOne) => "Fastest from a file".to_owned(),
            Want::Fast(Operation::Decode) => "Fastest decode".to_owned(),
            Want::Fast(Operation::View) => "Fastest to open a view".to_owned(),
            Want::Fast(Operation::Encode) => "Fastest encode".to_owned(),
            Want::Fast(operation) => format!("Fastest, {}", operation.title()),
            Want::Small => "Smallest".to_owned(),
            Want::SmallCompressed => "Smallest, compressed".to_owned(),
            Want::Frugal => "Least heap while decoding".to_owned(),
            Want::Portable(_) => "Fastest that others read".to_owned(),
        }
    }

    /// What exactly is compared.
    pub fn meaning(&self) -> &'static str {
        match self.want {
            Want::Fast(operation) => operation.meaning(),
            Want::Small => "Bytes as encoded.",
            Want::SmallCompressed => "Bytes after the codec that makes them fewest.",
            Want::Frugal => "Most bytes of heap and arenas at one moment of a decode.",
            Want::Portable(_) => {
                "Arrays in the format's own way through a published crate, no reason for caution."
            }
        }
    }

    /// A figure of the goal as people read it.
    pub fn figure(&self, value: f64) -> String {
        match self.want.is_timed() {
            true => units::duration(value),
            false => units::bytes(value as u64),
        }
    }

    /// The best with their figures: `raw, 1.20 ms` or
    /// `raw 1.20 ms, rkyv 1.22 ms (not distinguishable)`.
    pub fn best_text(&self) -> String {
        let names = || self.best.iter().map(Entry::name).collect::<Vec<_>>().join(", ");
        match self.best.as_slice() {
            [] => "not measured".to_owned(),
            [only] => format!("{}, {}", only.name(), self.figure(only.value)),
            [first, ..] if !self.want.is_timed() => {
                format!("{}, {} each", names(), self.figure(first.value))
            }
            best if best.len() <= WITH_FIGURES => {
                let each = best.iter().map(|e| format!("{} {}", e.name(), self.figure(e.value)));
                format!("{} (not distinguishable)", each.collect::<Vec<_>>().join(", "))
            }
            [first, .., last] => {
                format!("{} ({}, not distinguishable)", names(), range(first.value, last.value))
            }
        }
    }

    /// The next one with its distance: `npz, 2.10 ms (1.75×)`.
    pub fn next_text(&self) -> Option<String> {
        let next = self.next.as_ref()?;
        let ratio = match self.best.first() {
            Some(best) if best.value > 0.0 => {
                format!(" ({})", units::times(next.value / best.value))
            }
            _ => String::new(),
        };
        Some(format!("{}, {}{ratio}", next.name(), self.figure(next.value)))
    }

    /// The whole as a sentence.
    pub fn sentence(&self) -> String {
        let best = match self.best.as_slice() {
            // The interval only where it cannot crowd out the names.
            [only] => match only.interval {
                Some((low, high)) => format!("{} [{}]", self.best_text(), range(low, high)),
                None => self.best_text(),
            },
            _ => self.best_text(),
        };
        let next = match (self.next_text(), self.best.len()) {
            (Some(next), _) => format!("; next {next}"),
            (None, 1) => "; no other format was measured".to_owned(),
            (None, _) => String::new(),
        };
        format!("{}: {best}{next}.", self.label())
    }
}

/// The operation whose time stands for loading a model, where one was measured.
pub fn load_operation(lookup: &Lookup<'_>, model: &str, of: &[Operation]) -> Option<Operation> {
    of.iter()
        .copied()
        .find(|operation| !lookup.timings(model, Measured::usual(*operation)).is_empty())
}
