//! Hostile files that were really loaded: the counts, each attack on Python's loaders with its story,
//! the attacks on data-only formats, and what the sandbox was.
//!
//! Not tried is not the same as stopped: what failed or was not tried stands above the tables.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::hostile_story::{calls, place, shown};
use super::widgets::scroll;
use crate::base::detonation::{Detonation, Mode, Strength};
use crate::base::trial::{DemoRecord, Trial, Verdict};
use crate::base::units;

/// Effects of an attack that a row of the table names.
const NAMED: usize = 3;

/// The section; without a record it says how to get one. Where stories are compressed, they stand
/// elsewhere in the page. `data_only` are the formats of the page that are no programs.
pub fn section(record: Option<&DemoRecord>, data_only: &[&str], is_compressed: bool) -> Markup {
    html! {
        section #hostile {
            h2 { "Hostile files" }
            @match record {
                None => p.none {
                    "No hostile file was loaded for this report: " code { "deadweight demo --out DIR" }
                    ", with the report's directory, and then " code { "deadweight report --out DIR" } " do it."
                },
                Some(record) if record.not_run.is_some() => {
                    @for sentence in record.sentences() { p.none { (shown(&sentence)) } }
                    p.none { code { "deadweight demo --out DIR" } " loads them, on a system that can." }
                },
                Some(record) => (trials(record, data_only, is_compressed)),
            }
        }
    }
}

fn trials(record: &DemoRecord, data_only: &[&str], is_compressed: bool) -> Markup {
    let (executable, data): (Vec<&Trial>, Vec<&Trial>) =
        record.trials.iter().partition(|trial| trial.executable);
    html! {
        div.lead { @for sentence in record.sentences() { p { (shown(&sentence)) } } }
        (wrong(record))
        (untried(record))
        @if record.attacks_left_out > 0 {
            p.hint {
                (several(record.attacks_left_out as usize, "attack is", "attacks are"))
                " known beside these and not chosen here; "
                code { "deadweight demo --out DIR" } " tries all, and so do the profiles standard and thorough."
            }
        }
        @if !executable.is_empty() { (executables(&executable, is_compressed)) }
        @if !data.is_empty() { (matrix(&data, data_only)) (sayings(&data)) }
        (sandbox(record))
    }
}

pub fn several(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// What was not as it must be, above everything else.
fn wrong(record: &DemoRecord) -> Markup {
    let failed: Vec<(&Trial, &[String])> = record
        .trials
        .iter()
        .filter_map(|trial| match &trial.verdict {
            Verdict::Failed { problems } => Some((trial, problems.as_slice())),
            _ => None,
        })
        .collect();
    html! {
        @if !failed.is_empty() {
            div.banner.warn role="note" {
                b { "✗ " (several(failed.len(), "trial", "trials")) " not as it must be." }
                ul {
                    @for (trial, problems) in failed {
                        li {
                            b { (shown(&trial.title)) ", " (shown(&trial.target)) } ": "
                            @for (at, problem) in problems.iter().enumerate() {
                                @if at > 0 { "; " }
                                (shown(problem))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What could not be tried, each reason once.
fn untried(record: &DemoRecord) -> Markup {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut unseen: BTreeMap<&str, usize> = BTreeMap::new();
    for trial in &record.trials {
        match &trial.verdict {
            Verdict::NotRun { reason } => {
                let name = format!("{} ({})", trial.title, trial.target);
                reasons.entry(reason).or_default().push(name);
            }
            Verdict::StoppedUnseen { reason } => *unseen.entry(reason).or_default() += 1,
            _ => {}
        }
    }
    html! {
        @for (reason, trials) in reasons {
            div.banner.warn role="note" {
                b { "– " (several(trials.len(), "trial", "trials")) " not tried: " (shown(reason)) "." }
                " Not tried is not the same as stopped. " (shown(&trials.join("; ")))
            }
        }
        @for (reason, count) in unseen {
            p.banner.info role="note" {
                (several(count, "file was", "files were")) " stopped under the policy without having been seen let "
                "loose: " (shown(reason)) "."
            }
        }
    }
}

fn executables(trials: &[&Trial], is_compressed: bool) -> Markup {
    html! {
        h3 { "Files that Python's loaders run" }
        p.hint {
            "Each file is loaded twice by a real CPython: in an aquarium, where everything is let through in a "
            "private root without a network, so that the harm is seen on planted files; and under the policy, where "
            "all that is no load is stopped and written down. Open a row for every call."
        }
        @if is_compressed {
            noscript { p.none {
                "Without JavaScript the calls are not shown here; " code { "demo.json" } " beside this page has them."
            } }
            p.none #no-stories hidden {}
        }
        (tools(trials))
        (scroll("Attacks on Python's loaders", html! {
            table.ht #evidence {
                thead { tr {
                    th scope="col" { "attack" }
                    th scope="col" .l { "severity" }
                    th scope="col" .l { "loader" }
                    th scope="col" .l { "seen let loose" }
                    th scope="col" .l { "under the policy" }
                } }
                tbody {
                    @for trial in trials {
                        (executable_row(trial, &techniques(trials)))
                        tr.st { td.l colspan="5" { (place(trial, is_compressed)) } }
                    }
                }
            }
        }))
    }
}

/// Techniques and weaknesses of the trials, each once.
fn techniques<'a>(trials: &[&'a Trial]) -> Vec<&'a str> {
    let all: BTreeSet<&str> =
        trials.iter().flat_map(|trial| trial.techniques.iter().map(String::as_str)).collect();
    all.into_iter().collect()
}

/// What may be done with the cards as they are shown.
fn tools(trials: &[&Trial]) -> Markup {
    html! {
        div.tools {
            label { span { "Technique" } select #technique {
                option value="" { "any" }
                @for (at, technique) in techniques(trials).iter().enumerate() {
                    option value=(at) { (shown(technique)) }
                }
            } }
            button type="button" data-save="markdown" { "Markdown of these" }
            button type="button" data-save="evidence" { "JSON of these" }
            output #evidence-shown aria-live="polite" {}
        }
    }
}

fn executable_row(trial: &Trial, techniques: &[&str]) -> Markup {
    let seen = trial.seen();
    // Positions: no text of a record is part of an attribute that a script looks at.
    let places: Vec<String> = techniques
        .iter()
        .enumerate()
        .filter(|(_, technique)| trial.techniques.iter().any(|of| of == *technique))
        .map(|(at, _)| at.to_string())
        .collect();
    html! {
        tr data-t=(places.join(" ")) {
            th scope="row" { (shown(&trial.title)) small { (shown(&trial.attack)) } }
            td.l { (shown(&trial.severity)) }
            td.l { (shown(&trial.target)) }
            td.l.why {
                @match (&trial.verdict, seen.is_empty()) {
                    (Verdict::StoppedUnseen { .. } | Verdict::NotRun { .. }, _) => span.x { "– not tried" },
                    (_, true) => span.bad { "✗ nothing" },
                    _ => {
                        @for (at, what) in seen.iter().take(NAMED).enumerate() {
                            @if at > 0 { "; " }
                            (shown(what))
                        }
                        @if seen.len() > NAMED { "; " (seen.len() - NAMED) " more" }
                    }
                }
            }
            (verdict_cell(trial))
        }
    }
}

/// Sign, word and class of a verdict.
fn cue(verdict: &Verdict) -> (&'static str, &'static str, &'static str) {
    match verdict {
        Verdict::Stopped | Verdict::StoppedUnseen { .. } => ("✓", "stopped", "ok"),
        Verdict::Refused { .. } => ("✓", "refused", "ok"),
        Verdict::Inert => ("=", "stays data", "ok"),
        Verdict::Failed { .. } => ("✗", "WRONG", "no"),
        Verdict::NotRun { .. } => ("–", "not tried", "x"),
    }
}

fn verdict_cell(trial: &Trial) -> Markup {
    let (sign, word, class) = cue(&trial.verdict);
    let stopped = trial.policy.as_ref().map(Detonation::stopped).unwrap_or_default();
    let attempts: u64 = stopped.values().sum();
    html! {
        td class={ "l " (class) } {
            (sign) " " (word)
            @if attempts > 0 {
                " " small {
                    (several(attempts as usize, "attempt", "attempts"))
                    @for (layer, count) in &stopped {
                        ", " @if stopped.len() > 1 { (count) " " } "by " (shown(layer))
                    }
                }
            }
        }
    }
}

/// Formats by attacks.
fn matrix(trials: &[&Trial], data_only: &[&str]) -> Markup {
    let mut attacks: Vec<&Trial> = Vec::new();
    let mut formats: Vec<&str> = Vec::new();
    for trial in trials {
        if !attacks.iter().any(|known| known.attack == trial.attack) {
            attacks.push(trial);
        }
        if !formats.contains(&trial.target.as_str()) {
            formats.push(&trial.target);
        }
    }
    let unattacked: Vec<&str> =
        data_only.iter().copied().filter(|format| !formats.contains(format)).collect();
    let of = |format: &str, attack: &str| {
        trials.iter().find(|trial| trial.target == format && trial.attack == attack)
    };
    html! {
        h3 { "Files for data-only loaders" }
        p.hint {
            b { "refused" } ": the loader ended with an error. " b { "stays data" } ": it returned a model in which "
            "the attack is plain text or numbers. Both count only where the loader's process attempted nothing "
            "else after loading began, which the same supervisor watched. " b { "–" } ": the attack does not fit "
            "the format."
            @if !unattacked.is_empty() {
                " Measured on this page and not attacked: " (unattacked.join(", ")) "."
            }
        }
        (scroll("What data-only loaders did with each attack", html! {
            table.cm.hd {
                thead { tr {
                    th scope="col" { "format" }
                    @for attack in &attacks { th scope="col" .l { (shown(&attack.title)) } }
                } }
                tbody {
                    @for format in &formats {
                        tr {
                            th scope="row" { (shown(format)) }
                            @for attack in &attacks {
                                @match of(format, &attack.attack).map(|trial| cue(&trial.verdict)) {
                                    Some((sign, word, class)) => td class={ "l " (class) } { (sign) " " (word) },
                                    None => td.l.x { "–" },
                                }
                            }
                        }
                    }
                }
            }
        }))
    }
}

/// What the loaders said, folded away; the same words once.
fn sayings(trials: &[&Trial]) -> Markup {
    let mut said: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for trial in trials {
        if let Verdict::Refused { error } = &trial.verdict {
            said.entry((&trial.title, error)).or_default().push(&trial.target);
        }
    }
    let attacks: BTreeSet<&str> = trials.iter().map(|trial| trial.attack.as_str()).collect();
    html! {
        @if !said.is_empty() {
            details.none {
                summary { "What the loaders said when they refused: " (said.len()) " messages" }
                ul.said {
                    @for ((title, error), formats) in &said {
                        li { (shown(title)) ", " b { (shown(&formats.join(", "))) } ": " (shown(error)) }
                    }
                }
            }
        }
        details.none {
            summary { "What each of these attacks is: " (attacks.len()) }
            ul.said {
                @for attack in attacks {
                    @if let Some(trial) = trials.iter().find(|trial| trial.attack == attack) {
                        li {
                            b { (shown(&trial.title)) } " (" (shown(&trial.severity)) "). " (shown(&trial.summary))
                            " " code { "deadweight demo --attack " (shown(attack)) }
                        }
                    }
                }
            }
        }
        (attempts(trials))
    }
}

/// What data-only loaders attempted, which is to be nothing.
fn attempts(trials: &[&Trial]) -> Markup {
    let active = trials.iter().filter_map(|trial| match &trial.policy {
        Some(policy) if policy.armed_events > 0 => Some((trial, policy)),
        _ => None,
    });
    html! {
        @for (trial, policy) in active {
            details.none open {
                summary { (shown(&trial.title)) ", " (shown(&trial.target)) ": what the loader attempted" }
                (calls(policy))
            }
        }
    }
}

/// Layers of the loads in a mode, each at its weakest.
fn layers(record: &DemoRecord, mode: Mode) -> String {
    let mut weakest: BTreeMap<&str, Strength> = BTreeMap::new();
    let loads = record.trials.iter().flat_map(|trial| trial.aquarium.iter().chain(&trial.policy));
    for load in loads.filter(|load| load.mode == mode) {
        for (layer, strength) in &load.layers {
            let known = weakest.entry(layer).or_insert(*strength);
            *known = (*known).min(*strength);
        }
    }
    let words = weakest.iter().map(|(layer, strength)| {
        let strength = match strength {
            Strength::None => "not",
            Strength::Partial => "in part",
            Strength::Full => "in full",
        };
        format!("{layer} {strength}")
    });
    words.collect::<Vec<_>>().join(", ")
}

/// A time stamp to the second.
fn began(started: &str) -> String {
    let whole = started.trim_end_matches('Z').split('.').next().unwrap_or_default();
    format!("{} UTC", whole.replace('T', " "))
}

/// What loaded, on what, and what all this does not show.
fn sandbox(record: &DemoRecord) -> Markup {
    let loads = record.trials.iter().flat_map(|trial| trial.aquarium.iter().chain(&trial.policy));
    let notes: BTreeSet<&str> = loads.flat_map(|load| &load.notes).map(String::as_str).collect();
    let python = match (&record.python, &record.python_missing) {
        (Some(python), _) => {
            let packages: Vec<String> =
                python.packages.iter().map(|(name, version)| format!("{name} {version}")).collect();
            format!("{} with {}", python.version, packages.join(", "))
        }
        (None, Some(reason)) => format!("none: {reason}"),
        (None, None) => "none".to_owned(),
    };
    let (policy, aquarium) = (layers(record, Mode::Policy), layers(record, Mode::Aquarium));
    html! {
        h3 { "The sandbox" }
        dl {
            dt { "tried" } dd {
                (shown(&began(&record.started)))
                ", in " (units::duration(record.elapsed_seconds * 1e9))
                ", deadweight " (shown(&record.tool_version))
            }
            dt { "kernel" } dd { (shown(&record.kernel)) }
            dt { "user" } dd { (shown(&record.user)) }
            dt { "Python" } dd { (shown(&python)) }
            @if !policy.is_empty() { dt { "policy" } dd { (shown(&policy)) } }
            @if !aquarium.is_empty() { dt { "aquarium" } dd { (shown(&aquarium)) } }
            @for note in notes { dt { "missing" } dd { (shown(note)) } }
        }
        p.hint {
            "What this does not show: these files were stopped here, which is no proof that every file would be. The "
            "kernel is shared with the machine, so a hole in the kernel itself is out of reach. Under the policy a "
            "file may still use processor time and memory up to the limits, and read what its interpreter reads. "
            "Numbers that were changed in a model attempt nothing, and no sandbox sees them. The aquarium protects "
            "nobody: it is for files that deadweight builds itself."
        }
    }
}
