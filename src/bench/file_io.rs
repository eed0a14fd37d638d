//! Files as a program that serves models uses them: save, read back, map.
//!
//! A cold read is one of a file whose pages are not in the page cache. Asking the kernel to drop them
//! is a request that it may refuse (dirty pages, another mapping, a file system in memory), so that
//! nothing is called cold before the kernel was asked again how many pages are still there.
//!
//! The only files that are mapped here are those that the run itself wrote into a private
//! directory: mapping a file that somebody else may truncate kills the process.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::BenchError;
use crate::base::storage::{Arena, PagePolicy, Storage, StorageError};

/// Gathers the small pieces that codecs write; what is longer goes to the file from where it lies.
const BUFFER: usize = 1 << 16;

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
    save_with(path, sync, |file| file.write_all(bytes))
}

/// Lets `write` fill a new file; with `sync`, until the device has it.
///
/// # Errors
/// What `write` says, or the system.
pub fn save_with<E: From<std::io::Error>>(
    path: PathBuf,
    sync: bool,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<Scratch, E> {
    let file = File::create_new(&path)?;
    let scratch = Scratch(path);
    let mut buffered = BufWriter::with_capacity(BUFFER, file);
    write(&mut buffered)?;
    buffered.flush()?;
    if sync {
        buffered.get_ref().sync_all()?;
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
    arena.fill(&mut file, 0..len)?;
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

/// Puts a file out of the page cache and looks whether it is out. What is dirty is written first,
/// since only clean pages are dropped. The directory entry and where the file's blocks lie stay known.
///
/// # Errors
/// `cold not verified: ...` with the reason: pages that stayed, or a system that does not tell.
pub fn evict(path: &Path) -> Result<(), String> {
    let not_verified = |why: String| format!("cold not verified: {why}");
    let file = File::open(path).map_err(|error| not_verified(error.to_string()))?;
    drop_pages(&file).map_err(|error| not_verified(format!("cannot drop the pages: {error}")))?;
    match cached_pages(&file) {
        Ok(0) => Ok(()),
        Ok(pages) => Err(not_verified(format!("{pages} pages stayed in the page cache"))),
        Err(error) => {
            Err(not_verified(format!("the system does not tell what is cached: {error}")))
        }
    }
}

/// Why no file below a directory can be read cold, if none can: asked once, with a file of its own.
pub fn why_not_cold(dir: &Path) -> Option<String> {
    let name = dir.join(format!("cold-{}", std::process::id()));
    match save(name, &[1; 1 << 16], false) {
        Ok(scratch) => evict(&scratch.0).err(),
        Err(error) => Some(format!("cold not verified: {error}")),
    }
}

#[cfg(target_os = "linux")]
fn drop_pages(file: &File) -> std::io::Result<()> {
    rustix::fs::fsync(file)?;
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn drop_pages(_: &File) -> std::io::Result<()> {
    Err(std::io::Error::other("only Linux is asked"))
}

/// Pages of a file that are in the page cache: `cachestat(2)` of Linux 6.5, `mincore(2)` before.
#[cfg(target_os = "linux")]
fn cached_pages(file: &File) -> std::io::Result<u64> {
    match cachestat(file) {
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => resident_pages(file),
        other => other,
    }
}

#[cfg(not(target_os = "linux"))]
fn cached_pages(_: &File) -> std::io::Result<u64> {
    Err(std::io::Error::other("only Linux tells"))
}

/// `include/uapi/linux/mman.h`: a range of offset and length, where a length of 0 is the whole file.
#[cfg(target_os = "linux")]
#[repr(C)]
struct CachestatRange {
    offset: u64,
    length: u64,
}

/// The same header: numbers of pages.
#[cfg(target_os = "linux")]
#[repr(C)]
#[derive(Default)]
struct Cachestat {
    cached: u64,
    dirty: u64,
    writeback: u64,
    evicted: u64,
    recently_evicted: u64,
}

#[cfg(target_os = "linux")]
fn cachestat(file: &File) -> std::io::Result<u64> {
    use std::os::fd::AsRawFd;
    /// The same on every architecture but alpha; neither libc nor rustix has a function for it.
    const SYS_CACHESTAT: libc::c_long = 451;
    let range = CachestatRange { offset: 0, length: 0 };
    let mut found = Cachestat::default();
    // SAFETY: both structures are laid out as the kernel's and live during the call, which reads the
    // first and writes the second; the descriptor is open.
    let result = unsafe {
        libc::syscall(SYS_CACHESTAT, file.as_raw_fd(), &raw const range, &raw mut found, 0)
    };
    if result != 0 {
        return Err(std::io::Error::last_os_error());
    }
    // What is under writeback is there as well, and counted among the cached.
    Ok(found.cached.max(found.dirty).max(found.writeback))
}

#[cfg(target_os = "linux")]
fn resident_pages(file: &File) -> std::io::Result<u64> {
    // SAFETY: callers pass files of the run's own private directory (mode 0700), which nobody
    // truncates or changes while the run lasts.
    let map = unsafe { Storage::map_file(file) }.map_err(std::io::Error::other)?;
    let bytes = map.as_bytes();
    let mut pages = vec![0u8; bytes.len().div_ceil(page_size())];
    // SAFETY: the range is a live mapping that begins at a page, and there is a byte for each of its
    // pages to be written to.
    let result = unsafe {
        libc::mincore(bytes.as_ptr().cast_mut().cast(), bytes.len(), pages.as_mut_ptr().cast())
    };
    match result {
        0 => Ok(pages.iter().filter(|page| **page & 1 == 1).count() as u64),
        _ => Err(std::io::Error::last_os_error()),
    }
}

#[cfg(target_os = "linux")]
fn page_size() -> usize {
    // SAFETY: the call reads a constant of the system and touches no memory of ours.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096).max(1)
}

/// A private directory for the files of a run, removed when it is dropped, in [`place_of_files`].
///
/// # Errors
/// [`BenchError::Io`] when it cannot be made.
pub fn private_directory(instead: &Path) -> Result<tempfile::TempDir, BenchError> {
    let place = place_of_files(instead);
    tempfile::Builder::new()
        .prefix("deadweight-")
        .tempdir_in(&place)
        .map_err(|error| BenchError::io("cannot create", &place, error))
}

/// Reads a file to its end, so that all of it is in the page cache again.
///
/// # Errors
/// What the system says.
pub fn warm(path: &Path) -> std::io::Result<u64> {
    std::io::copy(&mut File::open(path)?, &mut std::io::sink())
}

/// Where a run makes its private directory: the system's place for such, or `instead` where that
/// place is memory, out of which no file can be put.
pub fn place_of_files(instead: &Path) -> PathBuf {
    let usual = std::env::temp_dir();
    let can_be_used = || std::fs::create_dir_all(instead).is_ok() && !is_memory(instead);
    match is_memory(&usual) && can_be_used() {
        true => instead.to_owned(),
        false => usual,
    }
}

#[cfg(target_os = "linux")]
fn is_memory(dir: &Path) -> bool {
    /// `include/uapi/linux/magic.h`: TMPFS_MAGIC and RAMFS_MAGIC.
    const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];
    rustix::fs::statfs(dir).is_ok_and(|system| IN_MEMORY.contains(&(system.f_type as u64)))
}

#[cfg(not(target_os = "linux"))]
fn is_memory(_: &Path) -> bool {
    false
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

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_is_cold_only_after_the_kernel_said_so() {
        let dir = tempfile::tempdir().unwrap();
        let scratch = save(dir.path().join("file"), &[7; 1 << 20], false).unwrap();
        let file = File::open(&scratch.0).unwrap();
        // Just written: all of its pages are there, by both instruments.
        assert_eq!(resident_pages(&file).unwrap(), (1 << 20) / page_size() as u64);
        if let Ok(cached) = cachestat(&file) {
            assert_eq!(cached, (1 << 20) / page_size() as u64);
        }
        match is_memory(dir.path()) {
            true => {
                let why = evict(&scratch.0).unwrap_err();
                assert!(why.starts_with("cold not verified: "), "{why}");
            }
            false => {
                assert_eq!(evict(&scratch.0), Ok(()));
                assert_eq!(resident_pages(&file).unwrap(), 0);
                assert_eq!(warm(&scratch.0).unwrap(), 1 << 20);
                assert!(resident_pages(&file).unwrap() > 0);
                assert_eq!(why_not_cold(dir.path()), None);
            }
        }
        assert!(evict(&dir.path().join("none")).unwrap_err().starts_with("cold not verified: "));
    }
}
