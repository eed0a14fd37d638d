//! Instructions of some operations: what noise of the machine does not touch.

use maud::{Markup, html};

use super::lookup::{Lookup, Measured};
use super::widgets::{number_cell, operation_title, plain_row_of, scroll, without_figures};
use crate::base::instructions::InstructionOutcome;

/// The counts; nothing where the record has none.
pub fn section(lookup: &Lookup<'_>) -> Markup {
    let rows = || {
        lookup.record.instructions.iter().filter_map(|row| {
            let format = lookup.format(&row.case.format)?;
            Some((format, &row.case, &row.outcome))
        })
    };
    let counted: Vec<_> = rows()
        .filter_map(|(format, case, outcome)| match outcome {
            InstructionOutcome::Measured { instructions, bytes } => {
                Some((format, case, *instructions, *bytes))
            }
            InstructionOutcome::NotMeasured { .. } => None,
        })
        .collect();
    let missing = rows().filter_map(|(format, _, outcome)| match outcome {
        InstructionOutcome::NotMeasured { reason } => Some((format, reason.as_str())),
        InstructionOutcome::Measured { .. } => None,
    });
    html! {
        @if !lookup.record.instructions.is_empty() {
            section #instructions {
                h2 { "Instructions" }
                p.hint {
                    "Counted under valgrind, on a small model. The load of the machine does not change them, "
                    "so a small change of a program shows here first. They are no time: a page fault "
                    "and a cache that misses cost nothing here."
                }
                @if !counted.is_empty() {
                    (scroll("Instructions", html! {
                        table.t {
                            thead { tr {
                                th scope="col" .k { "format" }
                                th scope="col" .l { "model" }
                                th scope="col" .l { "operation" }
                                th scope="col" .k { "instructions" }
                                th scope="col" .k { "a byte" }
                            } }
                            tbody { @for (format, case, instructions, bytes) in &counted {
                                (plain_row_of(lookup, format, html! {
                                    td.l { (case.model) }
                                    td.l { (operation_title(Measured::from(*case))) }
                                    (number_cell(*instructions as f64, instructions.to_string()))
                                    td { (a_byte(*instructions, *bytes)) }
                                }))
                            } }
                        }
                    }))
                }
                (without_figures("Not counted", missing))
            }
        }
    }
}

fn a_byte(instructions: u64, bytes: u64) -> String {
    match bytes {
        0 => "–".to_owned(),
        _ => format!("{:.2}", instructions as f64 / bytes as f64),
    }
}
