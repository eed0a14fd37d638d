//! From an address to the client of a backend.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::multipart::MultipartStore;
use object_store::path::Path;

use super::StoreError;

/// A backend, and where in it the store is.
pub(super) struct Opened {
    pub objects: Arc<dyn ObjectStore>,
    /// The same as uploads part by part, where it is a cloud.
    pub parts: Option<Arc<dyn MultipartStore>>,
    pub prefix: Path,
    pub folder: Option<PathBuf>,
}

/// Opens a directory, `file://`, or an address of a cloud.
pub(super) fn open(url: &str, make: bool, durable: bool) -> Result<Opened, StoreError> {
    let wrong = |message: String| StoreError::Url { url: url.to_owned(), message };
    match url.split_once("://") {
        Some(("file", path)) if path.starts_with('/') => {
            directory(url, decoded(path).map_err(wrong)?.as_ref(), make, durable)
        }
        Some(("file", _)) => Err(wrong("expected file:///PATH with a path from the root".into())),
        Some((scheme, _)) => super::cloud::open(url, scheme),
        None if url.is_empty() => Err(wrong("expected a directory, found nothing".into())),
        None => directory(url, url.as_ref(), make, durable),
    }
}

/// The path of a `file://` address: `%20` is a space. What is no such pair of digits, or stands for what
/// no part of a path can hold, is refused and not guessed at.
fn decoded(path: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut parts = path.split('%');
    bytes.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        let digit = |c: &u8| char::from(*c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let byte = match digits.as_bytes() {
            [high, low] => digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        match byte {
            Some(byte) if !matches!(byte, 0 | b'/') => bytes.push(byte),
            Some(_) => return Err(format!("expected a part of a path, found %{digits}")),
            None => {
                return Err(format!(
                    "expected two hexadecimal digits behind every %, found %{digits}; %25 is the sign itself"
                ));
            }
        }
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).map_err(|_| "expected a path in UTF-8, found other bytes".to_owned())
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
    Ok(Opened { objects, parts: None, prefix: Path::default(), folder: Some(folder) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_files_are_decoded_strictly() {
        for (given, path) in [
            ("/a/b", "/a/b"),
            ("/a%20b", "/a b"),
            ("/a b", "/a b"),
            ("/%C3%a9/100%25", "/é/100%"),
            ("/a%2520b", "/a%20b"),
        ] {
            assert_eq!(decoded(given).as_deref(), Ok(path), "{given}");
        }
        for (given, found) in [
            ("/a%", "found %;"),
            ("/a%2", "found %2;"),
            ("/a%zz", "found %zz;"),
            ("/a%+1", "found %+1;"),
            ("/a%é", "hexadecimal digits"),
            ("/a%%20", "found %;"),
            ("/a%00", "found %00"),
            ("/a%2Fb", "found %2F"),
            ("/a%FF", "UTF-8"),
        ] {
            let error = decoded(given).unwrap_err();
            assert!(error.contains(found), "{given}: {error}");
        }
    }
}
