//! Rows of another program in the rounds of a measuring process, and the files it works on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::compression::Compression;
use super::plan::{LARGE_BYTES, Profile};
use super::protocol::{Event, Rounds};
use super::subject::Subject;
use super::worker::Reporter;
use super::{BenchError, allocator, free_memory};
use crate::base::case::{Case, CaseId, Group, Operation};
use crate::base::peer::{CaseSource, Held, Offer, Request};
use crate::base::record::MemoryOutcome;
use crate::base::{Array, Parameters};
use crate::formats::npz::Npz;
use crate::formats::{Format, npy};
use crate::models::registry::from_parameters;
use crate::models::{ModelError, Predictions};

/// Where the files of a model lie that another program works on.
#[derive(Debug, Clone)]
pub struct Files {
    /// Its arrays, `.npz`.
    pub arrays: PathBuf,
    /// The rows to predict, `.npy`.
    pub rows: PathBuf,
    /// The predictions of them, JSON.
    pub expected: PathBuf,
}

impl Files {
    /// The files of a model, by its id, in a directory.
    pub fn of(id: &str, dir: &Path) -> Self {
        let name = |end: &str| dir.join(format!("{id}.{end}"));
        Files {
            arrays: name("arrays.npz"),
            rows: name("rows.npy"),
            expected: name("expected.json"),
        }
    }
}

/// Writes what another program needs of a subject: its rows, what a model of the same parameters
/// predicts of them, and, where it has no file of its own, the arrays.
///
/// # Errors
/// [`BenchError`] when a file cannot be written, or the parameters do not predict.
pub fn write(subject: &Subject, dir: &Path, has_estimator: bool) -> Result<(), BenchError> {
    let files = Files::of(subject.id(), dir);
    let save = |path: &Path, bytes: &[u8]| {
        std::fs::write(path, bytes).map_err(|error| BenchError::io("cannot write", path, error))
    };
    if !has_estimator {
        let mut bytes = Vec::new();
        Npz.encode(&plain(&subject.parameters)?, &mut bytes)?;
        save(&files.arrays, &bytes)?;
    }
    let Some(rows) = &subject.rows else { return Ok(()) };
    let values: Vec<f64> = rows.as_standard_layout().iter().copied().collect();
    let array = Array::from_vec(values, rows.shape()).map_err(ModelError::from)?;
    save(&files.rows, &npy::write(&array)?)?;
    if has_estimator {
        let predictions = from_parameters(&subject.parameters)?.predict(rows.view().into())?;
        save(&files.expected, to_json(&predictions).to_string().as_bytes())?;
    }
    Ok(())
}

/// The arrays alone: what is handed over is a dict of arrays, without our metadata.
fn plain(parameters: &Parameters) -> Result<Parameters, ModelError> {
    let mut plain = Parameters::new(crate::base::parameters::PLAIN_ARRAYS, 1);
    for (name, array) in parameters.arrays() {
        plain.insert(name, array.clone())?;
    }
    Ok(plain)
}

fn to_json(predictions: &Predictions) -> Value {
    match predictions {
        Predictions::Integers(labels) => json!({ "integers": labels }),
        Predictions::Texts(labels) => json!({ "texts": labels }),
        Predictions::Booleans(labels) => json!({ "booleans": labels }),
        Predictions::Values(values) => {
            let rows: Vec<Vec<f64>> = values.rows().into_iter().map(|row| row.to_vec()).collect();
            json!({ "values": rows })
        }
        Predictions::Outputs(outputs) => {
            json!({ "outputs": outputs.iter().map(to_json).collect::<Vec<_>>() })
        }
    }
}

/// Asks for the rows of a model, and reports those that are none.
pub(super) fn cases(
    job: &Rounds,
    subject: &Subject,
    source: &mut dyn CaseSource,
    reporter: &mut Reporter<'_>,
) -> Result<Vec<Box<dyn Case>>, BenchError> {
    let Some(peer) = &job.peer else { return Ok(Vec::new()) };
    let bytes = subject.parameters.byte_len();
    let files = Files::of(subject.id(), &job.dir);
    let (operations, left_out) = plan(job, job.is_whole(subject.id()), bytes);
    let estimator = peer.estimators.get(subject.id());
    let request = Request {
        model: subject.id(),
        held: estimator.map_or(Held::Arrays(&files.arrays), |path| Held::Estimator(path)),
        rows: subject.rows.is_some().then_some(files.rows.as_path()),
        expected: estimator.and(subject.rows.as_ref()).map(|_| files.expected.as_path()),
        bytes: bytes as u64,
        most_free_bytes: allocator::most_free(bytes),
        directory: &job.dir,
        operations: &operations,
        left_out: &left_out,
        slowest: job.profile.slowest_iteration(),
        core_only: job.profile.is_core_only(job.is_whole(subject.id())),
        verify: job.verify,
    };
    let mut cases = Vec::new();
    for offer in source.offers(&request) {
        match offer {
            Offer::Case(case) => cases.push(free_memory::ready_for(case)),
            Offer::Failed(case, error) => {
                reporter.send(&Event::Failed { case, twin: None, reason: error.reason })?;
            }
            Offer::NotMeasured(case, error) => {
                reporter.send(&Event::Skipped { case, reason: error.reason })?;
            }
            Offer::Size { format, bytes, path } => {
                if job.sizes {
                    reporter.send(&size(subject, job.profile, format, bytes, &path))?;
                }
            }
        }
    }
    reporter.flush()?;
    Ok(cases)
}

/// The operations that are asked for, and those that are left out with the reason.
fn plan(job: &Rounds, is_whole: bool, bytes: usize) -> (Vec<Operation>, Vec<(Operation, String)>) {
    let moves =
        |operation: &Operation| !matches!(operation.group(), Group::Floor | Group::Compression);
    let wanted = |operation: &Operation| job.only.is_empty() || job.only.contains(operation);
    let (mut asked, mut left_out) = (Vec::new(), Vec::new());
    for operation in Operation::ALL.iter().copied().filter(moves).filter(wanted) {
        match job.profile.skips(operation, is_whole, bytes) {
            None => asked.push(operation),
            Some(reason) => left_out.push((operation, reason)),
        }
    }
    (asked, left_out)
}

fn size(subject: &Subject, profile: Profile, format: String, bytes: u64, path: &Path) -> Event {
    let large = subject.parameters.byte_len() >= LARGE_BYTES;
    let slow = profile.skips_zstd_19(subject.parameters.byte_len());
    // What lies in several files has a size, but no one stream to compress.
    let encoded = std::fs::read(path).ok().filter(|encoded| encoded.len() as u64 == bytes);
    let compressed_bytes: BTreeMap<String, u64> = Compression::ALL
        .into_iter()
        .filter(|codec| !(slow && *codec == Compression::Zstd(19)))
        .filter(|codec| !(profile == Profile::Quick && large) || codec.is_quick())
        .filter_map(|codec| {
            Some((codec.id(), codec.compress(encoded.as_deref()?).ok()?.len() as u64))
        })
        .collect();
    Event::Size { model: subject.id().to_owned(), format, bytes, compressed_bytes }
}

/// The loads whose memory is asked for.
pub(super) fn has_memory(case: &CaseId) -> bool {
    matches!(case.operation, Operation::Decode | Operation::DecodeReady | Operation::MapPredictOne)
}

/// Asks for the memory of loads, after the rounds: what counts allocations makes them slow.
pub(super) fn memory(
    source: &mut dyn CaseSource,
    cases: Vec<CaseId>,
    reporter: &mut Reporter<'_>,
) -> Result<(), BenchError> {
    for case in cases {
        let outcome = match source.memory(&case) {
            Ok(memory) => MemoryOutcome::Measured(memory),
            Err(error) => MemoryOutcome::NotMeasured { reason: error.reason },
        };
        reporter.send(&Event::PeerMemory { case, outcome })?;
    }
    Ok(())
}
