//! A matrix that is sparse and stored dense: one element in a hundred is not zero.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Arrays, Payload};
use crate::base::ParametersError;

const SIDE: usize = 256;

pub(super) static PAYLOAD: Payload = Payload {
    id: "mostly-zeros",
    title: "A dense matrix of 99 % zeros",
    why: "no format of plain arrays leaves zeros out: what compression gives, and costs, shows here",
    fill,
};

fn fill(arrays: &mut Arrays, rng: &mut ChaCha8Rng) -> Result<(), ParametersError> {
    let element = |_| match rng.random_range(0..100u8) {
        0 => rng.random::<f64>(),
        _ => 0.0,
    };
    arrays.put("matrix", (0..SIDE * SIDE).map(element).collect(), &[SIDE, SIDE])
}
