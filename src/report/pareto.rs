//! Size against the time of a load, one chart a model, drawn on logarithmic and on linear axes.
//!
//! Shape says what a point is, colour only repeats it: round is a data-only format and a triangle
//! one that can run code; full is a load into memory of its own and hollow a view. The line is the
//! front: points to its upper right are beaten by another format in size and in time.

use maud::{Markup, html};

use super::fold;
use super::lookup::{Format, Lookup, Measured, Model};
use super::plot::{Area, Label, Labelled, Scale, coordinate, label, place_labels};
use super::verdict::{LOADS, VIEWS, load_operation};
use crate::base::case::Operation;
use crate::base::units;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 440.0;
/// Points that are labelled one and all.
const LABELLED: usize = 80;
const INSIDE: Area = Area { left: 66.0, top: 12.0, right: 706.0, bottom: 392.0 };

/// The charts of every model.
pub fn section(lookup: &Lookup<'_>) -> Markup {
    html! {
        section #pareto {
            h2 { "Size against load time" }
            p.hint { "Lower left is better. Nothing beats the formats on the line in both." }
            p.tools {
                span role="group" aria-label="Axes" {
                    button type="button" data-scale="log" aria-pressed="true" { "logarithmic" }
                    button type="button" data-scale="linear" aria-pressed="false" { "linear" }
                }
            }
            (fold::place("pareto", lookup, |index| panel(lookup, index)))
        }
    }
}

/// The charts of one model.
pub fn panel(lookup: &Lookup<'_>, index: usize) -> Markup {
    html! {
        @if let Some(model) = lookup.model(index) {
            div.m data-m=(index) { h3 { (model.title()) } (charts(lookup, model)) }
        }
    }
}

/// Round is data-only and pointed can run code; full is a load into memory of its own and hollow a
/// view.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    pointed: bool,
    hollow: bool,
}

struct Point<'a> {
    format: Format<'a>,
    shape: Shape,
    nanos: f64,
    bytes: f64,
}

impl Point<'_> {
    fn label(&self) -> String {
        match self.shape.hollow {
            true => format!("{} view", self.format.id),
            false => self.format.id.to_owned(),
        }
    }
}

fn points<'a>(
    lookup: &Lookup<'a>,
    model: &Model<'_>,
    of: &[Operation],
    view: bool,
) -> Vec<Point<'a>> {
    let Some(operation) = load_operation(lookup, model.id, of) else { return Vec::new() };
    let timings = lookup.timings(model.id, Measured::usual(operation)).into_iter();
    let point = |(format, timing): (Format<'a>, &crate::base::record::Timing)| {
        let bytes = lookup.size(model.id, format.id)?.bytes;
        let shape = Shape { pointed: format.is_executable(), hollow: view };
        Some(Point { format, shape, nanos: timing.median_nanos, bytes: bytes as f64 })
    };
    timings.filter_map(point).collect()
}

fn charts(lookup: &Lookup<'_>, model: &Model<'_>) -> Markup {
    let mut all = points(lookup, model, LOADS, false);
    all.extend(points(lookup, model, VIEWS, true));
    let load = load_operation(lookup, model.id, LOADS);
    let view = load_operation(lookup, model.id, VIEWS);
    if all.is_empty() {
        return html! { p.none { "No load with a size was measured for this model." } };
    }
    html! {
        (legend(&all, load, view))
        div.plot.log { (chart(lookup, model, &all, true)) }
        div.plot.linear { (chart(lookup, model, &all, false)) }
    }
}

fn legend(all: &[Point<'_>], load: Option<Operation>, view: Option<Operation>) -> Markup {
    let meaning = |operation: Option<Operation>| match operation.map(Operation::meaning) {
        Some(meaning) => meaning.split([':', '.']).next().unwrap_or_default().to_lowercase(),
        None => String::new(),
    };
    let text = |shape: Shape| {
        let kind = if shape.pointed { "can run code" } else { "data only" };
        match shape.hollow {
            true => format!("{kind}, view: {}", meaning(view)),
            false => format!("{kind}, own memory: {}", meaning(load)),
        }
    };
    let shapes = [(false, false), (false, true), (true, false), (true, true)]
        .map(|(pointed, hollow)| Shape { pointed, hollow });
    html! {
        p.legend {
            @for shape in shapes {
                @if all.iter().any(|point| point.shape == shape) {
                    span {
                        svg.key viewBox="0 0 14 14" aria-hidden="true" { (mark(shape, 7.0, 7.0)) }
                        (text(shape))
                    }
                }
            }
        }
    }
}

fn mark(shape: Shape, x: f64, y: f64) -> Markup {
    let (cx, cy) = (coordinate(x), coordinate(y));
    let class = match (shape.pointed, shape.hollow) {
        (false, false) => "pd",
        (false, true) => "pv",
        (true, false) => "px",
        (true, true) => "px pv",
    };
    html! {
        @if shape.pointed {
            path class=(class) d={ "M" (cx) " " (coordinate(y - 5.0)) "l5 9h-10z" } {}
        } @else {
            circle class=(class) cx=(cx) cy=(cy) r="4" {}
        }
    }
}

fn chart(lookup: &Lookup<'_>, model: &Model<'_>, all: &[Point<'_>], log: bool) -> Markup {
    let times = Scale::new(all.iter().map(|p| p.nanos), log, INSIDE.left, INSIDE.right);
    let sizes = Scale::new(all.iter().map(|p| p.bytes), log, INSIDE.bottom, INSIDE.top);
    let (Some(times), Some(sizes)) = (times, sizes) else {
        return html! { p.none { "Times and sizes must be greater than zero to be drawn." } };
    };
    let labelled: Vec<Labelled> = all
        .iter()
        .map(|p| Labelled {
            x: times.place(p.nanos),
            y: sizes.place(p.bytes),
            text: label(&p.label()),
        })
        .collect();
    let steps = front(all, &times, &sizes);
    let labels = labels_of(&labelled, &step_areas(&steps));
    let axes = if log { "logarithmic" } else { "linear" };
    let title = format!("Size against load time of {}, {axes} axes", model.title());
    html! {
        (super::widgets::scroll(&title, html! {
            svg.chart viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(title) {
                (grid(&times, &sizes))
                path.front d=(front_path(&steps)) {}
                @for ((point, place), label) in all.iter().zip(&labelled).zip(&labels) {
                    g data-f=[lookup.format_index(point.format.id)] {
                        title {
                            (point.label()) ": " (units::duration(point.nanos)) ", "
                            (units::bytes(point.bytes as u64))
                        }
                        @if let Some(label) = label {
                            @if let Some(((x1, y1), (x2, y2))) = label.leader {
                                path.leader d={
                                    "M" (coordinate(x1)) " " (coordinate(y1))
                                    "L" (coordinate(x2)) " " (coordinate(y2))
                                } {}
                            }
                            text x=(coordinate(label.area.left))
                                y=(coordinate(label.area.bottom - 2.5)) { (place.text) }
                        }
                        (mark(point.shape, place.x, place.y))
                    }
                }
            }
        }))
    }
}

/// Labels of the points nearest to the better corner, as many as a drawing has room for. The others are
/// named when they are pointed at, and in the tables.
fn labels_of(points: &[Labelled], obstacles: &[Area]) -> Vec<Option<Label>> {
    if points.len() <= LABELLED {
        return place_labels(points, INSIDE, obstacles);
    }
    let mut order: Vec<(usize, &Labelled)> = points.iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| (a.x - a.y).total_cmp(&(b.x - b.y)));
    order.truncate(LABELLED / 2);
    let chosen: Vec<Labelled> = order.iter().map(|(_, point)| (*point).clone()).collect();
    let mut labels = vec![None; points.len()];
    for ((at, _), label) in order.iter().zip(place_labels(&chosen, INSIDE, obstacles)) {
        if let Some(place) = labels.get_mut(*at) {
            *place = label;
        }
    }
    labels
}

fn grid(times: &Scale, sizes: &Scale) -> Markup {
    html! {
        @for value in times.ticks_apart(50.0) {
            @let x = coordinate(times.place(value));
            path.grid d={ "M" (x) " " (INSIDE.top) "V" (INSIDE.bottom) } {}
            text.tick x=(x) y=(INSIDE.bottom + 16.0) text-anchor="middle" { (tick_time(value)) }
        }
        @for value in sizes.ticks_apart(16.0) {
            @let y = sizes.place(value);
            path.grid d={ "M" (INSIDE.left) " " (coordinate(y)) "H" (INSIDE.right) } {}
            text.tick x=(INSIDE.left - 6.0) y=(coordinate(y + 4.0)) text-anchor="end" {
                (tick_bytes(value))
            }
        }
        text.axis x=(INSIDE.right) y=(HEIGHT - 8.0) text-anchor="end" { "load time →" }
        text.axis x=(INSIDE.left) y=(HEIGHT - 8.0) { "↑ size" }
    }
}

/// A time on an axis, without digits that say nothing.
pub fn tick_time(nanos: f64) -> String {
    if nanos == 0.0 { "0".to_owned() } else { shorter(&units::duration(nanos)) }
}

fn tick_bytes(bytes: f64) -> String {
    if bytes == 0.0 { "0".to_owned() } else { shorter(&units::bytes(bytes.round() as u64)) }
}

/// `1.50 ms` as `1.5 ms`, `2.00 kB` as `2 kB`.
fn shorter(text: &str) -> String {
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            let number = number.trim_end_matches('0').trim_end_matches('.');
            format!("{number} {unit}")
        }
        _ => text.to_owned(),
    }
}

/// Corners of the line below and left of which there is nothing.
fn front(all: &[Point<'_>], times: &Scale, sizes: &Scale) -> Vec<(f64, f64)> {
    // What holds less than the model is drawn, but beats nothing that holds all of it.
    let mut sorted: Vec<&Point<'_>> = all.iter().filter(|point| point.format.holds_all()).collect();
    sorted.sort_by(|a, b| a.nanos.total_cmp(&b.nanos).then(a.bytes.total_cmp(&b.bytes)));
    let mut corners = Vec::new();
    let (mut least, mut last) = (f64::INFINITY, INSIDE.top);
    for point in sorted {
        if point.bytes >= least {
            continue;
        }
        let (x, y) = (times.place(point.nanos), sizes.place(point.bytes));
        // A step: until the next point is reached, the last one's size is the best there is.
        corners.extend([(x, last), (x, y)]);
        (least, last) = (point.bytes, y);
    }
    corners.push((INSIDE.right, last));
    corners
}

fn front_path(corners: &[(f64, f64)]) -> String {
    let corner = |(x, y): &(f64, f64)| format!("{} {}", coordinate(*x), coordinate(*y));
    format!("M{}", corners.iter().map(corner).collect::<Vec<_>>().join("L"))
}

/// The steps of the front as areas that labels keep off.
fn step_areas(corners: &[(f64, f64)]) -> Vec<Area> {
    let step = |pair: &[(f64, f64)]| match pair {
        [(x0, y0), (x1, y1)] => Some(Area {
            left: x0.min(*x1) - 1.0,
            top: y0.min(*y1) - 1.0,
            right: x0.max(*x1) + 1.0,
            bottom: y0.max(*y1) + 1.0,
        }),
        _ => None,
    };
    corners.windows(2).filter_map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_lose_empty_digits() {
        assert_eq!(tick_time(1_500_000.0), "1.5 ms");
        assert_eq!(tick_time(2_000_000.0), "2 ms");
        assert_eq!(tick_time(100_000.0), "100 µs");
        assert_eq!(tick_bytes(0.0), "0");
    }
}
