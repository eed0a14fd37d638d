//! Model weights that cannot run code.
//!
//! deadweight trains models once, stores them in every serious serialization format, and
//! measures speed, size and memory on the same model in the same run. A model is neutral in the
//! middle ([`base::Parameters`]: named arrays and metadata), so that kinds of models and formats
//! know nothing of each other:
//!
//! ```text
//! dataset -> models::recipes -> Parameters -> formats -> bytes -> formats -> Parameters -> models
//! models x formats x operations -> bench -> base::record -> report
//! ```
//!
//! [`formats::registry::FORMATS`] is the list of formats, [`models::registry::MODELS`] that of the
//! kinds that can be predicted from, [`bench::run::run`] measures them, [`report::html`] makes the
//! page. Nothing here runs what a file says: every format is data only.
//!
//! ```
//! use deadweight::base::{Array, Parameters};
//! use deadweight::formats::{DecodeOptions, registry};
//!
//! let mut parameters = Parameters::new("arrays", 1);
//! parameters.insert("weights", Array::from_vec(vec![1.5, -2.0], &[2])?)?;
//!
//! let format = registry::find("safetensors").ok_or("no such format")?;
//! let mut bytes = Vec::new();
//! format.encode(&parameters, &mut bytes)?;
//! let back = format.decode(&bytes, &DecodeOptions::default())?;
//! assert_eq!(back.first_difference(&parameters), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod attacks;
pub mod base;
pub mod bench;
pub mod cli;
pub mod compatibility;
pub mod demo;
pub mod formats;
pub mod hostile;
pub mod models;
pub mod payloads;
pub mod peers;
pub mod pickle;
pub mod report;
pub mod sandbox;
pub mod signing;
pub mod store;
pub mod tables;
pub mod values;
pub mod versus;
