//! Cases that begin with a file which is not in the page cache.

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;

use super::clock::Clock;
use super::file_io;
use super::place::memory_of_sample;
use crate::base::case::{Case, CaseError, CaseId};

/// A case that begins with a file which is not in the page cache. Each iteration is timed by itself,
/// since putting the file out takes longer than to read it, and is checked before the clock starts.
pub(super) struct Cold<F> {
    id: CaseId,
    bytes: u64,
    path: PathBuf,
    clock: Arc<dyn Clock>,
    place: usize,
    operation: F,
}

impl<F> Cold<F> {
    /// An operation on the file at `path`, which keeps `bytes`.
    pub(super) fn new(
        id: CaseId,
        bytes: u64,
        path: PathBuf,
        clock: Arc<dyn Clock>,
        operation: F,
    ) -> Self {
        Cold { id, bytes, path, clock, place: 0, operation }
    }
}

/// The kernel drops no page that is just being read ahead or written: it is asked again.
const EVICTIONS: u32 = 5;

impl<T, F: FnMut() -> Result<T, CaseError>> Case for Cold<F> {
    fn id(&self) -> &CaseId {
        &self.id
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn max_iterations(&self) -> u64 {
        1
    }

    fn move_on(&mut self) {
        self.place = self.place.wrapping_add(1);
    }

    fn run(&mut self, iterations: u64) -> Result<u64, CaseError> {
        let _memory = memory_of_sample(self.place, self.bytes);
        let mut nanos = 0u64;
        for _ in 0..iterations {
            let mut evicted = file_io::evict(&self.path);
            for _ in 1..EVICTIONS {
                if evicted.is_ok() {
                    break;
                }
                evicted = file_io::evict(&self.path);
            }
            evicted.map_err(CaseError::new)?;
            let start = self.clock.now_nanos();
            let result = black_box((self.operation)()?);
            nanos = nanos.saturating_add(self.clock.now_nanos().saturating_sub(start));
            // Before the next eviction: the pages of a map that is still there do not go.
            drop(result);
            // Other cases read the same file warm, and a map left most of it where it was.
            file_io::warm(&self.path).map_err(CaseError::new)?;
        }
        Ok(nanos)
    }
}
