//! Files as a program that serves models uses them: save, read back, map.
//!
//! The only files that are mapped here are those that the run itself wrote into a private
//! directory: mapping a file that somebody else may truncate kills the process.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::base::storage::{Arena, PagePolicy, Storage, StorageError};

/// A file that is removed when it is dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // A file that is gone already is what we want.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Writes `bytes` to a new file; with `sync`, until the device has them.
///
/// # Errors
/// What the system says.
pub fn save(path: PathBuf, bytes: &[u8], sync: bool) -> std::io::Result<Scratch> {
    let mut file = File::create_new(&path)?;
    let scratch = Scratch(path);
    file.write_all(bytes)?;
    if sync {
        file.sync_all()?;
    }
    Ok(scratch)
}

/// Reads a whole file into a fresh arena.
///
/// # Errors
/// What the system says, and when the file is shorter than it said.
pub fn read(path: &Path, pages: PagePolicy) -> std::io::Result<Storage> {
    let mut file = File::open(path)?;
    let len = usize::try_from(file.metadata()?.len()).map_err(std::io::Error::other)?;
    let mut arena = Arena::zeroed(len, pages).map_err(std::io::Error::other)?;
    file.read_exact(arena.as_mut_slice())?;
    Ok(arena.into())
}

/// Maps a file that this process or its parent wrote into a private directory.
///
/// # Errors
/// What the system says.
pub fn map(path: &Path) -> Result<Storage, StorageError> {
    let file = File::open(path).map_err(StorageError::Map)?;
    // SAFETY: callers pass files of the run's own private directory (mode 0700), which nobody
    // truncates or changes while the run lasts.
    unsafe { Storage::map_file(&file) }
}

/// Reads one byte of each page, so that every page is there. The sum keeps the reads alive.
pub fn touch_pages(bytes: &[u8]) -> u64 {
    bytes.iter().step_by(4096).map(|byte| u64::from(*byte)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_read_mapped_and_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let bytes: Vec<u8> = (0..10_000u32).map(|n| n as u8).collect();
        let scratch = save(path.clone(), &bytes, true).unwrap();
        assert!(save(path.clone(), &bytes, false).is_err(), "a new file only");
        assert_eq!(read(&path, PagePolicy::Small).unwrap().as_bytes(), bytes);
        assert_eq!(map(&path).unwrap().as_bytes(), bytes);
        assert_eq!(
            touch_pages(&bytes),
            u64::from(bytes[0]) + u64::from(bytes[4096]) + u64::from(bytes[8192])
        );
        drop(scratch);
        assert!(!path.exists());
    }
}
