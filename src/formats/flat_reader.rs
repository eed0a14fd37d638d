//! Tables, vectors and texts of a FlatBuffers file, found by its offsets without trusting one.
//!
//! ```text
//! table    i32: how far before it its vtable lies; then its fields
//! vtable   u16 its bytes, u16 bytes of the table, then for each field u16: how far behind the table's
//!          place it lies, or 0 where it is absent
//! field    of a table, vector or text: u32, how far behind its own place that lies
//! vector   u32 elements, then these
//! text     a vector of bytes of UTF-8, and a zero behind it
//! ```
//!
//! Any number of offsets may lead to the same bytes, so that a small file could look like a large one. Whatever is
//! found is therefore taken off what the file has: all parts together are no longer than the file.
//!
//! Source: the internals of FlatBuffers, <https://flatbuffers.dev/internals/>.

use std::cell::Cell;

use super::FormatError;

/// A file, and how much of it was not found yet.
pub(super) struct FlatFile<'a> {
    bytes: &'a [u8],
    left: Cell<usize>,
}

/// A table.
#[derive(Clone, Copy)]
pub(super) struct FlatTable<'a, 'f> {
    file: &'f FlatFile<'a>,
    place: usize,
    vtable: &'a [u8],
}

/// What a vtable has before its fields.
const VTABLE_HEAD: usize = 4;

impl<'a> FlatFile<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        FlatFile { bytes, left: Cell::new(bytes.len()) }
    }

    fn outside(&self, offset: usize, what: &'static str) -> FormatError {
        FormatError::Malformed {
            offset,
            what,
            expected: format!("a place inside {} bytes", self.bytes.len()),
            found: "one outside".into(),
        }
    }

    fn word(&self, at: usize, what: &'static str) -> Result<u32, FormatError> {
        let word = self.bytes.get(at..).and_then(|rest| rest.first_chunk());
        word.map(|word| u32::from_le_bytes(*word)).ok_or_else(|| self.outside(at, what))
    }

    /// Where the offset at a place leads.
    fn follow(&self, at: usize, what: &'static str) -> Result<usize, FormatError> {
        let offset = self.word(at, what)?;
        usize::try_from(offset)
            .ok()
            .and_then(|offset| at.checked_add(offset))
            .ok_or_else(|| self.outside(at, what))
    }

    /// So many bytes of the file, which nothing else may be.
    fn take(&self, at: usize, len: usize, what: &'static str) -> Result<&'a [u8], FormatError> {
        let end = at.checked_add(len);
        let bytes = end.and_then(|end| self.bytes.get(at..end));
        let bytes = bytes.ok_or_else(|| self.outside(at, what))?;
        let left = self.left.get().checked_sub(len).ok_or_else(|| FormatError::Malformed {
            offset: at,
            what,
            expected: format!("parts of {} bytes together, as the file has", self.bytes.len()),
            found: "offsets that share bytes".into(),
        })?;
        self.left.set(left);
        Ok(bytes)
    }

    /// The table that the offset at a place leads to.
    pub(super) fn table(
        &self,
        at: usize,
        what: &'static str,
    ) -> Result<FlatTable<'a, '_>, FormatError> {
        let place = self.follow(at, what)?;
        let back = self.take(place, 4, what)?;
        let back = back.first_chunk().map_or(0, |back| i32::from_le_bytes(*back));
        // Vtables of tables with the same fields are one.
        let start = isize::try_from(back)
            .ok()
            .and_then(|back| place.checked_add_signed(back.checked_neg()?));
        let vtable = start.and_then(|start| {
            let rest = self.bytes.get(start..)?;
            let len = usize::from(u16::from_le_bytes(*rest.first_chunk()?));
            rest.get(..len).filter(|vtable| vtable.len() >= VTABLE_HEAD)
        });
        let vtable = vtable.ok_or_else(|| self.outside(place, what))?;
        Ok(FlatTable { file: self, place, vtable })
    }
}

impl<'a, 'f> FlatTable<'a, 'f> {
    /// Where a field lies, if the table has it. `slot` is its place in the vtable.
    fn field(&self, slot: u16) -> Option<usize> {
        let offset = self.vtable.get(usize::from(slot)..)?.first_chunk()?;
        match u16::from_le_bytes(*offset) {
            0 => None,
            offset => self.place.checked_add(offset.into()),
        }
    }

    /// A number of 32 bits, 0 where it is absent.
    pub(super) fn number(&self, slot: u16, what: &'static str) -> Result<u32, FormatError> {
        self.field(slot).map_or(Ok(0), |at| self.file.word(at, what))
    }

    /// Where a field lies that must be there.
    fn required(&self, slot: u16, what: &'static str) -> Result<usize, FormatError> {
        self.field(slot).ok_or_else(|| FormatError::Malformed {
            offset: self.place,
            what,
            expected: "a field of the table".into(),
            found: "none".into(),
        })
    }

    /// The elements of a vector, of so many bytes each, and where the first lies.
    fn elements(
        &self,
        slot: u16,
        size: usize,
        what: &'static str,
    ) -> Result<(&'a [u8], usize), FormatError> {
        let place = self.file.follow(self.required(slot, what)?, what)?;
        let count = self.file.word(place, what)?;
        let outside = || self.file.outside(place, what);
        let len = usize::try_from(count).ok().and_then(|count| count.checked_mul(size));
        let start = place.checked_add(4).ok_or_else(outside)?;
        Ok((self.file.take(start, len.ok_or_else(outside)?, what)?, start))
    }

    /// The bytes of a vector of numbers, of so many bytes each.
    pub(super) fn vector(
        &self,
        slot: u16,
        size: usize,
        what: &'static str,
    ) -> Result<&'a [u8], FormatError> {
        Ok(self.elements(slot, size, what)?.0)
    }

    /// A text.
    pub(super) fn text(&self, slot: u16, what: &'static str) -> Result<&'a str, FormatError> {
        self.file.text(self.required(slot, what)?, what)
    }

    /// The places of the offsets in a vector of tables or texts.
    pub(super) fn places(
        &self,
        slot: u16,
        what: &'static str,
    ) -> Result<impl ExactSizeIterator<Item = usize> + use<>, FormatError> {
        let (offsets, start) = self.elements(slot, 4, what)?;
        let place = move |index: usize| start.saturating_add(index.saturating_mul(4));
        Ok((0..offsets.len() / 4).map(place))
    }
}

impl<'a> FlatFile<'a> {
    /// The text that the offset at a place leads to.
    pub(super) fn text(&self, at: usize, what: &'static str) -> Result<&'a str, FormatError> {
        let place = self.follow(at, what)?;
        let len = usize::try_from(self.word(place, what)?).unwrap_or(usize::MAX);
        let start = place.saturating_add(4);
        let bytes = self.take(start, len, what)?;
        std::str::from_utf8(bytes).map_err(|error| FormatError::Malformed {
            offset: start,
            what,
            expected: "UTF-8".into(),
            found: error.to_string(),
        })
    }
}
