//! The few operations that a store needs of the place it is in, without a future in sight.
//!
//! Documents are written once: [`Backend::create`] fails where something is already. Blobs have the place
//! of their hash, so that one may be written over wrong bytes, whole or not at all. A backend needs no
//! update, no lock and no order of listing. The work is done on the thread that asks; clients of
//! clouds have a runtime of their own behind them.
//!
//! What is in a directory is read by plain calls of the system: a load is a dozen of them, and going
//! through a client that parses an address for each took longer than the calls themselves.

use std::fs::{File, Metadata};
use std::future::Future;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt;
use jiff::Timestamp;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{
    MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
};

use super::StoreError;
use super::address::{self, Opened};
use super::layout;
use super::remembered::{self, Identity};

/// What is known of an object without reading it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub size: u64,
    /// By the clock of the backend.
    pub modified: Timestamp,
}

/// The bytes of a document, and what tells its file, where it is one of a directory.
pub(super) type Document = (Vec<u8>, Option<Identity>);

/// Where a store is.
pub(super) struct Backend {
    objects: Arc<dyn ObjectStore>,
    /// The same as uploads part by part, where it is a cloud.
    parts: Option<Arc<dyn MultipartStore>>,
    prefix: Path,
    url: String,
    /// The folder, where it is one of this machine.
    folder: Option<PathBuf>,
    /// The device of the folder, where a change in a folder shows in its times.
    telling_device: Option<u64>,
    #[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
    runtime: Option<&'static tokio::runtime::Runtime>,
}

impl Backend {
    /// Opens the place of an address; `make` makes a directory that is not there.
    pub fn open(url: &str, make: bool, durable: bool) -> Result<Self, StoreError> {
        let Opened { objects, parts, prefix, folder } = address::open(url, make, durable)?;
        Ok(Backend {
            objects,
            parts,
            prefix,
            url: url.to_owned(),
            #[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
            runtime: match &folder {
                Some(_) => None,
                None => Some(super::cloud::runtime(url)?),
            },
            telling_device: folder.as_deref().and_then(remembered::telling_device),
            folder,
        })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_deref()
    }

    /// Waits for a future on this thread.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        // Clients of clouds find their timers and sockets by this; a directory needs none.
        #[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
        let _entered = self.runtime.map(|runtime| runtime.enter());
        pollster::block_on(future)
    }

    fn path(&self, place: &str) -> Path {
        self.prefix.parts().chain(Path::from(place).parts()).collect()
    }

    /// The place of a path inside of the store.
    fn place(&self, path: &Path) -> String {
        let parts: Option<Vec<_>> = path.prefix_match(&self.prefix).map(Iterator::collect);
        let parts = parts.unwrap_or_default();
        parts.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("/")
    }

    fn failed(&self, place: &str, action: &'static str, error: object_store::Error) -> StoreError {
        let place = format!("{}/{place}", self.url.trim_end_matches('/'));
        StoreError::Backend { place, action, source: Box::new(error) }
    }

    fn present<T>(
        &self,
        place: &str,
        action: &'static str,
        result: object_store::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(place, action, error)),
        }
    }

    /// An error of a file of the directory, with its path.
    fn file_failed(&self, place: &str, action: &'static str, source: std::io::Error) -> StoreError {
        let folder = self.folder.as_deref().unwrap_or(std::path::Path::new(""));
        StoreError::File { path: folder.join(place), action, source }
    }

    /// What is known of an object; `None` when it is not there.
    pub fn head(&self, place: &str) -> Result<Option<Found>, StoreError> {
        if let Some(folder) = &self.folder {
            return match std::fs::metadata(folder.join(place)) {
                Ok(metadata) if metadata.is_dir() => Ok(None),
                Ok(metadata) => Ok(Some(found_file(&metadata))),
                Err(error) if is_missing(&error) => Ok(None),
                Err(error) => Err(self.file_failed(place, "look at it", error)),
            };
        }
        let path = self.path(place);
        let result = self.wait(self.objects.head(&path));
        Ok(self.present(place, "look at it", result)?.as_ref().map(found))
    }

    /// Tells a file of a directory from another at its place; `None` where it is not there, and in a cloud.
    pub fn identity(&self, place: &str) -> Option<Identity> {
        Identity::of(&std::fs::metadata(self.folder.as_ref()?.join(place)).ok()?)
    }

    /// Tells whether something was put into a folder or taken away since; `None` where it is not there, in a
    /// cloud, and where the file system is none of those whose folders have times of their own: what makes a
    /// directory of a bucket often gives every folder the same for ever. Below the store's own folder there
    /// may be links to others.
    pub fn folder_identity(&self, place: &str) -> Option<Identity> {
        let device = self.telling_device?;
        self.identity(place).filter(|folder| folder.is_on(device))
    }

    /// The bytes of a document; `None` when it is not there. It is not read when it is too large.
    pub fn read_small(&self, place: &str, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.read_identified(place, limit)?.map(|(bytes, _)| bytes))
    }

    /// As [`Backend::read_small`], with what tells the file, where it is one of a directory.
    pub fn read_identified(&self, place: &str, limit: u64) -> Result<Option<Document>, StoreError> {
        let too_large = |size: u64| {
            let found = format!("{size} bytes");
            Err(StoreError::document(place, format!("at most {limit} bytes"), found))
        };
        if let Some(folder) = &self.folder {
            let Some((mut file, metadata)) = self.regular_file(folder, place)? else {
                return Ok(None);
            };
            let size = metadata.len();
            if size > limit {
                return too_large(size);
            }
            let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
            file.read_exact(&mut bytes)
                .map_err(|error| self.file_failed(place, "read it", error))?;
            return Ok(Some((bytes, Identity::of(&metadata))));
        }
        let path = self.path(place);
        let Some(result) = self.present(place, "read it", self.wait(self.objects.get(&path)))?
        else {
            return Ok(None);
        };
        if result.meta.size > limit {
            return too_large(result.meta.size);
        }
        let bytes =
            self.wait(result.bytes()).map_err(|error| self.failed(place, "read it", error))?;
        Ok(Some((bytes.into(), None)))
    }

    /// An object of a directory as a file, with its size in bytes; `None` when it is not there.
    pub fn file(
        &self,
        folder: &std::path::Path,
        place: &str,
    ) -> Result<Option<(File, u64)>, StoreError> {
        let found = self.regular_file(folder, place)?;
        Ok(found.map(|(file, metadata)| (file, metadata.len())))
    }

    fn regular_file(
        &self,
        folder: &std::path::Path,
        place: &str,
    ) -> Result<Option<(File, Metadata)>, StoreError> {
        let mut options = File::options();
        options.read(true);
        // Who can write to the directory can put a pipe there: opening it would wait for ever.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
        let opened = options.open(folder.join(place));
        match opened.and_then(|file| Ok((file.metadata()?, file))) {
            Ok((metadata, file)) if metadata.is_file() => Ok(Some((file, metadata))),
            Ok((metadata, _)) if metadata.is_dir() => Ok(None),
            Ok(_) => Err(StoreError::document(place, "a regular file", "a pipe or device")),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.file_failed(place, "read it", error)),
        }
    }

    /// All bytes of a part of an object.
    pub async fn part(&self, place: &str, from: u64, to: u64) -> Result<bytes::Bytes, StoreError> {
        let path = self.path(place);
        let result = self.objects.get_range(&path, from..to).await;
        result.map_err(|error| self.failed(place, "read it", error))
    }

    /// Writes an object that must not be there yet; false when it is, and is another's.
    ///
    /// A client that lost the answer asks again and is told that the object is there: it is its own,
    /// then, when it has these bytes. Documents hold a number that no two writers draw.
    pub fn create(&self, place: &str, bytes: Vec<u8>) -> Result<bool, StoreError> {
        let path = self.path(place);
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let bytes = bytes::Bytes::from(bytes);
        let payload = PutPayload::from(bytes.clone());
        let put = || self.wait(self.objects.put_opts(&path, payload.clone(), options.clone()));
        match again(put) {
            Ok(_) => Ok(true),
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => Ok(self
                .read_small(place, bytes.len() as u64)
                .ok()
                .flatten()
                .is_some_and(|found| found == bytes)),
            Err(error) => Err(self.failed(place, "write it", error)),
        }
    }

    /// Writes an object whole, over one that is there.
    pub fn put(&self, place: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let path = self.path(place);
        let payload = PutPayload::from(bytes);
        let result = again(|| self.wait(self.objects.put(&path, payload.clone())));
        result.map(drop).map_err(|error| self.failed(place, "write it", error))
    }

    /// Begins an object of many parts; it is there when the last part is.
    pub fn begin(&self, place: &str) -> Result<Box<dyn MultipartUpload>, StoreError> {
        let path = self.path(place);
        let result = self.wait(self.objects.put_multipart(&path));
        result.map_err(|error| self.failed(place, "write it", error))
    }

    /// Uploads part by part, which can be gone on with later; `None` where it is a directory.
    pub fn parts(&self) -> Option<&Arc<dyn MultipartStore>> {
        self.parts.as_ref()
    }

    /// Where an object is by the names of the backend.
    pub fn object(&self, place: &str) -> Path {
        self.path(place)
    }

    /// An error of an upload, with its place.
    pub fn upload_failed(&self, place: &str, error: object_store::Error) -> StoreError {
        self.failed(place, "write it", error)
    }

    /// Says that an object is as new as one that is written now; false when that cannot be said.
    pub fn touch(&self, place: &str) -> bool {
        let Some(folder) = &self.folder else { return false };
        let touch = || {
            std::fs::File::options()
                .write(true)
                .open(folder.join(place))?
                .set_modified(std::time::SystemTime::now())
        };
        touch().is_ok()
    }

    pub fn delete(&self, place: &str) -> Result<(), StoreError> {
        let path = self.path(place);
        let result = self.wait(self.objects.delete(&path));
        self.present(place, "delete it", result).map(drop)
    }

    /// Moves an object; false when it is not there. In a directory that is one step. In a cloud it is a
    /// copy and a deletion, and others may come between them.
    pub fn rename(&self, from: &str, to: &str) -> Result<bool, StoreError> {
        let (path, target) = (self.path(from), self.path(to));
        let result = self.wait(self.objects.rename(&path, &target));
        Ok(self.present(from, "move it", result)?.is_some())
    }

    /// Gives an object a second place, over what is there; false when the object is not there.
    pub fn copy(&self, from: &str, to: &str) -> Result<bool, StoreError> {
        let (path, target) = (self.path(from), self.path(to));
        let result = self.wait(self.objects.copy(&path, &target));
        Ok(self.present(from, "copy it", result)?.is_some())
    }

    /// Gives an object a second place, which had none a moment ago. In a directory nothing that came
    /// there meanwhile is written over; clouds have no such copy.
    pub fn copy_to_free(&self, from: &str, to: &str) -> Result<bool, StoreError> {
        if self.folder.is_none() {
            return self.copy(from, to);
        }
        let (path, target) = (self.path(from), self.path(to));
        match self.wait(self.objects.copy_if_not_exists(&path, &target)) {
            Err(object_store::Error::AlreadyExists { .. }) => Ok(true),
            result => Ok(self.present(from, "copy it", result)?.is_some()),
        }
    }

    /// The places in the trash where a blob waits, in order: one for each collection that took it.
    pub fn in_trash(&self, sha256: &str) -> Result<Vec<String>, StoreError> {
        let mut places = Vec::new();
        self.each(&layout::trash_folder(sha256), |place, _| {
            if layout::sha256_of(&place) == Some(sha256) {
                places.push(place);
            }
            Ok(())
        })?;
        places.sort();
        Ok(places)
    }

    /// The names of the folders directly in a folder, in order.
    pub fn folders(&self, place: &str) -> Result<Vec<String>, StoreError> {
        let path = self.path(place);
        let result = self.wait(self.objects.list_with_delimiter(Some(&path)));
        let listed = self.present(place, "list it", result)?;
        let prefixes = listed.map(|listed| listed.common_prefixes).unwrap_or_default();
        let names = prefixes.iter().filter_map(|path| path.filename().map(str::to_owned));
        let mut names: Vec<String> = names.collect();
        names.sort();
        Ok(names)
    }

    /// Every object below a folder, in no order, one at a time.
    pub fn each(
        &self,
        place: &str,
        mut visit: impl FnMut(String, Found) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let path = self.path(place);
        let mut objects = self.objects.list(Some(&path));
        while let Some(object) = self.wait(objects.next()) {
            // What another process deletes meanwhile is not there: no reason to stop.
            if let Some(object) = self.present(place, "list it", object)? {
                visit(self.place(&object.location), found(&object))?;
            }
        }
        Ok(())
    }

    /// The time by the clock that [`Found::modified`] is of: that of an object that is written now.
    pub fn now(&self, nonce: &str) -> Result<Timestamp, StoreError> {
        let place = layout::clock(nonce);
        self.put(&place, nonce.as_bytes().to_vec())?;
        let found = self.head(&place)?;
        self.delete(&place)?;
        found
            .map(|found| found.modified)
            .ok_or_else(|| StoreError::document(&place, "the object that was just written", "none"))
    }
}

/// Writes, and writes again where the piece that was written went away before it got its name: a
/// collection without a grace period takes it for one of a writer that was killed.
fn again<T>(mut write: impl FnMut() -> object_store::Result<T>) -> Result<T, object_store::Error> {
    /// A collection lists and deletes for longer than such a write takes.
    const ATTEMPTS: usize = 5;
    for _ in 1..ATTEMPTS {
        match write() {
            Err(error) if is_gone(&error) => {}
            result => return result,
        }
    }
    write()
}

/// True where the system said that a file is not there.
fn is_gone(error: &object_store::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<std::io::Error>().is_some_and(is_missing) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// True for what a path that leads nowhere is answered with.
fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn found_file(metadata: &Metadata) -> Found {
    let modified = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    Found { size: metadata.len(), modified: modified.unwrap_or(Timestamp::MAX) }
}

fn found(object: &ObjectMeta) -> Found {
    let modified = object.last_modified.timestamp_millis();
    // Beyond the years that can be told: as new as can be, so that nothing is deleted for its age.
    let modified = Timestamp::from_millisecond(modified).unwrap_or(Timestamp::MAX);
    Found { size: object.size, modified }
}
