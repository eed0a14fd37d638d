//! Formats compared on a value of your own type: anything that serde can write and read.
//!
//! ```text
//! &T -> every serde codec -> encode, decode, equal again?
//!    -> bench::in_process, series of shuffled rounds -> record -> table, report
//! ```
//!
//! ```no_run
//! # fn main() -> Result<(), deadweight::values::CompareError> {
//! let prices: Vec<(String, f64)> = vec![("apple".to_owned(), 0.4); 1000];
//! let comparison = deadweight::values::compare("prices", &prices)?;
//! println!("{comparison}");
//! comparison.write_report("reports")?;
//! # Ok(())
//! # }
//! ```
//!
//! **What is measured.** `encode` into a fresh buffer, `encode-reused` into one that has the capacity,
//! and `decode` from bytes in memory to a value with memory of its own; sizes, plain and compressed.
//! Before anything is timed the value goes through each codec and must come back equal; a codec that
//! cannot write, read or keep it has rows without a time that say why. Build in the release profile.
//!
//! **One process.** A benchmark of this program starts fresh processes of itself. A library cannot
//! start its user's program again: whatever `main` does before it compares would be done again, too.
//! So everything is measured in the process that asks, in series with memory of their own. Intervals
//! are over the series, and the record says that another start may differ by more.

mod comparison;
mod subject;

use std::any::type_name;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::base::ArrayError;
use crate::base::case::{Case, CaseError, CaseId, Group, Operation};
use crate::base::record::FormatRecord;
use crate::bench::BenchError;
use crate::bench::cases::timed;
use crate::bench::clock::Clock;
use crate::bench::environment::crate_version;
use crate::bench::in_process::InProcess;
pub use crate::bench::plan::Profile;
use crate::formats::codecs::{Visitor, visit_all};
use crate::formats::wire::Codec;
use crate::formats::{Descriptor, Encoding, FormatError, bincode, contain};
pub use comparison::Comparison;

/// Why values could not be compared.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CompareError {
    /// serde cannot write the value: a map without a known length, an error of its own.
    #[error("{name}: serde cannot write the value: {source}")]
    Value {
        /// The name it was given.
        name: String,
        /// What the serializer said.
        source: FormatError,
    },
    /// A name stands twice, or is empty.
    #[error("{0:?}: expected a name that no other value has, of at least one letter or digit")]
    Name(String),
    /// Nothing was measured.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// The bytes could not be held.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// The report could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Compares every serde codec on a value, in the profile `quick` (about two seconds).
///
/// # Errors
/// [`CompareError`] when serde cannot write the value. A codec that cannot has rows that say so.
pub fn compare<T>(name: &str, value: &T) -> Result<Comparison, CompareError>
where
    T: Serialize + DeserializeOwned + PartialEq + Clone + 'static,
{
    let mut comparer = Comparer::new(Profile::Quick);
    comparer.add(name, value)?;
    Ok(comparer.finish())
}

/// Compares on several values, of as many types, for one record and one report.
pub struct Comparer(InProcess);

impl Comparer {
    /// Nothing compared yet. `profile` says how many series there are and how long each takes.
    pub fn new(profile: Profile) -> Self {
        Comparer(InProcess::new(profile, 1))
    }

    /// Measures every codec on a value, now.
    ///
    /// # Errors
    /// As [`compare`]; when the name is taken.
    pub fn add<T>(&mut self, name: &str, value: &T) -> Result<(), CompareError>
    where
        T: Serialize + DeserializeOwned + PartialEq + Clone + 'static,
    {
        let id = subject::id(name);
        if self.0.has(&id) || !id.contains(|c: char| c.is_ascii_alphanumeric()) {
            return Err(CompareError::Name(name.to_owned()));
        }
        let reference = bincode::fixed_width(value)
            .map_err(|source| CompareError::Value { name: name.to_owned(), source })?;
        let subject = subject::of(id, name, type_name::<T>(), reference.clone())?;
        let clock = self.0.clock().clone();
        let value = Arc::new(value.clone());
        let mut trying = Trying {
            rounds: &mut self.0,
            model: subject.id().to_owned(),
            value: value.clone(),
            reference,
            formats: Vec::new(),
            failed: Vec::new(),
        };
        visit_all(&mut trying);
        let Trying { formats, failed, reference, .. } = trying;
        self.0.measure(&subject, formats, &mut || {
            let (model, bytes) = (subject.id().to_owned(), reference.len() as u64);
            let (clock, value) = (clock.clone(), value.clone());
            let mut making =
                Making { model, bytes, value, failed: &failed, clock, cases: Vec::new() };
            visit_all(&mut making);
            making.cases
        })?;
        Ok(())
    }

    /// What was measured.
    pub fn finish(self) -> Comparison {
        Comparison::new(self.0.finish())
    }
}

/// The operations that a value has.
const OPERATIONS: [Operation; 3] = [Operation::Encode, Operation::EncodeReused, Operation::Decode];

fn case_id(model: &str, format: &str, operation: Operation) -> CaseId {
    CaseId {
        model: model.to_owned(),
        format: format.to_owned(),
        operation,
        pages: None,
        temperature: None,
    }
}

/// Sends the value through each codec once, before anything is timed.
struct Trying<'a, T> {
    rounds: &'a mut InProcess,
    model: String,
    value: Arc<T>,
    reference: Vec<u8>,
    formats: Vec<FormatRecord>,
    failed: Vec<&'static str>,
}

impl<T: Serialize + DeserializeOwned + PartialEq> Visitor for Trying<'_, T> {
    fn visit<C: Codec>(&mut self, codec: &'static C, descriptor: &'static Descriptor) {
        self.formats.push(format_record::<C>(descriptor));
        match contain(C::ID, || Ok(self.round_trip(codec))).unwrap_or_else(|e| Err(e.to_string())) {
            Ok(encoded) => self.rounds.size(&self.model, C::ID, &encoded),
            Err(reason) => {
                self.failed.push(C::ID);
                for operation in OPERATIONS {
                    self.rounds.fail(case_id(&self.model, C::ID, operation), reason.clone());
                }
            }
        }
        let others = Operation::ALL.iter().copied();
        let others = others.filter(|o| o.group() != Group::Floor && !OPERATIONS.contains(o));
        for operation in others {
            let reason = "a value is measured in memory, and is no model".to_owned();
            self.rounds.skip(case_id(&self.model, C::ID, operation), reason);
        }
    }
}

impl<T: Serialize + DeserializeOwned + PartialEq> Trying<'_, T> {
    /// The encoded bytes, or what went wrong on the way there and back.
    fn round_trip<C: Codec>(&self, codec: &C) -> Result<Vec<u8>, String> {
        let mut encoded = Vec::new();
        codec.encode(&*self.value, &mut encoded).map_err(|error| error.to_string())?;
        let back: T = codec.decode(&encoded).map_err(|error| format!("decode: {error}"))?;
        let value: &T = &self.value;
        let is_equal = match T::eq(value, value) {
            true => back == *value,
            // A NaN is not even equal to itself: then the bits decide.
            false => bincode::fixed_width(&back).is_ok_and(|bytes| bytes == self.reference),
        };
        match is_equal {
            true => Ok(encoded),
            false => Err("decode: what comes back is not equal to what went in".to_owned()),
        }
    }
}

/// The record of a codec, used on a value instead of on parameters.
fn format_record<C: Codec>(descriptor: &'static Descriptor) -> FormatRecord {
    let record = descriptor.record(crate_version);
    let title = match &record.implementation {
        Some(implementation) => format!("{implementation}, through serde"),
        None => format!("{}, through serde", C::ID),
    };
    // What is lost of an array need not be lost of another type: the round trip says.
    let (losses, encoding) = (Vec::new(), Encoding::Native.id().to_owned());
    FormatRecord { id: C::ID.to_owned(), title, losses, encoding, ..record }
}

/// Makes the cases of a series.
struct Making<'a, T> {
    model: String,
    bytes: u64,
    value: Arc<T>,
    failed: &'a [&'static str],
    clock: Arc<dyn Clock>,
    cases: Vec<Box<dyn Case>>,
}

impl<T: Serialize + DeserializeOwned + 'static> Visitor for Making<'_, T> {
    fn visit<C: Codec>(&mut self, codec: &'static C, _: &'static Descriptor) {
        if self.failed.contains(&C::ID) {
            return;
        }
        let mut encoded = Vec::new();
        if codec.encode(&*self.value, &mut encoded).is_err() {
            return;
        }
        let id = |operation| case_id(&self.model, C::ID, operation);
        let (bytes, len) = (self.bytes, encoded.len());
        let encode = |value: Arc<T>| {
            move |out: &mut Vec<u8>| codec.encode(&*value, out).map_err(CaseError::new)
        };
        let fresh = encode(self.value.clone());
        let fresh = timed(id(Operation::Encode), bytes, len as u64, &self.clock, move || {
            let mut out = Vec::new();
            fresh(&mut out)?;
            Ok(out)
        });
        let reused = encode(self.value.clone());
        let mut out = Vec::with_capacity(len);
        let reused = timed(id(Operation::EncodeReused), bytes, 1, &self.clock, move || {
            out.clear();
            reused(&mut out)?;
            Ok(std::hint::black_box(&out).len())
        });
        let decode = timed(id(Operation::Decode), bytes, bytes, &self.clock, move || {
            codec.decode::<T>(std::hint::black_box(&encoded)).map_err(CaseError::new)
        });
        self.cases.extend([fresh, reused, decode]);
    }
}

impl fmt::Debug for Comparer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Comparer").finish_non_exhaustive()
    }
}

fn write_error(path: &Path, source: std::io::Error) -> CompareError {
    CompareError::Write { path: path.display().to_string(), source }
}
