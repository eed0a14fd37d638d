//! `store diff`: what differs between two versions.

use std::path::PathBuf;

use anyhow::anyhow;
use serde_json::{Value as Json, json};

use super::{Place, advised, print, text};
use crate::cli::args::Header;
use crate::cli::failure::{Advise, UsageError};
use crate::cli::rows;
use crate::store::diff::{Difference, Pair, difference};
use crate::store::{Reference, silent};

/// Arguments of `store diff`.
#[derive(Debug, Clone, clap::Args)]
pub struct DiffArguments {
    /// Two versions, NAME@3 NAME@production; or a name and two versions of it, NAME 3 production
    #[arg(value_name = "VERSION", num_args = 2..=3, required = true)]
    pub versions: Vec<String>,
    /// Rows that both are to predict: .npy or .csv
    #[arg(long, value_name = "X.npy|X.csv")]
    pub data: Option<PathBuf>,
    /// Whether the first line of a .csv is the names of its columns (auto: when it has no number)
    #[arg(long, value_enum, default_value_t = Header::Auto)]
    pub header: Header,
}

/// Prints what differs.
pub fn run(place: &Place, arguments: &DiffArguments) -> anyhow::Result<()> {
    let (a, b) = references(&arguments.versions)?;
    let store = place.open()?;
    let rows =
        arguments.data.as_ref().map(|path| rows::read(path, arguments.header)).transpose()?;
    let load = |reference: &Reference| {
        let manifest = store.find(&reference.name, &reference.selector)?;
        store.load_manifest(manifest, &silent)
    };
    let (a, b) = (advised(load(&a))?, advised(load(&b))?);
    let found = advised(difference(&a, &b, rows.as_ref().map(rows::Input::rows)))?;
    let title = |manifest: &crate::store::Manifest| {
        format!("{} version {}", manifest.name, manifest.version)
    };
    let (a, b) = (title(&a.manifest), title(&b.manifest));
    print(place, document(&a, &b, &found), || lines(&a, &b, &found))
}

fn references(versions: &[String]) -> anyhow::Result<(Reference, Reference)> {
    let texts = match versions {
        [a, b] => [a.clone(), b.clone()],
        [name, a, b] => [format!("{name}@{a}"), format!("{name}@{b}")],
        _ => [String::new(), String::new()],
    };
    let [a, b] = texts.map(|text| {
        let reference = text.parse::<Reference>();
        reference.map_err(|error| anyhow!(UsageError(error.to_string())))
    });
    let both = a.and_then(|a| Ok((a, b?)));
    both.advise(
        "two versions, NAME@3 NAME@production, or a name and two versions, NAME 3 production",
    )
}

fn document(a: &str, b: &str, found: &Difference) -> Json {
    let arrays = found.arrays.iter().map(|array| {
        json!({
            "name": array.name,
            "a": array.shapes.a,
            "b": array.shapes.b,
            "elements": array.elements,
            "largest": array.largest,
        })
    });
    fn pairs<T: serde::Serialize>(pairs: &[Pair<T>]) -> Json {
        pairs.iter().map(|pair| json!({"name": pair.name, "a": pair.a, "b": pair.b})).collect()
    }
    let predictions = found.predictions.as_ref().map(|predictions| {
        json!({
            "rows": predictions.rows,
            "differing": predictions.differing,
            "largest": predictions.largest,
        })
    });
    json!({
        "schema": "deadweight.store.diff/1",
        "a": a,
        "b": b,
        "fields": pairs(&found.fields),
        "arrays": arrays.collect::<Vec<_>>(),
        "equal_arrays": found.equal_arrays,
        "hyper_parameters": pairs(&found.hyper_parameters),
        "metrics": pairs(&found.metrics),
        "predictions": predictions,
    })
}

fn lines(a: &str, b: &str, found: &Difference) -> String {
    let mut lines = vec![format!("{a} against {b}")];
    fn pairs<T>(
        lines: &mut Vec<String>,
        what: &str,
        pairs: &[Pair<T>],
        spell: impl Fn(&T) -> String,
    ) {
        let spell = |value: &Option<T>| value.as_ref().map_or("none".to_owned(), &spell);
        for pair in pairs {
            lines.push(format!(
                " {what} {}: {} against {}",
                pair.name,
                spell(&pair.a),
                spell(&pair.b)
            ));
        }
    }
    pairs(&mut lines, "field", &found.fields, Clone::clone);
    pairs(&mut lines, "hyper-parameter", &found.hyper_parameters, text::value);
    pairs(&mut lines, "metric", &found.metrics, f64::to_string);
    for array in &found.arrays {
        let shape = |shape: &Option<String>| shape.clone().unwrap_or_else(|| "none".to_owned());
        let how = match (array.elements, array.largest) {
            (Some(elements), Some(largest)) => {
                format!("{elements} elements differ, by {largest} at most")
            }
            (Some(elements), None) => format!("{elements} elements differ"),
            _ => format!("{} against {}", shape(&array.shapes.a), shape(&array.shapes.b)),
        };
        lines.push(format!(" array {}: {how}", array.name));
    }
    lines.push(format!(" {} arrays are the same to the bit", found.equal_arrays));
    if let Some(predictions) = &found.predictions {
        let largest =
            predictions.largest.map(|by| format!(", by {by} at most")).unwrap_or_default();
        let (differing, rows) = (predictions.differing, predictions.rows);
        lines.push(format!(" predictions: {differing} of {rows} rows differ{largest}"));
    }
    let printable = lines.iter().map(|line| crate::base::text::printable(line));
    printable.collect::<Vec<_>>().join("\n")
}
