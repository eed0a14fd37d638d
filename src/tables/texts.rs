//! Texts of a column in the making: one block of bytes and where each ends, so that a column of
//! short texts takes little more memory than they have.

use crate::base::{Array, ArrayError};

/// The texts of a column so far.
#[derive(Debug, Default)]
pub(super) struct Texts {
    block: String,
    ends: Vec<usize>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) {
        self.block.push_str(text);
        self.ends.push(self.block.len());
    }

    /// Bytes that the array will take.
    pub(super) fn byte_len(&self) -> usize {
        self.block.len().saturating_add(self.ends.len().saturating_mul(8))
    }

    /// An array of one dimension.
    pub(super) fn into_array(self) -> Result<Array, ArrayError> {
        let mut start = 0;
        let texts: Vec<&str> = self
            .ends
            .iter()
            .map(|end| {
                let text = self.block.get(start..*end).unwrap_or_default();
                start = *end;
                text
            })
            .collect();
        Array::from_texts(&texts, &[texts.len()])
    }
}
