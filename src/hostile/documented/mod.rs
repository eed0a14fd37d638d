//! Crates as their own documentation shows them: a derive on plain types, one call to write, one call to
//! read. No limit is set that the first example of the documentation does not set.
//!
//! One file for each crate. The types (`src/hostile/weights.rs`) are what a developer would write down for a model: a kind,
//! metadata, and named arrays. Where the derive of a crate takes types that contain themselves,
//! metadata is a tree of values, as it is in most programs; where it does not, it is a text.

use std::io::Cursor;

use super::reader::{Failure, Loaded, Seed};
use super::samples::samples;
pub use super::weights::{Elements, FlatWeights, Named, Tree, Weights};
use crate::base::Parameters;

pub mod registry;

mod arrow_ipc;
mod bincode;
mod bitcode;
mod borsh;
mod ciborium;
mod npyz;
mod parquet;
mod postcard;
mod rkyv;
mod rmp_serde;
mod safetensors;
mod serde_json;
mod wincode;

/// Writes every sample with `write` and reads it back with `read`: what it holds is what is read.
fn seeds(
    write: impl Fn(Weights) -> Result<Vec<u8>, String>,
    read: impl Fn(&[u8]) -> Result<Weights, Failure>,
) -> Result<Vec<Seed>, String> {
    let samples = samples().map_err(|error| error.to_string())?;
    let seed = |(name, parameters): (&'static str, Parameters)| {
        let bytes = write(Weights::of(&parameters))?;
        match read(&bytes) {
            Ok(weights) => Ok(Seed { name, bytes, holds: Loaded::Weights(weights) }),
            Err(Failure::Refused(said) | Failure::Panicked(said)) => Err(format!("{name}: {said}")),
        }
    };
    samples.into_iter().map(seed).collect()
}

/// An error of a crate's.
fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::Refused(error.to_string())
}

/// A file in memory, as the crates that read from files want it.
fn file(bytes: &[u8]) -> Cursor<&[u8]> {
    Cursor::new(bytes)
}

/// Defines the reader of a crate: its format, its name, how it writes and reads.
macro_rules! documented {
    ($reader:ident, $format:literal, $crate_name:literal, $write:expr, $read:expr $(, $nested:item)?) => {
        /// The crate as its documentation shows it.
        pub struct $reader;

        impl $crate::hostile::reader::Reader for $reader {
            fn format(&self) -> &'static str {
                $format
            }

            fn column(&self) -> $crate::base::hostility::Column {
                $crate::base::hostility::Column::Documented
            }

            fn crate_name(&self) -> Option<&'static str> {
                Some($crate_name)
            }

            fn seeds(&self) -> Result<Vec<$crate::hostile::reader::Seed>, String> {
                $crate::hostile::documented::seeds($write, $read)
            }

            fn load(
                &self,
                _: $crate::hostile::reader::Way,
                input: &$crate::hostile::reader::Input,
            ) -> Result<$crate::hostile::reader::Loaded, $crate::hostile::reader::Failure> {
                let read: fn(&[u8]) -> Result<$crate::hostile::documented::Weights, $crate::hostile::reader::Failure> = $read;
                read(&input.bytes).map($crate::hostile::reader::Loaded::Weights)
            }

            $($nested)?
        }
    };
}

use documented;
