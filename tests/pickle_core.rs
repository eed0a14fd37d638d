//! Pickles that Python wrote, and pickles that nobody should write.
//!
//! The files in `tests/data/pickle` and what is in them come from `scripts/make_pickle_fixtures.py`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use deadweight::pickle::Pickle;

#[path = "pickle_core/frames.rs"]
mod frames;
#[path = "pickle_core/hostile.rs"]
mod hostile;
#[path = "pickle_core/machine.rs"]
mod machine;
#[path = "pickle_core/notation.rs"]
mod notation;

use deadweight::base::Limits;
use deadweight::pickle::opcode::{ArgumentKind, OPCODES};
use deadweight::pickle::{PickleError, load};
use notation::Describer;
use serde_json::{Value, json};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pickle").join(name)
}

fn document(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(data(name)).unwrap()).unwrap()
}

/// Every pickle in the folder, by name.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<_> = std::fs::read_dir(data(""))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "pkl"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    found.sort();
    assert_eq!(found.len(), 15);
    found
}

fn read(bytes: &[u8]) -> Result<Pickle<'_>, PickleError> {
    load(bytes, &Limits::default())
}

#[test]
fn what_python_wrote_is_read_exactly() {
    let expected = document("expected.json");
    let expected = expected.as_object().unwrap();
    let fixtures: HashMap<String, Vec<u8>> = fixtures().into_iter().collect();
    assert_eq!(expected.len(), 12);
    for (name, notation) in expected {
        let pickle = read(&fixtures[name]).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = Describer::new(&pickle.values).node(pickle.root);
        assert_same(name, notation, &found);
        let protocol = name.as_bytes().last().unwrap() - b'0';
        assert_eq!(pickle.protocol, (protocol >= 2).then_some(protocol), "{name}");
        assert_eq!((pickle.end, pickle.trailing), (fixtures[name].len(), 0), "{name}");
        assert_eq!((pickle.leftover, pickle.late_edits.as_slice()), (0, [].as_slice()), "{name}");
    }
}

/// Compares part by part, so that a failure names the part and not the whole.
fn assert_same(place: &str, expected: &Value, found: &Value) {
    if let (Value::Array(expected), Value::Array(found)) = (expected, found)
        && expected.len() == found.len()
    {
        for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
            assert_same(&format!("{place}.{index}"), expected, found);
        }
        return;
    }
    assert_eq!(expected, found, "{place}");
}

#[test]
fn what_python_2_wrote_is_read_exactly() {
    for (name, bytes) in fixtures().iter().filter(|(name, _)| name.starts_with("python2")) {
        let pickle = read(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = Describer::new(&pickle.values).node(pickle.root);
        let expected = json!([
            "list",
            0,
            ["string", "7374720a27225cff00"],
            ["text", "756e69636f646520e697a55c"],
            ["int", "12345678901234567890"],
            ["int", "5"],
            ["True"],
            [
                "object",
                1,
                "old.classes.Old",
                ["tuple", ["string", "78"], ["int", "2"]],
                ["None"],
                ["dict", 2, [["string", "61"], ["tuple", ["string", "78"], ["int", "2"]]]],
                [],
                []
            ],
            ["dict", 3, [["string", "6b"], ["float", "3ff8000000000000"]]]
        ]);
        assert_same(name, &expected, &found);
    }
}

/// What pickletools calls the arguments of each kind.
fn python_name(kind: ArgumentKind) -> Option<&'static str> {
    Some(match kind {
        ArgumentKind::None => return None,
        ArgumentKind::IntLine | ArgumentKind::IndexLine => "decimalnl_short",
        ArgumentKind::LongLine => "decimalnl_long",
        ArgumentKind::FloatLine => "floatnl",
        ArgumentKind::QuotedLine => "stringnl",
        ArgumentKind::UnicodeLine => "unicodestringnl",
        ArgumentKind::Line => "stringnl_noescape",
        ArgumentKind::LinePair => "stringnl_noescape_pair",
        ArgumentKind::Number1 | ArgumentKind::Index1 => "uint1",
        ArgumentKind::Number2 => "uint2",
        ArgumentKind::Signed4 => "int4",
        ArgumentKind::Index4 => "uint4",
        ArgumentKind::FrameLength => "uint8",
        ArgumentKind::Float8 => "float8",
        ArgumentKind::Long1 => "long1",
        ArgumentKind::Long4 => "long4",
        ArgumentKind::String1 => "string1",
        ArgumentKind::String4 => "string4",
        ArgumentKind::Bytes1 => "bytes1",
        ArgumentKind::Bytes4 => "bytes4",
        ArgumentKind::Bytes8 => "bytes8",
        ArgumentKind::ByteArray8 => "bytearray8",
        ArgumentKind::Unicode1 => "unicodestring1",
        ArgumentKind::Unicode4 => "unicodestring4",
        ArgumentKind::Unicode8 => "unicodestring8",
    })
}

#[test]
fn the_table_of_opcodes_is_that_of_python() {
    let python = document("opcodes.json");
    let python = python.as_array().unwrap();
    assert_eq!(python.len(), OPCODES.len());
    for theirs in python {
        let ours = OPCODES.iter().find(|ours| theirs["code"] == ours.code).unwrap();
        assert_eq!(theirs["name"], ours.name);
        assert_eq!(theirs["protocol"], ours.protocol, "{}", ours.name);
        assert_eq!(theirs["argument"].as_str(), python_name(ours.argument), "{}", ours.name);
    }
}
