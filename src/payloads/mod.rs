//! Numbers that are no models, beside the models: what programs send and keep, each there because it
//! shows something of a format that weights do not.
//!
//! A payload is a file beside this one and a line in [`registry`]. It makes plain arrays of a seed:
//! the same seed gives the same bytes on every machine, so nothing here asks the clock, the order of
//! a hash map, or a function whose last bit is a matter of the system's library.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod message;
mod mostly_zeros;
mod quantized_weights;
mod random_floats;
pub mod registry;
mod small_integers;
mod sorted_integers;
mod sparse_matrix;
mod tiny_models;
mod trained_weights;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::base::parameters::PLAIN_ARRAYS;
use crate::base::{Array, Element, Parameters, ParametersError};

/// The seed that measurements use, so that records of different runs are of the same payloads.
pub const SEED: u64 = 1;

/// Arrays to measure formats on.
#[derive(Debug)]
pub struct Payload {
    /// The name on the command line and in records: the stem of its file, with dashes.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// One sentence: why it is there.
    pub why: &'static str,
    fill: fn(&mut Arrays, &mut ChaCha8Rng) -> Result<(), ParametersError>,
}

impl Payload {
    /// Makes the arrays.
    ///
    /// # Errors
    /// [`ParametersError`] when memory cannot be had.
    pub fn make(&self, seed: u64) -> Result<Parameters, ParametersError> {
        let mut arrays = Arrays(Parameters::new(PLAIN_ARRAYS, 1));
        (self.fill)(&mut arrays, &mut ChaCha8Rng::seed_from_u64(seed))?;
        Ok(arrays.0)
    }
}

/// The arrays of a payload in the making.
struct Arrays(Parameters);

impl Arrays {
    fn put<T: Element>(
        &mut self,
        name: &str,
        values: Vec<T>,
        shape: &[usize],
    ) -> Result<(), ParametersError> {
        self.insert(name, Array::from_vec(values, shape))
    }

    fn insert(
        &mut self,
        name: &str,
        array: Result<Array, crate::base::ArrayError>,
    ) -> Result<(), ParametersError> {
        let named = |source| ParametersError::Array { name: name.to_owned(), source };
        self.0.insert(name, array.map_err(named)?)
    }
}
