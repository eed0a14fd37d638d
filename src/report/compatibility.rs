//! Models of other versions of scikit-learn: which still load and predict the same, and what
//! becomes of the others.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::widgets::scroll;
use crate::base::compatibility::{
    CompatibilityCounts, CompatibilityExample, CompatibilityOutcome, CompatibilityRecord,
    CompatibilityRow,
};

/// One reader of a row.
type Side = fn(&CompatibilityRow) -> &CompatibilityOutcome;

const THEIRS: Side = |row| &row.python;
const OURS: Side = |row| &row.deadweight;

/// The sentence, the matrix, and what failed.
pub fn section(record: &CompatibilityRecord) -> Markup {
    let ways: BTreeSet<&str> = record.rows.iter().map(|row| row.container.as_str()).collect();
    let ways: Vec<&str> = ways.into_iter().collect();
    html! {
        section #compatibility {
            h2 { "Models of other versions" }
            div.lead { p { (sentence(record)) } }
            p.hint {
                "Each file is a trained model, with what the version that wrote it predicted. It is loaded, asked "
                "for the same rows, and right when every label is identical and every number within a billionth of "
                "the largest of its column; for deadweight within a trillionth, and for trees to the bit. "
                "deadweight runs nothing of what a file says. A number in brackets counts files."
            }
            p.hint { "Stored in " (several(ways.len(), "way", "ways")) ": " (ways.join("; ")) "." }
            (scroll("Outcomes by writer and model", matrix(record)))
            (differences(&reader(record), record, THEIRS))
            (differences("deadweight", record, OURS))
            (unmeasured(record))
        }
    }
}

/// Who read, beside deadweight.
fn reader(record: &CompatibilityRecord) -> String {
    match &record.scikit_learn {
        Some(version) => format!("scikit-learn {version}"),
        None => "scikit-learn".to_owned(),
    }
}

fn counts<'a>(
    rows: impl IntoIterator<Item = &'a CompatibilityRow>,
    side: Side,
) -> CompatibilityCounts {
    CompatibilityCounts::of(rows.into_iter().map(side))
}

/// What came of all files, in one or two sentences.
fn sentence(record: &CompatibilityRecord) -> String {
    let (theirs, ours) = (counts(&record.rows, THEIRS), counts(&record.rows, OURS));
    let version = |row: &CompatibilityRow| {
        row.written_by.split(',').next().unwrap_or_default().trim().to_owned()
    };
    let versions: BTreeSet<String> = record.rows.iter().map(version).collect();
    let files = format!(
        "{} written by {}",
        several(theirs.files, "model", "models"),
        several(versions.len(), "version", "versions")
    );
    let ours = parts(&ours);
    if theirs.files == theirs.not_measured {
        return format!("Of {files}, deadweight {ours}; scikit-learn was not measured.");
    }
    format!("Of {files}, {} {}. deadweight {ours}.", reader(record), parts(&theirs))
}

/// `reads 100 right; 96 fail; 7 load and predict something else, each after a warning`
fn parts(counts: &CompatibilityCounts) -> String {
    let all = if counts.right == counts.files { "all " } else { "" };
    let mut parts = vec![format!("reads {all}{} right", counts.right)];
    let mut add = |count: usize, one: &str, more: &str| {
        if count > 0 {
            parts.push(several(count, one, more));
        }
    };
    add(counts.fails, "fails", "fail");
    add(counts.crashes, "crashes the process", "crash the process");
    add(counts.hangs, "does not end", "do not end");
    let warning = match counts.wrong_without_warning {
        0 => "after a warning of the other version".to_owned(),
        silent if silent == counts.wrong => "without any warning".to_owned(),
        silent => format!("{silent} of them without any warning"),
    };
    let wrong = ["loads and predicts", "load and predict"]
        .map(|verb| format!("{verb} something else, {warning}"));
    add(counts.wrong, &wrong[0], &wrong[1]);
    add(counts.not_measured, "was not measured", "were not measured");
    parts.join("; ")
}

fn several(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// Writers by models. The columns are in the order of the writer that has most of them.
fn matrix(record: &CompatibilityRecord) -> Markup {
    let mut writers: Vec<(&str, Vec<&CompatibilityRow>)> = Vec::new();
    for row in &record.rows {
        match writers.iter_mut().find(|(writer, _)| *writer == row.written_by) {
            Some((_, rows)) => rows.push(row),
            None => writers.push((&row.written_by, vec![row])),
        }
    }
    let distinct = |rows: &[&CompatibilityRow]| {
        rows.iter().map(|row| row.model.as_str()).collect::<BTreeSet<_>>().len()
    };
    let fullest = writers.iter().max_by_key(|(_, rows)| distinct(rows));
    let first = fullest.iter().flat_map(|(_, rows)| rows.iter().copied());
    let mut models: Vec<&str> = Vec::new();
    for row in first.chain(&record.rows) {
        if !models.contains(&row.model.as_str()) {
            models.push(&row.model);
        }
    }
    html! {
        table.cm {
            thead {
                tr {
                    th scope="col" { "written by" }
                    th scope="col" .l { "deadweight: all models" }
                    @for model in &models { th scope="col" .l { (model) } }
                }
            }
            tbody {
                @for (writer, rows) in &writers { (writer_row(writer, rows, &models)) }
            }
        }
    }
}

fn writer_row(writer: &str, rows: &[&CompatibilityRow], models: &[&str]) -> Markup {
    let first = rows.first();
    html! {
        tr {
            th scope="row" {
                (writer)
                @if let Some(row) = first {
                    small { "Python " (row.written_with_python) }
                    small { "numpy " (row.written_with_numpy) }
                }
            }
            (cell(&rows.iter().map(|row| OURS(row)).collect::<Vec<_>>()))
            @for model in models {
                @let outcomes: Vec<_> = rows.iter().filter(|row| row.model == *model).map(|row| THEIRS(row)).collect();
                (cell(&outcomes))
            }
        }
    }
}

/// Sign, word and class of an outcome.
fn cue(outcome: &CompatibilityOutcome) -> (&'static str, &'static str, &'static str) {
    match outcome {
        CompatibilityOutcome::Right { .. } => ("✓", "right", "ok"),
        CompatibilityOutcome::Wrong { .. } => ("≠", "wrong", "no"),
        CompatibilityOutcome::Crashes { .. } => ("✗", "crashes", "bad"),
        CompatibilityOutcome::Hangs { .. } => ("✗", "hangs", "bad"),
        CompatibilityOutcome::Fails { .. } => ("✗", "fails", "bad"),
        CompatibilityOutcome::NotMeasured { .. } => ("–", "not measured", "x"),
    }
}

/// What came of the files of a cell; the number where there are several.
fn cell(outcomes: &[&CompatibilityOutcome]) -> Markup {
    let mut found: Vec<((&str, &str, &str), usize)> = Vec::new();
    for outcome in outcomes {
        let cue = cue(outcome);
        match found.iter_mut().find(|(known, _)| *known == cue) {
            Some((_, count)) => *count += 1,
            None => found.push((cue, 1)),
        }
    }
    html! {
        @match found.as_slice() {
            [] => td.l.x { "no file" },
            [((sign, word, class), count)] => td class={ "l " (class) } {
                (sign) " " (word) @if *count > 1 { " (" (count) ")" }
            },
            _ => td.l {
                @for ((sign, word, class), count) in &found {
                    span class=(class) { (sign) " " (word) " (" (count) ")" } " "
                }
            },
        }
    }
}

/// What happened to files that are not right, in the order of how bad it is.
type Causes<'a> = BTreeMap<(u8, String), Vec<&'a CompatibilityRow>>;

/// Every cause once, with the files that it concerns.
fn differences(who: &str, record: &CompatibilityRecord, side: Side) -> Markup {
    let mut causes = Causes::new();
    for row in &record.rows {
        let (order, text) = match side(row) {
            CompatibilityOutcome::Wrong { example, warned } => (0, example_text(example, *warned)),
            CompatibilityOutcome::Crashes { reason } => (1, reason.clone()),
            CompatibilityOutcome::Hangs { reason } => (2, reason.clone()),
            CompatibilityOutcome::Fails { reason } => (3, reason.clone()),
            CompatibilityOutcome::Right { .. } | CompatibilityOutcome::NotMeasured { .. } => {
                continue;
            }
        };
        causes.entry((order, text)).or_default().push(row);
    }
    html! {
        @if !causes.is_empty() {
            h3 { "What " (who) " does not read right" }
            (scroll("Causes and files", html! {
                table.cm {
                    thead { tr {
                        th scope="col" .l { "outcome" }
                        th scope="col" .l { "what happens" }
                        th scope="col" .l { "models and their writers" }
                    } }
                    tbody {
                        @for ((_, text), rows) in &causes { (cause(text, rows, side)) }
                    }
                }
            }))
        }
    }
}

fn cause(text: &str, rows: &[&CompatibilityRow], side: Side) -> Markup {
    let (sign, word, class) = rows.first().map_or(("", "", ""), |row| cue(side(row)));
    let mut writers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows {
        let known = writers.entry(&row.model).or_default();
        if !known.contains(&row.written_by.as_str()) {
            known.push(&row.written_by);
        }
    }
    html! {
        tr {
            td class={ "l " (class) } { (sign) " " (word) @if rows.len() > 1 { " (" (rows.len()) ")" } }
            td.l.why { (text) }
            td.l.why {
                @for (model, writers) in &writers { div { b { (model) } ": " (writers.join("; ")) } }
            }
        }
    }
}

fn example_text(example: &CompatibilityExample, warned: bool) -> String {
    format!(
        "{} of row {}, column {}: {} expected, {} found; {} of {} values differ{}",
        example.method,
        example.row,
        example.column,
        example.expected,
        example.found,
        example.different_values,
        example.values,
        if warned { "; it warns of the other version" } else { "; no warning" }
    )
}

/// Reasons why files were not tried, each once.
fn unmeasured(record: &CompatibilityRecord) -> Markup {
    let mut reasons: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for row in &record.rows {
        for (who, outcome) in [("scikit-learn", &row.python), ("deadweight", &row.deadweight)] {
            if let CompatibilityOutcome::NotMeasured { reason } = outcome {
                *reasons.entry((who, reason)).or_default() += 1;
            }
        }
    }
    html! {
        @for ((who, reason), count) in &reasons {
            p.none { "Not measured with " (who) ", " (several(*count, "file", "files")) ": " (reason) "." }
        }
    }
}
