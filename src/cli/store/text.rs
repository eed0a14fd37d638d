//! Lines that several subcommands print.

use serde_json::{Value as Json, json};

use crate::base::Value;
use crate::cli::table::{labelled, printable};
use crate::store::{AliasEntry, Manifest, Metrics};

/// Schema of the document of a version.
pub const VERSION_SCHEMA: &str = "deadweight.store.version/1";
/// Schema of the document of a move of an alias.
pub const MOVE_SCHEMA: &str = "deadweight.store.move/1";
/// Width of the labels.
const LABEL: usize = 17;

/// A document with a schema in front.
pub fn with_schema(schema: &str, body: impl serde::Serialize) -> anyhow::Result<Json> {
    let mut document = serde_json::Map::new();
    document.insert("schema".to_owned(), json!(schema));
    if let Json::Object(body) = serde_json::to_value(body)? {
        document.extend(body);
    }
    Ok(document.into())
}

/// `accuracy=0.93 mae=2`.
pub fn metrics(metrics: &Metrics) -> String {
    let metrics = metrics.0.iter().map(|(name, value)| format!("{name}={value}"));
    metrics.collect::<Vec<_>>().join(" ")
}

/// A value as people write it.
pub fn value(value: &Value) -> String {
    match value {
        Value::Text(text) => printable(text),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// What is said of a version. That it is signed is said of the file beside it; by whom is for a policy.
pub fn version(manifest: &Manifest, is_signed: bool) -> String {
    let mut text = format!("{} version {}\n", manifest.name, manifest.version);
    let mut line = |label: &str, value: String| text.push_str(&labelled(label, LABEL, &value));
    line("kind", format!("{} (layout {})", manifest.kind, manifest.layout_version));
    line("content", manifest.content.clone());
    line("format", format!("{} {}", manifest.format.id, manifest.format.version));
    for blob in &manifest.blobs {
        line(&blob.role, format!("sha256 {}, {} bytes", blob.sha256, blob.size));
    }
    if !manifest.metrics.0.is_empty() {
        line("metrics", metrics(&manifest.metrics));
    }
    if let Value::Map(map) = &manifest.hyper_parameters
        && !map.is_empty()
    {
        let all = map.iter().map(|(name, found)| format!("{name}={}", value(found)));
        line("hyper-parameters", all.collect::<Vec<_>>().join(" "));
    }
    if let Some(seed) = manifest.seed {
        line("seed", seed.to_string());
    }
    if let Some(dataset) = &manifest.dataset_sha256 {
        line("dataset", format!("sha256 {dataset}"));
    }
    let origin = &manifest.origin;
    let library = match (&origin.library, &origin.version) {
        (Some(library), Some(version)) => format!("{library} {version}, "),
        (Some(library), None) => format!("{library}, "),
        _ => String::new(),
    };
    line(
        "origin",
        format!(
            "{library}{} of {} bytes, sha256 {}",
            origin.format, origin.file_bytes, origin.file_sha256
        ),
    );
    line("scan", origin.scan_verdict.clone());
    line("signed", if is_signed { "yes, a policy says by whom" } else { "no" }.to_owned());
    line("put", format!("{} by deadweight {}", manifest.created, manifest.tool_version));
    text.trim_end().to_owned()
}

/// A move of an alias in a line.
pub fn moved(entry: &AliasEntry) -> String {
    let from = match entry.previous {
        Some(previous) => format!(" from version {previous}"),
        None => String::new(),
    };
    let why = match &entry.reason {
        Some(reason) => format!(", because {}", reason.because),
        None => String::new(),
    };
    format!(
        "{}: version {}{from}, {}{why}, {}",
        entry.alias,
        entry.version,
        entry.action.id(),
        entry.created
    )
}
