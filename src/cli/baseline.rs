//! Results kept under a name, and what changed since.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, anyhow};

use super::failure::Advise;
use super::table::{Table, wrapped};
use super::{files, outputs};
use crate::base::record::BenchRecord;
use crate::base::{Limits, units};
use crate::bench::compare::{self, Change, Comparison, LEAST_CHANGE, RowChange, operations};
use crate::bench::stats::Estimate;
use crate::bench::trained::default_directory;
use crate::report::comparison::{self, Changes, FormatChange, Ratio};

/// Most rows that are listed.
const LISTED: usize = 10;

fn directory() -> PathBuf {
    default_directory().join("baselines")
}

/// Keeps a record under a name.
///
/// # Errors
/// When it cannot be written.
pub fn save(name: &str, record: &BenchRecord) -> anyhow::Result<()> {
    let directory = directory();
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("cannot create {}", directory.display()))?;
    let path = directory.join(format!("{name}.json"));
    outputs::write(&path, &serde_json::to_vec(record)?)?;
    anstream::eprintln!("kept as baseline {name:?}: {}", path.display());
    Ok(())
}

/// The record of a name.
///
/// # Errors
/// When there is none; the names that there are are listed.
pub fn load(name: &str) -> anyhow::Result<BenchRecord> {
    let path = directory().join(format!("{name}.json"));
    if !path.exists() {
        let entries = std::fs::read_dir(directory()).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| {
                entry.file_name().to_str()?.strip_suffix(".json").map(str::to_owned)
            })
            .collect();
        names.sort();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(anyhow!("there is no baseline {name:?}; baselines: {there}"))
            .advise(format!("make it with --save-baseline {name}"));
    }
    let bytes = files::read(&path, &Limits::default())?;
    serde_json::from_slice(bytes.as_bytes())
        .with_context(|| format!("{} is no record", path.display()))
        .advise(format!("make it again with --save-baseline {name}"))
}

/// Compares two records.
///
/// # Errors
/// When they cannot be compared.
pub fn compare(new: &BenchRecord, old: &BenchRecord, name: &str) -> anyhow::Result<Comparison> {
    compare::compare(new, old)
        .map_err(|reason| anyhow!("cannot compare with baseline {name:?}: {reason}"))
}

/// The same for a page.
pub fn changes(comparison: &Comparison) -> Changes {
    let ratio = |of: &Estimate| Ratio { median: of.median, low: of.low, high: of.high };
    let format = |change: &Change| FormatChange {
        format: change.format.clone(),
        group: change.group,
        rows: change.rows,
        ratio: ratio(&change.ratio),
        flagged: change.is_flagged(),
    };
    let row = |row: &RowChange| comparison::RowChange {
        case: row.case.clone(),
        ratio: ratio(&row.ratio),
    };
    Changes {
        formats: comparison.changes.iter().map(format).collect(),
        rows: comparison.rows.iter().map(row).collect(),
        all_formats: comparison.all_formats,
        floors: comparison.floors,
    }
}

/// The formats that got slower by more than chance explains.
pub fn slower(comparison: &Comparison) -> Vec<String> {
    let flagged = comparison.changes.iter().filter(|change| change.is_flagged());
    let slower = flagged.filter(|change| change.ratio.median > 1.0);
    let formats: BTreeSet<String> = slower.map(|change| change.format.clone()).collect();
    formats.into_iter().collect()
}

/// What got faster or slower, as text.
pub fn text(comparison: &Comparison, new: &BenchRecord, old: &BenchRecord, name: &str) -> String {
    let flagged: Vec<&Change> =
        comparison.changes.iter().filter(|change| change.is_flagged()).collect();
    let mut text = wrapped(
        &format!(
            "Since baseline {name:?} ({}): {} rows in both. All formats together take {} of the time \
             they took{}; what follows is relative to the formats that are about as fast: what slows \
             these down together, of the machine or of code that they share, is not in it.",
            old.started,
            comparison.rows.len(),
            units::times(comparison.all_formats),
            comparison.floors.map_or(String::new(), |floors| format!(
                ", copies without a format {}",
                units::times(floors)
            )),
        ),
        1,
    );
    let ids = |record: &BenchRecord| -> Vec<String> {
        record.formats.iter().map(|format| format.id.clone()).collect()
    };
    if ids(new) != ids(old) || new.profile != old.profile {
        text.push_str(&wrapped(
            "The two were not measured alike (other formats or another profile): caches and \
             neighbours differ, so part of the changes may be theirs.",
            1,
        ));
    }
    if flagged.is_empty() {
        text.push_str(&wrapped(
            &format!(
                "No format changed by more than chance explains, or by less than {:.0} %.",
                LEAST_CHANGE * 100.0
            ),
            1,
        ));
        return text.trim_end().to_owned();
    }
    let mut table =
        Table::of_figures(&["format", "operations", "rows", "new / old", "interval", ""]);
    for change in &flagged {
        let ratio = &change.ratio;
        table.row(vec![
            change.format.clone(),
            operations(change.group).to_owned(),
            change.rows.to_string(),
            units::times(ratio.median),
            format!("{} to {}", units::times(ratio.low), units::times(ratio.high)),
            if ratio.median < 1.0 { "faster" } else { "slower" }.to_owned(),
        ]);
    }
    text.push_str(&table.text());
    text.push('\n');
    text.push_str(&rows(comparison, &flagged));
    text.push_str(&wrapped(
        "The intervals hold for all formats at once: of twenty comparisons of equal records, at most \
         one flags anything. --json has every row.",
        1,
    ));
    text.trim_end().to_owned()
}

/// The rows of the flagged formats that changed most.
fn rows(comparison: &Comparison, flagged: &[&Change]) -> String {
    let is_flagged = |row: &&RowChange| {
        flagged.iter().any(|change| {
            change.format == row.case.format
                && change.group.is_none_or(|group| group == row.case.operation.group())
        })
    };
    let mut rows: Vec<&RowChange> =
        comparison.rows.iter().filter(is_flagged).filter(|row| row.ratio.differs()).collect();
    let size = |row: &RowChange| row.ratio.median.ln().abs();
    rows.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let mut table = Table::of_figures(&["row", "new / old, as measured", "95 % interval"]);
    for row in rows.iter().take(LISTED) {
        let ratio = &row.ratio;
        table.row(vec![
            row.case.to_string(),
            units::times(ratio.median),
            format!("{} to {}", units::times(ratio.low), units::times(ratio.high)),
        ]);
    }
    match rows.is_empty() {
        true => String::new(),
        false => format!("{}\n", table.text()),
    }
}
