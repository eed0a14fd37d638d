//! The page itself: head, policy, banners, controls, sections, embedded record.
//!
//! Everything is inside: one style, two scripts, two JSON texts. The content security policy
//! names the hashes of the style and the scripts and allows nothing else, so that a name from a
//! record that slipped through the escaping still could not run or fetch anything. No element has
//! a style attribute or an event handler of its own: the policy would refuse both.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use sha2::{Digest, Sha256};

use super::embed;
use super::lookup::Lookup;
use super::tables::GROUPS;
use super::verdict::{self, Verdicts};
use super::widgets::group_title;
use super::{
    calculator, compatibility, criterion, environment, formats, hostile, hostility, instructions,
    ladder, pareto, python, space, summary, tables,
};
use crate::base::hostility::HostilityRecord;
use crate::base::record::BenchRecord;
use crate::base::trial::DemoRecord;
use crate::base::units;

const STYLE: &str = include_str!("page.css");
/// Runs before anything is drawn: says that scripts run, and which theme the address asks for.
const EARLY: &str = include_str!("early.js");
const SCRIPT: &str = include_str!("page.js");

/// The address of a section that not every record has.
const COMPATIBILITY: &str = "compatibility";
/// Another one.
const CRITERION: &str = "criterion";
/// And another one.
const INSTRUCTIONS: &str = "instructions";
/// The same, of a record of its own.
const HOSTILITY: &str = "hostility";

/// Sections of the page: address and name.
const SECTIONS: [(&str, &str); 17] = [
    ("verdict", "Verdict"),
    ("python", "Against Python"),
    ("pareto", "Size against time"),
    ("ladder", "Ladder"),
    ("timings", "Timings"),
    (CRITERION, "Criterion"),
    (INSTRUCTIONS, "Instructions"),
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
    html_with(record, demonstration, None)
}

/// As [`html`], with what became of changed files, which has a record of its own, too.
pub fn html_with(
    record: &BenchRecord,
    demonstration: Option<&DemoRecord>,
    changed: Option<&HostilityRecord>,
) -> String {
    let lookup = Lookup::new(record);
    let verdicts = verdict::verdicts(record);
    let headline = verdicts.headline.unwrap_or(0);
    markup! {
        (DOCTYPE)
        html lang="en" data-scale="log" {
            (head(record))
            body {
                a.skip href="#verdict" { "Skip to the verdict" }
                (header(record, changed.is_some()))
                main {
                    (banners(&verdicts))
                    noscript {
                        p.banner.info {
                            "JavaScript is off. Every table is shown, for all models and operations; "
                            "sorting, filters, the calculator and downloads need it."
                        }
                    }
                    (controls(&lookup))
                    (summary::section(&lookup, &verdicts))
                    (python::section(&lookup))
                    div.pair { (pareto::section(&lookup)) (ladder::section(&lookup)) }
                    (tables::section(&lookup))
                    (criterion::section(&lookup))
                    (instructions::section(&lookup))
                    (space::sizes_section(&lookup))
                    (space::memory_section(&lookup))
                    (calculator::section())
                    @if let Some(record) = &record.compatibility { (compatibility::section(record)) }
                    (hostile::section(demonstration))
                    @if let Some(record) = changed { (hostility::section(record)) }
                    (formats::section(&lookup))
                    (environment::models_section(&lookup))
                    (environment::environment_section(record))
                    (environment::reading_section())
                }
                footer { p { "deadweight " (record.tool_version) ", " (record.schema) } }
                script #index type="application/json" {
                    (PreEscaped(embed::index_json(&lookup, headline)))
                }
                script #record type="application/gzip" { (embed::record(record)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

/// A source of the policy: the hash of an inline style or script.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// What the page may do: run and show what is written in it, and nothing else.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src {}; script-src {} {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(EARLY),
        hash(SCRIPT)
    )
}

fn head(record: &BenchRecord) -> Markup {
    markup! {
        head {
            meta charset="utf-8";
            // By this a later run knows that the file is its own and may be replaced.
            meta name="generator" content={ "deadweight " (record.tool_version) };
            meta http-equiv="Content-Security-Policy" content=(policy());
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            // An empty icon of its own keeps browsers from asking a server for one.
            link rel="icon" href="data:,";
            title { "Model formats, measured " (date(&record.started)) " – deadweight" }
            style { (PreEscaped(STYLE)) }
            script { (PreEscaped(EARLY)) }
        }
    }
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
