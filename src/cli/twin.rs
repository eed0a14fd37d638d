//! The story of the poisoned twin on a terminal.

use super::detonate::told;
use super::table::{labelled, printable};
use crate::base::detonation::{EventKind, Outcome};
use crate::base::trial::Twin;
use crate::base::units;

/// Attempts that are told.
const TOLD: usize = 6;

/// What became of the model and its copies, one after another.
pub fn twin_story(twin: &Twin) -> String {
    let mut text = format!("{}\n", printable(&twin.carrier));
    let mut line = |label: &str, words: &str| text.push_str(&labelled(label, 18, words));
    let more = twin.poisoned_bytes.saturating_sub(twin.bytes);
    line(
        "the poisoned twin",
        &format!(
            "{} larger than the {} of the model",
            units::bytes(more),
            units::bytes(twin.bytes)
        ),
    );
    match (twin.rows, twin.poisoned_equal) {
        (Some(rows), Some(equal)) => line(
            "predicts",
            &format!(
                "{equal} of {rows} random rows as the model does{}",
                if equal == rows { ": nobody would notice" } else { "" }
            ),
        ),
        _ => line("predicts", &format!("not compared: {}", last_line(&twin.original.output))),
    }
    if let Some(reason) = &twin.accuracy_not_measured {
        line("accuracy", &format!("not measured: {reason}{}", same_accuracy(twin)));
    }
    match twin.poisoned.outcome {
        Outcome::NotRun => line(
            "let loose",
            &format!("not tried: {}", twin.poisoned.reason.clone().unwrap_or_default()),
        ),
        _ => {
            let effects: Vec<String> =
                twin.poisoned.effects.iter().map(|effect| printable(&effect.to_string())).collect();
            line("let loose", &effects.join("; "));
        }
    }
    let events = twin.policy.armed().filter(|event| event.kind != EventKind::Probe);
    for (at, event) in events.take(TOLD).enumerate() {
        line(if at == 0 { "under the policy" } else { "" }, &told(event));
    }
    line("read, not run", &twin.reader);
    if let (Some(rows), Some(equal)) = (twin.rows, twin.changed_equal) {
        let other = rows - equal;
        line(
            "another twin",
            &format!(
                "turns the weights round while it loads: {other} of {rows} predictions are others, and no error says so"
            ),
        );
    }
    match (&twin.converted, &twin.not_converted) {
        (Some(safe), _) => line(
            "the safe copy",
            &format!(
                "as safetensors, loaded in the strict policy: {} ({}), {} attempts",
                safe.outcome.id(),
                safe.reason.clone().unwrap_or_default(),
                safe.armed_events
            ),
        ),
        (None, Some(reason)) => line("the safe copy", &format!("none: {reason}")),
        (None, None) => {}
    }
    for problem in &twin.problems {
        line("WRONG", problem);
    }
    text
}

/// What equal predictions say of an accuracy that nobody measured.
fn same_accuracy(twin: &Twin) -> &'static str {
    match (twin.rows, twin.poisoned_equal) {
        (Some(rows), Some(equal)) if rows == equal && rows > 0 => {
            "; on these rows it would be the same before and after, whatever the labels"
        }
        _ => "",
    }
}

fn last_line(output: &str) -> String {
    let lines = output.trim_end_matches("\\n").rsplit("\\n");
    printable(lines.filter(|line| !line.is_empty()).last().unwrap_or("it said nothing"))
}
