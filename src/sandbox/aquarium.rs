//! Plants things in a private root and looks afterwards what became of them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::request::Planted;
use crate::base::detonation::Effect;

/// Largest file whose bytes are compared.
const MAX_COMPARED: u64 = 1 << 20;
/// Most effects that are told.
const MAX_EFFECTS: usize = 64;

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Directory,
    File(Vec<u8>),
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    mode: u32,
    kind: Kind,
}

/// The planted things, as they were.
#[derive(Debug)]
pub struct Aquarium {
    directory: PathBuf,
    before: BTreeMap<PathBuf, State>,
}

impl Aquarium {
    /// Plants.
    pub fn plant(planted: &Planted) -> io::Result<Self> {
        fs::create_dir_all(&planted.directory)?;
        for thing in &planted.things {
            let path = planted.directory.join(&thing.path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            match &thing.content {
                Some(content) => fs::write(&path, content)?,
                None => fs::create_dir_all(&path)?,
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(thing.mode))?;
        }
        let before = look(&planted.directory);
        Ok(Aquarium { directory: planted.directory.clone(), before })
    }

    /// What changed since.
    pub fn effects(&self) -> Vec<Effect> {
        let after = look(&self.directory);
        let name = |path: &PathBuf| path.to_string_lossy().into_owned();
        let gone = self.before.keys().filter(|path| !after.contains_key(*path));
        let gone = gone.map(|path| Effect::Deleted { path: name(path) });
        let other = after.iter().filter_map(|(path, state)| match self.before.get(path) {
            None => Some(Effect::Created { path: name(path) }),
            Some(before) if before != state => Some(Effect::Changed { path: name(path) }),
            Some(_) => None,
        });
        gone.chain(other).take(MAX_EFFECTS).collect()
    }
}

/// All that is below a directory; links are not followed.
fn look(directory: &Path) -> BTreeMap<PathBuf, State> {
    let (mut found, mut open) = (BTreeMap::new(), vec![directory.to_path_buf()]);
    while let Some(directory) = open.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            let kind = if metadata.is_dir() {
                open.push(path.clone());
                Kind::Directory
            } else if metadata.is_file() && metadata.len() <= MAX_COMPARED {
                fs::read(&path).map_or_else(|error| Kind::Other(error.to_string()), Kind::File)
            } else {
                Kind::Other(format!("{:?} {}", metadata.file_type(), metadata.len()))
            };
            found.insert(path, State { mode: metadata.mode(), kind });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::request::PlantedThing;
    use super::*;

    #[test]
    fn what_was_made_changed_and_removed_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let thing = |path: &str, content: Option<&str>| PlantedThing {
            path: path.into(),
            mode: if content.is_some() { 0o600 } else { 0o700 },
            content: content.map(str::to_owned),
        };
        let planted = Planted {
            directory: directory.path().join("scene"),
            things: vec![thing("a", Some("1")), thing("b/c", Some("2")), thing("d", None)],
            listeners: Vec::new(),
        };
        let aquarium = Aquarium::plant(&planted).unwrap();
        assert_eq!(aquarium.effects(), []);
        let at = |path: &str| planted.directory.join(path);
        fs::write(at("a"), "3").unwrap();
        fs::remove_file(at("b/c")).unwrap();
        fs::write(at("d/new"), "").unwrap();
        let name = |path: &str| at(path).to_string_lossy().into_owned();
        let expected = [
            Effect::Deleted { path: name("b/c") },
            Effect::Changed { path: name("a") },
            Effect::Created { path: name("d/new") },
        ];
        assert_eq!(aquarium.effects(), expected);
    }
}
