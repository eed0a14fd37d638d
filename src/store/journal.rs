//! What was sent of an upload to a cloud, kept on this machine, so that the next put of the same blob
//! sends the rest.
//!
//! A cloud keeps the parts of an upload that was not completed, but asks whoever completes it for what it
//! answered to each. A journal is a file of JSON lines: the upload, then one line a part, added when the
//! part was acknowledged. A line that a kill cut off, and all behind it, counts as not written.
//!
//! Nothing depends on a journal: without one, or where it cannot be written, everything is sent. What
//! it says is believed no further than the backend believes it. A blob's hash is checked when it is read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::digest;

const SCHEMA: &str = "deadweight.upload/1";
/// Most bytes of one journal: 10,000 parts, the most of S3, and what a backend answers to each.
const MAX_BYTES: u64 = 8 << 20;
/// Most parts of an upload to S3.
const MAX_PARTS: usize = 10_000;

/// What is sent, and how it was cut: with other parts, those that were sent would be of no use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// The address of the store.
    pub url: String,
    /// Where in it the object is to be, by the hash of its bytes.
    pub place: String,
    /// Its bytes.
    pub size: u64,
    /// The bytes of each part but the last.
    pub part_bytes: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    schema: String,
    plan: Plan,
    /// What the backend calls the upload.
    upload: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    part: usize,
    /// What the backend answered to it.
    id: String,
}

/// The journal of one upload. Nobody else has it while it is open.
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    plan: Plan,
}

/// What a journal says was sent before.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sent {
    /// What the backend calls the upload.
    pub upload: String,
    /// What it answered to each part, by the number of the part from 0 on.
    pub parts: BTreeMap<usize, String>,
}

/// The file of a plan's journal in a folder.
fn path_of(folder: &Path, plan: &Plan) -> PathBuf {
    folder.join(format!("{}.jsonl", digest::sha256(format!("{}\n{}", plan.url, plan.place))))
}

impl Journal {
    /// The journal of a plan, and what it says; it is made where there is none. `None` where another
    /// upload has it, or it cannot be had.
    pub fn open(folder: &Path, plan: &Plan) -> Option<(Self, Option<Sent>)> {
        std::fs::create_dir_all(folder).ok()?;
        let path = path_of(folder, plan);
        let mut options = File::options();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(&path).ok()?;
        file.try_lock().ok()?;
        // Who had it may have removed it just before the lock was free: then this is no file of the
        // folder any more, and nobody would find what is written to it.
        let is_there = path.metadata().is_ok_and(|there| same_file(&file, &there));
        let mut bytes = Vec::new();
        (&file).take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
        let (sent, whole) = read(&bytes, plan);
        // Behind a line that was cut off, nothing could be added.
        file.set_len(whole).and_then(|()| file.seek(std::io::SeekFrom::Start(whole))).ok()?;
        is_there.then(|| (Journal { file, path, plan: plan.clone() }, sent))
    }

    /// Writes that an upload was begun, over what was there.
    pub fn begin(&mut self, upload: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        let (schema, plan) = (SCHEMA.to_owned(), self.plan.clone());
        self.add(&First { schema, plan, upload: upload.to_owned() })
    }

    /// Writes that the backend has a part.
    pub fn note(&mut self, part: usize, id: &str) -> std::io::Result<()> {
        self.add(&Part { part, id: id.to_owned() })
    }

    fn add(&mut self, line: &impl Serialize) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(line)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    /// Takes the journal away: the upload is over, or of no use.
    pub fn remove(self) {
        // One that stays is found out when the backend does not know its upload.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Takes the journal of a plan away, unless an upload has it.
pub(super) fn forget(folder: &Path, plan: &Plan) {
    if path_of(folder, plan).exists()
        && let Some((journal, _)) = Journal::open(folder, plan)
    {
        journal.remove();
    }
}

#[cfg(unix)]
fn same_file(file: &File, there: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|open| (open.dev(), open.ino()) == (there.dev(), there.ino()))
}

/// A file that is open cannot be removed there.
#[cfg(not(unix))]
fn same_file(_file: &File, _there: &std::fs::Metadata) -> bool {
    true
}

/// What the lines of a journal say, and how many bytes the lines have that say it.
fn read(bytes: &[u8], plan: &Plan) -> (Option<Sent>, u64) {
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let mut whole = 0u64;
    let mut next = || lines.next().and_then(|line| line.strip_suffix(b"\n"));
    let first = next().and_then(|line| Some((serde_json::from_slice::<First>(line).ok()?, line)));
    let Some((first, line)) =
        first.filter(|(first, _)| first.schema == SCHEMA && first.plan == *plan)
    else {
        return (None, 0);
    };
    whole = whole.saturating_add(line.len() as u64 + 1);
    let mut sent = Sent { upload: first.upload, parts: BTreeMap::new() };
    while let Some(line) = next() {
        let Ok(part) = serde_json::from_slice::<Part>(line) else { break };
        if part.part >= MAX_PARTS {
            break;
        }
        whole = whole.saturating_add(line.len() as u64 + 1);
        sent.parts.insert(part.part, part.id);
    }
    (Some(sent), whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan { url: "s3://a/b".into(), place: "blobs/x".into(), size: 20, part_bytes: 8 }
    }

    fn sent(parts: &[(usize, &str)]) -> Option<Sent> {
        let parts = parts.iter().map(|(part, id)| (*part, (*id).to_owned())).collect();
        Some(Sent { upload: "u".into(), parts })
    }

    #[test]
    fn what_was_noted_comes_back_and_a_line_that_was_cut_off_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("deep/er");
        let (mut journal, before) = Journal::open(&folder, &plan()).unwrap();
        assert_eq!(before, None);
        assert!(Journal::open(&folder, &plan()).is_none(), "one at a time");
        journal.begin("u").unwrap();
        journal.note(1, "one").unwrap();
        journal.note(0, "zero").unwrap();
        drop(journal);
        let file = path_of(&folder, &plan());
        let bytes = std::fs::read(&file).unwrap();
        let ends: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
        assert_eq!(ends.len(), 3);
        for cut in 0..=bytes.len() {
            std::fs::write(&file, &bytes[..cut]).unwrap();
            let expected = match ends.iter().filter(|end| **end < cut).count() {
                0 => None,
                1 => sent(&[]),
                2 => sent(&[(1, "one")]),
                _ => sent(&[(0, "zero"), (1, "one")]),
            };
            let (mut journal, found) = Journal::open(&folder, &plan()).unwrap();
            assert_eq!(found, expected, "{cut} bytes");
            // What is added then is found the next time.
            if found.is_some() {
                journal.note(2, "two").unwrap();
                drop(journal);
                let (_, found) = Journal::open(&folder, &plan()).unwrap();
                assert_eq!(found.unwrap().parts[&2], "two");
            }
        }
        forget(&folder, &plan());
        assert!(!file.exists());
    }

    #[test]
    fn what_is_of_another_upload_or_damaged_counts_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(folder.path(), &plan()).unwrap();
        journal.begin("u").unwrap();
        journal.note(0, "zero").unwrap();
        drop(journal);
        let file = path_of(folder.path(), &plan());
        let text = std::fs::read_to_string(&file).unwrap();
        // Cut in another way, another size; the place and the address are in the name of the file.
        for other in [Plan { part_bytes: 9, ..plan() }, Plan { size: 21, ..plan() }] {
            std::fs::write(&file, &text).unwrap();
            assert_eq!(Journal::open(folder.path(), &other).unwrap().1, None);
        }
        let hostile = [
            text.replace("upload/1", "upload/2"),
            text.replace('{', "["),
            "\0".repeat(100),
            "[".repeat(100_000),
        ];
        for hostile in hostile {
            std::fs::write(&file, &hostile).unwrap();
            assert_eq!(Journal::open(folder.path(), &plan()).unwrap().1, None, "{hostile:.50}");
        }
        for part in ["{\"part\":10000,\"id\":\"\"}\n", "{\"part\":-1,\"id\":\"\"}\n", "\n"] {
            std::fs::write(&file, format!("{text}{part}")).unwrap();
            assert_eq!(Journal::open(folder.path(), &plan()).unwrap().1, sent(&[(0, "zero")]));
        }
    }
}
