//! The list of formats. A new one is a file beside this one and a line here.

use super::{Format, raw};

/// Every format, in the order of tables.
pub static FORMATS: &[&dyn Format] = &[&raw::Raw];

/// The format of an id.
pub fn find(id: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.descriptor().id == id)
}

/// The format that `bytes`, the beginning of a file, is of. Content decides, never a name.
pub fn recognize(bytes: &[u8]) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.recognizes(bytes))
}
