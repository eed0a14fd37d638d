//! What all values of a file share: the document, the version that wrote it, and how much may still
//! be made of it.
//!
//! A file of a few hundred bytes can name the same part a thousand times, and parts of parts, and
//! can say numbers as large as it likes. So whoever copies, builds or walks takes it out of a budget
//! in proportion to the bytes that are there; files as Python writes them use a fraction of it.

use std::cell::Cell;

use super::item::Item;
use super::version::Version;
use crate::base::PagePolicy;
use crate::pickle::{Document, Node};

/// What all items of a file share.
#[derive(Debug)]
pub struct Source<'d> {
    pub(super) document: &'d Document<'d>,
    pub(super) pages: PagePolicy,
    version: Option<Version>,
    /// What may still be done: files can share their parts so that the tree they spell out is
    /// exponentially large, and say numbers that no array has to stand for.
    pub(super) bytes: Cell<u64>,
    pub(super) builds: Cell<u64>,
    pub(super) work: Cell<u64>,
}

/// Most bytes that arrays may become, as a multiple of the file's: the widest conversion is from
/// one byte to eight, and hardly any array is used twice.
const BYTES_PER_BYTE: u64 = 16;
/// How often each byte may be looked at as a member, a key or a character: every attribute is a few
/// bytes, and is read by the builder of its class, by the one around it and by what keeps the rest.
const WORK_PER_BYTE: u64 = 64;
/// Work that every file may ask for: a fraction of a second.
const FREE_WORK: u64 = 16 << 20;

impl<'d> Source<'d> {
    /// Everything that is read from a document.
    pub fn new(document: &'d Document<'d>, pages: PagePolicy) -> Self {
        let bytes = (document.source().len() as u64).saturating_mul(BYTES_PER_BYTE);
        let work = (document.source().len() as u64).saturating_mul(WORK_PER_BYTE);
        let builds = document.values().len() as u64;
        Source {
            document,
            pages,
            version: only_version(document),
            bytes: Cell::new(bytes.saturating_add(1 << 20)),
            builds: Cell::new(builds.saturating_add(16)),
            work: Cell::new(work.saturating_add(FREE_WORK)),
        }
    }

    /// The document.
    pub fn document(&self) -> &'d Document<'d> {
        self.document
    }

    /// The version that wrote the file, if all objects in it that say one say the same.
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// The value that Python would load.
    pub fn root(&self) -> Item<'_> {
        Item::root(self)
    }
}

/// What all `_sklearn_version` of a file say, if they agree.
fn only_version(document: &Document<'_>) -> Option<Version> {
    let values = document.values();
    let mut found = None;
    for (_, node) in values.iter() {
        let Node::Dict(entries) = node else { continue };
        // It is the last entry as a rule, and the first of a few; a vocabulary is not searched.
        for (key, value) in entries.iter().rev().take(64) {
            if !values.get(*key).is_some_and(|key| key.is_text("_sklearn_version")) {
                continue;
            }
            let version = values.get(*value).and_then(Node::as_str).and_then(Version::parse)?;
            match found {
                Some(other) if other != version => return None,
                _ => found = Some(version),
            }
        }
    }
    found
}
