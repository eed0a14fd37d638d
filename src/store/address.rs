//! From an address to the client of a backend.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;

use super::StoreError;

/// A backend, and where in it the store is.
pub(super) struct Opened {
    pub objects: Arc<dyn ObjectStore>,
    pub prefix: Path,
    pub folder: Option<PathBuf>,
}

/// Opens a directory, `file://`, or an address of a cloud.
pub(super) fn open(url: &str, make: bool, durable: bool) -> Result<Opened, StoreError> {
    let wrong = |message: String| StoreError::Url { url: url.to_owned(), message };
    match url.split_once("://") {
        Some(("file", path)) if path.starts_with('/') => {
            directory(url, path.as_ref(), make, durable)
        }
        Some(("file", _)) => Err(wrong("expected file:///PATH with a path from the root".into())),
        Some((scheme, _)) => super::cloud::open(url, scheme),
        None if url.is_empty() => Err(wrong("expected a directory, found nothing".into())),
        None => directory(url, url.as_ref(), make, durable),
    }
}

fn directory(url: &str, path: &FilePath, make: bool, durable: bool) -> Result<Opened, StoreError> {
    let failed = |action, source| StoreError::File { path: path.to_owned(), action, source };
    if make {
        std::fs::create_dir_all(path).map_err(|error| failed("make the directory", error))?;
    }
    let folder = match path.canonicalize() {
        Ok(folder) => folder,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(StoreError::NoStore { url: url.to_owned() });
        }
        Err(error) => return Err(failed("open the directory", error)),
    };
    let objects = LocalFileSystem::new_with_prefix(&folder)
        .map_err(|error| StoreError::Url { url: url.to_owned(), message: error.to_string() })?;
    let objects = Arc::new(objects.with_fsync(durable));
    Ok(Opened { objects, prefix: Path::default(), folder: Some(folder) })
}
