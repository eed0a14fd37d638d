//! The classic tutorial, as Python does it: train, save with pickle and joblib, load, predict again.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::process::{PeerError, Process};
use super::source::SCRIPT;
use crate::base::record::{Metric, TutorialMethod, TutorialRecord};

/// Longest time that it may take.
const TUTORIAL_TIME: Duration = Duration::from_secs(300);

/// Files that the tutorial leaves in its directory.
pub mod files {
    /// The estimator as joblib saved it.
    pub const MODEL: &str = "model.joblib";
    /// The rows of the test part.
    pub const TEST_ROWS: &str = "test_rows.npy";
    /// Their labels.
    pub const TEST_LABELS: &str = "test_labels.npy";
    /// 1,000 rows: those of the test part in turn.
    pub const ROWS: &str = "rows.npy";
}

/// Runs it in a directory.
///
/// # Errors
/// [`PeerError`] when Python cannot.
pub fn run(python: &Path, directory: &Path, model: &str) -> Result<TutorialRecord, PeerError> {
    let mut process = Process::start(python, SCRIPT)?;
    let mut request = Map::new();
    request.insert("dir".to_owned(), json!(directory.to_string_lossy()));
    let answer = process.ask("tutorial", request, TUTORIAL_TIME)?;
    record(&answer, model).ok_or_else(|| {
        PeerError::Gone("Python's answer to \"tutorial\" is not what was asked for".to_owned())
    })
}

fn record(answer: &Map<String, Value>, model: &str) -> Option<TutorialRecord> {
    let metric: Metric = serde_json::from_value(answer.get("metric")?.clone()).ok()?;
    let method = |method: &Value| {
        Some(TutorialMethod {
            method: method.get("method")?.as_str()?.to_owned(),
            bytes: method.get("bytes")?.as_u64()?,
            accuracy_after: method.get("accuracy_after")?.as_f64()?,
        })
    };
    Some(TutorialRecord {
        model: model.to_owned(),
        test_rows: metric.rows,
        accuracy_before: answer.get("accuracy_before")?.as_f64()?,
        training_nanos: answer.get("training_nanos")?.as_u64()?,
        methods: answer.get("methods")?.as_array()?.iter().map(method).collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_with_a_member_too_few_is_no_record() {
        let whole = json!({
            "metric": { "name": "accuracy", "value": 0.9, "rows": 300 },
            "accuracy_before": 0.9, "training_nanos": 7,
            "methods": [{ "method": "pickle", "file": "model.pkl", "bytes": 9, "accuracy_after": 0.9 }],
        });
        let Value::Object(whole) = whole else { panic!() };
        assert_eq!(record(&whole, "m").unwrap().methods[0].bytes, 9);
        for member in ["metric", "accuracy_before", "training_nanos", "methods"] {
            let mut answer = whole.clone();
            answer.remove(member);
            assert_eq!(record(&answer, "m"), None, "{member}");
        }
    }
}
