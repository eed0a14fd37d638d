//! Rows that Python measures, offered to the rounds of a measuring process.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::process::{PeerError, Process};
use super::registry::{PEER_FORMATS, PeerFormat};
use crate::base::case::{Case, CaseError, CaseId, Operation, most_iterations};
use crate::base::peer::{CaseSource, Held, Offer, Request};
use crate::base::record::Memory;
use crate::base::units;

/// The script that Python runs.
pub const SCRIPT: &str = include_str!("../../scripts/peer.py");

/// How often a process that is gone is started again, in one measuring process.
const RESTARTS: u32 = 3;
/// How the script's sentence begins where a format has no place for what it is given.
const CANNOT_HOLD: &str = "cannot hold";
/// Longest wait for an answer: what takes longer is not measured.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a measuring process needs to know to ask Python.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The interpreter.
    pub python: PathBuf,
    /// Ids of the formats.
    pub formats: Vec<String>,
    /// Packages that are missing.
    pub missing: Vec<String>,
}

/// A process, started when it is first asked and again when it is gone.
struct Peer {
    python: PathBuf,
    process: Option<Process>,
    restarts: u32,
    /// What has to be said again to a new process: the model, and each format before it is used.
    opened: Option<Map<String, Value>>,
    prepared: BTreeMap<String, Map<String, Value>>,
    /// The formats that the running process knows.
    ready: BTreeSet<String>,
    complaints: Vec<String>,
}

impl Peer {
    fn ask(
        &mut self,
        operation: &str,
        request: Map<String, Value>,
    ) -> Result<Map<String, Value>, CaseError> {
        if self.process.is_none() {
            if self.restarts > RESTARTS {
                let reason =
                    format!("Python was lost {} times and is not started again", self.restarts);
                return Err(CaseError::new(reason));
            }
            self.process = Some(Process::start(&self.python, SCRIPT).map_err(CaseError::new)?);
            self.ready.clear();
            if let Some(opened) = self.opened.clone().filter(|_| operation != "open") {
                self.say("open", opened)?;
            }
        }
        self.say(operation, request)
    }

    /// Makes a model the one that is asked about.
    fn open(&mut self, request: Map<String, Value>) -> Result<(), CaseError> {
        self.opened = Some(request.clone());
        self.prepared.clear();
        self.ready.clear();
        loop {
            let opened = self.ask("open", request.clone());
            // What dies before it has anything to do may live the next time.
            if opened.is_ok() || self.process.is_some() || self.restarts > RESTARTS {
                return opened.map(|_| ());
            }
        }
    }

    /// Stores the model in a format and verifies what comes back.
    fn prepare(
        &mut self,
        format: &str,
        request: Map<String, Value>,
    ) -> Result<Map<String, Value>, CaseError> {
        let answer = self.ask("prepare", request.clone())?;
        self.ready.insert(format.to_owned());
        self.prepared.insert(format.to_owned(), request);
        Ok(answer)
    }

    /// Asks for something about a case, in a process that knows its format.
    fn ask_about(
        &mut self,
        operation: &str,
        case: &CaseId,
        mut request: Map<String, Value>,
    ) -> Result<Map<String, Value>, CaseError> {
        request.insert("format".to_owned(), json!(case.format));
        request.insert("operation".to_owned(), json!(case.operation.id()));
        if self.process.is_none() || !self.ready.contains(&case.format) {
            let again = self.prepared.get(&case.format).cloned();
            let again = again.ok_or_else(|| CaseError::new("the format was not prepared"))?;
            self.prepare(&case.format, again)?;
        }
        self.ask(operation, request)
    }

    fn say(
        &mut self,
        operation: &str,
        request: Map<String, Value>,
    ) -> Result<Map<String, Value>, CaseError> {
        let Some(process) = &mut self.process else { return Err(CaseError::new("no process")) };
        let answer = process.ask(operation, request, PATIENCE);
        if let Err(PeerError::Gone(reason)) = &answer {
            self.complaints.push(reason.clone());
            self.complaints.extend(process.complaints());
            self.process = None;
            self.restarts += 1;
        }
        answer.map_err(CaseError::new)
    }
}

/// The rows of one Python process.
pub struct PythonSource {
    config: Config,
    peer: Rc<RefCell<Peer>>,
}

impl PythonSource {
    /// Rows of the interpreter that a configuration names.
    pub fn new(config: Config) -> Self {
        let python = config.python.clone();
        let peer = Peer {
            python,
            process: None,
            restarts: 0,
            opened: None,
            prepared: BTreeMap::new(),
            ready: BTreeSet::new(),
            complaints: Vec::new(),
        };
        PythonSource { config, peer: Rc::new(RefCell::new(peer)) }
    }

    fn open(&self, request: &Request<'_>) -> Result<(), CaseError> {
        let mut open = Map::new();
        let (kind, path) = match request.held {
            Held::Estimator(path) => ("estimator", path),
            Held::Arrays(path) => ("arrays", path),
        };
        open.insert("kind".to_owned(), json!(kind));
        open.insert("path".to_owned(), text(path));
        open.insert("most_free_bytes".to_owned(), json!(request.most_free_bytes));
        if let (Held::Estimator(_), Some(rows)) = (request.held, request.rows) {
            open.insert("rows".to_owned(), text(rows));
        }
        self.peer.borrow_mut().open(open)
    }

    /// The rows of one format: verified first, so that nothing wrong gets a time.
    fn format(&self, format: &'static PeerFormat, request: &Request<'_>, offers: &mut Vec<Offer>) {
        let id = |operation| CaseId {
            model: request.model.to_owned(),
            format: format.id.to_owned(),
            operation,
            pages: None,
            temperature: None,
        };
        let known = format.operations(request.held);
        let mut wanted = Vec::new();
        for operation in request.operations {
            match why_not(format, request, &known, *operation) {
                None => wanted.push(*operation),
                Some(reason) => {
                    offers.push(Offer::NotMeasured(id(*operation), CaseError { reason }))
                }
            }
        }
        for (operation, reason) in request.left_out {
            if known.contains(operation) {
                offers.push(Offer::NotMeasured(id(*operation), CaseError::new(reason)));
            }
        }
        if wanted.is_empty() {
            return;
        }
        if let Some(package) = self.lacks(format) {
            for operation in wanted {
                let reason = format!("the Python package {package} is missing");
                offers.push(Offer::NotMeasured(id(operation), CaseError { reason }));
            }
            return;
        }
        let path = request.directory.join(format!("{}.{}", request.model, format.id));
        let mut prepare = Map::new();
        prepare.insert("format".to_owned(), json!(format.id));
        prepare.insert("path".to_owned(), text(&path));
        prepare.insert("expected".to_owned(), request.expected.map_or(Value::Null, text));
        prepare.insert("verify".to_owned(), json!(request.verify));
        let answer = match self.peer.borrow_mut().prepare(format.id, prepare) {
            Ok(answer) => answer,
            // What a format cannot hold was not tried, and is nobody's failure.
            Err(error) if error.reason.starts_with(CANNOT_HOLD) => {
                offers.extend(wanted.into_iter().map(|o| Offer::NotMeasured(id(o), error.clone())));
                return;
            }
            Err(error) => {
                offers.extend(wanted.into_iter().map(|o| Offer::Failed(id(o), error.clone())));
                return;
            }
        };
        if let Some(bytes) = answer.get("bytes").and_then(Value::as_u64) {
            offers.push(Offer::Size { format: format.id.to_owned(), bytes, path });
        }
        let able = answer.get("operations").and_then(Value::as_array).cloned().unwrap_or_default();
        for operation in wanted {
            if !able.iter().any(|able| able.as_str() == Some(operation.id())) {
                let reasons = answer.get("reasons").and_then(|reasons| reasons.get(operation.id()));
                let reason = reasons.and_then(Value::as_str).unwrap_or("Python offers no such row");
                offers.push(Offer::NotMeasured(id(operation), CaseError::new(reason)));
                continue;
            }
            offers.push(Offer::Case(Box::new(PythonCase {
                id: id(operation),
                bytes: request.bytes,
                peer: self.peer.clone(),
            })));
        }
    }

    fn lacks(&self, format: &PeerFormat) -> Option<&'static str> {
        // ONNX is made by one package and run by another.
        let needs: &[&'static str] = match format.id {
            "onnx" => &["skl2onnx", "onnxruntime"],
            "joblib-lz4" => &["joblib", "lz4"],
            _ => format.package.as_slice(),
        };
        needs.iter().copied().find(|name| self.config.missing.iter().any(|m| m == name))
    }
}

/// Why a row is not even tried.
fn why_not(
    format: &PeerFormat,
    request: &Request<'_>,
    known: &[Operation],
    operation: Operation,
) -> Option<String> {
    if !known.contains(&operation) {
        return Some(absent(format, request.held, operation).to_owned());
    }
    if let Some(reason) = request.core_only.as_ref().filter(|_| !format.core) {
        return Some(reason.clone());
    }
    // What is loaded has to be stored first, so that storing decides too.
    let storing = format.estimate(Operation::Encode, request.bytes);
    let estimate = format.estimate(operation, request.bytes).max(storing);
    (estimate > request.slowest).then(|| {
        let took = units::duration(estimate.as_nanos() as f64);
        format!(
            "one iteration, or storing it before, takes about {took}: too slow for this profile"
        )
    })
}

/// Why there is no such row.
pub fn absent(format: &PeerFormat, held: Held<'_>, operation: Operation) -> &'static str {
    let is_estimator = matches!(held, Held::Estimator(_));
    if format.operations(held).is_empty() {
        return match is_estimator {
            true => "it holds arrays, not estimators",
            false => "it holds models, not plain arrays",
        };
    }
    match operation {
        Operation::Decode | Operation::LoadFile | Operation::View if is_estimator => {
            "a live estimator comes back, not parameters: see \"+ model ready\""
        }
        Operation::DecodeReady
        | Operation::DecodePredictOne
        | Operation::DecodePredictThousand
        | Operation::LoadFilePredictOne
        | Operation::MapPredictOne
        | Operation::LoadFileColdPredictOne
        | Operation::MapFileColdPredictOne
            if !is_estimator =>
        {
            "Python has no model for plain arrays"
        }
        _ => "there is no such operation in Python",
    }
}

fn text(path: &Path) -> Value {
    json!(path.to_string_lossy())
}

impl CaseSource for PythonSource {
    fn offers(&mut self, request: &Request<'_>) -> Vec<Offer> {
        let formats = PEER_FORMATS
            .iter()
            .filter(|format| self.config.formats.iter().any(|id| id == format.id));
        let mut offers = Vec::new();
        let opened = self.open(request);
        for format in formats {
            match &opened {
                Ok(()) => self.format(format, request, &mut offers),
                Err(error) => {
                    offers.extend(format.operations(request.held).into_iter().map(|operation| {
                        let case = CaseId {
                            model: request.model.to_owned(),
                            format: format.id.to_owned(),
                            operation,
                            pages: None,
                            temperature: None,
                        };
                        Offer::Failed(case, error.clone())
                    }));
                }
            }
        }
        offers
    }

    fn memory(&mut self, case: &CaseId) -> Result<Memory, CaseError> {
        let answer = self.peer.borrow_mut().ask_about("memory", case, Map::new())?;
        // Counted, but not all of it: that is no figure.
        if let Some(unseen) = answer.get("unseen").and_then(Value::as_str) {
            return Err(CaseError::new(unseen));
        }
        let bytes = |name: &str| {
            let value = answer.get(name).and_then(Value::as_u64);
            value.ok_or_else(|| CaseError::new(format!("Python told no {name}")))
        };
        Ok(Memory {
            peak_bytes: bytes("peak_bytes")?,
            held_bytes: bytes("held_bytes")?,
            arena_bytes: 0,
            allocations: None,
            resident_peak_bytes: None,
            minor_faults: None,
        })
    }

    fn complaints(&mut self) -> Vec<String> {
        let mut peer = self.peer.borrow_mut();
        let mut complaints = std::mem::take(&mut peer.complaints);
        complaints.extend(peer.process.iter().flat_map(Process::complaints));
        complaints
    }
}

/// One row that Python times itself.
struct PythonCase {
    id: CaseId,
    bytes: u64,
    peer: Rc<RefCell<Peer>>,
}

impl Case for PythonCase {
    fn id(&self) -> &CaseId {
        &self.id
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn max_iterations(&self) -> u64 {
        most_iterations(self.bytes)
    }

    // The first iteration after a question finds caches that the waiting has cooled, by some 50 µs.
    fn sample_nanos(&self) -> u64 {
        1_000_000
    }

    fn run(&mut self, iterations: u64) -> Result<u64, CaseError> {
        let mut request = Map::new();
        request.insert("iterations".to_owned(), json!(iterations));
        let answer = self.peer.borrow_mut().ask_about("run", &self.id, request)?;
        let nanos = answer.get("nanos").and_then(Value::as_u64).filter(|nanos| *nanos > 0);
        nanos.ok_or_else(|| CaseError::new("Python told no time"))
    }
}
