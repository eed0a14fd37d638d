//! `formats`: what formats there are, and what is known against each.

use std::io::Write;

use serde_json::json;

use super::args::FormatsArguments;
use super::table::Table;
use crate::base::record::FormatRecord;
use crate::bench::environment::crate_version;
use crate::formats::registry::{FORMATS, READ_ONLY};

/// Schema of the JSON document.
const SCHEMA: &str = "deadweight.formats/1";

/// Prints the list.
pub fn run(arguments: &FormatsArguments) -> anyhow::Result<()> {
    let formats: Vec<FormatRecord> = FORMATS
        .iter()
        .map(|f| f.descriptor())
        .chain(READ_ONLY)
        .map(|d| d.record(crate_version))
        .collect();
    let text = match arguments.json {
        true => serde_json::to_string_pretty(&json!({"schema": SCHEMA, "formats": formats}))?,
        false => listing(&formats),
    };
    Ok(writeln!(anstream::stdout(), "{text}")?)
}

fn listing(formats: &[FormatRecord]) -> String {
    // The id of the longest format and the longest problem fit side by side in any terminal.
    let narrow = super::table::width() < 90;
    let mut table = match narrow {
        true => Table::new(&["format", "view", "known problems"]),
        false => Table::new(&["format", "loading", "arrays", "view", "crate", "known problems"]),
    };
    for format in formats {
        let mut problems: Vec<&str> = format.warnings.iter().map(|w| w.id.as_str()).collect();
        problems.dedup();
        if !format.losses.is_empty() {
            problems.push("lossy");
        }
        let view = if format.modes.iter().any(|mode| mode == "view") { "yes" } else { "" };
        let (kind, encoding, view) =
            (format.kind.clone(), format.encoding.clone(), view.to_owned());
        let implementation = format.implementation.clone().unwrap_or_else(|| "our own".to_owned());
        let cells = match narrow {
            true => vec![format.id.clone(), view, problems.join("\n")],
            false => {
                let problems = problems.join(", ");
                vec![format.id.clone(), kind, encoding, view, implementation, problems]
            }
        };
        table.row(cells);
    }
    let mut text = table.text();
    text.push_str("\n\nKnown problems\n");
    let mut told: Vec<(String, Vec<&str>)> = Vec::new();
    for format in formats {
        let warnings = format.warnings.iter().map(|warning| {
            let reference = warning.reference.as_ref().map(|r| format!(" ({r})"));
            format!("{}: {}{}", warning.id, warning.text, reference.unwrap_or_default())
        });
        let losses = format.losses.iter().map(|loss| format!("lossy: {loss}"));
        for problem in warnings.chain(losses) {
            match told.iter_mut().find(|(known, _)| *known == problem) {
                Some((_, ids)) => ids.push(&format.id),
                None => told.push((problem, vec![&format.id])),
            }
        }
    }
    for (problem, ids) in told {
        text.push_str(&super::table::wrapped(&format!("{}: {problem}", ids.join(", ")), 2));
    }
    text.trim_end().to_owned()
}
