//! The formats of a record: what is behind each, what is known against it, what it loses.

use maud::{Markup, html};

use super::choice;
use super::lookup::{Format, Lookup};
use super::widgets::scroll;
use crate::base::record::{FormatRecord, WarningRecord};

/// Every format.
pub fn section(lookup: &Lookup<'_>) -> Markup {
    html! {
        section #formats {
            h2 { "Formats" }
            p.hint {
                "How arrays are stored: " b { "native" } " in the one way the format has, " b { "bytes" }
                " as one block with dtype and shape, " b { "elements" } " number by number, as a derive "
                "does it. Each format has a page in the book."
            }
            (scroll("Formats", html! {
                table.t.f {
                    thead { tr {
                        th scope="col" .k { "format" }
                        th scope="col" .l { "loading" }
                        th scope="col" .l { "runtime" }
                        th scope="col" .l { "arrays" }
                        th scope="col" .l { "modes" }
                        th scope="col" .l { "implementation" }
                        th scope="col" .l { "known problems and losses" }
                    } }
                    tbody {
                        @for (index, format) in lookup.formats.iter().enumerate() {
                            tr data-f=(index) id={ "f" (index) } { (cells(format)) }
                        }
                    }
                }
            }))
        }
    }
}

fn cells(format: &Format<'_>) -> Markup {
    let Some(record) = format.record else {
        return html! {
            th scope="row" { (format.id) }
            td.l colspan="6" { "The record has rows of this format and does not describe it." }
        };
    };
    html! {
        th scope="row" { (format.id) small { (record.title) } small { code { (page(record)) } } }
        td.l {
            @if format.is_executable() { strong.bad { "can run code" } } @else { (record.kind) }
        }
        td.l { (record.runtime) }
        td.l { (record.encoding) }
        td.l { (record.modes.join(", ")) }
        td.l { (record.implementation.as_deref().unwrap_or("our own")) }
        td.l.why { (problems(record)) }
    }
}

fn problems(record: &FormatRecord) -> Markup {
    html! {
        @if record.warnings.is_empty() && record.losses.is_empty() { "none known" }
        @else {
            ul {
                @for warning in &record.warnings { (problem(warning)) }
                @for loss in &record.losses { li { span.b { "lossy" } " " (loss) } }
            }
        }
    }
}

fn problem(warning: &WarningRecord) -> Markup {
    let grave = choice::CAUTIONS.contains(&warning.id.as_str());
    html! {
        li {
            span class=(if grave { "b" } else { "c" }) { (warning.id) }
            " " (warning.text)
            @if let Some(reference) = &warning.reference { " (" (reference) ")" }
        }
    }
}

/// Where the book tells of the format: both encodings of a codec share a page.
fn page(record: &FormatRecord) -> String {
    format!("docs/formats/{}.md", record.id.trim_end_matches("-elements"))
}
