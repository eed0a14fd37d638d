//! Formats compared on values of types that deadweight does not know.

use std::collections::BTreeMap;
use std::fs;

use assert_cmd::Command;
use deadweight::base::case::{FLOOR, Group, Operation};
use deadweight::base::record::{BenchRecord, Outcome};
use deadweight::values::{Comparer, Profile, compare};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle { center: (f32, f32), radius: f32 },
    Named(String, Option<u64>),
}

fn shapes() -> Vec<Shape> {
    let shape = |index: u64| match index % 3 {
        0 => Shape::Point,
        1 => Shape::Circle { center: (index as f32, -0.5), radius: 0.1 },
        _ => Shape::Named(format!("shape {index}"), index.is_multiple_of(2).then_some(index)),
    };
    (0..300).map(shape).collect()
}

fn outcome<'a>(record: &'a BenchRecord, format: &str, operation: Operation) -> &'a Outcome {
    let row = |row: &&deadweight::base::record::Row| {
        row.case.format == format && row.case.operation == operation && row.case.pages.is_none()
    };
    &record.rows.iter().find(row).unwrap_or_else(|| panic!("{format} {operation:?}")).outcome
}

#[test]
fn a_type_of_ones_own_is_measured_in_every_codec_and_reported() {
    let comparison = compare("my shapes", &shapes()).unwrap();
    let record = comparison.record();
    let ids: Vec<&str> = record.formats.iter().map(|format| format.id.as_str()).collect();
    for id in ["postcard", "bincode", "bitcode", "cbor", "msgpack", "json"] {
        assert!(ids.contains(&id), "{ids:?}");
    }
    for id in &ids {
        for operation in [Operation::Encode, Operation::EncodeReused, Operation::Decode] {
            let Outcome::Measured(timing) = outcome(record, id, operation) else {
                panic!("{id} {operation:?}: {:?}", outcome(record, id, operation));
            };
            assert_eq!(timing.samples_nanos.len(), 3, "a list a series");
            assert!(timing.low_nanos <= timing.median_nanos && timing.median_nanos > 0.0);
            assert!(timing.rank.is_some(), "{id}");
        }
        // Every other operation says why it has no figure.
        for operation in Operation::ALL.iter().filter(|o| o.group() != Group::Floor) {
            outcome(record, id, *operation);
        }
        assert!(record.sizes.iter().any(|size| size.format == *id && size.bytes > 0));
    }
    assert!(outcome(record, FLOOR, Operation::FloorCopy).timing().is_some());
    let model = &record.models[0];
    assert_eq!(
        (model.id.as_str(), model.kind.as_str(), record.processes),
        ("my_shapes", "value", 1)
    );
    // A length of 8 bytes, and a variant of 4 for each; 100 circles of 12 bytes.
    assert!(model.array_bytes > 8 + 300 * 4 + 100 * 12, "{}", model.array_bytes);
    assert!(record.notes[0].contains("in one process"), "{:?}", record.notes);

    let text = comparison.to_string();
    assert!(text.starts_with("my shapes (") && text.contains("memcpy (floor)"), "{text}");
    assert!(ids.iter().all(|id| text.contains(id)), "{text}");

    let place = tempfile::tempdir().unwrap();
    let page = comparison.write_report(place.path().join("new/report")).unwrap();
    assert!(fs::read_to_string(&page).unwrap().contains("my shapes"));
    // The program makes the page again from the record, as it does from its own.
    fs::remove_file(&page).unwrap();
    let program = assert_cmd::cargo::cargo_bin("deadweight");
    Command::new(program).args(["report", "--out"]).arg(page.parent().unwrap()).assert().success();
    assert!(page.exists());
}

#[test]
fn a_codec_that_cannot_keep_a_value_has_no_figure_and_says_why() {
    let mut comparer = Comparer::new(Profile::Quick);
    // JSON has texts as keys and no NaN; the others have both.
    let keyed = BTreeMap::from([((1u8, 2u8), 1.5f64), ((3, 4), -2.0)]);
    comparer.add("keyed", &keyed).unwrap();
    comparer.add("nan", &vec![1.0, f64::NAN]).unwrap();
    assert!(comparer.add("nan", &1u8).is_err(), "one name, one value");
    assert!(comparer.add("", &1u8).is_err());
    let comparison = comparer.finish();
    for model in ["keyed", "nan"] {
        let of = |format: &str| {
            let row = comparison.record().rows.iter().find(|row| {
                row.case.model == model
                    && row.case.format == format
                    && row.case.operation == Operation::Decode
            });
            row.unwrap().outcome.clone()
        };
        assert!(matches!(of("json"), Outcome::Failed { .. }), "{model}: {:?}", of("json"));
        assert!(of("bincode").timing().is_some(), "{model}: {:?}", of("bincode"));
    }
    assert!(comparison.to_string().contains("json failed: "), "{comparison}");
}
