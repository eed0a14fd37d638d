//! A loader with valid files of its own, and what it loads.

use crate::base::hostility::Column;
use crate::base::{Parameters, Storage};

use super::documented::Weights;

/// A valid file of a loader's, and what it holds.
pub struct Seed {
    /// The model in it.
    pub name: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
    /// What the loader makes of it.
    pub holds: Loaded,
}

/// What was loaded.
pub enum Loaded {
    /// By a loader of deadweight.
    Parameters(Parameters),
    /// By a crate as its documentation shows it.
    Weights(Weights),
}

impl Loaded {
    /// The first difference to what should have been loaded; `None` when all is equal to the bit.
    pub fn first_difference(&self, wanted: &Loaded) -> Option<String> {
        match (self, wanted) {
            (Loaded::Parameters(found), Loaded::Parameters(wanted)) => {
                wanted.first_difference(found)
            }
            (Loaded::Weights(found), Loaded::Weights(wanted)) => wanted.first_difference(found),
            _ => Some("something of another loader".into()),
        }
    }
}

/// Why nothing was loaded.
pub enum Failure {
    /// The loader said so.
    Refused(String),
    /// The crate behind it panicked, which the loader made an error.
    Panicked(String),
}

/// One of the ways in that a loader has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Into memory of its own.
    Decode,
    /// Arrays borrow from the bytes.
    View,
}

impl Way {
    /// As in records.
    pub fn id(self) -> &'static str {
        match self {
            Way::Decode => "decode",
            Way::View => "view",
        }
    }
}

/// The bytes of a mutant. What a view needs is made before anything is measured.
pub struct Input {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The same, for loaders that can borrow.
    pub storage: Option<Storage>,
}

/// A loader, and valid files for it.
pub trait Reader: Send + Sync {
    /// Id of the format.
    fn format(&self) -> &'static str;

    /// Which loader of it.
    fn column(&self) -> Column;

    /// The crate that does the work, as it is called in Cargo.lock; `None` for our own.
    fn crate_name(&self) -> Option<&'static str>;

    /// Small valid files with what the loader makes of them.
    ///
    /// # Errors
    /// When it cannot write or read its own files.
    fn seeds(&self) -> Result<Vec<Seed>, String>;

    /// The ways in.
    fn ways(&self) -> &'static [Way] {
        &[Way::Decode]
    }

    /// Loads.
    ///
    /// # Errors
    /// [`Failure`] when it refuses.
    fn load(&self, way: Way, input: &Input) -> Result<Loaded, Failure>;

    /// A valid file whose metadata is lists in lists, so many deep, where its types contain
    /// themselves. Asked for small depths alone: deeper files are made of two that follow each other.
    fn nested(&self, depth: usize) -> Option<Vec<u8>> {
        let _ = depth;
        None
    }
}
