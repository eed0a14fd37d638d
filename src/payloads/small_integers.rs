//! Counts and codes: 64-bit integers of which seven bits are used.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Arrays, Payload};
use crate::base::ParametersError;

const COUNTS: usize = 3 << 14;
const CODES: usize = 1 << 14;

pub(super) static PAYLOAD: Payload = Payload {
    id: "small-integers",
    title: "65,536 small integers",
    why: "a varint takes one byte or two where a fixed width takes eight: the smallest file and the fastest load part ways",
    fill,
};

fn fill(arrays: &mut Arrays, rng: &mut ChaCha8Rng) -> Result<(), ParametersError> {
    let counts = (0..COUNTS).map(|_| rng.random_range(0..128i64)).collect();
    arrays.put("counts", counts, &[COUNTS])?;
    // Below zero varints part: zigzag keeps one byte, what has no sign of its own takes ten.
    let codes = (0..CODES).map(|_| rng.random_range(-64..64i64)).collect();
    arrays.put("codes", codes, &[CODES])
}
