//! The ladder of a load as a chart: a line a format, a mark a rung.
//!
//! Rungs are not sums. Each was measured whole, from the encoded bytes to its end, so a later rung
//! can even be drawn left of an earlier one, by noise. Each rung has a shape of its own.

use maud::{Markup, html};

use super::fold;
use super::lookup::{Format, Lookup, Model};
use super::pareto::tick_time;
use super::plot::{Scale, coordinate, label};
use crate::base::case::Operation;
use crate::base::units;

/// The rungs: name, operation with memory of its own, operation on a view.
const RUNGS: [(&str, Operation, Operation); 6] = [
    ("decoded or opened", Operation::Decode, Operation::View),
    ("model ready", Operation::DecodeReady, Operation::ViewReady),
    ("first prediction", Operation::DecodePredictOne, Operation::ViewPredictOne),
    ("1,000 predictions", Operation::DecodePredictThousand, Operation::ViewPredictThousand),
    ("validated", Operation::DecodeValidate, Operation::ViewValidate),
    ("hashed, no model", Operation::DecodeChecksum, Operation::ViewChecksum),
];

const WIDTH: f64 = 720.0;
const LEFT: f64 = 176.0;
const RIGHT: f64 = 706.0;
const TOP: f64 = 10.0;
const STEP: f64 = 17.0;

/// The charts of every model.
pub fn section(lookup: &Lookup<'_>) -> Markup {
    html! {
        section #ladder {
            h2 { "The ladder of a load" }
            p.hint {
                "Each rung is measured whole, from the bytes in memory to its end. Compare formats on "
                "the rung that your program needs."
            }
            p.legend {
                @for (rung, (name, ..)) in RUNGS.iter().enumerate() {
                    span { svg.key viewBox="0 0 14 14" aria-hidden="true" { (mark(rung, 7.0, 7.0)) } (name) }
                }
            }
            (fold::place("ladder", lookup, |index| panel(lookup, index)))
        }
    }
}

/// The chart of one model.
pub fn panel(lookup: &Lookup<'_>, index: usize) -> Markup {
    html! {
        @if let Some(model) = lookup.model(index) {
            div.m data-m=(index) { h3 { (model.title()) } (chart(lookup, model)) }
        }
    }
}

struct Line<'a> {
    format: Format<'a>,
    view: bool,
    rungs: Vec<(usize, f64)>,
}

impl Line<'_> {
    fn label(&self) -> String {
        if self.view { format!("{} view", self.format.id) } else { self.format.id.to_owned() }
    }

    /// What lines are sorted by: the first prediction, or whatever there is.
    fn key(&self) -> f64 {
        let first_prediction = self.rungs.iter().find(|(rung, _)| *rung == 2);
        first_prediction.or(self.rungs.first()).map_or(f64::INFINITY, |(_, nanos)| *nanos)
    }
}

fn lines<'a>(lookup: &Lookup<'a>, model: &Model<'_>) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for format in &lookup.formats {
        for view in [false, true] {
            let rungs: Vec<(usize, f64)> = RUNGS
                .iter()
                .enumerate()
                .filter_map(|(rung, (_, owned, borrowed))| {
                    let operation = if view { *borrowed } else { *owned };
                    let timing = lookup.timing(model.id, format.id, operation)?;
                    (timing.median_nanos > 0.0).then_some((rung, timing.median_nanos))
                })
                .collect();
            if !rungs.is_empty() {
                lines.push(Line { format: *format, view, rungs });
            }
        }
    }
    lines.sort_by(|a, b| a.key().total_cmp(&b.key()));
    lines
}

fn chart(lookup: &Lookup<'_>, model: &Model<'_>) -> Markup {
    let lines = lines(lookup, model);
    let values = lines.iter().flat_map(|line| line.rungs.iter().map(|(_, nanos)| *nanos));
    let Some(scale) = Scale::new(values, true, LEFT + 8.0, RIGHT) else {
        return html! { p.none { "No load was measured for this model." } };
    };
    let bottom = TOP + STEP * lines.len() as f64;
    let title = format!("Ladder of a load of {}", model.title());
    html! {
        (super::widgets::scroll(&title, html! {
            svg.chart viewBox={ "0 0 " (WIDTH) " " (bottom + 26.0) } role="img" aria-label=(title) {
                @for value in scale.ticks_apart(50.0) {
                    @let x = coordinate(scale.place(value));
                    path.grid d={ "M" (x) " " (TOP) "V" (coordinate(bottom)) } {}
                    text.tick x=(x) y=(coordinate(bottom + 16.0)) text-anchor="middle" { (tick_time(value)) }
                }
                @for (index, line) in lines.iter().enumerate() {
                    (row(lookup, line, &scale, TOP + STEP * (index as f64 + 0.5)))
                }
            }
        }))
    }
}

fn row(lookup: &Lookup<'_>, line: &Line<'_>, scale: &Scale, y: f64) -> Markup {
    let places = || line.rungs.iter().map(|(_, nanos)| scale.place(*nanos));
    let (low, high) = (places().fold(f64::INFINITY, f64::min), places().fold(0.0, f64::max));
    let told: Vec<String> = line
        .rungs
        .iter()
        .filter_map(|(rung, nanos)| Some((RUNGS.get(*rung)?.0, nanos)))
        .map(|(name, nanos)| format!("{name} {}", units::duration(*nanos)))
        .collect();
    html! {
        g data-f=[lookup.format_index(line.format.id)] {
            title { (line.label()) ": " (told.join(", ")) }
            path.row d={ "M" (LEFT) " " (coordinate(y)) "H" (RIGHT) } {}
            text x=(LEFT - 6.0) y=(coordinate(y + 4.0)) text-anchor="end" { (label(&line.label())) }
            path.rail d={ "M" (coordinate(low)) " " (coordinate(y)) "H" (coordinate(high)) } {}
            @for (rung, nanos) in &line.rungs { (mark(*rung, scale.place(*nanos), y)) }
        }
    }
}

/// The shape of a rung.
fn mark(rung: usize, x: f64, y: f64) -> Markup {
    let at = format!("M{} {}", coordinate(x), coordinate(y));
    let (class, shape) = match rung {
        0 => ("r0", "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z"),
        1 => ("r1", "m-3 -3h6v6h-6z"),
        2 => ("r2", "m0 -5l5 5l-5 5l-5 -5z"),
        3 => ("r3", "m0 -4.5l4.5 8h-9z"),
        4 => ("r4", "m-3.5 -3.5l7 7m0 -7l-7 7"),
        _ => ("r5", "m-4 0h8m-4 -4v8"),
    };
    html! { path class=(class) d={ (at) (shape) } {} }
}
