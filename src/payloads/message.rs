//! One message of a service: a few short arrays of many types, about 1 KB together.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Arrays, Payload};
use crate::base::{Array, ParametersError};

pub(super) static PAYLOAD: Payload = Payload {
    id: "message",
    title: "One message of a service",
    why: "what a format costs for each message and each array shows where there are few numbers to move",
    fill,
};

fn fill(arrays: &mut Arrays, rng: &mut ChaCha8Rng) -> Result<(), ParametersError> {
    arrays.put("id", vec![rng.random_range(0..i64::MAX)], &[1])?;
    arrays.put(
        "sent_millis",
        vec![1_700_000_000_000 + rng.random_range(0..86_400_000i64)],
        &[1],
    )?;
    arrays.insert("topic", Array::from_texts(&["sensors/hall-3/turbine", "ok"], &[2]))?;
    arrays.put("readings", (0..64).map(|_| rng.random::<f64>() * 100.0).collect(), &[64])?;
    arrays.put("embedding", (0..64).map(|_| rng.random::<f32>() - 0.5).collect(), &[64])?;
    arrays.put("counts", (0..32).map(|_| rng.random_range(0..1000i32)).collect(), &[32])?;
    let flags: Vec<bool> = (0..16).map(|_| rng.random()).collect();
    arrays.insert("flags", Array::from_bools(&flags, &[16]))
}
