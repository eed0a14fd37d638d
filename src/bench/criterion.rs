//! Reads what criterion left in its directory, which `cargo bench` fills.
//!
//! In: `DIR/<group>/<case>/new/{benchmark,estimates,sample}.json`, as criterion 0.8 writes them. Out:
//! rows under the names that a run gives the same cases in its own tight loop. Names come from
//! `benchmark.json`, since directories have theirs with signs replaced. What is no case of ours (a
//! benchmark of somebody else's in the same directory) is passed over; a file that cannot be read
//! is an error, since a missing pair would look like agreement.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::BenchError;
use crate::base::case::{CaseId, FLOOR, Operation, Temperature};
use crate::base::criterion::{CriterionRecord, CriterionRow};

/// Criterion's files have some kilobytes. One of a case with a hundred thousand samples fits.
const LONGEST_FILE: u64 = 8 << 20;

/// `benchmark.json`: what the case is called and what it moves.
#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    value_str: Option<String>,
    throughput: Option<Throughput>,
}

#[derive(Deserialize)]
struct Throughput {
    #[serde(rename = "Bytes")]
    bytes: Option<u64>,
}

/// `estimates.json`: of all its estimates, the one that is compared.
#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

/// `sample.json`: only how many there are.
#[derive(Deserialize)]
struct Sample {
    times: Vec<f64>,
}

/// Reads every case of ours in a directory of criterion's: `target/criterion`.
///
/// # Errors
/// [`BenchError::Nothing`] when there is none, [`BenchError::Io`] when a file cannot be read or is
/// not what criterion writes.
pub fn read(directory: &Path) -> Result<CriterionRecord, BenchError> {
    let mut rows = Vec::new();
    let mut newest = None;
    for group in directories(directory)? {
        for case in directories(&group)? {
            let new = case.join("new");
            if !new.join("estimates.json").is_file() {
                continue;
            }
            rows.extend(read_case(&new)?);
            let written = new.join("estimates.json").metadata().and_then(|data| data.modified());
            newest = newest.max(written.ok());
        }
    }
    if rows.is_empty() {
        let message = format!("no case of deadweight's below {}", directory.display());
        return Err(BenchError::Nothing(message));
    }
    rows.sort_by(|a, b| a.case.cmp(&b.case));
    let measured = newest
        .and_then(|written| jiff::Timestamp::try_from(written).ok())
        .map(|written| written.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    Ok(CriterionRecord { measured, rows })
}

/// The directories inside one, in the order of their names.
fn directories(directory: &Path) -> Result<Vec<PathBuf>, BenchError> {
    let failed = |error| BenchError::io("cannot list", directory, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn read_case(new: &Path) -> Result<Option<CriterionRow>, BenchError> {
    let benchmark: Benchmark = read_json(&new.join("benchmark.json"))?;
    let Some(case) = case_of(&benchmark) else { return Ok(None) };
    let Estimate { point_estimate, confidence_interval } =
        read_json::<Estimates>(&new.join("estimates.json"))?.median;
    let sample: Sample = read_json(&new.join("sample.json"))?;
    Ok(Some(CriterionRow {
        case,
        median_nanos: point_estimate,
        low_nanos: confidence_interval.lower_bound,
        high_nanos: confidence_interval.upper_bound,
        bytes: benchmark.throughput.and_then(|throughput| throughput.bytes),
        samples: sample.times.len() as u64,
    }))
}

/// The name of a case: its group is `model/operation`, its value the format. The floor stands in the
/// group of the operation that it belongs to.
fn case_of(benchmark: &Benchmark) -> Option<CaseId> {
    let (model, operation) = benchmark.group_id.rsplit_once('/')?;
    let format = benchmark.value_str.as_deref()?;
    let operation = Operation::ALL.iter().copied().find(|known| known.id() == operation)?;
    let operation = match (format, operation) {
        (FLOOR, Operation::Decode) => Operation::FloorCopy,
        (FLOOR, _) => return None,
        (_, operation) => operation,
    };
    Some(CaseId {
        model: model.to_owned(),
        format: format.to_owned(),
        operation,
        pages: None,
        temperature: Some(Temperature::Hot),
    })
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, BenchError> {
    let failed = |error| BenchError::io("cannot read", path, error);
    let mut text = String::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(LONGEST_FILE).read_to_string(&mut text).map_err(failed)?;
    serde_json::from_str(&text).map_err(|error| {
        BenchError::io("not a file of criterion 0.8:", path, std::io::Error::other(error))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As criterion 0.8.2 writes them, with most of its estimates left out.
    const BENCHMARK: &str = r#"{"group_id":"random_forest_classifier-s/decode","function_id":null,"value_str":"raw","throughput":{"Bytes":204800},"full_id":"random_forest_classifier-s/decode/raw","directory_name":"random_forest_classifier-s_decode/raw","title":"random_forest_classifier-s/decode/raw"}"#;
    const ESTIMATES: &str = r#"{"mean":{"confidence_interval":{"confidence_level":0.95,"lower_bound":1.0,"upper_bound":3.0},"point_estimate":2.0,"standard_error":0.1},"median":{"confidence_interval":{"confidence_level":0.95,"lower_bound":11.5,"upper_bound":12.5},"point_estimate":12.25,"standard_error":0.1},"slope":null}"#;
    const SAMPLE: &str =
        r#"{"sampling_mode":"Flat","iters":[10.0,10.0,10.0],"times":[120.0,122.5,130.0]}"#;

    fn write(directory: &Path, benchmark: &str) {
        let new = directory.join("group/case/new");
        fs::create_dir_all(&new).unwrap();
        fs::write(new.join("benchmark.json"), benchmark).unwrap();
        fs::write(new.join("estimates.json"), ESTIMATES).unwrap();
        fs::write(new.join("sample.json"), SAMPLE).unwrap();
        // Criterion's pages lie beside the cases.
        fs::create_dir_all(directory.join("group/case/report")).unwrap();
        fs::create_dir_all(directory.join("report")).unwrap();
    }

    #[test]
    fn a_case_has_the_median_and_its_interval_under_the_name_of_the_hot_row() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), BENCHMARK);
        let record = read(directory.path()).unwrap();
        let [row] = record.rows.as_slice() else { panic!("{:?}", record.rows) };
        assert_eq!(row.case.to_string(), "random_forest_classifier-s/raw/decode/hot");
        assert_eq!((row.median_nanos, row.low_nanos, row.high_nanos), (12.25, 11.5, 12.5));
        assert_eq!((row.bytes, row.samples), (Some(204_800), 3));
        assert!(record.measured.unwrap().ends_with('Z'));
    }

    #[test]
    fn the_floor_is_named_as_a_run_names_it_and_strangers_are_passed_over() {
        let named = |group: &str, value: &str| {
            let (group_id, value_str) = (group.to_owned(), Some(value.to_owned()));
            case_of(&Benchmark { group_id, value_str, throughput: None }).map(|c| c.to_string())
        };
        assert_eq!(named("m/decode", "floor").unwrap(), "m/floor/floor-copy/hot");
        assert_eq!(named("m/encode", "floor"), None);
        assert_eq!(named("m/sorting", "raw"), None);
        assert_eq!(named("sorting", "raw"), None);
    }

    #[test]
    fn an_empty_and_a_damaged_directory_are_errors_that_name_what_is_wrong() {
        let directory = tempfile::tempdir().unwrap();
        let empty = read(directory.path()).unwrap_err().to_string();
        assert!(empty.contains("no case of deadweight's below"), "{empty}");
        write(directory.path(), "{}");
        let damaged = read(directory.path()).unwrap_err().to_string();
        assert!(damaged.contains("benchmark.json") && damaged.contains("group_id"), "{damaged}");
    }
}
