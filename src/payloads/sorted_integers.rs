//! Times of events: 64-bit integers that only grow.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Arrays, Payload};
use crate::base::ParametersError;

const EVENTS: usize = 1 << 16;

pub(super) static PAYLOAD: Payload = Payload {
    id: "sorted-integers",
    title: "65,536 sorted integers",
    why: "neighbours differ little: large for varints, which see each number alone, small for what looks at differences",
    fill,
};

fn fill(arrays: &mut Arrays, rng: &mut ChaCha8Rng) -> Result<(), ParametersError> {
    let mut now = 1_700_000_000_000i64;
    let times = (0..EVENTS).map(|_| {
        now += rng.random_range(0..2_000i64);
        now
    });
    arrays.put("times_millis", times.collect(), &[EVENTS])
}
