//! What `inspect` says of newer versions of scikit-learn and a file.
//!
//! Only of files that scikit-learn wrote: a converted file is none of its concern. What cannot be
//! told is left out, and never an error.

use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::args::PickleArguments;
use super::files;
use super::table::{labelled, printable, wrapped};
use crate::formats::pickle;
use crate::pickle::sklearn::NewerVersions;
use crate::pickle::sklearn::newer::registry;

/// What is known, for a pickle or joblib file that scikit-learn wrote.
pub fn of_file(path: &Path, arguments: &PickleArguments) -> Option<NewerVersions> {
    let options = files::import_options(arguments).ok()?;
    let bytes = files::read(path, &options.limits).ok()?;
    pickle::newer_versions(&bytes, &options).ok()?
}

/// Adds the fields to a document.
pub fn add_to(document: &mut Json, newer: Option<&NewerVersions>) {
    let (Json::Object(fields), Some(newer)) = (document, newer) else { return };
    let findings = newer.findings.iter().map(|finding| {
        json!({
            "from": finding.from,
            "to": finding.to,
            "effect": finding.effect.id(),
            "rule": finding.rule,
            "message": finding.message(),
        })
    });
    let new: Map<String, Json> = Map::from_iter([
        ("newer_versions".to_owned(), findings.collect()),
        ("newer_versions_tested".to_owned(), json!(newer.tested)),
        ("newer_versions_untested_classes".to_owned(), json!(newer.not_tested)),
    ]);
    fields.extend(new);
}

/// The same as lines of text, or as one line when nothing changes.
pub fn text(newer: &NewerVersions) -> String {
    let rules = format!("deadweight reads it by the rules of {}", newer.writer);
    let newest = registry::TESTED.last().copied().unwrap_or_default();
    let lines = lines(newer);
    let title = "newer versions of scikit-learn";
    match lines.as_slice() {
        [] => return wrapped(&format!("{title}: none after {newest} was tested; {rules}"), 2),
        [(range, what)] if newer.findings.is_empty() && newer.not_tested.is_empty() => {
            return wrapped(&format!("{title}: {what} from {range}; {rules}"), 2);
        }
        _ => {}
    }
    let mut text = wrapped(&format!("{title}, tested up to {newest}"), 2);
    let width = lines.iter().map(|(range, _)| range.len()).max().unwrap_or_default();
    for (range, what) in lines {
        text.push_str(&labelled(&format!("  {range}"), width + 4, &printable(&what)));
    }
    if !newer.not_tested.is_empty() {
        let classes = printable(&newer.not_tested.join(", "));
        text.push_str(&below(&format!("nothing was tested with {classes}: more may change")));
    }
    let advice = match newer.findings.is_empty() {
        true => "",
        false => "; for a newer scikit-learn, train it again there",
    };
    text.push_str(&below(&format!("{rules}{advice}")));
    text
}

/// A paragraph below the heading.
fn below(text: &str) -> String {
    labelled("", 2, text)
}

/// The versions and what they do, in order; those that do the same as the writer too.
fn lines(newer: &NewerVersions) -> Vec<(String, String)> {
    let place = |version: &str| newer.tested.iter().position(|tested| *tested == version);
    let mut lines: Vec<(usize, usize, String)> = Vec::new();
    for finding in &newer.findings {
        if let (Some(from), Some(to)) = (place(finding.from), place(finding.to)) {
            lines.push((from, to, finding.message()));
        }
    }
    let same = match newer.not_tested.is_empty() {
        true => "the same answers",
        false => "no difference is known",
    };
    let changed: Vec<(usize, usize)> = lines.iter().map(|(from, to, _)| (*from, *to)).collect();
    for at in 0..newer.tested.len() {
        if changed.iter().any(|(from, to)| (*from..=*to).contains(&at)) {
            continue;
        }
        match lines.iter_mut().find(|(_, to, what)| *to + 1 == at && what == same) {
            Some((_, to, _)) => *to = at,
            None => lines.push((at, at, same.to_owned())),
        }
    }
    lines.sort_by_key(|(from, to, _)| (*from, *to));
    let named = |(from, to, what): (usize, usize, String)| match (
        newer.tested.get(from),
        newer.tested.get(to),
    ) {
        (Some(from), Some(to)) if from != to => (format!("{from} to {to}"), what),
        (Some(from), _) => ((*from).to_owned(), what),
        (None, _) => (String::new(), what),
    };
    lines.into_iter().map(named).collect()
}
