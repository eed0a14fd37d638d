//! The page itself: head, policy, banners, controls, sections, embedded record.
//!
//! Everything is inside: one style, two scripts, and JSON, some of it compressed.

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::embed;
use super::files::Beside;
use super::fold::{self, Detail};
use super::lookup::Lookup;
use super::tables::GROUPS;
use super::verdict::{self, Verdicts};
use super::widgets::group_title;
use super::{
    calculator, comparison, compatibility, criterion, decision, environment, formats, frame,
    hostile, hostile_story, hostility, instructions, ladder, names, pareto, python, space, summary,
    tables,
};
use crate::base::record::BenchRecord;
use crate::base::trial::DemoRecord;
use crate::base::units;

/// Runs before anything is drawn: says that scripts run, and which theme the address asks for.
const EARLY: &str = include_str!("early.js");
const SCRIPT: &str = concat!(
    "(function () {\n\"use strict\";\n",
    include_str!("page.js"),
    include_str!("calculator.js"),
    include_str!("evidence.js"),
    include_str!("downloads.js"),
    include_str!("start.js"),
    "})();\n"
);

/// The address of a section that not every record has.
const COMPATIBILITY: &str = "compatibility";
/// Another one.
const CRITERION: &str = "criterion";
/// And another one.
const INSTRUCTIONS: &str = "instructions";
/// The same, of a record of its own.
const HOSTILITY: &str = "hostility";

/// Sections of the page: address and name.
const SECTIONS: [(&str, &str); 18] = [
    ("verdict", "Verdict"),
    ("python", "Against Python"),
    ("pareto", "Size against time"),
    ("ladder", "Ladder"),
    ("timings", "Timings"),
    (CRITERION, "Criterion"),
    (INSTRUCTIONS, "Instructions"),
    ("baseline", "Since the baseline"),
    ("sizes", "Sizes"),
    ("memory", "Memory"),
    ("calculator", "Calculator"),
    (COMPATIBILITY, "Other versions"),
    ("hostile", "Hostile files"),
    (HOSTILITY, "Changed files"),
    ("formats", "Formats"),
    ("models", "Models"),
    ("environment", "Environment"),
    ("reading", "How to read this"),
];

/// The sections that a record has something for.
fn sections(
    record: &BenchRecord,
    hostility: bool,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    SECTIONS.into_iter().filter(move |(address, _)| match *address {
        HOSTILITY => hostility,
        "python" => python::is_known(record),
        COMPATIBILITY => record.compatibility.is_some(),
        CRITERION => record.criterion.is_some(),
        INSTRUCTIONS => !record.instructions.is_empty(),
        _ => true,
    })
}

/// One self-contained page that opens offline and asks the network for nothing. What hostile files did
/// has a record of its own, which may be absent.
pub fn html(record: &BenchRecord, demonstration: Option<&DemoRecord>) -> String {
    html_with(record, Beside { hostile: demonstration, ..Beside::default() })
}

/// As [`html`], with all that lies beside the record.
pub fn html_with(record: &BenchRecord, beside: Beside<'_>) -> String {
    let shown = names::tame(record);
    let verdicts = verdict::verdicts(&shown);
    let mut lookup = Lookup::new(&shown);
    lookup.headline = verdicts.headline.unwrap_or(0);
    let copy = embed::record(record);
    let parts = Parts { verdicts: &verdicts, original: record, copy: &copy, beside };
    let mut page = String::new();
    for detail in Detail::ALL.into_iter().filter(|of| !of.is_hopeless(record.rows.len())) {
        lookup.detail = detail;
        page = whole(&lookup, &parts);
        if detail.suits(page.len()) {
            break;
        }
    }
    page
}

/// What the page is made of beside the record that it is about.
struct Parts<'a> {
    verdicts: &'a Verdicts,
    /// The record with the names that it came with, and that in the form in which it is embedded.
    original: &'a BenchRecord,
    copy: &'a str,
    beside: Beside<'a>,
}

/// The page without end tags that HTML lets be left out: a cell ends where the next one begins, or its row
/// ends (HTML Standard, 13.1.2.4 "Optional tags"). There are thousands of cells.
fn without_optional_tags(page: &str) -> String {
    page.replace("</td><td", "<td").replace("</th><td", "<td").replace("</td></tr>", "</tr>")
}

/// The page with as much detail as the lookup says.
fn whole(lookup: &Lookup<'_>, parts: &Parts<'_>) -> String {
    let record = lookup.record;
    let page = markup! {
        (DOCTYPE)
        html lang="en" data-scale="log" {
            (frame::head(&title(record), &record.tool_version, &[EARLY, SCRIPT]))
            body {
                a.skip href="#verdict" { "Skip to the verdict" }
                (header(record, parts.beside.changed.is_some()))
                main {
                    (banners(parts.verdicts))
                    noscript { (no_script(lookup)) }
                    (controls(lookup))
                    (sections_of(lookup, parts))
                }
                footer { p { "deadweight " (record.tool_version) ", " (record.schema) } }
                script #index type="application/json" { (PreEscaped(embed::index_json(lookup, &Lookup::new(parts.original)))) }
                (fold::folds(lookup, parts.verdicts))
                script #record type="application/gzip" { (parts.copy) }
                @if let Some(record) = parts.beside.hostile.filter(|of| !of.trials.is_empty()) {
                    script #demo type="application/gzip" { (embed::demonstration(record)) }
                    @if lookup.detail.is_folded() { (hostile_story::compressed(record)) }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string();
    without_optional_tags(&page)
}

fn sections_of(lookup: &Lookup<'_>, parts: &Parts<'_>) -> Markup {
    let operation = embed::first_operation(lookup);
    let data_only = lookup.formats.iter().filter(|format| !format.is_executable());
    let data_only: Vec<&str> = data_only.map(|format| format.id).collect();
    markup! {
        (summary::section(lookup, parts.verdicts))
        (python::section(lookup))
        div.pair { (pareto::section(lookup)) (ladder::section(lookup)) }
        (tables::section(lookup, operation.as_deref()))
        (criterion::section(lookup))
        (instructions::section(lookup))
        (comparison::section(parts.beside.baseline))
        (space::sizes_section(lookup))
        (space::memory_section(lookup))
        (calculator::section(lookup))
        @if let Some(record) = &lookup.record.compatibility { (compatibility::section(record)) }
        (hostile::section(parts.beside.hostile, &data_only, lookup.detail.is_folded()))
        @if let Some(record) = parts.beside.changed { (hostility::section(record)) }
        (formats::section(lookup))
        (environment::models_section(lookup))
        (environment::environment_section(lookup.record))
        (environment::reading_section())
        (decision::section(lookup, parts.verdicts, parts.beside.hostile, parts.beside.changed))
    }
}

/// What a reader without a script is told.
fn no_script(lookup: &Lookup<'_>) -> Markup {
    markup! {
        p.banner.info {
            @if lookup.detail.is_folded() {
                "JavaScript is off. One model is shown in full, the others in the verdict and with "
                "their medians; "
            } @else {
                "JavaScript is off. Every table is shown, for all models and operations; "
            }
            "sorting, filters, the calculator and downloads need it."
        }
    }
}

fn title(record: &BenchRecord) -> String {
    format!("Model formats, measured {} – deadweight", date(&record.started))
}

/// The day of a time stamp.
fn date(started: &str) -> &str {
    started.split('T').next().unwrap_or(started)
}

fn header(record: &BenchRecord, hostility: bool) -> Markup {
    let environment = &record.environment;
    let processes = match record.processes {
        1 => "1 process".to_owned(),
        count => format!("{count} processes"),
    };
    markup! {
        header {
            div.top {
                h1 { "Model formats, measured" }
                div.actions {
                    button #theme type="button" { "Dark theme" }
                    button #decide type="button" aria-pressed="false" { "One page for a decision" }
                    button type="button" data-download="json" { "JSON" }
                    button type="button" data-download="rows" { "Timings CSV" }
                    button type="button" data-download="sizes" { "Sizes CSV" }
                    button type="button" data-download="memory" { "Memory CSV" }
                }
            }
            p.facts {
                (record.started.replace('T', " ").replace('Z', " UTC"))
                " · " (environment.cpu) ", " (environment.cores) " cores"
                @if let Some(virtualization) = &environment.virtualization { " (" (virtualization) ")" }
                " · profile " (record.profile) ", " (processes)
                ", " (units::duration(record.elapsed_seconds * 1e9))
                " · deadweight " (record.tool_version)
            }
            nav aria-label="Sections" {
                @for (address, name) in sections(record, hostility) { a href={ "#" (address) } { (name) } " " }
            }
        }
    }
}

fn banners(verdicts: &Verdicts) -> Markup {
    markup! {
        @for caveat in &verdicts.caveats {
            p.banner.warn role="note" { b { "Note. " } (caveat) }
        }
    }
}

/// The controls, which the style shows only where scripts run.
fn controls(lookup: &Lookup<'_>) -> Markup {
    markup! {
        div.controls #controls role="group" aria-label="What is shown" {
            label { span { "Model" } (model_select(lookup)) }
            label { span { "Operation" } (operation_select(lookup)) }
            label { span { "Loading" } select #kind {
                option value="" { "any" }
                option value="data-only" { "data-only" }
                option value="executable" { "can run code" }
            } }
            label { span { "Runtime" } (choice("runtime", lookup, |format| &format.runtime)) }
            label { span { "Arrays" } (choice("encoding", lookup, |format| &format.encoding)) }
            label { span { "Format" } input #q type="search" placeholder="words, any of them"; }
            button #reset type="button" { "Reset" }
            output #shown aria-live="polite" {}
        }
    }
}

fn model_select(lookup: &Lookup<'_>) -> Markup {
    markup! {
        select #model {
            @for model in &lookup.models { option value=(model.id) { (model.title()) } }
            option value="*" { "all models" }
        }
    }
}

fn operation_select(lookup: &Lookup<'_>) -> Markup {
    markup! {
        select #operation {
            @for group in GROUPS {
                @let operations = embed::operations_of(lookup, group);
                @if !operations.is_empty() {
                    optgroup label=(group_title(group)) {
                        @for (id, title) in operations { option value=(id) { (title) } }
                    }
                }
            }
            option value="*" { "all operations" }
        }
    }
}

/// A select over the values that formats have in a field.
fn choice(
    name: &str,
    lookup: &Lookup<'_>,
    field: impl Fn(&crate::base::record::FormatRecord) -> &String,
) -> Markup {
    let mut values: Vec<&str> = lookup
        .formats
        .iter()
        .filter_map(|format| format.record)
        .map(|f| field(f).as_str())
        .collect();
    values.sort_unstable();
    values.dedup();
    markup! {
        select id=(name) {
            option value="" { "any" }
            @for value in values { option value=(value) { (value) } }
        }
    }
}
