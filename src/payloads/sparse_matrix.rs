//! A sparse matrix in compressed rows (CSR), as scipy keeps it: values, columns, where rows begin.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Arrays, Payload};
use crate::base::ParametersError;

const ROWS: usize = 4096;
const COLUMNS: i32 = 2048;
/// One element in so many is kept.
const ONE_IN: u32 = 200;

pub(super) static PAYLOAD: Payload = Payload {
    id: "sparse-matrix",
    title: "A sparse matrix in compressed rows",
    why: "values that do not compress beside indices that do: one file, two kinds of numbers",
    fill,
};

fn fill(arrays: &mut Arrays, rng: &mut ChaCha8Rng) -> Result<(), ParametersError> {
    let (mut data, mut indices, mut starts) = (Vec::new(), Vec::new(), vec![0i32]);
    for _ in 0..ROWS {
        for column in 0..COLUMNS {
            if rng.random_range(0..ONE_IN) == 0 {
                data.push(rng.random::<f64>());
                indices.push(column);
            }
        }
        starts.push(i32::try_from(data.len()).unwrap_or(i32::MAX));
    }
    let kept = data.len();
    arrays.put("data", data, &[kept])?;
    arrays.put("indices", indices, &[kept])?;
    arrays.put("indptr", starts, &[ROWS + 1])
}
