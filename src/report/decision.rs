//! One page that a decision can point at: what to use for the headline's model, on what evidence, under which
//! reservations, and how to do it all again. It prints alone, on one sheet.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::hostile_story::shown;
use super::lookup::Lookup;
use super::verdict::Verdicts;
use crate::base::hostility::HostilityRecord;
use crate::base::record::BenchRecord;
use crate::base::trial::{DemoRecord, Verdict};

/// Attacks that the sheet has room for.
const LISTED: usize = 8;

/// The sheet, which the style shows alone when it is asked for.
pub fn section(
    lookup: &Lookup<'_>,
    verdicts: &Verdicts,
    demonstration: Option<&DemoRecord>,
    changed: Option<&HostilityRecord>,
) -> Markup {
    let record = lookup.record;
    html! {
        section #decision {
            h2 { "Decision: a format for trained models" }
            p { (record.started.replace('T', " ").replace('Z', " UTC")) " · " (record.environment.cpu) }
            div.lead {
                @for sentence in verdicts.sentences().iter().filter(|of| !verdicts.caveats.contains(of)) {
                    p { (shown(sentence)) }
                }
            }
            h3 { "Reservations" }
            ul {
                @for caveat in &verdicts.caveats { li { (shown(caveat)) } }
                li { "Measured on one machine, with the models named in the report. Another machine may rank otherwise." }
                li { (code(lookup)) }
            }
            h3 { "Security evidence" }
            (evidence(demonstration))
            @if let Some(record) = changed { @for sentence in record.sentences() { p { (shown(&sentence)) } } }
            h3 { "Again" }
            (again(record))
            div.sign { span { "decided" } span { "by" } span { "on" } }
        }
    }
}

/// Which formats can run code.
fn code(lookup: &Lookup<'_>) -> String {
    let executable: Vec<String> =
        lookup.formats.iter().filter(|f| f.is_executable()).map(|f| shown(f.id)).collect();
    match executable.is_empty() {
        true => "Every format of this run is data-only: loading a file cannot run code.".to_owned(),
        false => format!("Loading can run code that the file chooses: {}.", executable.join(", ")),
    }
}

fn evidence(demonstration: Option<&DemoRecord>) -> Markup {
    let Some(record) = demonstration else {
        return html! { p { "No hostile file was loaded for this report." } };
    };
    // The first of each loader before the second of any: there is not room for all.
    let mut of_loader: BTreeMap<&str, usize> = BTreeMap::new();
    let mut executable = Vec::new();
    for trial in record.trials.iter().filter(|trial| trial.executable) {
        let count = of_loader.entry(&trial.target).or_insert(0);
        executable.push((*count, trial));
        *count += 1;
    }
    executable.sort_by_key(|(count, _)| *count);
    html! {
        @for sentence in record.sentences() { p { (shown(&sentence)) } }
        ul {
            @for (_, trial) in executable.iter().take(LISTED) {
                li {
                    b { (shown(&trial.title)) } " (" (shown(&trial.severity)) ", " (shown(&trial.target)) "): "
                    @match &trial.verdict {
                        Verdict::Stopped => "seen let loose, stopped under the policy",
                        Verdict::StoppedUnseen { .. } => "stopped under the policy",
                        Verdict::Refused { .. } => "refused",
                        Verdict::Inert => "stays data",
                        Verdict::Failed { .. } => b { "NOT as it must be" },
                        Verdict::NotRun { .. } => "not tried",
                    }
                    @if let Some(technique) = trial.techniques.first() { "; " (shown(technique)) }
                }
            }
            @if executable.len() > LISTED {
                li { (executable.len() - LISTED) " more attacks stand in the report." }
            }
        }
    }
}

fn again(record: &BenchRecord) -> Markup {
    html! {
        dl {
            dt { "report" } dd { code { (super::environment::command(record)) } }
            dt { "evidence" } dd { code { "deadweight demo" } }
            dt { "deadweight" } dd {
                (record.tool_version)
                @if let Some(commit) = &record.environment.commit { ", commit " (shown(commit)) }
            }
            dt { "record" } dd { "bench.json, " (record.schema) ", seed " (record.seed) }
        }
    }
}
