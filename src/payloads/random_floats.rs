//! Floats of which every bit is drawn, in the shapes of the trained weights.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Arrays, Payload, trained_weights};
use crate::base::ParametersError;

pub(super) static PAYLOAD: Payload = Payload {
    id: "random-floats",
    title: "Random floats in the shapes of the trained weights",
    why: "nothing in them can be compressed: beside the trained weights they show what training left that can",
    fill,
};

fn fill(arrays: &mut Arrays, rng: &mut ChaCha8Rng) -> Result<(), ParametersError> {
    for (name, shape) in trained_weights::shapes() {
        let values = (0..shape.iter().product()).map(|_| finite(rng)).collect();
        arrays.put(&name, values, &shape)?;
    }
    Ok(())
}

/// Any finite float, each as likely as any other.
fn finite(rng: &mut ChaCha8Rng) -> f32 {
    loop {
        let value = f32::from_bits(rng.random());
        if value.is_finite() {
            return value;
        }
    }
}
