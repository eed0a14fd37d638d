//! The story of one attack, call by call, folded away below its row.
//!
//! In a page that would be too large all stories stand in one script element, compressed as the panels of
//! other models are, and the page's script puts them in their places.

use maud::{Markup, PreEscaped, html};

use super::embed;
use super::hostile::several;
use crate::base::detonation::{Detonation, Event, Mode, Strength};
use crate::base::text::printable;
use crate::base::trial::{Check, DemoRecord, Trial};
use crate::base::units;

/// Calls of a load that a page lists.
const LISTED: usize = 40;
/// Characters of a text that a page shows: a call may carry a whole program.
const LONGEST: usize = 600;

/// Text of a file, of a system or of an error as people can read it: what would turn a line or
/// steer a terminal it is copied to is shown, and what is endless is cut.
pub fn shown(text: &str) -> String {
    let length = text.chars().count();
    if length <= LONGEST {
        return printable(text);
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{} … ({length} characters)", printable(&start))
}

/// The place of a trial's story below its row, and the story where it is not compressed.
pub fn place(trial: &Trial, is_compressed: bool) -> Markup {
    let stopped: u64 = trial.policy.as_ref().map_or(0, |policy| policy.stopped().values().sum());
    html! {
        details.none {
            summary {
                "call by call"
                @if stopped > 0 { ": " (several(stopped as usize, "attempt", "attempts")) " stopped" }
            }
            @if !is_compressed { (story(trial)) }
        }
    }
}

/// The stories of the trials that have a row, in the order of these, for the page's script.
pub fn compressed(record: &DemoRecord) -> Markup {
    let trials = record.trials.iter().filter(|trial| trial.executable);
    let stories = html! { @for trial in trials { (story(trial)) } };
    html! {
        script #stories type="application/gzip" { (PreEscaped(embed::packed(&stories.into_string()))) }
    }
}

/// Everything that is known of the trial.
fn story(trial: &Trial) -> Markup {
    html! {
        div.story {
            @if !trial.summary.is_empty() { p { (shown(&trial.summary)) } }
            div.sides {
                @if let Some(aquarium) = &trial.aquarium {
                    (side("Let loose in the aquarium", aquarium, &trial.signs))
                }
                @if let Some(policy) = &trial.policy {
                    (side("Under the policy", policy, &trial.evidence))
                }
            }
            (known(trial))
            p.tools {
                button type="button" data-save="markdown" { "Markdown for a ticket" }
                button type="button" data-save="evidence" { "JSON" }
            }
        }
    }
}

/// One load: how it ended, what it did, each call, and apart from these what is not believed.
fn side(title: &str, load: &Detonation, expected: &[Check]) -> Markup {
    let stopped = load.stopped();
    html! {
        div {
            h4 { (title) " " small { (ending(load)) } }
            (layers(load))
            @for (layer, count) in &stopped {
                p { b { "✓ stopped by " (shown(layer)) } ": " (several(*count as usize, "attempt", "attempts")) }
            }
            (checks(expected))
            @if !load.effects.is_empty() {
                h5 { "What it did to the planted things" }
                ul.said { @for effect in &load.effects { li { (shown(&effect.to_string())) } } }
            }
            h5 { "What it attempted, with arguments" }
            (calls(load))
            (advisory(load))
        }
    }
}

/// What the loaded file could have forged: told apart from what the supervisor saw.
fn advisory(load: &Detonation) -> Markup {
    html! {
        @if !load.advisory.is_empty() {
            h5 { "Advisory only" }
            p.x { "Told by Python's own audit hook. The file shares its process and could silence it." }
            ul.advisory {
                @for line in load.advisory.iter().take(LISTED) { li { code { (shown(line)) } } }
                @if load.advisory.len() > LISTED {
                    li { (load.advisory.len() - LISTED) " more are in demo.json" }
                }
            }
        }
        @if !load.output.is_empty() {
            p.x { "Printed by the process, and not believed: " code { (shown(&load.output)) } }
        }
    }
}

/// How a load ended.
fn ending(load: &Detonation) -> Markup {
    html! {
        (load.outcome.id())
        @if let Some(reason) = &load.reason { ": " (shown(reason)) }
        @if let Some(micros) = load.elapsed_micros { ", " (units::duration(micros as f64 * 1e3)) }
    }
}

fn layers(load: &Detonation) -> Markup {
    let named = |wanted: fn(Strength) -> bool| {
        let found = load.layers.iter().filter(move |(_, strength)| wanted(**strength));
        found.map(|(layer, _)| layer.as_str()).collect::<Vec<_>>().join(", ")
    };
    let full = named(|strength| strength == Strength::Full);
    let partial = named(|strength| strength == Strength::Partial);
    html! {
        p.x {
            "In force: " @if full.is_empty() { "nothing in full" } @else { (shown(&full)) }
            @if !partial.is_empty() { "; in part: " (shown(&partial)) }
            @for note in &load.notes { "; " (shown(note)) }
        }
    }
}

/// What had to be seen, and whether it was.
fn checks(checks: &[Check]) -> Markup {
    html! {
        @if !checks.is_empty() {
            p {
                "Expected: "
                @for (at, check) in checks.iter().enumerate() {
                    @if at > 0 { "; " }
                    @match check.seen {
                        true => { "✓ " (shown(&check.what)) },
                        false => b.bad { "✗ not seen: " (shown(&check.what)) },
                    }
                }
                "."
            }
        }
    }
}

/// What was attempted after loading began, in order.
pub fn calls(load: &Detonation) -> Markup {
    let events: Vec<&Event> = load.armed().collect();
    html! {
        @if events.is_empty() { p { "After loading began it did nothing but load." } }
        @else {
            ol.calls { @for event in events.iter().take(LISTED) { (call(event, load.mode)) } }
        }
        @if events.len() > LISTED {
            p.x { (events.len() - LISTED) " more calls are in demo.json." }
        }
        @for (kind, count) in &load.omitted {
            p.x { (several(*count as usize, "more", "more")) " of " (kind.id()) " were counted and not listed." }
        }
    }
}

fn call(event: &Event, mode: Mode) -> Markup {
    let class = if event.denied { "end" } else { "x" };
    html! {
        li {
            b { (event.kind.id()) } " " code { (shown(&event.to_string())) }
            @if let Some(times) = event.times { " (" (several(times as usize, "time", "times")) ")" }
            // In an aquarium it goes without saying that a call is let through.
            @if event.denied || mode == Mode::Policy {
                " " span class=(class) { @if event.denied { "✓ " } @else { "→ " } (shown(&event.became())) }
            }
        }
    }
}

/// Where it is described, and how to see it again.
fn known(trial: &Trial) -> Markup {
    html! {
        dl {
            @for reference in &trial.references {
                dt { "reference" } dd { (shown(&reference.title)) " · " (shown(&reference.url)) }
            }
            @if !trial.techniques.is_empty() {
                dt { "techniques" } dd { (shown(&trial.techniques.join("; "))) }
            }
            @if !trial.cwe.is_empty() {
                dt { "weaknesses" } dd {
                    @for (at, number) in trial.cwe.iter().enumerate() { @if at > 0 { ", " } "CWE-" (number) }
                }
            }
            dt { "again" } dd { code { "deadweight demo --attack " (shown(&trial.attack)) } }
            @if trial.bytes > 0 {
                dt { "file" } dd {
                    (units::bytes(trial.bytes))
                    @if !trial.sha256.is_empty() { ", SHA-256 " code { (shown(&trial.sha256)) } }
                }
            }
        }
    }
}
