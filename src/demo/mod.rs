//! Really loads hostile files, and tells what they tried.
//!
//! ```text
//! attack + scene -> file -> sandbox (aquarium, policy) -> detonations -> judged -> trial records
//! file of anybody's -> which loader -> sandbox (policy) -> detonation
//! ```
//!
//! A file for one of Python's loaders is loaded by a real CPython, twice. A file for a data-only format
//! is loaded by this program's own loader, in a process that may do nothing but compute once the load
//! has begun; so that it attempts nothing is measured too.

pub mod guest;
pub mod identify;
pub mod interpreter;
mod judge;
mod stage;
pub mod trial;
pub mod twin;

use std::path::PathBuf;
use std::time::Instant;

use crate::attacks::{Attack, Target};
use crate::base::trial::{DEMO_SCHEMA, DemoRecord, PythonOfTrials, Trial};
use crate::formats::registry::FORMATS;

pub use interpreter::LoaderPython;

/// What a demonstration has.
pub struct Options {
    /// This product's own program, which supervises in a process of its own.
    pub helper: PathBuf,
    /// The interpreter, or why there is none.
    pub python: Result<LoaderPython, String>,
    /// The attacks.
    pub attacks: Vec<&'static Attack>,
    /// All loaders that an attack fits, and all formats; else the first loader and all formats.
    pub every_loader: bool,
    /// Do without namespaces although the system has them.
    pub without_namespaces: bool,
}

/// The ids of the data-only formats.
pub fn format_ids() -> Vec<&'static str> {
    FORMATS.iter().map(|format| format.descriptor().id).collect()
}

/// Tries the attacks one after another. `begun` is told of each before it is tried, `done` after.
///
/// # Errors
/// When no private directory can be made.
pub fn run(
    options: &Options,
    begun: &mut dyn FnMut(&Attack, Target),
    done: &mut dyn FnMut(&Trial),
) -> std::io::Result<DemoRecord> {
    let start = Instant::now();
    let mut record = record(options);
    let formats = format_ids();
    for attack in options.attacks.iter().copied() {
        let mut targets = attack.targets(&formats);
        if attack.is_executable() && !options.every_loader {
            targets.truncate(1);
        }
        for target in targets {
            begun(attack, target);
            let trial = trial::run(options, attack, target)?;
            done(&trial);
            record.trials.push(trial);
        }
    }
    record.elapsed_seconds = start.elapsed().as_secs_f64();
    Ok(record)
}

/// A record without trials.
pub fn record(options: &Options) -> DemoRecord {
    let system = rustix::system::uname();
    let python = options.python.as_ref();
    DemoRecord {
        schema: DEMO_SCHEMA.into(),
        tool_version: env!("CARGO_PKG_VERSION").into(),
        started: jiff::Timestamp::now().to_string(),
        elapsed_seconds: 0.0,
        kernel: format!(
            "{} {}",
            system.sysname().to_string_lossy(),
            system.release().to_string_lossy()
        ),
        user: if rustix::process::geteuid().is_root() { "root" } else { "ordinary user" }.into(),
        python: python.ok().map(|python| PythonOfTrials {
            version: python.interpreter.version.clone(),
            packages: python.packages.clone(),
        }),
        python_missing: python.err().cloned(),
        trials: Vec::new(),
        twin: None,
    }
}
