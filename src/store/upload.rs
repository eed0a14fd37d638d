//! Blobs into a store: hashed on the way, in parts, several at a time, and from where it stopped.
//!
//! To a directory a blob is written beside its place and renamed. To a cloud it goes part by part under an
//! upload of the backend's; where a folder for it is given, a journal keeps what was acknowledged, and a put
//! that was interrupted goes on behind that.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use object_store::multipart::{MultipartStore, PartId};
use object_store::{MultipartId, MultipartUpload, PutPayload};
use sha2::{Digest, Sha256};

use super::backend::Backend;
use super::journal::{self, Journal, Plan};
use super::layout::{BLOBS, blob};
use super::manifest::Blob;
use super::transfer::{AT_ONCE, PART, changed};
use super::{Progress, StoreError};
use crate::base::digest;

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

/// How the parts of an object go.
enum Way {
    /// In one go, which is lost when it ends early.
    Stream(Box<dyn MultipartUpload>),
    /// Each by itself, under an upload that the backend keeps.
    Parts { store: Arc<dyn MultipartStore>, upload: MultipartId },
}

/// A part on its way: its number, and what the backend answered, where that is needed again.
type Going = BoxFuture<'static, object_store::Result<(usize, Option<PartId>)>>;

/// Sends what is written to it as one object, which is there once it is whole.
pub(super) struct Upload<'a> {
    backend: &'a Backend,
    place: String,
    size: u64,
    sent: u64,
    part: Vec<u8>,
    /// The number of the next part.
    next: usize,
    way: Option<Way>,
    going: FuturesUnordered<Going>,
    /// What the backend answered to each part.
    acknowledged: BTreeMap<usize, String>,
    /// How many of them it acknowledged just now, and not to an earlier upload.
    taken: usize,
    journal: Option<Journal>,
    /// An earlier upload is gone on with.
    is_resumed: bool,
    /// The backend takes nothing more under that upload.
    is_stale: bool,
    hashed: Hashed,
    progress: Progress<'a>,
    /// Why a write failed: an error of I/O has no place for it.
    failure: Option<StoreError>,
}

/// How a blob is cut into parts.
fn plan(backend: &Backend, blob_to_be: &Blob) -> Plan {
    Plan {
        url: backend.url().to_owned(),
        place: blob(BLOBS, &blob_to_be.sha256),
        size: blob_to_be.size,
        part_bytes: PART as u64,
    }
}

/// Forgets what was sent of a blob: it is there.
pub(super) fn is_over(backend: &Backend, journals: Option<&Path>, blob: &Blob) {
    if let (Some(folder), Some(_)) = (journals, backend.parts()) {
        journal::forget(folder, &plan(backend, blob));
    }
}

impl<'a> Upload<'a> {
    /// An upload of a blob. With a folder for `journals`, one to a cloud goes on where an earlier one
    /// stopped.
    pub fn new(
        backend: &'a Backend,
        blob_to_be: &Blob,
        journals: Option<&Path>,
        progress: Progress<'a>,
    ) -> Self {
        let size = blob_to_be.size;
        let capacity = usize::try_from(size).unwrap_or(PART).min(PART);
        let mut upload = Upload {
            backend,
            place: blob(BLOBS, &blob_to_be.sha256),
            size,
            sent: 0,
            part: Vec::with_capacity(capacity),
            next: 0,
            way: None,
            going: FuturesUnordered::new(),
            acknowledged: BTreeMap::new(),
            taken: 0,
            journal: None,
            is_resumed: false,
            is_stale: false,
            hashed: Hashed::default(),
            progress,
            failure: None,
        };
        // What fits one part is sent at once, and there is nothing to go on with.
        if let (Some(folder), Some(store)) = (journals, backend.parts())
            && size > PART as u64
            && let Some((journal, sent)) = Journal::open(folder, &plan(backend, blob_to_be))
        {
            upload.journal = Some(journal);
            if let Some(sent) = sent {
                upload.way = Some(Way::Parts { store: store.clone(), upload: sent.upload });
                upload.acknowledged = sent.parts;
                upload.is_resumed = true;
            }
        }
        upload
    }

    /// Why a write failed, if it was the store's fault.
    pub fn failure(&mut self) -> Option<StoreError> {
        self.failure.take()
    }

    /// True when an upload that was gone on with is of no use any more, and was given up: another one
    /// begins anew.
    pub fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// Gives the object its name.
    ///
    /// # Errors
    /// When what was written is not the blob that it was to be: then nothing is there.
    pub fn finish(&mut self, blob: &Blob) -> Result<(), StoreError> {
        let found = std::mem::take(&mut self.hashed).blob(&blob.role);
        if found != *blob {
            self.abort();
            return Err(changed(blob, &found.sha256));
        }
        if self.way.is_none() {
            let part = std::mem::take(&mut self.part);
            self.backend.put(&self.place, part)?;
            (self.progress)(self.size, self.size);
            return Ok(());
        }
        if let Err(error) = self.send().and_then(|()| self.wait_for(0)) {
            self.interrupted();
            return Err(error);
        }
        let result = match &mut self.way {
            Some(Way::Stream(stream)) => self.backend.wait(stream.complete()),
            Some(Way::Parts { store, upload }) => {
                let path = self.backend.object(&self.place);
                // A journal that was changed may name parts that the blob does not have.
                let ids = std::mem::take(&mut self.acknowledged).into_iter();
                let ids = ids.take_while(|(number, _)| *number < self.next);
                let parts = ids.map(|(_, content_id)| PartId { content_id }).collect();
                self.backend.wait(store.complete_multipart(&path, upload, parts))
            }
            None => return Ok(()),
        };
        match result {
            Ok(_) => {
                if let Some(journal) = self.journal.take() {
                    journal.remove();
                }
                Ok(())
            }
            Err(error) => {
                // Gone on with for ever, parts that the backend will not put together would stop every
                // put of this blob.
                self.is_stale = self.is_resumed;
                self.abort();
                Err(self.backend.upload_failed(&self.place, error))
            }
        }
    }

    /// Ends an upload that failed on the way: with a journal it is gone on with later. One that is gone on
    /// with, and of which the backend took not one part more, was ended there. What backends say then
    /// differs, so that the error decides nothing; that they can be reached was seen just before.
    fn interrupted(&mut self) {
        while let Some(result) = self.backend.wait(self.going.next()) {
            if let Ok((number, id)) = result {
                self.note(number, id);
            }
        }
        self.is_stale = self.is_resumed && self.taken == 0;
        if self.journal.is_none() || self.is_stale {
            self.abort();
        }
    }

    fn abort(&mut self) {
        // What cannot be taken back is never completed; the backend lets it go in time.
        let _ = match &mut self.way {
            Some(Way::Stream(stream)) => self.backend.wait(stream.abort()),
            Some(Way::Parts { store, upload }) => {
                let path = self.backend.object(&self.place);
                self.backend.wait(store.abort_multipart(&path, upload))
            }
            None => Ok(()),
        };
        if let Some(journal) = self.journal.take() {
            journal.remove();
        }
    }

    fn note(&mut self, number: usize, id: Option<PartId>) {
        let Some(PartId { content_id }) = id else { return };
        self.taken = self.taken.saturating_add(1);
        // A journal that cannot be written is of no use, and no reason to stop.
        if let Some(mut journal) = self.journal.take() {
            match journal.note(number, &content_id) {
                Ok(()) => self.journal = Some(journal),
                Err(_) => journal.remove(),
            }
        }
        self.acknowledged.insert(number, content_id);
    }

    /// Begins the object with its first part.
    fn begin(&mut self) -> Result<(), StoreError> {
        let Some(store) = self.backend.parts() else {
            self.way = Some(Way::Stream(self.backend.begin(&self.place)?));
            return Ok(());
        };
        let path = self.backend.object(&self.place);
        let upload = self.backend.wait(store.create_multipart(&path));
        let upload = upload.map_err(|error| self.backend.upload_failed(&self.place, error))?;
        if let Some(mut journal) = self.journal.take() {
            match journal.begin(&upload) {
                Ok(()) => self.journal = Some(journal),
                Err(_) => journal.remove(),
            }
        }
        self.way = Some(Way::Parts { store: store.clone(), upload });
        Ok(())
    }

    /// Begins to send the part that is full, unless the backend has it.
    fn send(&mut self) -> Result<(), StoreError> {
        let part = std::mem::take(&mut self.part);
        if part.is_empty() {
            return Ok(());
        }
        if self.way.is_none() {
            self.begin()?;
        }
        let number = self.next;
        self.next = number.saturating_add(1);
        self.sent = self.sent.saturating_add(part.len() as u64);
        if self.acknowledged.contains_key(&number) {
            self.part = part;
            self.part.clear();
            (self.progress)(self.sent, self.size);
            return Ok(());
        }
        let payload = PutPayload::from(part);
        self.going.push(match &mut self.way {
            Some(Way::Stream(stream)) => {
                stream.put_part(payload).map(move |sent| sent.map(|()| (number, None))).boxed()
            }
            Some(Way::Parts { store, upload }) => {
                let (store, upload) = (store.clone(), upload.clone());
                let path = self.backend.object(&self.place);
                async move {
                    let id = store.put_part(&path, &upload, number, payload).await?;
                    Ok((number, Some(id)))
                }
                .boxed()
            }
            None => return Ok(()),
        });
        self.wait_for(AT_ONCE.saturating_sub(1))?;
        self.part.reserve(PART);
        (self.progress)(self.sent, self.size);
        Ok(())
    }

    /// Waits until no more than `most` parts are on their way.
    fn wait_for(&mut self, most: usize) -> Result<(), StoreError> {
        while self.going.len() > most {
            match self.backend.wait(self.going.next()) {
                None => {}
                Some(Ok((number, id))) => self.note(number, id),
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
            && (more || self.way.is_some())
            && let Err(error) = self.send()
        {
            self.interrupted();
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
