//! The first thing on the page: what to use, what is fastest, smallest and least hungry, and why.

use maud::{Markup, html};

use super::choice::{Choice, is_portable};
use super::fold;
use super::lookup::Lookup;
use super::verdict::{Goal, LOADS, ModelVerdict, VIEWS, Verdicts, Want};
use super::widgets::scroll;
use crate::base::case::Operation;

/// The verdict on the record, on each model in a line, and on the chosen model goal by goal.
pub fn section(lookup: &Lookup<'_>, verdicts: &Verdicts) -> Markup {
    html! {
        section #verdict {
            h2 { "Verdict" }
            (lead(verdicts))
            @if verdicts.models.len() > 1 {
                (scroll("Verdict on each model", overview(verdicts)))
            }
            (fold::place("verdict", lookup, |index| panel(lookup, verdicts, index)))
            (safety(lookup))
        }
    }
}

/// The verdict on one model, goal by goal.
pub fn panel(lookup: &Lookup<'_>, verdicts: &Verdicts, index: usize) -> Markup {
    html! {
        @if let Some(model) = verdicts.models.get(index) {
            div.m data-m=(index) {
                h3 { (model.heading()) }
                (scroll(&format!("Goals, {}", model.title), goals(model)))
                @if let Some(choice) = &model.choice { (advice(lookup, choice)) }
            }
        }
    }
}

fn lead(verdicts: &Verdicts) -> Markup {
    let sentences = verdicts.sentences();
    // The caveats have banners of their own.
    let sentences = sentences.iter().filter(|sentence| !verdicts.caveats.contains(sentence));
    let (heads, lines): (Vec<_>, Vec<_>) = sentences.partition(|s| s.ends_with(':'));
    html! {
        div.lead {
            @for head in heads { p { (head) } }
            ul { @for line in lines { li { (emphasized(line)) } } }
        }
    }
}

/// What comes before the colon is what a reader looks for.
fn emphasized(sentence: &str) -> Markup {
    match sentence.split_once(": ") {
        Some((goal, rest)) => html! { b { (goal) } ": " (rest) },
        None => html! { (sentence) },
    }
}

/// One line a model.
fn overview(verdicts: &Verdicts) -> Markup {
    let fast = |model: &ModelVerdict, of: &[Operation]| {
        let goal = of.iter().find_map(|operation| model.goal(Want::Fast(*operation)));
        cell(goal)
    };
    html! {
        table.t.v {
            thead { tr {
                th scope="col" { "model" }
                th scope="col" .l { "use" }
                th scope="col" .l { "first prediction" }
                th scope="col" .l { "through a view or map" }
                th scope="col" .l { "smallest" }
                th scope="col" .l { "smallest, compressed" }
                th scope="col" .l { "least memory" }
            } }
            tbody {
                @for (index, model) in verdicts.models.iter().enumerate() {
                    tr data-pick=(index) {
                        th scope="row" { (model.title) }
                        td.l { (chosen(model.choice.as_ref())) }
                        (fast(model, LOADS))
                        (fast(model, VIEWS))
                        (cell(model.goal(Want::Small)))
                        (cell(model.goal(Want::SmallCompressed)))
                        (cell(model.goal(Want::Frugal)))
                    }
                }
            }
        }
    }
}

fn chosen(choice: Option<&Choice>) -> Markup {
    match choice {
        Some(Choice { format: Some(format), cautions, .. }) => html! {
            b { (format) }
            @if !cautions.is_empty() { " with care (" (cautions.join(", ")) ")" }
        },
        Some(_) => html! { "none: all can run code" },
        None => html! { span.x { "no load measured" } },
    }
}

/// The best in few words; the table below names all.
fn cell(goal: Option<&Goal>) -> Markup {
    let Some(goal) = goal else { return html! { td.l.x { "not measured" } } };
    html! {
        td.l {
            @match goal.best.as_slice() {
                [first, others @ ..] => {
                    (first.format)
                    @for caution in &first.cautions { " " span.b { (caution) } }
                    small {
                        (goal.figure(first.value))
                        @if let Some(codec) = &first.codec { ", " (codec) }
                        @if !others.is_empty() { ", shared by " (others.len() + 1) }
                    }
                }
                [] => "not measured",
            }
        }
    }
}

/// All goals of a model.
fn goals(model: &ModelVerdict) -> Markup {
    html! {
        table.t.goals {
            thead { tr {
                th scope="col" { "goal" }
                th scope="col" .l { "best" }
                th scope="col" .l { "next" }
                th scope="col" .l { "what is compared" }
            } }
            tbody {
                @for goal in &model.goals {
                    tr {
                        th scope="row" { (goal.label()) }
                        td.l { (goal.best_text()) }
                        td.l { (goal.next_text().unwrap_or_else(|| "–".to_owned())) }
                        td.l.why { (goal.meaning()) }
                    }
                }
                @if model.goals.is_empty() {
                    tr { td.l colspan="4" { "Nothing was measured for this model." } }
                }
            }
        }
    }
}

/// What to use and why, and what was passed over and why.
fn advice(lookup: &Lookup<'_>, choice: &Choice) -> Markup {
    html! {
        div.advice {
            @for sentence in choice.sentences().iter().take(1) { p { (emphasized(sentence)) } }
            @if !choice.passed_over.is_empty() {
                p { "Faster, and passed over:" }
                ul {
                    @for passed in &choice.passed_over {
                        li {
                            b { (passed.format) } ": "
                            (passed.cautions.join(", "))
                            @for text in warnings(lookup, &passed.format) { "; " (text) }
                        }
                    }
                }
            }
        }
    }
}

/// The sentences of the warnings that speak against a format.
fn warnings<'a>(lookup: &Lookup<'a>, format: &str) -> Vec<&'a str> {
    let Some(record) = lookup.format(format).and_then(|format| format.record) else {
        return Vec::new();
    };
    let grave = |id: &str| super::choice::CAUTIONS.contains(&id);
    let texts = record.warnings.iter().filter(|w| grave(&w.id)).map(|w| w.text.as_str());
    texts.chain(record.losses.iter().map(String::as_str)).collect()
}

/// Which formats are safe to load from strangers, and which others can read.
fn safety(lookup: &Lookup<'_>) -> Markup {
    let executable: Vec<&str> =
        lookup.formats.iter().filter(|f| f.is_executable()).map(|f| f.id).collect();
    let portable: Vec<&str> = lookup
        .formats
        .iter()
        .filter(|format| is_portable(format))
        .map(|format| format.id)
        .collect();
    html! {
        div.advice {
            p {
                b { "Safety" } ": "
                @if executable.is_empty() {
                    "all " (lookup.formats.len()) " formats are data-only: loading a file cannot run code."
                } @else {
                    "loading can run code that the file chooses: " (executable.join(", ")) ". The other "
                    (lookup.formats.len() - executable.len()) " are data-only."
                }
            }
            @if !portable.is_empty() {
                p {
                    b { "Portability" } ": arrays that other programs can be expected to read are in "
                    (portable.join(", ")) ", the formats that are called portable here."
                }
            }
        }
    }
}
