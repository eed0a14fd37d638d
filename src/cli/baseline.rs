//! Results kept under a name, and what changed since.

use std::path::PathBuf;

use anyhow::{Context, anyhow};

use super::failure::Advise;
use super::table::Table;
use super::{files, outputs};
use crate::base::record::BenchRecord;
use crate::base::{Limits, units};
use crate::bench::compare::{Change, compare};
use crate::bench::trained::default_directory;

/// Most changes that are listed.
const LISTED: usize = 20;

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

/// What got faster or slower, as text.
///
/// # Errors
/// When the records cannot be compared.
pub fn changes(new: &BenchRecord, old: &BenchRecord, name: &str) -> anyhow::Result<String> {
    let changes = compare(new, old)
        .map_err(|reason| anyhow!("cannot compare with baseline {name:?}: {reason}"))?;
    let significant: Vec<&Change> = changes.iter().filter(|c| c.is_significant()).collect();
    let count = |faster: bool| {
        significant.iter().filter(|change| (change.ratio.median < 1.0) == faster).count()
    };
    let mut text = format!(
        "Since baseline {name:?} ({}): {} rows faster, {} slower, {} not distinguishable",
        old.started,
        count(true),
        count(false),
        changes.len() - significant.len()
    );
    let ids = |record: &BenchRecord| -> Vec<String> {
        record.formats.iter().map(|format| format.id.clone()).collect()
    };
    if ids(new) != ids(old) || new.profile != old.profile {
        text.push_str(
            "\n The two were not measured alike (other formats or another profile): caches and \
             neighbours differ, so part of the changes may be theirs.",
        );
    }
    if significant.is_empty() {
        return Ok(text);
    }
    text.push_str(
        "\n Each row is judged by its own 95 % interval: of many rows some seem changed by chance.",
    );
    let mut table = Table::of_figures(&["row", "new / old", "95 % interval", ""]);
    for change in significant.iter().take(LISTED) {
        let ratio = &change.ratio;
        table.row(vec![
            change.case.to_string(),
            units::times(ratio.median),
            format!("{} to {}", units::times(ratio.low), units::times(ratio.high)),
            if ratio.median < 1.0 { "faster" } else { "slower" }.to_owned(),
        ]);
    }
    text.push('\n');
    text.push_str(&table.text());
    if significant.len() > LISTED {
        text.push_str(&format!("\n and {} more; --json has every row", significant.len() - LISTED));
    }
    Ok(text)
}
