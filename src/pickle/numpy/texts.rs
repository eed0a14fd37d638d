//! Texts out of arrays of characters, of bytes, and of Python's own texts.

use super::array::{Data, NumpyArray};
use super::dtype::{ByteOrder, Kind};
use crate::pickle::error::PickleError;
use crate::pickle::value::Node;

impl NumpyArray<'_> {
    /// The elements as texts, in C order: of characters, of bytes that are all ASCII, or of objects
    /// that are all texts.
    ///
    /// # Errors
    /// The first element that is no text, with its index.
    pub fn texts(&self) -> Result<Vec<String>, PickleError> {
        let wrong = |index: usize, found: String| {
            let expected = format!("a text as element {index}");
            self.place.malformed("array of texts", expected, found)
        };
        if let Data::Elements(elements) = &self.data {
            let texts = elements.iter().enumerate().map(|(index, id)| match self.values.get(*id) {
                Some(node @ (Node::Text(_) | Node::String(_))) => node
                    .as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| wrong(index, self.values.describe(*id))),
                _ => Err(wrong(index, self.values.describe(*id))),
            });
            return texts.collect();
        }
        if self.dtype.subarray.is_some() || !matches!(self.dtype.kind, Kind::Text | Kind::Bytes) {
            return Err(self.place.malformed("dtype", "texts", self.dtype.notation()));
        }
        let mut texts = Vec::with_capacity(self.element_count());
        self.for_each(&mut |index, element: &[u8]| {
            let text = match self.dtype.kind {
                Kind::Text => characters(element, self.dtype.byte_order == ByteOrder::Big),
                _ => ascii(element),
            };
            texts.push(text.map_err(|found| wrong(index, found))?);
            Ok(())
        })?;
        Ok(texts)
    }
}

/// UCS-4 without the NULs at its end.
pub(super) fn characters(element: &[u8], big: bool) -> Result<String, String> {
    let mut text = String::with_capacity(element.len() / 4);
    let mut zeros = 0usize;
    for unit in element.chunks_exact(4) {
        let unit = unit.first_chunk().copied().unwrap_or_default();
        let code = if big { u32::from_be_bytes(unit) } else { u32::from_le_bytes(unit) };
        if code == 0 {
            zeros = zeros.saturating_add(1);
            continue;
        }
        // A NUL counts only when something follows it.
        text.extend(std::iter::repeat_n('\0', std::mem::take(&mut zeros)));
        text.push(char::from_u32(code).ok_or_else(|| format!("the code point {code:#x}"))?);
    }
    Ok(text)
}

/// ASCII without the NULs at its end.
fn ascii(element: &[u8]) -> Result<String, String> {
    let end = element.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
    let bytes = element.get(..end).unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Ok(text.to_owned()),
        _ => Err(format!("bytes that are not ASCII: {}", crate::pickle::error::shown(bytes))),
    }
}
