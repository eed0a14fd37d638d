//! The store itself: opens an address, finds versions, loads them.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::backend::Backend;
use super::document::{MAX_BYTES, Schema};
use super::layout::{LAYOUT, Log, MODELS, STORE};
use super::log::Heads;
use super::manifest::Manifest;
use super::remembered::Remembered;
use super::{
    Admission, Alias, AliasEntry, Name, Policy, Progress, Selector, StoreError, silent, transfer,
};
use crate::base::{Limits, Parameters, digest};
use crate::formats::safetensors::Safetensors;
use crate::formats::{DecodeOptions, Format};
use crate::models::registry::from_parameters;
use crate::models::{Model, ModelError, Predictions, Rows};

/// Largest signature that is read.
const MAX_SIGNATURE: u64 = 1 << 20;

/// What stands in `store.json`.
const SCHEMA: Schema = Schema { id: "deadweight.store", steps: &[] };

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    layout_version: u32,
    tool_version: String,
    nonce: String,
}

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A store of versions of models. Clones share what they know.
#[derive(Clone)]
pub struct Store {
    pub(super) backend: Arc<Backend>,
    policy: Option<Arc<dyn Policy>>,
    clock: Clock,
    limits: Limits,
    uploads: Option<Arc<Path>>,
    /// The newest number that was seen of each log.
    pub(super) heads: Arc<Heads>,
    /// Manifests that were checked, by their place.
    manifests: Arc<Remembered<Arc<Checked>>>,
    /// Entries of aliases that were checked, by their place.
    pub(super) moves: Arc<Remembered<Arc<AliasEntry>>>,
}

/// A manifest that was read and checked.
struct Checked {
    bytes: Vec<u8>,
    manifest: Arc<Manifest>,
    sha256: String,
}

/// A version that was loaded.
pub struct Loaded {
    /// What is said of it.
    pub manifest: Arc<Manifest>,
    /// Its arrays and metadata.
    pub parameters: Parameters,
    /// The model, which shares the arrays.
    pub model: Box<dyn Model>,
}

impl Loaded {
    /// Predicts rows. Where both the model and the rows have names of columns, they must be the same.
    ///
    /// # Errors
    /// [`StoreError::Model`] when the rows are not of the columns that the model was trained on.
    pub fn predict(&self, rows: Rows<'_>) -> Result<Predictions, StoreError> {
        if let (Some(expected), Rows::Table(table)) = (self.parameters.column_names(), rows)
            && let Some(found) = table.names()
            && !found.iter().eq(&expected)
        {
            let message =
                format!("expected the columns {}, found {}", expected.join(", "), found.join(", "));
            return Err(ModelError::Table(message).into());
        }
        Ok(self.model.predict(rows)?)
    }
}

impl Store {
    /// Opens the store at an address: a directory, `file:///PATH`, or, with the cargo features `s3`,
    /// `gcs` and `azure`, `s3://BUCKET/PATH`, `gs://BUCKET/PATH`, `az://CONTAINER/PATH` with the
    /// credentials of the usual environment variables.
    ///
    /// # Errors
    /// [`StoreError::NoStore`] when there is none, [`StoreError::Newer`] when a newer deadweight made
    /// it.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let store = Self::of(Backend::open(url, false, true)?);
        match store.description()? {
            Some(_) => Ok(store),
            None => Err(StoreError::NoStore { url: url.to_owned() }),
        }
    }

    /// Opens the store at an address, and makes it where there is none.
    ///
    /// # Errors
    /// As [`Store::open`]; when it cannot be made.
    pub fn create(url: &str) -> Result<Self, StoreError> {
        Self::made(Backend::open(url, true, true)?)
    }

    /// As [`Store::create`], without waiting until what is written is on the disk: a store that can
    /// be made again, of a test or a build. A power cut may take what was acknowledged.
    ///
    /// # Errors
    /// As [`Store::create`].
    pub fn create_volatile(url: &str) -> Result<Self, StoreError> {
        Self::made(Backend::open(url, true, false)?)
    }

    fn made(backend: Backend) -> Result<Self, StoreError> {
        let store = Self::of(backend);
        if store.description()?.is_none() {
            let description = Description {
                layout_version: LAYOUT,
                tool_version: env!("CARGO_PKG_VERSION").to_owned(),
                nonce: nonce(),
            };
            // Another may have been faster: then it is read like any other's.
            if !store.backend.create(STORE, SCHEMA.seal(STORE, &description)?)? {
                store.description()?;
            }
        }
        Ok(store)
    }

    fn of(backend: Backend) -> Self {
        Store {
            backend: Arc::new(backend),
            policy: None,
            clock: Arc::new(Timestamp::now),
            limits: Limits::default(),
            uploads: None,
            heads: Arc::default(),
            manifests: Arc::default(),
            moves: Arc::default(),
        }
    }

    /// The same store with a policy that every version must pass before it is used.
    #[must_use]
    pub fn with_policy(mut self, policy: Arc<dyn Policy>) -> Self {
        self.policy = Some(policy);
        self
    }

    /// The same store with another clock for what is written down.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The same store, which keeps in a folder of this machine what was sent of a large blob to a cloud, so
    /// that the next put of the same model sends the rest. It is made where there is none, and has to be one
    /// that nobody else can write to. To a directory a blob is always sent whole.
    ///
    /// ```no_run
    /// # use deadweight::store::Store;
    /// let store = Store::open("s3://models/store")?.with_uploads("uploads");
    /// # Ok::<(), deadweight::store::StoreError>(())
    /// ```
    #[must_use]
    pub fn with_uploads(mut self, folder: impl AsRef<Path>) -> Self {
        self.uploads = Some(folder.as_ref().into());
        self
    }

    pub(super) fn uploads(&self) -> Option<&Path> {
        self.uploads.as_deref()
    }

    /// Its address.
    pub fn url(&self) -> &str {
        self.backend.url()
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn description(&self) -> Result<Option<Description>, StoreError> {
        let Some(bytes) = self.backend.read_small(STORE, MAX_BYTES)? else { return Ok(None) };
        let description: Description = SCHEMA.open(STORE, &bytes)?;
        match description.layout_version {
            1..=LAYOUT => Ok(Some(description)),
            0 => Err(StoreError::document(STORE, "a layout from 1 on", "layout 0")),
            found => Err(StoreError::Newer {
                place: STORE.into(),
                what: "layout of the store".into(),
                found: found.into(),
                supported: LAYOUT.into(),
            }),
        }
    }

    // ------------------------------------------------------------ versions

    /// The newest number of a log, 0 where there is none.
    pub(super) fn head(&self, log: &Log) -> Result<u64, StoreError> {
        self.heads.newest(&self.backend, log)
    }

    /// The names of all models, in order. A folder without any version, which a put leaves that failed,
    /// is no model; one whose versions cannot be counted is.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn names(&self) -> Result<Vec<Name>, StoreError> {
        let folders = self.backend.folders(MODELS)?;
        // What is no name was not put here by a store; verify tells of it.
        let names = folders.iter().filter_map(|name| name.parse().ok());
        Ok(names.filter(|name| !matches!(self.head(&Log::versions(name)), Ok(0))).collect())
    }

    /// The number of the newest version of a model.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such model.
    pub fn latest(&self, name: &Name) -> Result<u64, StoreError> {
        match self.head(&Log::versions(name))? {
            0 => Err(StoreError::NotFound {
                what: format!("model {name}"),
                present: format!("no version of it at {}", self.url()),
            }),
            latest => Ok(latest),
        }
    }

    /// The number of the version that is meant.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such model, version or alias.
    pub fn resolve(&self, name: &Name, selector: &Selector) -> Result<u64, StoreError> {
        match selector {
            Selector::Latest => self.latest(name),
            Selector::Version(number) => Ok(*number),
            Selector::Alias(alias) => Ok(self.standing(name, alias)?.version),
        }
    }

    /// The manifest of a version, and the hash of its document. A policy has admitted it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none, [`StoreError::NotAdmitted`] when the policy says
    /// no, and what is wrong with it otherwise.
    pub fn manifest(&self, name: &Name, version: u64) -> Result<(Manifest, String), StoreError> {
        let checked = self.checked(name, version)?;
        Ok((Manifest::clone(&checked.manifest), checked.sha256.clone()))
    }

    fn checked(&self, name: &Name, version: u64) -> Result<Arc<Checked>, StoreError> {
        let place = Log::versions(name).place(version);
        let checked = self.manifests.read(&self.backend, &place, |bytes| {
            let manifest = Arc::new(Manifest::open(name, version, &bytes)?);
            let sha256 = digest::sha256(&bytes);
            Ok(Arc::new(Checked { bytes, manifest, sha256 }))
        })?;
        let Some(checked) = checked else { return Err(self.no_version(name, version)) };
        // What was damaged was named as such, and not as something that the policy has no word on.
        self.admit(name, version, &checked.bytes)?;
        Ok(checked)
    }

    /// The manifest of a version as it is stored, before it was checked and whatever the policy says.
    pub(super) fn manifest_bytes(&self, name: &Name, version: u64) -> Result<Vec<u8>, StoreError> {
        let place = Log::versions(name).place(version);
        match self.backend.read_small(&place, MAX_BYTES)? {
            Some(bytes) => Ok(bytes),
            None => Err(self.no_version(name, version)),
        }
    }

    /// Says that a version is not there, and what is.
    fn no_version(&self, name: &Name, version: u64) -> StoreError {
        let present = match self.latest(name) {
            Ok(latest) => format!("the newest, version {latest}"),
            Err(StoreError::NotFound { .. }) => "no version of it".to_owned(),
            Err(error) => return error,
        };
        StoreError::NotFound { what: format!("{name} version {version}"), present }
    }

    /// The signature of a version, where it has one. Nobody has verified it.
    ///
    /// # Errors
    /// When it cannot be read, or is larger than any signature.
    pub fn signature(&self, name: &Name, version: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let place = Log::versions(name).signature(version);
        self.backend.read_small(&place, MAX_SIGNATURE)
    }

    /// Asks the policy.
    pub(super) fn admit(
        &self,
        name: &Name,
        version: u64,
        manifest: &[u8],
    ) -> Result<(), StoreError> {
        let Some(policy) = &self.policy else { return Ok(()) };
        let signature = self.signature(name, version)?;
        let name = name.as_str();
        let asked = Admission { name, version, manifest, signature: signature.as_deref() };
        policy.admit(&asked).map_err(|reason| StoreError::NotAdmitted {
            name: name.to_owned(),
            version,
            reason,
        })
    }

    /// The manifest of the version that is meant. Where an alias says which, it is the one that the
    /// alias was set to, to the bit.
    ///
    /// # Errors
    /// As [`Store::resolve`] and [`Store::manifest`].
    pub fn find(&self, name: &Name, selector: &Selector) -> Result<Manifest, StoreError> {
        Ok(Arc::unwrap_or_clone(self.found(name, selector)?))
    }

    fn found(&self, name: &Name, selector: &Selector) -> Result<Arc<Manifest>, StoreError> {
        let Selector::Alias(alias) = selector else {
            let version = self.resolve(name, selector)?;
            return Ok(Arc::clone(&self.checked(name, version)?.manifest));
        };
        let entry = self.standing(name, alias)?;
        self.entry_manifest(name, alias, &entry)
    }

    /// The manifest that an entry of an alias stands on.
    pub(super) fn entry_manifest(
        &self,
        name: &Name,
        alias: &Alias,
        entry: &AliasEntry,
    ) -> Result<Arc<Manifest>, StoreError> {
        let checked = self.checked(name, entry.version)?;
        match checked.sha256 == entry.manifest_sha256 {
            true => Ok(Arc::clone(&checked.manifest)),
            false => Err(StoreError::document(
                &Log::versions(name).place(entry.version),
                format!("SHA-256 {}, as when alias {alias} was set", entry.manifest_sha256),
                &checked.sha256,
            )),
        }
    }

    // ------------------------------------------------------------ loading

    /// Loads a version: `production`, `3` or `latest` of `churn`.
    ///
    /// # Errors
    /// As [`Store::find`]; [`StoreError::Blob`] when a blob is missing or was changed.
    pub fn load(&self, name: &str, version: &str) -> Result<Loaded, StoreError> {
        self.load_manifest(self.found(&name.parse()?, &version.parse()?)?, &silent)
    }

    /// Loads the version of a manifest.
    ///
    /// # Errors
    /// [`StoreError::Blob`] when a blob is missing or was changed; when it makes no model.
    pub fn load_manifest(
        &self,
        manifest: impl Into<Arc<Manifest>>,
        progress: Progress<'_>,
    ) -> Result<Loaded, StoreError> {
        let manifest = manifest.into();
        let blob = manifest.model()?;
        let bytes = transfer::fetch(&self.backend, blob, progress)?;
        let options = DecodeOptions { limits: self.limits.clone(), ..DecodeOptions::default() };
        let parameters = Safetensors.view(&bytes, &options)?;
        if parameters.kind() != manifest.kind {
            let expected = format!("a {}, as its manifest says", manifest.kind);
            return Err(StoreError::blob(&blob.sha256, expected, parameters.kind()));
        }
        let model = from_parameters(&parameters)?;
        Ok(Loaded { manifest, parameters, model })
    }

    /// Writes the file of a version, safetensors, to `target`, going on where an earlier attempt
    /// stopped. It is there once it is whole and its hash was checked.
    ///
    /// # Errors
    /// [`StoreError::Blob`] when the blob is missing or was changed, [`StoreError::File`] when it
    /// cannot be written.
    pub fn download(
        &self,
        manifest: &Manifest,
        target: &Path,
        progress: Progress<'_>,
    ) -> Result<(), StoreError> {
        transfer::download(&self.backend, manifest.model()?, target, progress)
    }
}

/// A number that no other writer draws.
pub(super) fn nonce() -> String {
    format!("{:032x}", rand::random::<u128>())
}
