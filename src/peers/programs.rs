//! Whole Python programs that load a model and predict one row, as people write them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::process::{PeerError, Process};
use super::source::SCRIPT;

/// A program, and the format of the file that it loads.
#[derive(Debug)]
pub struct PeerProgram {
    /// What tables call it.
    pub title: &'static str,
    /// Id of the format; `joblib` is the file that there is already.
    pub format: &'static str,
    /// The package without which it does not run.
    pub package: &'static str,
    /// The program: it is given the model's file and a `.npy` of one row.
    pub source: &'static str,
}

/// Every program.
pub static PEER_PROGRAMS: &[PeerProgram] = &[
    PeerProgram {
        title: "python + joblib",
        format: "joblib",
        package: "joblib",
        source: "\
import sys, joblib, numpy
model = joblib.load(sys.argv[1])
print(model.predict(numpy.load(sys.argv[2]))[0])
",
    },
    PeerProgram {
        title: "python + skops",
        format: "skops",
        package: "skops",
        source: "\
import sys, numpy, skops.io
trusted = skops.io.get_untrusted_types(file=sys.argv[1])
model = skops.io.load(sys.argv[1], trusted=trusted)
print(model.predict(numpy.load(sys.argv[2]))[0])
",
    },
    PeerProgram {
        title: "python + onnxruntime",
        format: "onnx",
        package: "onnxruntime",
        source: "\
import sys, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=['CPUExecutionProvider'])
asked = session.get_inputs()[0]
kind = numpy.float64 if 'double' in asked.type else numpy.float32
print(session.run(None, {asked.name: numpy.load(sys.argv[2]).astype(kind)})[0].ravel()[0])
",
    },
];

/// Longest time that storing may take.
const STORING_TIME: Duration = Duration::from_secs(120);

/// Stores an estimator in a format, and says where it lies.
///
/// # Errors
/// Why it was not stored, in a sentence.
pub fn store(
    python: &Path,
    estimator: &Path,
    rows: &Path,
    format: &str,
    directory: &Path,
) -> Result<PathBuf, PeerError> {
    let mut process = Process::start(python, SCRIPT)?;
    let mut open = Map::new();
    open.insert("kind".to_owned(), json!("estimator"));
    open.insert("path".to_owned(), json!(estimator.to_string_lossy()));
    open.insert("rows".to_owned(), json!(rows.to_string_lossy()));
    process.ask("open", open, STORING_TIME)?;
    let path = directory.join(format!("program.{format}"));
    let mut prepare = Map::new();
    prepare.insert("format".to_owned(), json!(format));
    prepare.insert("path".to_owned(), json!(path.to_string_lossy()));
    prepare.insert("expected".to_owned(), Value::Null);
    process.ask("prepare", prepare, STORING_TIME)?;
    Ok(path)
}
