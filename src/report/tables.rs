//! The timings: for each model and operation a table with a row for each format, and for each
//! group of operations all of them side by side.
//!
//! What was tried and failed, and what was not tried, stands below its table with the reason.

use std::collections::HashMap;

use maud::{Markup, html};

use super::fold::{self, Detail};
use super::lookup::{Format, Lookup, Measured, Model};
use super::strip::{self, Axis};
use super::widgets::{
    absent_cell, group_id, group_title, number_cell, operation_id, operation_title, percent,
    plain_row_of, range, rank, row_of, scroll, speed_cell, without_figures,
};
use crate::base::case::Group;
use crate::base::record::{Outcome, Timing};
use crate::base::units;

/// Groups in the order of the page.
pub const GROUPS: [Group; 5] =
    [Group::Load, Group::View, Group::File, Group::Save, Group::Compression];

/// Everything that was timed.
pub fn section(lookup: &Lookup<'_>, operation: Option<&str>) -> Markup {
    let only = operation.filter(|_| lookup.detail.is_folded());
    html! {
        section #timings {
            h2 { "Timings" }
            p.hint {
                "Medians with their 95 % intervals over "
                @if lookup.record.processes == 1 { "series in one process" } @else { "fresh processes" }
                ". Formats with the same rank, "
                "marked =, are "
                b { "not distinguishable" }
                " in this run. A strip shows every sample (ticks), the interval (bar) and the median "
                "(long line); all strips of a table share one logarithmic axis. A badge is a reason "
                "for caution; every known problem is told under " a href="#formats" { "Formats" } "."
            }
            p.none #no-rows hidden { "The model that is shown has no row for this operation." }
            (fold::place("timings", lookup, |index| panel(lookup, index, only)))
            @if lookup.detail.is_folded() { noscript { (without_script(lookup)) } }
        }
    }
}

/// The tables of one model. With `only`, the other operations have no tables of their own and stand
/// side by side alone.
pub fn panel(lookup: &Lookup<'_>, index: usize, only: Option<&str>) -> Markup {
    html! {
        @if let Some(model) = lookup.model(index) {
            div.m data-m=(index) {
                h3 { (model.title()) }
                @for group in GROUPS { (of_group(lookup, model, group, only)) }
                (floors(lookup, model))
            }
        }
    }
}

fn of_group(lookup: &Lookup<'_>, model: &Model<'_>, group: Group, only: Option<&str>) -> Markup {
    let mut operations = lookup.operations(model.id);
    operations.retain(|of| of.operation.group() == group);
    let has_table = |of: &Measured| {
        lookup.detail.has_tables() && only.is_none_or(|only| operation_id(*of) == only)
    };
    html! {
        @if !operations.is_empty() {
            div.g data-g=(group_id(group)) {
                h4.group { (group_title(group)) }
                @for of in operations.iter().filter(|of| has_table(of)) {
                    (of_operation(lookup, model, *of))
                }
                (matrix(lookup, model, group, &operations, only))
            }
        }
    }
}

/// The medians of the models whose panels are folded, for readers without a script.
fn without_script(lookup: &Lookup<'_>) -> Markup {
    if lookup.detail > Detail::Folded {
        return html! {
            p.none { "Without JavaScript this page shows one model; the tables beside it have all." }
        };
    }
    html! {
        p.none {
            "Without JavaScript the other operations and models are shown as medians with ranks alone. "
            "Intervals, samples and reasons for gaps are in " code { "rows.csv" } " and "
            code { "bench.json" } " beside this page."
        }
        @for (_, model) in lookup.models.iter().enumerate().filter(|(at, _)| *at != lookup.headline) {
            h3 { (model.title()) }
            @for group in GROUPS {
                @let operations: Vec<Measured> = lookup
                    .operations(model.id)
                    .into_iter()
                    .filter(|of| of.operation.group() == group)
                    .collect();
                @if !operations.is_empty() { (side_by_side(lookup, model, group, &operations, false)) }
            }
            (floors(lookup, model))
        }
    }
}

/// How many rows have each rank: a rank of more than one row is shared.
fn shared_ranks<'a>(timings: impl Iterator<Item = &'a Timing>) -> HashMap<u32, usize> {
    let mut ranks = HashMap::new();
    for rank in timings.filter_map(|timing| timing.rank) {
        *ranks.entry(rank).or_insert(0) += 1;
    }
    ranks
}

fn is_shared(ranks: &HashMap<u32, usize>, rank: u32) -> bool {
    ranks.get(&rank).is_some_and(|rows| *rows > 1)
}

fn of_operation(lookup: &Lookup<'_>, model: &Model<'_>, of: Measured) -> Markup {
    let mut timings = lookup.timings(model.id, of);
    timings.sort_by(|(_, a), (_, b)| {
        let key = |timing: &Timing| timing.rank.unwrap_or(u32::MAX);
        key(a).cmp(&key(b)).then(a.median_nanos.total_cmp(&b.median_nanos))
    });
    let title = operation_title(of);
    html! {
        div.o data-o=(operation_id(of)) {
            h5 { (title) " " small { (of.operation.meaning()) } }
            @if !timings.is_empty() {
                (scroll(&title, table(lookup, &timings)))
            }
            (unmeasured(lookup, model, of))
        }
    }
}

fn table(lookup: &Lookup<'_>, timings: &[(Format<'_>, &Timing)]) -> Markup {
    let ranks = shared_ranks(timings.iter().map(|(_, timing)| *timing));
    let axis = Axis::of(timings.iter().map(|(_, timing)| *timing));
    let axis = axis.filter(|_| lookup.detail.has_strips());
    let fastest = timings.iter().map(|(_, t)| t.median_nanos).fold(f64::INFINITY, f64::min);
    let floor = timings.iter().find_map(|(_, t)| Some(t.floor_share? * t.median_nanos));
    html! {
        table.t {
            thead { tr {
                th scope="col" .k { "format" }
                th scope="col" .k { "rank" }
                th scope="col" .k { "median" }
                th scope="col" { "95 % interval" }
                th scope="col" { "× fastest" }
                @if let Some((low, high)) = axis.map(|axis| axis.ends()) {
                    th scope="col" .w {
                        "samples" small { (units::duration(low)) " to " (units::duration(high)) }
                        small { (sample_counts(timings)) " a row" }
                    }
                }
                @if let Some(floor) = floor {
                    th scope="col" .k { "of floor" small { (units::duration(floor)) } }
                }
                th scope="col" .k { "GB/s" }
            } }
            tbody {
                @for (format, timing) in timings {
                    (row_of(lookup, format, cells(timing, &ranks, axis.as_ref(), fastest, floor)))
                }
            }
        }
    }
}

/// How many samples the rows rest on: `24`, `8 to 60`.
fn sample_counts(timings: &[(Format<'_>, &Timing)]) -> String {
    let count = |timing: &Timing| timing.samples_nanos.iter().map(Vec::len).sum::<usize>();
    let counts = || timings.iter().map(|(_, timing)| count(timing));
    match (counts().min().unwrap_or(0), counts().max().unwrap_or(0)) {
        (least, most) if least == most => most.to_string(),
        (least, most) => format!("{least} to {most}"),
    }
}

fn cells(
    timing: &Timing,
    ranks: &HashMap<u32, usize>,
    axis: Option<&Axis>,
    fastest: f64,
    floor: Option<f64>,
) -> Markup {
    html! {
        @match timing.rank {
            Some(value) => td { (rank(value, is_shared(ranks, value))) },
            None => (absent_cell()),
        }
        (number_cell(timing.median_nanos, units::duration(timing.median_nanos)))
        td { (range(timing.low_nanos, timing.high_nanos)) }
        @if fastest > 0.0 { td { (units::times(timing.median_nanos / fastest)) } }
        @else { (absent_cell()) }
        @if let Some(axis) = axis { td.w { (strip::strip(axis, timing)) } }
        @if floor.is_some() {
            @match timing.floor_share {
                Some(share) => td { (percent(share)) },
                None => (absent_cell()),
            }
        }
        (speed_cell(timing))
    }
}

fn unmeasured(lookup: &Lookup<'_>, model: &Model<'_>, of: Measured) -> Markup {
    let outcomes = lookup.outcomes(model.id, of);
    let failed = outcomes.iter().filter_map(|(format, outcome)| match outcome {
        Outcome::Failed { reason } => Some((*format, reason.as_str())),
        _ => None,
    });
    let missing = outcomes.iter().filter_map(|(format, outcome)| match outcome {
        Outcome::NotMeasured { reason } => Some((*format, reason.as_str())),
        _ => None,
    });
    html! {
        (without_figures("Failed", failed))
        (without_figures("Not measured", missing))
    }
}

/// One operation's outcomes by format, and how many rows share each rank.
struct Column<'a> {
    of: Measured,
    outcomes: HashMap<&'a str, &'a Outcome>,
    ranks: HashMap<u32, usize>,
}

impl<'a> Column<'a> {
    /// `None` where nothing was measured: the column would be empty.
    fn new(lookup: &Lookup<'a>, model: &Model<'_>, of: Measured) -> Option<Self> {
        let outcomes: HashMap<&str, &Outcome> =
            lookup.outcomes(model.id, of).into_iter().map(|(f, outcome)| (f.id, outcome)).collect();
        let ranks = shared_ranks(outcomes.values().filter_map(|outcome| outcome.timing()));
        let measured = outcomes.values().any(|outcome| outcome.timing().is_some());
        measured.then_some(Column { of, outcomes, ranks })
    }
}

/// All operations of a group side by side: medians with ranks. One operation alone is its own table.
fn matrix(
    lookup: &Lookup<'_>,
    model: &Model<'_>,
    group: Group,
    operations: &[Measured],
    only: Option<&str>,
) -> Markup {
    let alone = operations.len() == 1
        && lookup.detail.has_tables()
        && operations.iter().all(|of| only.is_none_or(|only| operation_id(*of) == only));
    html! {
        @if !alone {
            div.a {
                h5 { "Side by side " small { "Medians, with the rank within each column." } }
                (side_by_side(lookup, model, group, operations, true))
            }
        }
    }
}

fn side_by_side(
    lookup: &Lookup<'_>,
    model: &Model<'_>,
    group: Group,
    operations: &[Measured],
    scripted: bool,
) -> Markup {
    let columns: Vec<Column<'_>> =
        operations.iter().filter_map(|of| Column::new(lookup, model, *of)).collect();
    let measured = |format: &&Format<'_>| {
        columns.iter().any(|c| c.outcomes.get(format.id).is_some_and(|o| o.timing().is_some()))
    };
    let formats: Vec<&Format<'_>> = lookup.formats.iter().filter(measured).collect();
    let title = format!("{}, side by side", group_title(group));
    html! {
        @if !columns.is_empty() {
            (scroll(&title, html! {
                table.t.mx {
                    thead { tr {
                        (matrix_head("format", scripted))
                        @for column in &columns { (matrix_head(&operation_title(column.of), scripted)) }
                    } }
                    tbody {
                        @for format in formats {
                            @let cells = html! {
                                @for column in &columns {
                                    (matrix_cell(
                                        column.outcomes.get(format.id).copied(),
                                        &column.ranks,
                                        scripted,
                                    ))
                                }
                            };
                            @if scripted { (plain_row_of(lookup, format, cells)) }
                            @else { tr { th { (format.id) } (cells) } }
                        }
                    }
                }
            }))
        } @else { p.none { "Nothing was measured." } }
    }
}

/// Where there is no script nothing filters and nothing sorts: cells without attributes, of which there are
/// thousands. Heads in the first row and the first column of a table need none to be understood.
fn matrix_head(title: &str, scripted: bool) -> Markup {
    match scripted {
        true => html! { th scope="col" .k { (title) } },
        false => html! { th { (title) } },
    }
}

fn matrix_cell(outcome: Option<&Outcome>, ranks: &HashMap<u32, usize>, scripted: bool) -> Markup {
    match outcome {
        Some(Outcome::Measured(timing)) => {
            let shown = html! {
                (units::duration(timing.median_nanos))
                @if let Some(value) = timing.rank {
                    i { (rank(value, is_shared(ranks, value))) }
                }
            };
            // What is sorted by takes as much room as what is read.
            if scripted {
                number_cell(timing.median_nanos, shown)
            } else {
                html! { td { (shown) } }
            }
        }
        Some(Outcome::Failed { .. }) => html! { td.x { "failed" } },
        _ if scripted => absent_cell(),
        _ => html! { td { "–" } },
    }
}

fn floors(lookup: &Lookup<'_>, model: &Model<'_>) -> Markup {
    let floors = lookup.floors(model.id);
    html! {
        @if !floors.is_empty() {
            div.floors {
                h4.group { (group_title(Group::Floor)) }
                (scroll("Floors", html! {
                    table.t {
                        thead { tr {
                            th scope="col" { "floor" }
                            th scope="col" { "median" }
                            th scope="col" { "95 % interval" }
                            th scope="col" { "GB/s" }
                            th scope="col" .l { "what it does" }
                        } }
                        tbody { @for (of, outcome) in floors { (floor_row(of, outcome)) } }
                    }
                }))
            }
        }
    }
}

fn floor_row(of: Measured, outcome: &Outcome) -> Markup {
    html! {
        tr {
            th scope="row" { (operation_title(of)) }
            @match outcome {
                Outcome::Measured(timing) => {
                    td { (units::duration(timing.median_nanos)) }
                    td { (range(timing.low_nanos, timing.high_nanos)) }
                    (speed_cell(timing))
                    td.l.why { (of.operation.meaning()) }
                }
                Outcome::Failed { reason } => td.l colspan="4" { "failed: " (reason) },
                Outcome::NotMeasured { reason } => td.l colspan="4" { "not measured: " (reason) },
            }
        }
    }
}
