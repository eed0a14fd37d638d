//! A store of versions of models: none is ever changed, and none is loaded unchecked.
//!
//! ```text
//! Parameters -> put -> blobs by SHA-256, then one manifest      (created once, never changed)
//! alias, promote, rollback -> one more entry of the alias       (created once, never changed)
//! name and alias -> load -> bytes with their hash checked -> Parameters -> Model
//! ```
//!
//! [`Store::open`] takes an address, [`Store::load`] gives a model that predicts, [`Store::watch`]
//! keeps one that follows an alias. All of it blocks the thread that asks.
//!
//! Everything but blobs is small, numbered and written by create-only puts, so that a writer who dies
//! anywhere leaves a store that can be read, of two writers one wins, and what was acknowledged stays.
//! Where things are is told in `layout.rs`, how the newest number is found in `log.rs`, why nothing
//! that is needed is ever deleted in `collect.rs`.
//!
//! A store is untrusted: names are checked before they become paths, documents are bounded before they
//! are parsed, blobs are hashed before they are used, and a model is data whatever it holds.
//!
//! ```
//! use deadweight::base::{Array, Parameters};
//! use deadweight::store::{NewVersion, Store};
//! # let directory = tempfile::tempdir()?;
//! # let url = directory.path().to_str().ok_or("a path")?;
//!
//! let mut parameters = Parameters::new("linear_regression", 1);
//! parameters.insert("coef", Array::from_vec(vec![0.5, -2.0], &[1, 2])?)?;
//! parameters.insert("intercept", Array::from_vec(vec![1.0], &[1])?)?;
//!
//! let store = Store::create(url)?;
//! let manifest = store.put(NewVersion::new("price".parse()?, parameters))?;
//! store.set_alias(&"price".parse()?, &"production".parse()?, manifest.version)?;
//!
//! let loaded = Store::open(url)?.load("price", "production")?;
//! let rows = ndarray::array![[4.0, 1.0]];
//! let predictions = loaded.model.predict(rows.view().into())?;
//! assert_eq!(predictions, deadweight::models::Predictions::Values(ndarray::array![[1.0]]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod address;
pub mod aliases;
mod backend;
mod cloud;
pub mod collect;
pub mod condition;
pub mod diff;
mod document;
pub mod error;
mod hyper_parameters;
mod journal;
mod layout;
mod log;
pub mod manifest;
pub mod metrics;
pub mod names;
pub mod open;
pub mod policy;
pub mod promote;
pub mod put;
mod remembered;
pub mod signature;
mod transfer;
mod upload;
pub mod verify;
pub mod watch;

pub use aliases::{Action, AliasEntry};
pub use error::StoreError;
pub use manifest::{Blob, Manifest, Metrics};
pub use names::{Alias, Name, Reference, Selector};
pub use open::{Loaded, Store};
pub use policy::{Admission, Policy};
pub use put::NewVersion;
pub use signature::SignaturePolicy;
pub use watch::Watcher;

/// Is told how many bytes of how many are done.
pub type Progress<'a> = &'a dyn Fn(u64, u64);

/// For transfers that nobody watches.
pub fn silent(_done: u64, _size: u64) {}
