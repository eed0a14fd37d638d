//! Readers of one version of a program on files of another.
//!
//! The same small model in two versions of a type. Each version writes, the other one reads, by the
//! codec's plain derive and by the way that its documentation recommends for types that change. Each
//! pair runs in a limited process of its own: what a reader takes for a length may be a weight.
//!
//! A value is compared by the *meaning* of its field: a renamed field means what it meant.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::worker::{Job, Work};
use super::{HostileError, supervise};
use crate::base::hostility::{Change, Column, EvolutionRecord, Reading};

pub mod registry;
mod versions;

mod bincode;
mod bitcode;
mod borsh;
mod cbor;
mod json;
mod msgpack;
mod parquet;
mod postcard;
mod protobuf;
mod rkyv;
mod wincode;

/// The value of a field, by which readers are compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A number of any width.
    Number(f64),
    /// Numbers.
    Numbers(Vec<f64>),
    /// A text.
    Text(String),
    /// Nothing, where that is allowed.
    Absent,
}

/// What a field means, and its value.
pub type Field = (&'static str, Cell);

/// One way to use a codec for types that change.
pub struct Codec {
    /// Id of the codec; `-recommended` follows where its recommended way was taken.
    pub id: &'static str,
    /// In words, how the types are written.
    pub way: &'static str,
    /// The crate, as it is called in Cargo.lock.
    pub crate_name: &'static str,
    /// What the old reader makes of new bytes (true), or the new one of old bytes.
    pub read: fn(Change, bool) -> Reading,
}

/// Every codec, every change, both directions.
///
/// # Errors
/// When a process cannot be run.
pub fn matrix(
    program: &Path,
    version: &(dyn Fn(&str) -> Option<String> + Sync),
) -> Result<Vec<EvolutionRecord>, HostileError> {
    let mut rows = Vec::new();
    for codec in registry::CODECS {
        let implementation = match version(codec.crate_name) {
            Some(version) => format!("{} {version}", codec.crate_name),
            None => codec.crate_name.to_owned(),
        };
        for change in Change::ALL {
            rows.push(EvolutionRecord {
                codec: codec.id.to_owned(),
                way: codec.way.to_owned(),
                implementation: Some(implementation.clone()),
                change,
                old_reads_new: apart(program, codec, change, true)?,
                new_reads_old: apart(program, codec, change, false)?,
            });
        }
    }
    Ok(rows)
}

/// One pair, in a process of its own.
fn apart(
    program: &Path,
    codec: &Codec,
    change: Change,
    old_reads_new: bool,
) -> Result<Reading, HostileError> {
    let job = Job {
        format: codec.id.to_owned(),
        column: Column::Documented,
        seed: 0,
        work: Work::Versions(change, old_reads_new),
    };
    let left = supervise::run(program, &job)?;
    if let Some((_, class, said)) = left.death {
        return Ok(Reading::Death { message: format!("{}: {said}", class.title()) });
    }
    let said = left.events.first().map(|event| event.message.as_str()).unwrap_or_default();
    Ok(serde_json::from_str(said)?)
}

/// What a reader makes of bytes: `decode` gives the fields that it knows, and is called once. One
/// function for all: a copy for each pair of versions would take long to build.
fn reading(written: &[Field], decode: &mut dyn FnMut() -> Result<Vec<Field>, String>) -> Reading {
    let read = match catch_unwind(AssertUnwindSafe(decode)) {
        Err(_) => return Reading::Panic { message: super::judge::last_panic() },
        Ok(Err(message)) => return Reading::Error { message },
        Ok(Ok(read)) => read,
    };
    let mut outcome = Reading::Right;
    for (meaning, found) in read {
        let wanted = written.iter().find(|(other, _)| *other == meaning).map(|(_, cell)| cell);
        let default = matches!(&found, Cell::Absent)
            || found == Cell::Number(0.0)
            || matches!(&found, Cell::Text(text) if text.is_empty());
        match wanted {
            Some(wanted) if *wanted == found => {}
            // Nothing was written, and nothing is what is read: of whatever type.
            Some(Cell::Absent) | None if default => outcome = Reading::Default,
            wanted => {
                let wanted = match wanted {
                    Some(wanted) => format!("{wanted:?} was written"),
                    None => "it was not written".to_owned(),
                };
                return Reading::SilentWrong {
                    example: format!("{meaning} is {found:?}; {wanted}"),
                };
            }
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_told_apart() {
        let written = [("rate", Cell::Number(0.25)), ("note", Cell::Absent)];
        let read = |fields: &[Field]| reading(&written, &mut || Ok(fields.to_vec()));
        assert_eq!(read(&[("rate", Cell::Number(0.25))]), Reading::Right);
        assert_eq!(read(&[("note", Cell::Text(String::new()))]), Reading::Default);
        assert_eq!(read(&[("more", Cell::Number(0.0))]), Reading::Default);
        assert!(matches!(read(&[("more", Cell::Number(1.0))]), Reading::SilentWrong { .. }));
        assert!(matches!(read(&[("rate", Cell::Number(0.5))]), Reading::SilentWrong { .. }));
        assert!(matches!(reading(&[], &mut || Err("no".into())), Reading::Error { .. }));
        assert!(matches!(reading(&[], &mut || panic!("oh")), Reading::Panic { .. }));
    }

    /// What the documentation of these crates says.
    #[test]
    fn what_is_known_is_found() {
        let read = |id: &str, change, old_reads_new| {
            let codec = registry::CODECS.iter().find(|codec| codec.id == id).unwrap();
            (codec.read)(change, old_reads_new)
        };
        // By name, and unknown names are left alone.
        assert_eq!(read("json", Change::AddedAtEnd, true), Reading::Right);
        assert_eq!(read("json", Change::Reordered, false), Reading::Right);
        assert!(matches!(read("json", Change::AddedAtEnd, false), Reading::Error { .. }));
        assert_eq!(read("json-recommended", Change::AddedAtEnd, false), Reading::Default);
        assert_eq!(read("json-recommended", Change::Renamed, true), Reading::Right);
        // By place, without names: two numbers that change places are two wrong numbers.
        let swapped = read("postcard", Change::Reordered, true);
        assert!(matches!(swapped, Reading::SilentWrong { .. }), "{swapped:?}");
        // By number: two fields that changed places keep theirs, or get each other's.
        let swapped = read("protobuf", Change::Reordered, true);
        assert!(matches!(swapped, Reading::SilentWrong { .. }), "{swapped:?}");
        assert_eq!(read("protobuf-recommended", Change::Reordered, true), Reading::Right);
        assert_eq!(read("protobuf-recommended", Change::Widened, true), Reading::Right);
        assert_eq!(read("protobuf-recommended", Change::AddedInMiddle, false), Reading::Default);
        // A table by the places of its columns, or by their names.
        let swapped = read("parquet", Change::Reordered, true);
        assert!(matches!(swapped, Reading::SilentWrong { .. }), "{swapped:?}");
        assert!(matches!(read("parquet", Change::Widened, true), Reading::Error { .. }));
        for change in [Change::Reordered, Change::Renamed, Change::Widened, Change::AddedInMiddle] {
            assert_eq!(read("parquet-recommended", change, true), Reading::Right, "{change:?}");
        }
        assert_eq!(read("parquet-recommended", Change::AddedInMiddle, false), Reading::Default);
        // A number of the version is seen first.
        assert!(matches!(
            read("postcard-recommended", Change::Reordered, true),
            Reading::Error { .. }
        ));
        assert_eq!(read("postcard-recommended", Change::Reordered, false), Reading::Right);
    }
}
