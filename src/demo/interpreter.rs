//! The interpreter that loads: any CPython 3 does for pickles; joblib files need its package.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::attacks::Loader;
use crate::base::text::printable;
use crate::peers::limited::{self, Limits};
use crate::sandbox::python::Interpreter;

/// Packages whose versions matter to a load.
const PACKAGES: &[&str] =
    &["numpy", "scipy", "scikit-learn", "joblib", "cloudpickle", "dill", "lz4"];
/// A first start on a cold disk takes a second or two.
const LIMITS: Limits = Limits { time: Duration::from_secs(20), bytes: 256 << 10, group: true };
/// Most characters of a program's own words that are told.
const MAX_SAID: usize = 200;
/// Printed after what [`Interpreter::parse`] reads.
const PACKAGES_FOLLOW: &str = "--packages--";

/// An interpreter and what it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoaderPython {
    /// The interpreter.
    pub interpreter: Interpreter,
    /// Packages and their versions.
    pub packages: BTreeMap<String, String>,
}

impl LoaderPython {
    /// Asks an interpreter about itself. It is trusted: it is the user's own.
    ///
    /// # Errors
    /// In words, when it cannot be started or is no CPython 3.
    pub fn ask(executable: &Path) -> Result<Self, String> {
        let question = format!(
            "{}
print('{PACKAGES_FOLLOW}')
from importlib.metadata import version
for name in {PACKAGES:?}:
    try:
        print(name, version(name))
    except Exception:
        pass
",
            Interpreter::QUESTION
        );
        let mut command = Command::new(executable);
        command.args(["-I", "-B", "-c", &question]);
        let failed = |problem: String| format!("{}: {problem}", executable.display());
        let finished = limited::run(command, LIMITS, |_| ()).map_err(|e| failed(e.to_string()))?;
        if !finished.status.success() {
            let said = finished.tail.join(" ");
            return Err(failed(format!("it ended with {}: {said}", finished.status)));
        }
        let (paths, packages) = finished
            .output
            .split_once(&format!("{PACKAGES_FOLLOW}\n"))
            .ok_or_else(|| failed("it did not answer".into()))?;
        let interpreter =
            Interpreter::parse(executable, paths).map_err(|error| error.to_string())?;
        let pairs = packages.lines().filter_map(|line| line.split_once(' '));
        let packages = pairs.map(|(name, version)| (name.into(), version.into())).collect();
        Ok(LoaderPython { interpreter, packages })
    }

    /// The first `python3` of the search path that answers.
    ///
    /// # Errors
    /// In words, when none does.
    pub fn of_search_path() -> Result<Self, String> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut problem = "no python3 is on the search path".to_owned();
        for directory in std::env::split_paths(&path).filter(|path| path.is_absolute()) {
            let candidate = directory.join("python3");
            if !candidate.is_file() {
                continue;
            }
            match real(&candidate).and_then(|real| LoaderPython::ask(&real)) {
                Ok(python) => return Ok(python),
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    /// Why it cannot load with this loader; `None` when it can.
    pub fn lacks(&self, loader: Loader) -> Option<String> {
        let package = match loader {
            Loader::Pickle | Loader::TorchZip => return None,
            Loader::Joblib => "joblib",
            Loader::Numpy => "numpy",
        };
        self.lacks_package(package)
    }

    /// Why it has not this package; `None` when it has.
    pub fn lacks_package(&self, package: &str) -> Option<String> {
        let missing = !self.packages.contains_key(package);
        missing.then(|| {
            format!("{package} is not installed in {}", self.interpreter.executable.display())
        })
    }
}

/// The program behind a name on the search path, which may be a script that starts another: version
/// managers do so.
fn real(candidate: &Path) -> Result<PathBuf, String> {
    let mut command = Command::new(candidate);
    command.args(["-I", "-c", "import sys; print(sys.executable)"]);
    let finished = limited::run(command, LIMITS, |_| ())
        .map_err(|error| format!("{}: {error}", candidate.display()))?;
    let path = PathBuf::from(finished.output.trim());
    let said: String = finished.tail.join(" ").chars().take(MAX_SAID).collect();
    let said = printable(&said);
    match (finished.status.success(), path.is_absolute() && path.is_file()) {
        (true, true) => Ok(path),
        (true, false) => Err(format!(
            "{}: expected the path of an interpreter, found \"{said}\"",
            candidate.display()
        )),
        (false, _) => {
            Err(format!("{}: it ended with {}: {said}", candidate.display(), finished.status))
        }
    }
}
