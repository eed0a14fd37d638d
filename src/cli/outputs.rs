//! Writes files whole or not at all, and never over somebody else's.
//!
//! A file is written beside its place under a temporary name, synced and renamed. A full disk
//! or a killed process leaves what was there before.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use super::failure::Advise;

/// A file in the making: beside its place, under a temporary name.
pub struct Pending {
    file: tempfile::NamedTempFile,
    path: PathBuf,
}

impl Pending {
    /// Begins a file that will be `path`.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(path: &Path) -> anyhow::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".deadweight-");
        // As any new file of this user, less the umask: temporary files are closed to others.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder_of(path));
        let file = file.map_err(anyhow::Error::from).map_err(|error| failed(path, error))?;
        Ok(Pending { file, path: path.to_owned() })
    }

    /// The file, to write to and to read back.
    pub fn file(&mut self) -> &mut fs::File {
        self.file.as_file_mut()
    }

    /// Gives the file its name, replacing what is there.
    ///
    /// # Errors
    /// What the system says; then the path is as it was before.
    pub fn finish(self) -> anyhow::Result<()> {
        let Pending { file, path } = self;
        let finish = || -> anyhow::Result<()> {
            file.as_file().sync_all()?;
            file.persist(&path)?;
            // The new name is kept after a power cut once its folder is synced; folders of some file
            // systems cannot be, which loses nothing that was promised.
            let folder = folder_of(&path);
            let _ = fs::File::open(&folder).and_then(|folder| folder.sync_all());
            Ok(())
        };
        finish().map_err(|error| failed(&path, error))
    }
}

fn failed(path: &Path, error: anyhow::Error) -> anyhow::Error {
    let failed: anyhow::Result<()> = Err(error)
        .with_context(|| format!("cannot write {}", path.display()))
        .advise("nothing was changed; check the folder, its permissions and the space on the disk");
    match failed {
        Err(error) => error,
        Ok(()) => anyhow!("cannot write {}", path.display()),
    }
}

/// Writes `bytes` to `path`, replacing what is there.
///
/// # Errors
/// What the system says; then `path` is as it was before.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut pending = Pending::new(path)?;
    pending.file().write_all(bytes).map_err(|error| failed(path, error.into()))?;
    pending.finish()
}

/// What to do about a file that is in the way.
pub const OR_FORCE: &str = "choose another name, or pass --force to overwrite it";

/// Fails unless `path` is free, or is a file of which `is_ours` says so. `remedy` is what the user
/// can do about a file that is in the way.
///
/// # Errors
/// Says what is in the way.
pub fn check_free(
    path: &Path,
    is_ours: impl Fn(&Path) -> bool,
    remedy: &'static str,
) -> anyhow::Result<()> {
    let name = path.display();
    if path.is_symlink() && !path.exists() {
        return Err(anyhow!("cannot write {name}: it is a link to a file that does not exist"))
            .advise("remove the link, or name the file");
    }
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let folder = folder_of(path);
            match folder.is_dir() {
                true => Ok(()),
                false => Err(anyhow!("cannot write {name}: {} is no folder", folder.display()))
                    .advise("create it first"),
            }
        }
        Err(error) => Err(error).with_context(|| format!("cannot write {name}")),
        Ok(found) if !found.is_file() => {
            Err(anyhow!("cannot write {name}: it exists and is not a regular file"))
                .advise("choose another name")
        }
        Ok(_) if is_ours(path) => Ok(()),
        Ok(_) => Err(anyhow!("{name} exists: not overwritten")).advise(remedy),
    }
}

/// True when both are the same file, by whatever names.
pub fn is_same(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// The folder that a file lies in.
pub fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_whole_and_strangers_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        check_free(&path, |_| false, OR_FORCE).unwrap();
        write(&path, b"one").unwrap();
        assert!(check_free(&path, |_| false, OR_FORCE).is_err());
        check_free(&path, |_| true, OR_FORCE).unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
        assert!(check_free(dir.path(), |_| true, OR_FORCE).is_err(), "a folder");
        assert!(check_free(&dir.path().join("no/out"), |_| true, OR_FORCE).is_err());
        assert!(write(&dir.path().join("no/out"), b"x").is_err());
    }
}
