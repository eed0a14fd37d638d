//! Ten thousand linear models of eight features, one for each customer say, in one file.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Arrays, Payload};
use crate::base::ParametersError;

const MODELS: usize = 10_000;
const FEATURES: usize = 8;

pub(super) static PAYLOAD: Payload = Payload {
    id: "tiny-models",
    title: "10,000 tiny models",
    why: "twenty thousand arrays: names, shapes and headers are most of the file and most of the time",
    fill,
};

fn fill(arrays: &mut Arrays, rng: &mut ChaCha8Rng) -> Result<(), ParametersError> {
    for model in 0..MODELS {
        let coefficients = (0..FEATURES).map(|_| rng.random::<f64>() - 0.5).collect();
        arrays.put(&format!("models.{model}.coef"), coefficients, &[1, FEATURES])?;
        arrays.put(&format!("models.{model}.intercept"), vec![rng.random::<f64>()], &[1])?;
    }
    Ok(())
}
