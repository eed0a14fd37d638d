//! What the fuzz targets share: the checks, which are also ordinary tests, a bound on memory, changes of
//! pickles as programs, and many targets in one program.

#[path = "../../tests/reader_checks/mod.rs"]
pub mod checks;

pub mod by_hand;
pub mod guarded;
pub mod many;
pub mod memory;

use checks::mutate::{Random, cross, mutate};

/// libFuzzer's own change of `data[..size]`: a function from outside, so that this library can be
/// linked without it.
pub type Flip = fn(&mut [u8], usize, usize) -> usize;

/// Changes `data[..size]` as a pickle, or as bytes where it is none; the new size.
pub fn change(data: &mut [u8], size: usize, max_size: usize, seed: u32, flip: Flip) -> usize {
    let mut random = Random::new(seed.into());
    if !random.one_in(10)
        && let Some(changed) = data.get(..size).and_then(|bytes| mutate(bytes, &mut random))
        && changed.len() <= max_size
        && let Some(place) = data.get_mut(..changed.len())
    {
        place.copy_from_slice(&changed);
        return changed.len();
    }
    flip(data, size, max_size)
}

/// Makes one pickle of two; its size, or 0 when nothing came of it.
pub fn combine(first: &[u8], second: &[u8], out: &mut [u8], seed: u32) -> usize {
    let crossed = cross(first, second, &mut Random::new(seed.into())).unwrap_or_default();
    match out.get_mut(..crossed.len()) {
        Some(place) => {
            place.copy_from_slice(&crossed);
            crossed.len()
        }
        None => 0,
    }
}
