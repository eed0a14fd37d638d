//! Makes the file of a finding small: pieces are taken out, largest first, as long as it still ends in
//! the same class.
//!
//! Many candidates go to one process; the first one that ends so is the last that it loads. A finding
//! costs a few dozen processes at most.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::HostileError;
use super::supervise;
use super::worker::{Job, Work, class_of};
use crate::base::hostility::{Class, Column};

/// Processes for one finding, at most.
const ATTEMPTS: usize = 48;
/// Bytes of candidates that go to one process.
const BATCH_BYTES: usize = 4 << 20;
/// Candidates that go to one process.
const BATCH: usize = 256;

/// Which finding.
pub struct Found<'a> {
    /// Id of the format.
    pub format: &'a str,
    /// Which loader of it.
    pub column: Column,
    /// Seed of the run.
    pub seed: u64,
    /// Number of the mutant.
    pub mutant: u64,
    /// How it ends.
    pub class: Class,
}

/// The smallest file found, and whether nothing more could be taken out.
///
/// # Errors
/// When processes cannot be run.
pub fn minimize(
    program: &Path,
    found: &Found<'_>,
    bytes: Vec<u8>,
) -> Result<(Vec<u8>, bool), HostileError> {
    let mut best = bytes;
    let mut piece = best.len().div_ceil(2);
    for _ in 0..ATTEMPTS {
        let candidates = without(&best, piece);
        match first_that_ends_so(program, found, &candidates)? {
            Some(at) => {
                best = candidates.into_iter().nth(at).unwrap_or(best);
                piece = piece.min(best.len().div_ceil(2)).max(1);
            }
            None if piece <= 1 => return Ok((best, true)),
            None => piece = piece.div_ceil(4).max(1),
        }
        if best.is_empty() {
            return Ok((best, true));
        }
    }
    Ok((best, false))
}

/// The file without each piece of this length, the last first: ends are the easiest to lose.
fn without(bytes: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let most = BATCH.min(BATCH_BYTES / bytes.len().max(1)).max(1);
    let starts: Vec<usize> = (0..bytes.len()).step_by(piece.max(1)).collect();
    let cut = |start: &usize| {
        let end = (start + piece).min(bytes.len());
        [&bytes[..*start], &bytes[end..]].concat()
    };
    starts.iter().rev().take(most).map(cut).collect()
}

fn first_that_ends_so(
    program: &Path,
    found: &Found<'_>,
    candidates: &[Vec<u8>],
) -> Result<Option<usize>, HostileError> {
    let mut skipped = 0;
    // A candidate may end the process in another bad way; those behind it are still to be tried.
    while skipped < candidates.len() {
        let rest = &candidates[skipped..];
        let files = rest.iter().map(|bytes| STANDARD.encode(bytes)).collect();
        let job = Job {
            format: found.format.to_owned(),
            column: found.column,
            seed: found.seed,
            work: Work::Files(found.mutant, files, found.class),
        };
        let left = supervise::run(program, &job)?;
        let so = |code: &u8| class_of(*code).is_some_and(|(class, _)| class == found.class);
        if let Some(place) = left.classes.iter().position(so) {
            return Ok(Some(skipped + place));
        }
        match left.death {
            Some((place, class, _)) if class == found.class => return Ok(Some(skipped + place)),
            Some((place, ..)) => skipped += place + 1,
            None => return Ok(None),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_left_out_once() {
        assert_eq!(without(b"abcde", 2), [&b"abcd"[..], b"abe", b"cde"]);
        assert_eq!(without(b"a", 1), [b""]);
        assert_eq!(without(b"", 1), [[0u8; 0]; 0]);
    }
}
