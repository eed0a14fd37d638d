//! `inspect`: what a model file holds, without predicting anything.

use std::io::Write;

use anyhow::Context;
use serde_json::{Value as Json, json};

use super::args::InspectArguments;
use super::failure::Advise;
use super::files::{self, ModelFile};
use super::newer_versions;
use super::table::{Table, labelled, printable, wrapped};
use crate::base::parameters::PLAIN_ARRAYS;
use crate::base::{Limits, Parameters, kinds, units, value};
use crate::formats::{FormatKind, pickle};
use crate::models::registry::from_parameters;
use crate::pickle::sklearn::{Entry, NewerVersions, What};

/// Schema of the JSON document.
const SCHEMA: &str = "deadweight.model/1";

/// Prints what is in the file.
pub fn run(arguments: &InspectArguments) -> anyhow::Result<()> {
    let file = match files::load(&arguments.file, &arguments.pickle) {
        Ok(file) => file,
        Err(error) => return outline(arguments, error),
    };
    let is_model = file.parameters.kind() != PLAIN_ARRAYS;
    if arguments.validate && is_model {
        let name = arguments.file.display();
        from_parameters(&file.parameters)
            .and_then(|model| model.validate())
            .with_context(|| format!("{name} is no valid model"))
            .advise("save it again from where it was trained; do not trust its predictions")?;
    }
    let newer = match file.format.kind {
        FormatKind::Executable => newer_versions::of_file(&arguments.file, &arguments.pickle),
        _ => None,
    };
    let text = match arguments.json {
        true => serde_json::to_string_pretty(&document(&file, newer.as_ref())?)?,
        false => listing(&file, arguments, newer.as_ref())?,
    };
    Ok(writeln!(anstream::stdout(), "{text}")?)
}

/// A pickle of which no model can be made is shown all the same, with the reason; every other file
/// that cannot be read is an error.
fn outline(arguments: &InspectArguments, error: anyhow::Error) -> anyhow::Result<()> {
    let limits = Limits::default();
    let bytes = match files::read(&arguments.file, &limits) {
        Ok(bytes) if pickle::recognizes(bytes.as_bytes()) && !arguments.validate => bytes,
        _ => return Err(error),
    };
    let options = files::import_options(&arguments.pickle)?;
    let Ok(entries) = pickle::outline(&bytes, &options) else { return Err(error) };
    let reason = super::failure::text(&error);
    let reason = reason.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let newer = newer_versions::of_file(&arguments.file, &arguments.pickle);
    let text = match arguments.json {
        true => {
            let mut document = json!({
                "schema": SCHEMA,
                "kind": Json::Null,
                "reason": reason,
                "origin": {"library": Json::Null, "version": Json::Null},
                "content": "full",
                "file_bytes": bytes.len(),
                "arrays": entries.iter().filter_map(array_json).collect::<Vec<_>>(),
                "objects": entries.iter().filter_map(object_json).collect::<Vec<_>>(),
                "metadata": {},
            });
            newer_versions::add_to(&mut document, newer.as_ref());
            serde_json::to_string_pretty(&document)?
        }
        false => {
            let newer = newer.as_ref().map(|newer| format!("\n\n{}", newer_versions::text(newer)));
            format!("{}{}", outline_text(&entries), newer.unwrap_or_default().trim_end())
        }
    };
    writeln!(anstream::stdout(), "{text}")?;
    anstream::eprintln!("{}", wrapped(&format!("no model was made of it: {reason}"), 2).trim_end());
    Ok(())
}

fn array_json(entry: &Entry) -> Option<Json> {
    match &entry.what {
        What::Array { dtype, shape } => {
            Some(json!({"name": entry.path, "dtype": dtype, "shape": shape}))
        }
        _ => None,
    }
}

fn object_json(entry: &Entry) -> Option<Json> {
    let path = &entry.path;
    match &entry.what {
        What::Array { .. } => None,
        What::Model { class } => Some(json!({"path": path, "class": class, "supported": true})),
        What::Object { class } => Some(json!({"path": path, "class": class, "supported": false})),
        What::Unknown { name, offset } => Some(
            json!({"path": path, "class": name, "supported": false, "unknown": true, "offset": offset}),
        ),
        What::Broken { reason } => Some(json!({"path": path, "broken": reason})),
    }
}

fn outline_text(entries: &[Entry]) -> String {
    let mut table = Table::new(&["where", "what"]);
    for entry in entries {
        let what = match &entry.what {
            What::Array { dtype, shape } => format!("array {dtype} {shape:?}"),
            What::Model { class } => format!("{class} (read as a model)"),
            What::Object { class } => class.clone(),
            What::Unknown { name, offset } => format!("{name} (not known, byte {offset})"),
            What::Broken { reason } => format!("cannot be read: {reason}"),
        };
        let path = if entry.path.is_empty() { "the result" } else { &entry.path };
        table.row(vec![printable(path), printable(&what)]);
    }
    table.text()
}

fn document(file: &ModelFile, newer: Option<&NewerVersions>) -> anyhow::Result<Json> {
    let parameters = &file.parameters;
    let (library, version) = parameters.origin();
    let array = |(name, array): (&str, &crate::base::Array)| json!({"name": name, "dtype": array.dtype().name(), "shape": array.shape()});
    let mut document = json!({
        "schema": SCHEMA,
        "kind": parameters.kind(),
        "layout_version": parameters.layout_version(),
        "origin": {"library": library, "version": version},
        "content": parameters.content().id(),
        "format": file.format.id,
        "file_bytes": file.bytes,
        "array_bytes": parameters.byte_len(),
        "checksum": format!("{:016x}", parameters.checksum()),
        "arrays": parameters.arrays().map(array).collect::<Vec<_>>(),
        "metadata": metadata(parameters)?,
    });
    newer_versions::add_to(&mut document, newer);
    Ok(document)
}

fn metadata(parameters: &Parameters) -> anyhow::Result<Json> {
    Ok(serde_json::from_str(&value::to_json(parameters.metadata()))?)
}

fn listing(
    file: &ModelFile,
    arguments: &InspectArguments,
    newer: Option<&NewerVersions>,
) -> anyhow::Result<String> {
    let parameters = &file.parameters;
    let origin = match parameters.origin() {
        (Some(library), Some(version)) => format!("{library} {version}"),
        (Some(library), None) => library.to_owned(),
        _ => "not told".to_owned(),
    };
    let kind = match parameters.kind() {
        PLAIN_ARRAYS => "arrays (no model: written by another program)".to_owned(),
        kind if kinds::find(kind).is_none() => {
            format!("{kind} (not known here: cannot be predicted with)")
        }
        kind => format!("{kind}, layout {}", parameters.layout_version()),
    };
    let format = file.format;
    let mut facts = vec![
        ("kind", kind),
        ("content", parameters.content().id().to_owned()),
        ("origin", origin),
        ("format", format!("{} ({})", format.id, format.kind.id())),
        (
            "size",
            format!(
                "{}, {} of it arrays",
                units::bytes(file.bytes),
                units::bytes(parameters.byte_len() as u64)
            ),
        ),
        ("checksum", format!("{:016x} (xxh3 of kind, metadata and arrays)", parameters.checksum())),
    ];
    if arguments.validate {
        let found = match parameters.kind() {
            PLAIN_ARRAYS => "plain arrays: there is no model to validate",
            _ => "yes, every element was looked at",
        };
        facts.push(("valid", found.to_owned()));
    }
    let mut text = String::new();
    for (name, fact) in facts {
        text.push_str(&labelled(name, 10, &printable(&fact)));
    }
    text.push('\n');
    if let Some(newer) = newer {
        text.push_str(&newer_versions::text(newer));
        text.push('\n');
    }
    let mut table = Table::new(&["array", "dtype", "shape", "bytes"]);
    for (name, array) in parameters.arrays() {
        table.row(vec![
            printable(name),
            array.dtype().name().to_owned(),
            format!("{:?}", array.shape()),
            units::bytes(array.byte_len() as u64),
        ]);
    }
    text.push_str(&table.text());
    text.push('\n');
    text.push_str(&metadata_text(parameters)?);
    Ok(text.trim_end().to_owned())
}

/// Metadata, an entry a line.
fn metadata_text(parameters: &Parameters) -> anyhow::Result<String> {
    let mut text = String::new();
    if let Json::Object(entries) = metadata(parameters)? {
        text.push_str("\n metadata\n");
        for (name, value) in &entries {
            match value {
                // What an object said of itself: an entry a line.
                Json::Object(inside) if !inside.contains_key("type") => {
                    inside.iter().for_each(|(key, value)| {
                        text.push_str(&entry(&format!("{name}.{key}"), value))
                    })
                }
                value => text.push_str(&entry(name, value)),
            }
        }
    }
    Ok(text)
}

/// Most characters of a value that are printed: a vocabulary is nothing to look at in a terminal.
const MOST_SHOWN: usize = 200;

/// A line of metadata, or a few.
fn entry(name: &str, value: &Json) -> String {
    let value = value.to_string();
    let count = value.chars().count();
    let shown = match count > MOST_SHOWN {
        false => value,
        true => {
            let beginning: String = value.chars().take(MOST_SHOWN).collect();
            format!("{beginning}... ({count} characters; --json prints all)")
        }
    };
    wrapped(&printable(&format!("{name} = {shown}")), 4)
}
