//! A layer quantized to 8 bits: integers with the shape of a bell, and a scale for each row.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Arrays, Payload};
use crate::base::ParametersError;

const ROWS: usize = 512;
const COLUMNS: usize = 1024;

pub(super) static PAYLOAD: Payload = Payload {
    id: "quantized-weights",
    title: "A layer quantized to int8",
    why: "one byte a number: formats that write a tag or a text for each number multiply the size",
    fill,
};

fn fill(arrays: &mut Arrays, rng: &mut ChaCha8Rng) -> Result<(), ParametersError> {
    // The sum of twelve uniform draws is nearly normal (Irwin and Hall), and exact on every machine.
    let bell = |rng: &mut ChaCha8Rng| (0..12).map(|_| rng.random_range(-10..=10i8)).sum::<i8>();
    let weights = (0..ROWS * COLUMNS).map(|_| bell(rng)).collect();
    arrays.put("weights", weights, &[ROWS, COLUMNS])?;
    let scales = (0..ROWS).map(|_| 0.001 + rng.random::<f32>() * 0.01).collect();
    arrays.put("scales", scales, &[ROWS])
}
