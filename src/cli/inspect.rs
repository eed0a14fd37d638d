//! `inspect`: what a model file holds, without predicting anything.

use std::io::Write;

use anyhow::Context;
use serde_json::{Value as Json, json};

use super::args::InspectArguments;
use super::failure::Advise;
use super::files::{self, ModelFile};
use super::table::{Table, labelled, printable, wrapped};
use crate::base::parameters::PLAIN_ARRAYS;
use crate::base::{Parameters, kinds, units, value};
use crate::models::registry::from_parameters;

/// Schema of the JSON document.
const SCHEMA: &str = "deadweight.model/1";

/// Prints what is in the file.
pub fn run(arguments: &InspectArguments) -> anyhow::Result<()> {
    let file = files::load(&arguments.file, arguments.select.as_deref())?;
    let is_model = file.parameters.kind() != PLAIN_ARRAYS;
    if arguments.validate && is_model {
        let name = arguments.file.display();
        from_parameters(&file.parameters)
            .and_then(|model| model.validate())
            .with_context(|| format!("{name} is no valid model"))
            .advise("save it again from where it was trained; do not trust its predictions")?;
    }
    let text = match arguments.json {
        true => serde_json::to_string_pretty(&document(&file)?)?,
        false => listing(&file, arguments)?,
    };
    Ok(writeln!(anstream::stdout(), "{text}")?)
}

fn document(file: &ModelFile) -> anyhow::Result<Json> {
    let parameters = &file.parameters;
    let (library, version) = parameters.origin();
    let array = |(name, array): (&str, &crate::base::Array)| json!({"name": name, "dtype": array.dtype().name(), "shape": array.shape()});
    Ok(json!({
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
    }))
}

fn metadata(parameters: &Parameters) -> anyhow::Result<Json> {
    Ok(serde_json::from_str(&value::to_json(parameters.metadata()))?)
}

fn listing(file: &ModelFile, arguments: &InspectArguments) -> anyhow::Result<String> {
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
    if let Json::Object(entries) = metadata(parameters)? {
        text.push_str("\n metadata\n");
        for (name, value) in entries {
            text.push_str(&wrapped(&format!("{} = {value}", printable(&name)), 4));
        }
    }
    Ok(text.trim_end().to_owned())
}
