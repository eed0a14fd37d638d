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
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::attacks::registry::ATTACKS;
use crate::attacks::{Attack, Target};
use crate::base::system;
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
    /// Set when somebody wants it to end: what is left is then not tried, and says so.
    pub stop: Option<&'static AtomicBool>,
}

impl Options {
    /// What will be tried.
    pub fn plan(&self) -> Vec<(&'static Attack, Target)> {
        let formats = format_ids();
        let mut plan = Vec::new();
        for attack in self.attacks.iter().copied() {
            let mut targets = attack.targets(&formats);
            if attack.is_executable() && !self.every_loader {
                targets.truncate(1);
            }
            plan.extend(targets.into_iter().map(|target| (attack, target)));
        }
        plan
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::SeqCst))
    }

    fn left_out(&self) -> u64 {
        ATTACKS.len().saturating_sub(self.attacks.len()) as u64
    }
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
    let (start, started) = (Instant::now(), jiff::Timestamp::now());
    let mut trials = Vec::new();
    for (attack, target) in options.plan() {
        let mut trial = trial::untried(attack, target);
        if !options.is_stopped() {
            begun(attack, target);
            let tried = trial::run(options, attack, target)?;
            // What was going on when it was stopped may have been hit by the same signal.
            if !options.is_stopped() {
                trial = tried;
            }
        }
        done(&trial);
        trials.push(trial);
    }
    let python = options.python.as_ref();
    Ok(DemoRecord {
        started: started.to_string(),
        elapsed_seconds: start.elapsed().as_secs_f64(),
        python: python.ok().map(|python| PythonOfTrials {
            version: python.interpreter.version.clone(),
            packages: python.packages.clone(),
        }),
        python_missing: python.err().cloned(),
        attacks_left_out: options.left_out(),
        trials,
        ..blank()
    })
}

/// A record of nothing, with the reason.
pub fn not_run(reason: impl Into<String>) -> DemoRecord {
    DemoRecord { not_run: Some(reason.into()), ..blank() }
}

/// What is known before anything is loaded.
fn blank() -> DemoRecord {
    DemoRecord {
        schema: DEMO_SCHEMA.into(),
        tool_version: env!("CARGO_PKG_VERSION").into(),
        started: jiff::Timestamp::now().to_string(),
        elapsed_seconds: 0.0,
        kernel: system::kernel(),
        user: system::user().into(),
        python: None,
        python_missing: None,
        not_run: None,
        attacks_left_out: 0,
        trials: Vec::new(),
        twin: None,
    }
}
