//! Why something could not be done with a store, and what to do about it.

use std::path::PathBuf;

use thiserror::Error;

use crate::formats::FormatError;
use crate::models::ModelError;
use crate::signing::SigningError;

/// Why something could not be done with a store. Each variant says where, what was expected and
/// what was found; [`StoreError::remedy`] says what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A name, an alias or a reference that cannot be one.
    #[error("{what} {found:?}: expected {expected}")]
    Name {
        /// What it was to be.
        what: &'static str,
        /// What was given.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// An address that leads to no store.
    #[error("store {url}: {message}")]
    Url {
        /// The address.
        url: String,
        /// What is wrong with it.
        message: String,
    },
    /// A backend that was left out of this program.
    #[error("store {url}: this program was built without the cargo feature {feature:?}")]
    Feature {
        /// The address.
        url: String,
        /// The feature that has the backend.
        feature: &'static str,
    },
    /// Nothing at the address says that it is a store.
    #[error("store {url}: there is no store (no store.json)")]
    NoStore {
        /// The address.
        url: String,
    },
    /// The backend could not do it.
    #[error("{place}: cannot {action}: {source}")]
    Backend {
        /// The object.
        place: String,
        /// What was being done.
        action: &'static str,
        /// What the backend said.
        source: Box<object_store::Error>,
    },
    /// A file outside of the store.
    #[error("{}: cannot {action}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was being done.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// No thread can be started to follow an alias.
    #[error("cannot start a thread that follows an alias: {source}")]
    Thread {
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no such name, version or alias.
    #[error("{what}: not in the store; there is {present}")]
    NotFound {
        /// What was asked for.
        what: String,
        /// What there is instead.
        present: String,
    },
    /// A manifest, an entry of an alias or `store.json` is not what it has to be.
    #[error("{place}: expected {expected}, found {found}")]
    Document {
        /// The object.
        place: String,
        /// What would be right.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Something was written by a newer deadweight.
    #[error("{place}: {what} {found}, this program reads up to {supported}")]
    Newer {
        /// The object.
        place: String,
        /// What is newer.
        what: String,
        /// Its version.
        found: u64,
        /// The newest that is read.
        supported: u64,
    },
    /// A blob is missing or is not what its address says.
    #[error("blob {sha256}: expected {expected}, found {found}")]
    Blob {
        /// Its address.
        sha256: String,
        /// What would be right.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A number of a log is missing below others.
    #[error("{missing} is missing, though {present} is there")]
    Gap {
        /// The object that is missing.
        missing: String,
        /// One that was written after it.
        present: String,
    },
    /// Other writers were faster each time.
    #[error("{place}: {attempts} attempts, and another writer was faster each time")]
    Busy {
        /// Where.
        place: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// The parameters are no model that predicts.
    #[error("expected a model, found plain arrays of another program")]
    PlainArrays,
    /// The model could not be encoded or decoded.
    #[error(transparent)]
    Format(#[from] Box<FormatError>),
    /// The parameters make no valid model, or it cannot predict what it was given.
    #[error(transparent)]
    Model(#[from] Box<ModelError>),
    /// A condition cannot be read.
    #[error("condition {text:?}, character {position}: expected {expected}, found {found}")]
    Condition {
        /// The condition.
        text: String,
        /// Counted from 1.
        position: usize,
        /// What would be right.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The numbers of a condition lead to none.
    #[error("condition {text:?}: expected a finite number, found {value} for {part}")]
    NotFinite {
        /// The condition.
        text: String,
        /// The part of it that was computed, with its numbers.
        part: String,
        /// What came out.
        value: f64,
    },
    /// Labels that do not fit the rows.
    #[error("labels: {message}")]
    Labels {
        /// What was expected and what was found.
        message: String,
    },
    /// A metric cannot be computed.
    #[error("metric {name:?}: {message}")]
    Metric {
        /// Its name.
        name: String,
        /// Why.
        message: String,
    },
    /// The condition of a promotion does not hold.
    #[error("{name} version {version} is not promoted to {alias}: {reason}")]
    Refused {
        /// The model.
        name: String,
        /// The version that was to be promoted.
        version: u64,
        /// The alias.
        alias: String,
        /// The comparison that does not hold, with its numbers.
        reason: String,
    },
    /// An alias has nothing to go back to.
    #[error("alias {alias} of {name}: nothing stood before version {version}")]
    NothingBefore {
        /// The model.
        name: String,
        /// The alias.
        alias: String,
        /// Where it stands.
        version: u64,
    },
    /// A key, a signature or a policy cannot be used.
    #[error(transparent)]
    Signing(#[from] Box<SigningError>),
    /// The version has a signature already.
    #[error("{name} version {version} is signed already, and a signature is never replaced")]
    Signed {
        /// The model.
        name: String,
        /// The version.
        version: u64,
    },
    /// The policy does not admit the version.
    #[error("{name} version {version}: not admitted: {reason}")]
    NotAdmitted {
        /// The model.
        name: String,
        /// The version.
        version: u64,
        /// What the policy said.
        reason: String,
    },
}

impl From<FormatError> for StoreError {
    fn from(error: FormatError) -> Self {
        Box::new(error).into()
    }
}

impl From<SigningError> for StoreError {
    fn from(error: SigningError) -> Self {
        Box::new(error).into()
    }
}

impl From<ModelError> for StoreError {
    fn from(error: ModelError) -> Self {
        Box::new(error).into()
    }
}

impl StoreError {
    pub(super) fn document(
        place: &str,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        StoreError::Document { place: place.into(), expected: expected.into(), found: found.into() }
    }

    pub(super) fn blob(
        sha256: &str,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        StoreError::Blob { sha256: sha256.into(), expected: expected.into(), found: found.into() }
    }

    /// What to do about it, in one sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            StoreError::Name { .. } => "choose another name",
            StoreError::Url { .. } => {
                "give a directory, file:///PATH, s3://BUCKET/PATH, gs://BUCKET/PATH or az://CONTAINER/PATH"
            }
            StoreError::Feature { .. } => {
                "build it with `cargo build --release --features s3,gcs,azure`"
            }
            StoreError::NoStore { .. } => {
                "check --store and DEADWEIGHT_STORE; `deadweight store put` makes a store"
            }
            StoreError::Backend { .. } | StoreError::File { .. } => {
                "nothing that was there before is lost; check the place, its permissions, the space and the connection, and try again"
            }
            StoreError::Thread { .. } => "end other threads, or raise the limit of this process",
            StoreError::NotFound { .. } => "`deadweight store list` says what there is",
            StoreError::Document { .. } | StoreError::Gap { .. } => {
                "it was changed after it was written: `deadweight store verify` names all that is wrong; restore it from a copy"
            }
            StoreError::Newer { .. } => "upgrade deadweight",
            StoreError::Blob { .. } => {
                "`deadweight store verify` names all that is wrong; put the model again, or restore the blob from a copy"
            }
            StoreError::Busy { .. } => "try again",
            StoreError::PlainArrays => "`deadweight inspect` lists them",
            StoreError::Format(_) | StoreError::Model(_) => {
                "`deadweight inspect --validate` says what is wrong with the model"
            }
            StoreError::Condition { .. } => {
                "write it like 'accuracy >= production.accuracy + 0.01 and mae < 2'"
            }
            StoreError::NotFinite { .. } => "nothing was changed; write it with smaller numbers",
            StoreError::Labels { .. } => {
                "nothing was changed; give a label for each row of the data"
            }
            StoreError::Metric { .. } => {
                "metrics that are computed: accuracy, error_rate, precision_macro, recall_macro, f1_macro, mae, mse, rmse, r2"
            }
            StoreError::Refused { .. } => "nothing was changed",
            StoreError::NothingBefore { .. } => {
                "`deadweight store show NAME --history ALIAS` lists what an alias stood on"
            }
            StoreError::Signing(error) => error.remedy(),
            StoreError::Signed { .. } => "put the model again to sign it with another key",
            StoreError::NotAdmitted { .. } => "have the version signed, or change the policy",
        }
    }
}
