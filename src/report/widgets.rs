//! Small parts that every section of the page uses: a format's name with its badges, cells with a
//! sort value, ranges, lists of what was not measured.
//!
//! Positions of models and formats stand for their names in attributes, so that no name of a
//! stranger is ever part of an attribute that the script or the style looks at.

use std::collections::BTreeMap;

use maud::{Markup, Render, html};

use super::choice;
use super::hostile_story::shown;
use super::lookup::{Format, Lookup, Measured};
use crate::base::PagePolicy;
use crate::base::case::{Group, Temperature};
use crate::base::record::Timing;
use crate::base::units;

/// Badges of a format: each reason for caution. They lead to the format's row, where every known
/// problem has its sentence.
fn badges(lookup: &Lookup<'_>, format: &Format<'_>) -> Markup {
    let target = lookup.format_index(format.id).map(|index| format!("#f{index}"));
    html! {
        @for caution in choice::cautions(format) { " " a.b href=[&target] { (caution) } }
        @if let Some(content) = format.record.and_then(|record| record.content.as_ref()) {
            " " a.b href=[&target] { "holds " (content) " only" }
        }
    }
}

/// A row of a table of formats, which the filters know by the format's position.
pub fn row_of(lookup: &Lookup<'_>, format: &Format<'_>, cells: impl Render) -> Markup {
    html! {
        tr data-f=[lookup.format_index(format.id)] {
            th scope="row" { (format.id) (badges(lookup, format)) }
            (cells)
        }
    }
}

/// The same without badges, where the same formats have just been shown with them.
pub fn plain_row_of(lookup: &Lookup<'_>, format: &Format<'_>, cells: impl Render) -> Markup {
    html! {
        tr data-f=[lookup.format_index(format.id)] { th scope="row" { (format.id) } (cells) }
    }
}

/// A cell that is sorted by a number which its text does not begin with, such as a time with a
/// unit. Other cells are sorted by their text's number.
pub fn number_cell(value: f64, shown: impl Render) -> Markup {
    html! { td data-v=(sort_value(value)) { (shown) } }
}

/// A cell with a throughput in GB/s, the unit left to the column's head.
pub fn speed_cell(timing: &Timing) -> Markup {
    if timing.bytes == 0 || timing.median_nanos <= 0.0 {
        return absent_cell();
    }
    let speed = units::throughput(timing.bytes, timing.median_nanos);
    html! { td { (speed.trim_end_matches(" GB/s")) } }
}

/// A cell for what is not known.
pub fn absent_cell() -> Markup {
    html! { td.x { "–" } }
}

/// Enough digits to sort by.
fn sort_value(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 1000.0 || v == 0.0 => return format!("{value:.0}"),
        v if v >= 1.0 => 3,
        v if v >= 0.001 => 6,
        _ => return format!("{value:.3e}"),
    };
    let text = format!("{value:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A percentage with as many digits as it deserves.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent.abs() {
        p if p >= 9.95 => format!("{percent:.0} %"),
        p if p >= 0.995 => format!("{percent:.1} %"),
        _ => format!("{percent:.2} %"),
    }
}

/// Two durations as a range, the unit once where both have the same.
pub fn range(low: f64, high: f64) -> String {
    let (low, high) = (units::duration(low), units::duration(high));
    match (low.rsplit_once(' '), high.rsplit_once(' ')) {
        (Some((value, unit)), Some((_, other))) if unit == other => format!("{value} – {high}"),
        _ => format!("{low} – {high}"),
    }
}

/// A rank, with an equals sign where it is shared.
pub fn rank(rank: u32, shared: bool) -> String {
    if shared { format!("={rank}") } else { rank.to_string() }
}

/// The heading of an operation under a page policy, at a temperature.
pub fn operation_title(of: Measured) -> String {
    let mut title = of.operation.title().to_owned();
    if let Some(pages) = of.pages {
        title = format!("{title}, {}", pages_title(pages));
    }
    match of.temperature {
        Some(Temperature::Hot) => format!("{title}, hot: in a tight loop"),
        None => title,
    }
}

fn pages_title(pages: PagePolicy) -> &'static str {
    match pages {
        PagePolicy::Auto => "automatic pages",
        PagePolicy::Heap => "memory of the allocator",
        PagePolicy::Small => "4 KiB pages",
        PagePolicy::Huge => "huge pages",
    }
}

/// The name of an operation under a page policy, at a temperature, for the page's address:
/// `decode/small`, `decode/hot`.
pub fn operation_id(of: Measured) -> String {
    let (pages, temperature) = (of.pages.map(PagePolicy::id), of.temperature.map(Temperature::id));
    let parts = [Some(of.operation.id()), pages, temperature];
    parts.into_iter().flatten().collect::<Vec<_>>().join("/")
}

/// The heading of a group of operations.
pub fn group_title(group: Group) -> &'static str {
    match group {
        Group::Save => "Save: parameters to bytes",
        Group::Load => "Load: bytes to parameters with memory of their own",
        Group::View => "View: parameters that borrow from the bytes",
        Group::File => "From a file",
        Group::Compression => "Compression of the encoded bytes",
        Group::Floor => "Floors: the same bytes with no format at all",
    }
}

/// The name of a group for the page's script.
pub fn group_id(group: Group) -> &'static str {
    match group {
        Group::Save => "save",
        Group::Load => "load",
        Group::View => "view",
        Group::File => "file",
        Group::Compression => "compression",
        Group::Floor => "floor",
    }
}

/// What has no figure, folded away: each reason once, with the formats it concerns.
pub fn without_figures<'a>(
    summary: &str,
    reasons: impl Iterator<Item = (Format<'a>, &'a str)>,
) -> Markup {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (format, reason) in reasons {
        by_reason.entry(reason).or_default().push(format.id);
    }
    let count: usize = by_reason.values().map(Vec::len).sum();
    html! {
        @if count > 0 {
            details.none {
                summary { (summary) ": " (count) }
                ul {
                    @for (reason, formats) in &by_reason {
                        li { b { (formats.join(", ")) } ": " (shown(reason)) }
                    }
                }
            }
        }
    }
}

/// A container in which a wide table scrolls, so that the page does not.
pub fn scroll(label: &str, content: impl Render) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-label=(label) { (content) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_name_a_unit_once() {
        assert_eq!(range(1_150_000.0, 1_260_000.0), "1.15 – 1.26 ms");
        assert_eq!(range(950.0, 1_050.0), "950 ns – 1.05 µs");
    }

    #[test]
    fn numbers_sort_as_they_are() {
        assert_eq!(sort_value(123_456.7), "123457");
        assert_eq!(sort_value(1.0), "1");
        assert_eq!(sort_value(0.75), "0.75");
        assert_eq!(sort_value(0.0), "0");
        assert_eq!(sort_value(0.000_123_4), "1.234e-4");
        assert_eq!(
            (percent(0.571), percent(0.0123), percent(1.5)),
            ("57 %".into(), "1.2 %".into(), "150 %".into())
        );
    }
}
