//! The memo: what a pickle has stored under numbers, to be pushed again.
//!
//! Python numbers the entries from zero without gaps, so they lie in a vector; a file may choose
//! any number, so what does not fit the vector goes to a map. Memory follows the entries there are,
//! never the largest number.

use std::collections::HashMap;

use super::value::NodeId;

/// Numbered nodes.
#[derive(Debug, Clone, Default)]
pub struct Memo {
    dense: Vec<NodeId>,
    sparse: HashMap<u64, NodeId>,
}

impl Memo {
    /// How many entries there are, which is also the number that MEMOIZE uses next.
    pub fn len(&self) -> usize {
        self.dense.len().saturating_add(self.sparse.len())
    }

    /// True when nothing was stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry with a number.
    pub fn get(&self, index: u64) -> Option<NodeId> {
        let dense = usize::try_from(index).ok().and_then(|index| self.dense.get(index));
        dense.or_else(|| self.sparse.get(&index)).copied()
    }

    /// Stores or replaces an entry; false, and nothing done, when there would be more than `most`.
    pub fn put(&mut self, index: u64, node: NodeId, most: usize) -> bool {
        let slot = usize::try_from(index).ok().and_then(|index| self.dense.get_mut(index));
        if let Some(slot) = slot.or_else(|| self.sparse.get_mut(&index)) {
            *slot = node;
            return true;
        }
        if self.len() >= most {
            return false;
        }
        if index == self.dense.len() as u64 {
            self.dense.push(node);
        } else {
            self.sparse.insert(index, node);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pickle::value::Values;

    #[test]
    fn memory_follows_the_entries_and_not_the_numbers() {
        let (none, yes) = (Values::NONE, Values::TRUE);
        let mut memo = Memo::default();
        for index in [0, 1, u64::MAX, 1 << 31, 3, 2] {
            assert!(memo.put(index, none, 6), "{index}");
        }
        assert!(memo.dense.capacity() < 16);
        assert_eq!(memo.len(), 6);
        assert!(!memo.put(7, none, 6));
        for index in [0, 3, u64::MAX] {
            assert!(memo.put(index, yes, 6), "replacing needs no room");
            assert_eq!(memo.get(index), Some(yes));
        }
        assert_eq!((memo.get(2), memo.get(7), memo.len()), (Some(none), None, 6));
    }
}
