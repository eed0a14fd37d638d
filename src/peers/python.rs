//! Which Python interpreter the peers run in.
//!
//! In: what was asked for on the command line, and the variables of the environment. Out: an
//! interpreter that starts, is CPython of a version that works, and has the packages that every
//! row needs, or the sentence that the rows show instead of figures. What an interpreter answers
//! is untrusted: bounded in time and size, parsed, cleaned. Nothing is installed here, and nothing
//! of the user's is changed; making an environment is the job of [`super::provision`].

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

use super::limited::{self, Failure, Limits};
use super::provision;

/// Packages that no row can do without.
pub const CORE_PACKAGES: &[&str] = &["numpy", "scipy", "scikit-learn", "joblib"];
/// Packages that some formats need.
pub const OPTIONAL_PACKAGES: &[&str] =
    &["cloudpickle", "skops", "safetensors", "lz4", "skl2onnx", "onnx", "onnxruntime"];
/// The variable that names an interpreter.
pub const VARIABLE: &str = "DEADWEIGHT_PYTHON";

/// Oldest version that the script runs on.
pub(super) const OLDEST: (u32, u32) = (3, 9);
/// A first start on a cold disk takes a second or two.
const PROBE_LIMITS: Limits = Limits { time: Duration::from_secs(20), bytes: 64 << 10, group: true };
/// Longest text of an interpreter's that is shown.
const MAX_TEXT: usize = 100;
/// Imports none of the packages, and parses in every Python 3, so that an old one can say its age.
const PROBE: &str = "
import json, platform, sys
from importlib.util import find_spec
packages = {}
try:
    from importlib.metadata import version
except ImportError:
    version = None
for name in sys.argv[1:] if version else []:
    try:
        packages[name] = version(name)
    except Exception:
        pass
print(json.dumps({
    'major': sys.version_info[0], 'minor': sys.version_info[1],
    'version': platform.python_version(), 'implementation': platform.python_implementation(),
    'packages': packages,
    'environments': all(find_spec(name) is not None for name in ('venv', 'ensurepip')),
}))
";

/// What was asked for on the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Choice {
    /// Take what is there, or make an environment.
    #[default]
    Auto,
    /// Take what is there, and make nothing.
    Ready,
    /// Measure nothing in Python.
    Off,
    /// This interpreter: a path, or a name to look up as a shell would.
    Path(PathBuf),
}

impl FromStr for Choice {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "auto" => Choice::Auto,
            "off" => Choice::Off,
            path => Choice::Path(path.into()),
        })
    }
}

/// Where an interpreter was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It was named on the command line.
    Given,
    /// It was named in `$DEADWEIGHT_PYTHON`.
    Variable,
    /// It is that of the active virtual or conda environment.
    Active,
    /// It is in an environment that an earlier run made.
    Kept,
    /// Its environment was made now.
    Made,
}

impl Found {
    /// A word for records.
    pub fn id(self) -> &'static str {
        match self {
            Found::Given => "given",
            Found::Variable => "variable",
            Found::Active => "active",
            Found::Kept => "kept",
            Found::Made => "made",
        }
    }
}

/// An interpreter that can be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Python {
    /// Absolute path. Links in it are as they were: an environment is known by its link.
    pub executable: PathBuf,
    /// Where it was found.
    pub found: Found,
    /// Its version, such as `3.11.7`.
    pub version: String,
    /// Always `CPython`.
    pub implementation: String,
    /// The packages that are there, with their versions.
    pub packages: BTreeMap<String, String>,
    /// The optional packages that are not there, in the order of [`OPTIONAL_PACKAGES`].
    pub missing: Vec<&'static str>,
}

/// What is told while an interpreter is looked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// An environment is about to be made; nothing was downloaded yet.
    Making {
        /// Its directory.
        place: PathBuf,
        /// About how large it becomes on disk.
        megabytes: u32,
        /// How many packages it gets.
        packages: usize,
    },
    /// A step, in a few words.
    Step(String),
    /// The environment is there.
    Done {
        /// How long it took.
        seconds: f64,
    },
}

/// Why nothing is measured in Python, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unavailable {
    /// Nothing was asked for.
    #[error("Python was not measured, as `--python off` says")]
    Off,
    /// There is none with the packages, and none was to be made.
    #[error(
        "no Python with numpy, scipy, scikit-learn and joblib is ready: `deadweight run` makes one, \
         or name an interpreter with the variable DEADWEIGHT_PYTHON"
    )]
    NotReady,
    /// The interpreter that was named cannot be used.
    #[error("{} names {}, which {problem}", .found.named(), .path.display())]
    Named {
        /// How it was named.
        found: Found,
        /// What was named.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// There is none that an environment can be made with.
    #[error(
        "no Python to make an environment with: {0}. Install Python 3.11 or newer, or name an \
         interpreter that has numpy, scipy, scikit-learn and joblib with --python PATH"
    )]
    NoInterpreter(String),
    /// An environment could not be made.
    #[error("the Python environment {} could not be made: {problem}", .place.display())]
    Environment {
        /// Its directory.
        place: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
}

impl Found {
    fn named(self) -> &'static str {
        match self {
            Found::Variable => "the variable DEADWEIGHT_PYTHON",
            _ => "--python",
        }
    }
}

/// What is around this process.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    /// `$DEADWEIGHT_PYTHON`.
    pub variable: Option<PathBuf>,
    /// The directories of active environments, the innermost first.
    pub active: Vec<PathBuf>,
    /// The directories in which a shell looks for programs.
    pub search: Vec<PathBuf>,
}

impl Surroundings {
    fn of_this_process() -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let path: OsString = variable("PATH").unwrap_or_default();
        Surroundings {
            variable: variable(VARIABLE).map(PathBuf::from),
            active: ["VIRTUAL_ENV", "CONDA_PREFIX"]
                .into_iter()
                .filter_map(variable)
                .map(PathBuf::from)
                .collect(),
            search: std::env::split_paths(&path).collect(),
        }
    }

    /// Every program of this name, in the order of the search.
    pub(super) fn programs(&self, name: &str) -> impl Iterator<Item = PathBuf> {
        let places = self.search.iter().filter(|place| place.is_absolute());
        places.map(move |place| place.join(name)).filter(|path| path.is_file())
    }
}

/// Finds an interpreter, or makes an environment below `home`.
///
/// `Auto` takes the first that is there: `$DEADWEIGHT_PYTHON`, an active environment that has the
/// packages that every row needs, an environment of an earlier run; else one is made. An
/// interpreter that somebody named is used as it is, or not at all.
///
/// # Errors
/// [`Unavailable`] is the sentence for the rows that are then not measured.
pub fn find(
    choice: &Choice,
    home: &Path,
    told: &(dyn Fn(&Told) + Sync),
) -> Result<Python, Unavailable> {
    find_among(choice, &Surroundings::of_this_process(), home, told)
}

pub(super) fn find_among(
    choice: &Choice,
    around: &Surroundings,
    home: &Path,
    told: &(dyn Fn(&Told) + Sync),
) -> Result<Python, Unavailable> {
    match (choice, &around.variable) {
        (Choice::Off, _) => return Err(Unavailable::Off),
        (Choice::Path(path), _) => return named(path, Found::Given, around),
        (_, Some(path)) => return named(path, Found::Variable, around),
        (_, None) => {}
    }
    for environment in &around.active {
        match probe(&interpreter_of(environment)).and_then(|p| p.complete(Found::Active)) {
            Ok(python) => return Ok(python),
            Err(problem) => told(&Told::Step(format!(
                "the active environment {} is not used: its Python {problem}",
                environment.display()
            ))),
        }
    }
    match choice {
        Choice::Ready => provision::ready(home).ok_or(Unavailable::NotReady),
        _ => provision::obtain(around, home, told),
    }
}

/// The interpreter that somebody named.
fn named(path: &Path, found: Found, around: &Surroundings) -> Result<Python, Unavailable> {
    let looked_up = match path.to_str() {
        Some(name) if !name.contains('/') && !path.exists() => around.programs(name).next(),
        _ => None,
    };
    let executable = looked_up.unwrap_or_else(|| path.to_owned());
    let python = probe(&executable).and_then(|probe| probe.complete(found));
    python.map_err(|problem| Unavailable::Named { found, path: path.to_owned(), problem })
}

/// The interpreter of a virtual or conda environment.
pub(super) fn interpreter_of(environment: &Path) -> PathBuf {
    environment.join("bin").join("python")
}

#[derive(Deserialize)]
struct Answer {
    major: u32,
    minor: u32,
    version: String,
    implementation: String,
    packages: BTreeMap<String, Option<String>>,
    environments: bool,
}

/// What an interpreter says of itself.
#[derive(Debug)]
pub(super) struct Probe {
    pub executable: PathBuf,
    /// Major and minor version.
    pub release: (u32, u32),
    pub version: String,
    pub implementation: String,
    pub packages: BTreeMap<String, String>,
    /// Whether it can make virtual environments.
    pub environments: bool,
}

/// Starts an interpreter and asks what it is. The error continues a sentence about it.
pub(super) fn probe(executable: &Path) -> Result<Probe, String> {
    probe_within(executable, PROBE_LIMITS)
}

fn probe_within(executable: &Path, limits: Limits) -> Result<Probe, String> {
    if executable.is_dir() {
        let inside = interpreter_of(executable);
        return Err(match inside.is_file() {
            true => format!("is a directory; name the interpreter in it, {}", inside.display()),
            false => "is a directory without bin/python; name an interpreter".to_owned(),
        });
    }
    if !executable.exists() {
        return Err("does not exist; correct the path of the interpreter".to_owned());
    }
    // A path without a slash would be looked up elsewhere, and a relative one breaks later.
    let executable = std::path::absolute(executable).map_err(|error| error.to_string())?;
    let mut command = Command::new(&executable);
    command.args(["-I", "-c", PROBE]).args(CORE_PACKAGES).args(OPTIONAL_PACKAGES);
    let finished = limited::run(command, limits, |_| ()).map_err(|failure| match failure {
        Failure::Start(error) => format!("cannot be started ({error}); name a Python interpreter"),
        Failure::Time(_) | Failure::Output(_) => {
            format!("does not answer as a Python interpreter does: {failure}")
        }
    })?;
    if !finished.status.success() {
        let said = finished.tail.last().map_or("nothing", String::as_str);
        return Err(format!(
            "does not run a script as Python 3 does: it ended with {}, its last line is \"{}\"",
            finished.status,
            clean(said)
        ));
    }
    // What a start-up file prints comes before the answer.
    let line = finished.output.lines().rev().find(|line| !line.trim().is_empty());
    let answer: Answer = serde_json::from_str(line.unwrap_or_default()).map_err(|_| {
        let said = line.map_or_else(|| "nothing".to_owned(), |l| format!("\"{}\"", clean(l)));
        format!("does not answer as a Python interpreter does: it printed {said}")
    })?;
    let known = |name: &str| CORE_PACKAGES.contains(&name) || OPTIONAL_PACKAGES.contains(&name);
    let packages = answer.packages.into_iter().filter(|(name, _)| known(name));
    Ok(Probe {
        executable,
        release: (answer.major, answer.minor),
        version: clean(&answer.version),
        implementation: clean(&answer.implementation),
        packages: packages.filter_map(|(name, v)| Some((name, clean(&v?)))).collect(),
        environments: answer.environments,
    })
}

impl Probe {
    /// Whether the script runs on it. The error continues a sentence about it.
    pub(super) fn suitable(&self) -> Result<(), String> {
        if self.implementation != "CPython" {
            return Err(format!(
                "is {} {}, and only CPython is measured; name a CPython 3.9 or newer",
                self.implementation, self.version
            ));
        }
        if self.release < OLDEST {
            return Err(format!(
                "is Python {}, and 3.9 or newer is needed; name a newer one",
                self.version
            ));
        }
        Ok(())
    }

    /// An interpreter that can be measured, if the packages that every row needs are there.
    pub(super) fn complete(self, found: Found) -> Result<Python, String> {
        self.suitable()?;
        let lacks = |name: &&&str| !self.packages.contains_key(**name);
        let needed: Vec<&str> = CORE_PACKAGES.iter().filter(lacks).copied().collect();
        if !needed.is_empty() {
            return Err(format!(
                "has no {}; install with: {} -m pip install {}",
                needed.join(", no "),
                self.executable.display(),
                needed.join(" ")
            ));
        }
        Ok(Python {
            missing: OPTIONAL_PACKAGES.iter().filter(lacks).copied().collect(),
            executable: self.executable,
            found,
            version: self.version,
            implementation: self.implementation,
            packages: self.packages,
        })
    }
}

/// A text of somebody else's, fit for a terminal and a report.
pub(super) fn clean(text: &str) -> String {
    let text = text.trim();
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
    if text.chars().count() > MAX_TEXT {
        short.push('…');
    }
    short
}

/// Shell scripts that answer as interpreters do.
#[cfg(test)]
pub(super) mod fakes {
    use std::io::Write;
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::{CORE_PACKAGES, OPTIONAL_PACKAGES};

    pub struct Fake {
        /// What it says of itself.
        pub answer: String,
        /// What it does to make an environment in `$last`, in shell; `$log` is a file for notes.
        pub venv: &'static str,
        /// What it does to install the pins in the file `$last`.
        pub pip: &'static str,
    }

    /// A CPython with every package.
    pub fn answer(version: &str, environments: bool) -> String {
        let names = CORE_PACKAGES.iter().chain(OPTIONAL_PACKAGES);
        let packages: Vec<String> = names.map(|name| format!("\"{name}\": \"1.0\"")).collect();
        let numbers: Vec<&str> = version.split('.').collect();
        format!(
            "{{\"major\": {}, \"minor\": {}, \"version\": \"{version}\", \"implementation\": \
             \"CPython\", \"packages\": {{{}}}, \"environments\": {environments}}}",
            numbers[0],
            numbers[1],
            packages.join(", ")
        )
    }

    impl Fake {
        pub fn write(&self, path: &Path, log: &Path) {
            let text = format!(
                "log='{}'; for last; do :; done\ncase \"$*\" in\n*'-m venv'*) {}\n;;\n\
                 *'-m pip'*) {}\n;;\n*) cat <<'END'\n{}\nEND\n;;\nesac\n",
                log.display(),
                self.venv,
                self.pip,
                self.answer
            );
            script(path, &text);
        }
    }

    /// Writes a program. A process of its own does it: what another test starts meanwhile must not
    /// inherit a file that is open for writing, since such a file cannot be started.
    pub fn script(path: &Path, text: &str) {
        let write = "mkdir -p \"${1%/*}\" && cat > \"$1\" && chmod 755 \"$1\"";
        let mut shell = Command::new("sh");
        shell.args(["-c", write, "sh"]).arg(path).stdin(Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        let mut input = shell.stdin.take().unwrap();
        input.write_all(format!("#!/bin/sh\n{text}").as_bytes()).unwrap();
        drop(input);
        assert!(shell.wait().unwrap().success());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Mutex;

    use super::fakes::{answer, script};
    use super::*;

    /// A directory with a program that prints something.
    fn printing(text: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bin/python");
        script(&path, &format!("cat <<'END'\n{text}\nEND\n"));
        (directory, path)
    }

    fn find_with(
        choice: &Choice,
        around: &Surroundings,
    ) -> (Result<Python, Unavailable>, Vec<Told>) {
        let home = tempfile::tempdir().unwrap();
        let told = Mutex::new(Vec::new());
        let tell = |t: &Told| told.lock().unwrap().push(t.clone());
        let found = find_among(choice, around, home.path(), &tell);
        (found, told.into_inner().unwrap())
    }

    fn given(path: &Path) -> Result<Python, String> {
        let choice = Choice::Path(path.to_owned());
        find_with(&choice, &Surroundings::default()).0.map_err(|error| error.to_string())
    }

    fn refused(path: &Path, parts: &[&str]) {
        let sentence = given(path).unwrap_err();
        for part in parts.iter().chain(&["--python names", path.to_str().unwrap()]) {
            assert!(sentence.contains(part), "{part:?} is not in: {sentence}");
        }
    }

    #[test]
    fn the_choice_is_two_words_or_a_path() {
        assert_eq!("auto".parse(), Ok(Choice::Auto));
        assert_eq!("off".parse(), Ok(Choice::Off));
        assert_eq!("./off".parse(), Ok(Choice::Path("./off".into())));
        let (off, told) = find_with(&Choice::Off, &Surroundings::default());
        assert_eq!((off, told), (Err(Unavailable::Off), Vec::new()));
    }

    #[test]
    fn an_interpreter_with_every_package_is_used_as_it_is() {
        let (_directory, path) = printing(&format!("start-up noise\n{}", answer("3.12.1", false)));
        let python = given(&path).unwrap();
        assert_eq!((&python.executable, python.found), (&path, Found::Given));
        assert_eq!(
            (python.version.as_str(), python.implementation.as_str()),
            ("3.12.1", "CPython")
        );
        assert_eq!(python.packages.len(), CORE_PACKAGES.len() + OPTIONAL_PACKAGES.len());
        assert_eq!(python.missing, [""; 0]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let optional = answer("3.12.1", true)
            .replace("\"lz4\": \"1.0\"", "\"lz4\": null")
            .replace("\"onnx\":", "\"other\":");
        let (_directory, path) = printing(&optional);
        let python = given(&path).unwrap();
        assert_eq!(python.missing, ["lz4", "onnx"]);
        assert!(!python.packages.contains_key("other"));
        let core = optional.replace("\"scipy\"", "\"x\"").replace("\"joblib\"", "\"y\"");
        let (_directory, path) = printing(&core);
        let command = format!("{} -m pip install scipy joblib", path.display());
        refused(&path, &["has no scipy, no joblib", &command]);
    }

    #[test]
    fn what_is_not_a_file_is_refused() {
        let (directory, path) = printing(&answer("3.12.1", true));
        refused(&directory.path().join("nowhere"), &["does not exist"]);
        refused(directory.path(), &["is a directory", path.to_str().unwrap()]);
        refused(&directory.path().join("bin"), &["is a directory without bin/python"]);
        let data = directory.path().join("data");
        fs::write(&data, "not a program").unwrap();
        refused(&data, &["cannot be started"]);
    }

    #[test]
    fn what_does_not_answer_is_refused() {
        let (_directory, path) = printing("\u{1b}[31mhello\u{7}");
        refused(&path, &["does not answer as a Python interpreter does: it printed \"[31mhello\""]);
        for text in ["", "{}", "[1, 2", "{\"major\": -3}", "\0\0", &"[".repeat(20_000)] {
            let (_directory, path) = printing(text);
            refused(&path, &["does not answer as a Python interpreter does: it printed"]);
        }
        let (_directory, path) = printing(&"flood ".repeat(20_000));
        refused(&path, &["printed more than 65536 bytes"]);
        script(&path, "echo 'Unknown option: -I' >&2; exit 2");
        refused(&path, &["exit status: 2", "\"Unknown option: -I\""]);
        script(&path, "exit 0");
        refused(&path, &["it printed nothing"]);
        script(&path, "sleep 60");
        let limits = Limits { time: Duration::from_millis(300), ..PROBE_LIMITS };
        let problem = probe_within(&path, limits).unwrap_err();
        assert!(problem.contains("did not end within 0 s and was stopped"), "{problem}");
    }

    #[test]
    fn only_a_new_enough_cpython_is_measured() {
        let (_directory, path) = printing(&answer("3.8.18", true));
        refused(&path, &["is Python 3.8.18, and 3.9 or newer is needed"]);
        let (_directory, path) = printing(&answer("3.10.13", true).replace("CPython", "PyPy"));
        refused(&path, &["is PyPy 3.10.13, and only CPython is measured"]);
        let (_directory, path) = printing(&answer("3.15.0", true));
        assert_eq!(given(&path).unwrap().version, "3.15.0");
    }

    #[test]
    fn a_name_is_looked_up_as_a_shell_does() {
        let (directory, path) = printing(&answer("3.12.1", true));
        let around = Surroundings {
            search: vec!["relative".into(), "/nowhere".into(), directory.path().join("bin")],
            ..Surroundings::default()
        };
        let python = find_with(&Choice::Path("python".into()), &around).0.unwrap();
        assert_eq!(python.executable, path);
    }

    #[test]
    fn what_the_variable_names_is_final() {
        let (active, _) = printing(&answer("3.12.1", true));
        let (_directory, path) = printing(&answer("3.13.0", true));
        let mut around = Surroundings {
            variable: Some("/nowhere/python".into()),
            active: vec![active.path().to_owned()],
            ..Surroundings::default()
        };
        let sentence = find_with(&Choice::Auto, &around).0.unwrap_err().to_string();
        let expected = "the variable DEADWEIGHT_PYTHON names /nowhere/python, which does not exist";
        assert!(sentence.starts_with(expected), "{sentence}");
        around.variable = Some(path.clone());
        let python = find_with(&Choice::Auto, &around).0.unwrap();
        assert_eq!((python.found, &python.executable), (Found::Variable, &path));
    }

    #[test]
    fn an_active_environment_is_used_if_it_has_the_packages() {
        let (bare, _) = printing(&answer("3.12.1", true).replace("numpy", "x"));
        let (full, path) = printing(&answer("3.12.2", true));
        let mut around = Surroundings {
            active: vec![bare.path().to_owned(), full.path().to_owned()],
            ..Surroundings::default()
        };
        let (python, told) = find_with(&Choice::Auto, &around);
        let python = python.unwrap();
        assert_eq!((python.found, &python.executable), (Found::Active, &path));
        let [Told::Step(step)] = &told[..] else { panic!("{told:?}") };
        assert!(step.contains("is not used: its Python has no numpy"), "{step}");
        around.active.pop();
        let (python, _) = find_with(&Choice::Auto, &around);
        assert!(matches!(python, Err(Unavailable::NoInterpreter(_))), "{python:?}");
    }
}
