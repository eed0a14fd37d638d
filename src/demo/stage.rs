//! A temporary directory with the planted things, and the file that is to be loaded beside it.

use std::fs;
use std::io;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::attacks::{self, Scene};
use crate::base::detonation::Effect;
use crate::sandbox::aquarium::Aquarium;
use crate::sandbox::request::{Listener, Planted, PlantedThing};

/// One stage; it is gone when it is dropped.
pub struct Stage {
    folder: TempDir,
    /// The planted things.
    pub planted: Planted,
    before: Aquarium,
}

impl Stage {
    /// Plants for real, in a directory that only this user can read.
    pub fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("deadweight-stage-").tempdir()?;
        let directory = folder.path().canonicalize()?.join("scene");
        let things = Scene::planted().into_iter().map(|(path, mode, content)| PlantedThing {
            path: path.into(),
            mode,
            content,
        });
        let planted = Planted {
            directory,
            things: things.collect(),
            listeners: vec![
                Listener::Tcp { port: attacks::TCP_PORT },
                Listener::Udp { port: attacks::UDP_PORT },
                Listener::Dns { port: attacks::DNS_PORT },
                Listener::Unix { name: attacks::UNIX_NAME.into() },
            ],
        };
        let before = Aquarium::plant(&planted)?;
        Ok(Stage { folder, planted, before })
    }

    /// For the payloads.
    pub fn scene(&self, valid: Vec<u8>) -> Scene {
        Scene { directory: self.planted.directory.clone(), valid }
    }

    /// Writes the file that is to be loaded.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes)?;
        Ok(path)
    }

    /// What became of the planted things here, outside of any sandbox. Nothing must.
    pub fn harm(&self) -> Vec<Effect> {
        self.before.effects()
    }
}
