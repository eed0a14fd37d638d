//! `bench` on data of anybody's: tables and arrays, told by their content.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use assert_cmd::Command;
use deadweight::base::Array;
use deadweight::base::case::Operation;
use deadweight::base::record::BenchRecord;
use deadweight::formats::npy;
use parquet::arrow::ArrowWriter;
use predicates::prelude::*;
use predicates::str::contains;

fn command(place: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("deadweight"));
    command.current_dir(place).env("DEADWEIGHT_CACHE", place.join("cache")).env("NO_COLOR", "1");
    command
}

fn parquet(ids: Vec<Option<i64>>) -> Vec<u8> {
    let fields = [("id", DataType::Int64), ("share", DataType::Float64), ("city", DataType::Utf8)];
    let fields: Vec<Field> = fields.map(|(name, kind)| Field::new(name, kind, true)).into();
    let schema = Arc::new(Schema::new(fields));
    let rows = ids.len();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(ids)),
        Arc::new(Float64Array::from_iter((0..rows).map(|row| (row != 1).then_some(row as f64)))),
        Arc::new(StringArray::from_iter_values((0..rows).map(|row| format!("city {row}")))),
    ];
    let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn tables_and_arrays_are_measured_whatever_they_are_called() {
    let place = tempfile::tempdir().unwrap();
    let array = Array::from_vec((0..600).map(|v| v as f32).collect(), &[20, 30]).unwrap();
    let text = "id,price,city\n1,2.5,Oslo\n2,,Rome\n3,4.5,\"Bonn, Rhein\"\n";
    for (name, bytes) in [
        ("one.bin", npy::write(&array).unwrap()),
        ("two.npy", text.as_bytes().to_vec()),
        ("three.csv", parquet(vec![Some(1), Some(2), Some(3)])),
    ] {
        fs::write(place.path().join(name), bytes).unwrap();
    }
    let arguments =
        ["bench", "one.bin", "two.npy", "three.csv", "--format", "raw", "--format", "npz"];
    let output = command(place.path()).args(arguments).arg("--json").assert().success();
    let output = output.stderr(contains("column \"share\": 1 nulls are measured as NaN"));
    let record: BenchRecord = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let models: Vec<(&str, &str, &str, u64)> = record
        .models
        .iter()
        .map(|m| (m.id.as_str(), m.title.as_str(), m.kind.as_str(), m.array_count))
        .collect();
    assert_eq!(
        models,
        [
            ("one", "one.bin (npy)", "arrays", 1),
            ("two", "two.npy (csv)", "arrays", 3),
            ("three", "three.csv (parquet)", "arrays", 3),
        ]
    );
    assert_eq!(record.models[0].array_bytes, 2400);
    assert!(record.models[2].data.contains("column \"share\""), "{}", record.models[2].data);
    for (id, ..) in models {
        for format in ["raw", "npz"] {
            let is_row = |row: &&deadweight::base::record::Row| {
                let case = &row.case;
                case.model == id && case.format == format && case.operation == Operation::Decode
            };
            let row = record.rows.iter().find(is_row).unwrap();
            assert!(row.outcome.timing().is_some(), "{}: {:?}", row.case, row.outcome);
        }
    }
}

#[test]
fn what_is_no_data_is_refused_with_what_to_do() {
    let place = tempfile::tempdir().unwrap();
    let objects = b"\x93NUMPY\x01\x00\x3e\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,)}\n       \x80\x04K\x01.";
    for (name, bytes, expected) in [
        ("objects.npy", objects.to_vec(), "could run code"),
        ("counted.csv", b"0,1\n3,4\n".to_vec(), "--header"),
        ("ragged.csv", b"a,b\n1,2\n3\n".to_vec(), "line 3: expected 2 fields"),
        ("words.txt", b"only\nwords\n".to_vec(), "one column of texts"),
        ("page.csv", b"<html><body>1,2</body></html>".to_vec(), "an HTML page"),
        (
            "nulls.parquet",
            parquet(vec![Some(1), None]),
            "column \"id\": expected values in every row",
        ),
        ("half.parquet", parquet(vec![Some(1)])[..300].to_vec(), "half.parquet"),
    ] {
        fs::write(place.path().join(name), bytes).unwrap();
        let assert = command(place.path()).args(["bench", name, "--format", "raw"]).assert();
        assert.failure().stderr(contains(expected).and(contains(name)));
    }
    let arguments = ["bench", "counted.csv", "--header", "yes", "--format", "raw", "--json"];
    command(place.path()).args(arguments).assert().success();
}

#[test]
fn payloads_are_measured_and_listed() {
    let place = tempfile::tempdir().unwrap();
    let arguments = ["bench", "--payload", "message", "--payload", "small-integers"];
    let formats = ["--format", "postcard", "--format", "postcard-elements", "--json"];
    let output = command(place.path()).args(arguments).args(formats).assert().success();
    let record: BenchRecord = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let ids: Vec<&str> = record.models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["message", "small-integers"]);
    let size = |format: &str| {
        let is_row = |row: &&deadweight::base::record::SizeRow| {
            row.model == "small-integers" && row.format == format
        };
        record.sizes.iter().find(is_row).unwrap().bytes
    };
    // Eight bytes become one, or two for a count from 64 on, since there is a sign to keep.
    assert!(size("postcard-elements") * 5 < size("postcard"), "varints");
    let help = command(place.path()).args(["bench", "--help"]).assert().success();
    let help = String::from_utf8(help.get_output().stdout.clone()).unwrap();
    for payload in deadweight::payloads::registry::PAYLOADS {
        assert!(help.contains(payload.id), "{}: {help}", payload.id);
    }
}
