//! What was read of documents and checked, so that a server that loads the same version again does not
//! parse and hash it again.
//!
//! Documents are written once and never changed, but somebody may damage one: what is remembered is
//! used only while the file is the one that was read, by device, number, size and times.

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::StoreError;
use super::backend::Backend;
use super::document::MAX_BYTES;

/// A file is remembered only when its last change is so old: one more write within the same tick of the
/// file system's clock would leave its times as they are. FAT, with the coarsest clock, has ticks of two
/// seconds.
pub(super) const SETTLED: Duration = Duration::from_millis(2_500);

/// Enough for the models that one process serves. Beyond that all is read again.
const MOST: usize = 1_000;

/// Tells a file from one that took its place and from itself after a write; a folder also from itself after
/// something was put there or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// Unlike the time of modification, nobody can set it.
    changed: (i64, i64),
}

impl Identity {
    /// `None` where the system does not tell.
    pub fn of(metadata: &Metadata) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            Some(Identity {
                device: metadata.dev(),
                inode: metadata.ino(),
                size: metadata.size(),
                modified: (metadata.mtime(), metadata.mtime_nsec()),
                changed: (metadata.ctime(), metadata.ctime_nsec()),
            })
        }
        #[cfg(not(unix))]
        {
            let _ = metadata;
            None
        }
    }

    /// True for what is on a device.
    pub fn is_on(&self, device: u64) -> bool {
        self.device == device
    }

    /// True when another write would show in the times.
    pub fn is_settled(&self, now: SystemTime) -> bool {
        let (seconds, nanos) = self.changed;
        let (Ok(seconds), Ok(nanos)) = (u64::try_from(seconds), u32::try_from(nanos)) else {
            return false;
        };
        let changed = SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanos));
        changed.is_some_and(|at| now.duration_since(at).is_ok_and(|age| age >= SETTLED))
    }
}

/// The device of a directory of this machine, where its file system keeps the times of folders itself.
pub(super) fn telling_device(folder: &Path) -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        /// `include/uapi/linux/magic.h`, and ZFS's own: ext2 to ext4, XFS, Btrfs, F2FS, tmpfs, overlayfs, ZFS.
        const KNOWN: [u64; 7] =
            [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1];
        let system = rustix::fs::statfs(folder).ok()?;
        let identity = Identity::of(&std::fs::metadata(folder).ok()?)?;
        KNOWN.contains(&(system.f_type as u64)).then_some(identity.device)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        None
    }
}

/// Documents of one kind by their place, as they were when they were checked.
pub(super) struct Remembered<T>(Mutex<HashMap<String, (Identity, T)>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Remembered(Mutex::default())
    }
}

impl<T: Clone> Remembered<T> {
    /// What a document says; `None` when it is not there. `open` checks the bytes of one that is not
    /// remembered, or is another by now.
    pub fn read(
        &self,
        backend: &Backend,
        place: &str,
        open: impl FnOnce(Vec<u8>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        if let Some(known) = self.get(place, || backend.identity(place)) {
            return Ok(Some(known));
        }
        // Before the file is looked at: this process may stand still between the two.
        let now = SystemTime::now();
        let Some((bytes, identity)) = backend.read_identified(place, MAX_BYTES)? else {
            return Ok(None);
        };
        let value = open(bytes)?;
        if let Some(identity) = identity.filter(|found| found.is_settled(now)) {
            self.keep(place, identity, value.clone());
        }
        Ok(Some(value))
    }

    fn get(&self, place: &str, identity: impl FnOnce() -> Option<Identity>) -> Option<T> {
        // Looking at a file may take long where the directory is of another machine: not under the lock.
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(place).cloned();
        let (known, value) = found?;
        (identity()? == known).then_some(value)
    }

    fn keep(&self, place: &str, identity: Identity, value: T) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST {
            entries.clear();
        }
        entries.insert(place.to_owned(), (identity, value));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{File, FileTimes};

    use super::*;

    /// The bytes that a reader gets, and whether it had to open them.
    fn read(remembered: &Remembered<Vec<u8>>, backend: &Backend) -> (Vec<u8>, bool) {
        let mut opened = false;
        let open = |bytes| {
            opened = true;
            Ok(bytes)
        };
        let bytes = remembered.read(backend, "a/document", open);
        (bytes.ok().flatten().unwrap_or_default(), opened)
    }

    #[test]
    fn a_document_is_opened_once_until_it_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/document");
        std::fs::create_dir(folder.path().join("a")).unwrap();
        let backend = Backend::open(folder.path().to_str().unwrap(), false, false).unwrap();
        let remembered = Remembered::default();
        std::fs::write(&path, "first").unwrap();
        // Just written: not remembered yet.
        assert_eq!(read(&remembered, &backend), (b"first".to_vec(), true));
        assert_eq!(read(&remembered, &backend), (b"first".to_vec(), true));
        std::thread::sleep(SETTLED);
        assert_eq!(read(&remembered, &backend), (b"first".to_vec(), true));
        assert_eq!(read(&remembered, &backend), (b"first".to_vec(), false));
        // Written over by as many bytes, and with its old time of modification.
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        std::fs::write(&path, "other").unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_times(FileTimes::new().set_modified(modified)).unwrap();
        assert_eq!(read(&remembered, &backend), (b"other".to_vec(), true));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(remembered.read(&backend, "a/document", Ok).unwrap(), None);
    }

    #[test]
    fn what_may_change_within_a_tick_of_the_clock_is_not_settled() {
        let at = |seconds: i64| Identity {
            device: 1,
            inode: 1,
            size: 1,
            modified: (0, 0),
            changed: (seconds, 0),
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        assert!(at(97).is_settled(now) && !at(98).is_settled(now));
        // A clock that went back, and times from before the epoch.
        assert!(
            !at(101).is_settled(now) && !at(-5).is_settled(now) && !at(i64::MAX).is_settled(now)
        );
    }
}
