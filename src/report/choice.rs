//! What to use: a recommendation that can be checked against the numbers it gives.
//!
//! The rule, in order:
//!
//! 1. A format that can run code is never recommended. One with a reason for caution (its crate is
//!    unmaintained or under an advisory, its bytes may change, a round trip loses something, it
//!    failed on this model) is taken only when nothing else was measured, and the sentence says so.
//! 2. Of the others, those that load nearly as fast as the fastest of them stay in: same rank,
//!    or within [`NEAR_RATIO`], or within [`NEAR_NANOS`].
//! 3. Of these, one whose arrays other programs can read goes before one whose arrays they cannot.
//! 4. Of those, the ones that are not clearly larger than the smallest ([`NEAR_SIZE`]) stay; then
//!    fewer known problems decide, then the better rank, then fewer bytes.

use super::lookup::{Format, Lookup, Measured};
use super::verdict::{LOADS, VIEWS, load_operation};
use crate::base::case::Operation;
use crate::base::record::{FormatRecord, Timing};
use crate::base::units;

/// A load that takes at most this much longer is near enough for portability to decide.
pub const NEAR_RATIO: f64 = 1.25;

/// A load that takes at most this much longer is near enough too: less than a round trip in a
/// local network, so no service notices it.
pub const NEAR_NANOS: f64 = 50_000.0;

/// A file that is at most this much larger is no reason to choose another.
pub const NEAR_SIZE: f64 = 1.05;

/// Warnings that keep a format from being recommended without a word.
pub const CAUTIONS: &[&str] = &["unmaintained", "advisory", "unstable-format"];

/// A format that was passed over although it loads faster, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// Id of the format.
    pub format: String,
    /// The reasons, in a word or two each.
    pub cautions: Vec<String>,
}

/// What to use for a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The format; absent where only formats that can run code were measured.
    pub format: Option<String>,
    /// Why it is to be used with care; empty as a rule.
    pub cautions: Vec<String>,
    /// What decided, as clauses with numbers.
    pub reasons: Vec<String>,
    /// Faster formats with a reason for caution.
    pub passed_over: Vec<PassedOver>,
}

/// Why a format should not be used without a thought.
pub fn cautions(format: &Format<'_>) -> Vec<String> {
    let Some(record) = format.record else { return vec!["not described".to_owned()] };
    let mut cautions = Vec::new();
    if format.is_executable() {
        cautions.push("can run code".to_owned());
    }
    let warnings = record.warnings.iter().map(|warning| warning.id.as_str());
    cautions.extend(warnings.filter(|id| CAUTIONS.contains(id)).map(str::to_owned));
    if !record.losses.is_empty() {
        cautions.push("lossy".to_owned());
    }
    cautions.dedup();
    cautions
}

/// True when other programs can be expected to read the arrays: the format has one way of its own
/// for arrays, neither the code behind it nor its layout is ours alone, and nothing speaks against it.
pub fn is_portable(format: &Format<'_>) -> bool {
    let described = format
        .record
        .is_some_and(|record| record.encoding == "native" && record.implementation.is_some());
    let own =
        |record: &FormatRecord| record.warnings.iter().any(|warning| warning.id == "own-layout");
    described && cautions(format).is_empty() && !format.record.is_some_and(own)
}

struct Candidate<'a> {
    format: Format<'a>,
    timing: &'a Timing,
    bytes: Option<u64>,
    cautions: Vec<String>,
}

impl Candidate<'_> {
    fn is_portable(&self) -> bool {
        is_portable(&self.format)
    }

    fn is_near(&self, fastest: &Timing) -> bool {
        let (time, best) = (self.timing.median_nanos, fastest.median_nanos);
        let same_rank = self.timing.rank.is_some() && self.timing.rank == fastest.rank;
        same_rank || time <= best * NEAR_RATIO || time - best <= NEAR_NANOS
    }
}

/// Chooses for a model; `None` where no load was measured.
pub(super) fn of_model(lookup: &Lookup<'_>, model: &str) -> Option<Choice> {
    let operation = load_operation(lookup, model, LOADS)?;
    let candidates: Vec<Candidate<'_>> = lookup
        .timings(model, Measured::usual(operation))
        .into_iter()
        .filter(|(format, _)| format.holds_all())
        .map(|(format, timing)| {
            let mut cautions = cautions(&format);
            if lookup.failed(model, format.id) {
                cautions.push("failed an operation".to_owned());
            }
            let bytes = lookup.size(model, format.id).map(|size| size.bytes);
            Candidate { format, timing, bytes, cautions }
        })
        .collect();
    let safe = || candidates.iter().filter(|candidate| !candidate.format.is_executable());
    let pool: Vec<&Candidate<'_>> = match safe().any(|candidate| candidate.cautions.is_empty()) {
        true => safe().filter(|candidate| candidate.cautions.is_empty()).collect(),
        false => safe().collect(),
    };
    // Fastest first, as `timings` gave them.
    let Some(fastest) = pool.first().map(|candidate| candidate.timing) else {
        return Some(Choice {
            format: None,
            cautions: Vec::new(),
            reasons: Vec::new(),
            passed_over: Vec::new(),
        });
    };
    let chosen = choose(pool.iter().copied().filter(|candidate| candidate.is_near(fastest)))?;
    let faster = candidates
        .iter()
        .filter(|other| !other.cautions.is_empty() && other.format.id != chosen.format.id)
        .filter(|other| other.timing.median_nanos < chosen.timing.median_nanos)
        .map(|other| PassedOver {
            format: other.format.id.to_owned(),
            cautions: other.cautions.clone(),
        })
        .collect();
    Some(Choice {
        format: Some(chosen.format.id.to_owned()),
        cautions: chosen.cautions.clone(),
        reasons: reasons(lookup, model, operation, chosen, &candidates),
        passed_over: faster,
    })
}

/// The last two steps of the rule.
fn choose<'a, 'b>(
    near: impl Iterator<Item = &'b Candidate<'a>> + Clone,
) -> Option<&'b Candidate<'a>> {
    let portable = near.clone().any(Candidate::is_portable);
    let near = near.filter(|candidate| candidate.is_portable() == portable);
    let smallest = near.clone().filter_map(|candidate| candidate.bytes).min();
    near.min_by_key(|candidate| {
        let larger = match (candidate.bytes, smallest) {
            (Some(bytes), Some(smallest)) => bytes as f64 > smallest as f64 * NEAR_SIZE,
            _ => true,
        };
        let problems = candidate.format.record.map_or(usize::MAX, |record| record.warnings.len());
        (larger, problems, candidate.timing.rank.unwrap_or(u32::MAX), candidate.bytes)
    })
}

fn reasons(
    lookup: &Lookup<'_>,
    model: &str,
    operation: Operation,
    chosen: &Candidate<'_>,
    candidates: &[Candidate<'_>],
) -> Vec<String> {
    let what = match operation {
        Operation::DecodePredictOne => "first prediction",
        other => other.title(),
    };
    let time = units::duration(chosen.timing.median_nanos);
    let mut reasons = vec![format!("{what} {time}{}", standing(chosen, candidates))];
    let view = load_operation(lookup, model, VIEWS)
        .and_then(|operation| lookup.timing(model, chosen.format.id, operation));
    if let Some(view) = view {
        reasons.push(format!("{} as a view", units::duration(view.median_nanos)));
    }
    reasons.extend(chosen.bytes.map(units::bytes));
    if chosen.is_portable() {
        reasons.push("portable".to_owned());
    }
    reasons
}

/// Where the chosen one stands among all that were measured.
fn standing(chosen: &Candidate<'_>, candidates: &[Candidate<'_>]) -> String {
    let Some(first) = candidates.first() else { return String::new() };
    if candidates.len() == 1 {
        return " (no other was measured)".to_owned();
    }
    let shared = candidates.iter().filter(|c| c.timing.rank == Some(1)).count() > 1;
    match chosen.timing.rank {
        Some(1) if shared => " (among the fastest)".to_owned(),
        Some(1) => " (the fastest)".to_owned(),
        None if first.format.id == chosen.format.id => " (the fastest)".to_owned(),
        _ if first.timing.median_nanos > 0.0 => {
            let ratio = chosen.timing.median_nanos / first.timing.median_nanos;
            format!(" ({} the fastest)", units::times(ratio))
        }
        _ => String::new(),
    }
}

/// Formats that were passed over are named up to this many.
const NAMED: usize = 3;

impl Choice {
    /// What to use and why; what was passed over and why.
    pub fn sentences(&self) -> Vec<String> {
        let Some(format) = &self.format else {
            return vec![
                "No recommendation: every format that was measured can run code.".to_owned(),
            ];
        };
        let care = match self.cautions.as_slice() {
            [] => String::new(),
            cautions => format!(" with care ({})", cautions.join(", ")),
        };
        let mut sentences = vec![format!("Use {format}{care}: {}.", self.reasons.join(", "))];
        if !self.passed_over.is_empty() {
            sentences
                .push(format!("As fast or faster, not recommended: {}.", self.passed_over_text()));
        }
        sentences
    }

    /// `rkyv (advisory), bitcode (unstable-format) and 2 more`.
    pub fn passed_over_text(&self) -> String {
        let named = self.passed_over.iter().take(NAMED);
        let names: Vec<String> =
            named.map(|p| format!("{} ({})", p.format, p.cautions.join(", "))).collect();
        let more = match self.passed_over.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{}{more}", names.join(", "))
    }
}
