//! A walk through nested containers in the order of the file, with as many things on its stack as
//! there are containers around the present value.
//!
//! What is beside a value waits as a place in a slice and not as values of its own, so that a wide
//! list, or many of them inside each other, takes no more memory than its nodes have.

use super::item::{Below, Item};
use super::way::Step;
use crate::pickle::NodeId;

/// What is still to be looked at inside of one container.
enum Level<'d> {
    Members { below: Below<'d>, nodes: &'d [NodeId], next: usize },
    Items(std::vec::IntoIter<Item<'d>>),
}

/// The walk. It goes into nothing by itself: who looks at a value says what lies inside.
pub(super) struct Walk<'d> {
    first: Option<Item<'d>>,
    levels: Vec<Level<'d>>,
}

impl<'d> Walk<'d> {
    pub fn from(item: Item<'d>) -> Self {
        Walk { first: Some(item), levels: Vec::new() }
    }

    /// The next values are the members of this one.
    pub fn enter_members(&mut self, item: &Item<'d>, nodes: &'d [NodeId]) {
        self.levels.push(Level::Members { below: item.below(), nodes, next: 0 });
    }

    /// The next values are these.
    pub fn enter(&mut self, items: Vec<Item<'d>>) {
        self.levels.push(Level::Items(items.into_iter()));
    }
}

impl<'d> Iterator for Walk<'d> {
    type Item = Item<'d>;

    fn next(&mut self) -> Option<Item<'d>> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        while let Some(level) = self.levels.last_mut() {
            let found = match level {
                Level::Items(items) => items.next(),
                Level::Members { below, nodes, next } => {
                    let found = nodes.get(*next).map(|node| below.at(Step::Index(*next), *node));
                    *next = next.saturating_add(1);
                    found
                }
            };
            if found.is_some() {
                return found;
            }
            self.levels.pop();
        }
        None
    }
}
