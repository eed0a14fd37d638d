//! Criterion and the tight loops of the run, side by side.
//!
//! Both ran the same cases, with instruments that were written apart. What is marked differs by more
//! than both intervals: then one of the two had noise that its interval does not know of, or the
//! processes differed.

use maud::{Markup, html};

use super::lookup::{Lookup, Measured, Model};
use super::widgets::{number_cell, operation_title, plain_row_of, range, scroll};
use crate::base::case::FLOOR;
use crate::base::criterion::{Agreement, Pair, pairs};
use crate::base::units;

/// The pairs of every model; nothing where the record has no figures of criterion.
pub fn section(lookup: &Lookup<'_>) -> Markup {
    let Some(criterion) = &lookup.record.criterion else { return html! {} };
    let pairs = pairs(lookup.record);
    html! {
        section #criterion {
            h2 { "Criterion beside the tight loops" }
            p.hint {
                b { "Hot" } " rows run one case in a tight loop, in each of the fresh processes; criterion "
                "does the same in one process of its own"
                @if let Some(measured) = &criterion.measured {
                    ", here at " (measured.replace('T', " ").replace('Z', " UTC"))
                }
                ". A ratio is criterion's median divided by the hot one."
            }
            @if pairs.is_empty() {
                p.none { "No case was measured by both: the profiles standard and thorough have hot rows." }
            } @else {
                p { (Agreement::of(&pairs).sentence()) }
            }
            @for (index, model) in lookup.models.iter().enumerate() {
                (of_model(lookup, index, model, &pairs))
            }
        }
    }
}

fn of_model(lookup: &Lookup<'_>, index: usize, model: &Model<'_>, pairs: &[Pair<'_>]) -> Markup {
    let pairs: Vec<&Pair<'_>> =
        pairs.iter().filter(|pair| pair.criterion.case.model == model.id).collect();
    html! {
        div.m data-m=(index) {
            h3 { (model.title()) }
            @if pairs.is_empty() {
                p.none { "No case of this model was measured by both." }
            } @else {
                (scroll(&format!("Criterion and hot, {}", model.title()), html! {
                    table.t {
                        thead { tr {
                            th scope="col" .k { "format" }
                            th scope="col" .l { "operation" }
                            th scope="col" .k { "criterion" }
                            th scope="col" { "its interval" }
                            th scope="col" .k { "hot" }
                            th scope="col" { "95 % interval" }
                            th scope="col" .k { "ratio" }
                            th scope="col" .k { "intervals" }
                        } }
                        tbody { @for pair in pairs { (row(lookup, pair)) } }
                    }
                }))
            }
        }
    }
}

fn row(lookup: &Lookup<'_>, pair: &Pair<'_>) -> Markup {
    let (theirs, hot) = (pair.criterion, pair.hot);
    let operation = operation_title(Measured::usual(theirs.case.operation));
    let cells = html! {
        td.l { (operation) }
        (number_cell(theirs.median_nanos, units::duration(theirs.median_nanos)))
        td { (range(theirs.low_nanos, theirs.high_nanos)) }
        (number_cell(hot.median_nanos, units::duration(hot.median_nanos)))
        td { (range(hot.low_nanos, hot.high_nanos)) }
        (number_cell(pair.ratio(), format!("{:.3}", pair.ratio())))
        td { @if pair.differs() { b { "differ" } } @else { "overlap" } }
    };
    match lookup.format(&theirs.case.format) {
        Some(format) => plain_row_of(lookup, &format, cells),
        // Of no format: a filter for formats leaves it where it is.
        None => html! { tr { th scope="row" { (FLOOR) } (cells) } },
    }
}
