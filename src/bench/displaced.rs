//! Where blocks of middling size of a sample lie within their pages: elsewhere from sample to sample.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A block of memory that is held while a sample is taken, of another size each time, so that what the allocator
/// cuts from the free memory behind it for the sample lies elsewhere within its pages.
///
/// Blocks up to about a kilobyte come from lists of freed ones and lie where they lay. Blocks from 2 MiB on are
/// mapped and begin with a page. What fits where something was freed before the block goes there.
///
/// Where source and target of a copy lie within a page decides over up to a fifth of its time, and a process
/// would else draw that once (Mytkowicz et al. 2009, "Producing wrong data without doing anything
/// obviously wrong"; Curtsinger and Berger 2013, "Stabilizer").
pub(super) fn displacement(rng: &mut ChaCha8Rng) -> Vec<u8> {
    /// Too large for the lists from which the allocator serves small blocks.
    const LEAST: usize = 128 << 10;
    /// Sizes differ by cache lines, up to two pages.
    const LINE: usize = 64;
    std::hint::black_box(Vec::with_capacity(LEAST + LINE * rng.random_range(0..128)))
}
