//! Changed files: for each format and way that a load ended, the documented crate beside our loaders, and
//! the smallest file of each bad way.
//!
//! A loader that was not tried has no numbers; it is never zero.

use maud::{Markup, html};

use super::evolution;
use super::hostile::several;
use super::hostile_story::shown;
use super::widgets::scroll;
use crate::base::hostility::{Class, Column, Finding, HostilityRecord, LoaderRecord};
use crate::base::units;

/// The section.
pub fn section(record: &HostilityRecord) -> Markup {
    html! {
        section #hostility {
            h2 { "Changed files" }
            @match &record.not_run {
                Some(_) => {
                    @for sentence in record.sentences() { p.none { (shown(&sentence)) } }
                    p.none { code { "deadweight hostile --out DIR" } " loads them, on a system that can." }
                },
                None => (loaded(record)),
            }
        }
    }
}

fn loaded(record: &HostilityRecord) -> Markup {
    let broken: Vec<&LoaderRecord> = record
        .loaders
        .iter()
        .filter(|loader| loader.column != Column::Documented && loader.broken() > 0)
        .collect();
    html! {
        div.lead { @for sentence in record.sentences() { p { (shown(&sentence)) } } }
        @if !broken.is_empty() {
            div.banner.warn role="note" {
                b { "✗ " (several(broken.len(), "loader", "loaders")) " of deadweight broke a promise: " }
                @for (at, loader) in broken.iter().enumerate() {
                    @if at > 0 { ", " }
                    (shown(&loader.format)) " (" (loader.column.id()) ")"
                }
                "."
            }
        }
        p.hint {
            "Valid files were cut, flipped, spliced and lied about in " (record.mutators.len()) " ways, and each mutant "
            "was loaded by a process under limits. First the crate as its documentation shows it, on plain Rust types; "
            "then the loader of deadweight; then the same behind a checksum of the whole file. A silently wrong load "
            "gives other numbers without an error: no format without a checksum can tell."
        }
        @if !record.mutators.is_empty() {
            details.none {
                summary { "The " (record.mutators.len()) " ways" }
                ul.said {
                    @for mutator in &record.mutators {
                        li { (shown(&mutator.title)) " " code { (shown(&mutator.id)) } }
                    }
                }
            }
        }
        @for column in Column::ALL { (matrix(record, column)) }
        (findings(record))
        (bounds(record))
        @if !record.evolution.is_empty() { (evolution::matrix(&record.evolution)) }
    }
}

fn matrix(record: &HostilityRecord, column: Column) -> Markup {
    let loaders: Vec<&LoaderRecord> =
        record.loaders.iter().filter(|loader| loader.column == column).collect();
    let there = |class: &Class| loaders.iter().any(|loader| loader.count(*class) > 0);
    let classes: Vec<Class> = Class::ALL.into_iter().filter(there).collect();
    let title = match column {
        Column::Documented => "Crates as their documentation shows them",
        Column::Guarded => "Loaders of deadweight",
        Column::Sealed => "Loaders of deadweight behind a checksum",
    };
    html! {
        @if !loaders.is_empty() {
            h3 { (title) }
            (scroll(title, html! {
                table.cm {
                    thead { tr {
                        th scope="col" .l { "format" }
                        th scope="col" .l { "crate" }
                        th scope="col" { "mutants" }
                        @for class in &classes { th scope="col" { (class.title()) } }
                    } }
                    tbody {
                        @for loader in &loaders {
                            tr {
                                th scope="row" .l { (shown(&loader.format)) }
                                td.l {
                                    (shown(loader.implementation.as_deref().unwrap_or("our own")))
                                    @if let Some(reason) = &loader.stopped { br; small { (shown(reason)) } }
                                }
                                td { (loader.mutants) }
                                @for class in &classes { (cell(loader, *class)) }
                            }
                        }
                    }
                }
            }))
        }
    }
}

/// The number, its share where it is not small, and a word for readers who see no colour.
fn cell(loader: &LoaderRecord, class: Class) -> Markup {
    let count = loader.count(class);
    let kind = match class {
        _ if count == 0 => "x",
        Class::CleanError | Class::Equal => "ok",
        class if class.breaks_promise() => "bad",
        _ => "no",
    };
    html! {
        td class=(kind) {
            @if count == 0 { "–" } @else {
                @if kind == "bad" { "✗ " }
                (count)
                @if class == Class::SilentWrong && loader.mutants > 0 {
                    br; small { (share(count, loader.mutants)) }
                }
            }
        }
    }
}

/// A share that is not nothing is not called that.
fn share(count: u64, of: u64) -> String {
    let percent = 100.0 * count as f64 / of as f64;
    if percent < 1.0 { "below 1 %".to_owned() } else { format!("{percent:.0} %") }
}

fn findings(record: &HostilityRecord) -> Markup {
    let worth = |finding: &&Finding| finding.class >= Class::ContainedPanic;
    let all: Vec<(&LoaderRecord, &Finding)> = record
        .loaders
        .iter()
        .flat_map(|loader| loader.findings.iter().filter(worth).map(move |found| (loader, found)))
        .collect();
    html! {
        @if !all.is_empty() {
            h3 { "The smallest file of each bad way" }
            (scroll("Findings", html! {
                table.cm {
                    thead { tr {
                        th scope="col" .l { "loader" }
                        th scope="col" .l { "ended in" }
                        th scope="col" { "times" }
                        th scope="col" .l { "made by" }
                        th scope="col" { "bytes" }
                        th scope="col" .l { "what was said, and how to repeat it" }
                    } }
                    tbody {
                        @for (loader, finding) in &all {
                            tr {
                                th scope="row" .l {
                                    (shown(loader.implementation.as_deref().unwrap_or(&loader.format)))
                                    br; small { (loader.column.id()) }
                                }
                                td.l { (finding.class.title()) }
                                td { (finding.occurrences) }
                                td.l { (shown(&finding.mutator)) }
                                td { (finding.bytes) }
                                td.l.why { (shown(&finding.message)) br; code { (shown(&finding.repeat)) } }
                            }
                        }
                    }
                }
            }))
        }
    }
}

fn bounds(record: &HostilityRecord) -> Markup {
    let bounds = &record.bounds;
    html! {
        p.hint {
            "Each loading process had " (units::bytes(bounds.address_space_bytes)) " of addresses, a stack of "
            (units::bytes(bounds.stack_bytes)) ", and " (bounds.mutant_millis) " ms for a mutant. More than "
            (bounds.memory_factor) " times the file and " (units::bytes(bounds.memory_extra_bytes))
            " is too much memory. Seed " (record.seed) "; "
            code { "deadweight hostile --seed " (record.seed) } " makes the same mutants again."
        }
    }
}
