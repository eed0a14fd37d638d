//! Blobs out of a store: hashed on the way, in parts, several at a time, and from where it stopped.
//! `upload.rs` has the way in.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use futures_util::stream::{self, StreamExt};
use sha2::{Digest, Sha256};

use super::backend::Backend;
use super::layout::{BLOBS, blob};
use super::manifest::Blob;
use super::{Progress, StoreError};
use crate::base::storage::Arena;
use crate::base::{PagePolicy, Storage, digest};

/// Bytes of one request. S3 takes no less than 5 MiB and no more than 10,000 parts.
pub(super) const PART: usize = 8 << 20;
/// Requests at a time, so that a transfer holds at most five parts in memory.
pub(super) const AT_ONCE: usize = 4;
/// Looks for a blob that a collection moves to the trash or back just then. Each pass that finds nothing
/// needs two moves between its looks.
const LOOKS: usize = 4;
/// Bytes that are read and hashed in one go: they are still in the cache when they are hashed.
const BLOCK: usize = 256 << 10;

/// Where the bytes of a blob go, and their hash.
struct Sink<'a> {
    hasher: Sha256,
    done: u64,
    size: u64,
    progress: Progress<'a>,
}

impl<'a> Sink<'a> {
    fn new(size: u64, progress: Progress<'a>) -> Self {
        Sink { hasher: Sha256::new(), done: 0, size, progress }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.done = self.done.saturating_add(bytes.len() as u64);
        (self.progress)(self.done, self.size);
    }

    fn sha256(self) -> String {
        digest::hexadecimal(&self.hasher.finalize())
    }
}

pub(super) fn changed(blob: &Blob, found: &str) -> StoreError {
    StoreError::blob(&blob.sha256, "bytes with that SHA-256", format!("SHA-256 {found}"))
}

fn shorter(blob: &Blob, source: &std::io::Error) -> StoreError {
    StoreError::blob(&blob.sha256, format!("{} bytes", blob.size), source.to_string())
}

/// Asks each place where a blob may be: that of its hash, and the trash, where a collection has it for
/// a moment, or left it when it was killed.
fn look<T>(
    backend: &Backend,
    wanted: &Blob,
    mut ask: impl FnMut(&str) -> Result<Option<(T, u64)>, StoreError>,
) -> Result<(T, String), StoreError> {
    let expected = || format!("{} bytes", wanted.size);
    for _ in 0..LOOKS {
        let home = blob(BLOBS, &wanted.sha256);
        let mut found = ask(&home)?.map(|found| (found, home));
        if found.is_none() {
            for place in backend.in_trash(&wanted.sha256)? {
                found = ask(&place)?.map(|found| (found, place));
                if found.is_some() {
                    break;
                }
            }
        }
        match found {
            Some(((found, size), place)) if size == wanted.size => return Ok((found, place)),
            Some(((_, size), _)) => {
                let found = format!("{size} bytes");
                return Err(StoreError::blob(&wanted.sha256, expected(), found));
            }
            None => {}
        }
    }
    Err(StoreError::blob(&wanted.sha256, expected(), "nothing"))
}

/// The place where a blob of that size is.
pub(super) fn place_of(backend: &Backend, wanted: &Blob) -> Result<String, StoreError> {
    let ask = |place: &str| Ok(backend.head(place)?.map(|found| ((), found.size)));
    Ok(look(backend, wanted, ask)?.1)
}

/// Gives every byte from `from` on to `take`, in order, from where the blob is.
fn bytes_from(
    backend: &Backend,
    wanted: &Blob,
    from: u64,
    take: &mut dyn FnMut(&[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    if from >= wanted.size {
        return Ok(());
    }
    if let Some(folder) = backend.folder() {
        let (mut file, _) = look(backend, wanted, |place| backend.file(folder, place))?;
        return file_from(&mut file, wanted, from, take);
    }
    bytes_at(backend, &place_of(backend, wanted)?, wanted, from, take)
}

/// As [`bytes_from`], from a place.
fn bytes_at(
    backend: &Backend,
    place: &str,
    wanted: &Blob,
    from: u64,
    take: &mut dyn FnMut(&[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    if let Some(folder) = backend.folder() {
        let Some((mut file, _)) = backend.file(folder, place)? else {
            let expected = format!("{} bytes", wanted.size);
            return Err(StoreError::blob(&wanted.sha256, expected, "nothing"));
        };
        return file_from(&mut file, wanted, from, take);
    }
    let starts = (from..wanted.size).step_by(PART);
    let parts = starts.map(|start| {
        let end = wanted.size.min(start.saturating_add(PART as u64));
        backend.part(place, start, end)
    });
    let mut parts = stream::iter(parts).buffered(AT_ONCE);
    while let Some(part) = backend.wait(parts.next()) {
        take(&part?)?;
    }
    Ok(())
}

fn file_from(
    file: &mut File,
    wanted: &Blob,
    from: u64,
    take: &mut dyn FnMut(&[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    file.seek(SeekFrom::Start(from)).map_err(|error| shorter(wanted, &error))?;
    let mut block = vec![0; BLOCK];
    let mut left = wanted.size.saturating_sub(from);
    while left > 0 {
        let wanted_now = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
        let Some(part) = block.get_mut(..wanted_now) else { break };
        file.read_exact(part).map_err(|error| shorter(wanted, &error))?;
        take(part)?;
        left = left.saturating_sub(part.len() as u64);
    }
    Ok(())
}

/// The bytes of a blob in memory of their own, with their hash checked: what is used is what was
/// hashed, whatever becomes of the file.
pub(super) fn fetch(
    backend: &Backend,
    wanted: &Blob,
    progress: Progress<'_>,
) -> Result<Storage, StoreError> {
    let len = usize::try_from(wanted.size).unwrap_or(usize::MAX);
    let mut sink = Sink::new(wanted.size, progress);
    let failed = |error: crate::base::StorageError| {
        StoreError::blob(&wanted.sha256, "memory for it", error.to_string())
    };
    // In both cases the size was compared with that of the object before anything is allocated.
    let arena = match backend.folder() {
        Some(folder) => {
            let (mut file, _) = look(backend, wanted, |place| backend.file(folder, place))?;
            let mut arena = Arena::zeroed(len, PagePolicy::Auto).map_err(failed)?;
            for start in (0..len).step_by(BLOCK) {
                let range = start..start.saturating_add(BLOCK).min(len);
                let block = arena.fill(&mut file, range);
                sink.take(block.map_err(|error| shorter(wanted, &error))?);
            }
            arena
        }
        None => {
            let place = place_of(backend, wanted)?;
            let mut arena = Arena::zeroed(len, PagePolicy::Auto).map_err(failed)?;
            let mut at = 0usize;
            bytes_at(backend, &place, wanted, 0, &mut |part| {
                let end = at.saturating_add(part.len());
                arena.write(at..end, part).map_err(failed)?;
                sink.take(part);
                at = end;
                Ok(())
            })?;
            arena
        }
    };
    match sink.sha256() {
        found if found == wanted.sha256 => Ok(arena.into()),
        found => Err(changed(wanted, &found)),
    }
}

/// Reads a blob and checks its hash, in little memory.
pub(super) fn check(
    backend: &Backend,
    wanted: &Blob,
    progress: Progress<'_>,
) -> Result<(), StoreError> {
    let mut sink = Sink::new(wanted.size, progress);
    bytes_from(backend, wanted, 0, &mut |part| {
        sink.take(part);
        Ok(())
    })?;
    match sink.sha256() {
        found if found == wanted.sha256 => Ok(()),
        found => Err(changed(wanted, &found)),
    }
}

/// True when the bytes at a place are those of the blob, which is read in little memory. What has fewer
/// bytes, cannot be read from the disk or went away meanwhile is not whole.
pub(super) fn is_whole(
    backend: &Backend,
    place: &str,
    wanted: &Blob,
    progress: Progress<'_>,
) -> Result<bool, StoreError> {
    match hash_at(backend, place, wanted, progress) {
        Ok(found) => Ok(found == wanted.sha256),
        Err(StoreError::Blob { .. }) => Ok(false),
        Err(StoreError::Backend { source, .. })
            if matches!(*source, object_store::Error::NotFound { .. }) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// The SHA-256 of the bytes at a place, as many as the blob has.
fn hash_at(
    backend: &Backend,
    place: &str,
    wanted: &Blob,
    progress: Progress<'_>,
) -> Result<String, StoreError> {
    let mut sink = Sink::new(wanted.size, progress);
    bytes_at(backend, place, wanted, 0, &mut |part| {
        sink.take(part);
        Ok(())
    })?;
    Ok(sink.sha256())
}

/// Where a download is until it is whole: beside its place, with the blob in its name, so that one
/// of another blob is never gone on with.
pub(super) fn partial(target: &Path, wanted: &Blob) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(format!(".{}.partial", wanted.sha256.get(..12).unwrap_or_default()));
    name.into()
}

/// Writes a blob to a file, which gets its name once the hash was checked. What an earlier attempt
/// left is gone on with.
pub(super) fn download(
    backend: &Backend,
    wanted: &Blob,
    target: &Path,
    progress: Progress<'_>,
) -> Result<(), StoreError> {
    let path = partial(target, wanted);
    let failed = |action| {
        let path = path.clone();
        move |source| StoreError::File { path, action, source }
    };
    let mut options = File::options();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(failed("write it"))?;
    file.try_lock().map_err(|error| failed("lock it against another download")(error.into()))?;
    let there = file.metadata().map_err(failed("read it"))?.len();
    let mut resumed = there > 0 && there <= wanted.size;
    loop {
        let mut sink = Sink::new(wanted.size, progress);
        if !resumed {
            file.set_len(0).and_then(|()| file.rewind()).map_err(failed("write it"))?;
        } else {
            let there = Blob { size: there, ..wanted.clone() };
            file_from(&mut file, &there, 0, &mut |part| {
                sink.take(part);
                Ok(())
            })?;
        }
        let from = sink.done;
        bytes_from(backend, wanted, from, &mut |part| {
            file.write_all(part).map_err(failed("write it"))?;
            sink.take(part);
            Ok(())
        })?;
        match sink.sha256() {
            found if found == wanted.sha256 => break,
            // What lay there was of something else: once more, from the beginning.
            _ if resumed => resumed = false,
            found => {
                let _ = std::fs::remove_file(&path);
                return Err(changed(wanted, &found));
            }
        }
    }
    file.sync_all().map_err(failed("write it"))?;
    std::fs::rename(&path, target).map_err(failed("rename it"))
}
