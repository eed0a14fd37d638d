//! The few operations that a store needs of the place it is in, without a future in sight.
//!
//! Documents are written once: [`Backend::create`] fails where something is already. Blobs have the place
//! of their hash, so that one may be written over wrong bytes, whole or not at all. A backend needs no
//! update, no lock and no order of listing. The work is done on the thread that asks; clients of
//! clouds have a runtime of their own behind them.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt;
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, GetResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutOptions, PutPayload,
};

use super::StoreError;
use super::address::{self, Opened};
use super::layout;

/// What is known of an object without reading it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub size: u64,
    /// By the clock of the backend.
    pub modified: Timestamp,
}

/// Where a store is.
pub(super) struct Backend {
    objects: Arc<dyn ObjectStore>,
    prefix: Path,
    url: String,
    /// The folder, where it is one of this machine.
    folder: Option<PathBuf>,
    #[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
    runtime: Option<&'static tokio::runtime::Runtime>,
}

impl Backend {
    /// Opens the place of an address; `make` makes a directory that is not there.
    pub fn open(url: &str, make: bool, durable: bool) -> Result<Self, StoreError> {
        let Opened { objects, prefix, folder } = address::open(url, make, durable)?;
        Ok(Backend {
            objects,
            prefix,
            url: url.to_owned(),
            #[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
            runtime: match &folder {
                Some(_) => None,
                None => Some(super::cloud::runtime(url)?),
            },
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

    /// What is known of an object; `None` when it is not there.
    pub fn head(&self, place: &str) -> Result<Option<Found>, StoreError> {
        let path = self.path(place);
        let result = self.wait(self.objects.head(&path));
        Ok(self.present(place, "look at it", result)?.as_ref().map(found))
    }

    /// The bytes of a document; `None` when it is not there. It is not read when it is too large.
    pub fn read_small(&self, place: &str, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path(place);
        let Some(result) = self.present(place, "read it", self.wait(self.objects.get(&path)))?
        else {
            return Ok(None);
        };
        if result.meta.size > limit {
            let found = format!("{} bytes", result.meta.size);
            return Err(StoreError::document(place, format!("at most {limit} bytes"), found));
        }
        let bytes =
            self.wait(result.bytes()).map_err(|error| self.failed(place, "read it", error))?;
        Ok(Some(bytes.into()))
    }

    /// An object from a byte on, as a stream or a file; `None` when it is not there.
    pub fn get(&self, place: &str, from: u64, to: u64) -> Result<Option<GetResult>, StoreError> {
        let range = (from > 0 || to > from).then_some(GetRange::Bounded(from..to));
        let options = GetOptions { range, ..GetOptions::default() };
        let path = self.path(place);
        let result = self.wait(self.objects.get_opts(&path, options));
        self.present(place, "read it", result)
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
        match self.wait(self.objects.put_opts(&path, payload, options)) {
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
        let result = self.wait(self.objects.put(&path, PutPayload::from(bytes)));
        result.map(drop).map_err(|error| self.failed(place, "write it", error))
    }

    /// Begins an object of many parts; it is there when the last part is.
    pub fn begin(&self, place: &str) -> Result<Box<dyn MultipartUpload>, StoreError> {
        let path = self.path(place);
        let result = self.wait(self.objects.put_multipart(&path));
        result.map_err(|error| self.failed(place, "write it", error))
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

    /// Gives an object a second place; false when it is not there.
    pub fn copy(&self, from: &str, to: &str) -> Result<bool, StoreError> {
        let (path, target) = (self.path(from), self.path(to));
        let result = self.wait(self.objects.copy(&path, &target));
        Ok(self.present(from, "copy it", result)?.is_some())
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

fn found(object: &ObjectMeta) -> Found {
    let modified = object.last_modified.timestamp_millis();
    // Beyond the years that can be told: as new as can be, so that nothing is deleted for its age.
    let modified = Timestamp::from_millisecond(modified).unwrap_or(Timestamp::MAX);
    Found { size: object.size, modified }
}
