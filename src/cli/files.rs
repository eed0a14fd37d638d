//! Opens model files of unknown origin. Content decides what a file is, never its name.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow, bail};

use super::args::PickleArguments;
use super::failure::{Advise, UsageError};
use crate::base::storage::Arena;
use crate::base::{Limits, PagePolicy, Parameters, Storage, digest, guarded, units};
use crate::formats::pickle::{ImportOptions, Imported};
use crate::formats::{self, DecodeOptions, Descriptor, FormatError, registry, seal, sniff};
use crate::pickle::sklearn::ReadError;
use crate::tables::{self, TableError, csv::Header};

/// A model file that was read.
pub struct ModelFile {
    /// What it holds.
    pub parameters: Parameters,
    /// What it is.
    pub format: &'static Descriptor,
    /// Its size.
    pub bytes: u64,
}

/// From here on a file is mapped: copying it would take as much memory again as the model.
const MAPPED_FROM: u64 = 8 << 20;

/// The bytes of a whole regular file, mapped when it is large.
///
/// # Errors
/// When it is missing, no regular file, empty, too large, or changes while it is read.
pub fn read(path: &Path, limits: &Limits) -> anyhow::Result<Storage> {
    let name = path.display();
    // Asked before it is opened: opening a named pipe would wait for a writer.
    let metadata = fs::metadata(path)
        .with_context(|| format!("cannot read {name}"))
        .advise("check the path and its permissions")?;
    if metadata.is_dir() {
        return Err(anyhow!("cannot read {name}: expected a file, found a directory"))
            .advise("name one file in it");
    }
    if !metadata.is_file() {
        return Err(anyhow!("cannot read {name}: expected a regular file, found a pipe or device"))
            .advise("copy its content to a file first");
    }
    let len = metadata.len();
    if len == 0 {
        return Err(anyhow!("cannot read {name}: the file is empty"))
            .advise("save or download it again");
    }
    if len > limits.max_file_bytes {
        let limit = units::bytes(limits.max_file_bytes);
        bail!("cannot read {name}: it has {}, the limit is {limit}", units::bytes(len));
    }
    let read = || -> anyhow::Result<Storage> {
        let mut file = fs::File::open(path)?;
        if len >= MAPPED_FROM {
            return Ok(guarded::map(&file)?);
        }
        let len = usize::try_from(len)?;
        let mut arena = Arena::zeroed(len, PagePolicy::Auto)?;
        arena.fill(&mut file, 0..len)?;
        Ok(arena.into())
    };
    read().with_context(|| format!("cannot read {name}"))
}

/// Reads a model file for which nothing but its path was given.
///
/// # Errors
/// As [`load`].
pub fn load_alone(path: &Path) -> anyhow::Result<ModelFile> {
    load(path, &PickleArguments::default())
}

/// Arrays of a file: those of a model, or the columns of a table.
pub struct DataFile {
    /// The arrays.
    pub parameters: Parameters,
    /// What the file is, in a word.
    pub format: &'static str,
    /// What of a table could only be kept in another way; `None` for what is no table.
    pub words: Option<Vec<String>>,
}

/// Reads a model file as [`load`] does, or a table: `.npy`, `.csv`, Parquet.
///
/// # Errors
/// As [`load`]; when a column of a table is no plain array.
pub fn load_data(
    path: &Path,
    pickle: &PickleArguments,
    header: Header,
) -> anyhow::Result<DataFile> {
    let limits = Limits::default();
    let source = read(path, &limits)?;
    let bytes = source.as_bytes();
    let is_model = seal::is_sealed(bytes)
        || registry::recognize(bytes).is_some()
        || formats::pickle::recognizes(bytes);
    match tables::recognize(bytes).filter(|_| !is_model && pickle.given().is_none()) {
        None => {
            let file = load_source(path, source, pickle, Arrays::Copied)?;
            Ok(DataFile { parameters: file.parameters, format: file.format.id, words: None })
        }
        Some(kind) => {
            let table = tables::read(&source, kind, header, &limits);
            let table = table.map_err(|error| table_error(path, error))?;
            let (parameters, words) = (table.parameters, Some(table.words));
            Ok(DataFile { parameters, format: kind.id(), words })
        }
    }
}

fn table_error(path: &Path, error: TableError) -> anyhow::Error {
    let advice = match error {
        TableError::Header => "say --header yes or --header no",
        TableError::Text { .. } => {
            "it is read as a .csv: fields between commas, the same number in every line; `deadweight formats` lists what else is read"
        }
        TableError::Column { .. } => "the other columns are read as arrays",
        _ => "the file is damaged, truncated or not what it seems: fetch or save it again",
    };
    let is_usage = matches!(error, TableError::Header);
    let error = anyhow!(error).context(path.display().to_string());
    let error = if is_usage { anyhow!(UsageError(format!("{error:#}"))) } else { error };
    let advised: anyhow::Result<()> = Err(error).advise(advice);
    advised.err().unwrap_or_else(|| anyhow!("{}", path.display()))
}

/// Reads a model file in any format of the registry, or out of a pickle or joblib file.
///
/// # Errors
/// As [`read`]; when the content is of no format, or damaged.
pub fn load(path: &Path, pickle: &PickleArguments) -> anyhow::Result<ModelFile> {
    load_source(path, read(path, &Limits::default())?, pickle, Arrays::Copied)
}

/// As [`load`], with the SHA-256 of the file's bytes. Arrays lie in the file where its format allows that, so
/// that a model needs no memory of its own on its way into a store.
///
/// # Errors
/// As [`load`].
pub fn load_hashed(path: &Path, pickle: &PickleArguments) -> anyhow::Result<(ModelFile, String)> {
    let source = read(path, &Limits::default())?;
    let sha256 = digest::sha256(source.as_bytes());
    Ok((load_source(path, source, pickle, Arrays::Borrowed)?, sha256))
}

/// Where the arrays of a model file are.
#[derive(PartialEq)]
enum Arrays {
    /// In memory of their own.
    Copied,
    /// In the file, where its format has such a mode.
    Borrowed,
}

fn load_source(
    path: &Path,
    whole: Storage,
    pickle: &PickleArguments,
    arrays: Arrays,
) -> anyhow::Result<ModelFile> {
    let limits = Limits::default();
    let name = path.display();
    let file_bytes = whole.len() as u64;
    let source = match seal::is_sealed(whole.as_bytes()) {
        true => seal::open_storage(&whole)
            .with_context(|| format!("{name}: the seal is broken"))
            .advise("the file was damaged after it was sealed: fetch or save it again")?,
        false => whole,
    };
    let bytes = source.as_bytes();
    let format = registry::recognize(bytes);
    if format.is_none() && formats::pickle::recognizes(bytes) {
        return import(path, &source, pickle);
    }
    if let Some(option) = pickle.given() {
        let error = UsageError(format!("{name}: {option} is for pickle and joblib files"));
        return Err(anyhow!(error)).advise("leave it away: the file holds one model");
    }
    let Some(format) = format else {
        let found = match sniff::describe(bytes) {
            Some(found) => found.to_owned(),
            None => format!("\"{}\"", bytes.get(..24).unwrap_or(bytes).escape_ascii()),
        };
        return Err(anyhow!("{name}: expected a model in a format of deadweight, found {found}"))
            .advise("`deadweight formats` lists what is read");
    };
    let options = DecodeOptions { limits, pages: PagePolicy::Auto, ..DecodeOptions::default() };
    let parameters = match arrays == Arrays::Borrowed && format.descriptor().view {
        true => format.view(&source, &options),
        false => format.decode(bytes, &options),
    };
    let parameters = parameters
        .with_context(|| format!("{name}: cannot be read as {}", format.descriptor().id))
        .advise("the file is damaged, truncated or not what it seems: fetch or save it again")?;
    Ok(ModelFile { parameters, format: format.descriptor(), bytes: file_bytes })
}

/// The options for a pickle or joblib file, with its buffers read.
///
/// # Errors
/// As [`read`], for a buffer.
pub fn import_options(pickle: &PickleArguments) -> anyhow::Result<ImportOptions> {
    let limits = Limits::default();
    let buffers = pickle.buffers.iter().map(|path| read(path, &limits));
    let buffers = buffers.collect::<anyhow::Result<Vec<_>>>()?;
    let select = pickle.select.clone();
    Ok(ImportOptions { limits, pages: PagePolicy::Auto, select, buffers })
}

fn import(path: &Path, source: &Storage, pickle: &PickleArguments) -> anyhow::Result<ModelFile> {
    let options = import_options(pickle)?;
    let bytes = source.len() as u64;
    match formats::pickle::import(source, &options) {
        Ok(Imported { parameters, format }) => Ok(ModelFile { parameters, format, bytes }),
        Err(error) => {
            let remedy = remedy(&error);
            Err(error).with_context(|| path.display().to_string()).advise(remedy)
        }
    }
}

fn remedy(error: &FormatError) -> &'static str {
    let FormatError::Import(error) = error else {
        return "the file is damaged, truncated or not what it seems: fetch or save it again";
    };
    match **error {
        ReadError::Several { .. } | ReadError::NotThere { .. } => "choose one with --select PATH",
        ReadError::Buffers { .. } => "give them with --buffer FILE, each in its turn",
        ReadError::NotSupported { .. } | ReadError::Option { .. } => {
            "`deadweight inspect` shows what the file holds, and which parts can be read"
        }
        ReadError::Version { .. } => {
            "upgrade deadweight; or load it with the version that wrote it, and save it with a released one"
        }
        ReadError::Nothing { .. } => {
            "save the fitted model itself, or a dict, list or tuple that holds it"
        }
        _ => {
            "nothing in the file was run; what is read are scikit-learn's own estimators and arrays, as their own version saved them"
        }
    }
}
