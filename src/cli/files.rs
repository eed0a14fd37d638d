//! Opens model files of unknown origin. Content decides what a file is, never its name.

use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, anyhow, bail};

use super::failure::Advise;
use crate::base::storage::Arena;
use crate::base::{Limits, PagePolicy, Parameters, Storage, units};
use crate::formats::{DecodeOptions, Format, registry, sniff};

/// A model file that was read.
pub struct ModelFile {
    /// What it holds.
    pub parameters: Parameters,
    /// What it is.
    pub format: &'static dyn Format,
    /// Its size.
    pub bytes: u64,
}

/// Reads a whole regular file.
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
        let mut arena = Arena::zeroed(usize::try_from(len)?, PagePolicy::Auto)?;
        file.read_exact(arena.as_mut_slice())?;
        Ok(arena.into())
    };
    read().with_context(|| format!("cannot read {name}"))
}

/// Reads a model file in any format of the registry.
///
/// # Errors
/// As [`read`]; when the content is of no format, or damaged.
pub fn load(path: &Path) -> anyhow::Result<ModelFile> {
    let limits = Limits::default();
    let source = read(path, &limits)?;
    let name = path.display();
    let bytes = source.as_bytes();
    let Some(format) = registry::recognize(bytes) else {
        let found = match sniff::describe(bytes) {
            Some(found) => found.to_owned(),
            None => format!("\"{}\"", bytes.get(..24).unwrap_or(bytes).escape_ascii()),
        };
        return Err(anyhow!("{name}: expected a model in a format of deadweight, found {found}"))
            .advise("`deadweight formats` lists what is read");
    };
    let options = DecodeOptions { limits, pages: PagePolicy::Auto };
    let parameters = format
        .decode(bytes, &options)
        .with_context(|| format!("{name}: cannot be read as {}", format.descriptor().id))
        .advise("the file is damaged, truncated or not what it seems: fetch or save it again")?;
    Ok(ModelFile { parameters, format, bytes: bytes.len() as u64 })
}
