//! Blobs in and out: hashed on the way, in parts, several at a time, and from where it stopped.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use futures_util::stream::{self, FuturesUnordered, StreamExt};
use object_store::{GetResultPayload, MultipartUpload, PutPayload, UploadPart};
use sha2::{Digest, Sha256};

use super::backend::Backend;
use super::layout::{BLOBS, TRASH, blob};
use super::manifest::Blob;
use super::{Progress, StoreError};
use crate::base::storage::Arena;
use crate::base::{PagePolicy, Storage, digest};

/// Bytes of one request. S3 takes no less than 5 MiB and no more than 10,000 parts.
const PART: usize = 8 << 20;
/// Requests at a time, so that a transfer holds at most five parts in memory.
const AT_ONCE: usize = 4;
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

fn changed(blob: &Blob, found: &str) -> StoreError {
    StoreError::blob(&blob.sha256, "bytes with that SHA-256", format!("SHA-256 {found}"))
}

fn shorter(blob: &Blob, source: &std::io::Error) -> StoreError {
    StoreError::blob(&blob.sha256, format!("{} bytes", blob.size), source.to_string())
}

/// The place where a blob is: that of its hash, or the trash, if a collection was killed.
pub(super) fn place_of(backend: &Backend, wanted: &Blob) -> Result<String, StoreError> {
    for root in [BLOBS, TRASH] {
        let place = blob(root, &wanted.sha256);
        let Some(found) = backend.head(&place)? else { continue };
        if found.size != wanted.size {
            let found = format!("{} bytes", found.size);
            return Err(StoreError::blob(&wanted.sha256, format!("{} bytes", wanted.size), found));
        }
        return Ok(place);
    }
    Err(StoreError::blob(&wanted.sha256, format!("{} bytes", wanted.size), "nothing"))
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
    if backend.folder().is_some() {
        let Some(result) = backend.get(place, from, wanted.size)? else {
            return Err(StoreError::blob(
                &wanted.sha256,
                format!("{} bytes", wanted.size),
                "nothing",
            ));
        };
        let GetResultPayload::File(mut file, _) = result.payload else {
            return Err(StoreError::document(place, "a file", "a stream"));
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
    let arena = match backend.folder() {
        Some(_) => {
            let place = place_of(backend, wanted)?;
            let mut arena = Arena::zeroed(len, PagePolicy::Auto).map_err(failed)?;
            let Some(result) = backend.get(&place, 0, 0)? else {
                return Err(StoreError::blob(&wanted.sha256, "bytes", "nothing"));
            };
            let GetResultPayload::File(mut file, _) = result.payload else {
                return Err(StoreError::document(&place, "a file", "a stream"));
            };
            for block in arena.as_mut_slice().chunks_mut(BLOCK) {
                file.read_exact(block).map_err(|error| shorter(wanted, &error))?;
                sink.take(block);
            }
            arena
        }
        None => {
            // The size was compared with that of the object before anything was allocated.
            place_of(backend, wanted)?;
            let mut arena = Arena::zeroed(len, PagePolicy::Auto).map_err(failed)?;
            let mut at = 0usize;
            bytes_from(backend, wanted, 0, &mut |part| {
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
    match hash_at(backend, &place_of(backend, wanted)?, wanted, progress)? {
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

/// The hash and number of what is written to it.
#[derive(Default)]
pub(super) struct Hashed {
    hasher: Sha256,
    size: u64,
}

impl Hashed {
    /// The blob that these bytes are.
    pub fn blob(self, role: &str) -> Blob {
        let sha256 = digest::hexadecimal(&self.hasher.finalize());
        Blob { role: role.to_owned(), sha256, size: self.size }
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.hasher.update(bytes);
        self.size = self.size.saturating_add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Sends what is written to it as one object, which is there once it is whole.
pub(super) struct Upload<'a> {
    backend: &'a Backend,
    place: String,
    size: u64,
    sent: u64,
    part: Vec<u8>,
    parts: Option<Box<dyn MultipartUpload>>,
    going: FuturesUnordered<UploadPart>,
    hashed: Hashed,
    progress: Progress<'a>,
    /// Why a write failed: an error of I/O has no place for it.
    failure: Option<StoreError>,
}

impl<'a> Upload<'a> {
    pub fn new(backend: &'a Backend, blob_to_be: &Blob, progress: Progress<'a>) -> Self {
        let size = blob_to_be.size;
        let capacity = usize::try_from(size).unwrap_or(PART).min(PART);
        Upload {
            backend,
            place: blob(BLOBS, &blob_to_be.sha256),
            size,
            sent: 0,
            part: Vec::with_capacity(capacity),
            parts: None,
            going: FuturesUnordered::new(),
            hashed: Hashed::default(),
            progress,
            failure: None,
        }
    }

    /// Why a write failed, if it was the store's fault.
    pub fn failure(&mut self) -> Option<StoreError> {
        self.failure.take()
    }

    /// Gives the object its name.
    ///
    /// # Errors
    /// When what was written is not the blob that it was to be: then nothing is there.
    pub fn finish(mut self, blob: &Blob) -> Result<(), StoreError> {
        let found = std::mem::take(&mut self.hashed).blob(&blob.role);
        if found != *blob {
            self.abort();
            return Err(changed(blob, &found.sha256));
        }
        if self.parts.is_none() {
            let part = std::mem::take(&mut self.part);
            self.backend.put(&self.place, part)?;
            (self.progress)(self.size, self.size);
            return Ok(());
        }
        let finished = self.send().and_then(|()| self.wait_for(0));
        if let (Ok(()), Some(parts)) = (&finished, &mut self.parts) {
            let result = self.backend.wait(parts.complete());
            return result
                .map(drop)
                .map_err(|error| self.backend.upload_failed(&self.place, error));
        }
        self.abort();
        finished
    }

    fn abort(&mut self) {
        if let Some(parts) = &mut self.parts {
            // What cannot be taken back is never completed; the backend lets it go in time.
            let _ = self.backend.wait(parts.abort());
        }
    }

    /// Begins to send the part that is full.
    fn send(&mut self) -> Result<(), StoreError> {
        let part = std::mem::take(&mut self.part);
        if part.is_empty() {
            return Ok(());
        }
        if self.parts.is_none() {
            self.parts = Some(self.backend.begin(&self.place)?);
        }
        self.sent = self.sent.saturating_add(part.len() as u64);
        if let Some(parts) = &mut self.parts {
            self.going.push(parts.put_part(PutPayload::from(part)));
        }
        self.wait_for(AT_ONCE.saturating_sub(1))?;
        self.part.reserve(PART);
        (self.progress)(self.sent, self.size);
        Ok(())
    }

    /// Waits until no more than `most` parts are on their way.
    fn wait_for(&mut self, most: usize) -> Result<(), StoreError> {
        while self.going.len() > most {
            match self.backend.wait(self.going.next()) {
                None | Some(Ok(())) => {}
                Some(Err(error)) => return Err(self.backend.upload_failed(&self.place, error)),
            }
        }
        Ok(())
    }
}

impl Write for Upload<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = bytes.get(..PART.saturating_sub(self.part.len())).unwrap_or(bytes);
        self.part.extend_from_slice(taken);
        self.hashed.write_all(taken)?;
        let len = taken.len();
        let more = self.sent.saturating_add(self.part.len() as u64) < self.size;
        if self.part.len() >= PART
            && (more || self.parts.is_some())
            && let Err(error) = self.send()
        {
            self.abort();
            let message = std::io::Error::other(error.to_string());
            self.failure = Some(error);
            return Err(message);
        }
        Ok(len)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
