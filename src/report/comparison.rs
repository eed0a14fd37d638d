//! Two records side by side: what changed by more than chance explains first, with both distributions.
//!
//! What counts as a change was decided where the samples were compared; this page only shows it. Records
//! that cannot be compared, such as those of two machines, are shown apart, each with axes of its own, and
//! no figure of one is divided by a figure of the other.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, html};

use super::frame;
use super::hostile_story::shown;
use super::strip::{self, Axis};
use super::widgets::{group_title, operation_title, range, scroll};
use crate::base::case::{CaseId, FLOOR, Group};
use crate::base::record::{BenchRecord, Timing};
use crate::base::units;

/// Changes that the first sentence names.
const NAMED: usize = 4;
/// Rows that the page shows with their distributions.
const LISTED: usize = 150;

/// New time divided by old time, with an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The point.
    pub median: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Ratio {
    /// True when the interval does not include 1.
    pub fn differs(&self) -> bool {
        self.low > 1.0 || self.high < 1.0
    }

    fn distance(&self) -> f64 {
        self.median.ln().abs()
    }

    fn word(&self) -> &'static str {
        if self.median < 1.0 { "▼ faster" } else { "▲ slower" }
    }
}

/// The change of a format, in one group of operations or in all.
#[derive(Debug, Clone, PartialEq)]
pub struct FormatChange {
    /// The format.
    pub format: String,
    /// The operations; `None` is all of them.
    pub group: Option<Group>,
    /// How many rows it rests on.
    pub rows: usize,
    /// Relative to the formats that are about as fast, with an interval that holds for all changes at once.
    pub ratio: Ratio,
    /// True when it is more than chance explains, and large enough to matter.
    pub flagged: bool,
}

/// One row in both records.
#[derive(Debug, Clone, PartialEq)]
pub struct RowChange {
    /// The row.
    pub case: CaseId,
    /// As measured.
    pub ratio: Ratio,
}

/// What two records of one machine tell about each other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// Formats, the flagged ones first, the largest change first.
    pub formats: Vec<FormatChange>,
    /// Every row that both records have.
    pub rows: Vec<RowChange>,
    /// New time divided by old time of all formats together, as measured.
    pub all_formats: f64,
    /// The same of the floors, which no change of the code concerns.
    pub floors: Option<f64>,
}

/// A record and what it is called.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// Its name for people: of a file, or of a baseline.
    pub name: &'a str,
    /// The record.
    pub record: &'a BenchRecord,
}

/// An earlier run, and what a later one tells against it.
#[derive(Debug, Clone, Copy)]
pub struct Baseline<'a> {
    /// The earlier run.
    pub old: Named<'a>,
    /// What changed; without it the reason says why the two cannot be compared.
    pub changes: Result<&'a Changes, &'a str>,
}

/// The section of a run's own page: which formats changed since the baseline, if one was given.
pub fn section(baseline: Option<Baseline<'_>>) -> Markup {
    html! {
        section #baseline {
            h2 { "Since the baseline" }
            @match baseline {
                None => p.none {
                    "This run was compared with no earlier one, so nothing here says what got slower. "
                    code { "deadweight bench --save-baseline NAME" } " keeps a run, "
                    code { "deadweight bench --baseline NAME --out DIR" } " compares a later one with it, and "
                    code { "deadweight report --compare OLD.json NEW.json" } " compares two records."
                },
                Some(Baseline { old, changes: Err(reason) }) => {
                    p.banner.warn role="note" {
                        b { "Not compared with " (shown(old.name)) ". " } (shown(reason)) "."
                    }
                },
                Some(Baseline { old, changes: Ok(changes) }) => {
                    p.hint {
                        "Against " b { (shown(old.name)) } ", measured "
                        (old.record.started.replace('T', " ").replace('Z', " UTC")) ". Every row with both "
                        "distributions is in " code { "compare.html" } " beside this page."
                    }
                    (lead(changes))
                    (formats(changes))
                },
            }
        }
    }
}

/// One page that opens offline. Without changes the reason says why the two cannot be compared.
pub fn html(old: Named<'_>, new: Named<'_>, changes: Result<&Changes, &str>) -> String {
    let title = "Two runs of model formats, compared";
    html! {
        (DOCTYPE)
        html lang="en" {
            (frame::head(title, &new.record.tool_version, &[]))
            body {
                header {
                    h1 { (title) }
                    p.facts { "deadweight " (new.record.tool_version) ", " (new.record.schema) }
                }
                main {
                    section #runs { h2 { "The two runs" } (runs(old, new)) }
                    @match changes {
                        Ok(changes) => (compared(old, new, changes)),
                        Err(reason) => (apart(old, new, reason)),
                    }
                }
            }
        }
    }
    .into_string()
}

fn runs(old: Named<'_>, new: Named<'_>) -> Markup {
    type Told = fn(&BenchRecord) -> String;
    let rows: [(&str, Told); 6] = [
        ("measured", |r| r.started.replace('T', " ").replace('Z', " UTC")),
        ("machine", |r| format!("{}, {} cores", r.environment.cpu, r.environment.cores)),
        ("system", |r| r.environment.kernel.clone()),
        ("profile", |r| format!("{}, {} processes", r.profile, r.processes)),
        ("deadweight", |r| match &r.environment.commit {
            Some(commit) => format!("{}, {commit}", r.tool_version),
            None => r.tool_version.clone(),
        }),
        ("noise", |r| match (r.noise.noisy, &r.interrupted) {
            (_, Some(reason)) => format!("not complete: {reason}"),
            (true, None) => "noisy: do not trust small differences".to_owned(),
            (false, None) => "quiet".to_owned(),
        }),
    ];
    let table = html! {
        table.t.v {
            thead { tr {
                th scope="col" { "run" } th scope="col" .l { "old: " (shown(old.name)) }
                th scope="col" .l { "new: " (shown(new.name)) }
            } }
            tbody {
                @for (name, of) in rows {
                    @let (a, b) = (of(old.record), of(new.record));
                    tr {
                        th scope="row" { (name) }
                        td.l { (shown(&a)) }
                        td.l { @if a == b { (shown(&b)) } @else { b { (shown(&b)) } } }
                    }
                }
            }
        }
    };
    scroll("The two runs", table)
}

/// In two sentences what changed.
fn lead(changes: &Changes) -> Markup {
    let flagged: Vec<&FormatChange> =
        changes.formats.iter().filter(|change| change.flagged).collect();
    html! {
        div.lead {
            p {
                @match flagged.len() {
                    0 => "No format changed by more than chance explains.",
                    1 => "One format changed by more than chance explains: ",
                    more => { (more) " changes are more than chance explains: " }
                }
                @for (at, change) in flagged.iter().take(NAMED).enumerate() {
                    @if at > 0 { ", " }
                    b { (shown(&change.format)) " " (change.ratio.word()) }
                    " " (units::times(change.ratio.median))
                    " (" (change.group.map_or("all operations", group_title)) ")"
                }
                @if flagged.len() > NAMED { " and " (flagged.len() - NAMED) " more" }
                @if !flagged.is_empty() { "." }
            }
            p {
                (changes.rows.len()) " rows are in both. All formats together take "
                (units::times(changes.all_formats)) " of the time they took"
                @if let Some(floors) = changes.floors {
                    ", copies without a format " (units::times(floors))
                }
                "; a format's change is relative to the formats that are about as fast. What slows these down \
                 together, of the machine or of code that they share, is not in it."
            }
        }
    }
}

fn compared(old: Named<'_>, new: Named<'_>, changes: &Changes) -> Markup {
    html! {
        section #changes {
            h2 { "What changed" }
            (lead(changes))
            (formats(changes))
        }
        section #rows {
            h2 { "Rows" }
            (rows(old.record, new.record, changes))
        }
    }
}

fn formats(changes: &Changes) -> Markup {
    scroll(
        "Changes of formats",
        html! {
            table.t {
                thead { tr {
                    th scope="col" { "format" }
                    th scope="col" .l { "operations" }
                    th scope="col" { "rows" }
                    th scope="col" { "new / old" }
                    th scope="col" { "interval" }
                    th scope="col" .l { "change" }
                } }
                tbody {
                    @for change in &changes.formats {
                        tr {
                            th scope="row" { (shown(&change.format)) }
                            td.l { (change.group.map_or("all of them", group_title)) }
                            td { (change.rows) }
                            td { (units::times(change.ratio.median)) }
                            td { (units::times(change.ratio.low)) " – " (units::times(change.ratio.high)) }
                            td.l {
                                @if change.flagged { b { (change.ratio.word()) } }
                                @else { span.x { "= not distinguishable" } }
                            }
                        }
                    }
                }
            }
        },
    )
}

fn timings(record: &BenchRecord) -> BTreeMap<&CaseId, &Timing> {
    record.rows.iter().filter_map(|row| Some((&row.case, row.outcome.timing()?))).collect()
}

/// Rows with both distributions on one axis, those that differ first.
fn rows(old: &BenchRecord, new: &BenchRecord, changes: &Changes) -> Markup {
    let (of_old, of_new) = (timings(old), timings(new));
    let mut rows: Vec<&RowChange> = changes.rows.iter().collect();
    rows.sort_by(|a, b| {
        let differs = b.ratio.differs().cmp(&a.ratio.differs());
        differs.then(b.ratio.distance().total_cmp(&a.ratio.distance()))
    });
    let differing = rows.iter().filter(|row| row.ratio.differs()).count();
    html! {
        p.hint {
            (differing) " of " (rows.len()) " rows differ as measured, each by its own 95 % interval: of equal "
            "records one in twenty would. In a drawing the upper strip is the old row and the lower one the new, "
            "on one logarithmic axis; ticks are samples, the bar is the interval, the long line the median."
        }
        (scroll("Rows of both records", html! {
            table.t {
                thead { tr {
                    th scope="col" { "row" }
                    th scope="col" { "new / old" }
                    th scope="col" { "95 % interval" }
                    th scope="col" .l { "change" }
                    th scope="col" { "old" small { "new" } }
                    th scope="col" .w { "samples" }
                } }
                tbody {
                    @for row in rows.iter().take(LISTED) {
                        @if let (Some(a), Some(b)) = (of_old.get(&row.case), of_new.get(&row.case)) {
                            (compared_row(row, a, b))
                        }
                    }
                }
            }
        }))
        @if rows.len() > LISTED {
            p.none { (rows.len() - LISTED) " more rows changed less; they are in both records." }
        }
    }
}

fn compared_row(row: &RowChange, old: &Timing, new: &Timing) -> Markup {
    let axis = Axis::of([old, new].into_iter());
    html! {
        tr {
            th scope="row" {
                (shown(&row.case.format))
                small { (shown(&row.case.model)) ", " (operation_title((&row.case).into())) }
            }
            td { (units::times(row.ratio.median)) }
            td { (units::times(row.ratio.low)) " – " (units::times(row.ratio.high)) }
            td.l {
                @if row.ratio.differs() { b { (row.ratio.word()) } }
                @else { span.x { "= not distinguishable" } }
            }
            td { (units::duration(old.median_nanos)) small { (units::duration(new.median_nanos)) } }
            td.w { @if let Some(axis) = axis { (strip::strip(&axis, old)) (strip::strip(&axis, new)) } }
        }
    }
}

/// Both records one below the other, row by row, with nothing put in relation.
fn apart(old: Named<'_>, new: Named<'_>, reason: &str) -> Markup {
    html! {
        section #changes {
            h2 { "Shown apart" }
            p.banner.warn role="note" {
                b { "Not compared. " } (shown(reason))
                ". Figures of one are in no relation to figures of the other."
            }
            @for (which, named) in [("old", old), ("new", new)] {
                h3 { (which) ": " (shown(named.name)) ", " (shown(&named.record.environment.cpu)) }
                (alone(which, named.record))
            }
        }
    }
}

fn alone(which: &str, record: &BenchRecord) -> Markup {
    let rows: Vec<(&CaseId, &Timing)> =
        timings(record).into_iter().filter(|(case, _)| case.format != FLOOR).collect();
    let axis = Axis::of(rows.iter().map(|(_, timing)| *timing));
    html! {
        (scroll(&format!("Rows of the {which} record"), html! {
            table.t {
                thead { tr {
                    th scope="col" { "row" } th scope="col" { "median" } th scope="col" { "95 % interval" }
                    th scope="col" .w { "samples" }
                } }
                tbody {
                    @for (case, timing) in rows.iter().take(LISTED) {
                        tr {
                            th scope="row" {
                                (shown(&case.format))
                                small { (shown(&case.model)) ", " (operation_title((*case).into())) }
                            }
                            td { (units::duration(timing.median_nanos)) }
                            td { (range(timing.low_nanos, timing.high_nanos)) }
                            td.w { @if let Some(axis) = &axis { (strip::strip(axis, timing)) } }
                        }
                    }
                }
            }
        }))
        @if rows.len() > LISTED {
            p.none { (rows.len() - LISTED) " more rows are in the record." }
        }
    }
}
