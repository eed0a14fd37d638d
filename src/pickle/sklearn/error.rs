//! Why no model was made of a file: where in the object, at which byte, what was expected, what was
//! found.

use thiserror::Error;

use crate::base::{ArrayError, ParametersError};
use crate::pickle::PickleError;

/// Why no model was made of a file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes are not a pickle, or hold what no model is written with.
    #[error(transparent)]
    Pickle(#[from] PickleError),
    /// A part of the file is not what it has to be.
    #[error("{path}: {source}")]
    At {
        /// The way to it from the result: `steps[1][1].coef_`.
        path: String,
        /// What is wrong there.
        source: PickleError,
    },
    /// An attribute is missing.
    #[error("{path} ({class}, byte {offset}): attribute {attribute:?} is missing")]
    Missing {
        /// The way to the object.
        path: String,
        /// Its class.
        class: String,
        /// Where the opcode stands that made it.
        offset: usize,
        /// What is missing.
        attribute: String,
    },
    /// A value is there but is not what prediction needs.
    #[error("{path} (byte {offset}): expected {expected}, found {found}")]
    Value {
        /// The way to it.
        path: String,
        /// Where the opcode stands that made it, or the object that holds it.
        offset: usize,
        /// What would be right.
        expected: String,
        /// What is there.
        found: String,
    },
    /// No model of this class can be made here.
    #[error("{path} (byte {offset}): `{class}`: not supported")]
    NotSupported {
        /// The way to it.
        path: String,
        /// Its class, as the file spells it.
        class: String,
        /// Where the opcode stands that made it.
        offset: usize,
    },
    /// An option changes predictions in a way that is not implemented.
    #[error("{path} (`{class}`, byte {offset}): {option} is not supported; supported: {supported}")]
    Option {
        /// The way to the object.
        path: String,
        /// Its class.
        class: String,
        /// Where the opcode stands that made it.
        offset: usize,
        /// The option and its value: `metric=haversine`.
        option: String,
        /// Which values are.
        supported: String,
    },
    /// The version that wrote it is none whose files are understood.
    #[error(
        "{path} (`{class}`, byte {offset}): written by scikit-learn {found:?}; versions 0.20 to 1.9 are read"
    )]
    Version {
        /// The way to the object.
        path: String,
        /// Its class.
        class: String,
        /// Where the opcode stands that made it.
        offset: usize,
        /// What the file says.
        found: String,
    },
    /// The file does not say which version wrote it, and the meaning depends on that.
    #[error(
        "{path} (`{class}`, byte {offset}): the file does not say which scikit-learn wrote it, and {matter} depends on that"
    )]
    NoVersion {
        /// The way to the object.
        path: String,
        /// Its class.
        class: String,
        /// Where the opcode stands that made it.
        offset: usize,
        /// What depends on it.
        matter: &'static str,
    },
    /// The file refers to buffers outside of it, and others were given.
    #[error("the file needs {expected} out-of-band buffers, {found} were given")]
    Buffers {
        /// How many the file refers to.
        expected: usize,
        /// How many came with it.
        found: usize,
    },
    /// The file holds no model.
    #[error("expected a model or arrays, found {found}")]
    Nothing {
        /// What the result is.
        found: String,
    },
    /// There are several models, and nobody said which.
    #[error("the file holds {count} models: {}", listed(paths, *count))]
    Several {
        /// How many there are.
        count: usize,
        /// The ways to the first of them.
        paths: Vec<String>,
    },
    /// There is no model at the path that was asked for.
    #[error("there is no model at {wanted:?}; there are: {}", listed(paths, *count))]
    NotThere {
        /// What was asked for.
        wanted: String,
        /// How many models there are.
        count: usize,
        /// The ways to the first of them.
        paths: Vec<String>,
    },
    /// Shared parts would have to be read again and again: no model is written so.
    #[error("{path}: the parts of this file are used too often in each other")]
    Sharing {
        /// Where it became too much.
        path: String,
    },
    /// The arrays do not make parameters.
    #[error("{path}: {source}")]
    Parameters {
        /// The way to the object.
        path: String,
        /// What is wrong.
        source: ParametersError,
    },
    /// An array could not be made.
    #[error("{path}: {source}")]
    Array {
        /// The way to it.
        path: String,
        /// What is wrong.
        source: ArrayError,
    },
}

/// The ways to models that a message bears.
pub(super) const LISTED: usize = 12;

fn listed(paths: &[String], count: usize) -> String {
    let more = if count > paths.len() { ", ..." } else { "" };
    format!("{}{more}", paths.join(", "))
}
