//! `report`: a record to files, without measuring. `run` and `bench` write theirs through it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use super::args::ReportArguments;
use super::failure::Advise;
use super::{baseline, criterion, demo, files, hostile, outputs};
use crate::base::Limits;
use crate::base::record::{BENCH_SCHEMA, BenchRecord};
use crate::bench::compare;
use crate::report::comparison::{self, Baseline, Changes, Named};
use crate::report::files::{Beside, COMPARISON, FILES, PAGE, RECORD};

/// Makes the report of the record in the directory again, or compares two records.
pub fn run(arguments: &ReportArguments) -> anyhow::Result<()> {
    if let [old, new] = arguments.compare.as_slice() {
        return compare(&arguments.out, old, new);
    }
    let mut record = read(&arguments.out.join(RECORD))?;
    if let Some(directory) = &arguments.criterion {
        record.criterion = Some(criterion::read(directory)?);
        if let Some(sentence) = criterion::sentence(&record) {
            anstream::eprintln!("{}", super::table::wrapped(&sentence, 4).trim_end());
        }
    }
    // Only what was added makes another record: the page says no more than its record does.
    let changed = arguments.criterion.is_some();
    let page = write_files(&arguments.out, &record, None, |name| name != RECORD || changed)?;
    Ok(super::print_line(&page.display().to_string())?)
}

/// Two records that lie anywhere.
fn compare(directory: &Path, old: &Path, new: &Path) -> anyhow::Result<()> {
    let records = (read(old)?, read(new)?);
    let names = (old.display().to_string(), new.display().to_string());
    fs::create_dir_all(directory)
        .with_context(|| format!("cannot create the directory {}", directory.display()))
        .advise("name another directory with --out")?;
    let page = write_comparison(
        directory,
        Named { name: &names.0, record: &records.0 },
        Named { name: &names.1, record: &records.1 },
    )?;
    Ok(super::print_line(&page.display().to_string())?)
}

/// Writes the page that compares two records, and returns its path. Records that cannot be compared are
/// shown apart, with the reason.
///
/// # Errors
/// When the file cannot be written.
pub fn write_comparison(
    directory: &Path,
    old: Named<'_>,
    new: Named<'_>,
) -> anyhow::Result<PathBuf> {
    let path = directory.join(COMPARISON);
    check_file(&path)?;
    let changes = changes(old.record, new.record);
    if let Err(reason) = &changes {
        anstream::eprintln!("shown apart: {reason}");
    }
    let page = comparison::html(old, new, changes.as_ref().map_err(String::as_str));
    outputs::write(&path, page.as_bytes())?;
    Ok(path)
}

/// What changed from one record to another; the reason where they cannot be compared.
pub fn changes(old: &BenchRecord, new: &BenchRecord) -> Result<Changes, String> {
    compare::compare(new, old).map(|found| baseline::changes(&found))
}

/// Fails early where a report could not be written in the end.
///
/// # Errors
/// Says what is in the way.
pub fn check(directory: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory)
        .with_context(|| format!("cannot create the directory {}", directory.display()))
        .advise("name another directory with --out")?;
    // Asked now, not after hours of measuring.
    tempfile::tempfile_in(directory)
        .with_context(|| format!("cannot write below {}", directory.display()))
        .advise("name another directory with --out")?;
    let beside = [demo::RECORD, hostile::RECORD, COMPARISON];
    for name in FILES.iter().map(|file| file.name).chain(beside) {
        check_file(&directory.join(name))?;
    }
    Ok(())
}

/// Fails where a file is in the way that deadweight did not write.
///
/// # Errors
/// Says what is in the way.
pub fn check_file(path: &Path) -> anyhow::Result<()> {
    let remedy = "deadweight did not write it: move it away, or name another directory with --out";
    outputs::check_free(path, is_ours, remedy)
}

/// Writes the record and everything that is made of it; returns the path of the page. What hostile
/// files did is taken from its own record beside it, where there is one.
///
/// # Errors
/// When a file cannot be written.
pub fn write(
    directory: &Path,
    record: &BenchRecord,
    baseline: Option<Baseline<'_>>,
) -> anyhow::Result<PathBuf> {
    write_files(directory, record, baseline, |_| true)
}

fn write_files(
    directory: &Path,
    record: &BenchRecord,
    baseline: Option<Baseline<'_>>,
    wanted: impl Fn(&str) -> bool,
) -> anyhow::Result<PathBuf> {
    let files = || FILES.iter().filter(|file| wanted(file.name));
    for file in files() {
        check_file(&directory.join(file.name))?;
    }
    let (hostile, changed) = (demo::read(directory), hostile::read(directory));
    let beside = Beside { hostile: hostile.as_ref(), changed: changed.as_ref(), baseline };
    for file in files() {
        let bytes = (file.make)(record, beside)?;
        outputs::write(&directory.join(file.name), &bytes)?;
    }
    Ok(directory.join(PAGE))
}

fn read(path: &Path) -> anyhow::Result<BenchRecord> {
    let name = path.display().to_string();
    let remedy = "`deadweight run` or `deadweight bench --out` writes it";
    let bytes = files::read(path, &Limits::default()).map_err(|error| error.context(remedy))?;
    let found: serde_json::Value = serde_json::from_slice(bytes.as_bytes())
        .with_context(|| format!("{name}: expected a record in JSON"))
        .advise(remedy)?;
    let schema = found.get("schema").and_then(|schema| schema.as_str()).unwrap_or("none");
    if schema != BENCH_SCHEMA {
        let error = anyhow!("{name}: expected schema {BENCH_SCHEMA:?}, found {schema:?}");
        return Err(error).advise("make the report with the version of deadweight that measured");
    }
    serde_json::from_value(found).with_context(|| format!("{name} is no record")).advise(remedy)
}

/// True for what an earlier report wrote: each of its files begins in a way of its own.
fn is_ours(path: &Path) -> bool {
    let Ok(bytes) = fs::read(path) else { return false };
    let start = String::from_utf8_lossy(bytes.get(..4096).unwrap_or(&bytes));
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => start.contains("<meta name=\"generator\" content=\"deadweight"),
        Some("json") => {
            // Other programs may have put spaces in.
            let start: String = start.chars().filter(|c| !c.is_whitespace()).collect();
            ["bench", "demo", "hostile"]
                .iter()
                .any(|of| start.contains(&format!("\"schema\":\"deadweight.{of}/")))
        }
        _ => start.starts_with("model,format,"),
    }
}
