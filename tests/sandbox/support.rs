//! What the tests share: an interpreter, requests, hostile pickles, programs that start the helper.

// Each binary uses a part of it.
#![allow(dead_code)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use deadweight::attacks::{self, Loader, Target, registry};
use deadweight::base::detonation::{Detonation, Effect, Event, EventKind, Mode};
use deadweight::demo::LoaderPython;
use deadweight::sandbox::aquarium::Aquarium;
use deadweight::sandbox::request::PlantedThing;
use deadweight::sandbox::{self, Limits, Planted, Request, Support};
use tempfile::TempDir;

/// The program that supervises.
pub fn helper() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_deadweight"))
}

/// Says what is not tested, and why.
pub fn not_tested(reason: &str) {
    assert!(std::env::var_os("CI").is_none(), "not tested, although this is CI: {reason}");
    eprintln!("NOT TESTED: {reason}");
}

/// An interpreter on a system where files can be loaded.
pub fn python() -> Option<&'static LoaderPython> {
    static FOUND: OnceLock<Result<LoaderPython, String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let missing = Support::of_this_system().missing;
        match missing.is_empty() {
            true => LoaderPython::of_search_path(),
            false => Err(missing.join("; ")),
        }
    });
    found.as_ref().map_err(|reason| not_tested(reason)).ok()
}

/// An interpreter that every user of the system can start.
pub fn system_python() -> Option<LoaderPython> {
    python()?;
    let found = Path::new("/usr/bin/python3").canonicalize().map_err(|error| error.to_string());
    let asked = found.and_then(|path| LoaderPython::ask(&path));
    asked.map_err(|reason| not_tested(&reason)).ok()
}

/// Loads as a pickle, under the policy.
pub fn request(python: &LoaderPython, path: &Path) -> Request {
    request_of(python, path, "pickle", &[])
}

/// Loads with this loader after importing these modules.
pub fn request_of(python: &LoaderPython, path: &Path, loader: &str, modules: &[String]) -> Request {
    Request {
        path: path.into(),
        mode: Mode::Policy,
        loader: loader.into(),
        program: python.interpreter.program(loader, modules, &[]),
        limits: Limits { wall_millis: 60_000, cpu_seconds: 60, ..Limits::default() },
        planted: None,
        without_namespaces: false,
        ablation: None,
    }
}

/// A pickle that runs Python.
pub fn payload(code: &str) -> Vec<u8> {
    // One line of text, in raw-unicode-escape.
    let text = code.replace('\\', "\\u005c").replace('\n', "\\u000a");
    format!("cbuiltins\nexec\n(V{text}\n}}tR.").into_bytes()
}

/// A directory that every user may read, and a hostile file in it.
pub struct Scene {
    pub folder: TempDir,
    pub file: PathBuf,
}

impl Scene {
    /// The code finds the directory's path in `D`.
    pub fn new(code: &str) -> Self {
        let scene = Scene::empty();
        scene.write(code);
        scene
    }

    pub fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("sandbox-test-").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let file = folder.path().join("model.pkl");
        Scene { folder, file }
    }

    pub fn write(&self, code: &str) {
        let code = format!("D = {:?}\n{code}", self.folder.path());
        fs::write(&self.file, payload(&code)).unwrap();
        fs::set_permissions(&self.file, fs::Permissions::from_mode(0o644)).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A name that no other process has on its command line.
    pub fn mark(&self) -> String {
        self.folder.path().file_name().unwrap().to_string_lossy().into_owned()
    }

    /// The helper's program, copied to where every user can start it.
    pub fn copied_helper(&self) -> PathBuf {
        let copy = self.path("deadweight");
        if !copy.exists() {
            fs::copy(helper(), &copy).unwrap();
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
        }
        copy
    }

    /// A program that starts the helper; `{}` in the text is where the helper's program stands.
    pub fn wrapper(&self, text: &str) -> PathBuf {
        let wrapper = self.path("start-helper");
        let text = text.replace("{}", &self.copied_helper().to_string_lossy());
        // Written by another process: a descriptor that is open for writing and inherited by a
        // process that another test starts would make it busy.
        let mut writer = Command::new("tee")
            .arg(&wrapper)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut writer.stdin.take().unwrap(), text.as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success());
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
        wrapper
    }
}

/// An attack of the registry, and the things that it is for, really planted in a scene's directory.
pub struct Named {
    pub scene: Scene,
    pub planted: Planted,
    before: Aquarium,
}

impl Named {
    pub fn new(id: &str) -> Self {
        let scene = Scene::empty();
        let directory = scene.folder.path().canonicalize().unwrap().join("scene");
        let things = attacks::Scene::planted()
            .into_iter()
            .map(|(path, mode, content)| PlantedThing { path: path.into(), mode, content });
        let planted = Planted {
            directory: directory.clone(),
            things: things.collect(),
            listeners: Vec::new(),
        };
        let before = Aquarium::plant(&planted).unwrap();
        let attack = registry::find(id).unwrap_or_else(|| panic!("no attack {id}"));
        let scene_of_attack = attacks::Scene { directory, valid: Vec::new() };
        let bytes = (attack.build)(&scene_of_attack, Target::Python(Loader::Pickle)).unwrap();
        fs::write(&scene.file, bytes).unwrap();
        Named { scene, planted, before }
    }

    /// What became of the planted things.
    pub fn harm(&self) -> Vec<Effect> {
        self.before.effects()
    }

    pub fn path(&self, planted: &str) -> String {
        self.planted.directory.join(planted).to_string_lossy().into_owned()
    }
}

/// Loads the scene's file.
pub fn detonate(python: &LoaderPython, scene: &Scene) -> Detonation {
    sandbox::detonate(helper(), &request(python, &scene.file))
}

/// The first attempt of this kind after loading began.
pub fn attempt(detonation: &Detonation, kind: EventKind) -> &Event {
    let found = detonation.armed().find(|event| event.kind == kind);
    found.unwrap_or_else(|| panic!("no {}: {detonation:#?}", kind.id()))
}

/// Processes with a text on their command line.
pub fn processes(mark: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = entries.filter_map(|entry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(mark).then(|| format!("{}: {line}", entry.file_name().to_string_lossy()))
    });
    lines.collect()
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
