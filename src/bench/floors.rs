//! The floors: as many bytes as a model's arrays have, moved with no format at all.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use super::cases::{fresh_name, timed};
use super::clock::Clock;
use super::cold::Cold;
use super::file_io;
use super::subject::Subject;
use crate::base::case::{Case, CaseError, CaseId, FLOOR, Operation};
use crate::base::storage::Arena;
use crate::base::{PagePolicy, Parameters, Storage};

/// What floors copy: the memory that every encoder reads, which is as warm for them as for it. Where
/// the arrays lie in several, a copy of them.
fn floor_source(parameters: &Parameters) -> Result<Storage, CaseError> {
    let len = parameters.byte_len();
    let mut storages = parameters.arrays().map(|(_, array)| array.storage());
    if let Some(first) = storages.next() {
        let is_one = storages.all(|other| other.as_bytes().as_ptr() == first.as_bytes().as_ptr());
        // Gaps between the arrays are a few bytes each.
        if is_one && first.len() >= len && first.len() <= len + len / 64 {
            return Ok(first.clone());
        }
    }
    let mut source = Vec::with_capacity(len);
    for (_, array) in parameters.arrays() {
        source.extend_from_slice(array.as_bytes());
    }
    Storage::copy_of(&source, PagePolicy::Auto).map_err(CaseError::new)
}

/// Makes the floor cases of a subject: what no format can beat on as many bytes.
///
/// # Errors
/// [`CaseError`] when a file or memory cannot be had.
pub fn floor(
    subject: &Subject,
    operation: Operation,
    pages: Option<PagePolicy>,
    dir: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<Box<dyn Case>, CaseError> {
    let len = subject.parameters.byte_len();
    let id = CaseId {
        model: subject.id().to_owned(),
        format: FLOOR.to_owned(),
        operation,
        pages,
        temperature: None,
    };
    let policy = pages.unwrap_or_default();
    let source = floor_source(&subject.parameters)?;
    let path = dir.join(format!("{}.floor", subject.id()));
    let bytes = len as u64;
    match operation {
        Operation::FloorCopy => Ok(timed(id, bytes, bytes, clock, move || {
            Storage::copy_of(source.as_bytes(), policy).map_err(CaseError::new)
        })),
        Operation::FloorCopyWarm => {
            let mut warm = Arena::zeroed(source.len(), policy).map_err(CaseError::new)?;
            Ok(timed(id, bytes, 1, clock, move || {
                warm.as_mut_slice().copy_from_slice(source.as_bytes());
                Ok(black_box(warm.as_mut_slice()).len())
            }))
        }
        Operation::FloorRead => {
            std::fs::write(&path, source.as_bytes()).map_err(CaseError::new)?;
            Ok(timed(id, bytes, bytes, clock, move || {
                file_io::read(&path, policy).map_err(CaseError::new)
            }))
        }
        Operation::FloorReadCold => {
            std::fs::write(&path, source.as_bytes()).map_err(CaseError::new)?;
            let from = path.clone();
            let operation = move || file_io::read(&from, policy).map_err(CaseError::new);
            Ok(Box::new(Cold::new(id, bytes, path, clock.clone(), operation)))
        }
        Operation::FloorMapTouch => {
            std::fs::write(&path, source.as_bytes()).map_err(CaseError::new)?;
            Ok(timed(id, bytes, 1, clock, move || {
                let map = file_io::map(&path).map_err(CaseError::new)?;
                black_box(file_io::touch_pages(map.as_bytes()));
                Ok(map)
            }))
        }
        Operation::FloorWrite | Operation::FloorWriteSync => {
            let sync = operation == Operation::FloorWriteSync;
            Ok(timed(id, bytes, bytes, clock, move || {
                file_io::save(fresh_name(&path), source.as_bytes(), sync).map_err(CaseError::new)
            }))
        }
        _ => Err(CaseError::new(format!("{} is no floor", operation.id()))),
    }
}
