//! One attack on one target.

use std::io;

use super::stage::Stage;
use super::{Options, guest, judge};
use crate::attacks::{Attack, Expected, Loader, Reference, Scene, Target, data_file};
use crate::base::detonation::{Detonation, Mode};
use crate::base::digest::sha256;
use crate::base::trial::{Trial, TrialReference, Verdict};
use crate::formats::registry;
use crate::sandbox::{self, Limits, Program, Request};

/// Attacks need no time; those that take it on purpose are to be stopped soon.
pub(super) fn limits() -> Limits {
    Limits { wall_millis: 8000, cpu_seconds: 2, address_bytes: 4 << 30, ..Limits::default() }
}

/// Decoding needs no more than Python does, but a decoder that is built without optimization is ten
/// times slower than one that is.
fn decode_limits() -> Limits {
    let Limits { wall_millis, cpu_seconds, .. } = limits();
    let times = if cfg!(debug_assertions) { 10 } else { 1 };
    Limits { wall_millis: wall_millis * times, cpu_seconds: cpu_seconds * times, ..limits() }
}

/// Tries it.
///
/// # Errors
/// When no private directory can be made, or the file cannot be written into it.
pub fn run(options: &Options, attack: &Attack, target: Target) -> io::Result<Trial> {
    let stage = Stage::new()?;
    let mut trial = untried(attack, target);
    let scene = stage.scene(match target {
        Target::Format(id) => valid(id),
        Target::Python(_) => Vec::new(),
    });
    let bytes = match (attack.build)(&scene, target) {
        Ok(bytes) => bytes,
        Err(error) => {
            trial.verdict = Verdict::Failed { problems: vec![error.to_string()] };
            return Ok(trial);
        }
    };
    trial.bytes = bytes.len() as u64;
    trial.sha256 = sha256(&bytes);
    match target {
        Target::Python(loader) => {
            let path = stage.write(&format!("model.{}", loader.extension()), &bytes)?;
            let load = Load { options, stage: &stage, path, loader };
            load.judge(attack, &scene, &mut trial);
        }
        Target::Format(id) => {
            let path = stage.write("model.bin", &bytes)?;
            let policy = decode(options, &stage, path, id);
            trial.verdict = judge::data_only(attack, &policy, &stage.harm());
            trial.policy = Some(policy);
        }
    }
    Ok(trial)
}

/// What is known of it before it is tried.
pub fn untried(attack: &Attack, target: Target) -> Trial {
    let reference = |of: &Reference| TrialReference { title: of.title.into(), url: of.url.into() };
    Trial {
        attack: attack.id.into(),
        title: attack.title.into(),
        summary: attack.summary.into(),
        severity: attack.severity.id().into(),
        techniques: attack.techniques.iter().map(|of| format!("{} {}", of.id, of.name)).collect(),
        cwe: attack.cwe.to_vec(),
        references: attack.references.iter().map(reference).collect(),
        target: target.id().into(),
        executable: attack.is_executable(),
        bytes: 0,
        sha256: String::new(),
        verdict: Verdict::NotRun { reason: "it was stopped before".into() },
        signs: Vec::new(),
        evidence: Vec::new(),
        aquarium: None,
        policy: None,
    }
}

/// A load by one of Python's loaders.
struct Load<'a> {
    options: &'a Options,
    stage: &'a Stage,
    path: std::path::PathBuf,
    loader: Loader,
}

impl Load<'_> {
    fn judge(&self, attack: &Attack, scene: &Scene, trial: &mut Trial) {
        let lacking = match &self.options.python {
            Ok(python) => {
                let package = attack.package().and_then(|package| python.lacks_package(package));
                python.lacks(self.loader).or(package)
            }
            Err(reason) => Some(reason.clone()),
        };
        if let Some(reason) = lacking {
            trial.verdict = Verdict::NotRun { reason };
            return;
        }
        let Expected::Effect { aquarium, policy } = attack.expected else { return };
        let seen = self.load(Mode::Aquarium);
        let stopped = self.load(Mode::Policy);
        let (Some(seen), Some(stopped)) = (seen, stopped) else { return };
        trial.signs = match seen.outcome {
            crate::base::detonation::Outcome::NotRun => Vec::new(),
            _ => judge::signs(aquarium, scene, &seen),
        };
        trial.evidence = judge::evidence(policy, &stopped);
        trial.verdict = judge::executable(
            &trial.signs,
            &trial.evidence,
            Some(&seen),
            &stopped,
            &self.stage.harm(),
        );
        trial.aquarium = Some(seen);
        trial.policy = Some(stopped);
    }

    fn load(&self, mode: Mode) -> Option<Detonation> {
        let python = self.options.python.as_ref().ok()?;
        let home = self.stage.planted.directory.to_string_lossy().into_owned();
        let environment = match mode {
            Mode::Policy => Vec::new(),
            Mode::Aquarium => vec![
                ("HOME".into(), home),
                (crate::attacks::SECRET_VARIABLE.into(), crate::attacks::SECRET.into()),
            ],
        };
        let program = python.interpreter.program(self.loader.id(), &[], &environment);
        let request = Request {
            path: self.path.clone(),
            mode,
            loader: format!("{}, {}", self.loader.id(), python.interpreter.version),
            program,
            limits: limits(),
            planted: Some(self.stage.planted.clone()),
            without_namespaces: self.options.without_namespaces,
            ablation: None,
        };
        Some(sandbox::detonate(&self.options.helper, &request))
    }
}

/// Decodes a file by this program, supervised.
fn decode(
    options: &Options,
    stage: &Stage,
    path: std::path::PathBuf,
    format: &'static str,
) -> Detonation {
    let request = Request {
        planted: Some(stage.planted.clone()),
        without_namespaces: options.without_namespaces,
        limits: decode_limits(),
        ..decode_request(&options.helper, path, format)
    };
    sandbox::detonate(&options.helper, &request)
}

/// A request to decode a file with a format of ours, in the strict policy.
pub fn decode_request(helper: &std::path::Path, path: std::path::PathBuf, format: &str) -> Request {
    Request {
        path,
        mode: Mode::Policy,
        loader: format!("{format}, deadweight {}", env!("CARGO_PKG_VERSION")),
        program: Program {
            executable: helper.into(),
            arguments: vec!["helper".into(), "decode".into()],
            environment: vec![(guest::FORMAT.into(), format.into())],
            readable: vec![helper.into()],
            strict: true,
        },
        limits: Limits::default(),
        planted: None,
        without_namespaces: false,
        ablation: None,
    }
}

/// A small valid model in this format.
fn valid(format: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let made = data_file::small_model().ok().and_then(|model| {
        let format = registry::find(format)?;
        format.encode(&model, &mut bytes).ok()
    });
    debug_assert!(made.is_some(), "every format can hold a linear model");
    bytes
}
