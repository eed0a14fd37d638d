//! Every loader that the suite knows: for each format the crate as documented where there is one, the
//! loader of deadweight, and that behind a checksum.

use crate::base::hostility::Column;
use crate::formats::FormatKind;
use crate::formats::registry::FORMATS;

use super::HostileError;
use super::documented::registry::DOCUMENTED;
use super::guarded::{Guarded, Sealed};
use super::reader::Reader;

/// Every loader, column by column, in the order of the registries.
pub fn all() -> Vec<Box<dyn Reader>> {
    let mut readers: Vec<Box<dyn Reader>> = Vec::new();
    for make in DOCUMENTED {
        readers.push(make());
    }
    let ours = || FORMATS.iter().copied().filter(|f| f.descriptor().kind == FormatKind::DataOnly);
    ours().for_each(|format| readers.push(Box::new(Guarded(format))));
    ours().for_each(|format| readers.push(Box::new(Sealed(format))));
    readers
}

/// The loader of a format in a column.
///
/// # Errors
/// [`HostileError::Unknown`] when there is none.
pub fn find(format: &str, column: Column) -> Result<Box<dyn Reader>, HostileError> {
    let mut readers = all().into_iter();
    let found = readers.find(|reader| reader.format() == format && reader.column() == column);
    found.ok_or_else(|| HostileError::Unknown {
        format: format.to_owned(),
        column: column.id().to_owned(),
    })
}
