//! `convert` of a folder: every model file in it, the tree kept, with a table at the end.
//!
//! A file that was converted before from the same bytes is left as it is, so that a run that was
//! interrupted goes on where it ended.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use super::args::{ContentName, ConvertArguments};
use super::convert::{convert, is_ours, wanted};
use super::failure::{Advise, UsageError, text};
use super::table::{Table, printable, wrapped};
use super::{files, outputs};
use crate::base::parameters::ORIGIN_KEY;
use crate::base::{Content, Limits, Parameters, Value, digest, units};
use crate::formats::{Format, pickle, registry, seal};

/// The format when none is named.
const DEFAULT: &str = "safetensors";

/// How it went with a file.
enum Outcome {
    Converted { from: &'static str, bytes: u64, written: u64 },
    AlreadyThere,
    Failed(String),
}

/// Converts all model files of a folder. Files that are none are left alone.
pub fn run(arguments: &ConvertArguments) -> anyhow::Result<()> {
    let (input, output) = (&arguments.input, &arguments.output);
    let format = match arguments.to {
        Some(format) => format.0,
        None => registry::find(DEFAULT).context("the default format is not there")?,
    };
    if let Some(option) = arguments.pickle.given() {
        let error = UsageError(format!("{option} is for one file, IN is a folder"));
        return Err(anyhow!(error)).advise("convert that file alone");
    }
    if outputs::is_same(input, output) {
        let error = UsageError("IN and OUT are the same folder".to_owned());
        return Err(anyhow!(error)).advise("choose another folder for OUT");
    }
    let models = model_files(input, output.canonicalize().ok())?;
    if models.is_empty() {
        return Err(anyhow!("{}: expected model files, found none", input.display()))
            .advise("content says what a file is; `deadweight inspect FILE` says why one is none");
    }
    fs::create_dir_all(output)
        .with_context(|| format!("cannot create {}", output.display()))
        .advise("OUT must be a folder where IN is one")?;
    let targets = targets(&models, input, output, format);
    convert_all(arguments, format, &models, &targets)
}

/// Converts one after the other, prints the table and the summary.
fn convert_all(
    arguments: &ConvertArguments,
    format: &'static dyn Format,
    models: &[PathBuf],
    targets: &[PathBuf],
) -> anyhow::Result<()> {
    let (input, output) = (&arguments.input, &arguments.output);
    let mut table = Table::new(&["file", "from", "to", "size", "result"]);
    let (mut converted, mut kept, mut failures) = (0usize, 0usize, Vec::new());
    for (model, target) in models.iter().zip(targets) {
        let outcome = one(arguments, format, model, target);
        let shown = |path: &Path, root: &Path| {
            printable(&path.strip_prefix(root).unwrap_or(path).to_string_lossy())
        };
        let (from, size, result) = match &outcome {
            Outcome::Converted { from, bytes, written } => {
                converted += 1;
                (
                    *from,
                    format!("{} -> {}", units::bytes(*bytes), units::bytes(*written)),
                    "converted",
                )
            }
            Outcome::AlreadyThere => {
                kept += 1;
                ("", String::new(), "already there")
            }
            Outcome::Failed(reason) => {
                failures.push((shown(model, input), reason.clone()));
                ("", String::new(), "failed")
            }
        };
        table.row(vec![
            shown(model, input),
            from.to_owned(),
            shown(target, output),
            size,
            result.to_owned(),
        ]);
    }
    println!("{}", table.text());
    anstream::eprintln!(
        "{converted} converted, {kept} already there, {} failed -> {}",
        failures.len(),
        output.display()
    );
    for (file, reason) in &failures {
        anstream::eprintln!("{}", wrapped(&format!("{file}: {reason}"), 2).trim_end());
    }
    match failures.len() {
        0 => Ok(()),
        failed => Err(anyhow!("{failed} of {} files could not be converted", models.len()))
            .advise("the others are written and stay; convert these alone, or leave them out"),
    }
}

fn one(
    arguments: &ConvertArguments,
    format: &'static dyn Format,
    model: &Path,
    target: &Path,
) -> Outcome {
    let attempt = || -> anyhow::Result<Outcome> {
        let as_wanted = || is_sealed(target) == arguments.seal;
        if target.exists() && as_wanted() && is_made_of(target, format, model, arguments.content) {
            return Ok(Outcome::AlreadyThere);
        }
        let folder = outputs::folder_of(target);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let may_replace = |path: &Path| arguments.force || is_ours(path);
        outputs::check_free(target, may_replace, outputs::OR_FORCE)?;
        let file = files::load_alone(model)?;
        let mut parameters = wanted(file.parameters, arguments.content, model)?;
        note_source(&mut parameters, model)?;
        let written = convert(parameters, format, model, target, arguments.seal)?;
        Ok(Outcome::Converted { from: file.format.id, bytes: file.bytes, written: written.bytes })
    };
    attempt().unwrap_or_else(|error| Outcome::Failed(reason(&error)))
}

/// True for a file that begins with a seal.
fn is_sealed(path: &Path) -> bool {
    let mut start = [0; 8];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && seal::is_sealed(&start)
}

/// The error in one line, without its remedy.
fn reason(error: &anyhow::Error) -> String {
    let text = text(error);
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// Says in the metadata which bytes the file was made of; a pickle's reader has said it already.
fn note_source(parameters: &mut Parameters, model: &Path) -> anyhow::Result<()> {
    let mut origin = match parameters.metadata().get(ORIGIN_KEY) {
        Some(Value::Map(origin)) => origin.clone(),
        _ => Default::default(),
    };
    if !origin.contains_key("sha256") {
        origin.insert("sha256".to_owned(), hash_of(model)?.into());
        parameters.set(ORIGIN_KEY, origin);
    }
    Ok(())
}

fn hash_of(path: &Path) -> anyhow::Result<String> {
    let bytes = files::read(path, &Limits::default())?;
    Ok(digest::sha256(bytes.as_bytes()))
}

/// True when `target` is a file of the format that was made of the bytes that `model` has now, with
/// the content that is wanted.
fn is_made_of(
    target: &Path,
    format: &dyn Format,
    model: &Path,
    content: Option<ContentName>,
) -> bool {
    let Ok(file) = files::load_alone(target) else { return false };
    let recorded = match file.parameters.metadata().get(ORIGIN_KEY) {
        Some(Value::Map(origin)) => origin.get("sha256").cloned(),
        _ => None,
    };
    let Some(Value::Text(recorded)) = recorded else { return false };
    let same_content = match content {
        Some(content) => file.parameters.content() == content.into(),
        None => file.parameters.content() == Content::Full,
    };
    file.format.id == format.descriptor().id
        && same_content
        && hash_of(model).is_ok_and(|hash| hash == recorded)
}

/// Regular files that are models by their content, sorted; links are not followed, and what lies in
/// the output folder is left out.
fn model_files(input: &Path, output: Option<PathBuf>) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![input.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder)
            .with_context(|| format!("cannot read the folder {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() && path.canonicalize().is_ok_and(|path| Some(path) != output) {
                folders.push(path);
            } else if kind.is_file() && is_model(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_model(path: &Path) -> bool {
    let limits = Limits::default();
    files::read(path, &limits).is_ok_and(|bytes| {
        let bytes = bytes.as_bytes();
        let bytes = if seal::is_sealed(bytes) { seal::open(bytes).unwrap_or(bytes) } else { bytes };
        registry::recognize(bytes).is_some() || pickle::recognizes(bytes)
    })
}

/// Where each file goes: its place in the tree, with the format's extension. Files that differ only
/// in their extension keep it in front of the new one.
fn targets(models: &[PathBuf], input: &Path, output: &Path, format: &dyn Format) -> Vec<PathBuf> {
    let extension = format.descriptor().extension;
    let short = |model: &PathBuf| {
        output.join(model.strip_prefix(input).unwrap_or(model)).with_extension(extension)
    };
    let all: Vec<PathBuf> = models.iter().map(short).collect();
    let mut counts = std::collections::HashMap::new();
    all.iter().for_each(|target| *counts.entry(target).or_insert(0usize) += 1);
    let target = |(model, target): (&PathBuf, &PathBuf)| match counts.get(target) {
        Some(1) => target.clone(),
        _ => {
            let mut name = model.file_name().unwrap_or_default().to_owned();
            name.push(".");
            name.push(extension);
            target.with_file_name(name)
        }
    };
    models.iter().zip(&all).map(target).collect()
}
