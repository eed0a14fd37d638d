//! A new version: its blob first, then its manifest, which makes it one.
//!
//! A writer that dies before the manifest leaves a blob that nothing refers to. One that dies after it
//! has put the version, though it could not say so any more.

use super::layout::{self, BLOBS, Log};
use super::manifest::{
    self, Blob, FORMAT, FORMAT_VERSION, FormatVersion, Manifest, Metrics, Origin,
};
use super::open::nonce;
use super::upload::{self, Hashed, Upload};
use super::{Name, Progress, Store, StoreError, hyper_parameters, silent, transfer};
use crate::base::parameters::PLAIN_ARRAYS;
use crate::base::{Parameters, Value};
use crate::formats::safetensors::Safetensors;
use crate::formats::{Format, FormatError};
use crate::models::registry::from_parameters;

/// A blob of a cloud that is younger than this is not sent again to make it young.
const YOUNG_HOURS: i64 = 1;

/// What becomes a version.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// The model.
    pub name: Name,
    /// What it holds.
    pub parameters: Parameters,
    /// What was measured of it; names of letters, digits and `_`.
    pub metrics: Metrics,
    /// SHA-256 of the data that it was trained on.
    pub dataset_sha256: Option<String>,
    /// The seed of its training; `random_state` of the model where none is given.
    pub seed: Option<u64>,
    /// The file that it was imported from; without one, what is stored counts as the original.
    pub file: Option<ImportedFile>,
}

/// The file that a version was imported from.
#[derive(Debug, Clone)]
pub struct ImportedFile {
    /// Its format.
    pub format: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// How many bytes it has.
    pub bytes: u64,
}

impl NewVersion {
    /// A version of which only the parameters are known.
    pub fn new(name: Name, parameters: Parameters) -> Self {
        NewVersion {
            name,
            parameters,
            metrics: Metrics::default(),
            dataset_sha256: None,
            seed: None,
            file: None,
        }
    }
}

impl Store {
    /// Puts a new version: validates the model, sends its blob, and then its manifest.
    ///
    /// # Errors
    /// [`StoreError::PlainArrays`] and [`StoreError::Model`] for what is no valid model;
    /// [`StoreError::Gap`] when the manifest of a number that was given is missing; when it cannot be
    /// stored. Then there is no new version, unless its manifest was there already and what
    /// failed was the last look at its blob.
    pub fn put(&self, version: NewVersion) -> Result<Manifest, StoreError> {
        self.put_watched(version, &silent)
    }

    /// As [`Store::put`]; `progress` is told what was sent.
    ///
    /// # Errors
    /// As [`Store::put`].
    pub fn put_watched(
        &self,
        version: NewVersion,
        progress: Progress<'_>,
    ) -> Result<Manifest, StoreError> {
        if version.parameters.kind() == PLAIN_ARRAYS {
            return Err(StoreError::PlainArrays);
        }
        from_parameters(&version.parameters)?.validate()?;
        let mut hashed = Hashed::default();
        Safetensors.write(&version.parameters, &mut hashed)?;
        let blob = hashed.blob(manifest::MODEL);
        let draft = self.draft(&version, &blob);
        let log = Log::versions(&version.name);
        // Refused before anything is sent.
        draft.check(&log.place(1))?;
        // One that is there is read: a put is what mends a blob whose bytes were changed.
        let place = layout::blob(BLOBS, &blob.sha256);
        match self.is_there(&blob)? && transfer::is_whole(&self.backend, &place, &blob, progress)? {
            true => upload::is_over(&self.backend, self.uploads(), &blob),
            false => self.send(&version.parameters, &blob, progress)?,
        }
        let manifest = self.heads.append(&self.backend, &log, |number| {
            self.check_never_given(&version.name, number)?;
            let manifest = Manifest { version: number, ..draft.clone() };
            let bytes = manifest::SCHEMA.seal(&log.place(number), &manifest)?;
            Ok((manifest, Some(bytes)))
        })?;
        // A collection that began before the manifest was there may have taken the blob away: see
        // collect.rs. From here on none does.
        if !self.is_there(&blob)? {
            self.send(&version.parameters, &blob, &silent)?;
        }
        Ok(manifest)
    }

    fn draft(&self, version: &NewVersion, blob: &Blob) -> Manifest {
        let parameters = &version.parameters;
        let (library, library_version) = parameters.origin();
        let hyper_parameters = hyper_parameters::of(parameters);
        let random_state = match hyper_parameters.get("random_state") {
            Some(Value::Integer(seed)) => u64::try_from(*seed).ok(),
            _ => None,
        };
        let file = version.file.as_ref();
        Manifest {
            name: version.name.to_string(),
            version: 1,
            kind: parameters.kind().to_owned(),
            layout_version: parameters.layout_version(),
            format: FormatVersion { id: FORMAT.to_owned(), version: FORMAT_VERSION },
            content: parameters.content().id().to_owned(),
            blobs: vec![blob.clone()],
            dataset_sha256: version.dataset_sha256.clone(),
            hyper_parameters: Value::Map(hyper_parameters),
            seed: version.seed.or(random_state),
            metrics: version.metrics.clone(),
            origin: Origin {
                library: library.map(str::to_owned),
                version: library_version.map(str::to_owned),
                format: file.map_or(FORMAT, |file| &file.format).to_owned(),
                file_sha256: file.map_or(&blob.sha256, |file| &file.sha256).clone(),
                file_bytes: file.map_or(blob.size, |file| file.bytes),
                // Not scanned is never clean.
                scan_verdict: "not-scanned".to_owned(),
            },
            created: self.now(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            nonce: nonce(),
        }
    }

    /// Refuses a number that something in the store still speaks of: its manifest was taken away. Where
    /// nothing does, it cannot be told from one that was never given.
    fn check_never_given(&self, name: &Name, number: u64) -> Result<(), StoreError> {
        let log = Log::versions(name);
        let mut present = None;
        let signature = log.signature(number);
        if self.backend.head(&signature)?.is_some() {
            present = Some(signature);
        }
        for alias in self.backend.folders(&layout::aliases(name))? {
            let Ok(alias) = alias.parse() else { continue };
            match self.alias(name, &alias) {
                Ok(Some(entry)) if Some(entry.version).max(entry.previous) >= Some(number) => {
                    present = Some(Log::alias(name, &alias).place(entry.number));
                }
                Err(error @ (StoreError::Backend { .. } | StoreError::File { .. })) => {
                    return Err(error);
                }
                // What is damaged bears witness to nothing, and stops nobody.
                _ => {}
            }
        }
        let missing = log.place(number);
        match present {
            // Another writer may have been faster, and an alias with it: then the manifest is there.
            Some(present) if self.backend.head(&missing)?.is_none() => {
                Err(StoreError::Gap { missing, present })
            }
            _ => Ok(()),
        }
    }

    /// True when a blob of that name and size is there, and young enough that no collection takes it.
    fn is_there(&self, wanted: &Blob) -> Result<bool, StoreError> {
        let place = layout::blob(BLOBS, &wanted.sha256);
        let Some(found) = self.backend.head(&place)? else { return Ok(false) };
        let age = self.now().duration_since(found.modified);
        let young = self.backend.folder().is_none() && age.as_hours() < YOUNG_HOURS;
        // What no version refers to may be old enough to be collected: it is made young first.
        Ok(found.size == wanted.size && (young || self.backend.touch(&place)))
    }

    /// Sends a blob, over one that is there. Its place is its hash, so that right bytes can only
    /// replace wrong ones or the same.
    fn send(
        &self,
        parameters: &Parameters,
        wanted: &Blob,
        progress: Progress<'_>,
    ) -> Result<(), StoreError> {
        let mut upload = Upload::new(&self.backend, wanted, self.uploads(), progress);
        match write(parameters, wanted, &mut upload) {
            // An upload of days ago, which the bucket ended by its rule: once more, from the beginning.
            Err(_) if upload.is_stale() => {
                drop(upload);
                let mut upload = Upload::new(&self.backend, wanted, self.uploads(), progress);
                write(parameters, wanted, &mut upload)
            }
            result => result,
        }
    }
}

/// Writes the file of a model to an upload.
fn write(
    parameters: &Parameters,
    wanted: &Blob,
    upload: &mut Upload<'_>,
) -> Result<(), StoreError> {
    match Safetensors.write(parameters, upload) {
        Ok(_) => upload.finish(wanted),
        Err(FormatError::Write(error)) => Err(match upload.failure() {
            Some(failure) => failure,
            None => FormatError::Write(error).into(),
        }),
        Err(error) => Err(error.into()),
    }
}
