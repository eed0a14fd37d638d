//! The poisoned twin: copies of somebody's own model that do harm, and that nobody would notice.
//!
//! One copy runs a payload that changes a planted file, and predicts as the model does. Another
//! turns the model's weights round while it loads. Both are written to a temporary directory, which is
//! gone afterwards; beside them stands the model converted to a format that cannot do such things.

use std::io;
use std::path::{Path, PathBuf};

use super::identify::{Way, way};
use super::stage::Stage;
use super::trial::{decode_request, limits};
use super::{LoaderPython, Options, judge};
use crate::attacks::{CANARY, Loader, carrier};
use crate::base::detonation::{Detonation, Effect, Mode, Outcome};
use crate::base::trial::Twin;
use crate::base::{Limits as InputLimits, Storage};
use crate::formats::pickle::{ImportOptions, import};
use crate::formats::registry;
use crate::pickle;
use crate::sandbox::{self, Limits, Request};

/// Rows that are predicted.
const ROWS: u64 = 256;
/// The variable by which the loader's program is told how many rows to predict.
const ROWS_VARIABLE: &str = "DEADWEIGHT_ROWS";
/// A model file has no rows with labels in it, and the random rows have none.
const NO_LABELS: &str = "no labels";
/// The format of the safe copy.
const SAFE: &str = "safetensors";

/// Why there are no twins of a file.
#[derive(Debug, thiserror::Error)]
pub enum TwinError {
    /// It is not loaded by Python.
    #[error("it is no pickle or joblib file, so that it has no place for a payload")]
    NotExecutable,
    /// There is no Python that could load it.
    #[error("{0}")]
    Python(String),
    /// It is damaged.
    #[error("{0}")]
    Read(String),
    /// The stage could not be set.
    #[error(transparent)]
    Stage(#[from] io::Error),
}

/// Makes the twins of a file and loads them all.
///
/// # Errors
/// [`TwinError`]: the file is not one that can carry a payload, or nothing can load it.
pub fn run(options: &Options, name: &Path, file: &Storage) -> Result<Twin, TwinError> {
    let Way::Python(loader @ (Loader::Pickle | Loader::Joblib), modules) = way(file) else {
        return Err(TwinError::NotExecutable);
    };
    let python = options.python.as_ref().map_err(|reason| TwinError::Python(reason.clone()))?;
    if let Some(lacking) = python.lacks(loader) {
        return Err(TwinError::Python(lacking));
    }
    let opened = pickle::open(file.clone(), &InputLimits::default());
    let opened = opened.map_err(|error| TwinError::Read(error.to_string()))?;
    let bytes = opened.storage.as_bytes();
    let stage = Stage::new()?;
    let source = carrier::canary_source(&stage.scene(Vec::new()).path(CANARY));
    let failed = |error: pickle::assemble::AssembleError| TwinError::Read(error.to_string());
    let poisoned_bytes = carrier::with_payload(bytes, &source).map_err(failed)?;
    let changed_bytes = carrier::with_change(bytes, &carrier::change_expression())
        .map_err(failed)?
        .ok_or_else(|| TwinError::Read("it does not end as a pickle does".into()))?;
    let loads = Loads { options, stage: &stage, python, loader, modules: &modules };
    let original = loads.load(stage.write("original", bytes)?, Mode::Aquarium);
    let poisoned_path = stage.write("poisoned", &poisoned_bytes)?;
    let poisoned = loads.load(poisoned_path.clone(), Mode::Aquarium);
    let changed = loads.load(stage.write("changed", &changed_bytes)?, Mode::Aquarium);
    let policy = loads.load(poisoned_path, Mode::Policy);
    let reader = match import(&Storage::adopt(poisoned_bytes.clone()), &ImportOptions::default()) {
        Ok(_) => "it was read".to_owned(),
        Err(error) => error.to_string(),
    };
    let converted = convert(options, &stage, file);
    let before = predictions(&original);
    let equal = |other: &Detonation| {
        let (before, after) = (before.as_ref()?, predictions(other)?);
        Some(before.iter().zip(&after).filter(|(a, b)| a == b).count() as u64)
    };
    let mut twin = Twin {
        carrier: name.to_string_lossy().into_owned(),
        bytes: bytes.len() as u64,
        poisoned_bytes: poisoned_bytes.len() as u64,
        rows: before.as_ref().map(|rows| rows.len() as u64),
        poisoned_equal: equal(&poisoned),
        changed_equal: equal(&changed),
        accuracy_not_measured: Some(NO_LABELS.into()),
        original,
        poisoned,
        changed,
        policy,
        reader,
        not_converted: converted.as_ref().err().cloned(),
        converted: converted.ok(),
        problems: Vec::new(),
    };
    twin.problems = problems(&twin, &stage);
    Ok(twin)
}

struct Loads<'a> {
    options: &'a Options,
    stage: &'a Stage,
    python: &'a LoaderPython,
    loader: Loader,
    modules: &'a [String],
}

impl Loads<'_> {
    fn load(&self, path: PathBuf, mode: Mode) -> Detonation {
        let mut environment = Vec::new();
        if mode == Mode::Aquarium {
            environment.push((ROWS_VARIABLE.to_owned(), ROWS.to_string()));
        }
        let interpreter = &self.python.interpreter;
        let request = Request {
            path,
            mode,
            loader: format!("{}, {}", self.loader.id(), interpreter.version),
            program: interpreter.program(self.loader.id(), self.modules, &environment),
            limits: Limits { wall_millis: 60_000, cpu_seconds: 60, ..Limits::default() },
            planted: Some(self.stage.planted.clone()),
            without_namespaces: self.options.without_namespaces,
            ablation: None,
        };
        sandbox::detonate(&self.options.helper, &request)
    }
}

/// The model in a data-only format, loaded in the strict policy.
fn convert(options: &Options, stage: &Stage, file: &Storage) -> Result<Detonation, String> {
    let imported = import(file, &ImportOptions::default()).map_err(|error| error.to_string())?;
    let format = registry::find(SAFE).ok_or_else(|| registry::unknown(SAFE))?;
    let mut bytes = Vec::new();
    format.encode(&imported.parameters, &mut bytes).map_err(|error| error.to_string())?;
    let path = stage.write("safe", &bytes).map_err(|error| error.to_string())?;
    let request = Request {
        without_namespaces: options.without_namespaces,
        limits: Limits { wall_millis: 60_000, ..limits() },
        ..decode_request(&options.helper, path, SAFE)
    };
    Ok(sandbox::detonate(&options.helper, &request))
}

/// What the loader's program printed of the model's predictions. It is the model's own word, which is
/// what the comparison is about.
fn predictions(load: &Detonation) -> Option<Vec<serde_json::Value>> {
    let after = load.output.split("predictions ").nth(1)?;
    let line = after.split("\\n").next()?;
    serde_json::from_str(line).ok()
}

fn problems(twin: &Twin, stage: &Stage) -> Vec<String> {
    let mut problems = Vec::new();
    let path = stage.scene(Vec::new()).path(CANARY);
    let fallen = twin.poisoned.effects.contains(&Effect::Changed { path });
    if twin.poisoned.outcome != Outcome::NotRun && !fallen {
        problems.push("the payload had no effect in the aquarium".to_owned());
    }
    if twin.policy.armed().all(|event| !event.denied) {
        problems.push("nothing was stopped under the policy".to_owned());
    }
    for event in twin.policy.armed().filter(|event| !event.denied && !judge::is_harmless(event)) {
        problems.push(format!("it was let through under the policy: {event}"));
    }
    problems.extend(stage.harm().iter().map(|e| format!("it had an effect outside: {e:?}")));
    if let (Some(rows), Some(equal)) = (twin.rows, twin.poisoned_equal)
        && rows != equal
    {
        problems.push(format!("{} predictions of the poisoned copy differ", rows - equal));
    }
    // Where there are predictions, turned weights are to be seen in them.
    if twin.rows.is_some() && twin.changed.outcome != Outcome::NotRun {
        match twin.changed_equal {
            None => problems.push("the changed copy gave no predictions".to_owned()),
            equal if equal == twin.rows => {
                problems.push("the changed copy predicts as the model does".to_owned());
            }
            Some(_) => {}
        }
    }
    if let Some(converted) = &twin.converted {
        if converted.armed_events > 0 {
            problems.push("the converted copy attempted something".to_owned());
        }
        if !matches!(converted.outcome, Outcome::Loaded) {
            problems.push(format!("the converted copy was not loaded: {}", converted.outcome.id()));
        }
    }
    problems
}
