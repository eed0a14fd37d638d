//! A Python interpreter as the program that loads.

use std::path::{Path, PathBuf};

use super::request::{Program, SandboxError};

/// Loads a file with the standard library, or with what is installed.
const LOADER: &str = include_str!("loader.py");

/// An interpreter, and where its libraries are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// Absolute path.
    pub executable: PathBuf,
    /// `CPython 3.11.7`.
    pub version: String,
    /// What it reads: its prefixes, and where its packages are.
    pub readable: Vec<PathBuf>,
}

/// True for the directory of a user, or one above it.
fn is_home(path: &Path) -> bool {
    let of_user = std::env::var_os("HOME").is_some_and(|home| Path::new(&home).starts_with(path));
    of_user || path.parent().is_some_and(|above| above == Path::new("/home"))
}

impl Interpreter {
    /// Prints what [`Interpreter::parse`] reads: version, then paths, a line each.
    pub const QUESTION: &str = "
import platform, sys
print(platform.python_implementation(), platform.python_version())
paths = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *sys.path]
print('\\n'.join(dict.fromkeys(path for path in paths if path)))
";

    /// From the answer to [`Interpreter::QUESTION`].
    ///
    /// # Errors
    /// When it is no such answer.
    pub fn parse(executable: &Path, answer: &str) -> Result<Self, SandboxError> {
        let failed = |problem: &str| SandboxError::Program {
            path: executable.to_string_lossy().into_owned(),
            problem: problem.into(),
        };
        let mut lines = answer.lines();
        let version = lines.next().filter(|line| line.starts_with("CPython "));
        let version = version.ok_or_else(|| failed("expected CPython's answer to its version"))?;
        let paths: Vec<PathBuf> =
            lines.map(PathBuf::from).filter(|path| path.is_absolute()).collect();
        // A prefix of / or /usr would make all of it readable; its libraries are among the system's.
        let own = |path: &PathBuf| path.components().count() > 2 && !path.ends_with("/usr/local");
        let mut readable: Vec<PathBuf> = Vec::new();
        for path in paths.into_iter().filter(own) {
            match is_home(&path) {
                // Keys lie beside the libraries.
                true => readable.extend(["lib", "lib64", "bin"].map(|below| path.join(below))),
                false => readable.push(path),
            }
        }
        Ok(Interpreter { executable: executable.into(), version: version.into(), readable })
    }

    /// The program that loads with `loader` (`pickle`, `joblib`, `numpy`, `torch-zip`), after importing
    /// `modules`. `environment` is added to the little that it gets.
    pub fn program(
        &self,
        loader: &str,
        modules: &[String],
        environment: &[(String, String)],
    ) -> Program {
        let mut arguments: Vec<String> =
            ["-I", "-B", "-c", LOADER, loader].map(str::to_owned).to_vec();
        arguments.extend(modules.iter().cloned());
        let fixed = [
            ("PATH", "/usr/bin:/bin"),
            ("LC_ALL", "C.UTF-8"),
            ("HOME", "/nonexistent"),
            // Their threads would be made while they are imported.
            ("OPENBLAS_NUM_THREADS", "1"),
            ("OMP_NUM_THREADS", "1"),
            ("MKL_NUM_THREADS", "1"),
            ("JOBLIB_MULTIPROCESSING", "0"),
        ];
        let mut variables: Vec<(String, String)> = Vec::new();
        for (name, value) in fixed {
            if !environment.iter().any(|(other, _)| other == name) {
                variables.push((name.into(), value.into()));
            }
        }
        variables.extend(environment.iter().cloned());
        Program {
            executable: self.executable.clone(),
            arguments,
            environment: variables,
            readable: self.readable.clone(),
            strict: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_that_hold_the_whole_system_are_not_shown() {
        let answer = "CPython 3.12.1\n/usr\n/opt/env\n/usr/lib/python3.12\nrelative\n";
        let interpreter = Interpreter::parse(Path::new("/opt/env/bin/python"), answer).unwrap();
        assert_eq!(interpreter.version, "CPython 3.12.1");
        assert_eq!(interpreter.readable, [Path::new("/opt/env"), Path::new("/usr/lib/python3.12")]);
        assert!(Interpreter::parse(Path::new("/x"), "Traceback").is_err());
        let answer = "CPython 3.12.1\n/home/somebody\n/home/somebody/env\n";
        let interpreter = Interpreter::parse(Path::new("/x"), answer).unwrap();
        assert!(!interpreter.readable.contains(&PathBuf::from("/home/somebody")));
        assert!(interpreter.readable.contains(&PathBuf::from("/home/somebody/lib")));
        assert!(interpreter.readable.contains(&PathBuf::from("/home/somebody/env")));
    }
}
