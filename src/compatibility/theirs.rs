//! The installed scikit-learn: a file in, outcome out, by way of a process that may die of it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::compare::difference;
use super::files::{Answer, Task};
use super::not_measured;
use crate::base::compatibility::CompatibilityOutcome;
use crate::peers::{PeerError, Process};

const SCRIPT: &str = include_str!("../../scripts/load_models.py");
/// Sums in another order than the writer's are no difference: another BLAS does that.
const TOLERANCE: f64 = 1e-9;
/// How long importing everything may take, from a cold disk too.
const ABOUT_TIME: Duration = Duration::from_secs(120);
/// So many processes are started; who kills that many kills the next.
const MAX_PROCESSES: usize = 6;

/// What the process says of itself.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct About {
    pub scikit_learn: Option<String>,
    pub python: Option<String>,
    pub numpy: Option<String>,
    #[serde(default)]
    packages: Vec<String>,
}

/// What it says of a model.
#[derive(Debug, Deserialize)]
struct Loaded {
    #[serde(default)]
    answers: BTreeMap<String, Answer>,
    failure: Option<String>,
    warned: bool,
}

/// Asks one process after the other.
pub struct Reader<'a> {
    python: Option<&'a Path>,
    limit: Duration,
    folder: &'a Path,
    process: Option<Process>,
    started: usize,
    about: About,
    /// Why nothing is asked any more.
    given_up: Option<String>,
}

impl<'a> Reader<'a> {
    pub fn new(python: Option<&'a Path>, limit: Duration, folder: &'a Path) -> Self {
        let given_up = match python {
            Some(_) => None,
            None => Some("no Python took part".to_owned()),
        };
        let about = About::default();
        Reader { python, limit, folder, process: None, started: 0, about, given_up }
    }

    /// What the last process said of itself.
    pub fn about(self) -> About {
        self.about
    }

    /// Loads, predicts and compares.
    ///
    /// # Errors
    /// When the file cannot be put where Python finds it.
    pub fn outcome(&mut self, task: &Task<'_>) -> io::Result<CompatibilityOutcome> {
        if let Some(reason) = self.ready() {
            return Ok(not_measured(reason));
        }
        let there = |package: &&String| !self.about.packages.contains(package);
        let missing: Vec<&str> =
            task.entry.needs.iter().filter(there).map(String::as_str).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Ok(not_measured(format!("this Python does not have {missing}")));
        }
        // A name that says nothing: a library that looks at endings is told what to do instead.
        let path = self.folder.join("model");
        fs::write(&path, &task.bytes)?;
        let by_joblib = task.entry.needs.iter().any(|package| package == "joblib");
        let methods: Vec<&str> = task.expected.iter().map(|(method, _)| *method).collect();
        let question = json!({
            "path": path, "joblib": by_joblib, "rows": task.input, "methods": methods,
        });
        let outcome = self.load(question, task);
        fs::remove_file(&path)?;
        Ok(outcome)
    }

    fn load(&mut self, question: Value, task: &Task<'_>) -> CompatibilityOutcome {
        let (Some(process), Value::Object(question)) = (&mut self.process, question) else {
            return not_measured("no Python took part");
        };
        let asked = Instant::now();
        match process.ask("load", question, self.limit) {
            Ok(answer) => judge(answer, task),
            Err(PeerError::Refused(reason)) => not_measured(reason),
            Err(PeerError::Gone(reason)) => {
                self.process = None;
                match asked.elapsed() >= self.limit {
                    true => CompatibilityOutcome::Hangs { reason },
                    false => CompatibilityOutcome::Crashes { reason },
                }
            }
        }
    }

    /// Sees to it that a process runs; the reason when none does.
    fn ready(&mut self) -> Option<String> {
        if self.given_up.is_none() && self.process.is_none() {
            match self.start() {
                Ok(process) => self.process = Some(process),
                Err(reason) => self.given_up = Some(reason),
            }
        }
        self.given_up.clone()
    }

    fn start(&mut self) -> Result<Process, String> {
        let python = self.python.ok_or("no Python took part")?;
        if self.started == MAX_PROCESSES {
            return Err(format!("Python died or hung {MAX_PROCESSES} times before this file"));
        }
        self.started += 1;
        let mut process = Process::start(python, SCRIPT).map_err(|error| error.to_string())?;
        let about = process.ask("about", Map::new(), ABOUT_TIME);
        let about = Value::Object(about.map_err(|error| error.to_string())?);
        self.about = About::deserialize(about)
            .map_err(|error| format!("Python does not say what it is: {error}"))?;
        match self.about.scikit_learn {
            Some(_) => Ok(process),
            None => Err("this Python does not have scikit-learn".to_owned()),
        }
    }
}

fn judge(answer: Map<String, Value>, task: &Task<'_>) -> CompatibilityOutcome {
    let loaded = match Loaded::deserialize(Value::Object(answer)) {
        Ok(loaded) => loaded,
        Err(error) => return not_measured(format!("Python's answer cannot be read: {error}")),
    };
    if let Some(reason) = loaded.failure {
        return CompatibilityOutcome::Fails { reason };
    }
    for (method, wanted) in &task.expected {
        let Some(found) = loaded.answers.get(*method) else {
            return not_measured(format!("Python's answer has no {method}"));
        };
        if let Some(example) = difference(method, wanted, found, TOLERANCE) {
            return CompatibilityOutcome::Wrong { example, warned: loaded.warned };
        }
    }
    CompatibilityOutcome::Right { warned: loaded.warned }
}
