//! `pickle`: Python's own format, read without running it.
//!
//! A pickle is a program, so nothing here writes one, and it is no format of the registry: what is
//! read is the model in it, by [`crate::pickle::sklearn`], which calls nothing that the file names.
//! Files of joblib are pickles with the bytes of arrays between the instructions; see
//! [`super::joblib`].

use super::{Descriptor, Encoding, FormatError, FormatKind, Warning, WarningKind, joblib, sniff};
use crate::base::digest::sha256;
use crate::base::parameters::ORIGIN_KEY;
use crate::base::{Limits, PagePolicy, Parameters, Storage};
use crate::pickle::sklearn::{self, Entry, NewerVersions, Source};
use crate::pickle::{Document, container, origin};

pub(super) const CAN_RUN_CODE: Warning = Warning {
    kind: WarningKind::HostileInput,
    text: "loading it in Python calls what the file names; here it is read without calling anything, and never written",
    reference: Some("https://docs.python.org/3/library/pickle.html"),
};

/// What is true of pickles.
pub static DESCRIPTOR: Descriptor = Descriptor {
    id: "pickle",
    title: "Python pickle",
    kind: FormatKind::Executable,
    encoding: Encoding::Native,
    crate_name: None,
    extension: "pkl",
    view: false,
    arena: false,
    warnings: &[CAN_RUN_CODE],
    losses: &[],
    specification: "https://docs.python.org/3/library/pickletools.html",
};

/// How a file of another program is to be read.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// Bounds on what is accepted.
    pub limits: Limits,
    /// Pages of arrays that have to be converted.
    pub pages: PagePolicy,
    /// The path of one of several models in the file.
    pub select: Option<String>,
    /// Out-of-band buffers of protocol 5, in the order in which the writer was given them.
    pub buffers: Vec<Storage>,
}

/// A model that was read out of an executable format.
#[derive(Debug)]
pub struct Imported {
    /// Its parameters, content `full`. Arrays borrow from the file where they can.
    pub parameters: Parameters,
    /// What the file is.
    pub format: &'static Descriptor,
}

/// True when bytes, the beginning of a file, are a pickle or compressed as joblib compresses them.
pub fn recognizes(bytes: &[u8]) -> bool {
    sniff::is_pickle(bytes) || container::Compression::of(bytes).is_some()
}

/// Reads the model of a pickle or joblib file. Nothing is imported, nothing is called.
///
/// # Errors
/// [`FormatError::Import`] says where, what was expected and what was found.
pub fn import(file: &Storage, options: &ImportOptions) -> Result<Imported, FormatError> {
    let limits = &options.limits;
    let opened = container::open(file.clone(), limits).map_err(sklearn::ReadError::from)?;
    let buffers = options.buffers.as_slice();
    let document =
        Document::read(&opened.storage, buffers, limits).map_err(sklearn::ReadError::from)?;
    if document.outside_buffers() != buffers.len() {
        let (expected, found) = (document.outside_buffers(), buffers.len());
        return Err(sklearn::ReadError::Buffers { expected, found }.into());
    }
    let source = Source::new(&document, options.pages);
    let (mut parameters, model) = sklearn::read(&source, options.select.as_deref())?;
    let mut origin = origin::origin(&source, &opened, model.as_ref());
    origin.insert("sha256".to_owned(), sha256(file.as_bytes()).into());
    parameters.set(ORIGIN_KEY, origin);
    let format = match origin::is_joblib(&document, &opened) {
        true => &joblib::DESCRIPTOR,
        false => &DESCRIPTOR,
    };
    Ok(Imported { parameters, format })
}

/// What a pickle or joblib file holds, also where no model can be made of it.
///
/// # Errors
/// [`FormatError::Import`] when it is no pickle.
pub fn outline(file: &Storage, options: &ImportOptions) -> Result<Vec<Entry>, FormatError> {
    let limits = &options.limits;
    let opened = container::open(file.clone(), limits).map_err(sklearn::ReadError::from)?;
    let document = Document::read(&opened.storage, &options.buffers, limits)
        .map_err(sklearn::ReadError::from)?;
    Ok(sklearn::outline(&Source::new(&document, options.pages)))
}

/// What newer versions of scikit-learn do with a pickle or joblib file, or with one of its models;
/// `None` for a file that does not say which version wrote it.
///
/// # Errors
/// [`FormatError::Import`] when it is no pickle, or holds no such model.
pub fn newer_versions(
    file: &Storage,
    options: &ImportOptions,
) -> Result<Option<NewerVersions>, FormatError> {
    let limits = &options.limits;
    let opened = container::open(file.clone(), limits).map_err(sklearn::ReadError::from)?;
    let document = Document::read(&opened.storage, &options.buffers, limits)
        .map_err(sklearn::ReadError::from)?;
    let source = Source::new(&document, options.pages);
    let model = match options.select.as_deref() {
        select @ Some(_) => sklearn::choose(&sklearn::find(&source)?, select)?,
        None => None,
    };
    Ok(sklearn::newer_versions(&source, model.as_ref()))
}
