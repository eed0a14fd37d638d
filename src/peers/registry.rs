//! The formats of the Python side. What each does stands in `scripts/peer.py`, under the same ids.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::base::case::Operation;
use crate::base::peer::Held;
use crate::base::record::{FormatRecord, WarningRecord};

/// A format that Python measures.
#[derive(Debug)]
pub struct PeerFormat {
    /// Its id in rows, and in the script.
    pub id: &'static str,
    /// A few words for tables.
    pub title: &'static str,
    /// True when loading it can run code that the file chooses.
    pub executable: bool,
    /// The package that does it; none for what comes with Python.
    pub package: Option<&'static str>,
    /// True when it holds what prediction needs, whatever else the estimator has.
    pub predict_only: bool,
    /// Operations on an estimator, but for views.
    estimators: &'static [Operation],
    /// Operations on a dict of arrays, but for views.
    arrays: &'static [Operation],
    /// Those on views, where what is loaded borrows from the bytes: of estimators and of arrays.
    views: [&'static [Operation]; 2],
    /// About how many nanoseconds a byte takes, saving and loading: what would take longer than a
    /// profile allows is not even tried once. Measured on one core of a small virtual machine.
    pub nanos_per_byte: (f64, f64),
    /// True for the few without which a comparison answers nothing.
    pub core: bool,
    /// What is to be known of it.
    pub caution: Option<&'static str>,
}

use Operation::*;

const ESTIMATORS: &[Operation] = &[
    Encode,
    Save,
    SaveSync,
    DecodeReady,
    DecodePredictOne,
    DecodePredictThousand,
    LoadFilePredictOne,
    LoadFileColdPredictOne,
];
const ARRAYS: &[Operation] = &[Encode, Save, SaveSync, Decode, LoadFile];
const NONE: &[Operation] = &[];

const RUNS_CODE: &str = "loading it in Python calls what the file names";

const PICKLE: PeerFormat = PeerFormat {
    id: "pickle-5",
    title: "pickle, protocol 5",
    executable: true,
    package: None,
    predict_only: false,
    estimators: ESTIMATORS,
    arrays: ARRAYS,
    views: [NONE, NONE],
    nanos_per_byte: (2.0, 2.0),
    core: true,
    caution: Some(RUNS_CODE),
};

const JOBLIB: PeerFormat =
    PeerFormat { id: "joblib", title: "joblib", package: Some("joblib"), ..PICKLE };

/// Every format of the Python side, in the order of tables.
pub static PEER_FORMATS: &[PeerFormat] = &[
    PeerFormat {
        id: "pickle-2",
        core: false,
        title: "pickle, protocol 2",
        nanos_per_byte: (15.0, 15.0),
        ..PICKLE
    },
    PeerFormat { id: "pickle-4", core: false, title: "pickle, protocol 4", ..PICKLE },
    PICKLE,
    PeerFormat {
        id: "pickle-5-buffers",
        title: "pickle 5, buffers out of band",
        views: [&[ViewReady, ViewPredictOne, ViewPredictThousand], &[View]],
        ..PICKLE
    },
    JOBLIB,
    PeerFormat {
        id: "joblib-zlib-3",
        core: false,
        title: "joblib, zlib 3",
        nanos_per_byte: (15.0, 8.0),
        ..JOBLIB
    },
    PeerFormat {
        id: "joblib-lz4",
        core: false,
        title: "joblib, lz4",
        nanos_per_byte: (5.0, 5.0),
        ..JOBLIB
    },
    PeerFormat {
        id: "joblib-xz",
        core: false,
        title: "joblib, xz",
        nanos_per_byte: (600.0, 60.0),
        ..JOBLIB
    },
    PeerFormat {
        id: "joblib-mmap",
        title: "joblib, mapped",
        estimators: &[MapPredictOne, MapFileColdPredictOne],
        arrays: NONE,
        ..JOBLIB
    },
    PeerFormat {
        id: "cloudpickle",
        core: false,
        title: "cloudpickle",
        package: Some("cloudpickle"),
        ..PICKLE
    },
    PeerFormat {
        id: "skops",
        title: "skops",
        executable: false,
        package: Some("skops"),
        nanos_per_byte: (15.0, 15.0),
        caution: Some(
            "it calls only what it trusts: the list of types that the caller passes decides",
        ),
        ..PICKLE
    },
    PeerFormat {
        id: "onnx",
        core: false,
        title: "ONNX, onnxruntime",
        executable: false,
        package: Some("onnxruntime"),
        predict_only: true,
        arrays: NONE,
        nanos_per_byte: (450.0, 15.0),
        caution: Some(
            "encode is the conversion by skl2onnx; trees are stored as 32-bit floats unless the converter is told otherwise",
        ),
        ..PICKLE
    },
    PeerFormat {
        id: "safetensors-python",
        title: "safetensors, in Python",
        executable: false,
        package: Some("safetensors"),
        estimators: NONE,
        caution: None,
        ..PICKLE
    },
    PeerFormat {
        id: "npz-python",
        title: "npz, in Python",
        executable: false,
        package: Some("numpy"),
        estimators: NONE,
        nanos_per_byte: (3.0, 3.0),
        caution: Some(
            "numpy.load runs code that the file chooses where allow_pickle=True is passed; it is not here",
        ),
        ..PICKLE
    },
];

/// A format by its id.
pub fn find(id: &str) -> Option<&'static PeerFormat> {
    PEER_FORMATS.iter().find(|format| format.id == id)
}

impl PeerFormat {
    /// What records say of it, with the versions that were found.
    pub fn record(
        &self,
        packages: &BTreeMap<String, String>,
        python: Option<&str>,
    ) -> FormatRecord {
        let implementation = match (self.package, python) {
            (Some(name), _) => match packages.get(name) {
                Some(version) => format!("{name} {version}"),
                None => name.to_owned(),
            },
            (None, Some(version)) => format!("Python {version}"),
            (None, None) => "Python".to_owned(),
        };
        let id = if self.executable { "hostile-input" } else { "convention" };
        let caution = self.caution.map(|text| WarningRecord {
            id: id.to_owned(),
            text: text.to_owned(),
            reference: None,
        });
        FormatRecord {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            kind: if self.executable { "executable" } else { "data-only" }.to_owned(),
            runtime: "python".to_owned(),
            encoding: "native".to_owned(),
            implementation: Some(implementation),
            modes: self.modes(),
            warnings: caution.into_iter().collect(),
            losses: Vec::new(),
            content: self.predict_only.then(|| "predict".to_owned()),
        }
    }

    /// The operations on what is held.
    pub fn operations(&self, held: Held<'_>) -> Vec<Operation> {
        let [of_estimators, of_arrays] = self.views;
        let (owned, views) = match held {
            Held::Estimator(_) => (self.estimators, of_estimators),
            Held::Arrays(_) => (self.arrays, of_arrays),
        };
        owned.iter().chain(views).copied().collect()
    }

    fn modes(&self) -> Vec<String> {
        let here = Path::new("");
        let mut all = self.operations(Held::Estimator(here));
        all.extend(self.operations(Held::Arrays(here)));
        let mut modes = Vec::new();
        if all.contains(&Encode) {
            modes.extend(["encode", "decode"]);
        }
        if all.iter().any(|operation| matches!(operation, View | ViewReady | MapPredictOne)) {
            modes.push("view");
        }
        modes.into_iter().map(str::to_owned).collect()
    }

    /// About how long an operation on so many bytes takes.
    pub fn estimate(&self, operation: Operation, bytes: u64) -> Duration {
        let (save, load) = self.nanos_per_byte;
        let rate = match operation {
            Encode | EncodeReused | Save | SaveSync => save,
            _ => load,
        };
        Duration::from_nanos((bytes as f64 * rate) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_the_script_knows_each() {
        let script = include_str!("../../scripts/peer.py");
        for (position, format) in PEER_FORMATS.iter().enumerate() {
            assert!(PEER_FORMATS[..position].iter().all(|other| other.id != format.id));
            assert!(script.contains(&format!("\"{}\"", format.id)), "{}", format.id);
        }
    }
}
