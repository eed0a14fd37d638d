//! Sizes on disk, raw and compressed, and the memory of a load: the two tables about bytes.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::fold;
use super::lookup::{Format, Lookup, Measured, Model};
use super::widgets::{absent_cell, operation_title, percent, row_of, scroll, without_figures};
use crate::base::record::{Memory, MemoryOutcome, SizeRow};
use crate::base::units;

/// Sizes of every model.
pub fn sizes_section(lookup: &Lookup<'_>) -> Markup {
    html! {
        section #sizes {
            h2 { "Sizes" }
            p.hint {
                "Bytes as encoded and after compression; in each column the smallest is "
                b { "bold" } ". A share is of the bytes of the model's arrays."
            }
            (fold::place("sizes", lookup, |index| sizes_panel(lookup, index)))
        }
    }
}

/// Sizes of one model.
pub fn sizes_panel(lookup: &Lookup<'_>, index: usize) -> Markup {
    html! {
        @if let Some(model) = lookup.model(index) {
            div.m data-m=(index) {
                h3 { (model.title()) @if let Some(bytes) = model.array_bytes() {
                    small { " arrays: " (units::bytes(bytes)) }
                } }
                (sizes(lookup, model))
            }
        }
    }
}

fn sizes(lookup: &Lookup<'_>, model: &Model<'_>) -> Markup {
    let rows = lookup.sizes(model.id);
    if rows.is_empty() {
        return html! { p.none { "No size was measured for this model." } };
    }
    let codecs: BTreeSet<&str> =
        rows.iter().flat_map(|(_, row)| row.compressed_bytes.keys().map(String::as_str)).collect();
    let codecs = in_order(codecs);
    let least =
        |codec: &str| rows.iter().filter_map(|(_, row)| row.compressed_bytes.get(codec)).min();
    let least: Vec<Option<&u64>> = codecs.iter().map(|codec| least(codec)).collect();
    let smallest = rows.iter().map(|(_, row)| row.bytes).min();
    let title = format!("Sizes of {}", model.title());
    scroll(
        &title,
        html! {
            table.t {
                thead { tr {
                    th scope="col" .k { "format" }
                    th scope="col" .k { "encoded" }
                    th scope="col" .k { "of arrays" }
                    @for codec in &codecs {
                        th scope="col" .k { (codec) }
                        th scope="col" { "of encoded" }
                    }
                } }
                tbody {
                    @for (format, row) in &rows {
                        (row_of(lookup, format, html! {
                            (bytes_cell(row.bytes, smallest))
                            @match model.array_bytes() {
                                Some(arrays) => (share_cell(row.bytes, arrays)),
                                None => (absent_cell()),
                            }
                            @for (codec, least) in codecs.iter().zip(&least) {
                                (compressed_cells(row, codec, *least))
                            }
                        }))
                    }
                }
            }
        },
    )
}

/// Codecs by name and level: `zstd-3` before `zstd-19`.
pub fn in_order(codecs: BTreeSet<&str>) -> Vec<&str> {
    let mut codecs: Vec<&str> = codecs.into_iter().collect();
    codecs.sort_by_key(|codec| match codec.rsplit_once('-') {
        Some((name, level)) => (name.to_owned(), level.parse().unwrap_or(0)),
        None => ((*codec).to_owned(), 0u32),
    });
    codecs
}

fn bytes_cell(bytes: u64, smallest: Option<u64>) -> Markup {
    let text = units::bytes(bytes);
    let title = format!("{bytes} bytes");
    html! {
        td data-v=(bytes) title=(title) {
            @if smallest == Some(bytes) { b { (text) } } @else { (text) }
        }
    }
}

fn share_cell(part: u64, whole: u64) -> Markup {
    html! { td { (percent(part as f64 / whole as f64)) } }
}

fn compressed_cells(row: &SizeRow, codec: &str, least: Option<&u64>) -> Markup {
    html! {
        @match row.compressed_bytes.get(codec) {
            Some(bytes) => {
                (bytes_cell(*bytes, least.copied()))
                @if row.bytes > 0 { td { (percent(*bytes as f64 / row.bytes as f64)) } }
                @else { (absent_cell()) }
            }
            None => { (absent_cell()) (absent_cell()) }
        }
    }
}

/// Memory of every model's loads.
pub fn memory_section(lookup: &Lookup<'_>) -> Markup {
    html! {
        section #memory {
            h2 { "Memory of a load" }
            p.hint {
                "One load in a fresh process each, in a pass of its own. "
                b { "Peak" } " and " b { "held" } " are heap and arenas, counted to the byte; "
                b { "resident" } " and " b { "page faults" } " come from the kernel and see mapped "
                "files too. The encoded bytes are a mapped file and count only there."
            }
            (fold::place("memory", lookup, |index| memory_panel(lookup, index)))
        }
    }
}

/// Memory of one model's loads.
pub fn memory_panel(lookup: &Lookup<'_>, index: usize) -> Markup {
    html! {
        @if let Some(model) = lookup.model(index) {
            div.m data-m=(index) {
                h3 { (model.title()) }
                @let operations = lookup.memory_operations(model.id);
                @if operations.is_empty() { p.none { "No memory was measured for this model." } }
                @for of in operations { (memory(lookup, model, of)) }
            }
        }
    }
}

fn memory(lookup: &Lookup<'_>, model: &Model<'_>, of: Measured) -> Markup {
    let outcomes = lookup.memory_outcomes(model.id, of);
    let measured: Vec<(Format<'_>, &Memory)> = outcomes
        .iter()
        .filter_map(|(format, outcome)| match outcome {
            MemoryOutcome::Measured(memory) => Some((*format, memory)),
            MemoryOutcome::NotMeasured { .. } => None,
        })
        .collect();
    let missing = outcomes.iter().filter_map(|(format, outcome)| match outcome {
        MemoryOutcome::NotMeasured { reason } => Some((*format, reason.as_str())),
        MemoryOutcome::Measured(_) => None,
    });
    let title = operation_title(of);
    html! {
        h4 { (title) " " small { (of.operation.meaning()) } }
        @if !measured.is_empty() { (scroll(&title, memory_table(lookup, model, measured))) }
        (without_figures("Not measured", missing))
    }
}

fn memory_table(
    lookup: &Lookup<'_>,
    model: &Model<'_>,
    mut measured: Vec<(Format<'_>, &Memory)>,
) -> Markup {
    measured.sort_by_key(|(_, memory)| memory.peak_bytes);
    let least = measured.first().map(|(_, memory)| memory.peak_bytes);
    html! {
        table.t {
            thead { tr {
                th scope="col" .k { "format" }
                th scope="col" .k { "peak" }
                th scope="col" .k { "peak to arrays" }
                th scope="col" .k { "held" }
                th scope="col" .k { "in arenas" }
                th scope="col" .k { "allocations" }
                th scope="col" .k { "resident" }
                th scope="col" .k { "page faults" }
            } }
            tbody {
                @for (format, memory) in &measured {
                    (row_of(lookup, format, html! {
                        (bytes_cell(memory.peak_bytes, least))
                        @match model.array_bytes() {
                            Some(arrays) => {
                                @let ratio = memory.peak_bytes as f64 / arrays as f64;
                                td { (units::times(ratio)) }
                            }
                            None => (absent_cell()),
                        }
                        (bytes_cell(memory.held_bytes, None))
                        (bytes_cell(memory.arena_bytes, None))
                        @match memory.allocations {
                            Some(count) => td { (grouped(count)) },
                            None => (absent_cell()),
                        }
                        @match memory.resident_peak_bytes {
                            Some(bytes) => (bytes_cell(bytes, None)),
                            None => (absent_cell()),
                        }
                        @match memory.minor_faults {
                            Some(faults) => td { (grouped(faults)) },
                            None => (absent_cell()),
                        }
                    }))
                }
            }
        }
    }
}

/// A count with a comma every three digits.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_are_ordered_by_level_and_counts_are_grouped() {
        let codecs = ["zstd-19", "lz4", "zstd-3", "zstd-1"].into_iter().collect();
        assert_eq!(in_order(codecs), ["lz4", "zstd-1", "zstd-3", "zstd-19"]);
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
