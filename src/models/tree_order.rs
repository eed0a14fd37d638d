//! Whether the nodes of a tree make up a tree, told without a branch a node.
//!
//! Which node is wrong is not asked here: where the answer is no, somebody looks node by node. The
//! orders in which builders write nodes are tried first, since in them each child's place follows from
//! what stands before it: level by level (linfa's trees as they are stored here), and each node before
//! its left part before its right part (`DepthFirstTreeBuilder` in scikit-learn's `sklearn/tree/_tree.pyx`).

/// The nodes of one tree: a feature or -1 at a leaf, and children counted from the first node.
#[derive(Clone, Copy)]
pub(super) struct Nodes<'a> {
    pub(super) feature: &'a [i32],
    pub(super) left: &'a [u32],
    pub(super) right: &'a [u32],
}

impl Nodes<'_> {
    /// True where features are below `n_features`, children lie after their parents, leaves have none, and
    /// each node but the first is the child of exactly one. `marks` is memory that is used again.
    pub(super) fn make_a_tree(self, n_features: usize, marks: &mut Vec<u8>) -> bool {
        let (Ok(count), Ok(features)) =
            (i32::try_from(self.feature.len()), u32::try_from(n_features))
        else {
            return false;
        };
        let count = count.unsigned_abs();
        if self.left.len() != self.feature.len() || self.right.len() != self.feature.len() {
            return false;
        }
        let may_be_by_level = self.left.first() == Some(&1) && self.right.first() == Some(&2);
        (may_be_by_level && self.stand_by_level(count, features))
            || self.stand_in_preorder(count, features, marks)
            || self.stand_in_some_order(count, features, marks)
    }

    /// Number, feature and children of each node.
    fn each(self) -> impl Iterator<Item = (u32, i32, u32, u32)> {
        let children = self.left.iter().zip(self.right);
        let nodes = (0u32..).zip(self.feature.iter().zip(children));
        nodes.map(|(node, (feature, (left, right)))| (node, *feature, *left, *right))
    }

    /// The children of the k-th node that has any are 2k + 1 and 2k + 2.
    fn stand_by_level(self, count: u32, features: u32) -> bool {
        let (mut next, mut differs, mut wrong) = (1u32, 0u32, false);
        for (node, feature, left, right) in self.each() {
            let inner = mask(feature != -1);
            differs |= (left ^ (next & inner)) | (right ^ (next.wrapping_add(1) & inner));
            // Each node has been somebody's child by then.
            wrong |= is_no_feature(feature, features) | (next <= node);
            next = next.wrapping_add(2 & inner);
        }
        differs == 0 && !wrong && next == count
    }

    /// The left child of a node follows it; the node after a leaf is the right child of one before.
    fn stand_in_preorder(self, count: u32, features: u32, marks: &mut Vec<u8>) -> bool {
        let (mut parents, mut differs, mut wrong) = (0u32, 0u32, false);
        for (node, feature, left, right) in self.each() {
            let inner = mask(feature != -1);
            let (first, places) = places(node, count, inner);
            differs |= left ^ first;
            wrong |= is_no_feature(feature, features) | (right.wrapping_sub(first) >= places);
            parents = parents.wrapping_sub(inner);
        }
        if differs != 0 || wrong || parents * 2 + 1 != count {
            return false;
        }
        // As many right children as nodes that follow a leaf: where they are all of them, none is twice.
        mark(marks, count, self.right.iter());
        let followers = marks.get(1..).unwrap_or_default().iter().zip(self.feature);
        followers.fold(true, |all, (mark, feature)| all & ((*mark == 1) == (*feature == -1)))
    }

    fn stand_in_some_order(self, count: u32, features: u32, marks: &mut Vec<u8>) -> bool {
        let (mut parents, mut wrong) = (0u32, false);
        for (node, feature, left, right) in self.each() {
            let inner = mask(feature != -1);
            let (first, places) = places(node, count, inner);
            let outside =
                (left.wrapping_sub(first) >= places) | (right.wrapping_sub(first) >= places);
            wrong |= is_no_feature(feature, features) | outside;
            parents = parents.wrapping_sub(inner);
        }
        // As many children as there are nodes beside the first: none has two parents if all have one.
        if wrong || parents * 2 + 1 != count {
            return false;
        }
        mark(marks, count, self.left.iter().chain(self.right));
        marks.get(1..).unwrap_or_default().iter().fold(1, |all, one| all & one) == 1
    }
}

/// All bits where it is true, none where it is not.
fn mask(is: bool) -> u32 {
    0u32.wrapping_sub(u32::from(is))
}

/// The first place that a child of a node may have, and how many there are: behind the node, or at a leaf 0
/// alone.
fn places(node: u32, count: u32, inner: u32) -> (u32, u32) {
    let after = count.wrapping_sub(node).wrapping_sub(1);
    (node.wrapping_add(1) & inner, (after & inner) | (1 & !inner))
}

/// True for what is neither -1 nor a feature below `features`: as unsigned, all else is larger.
fn is_no_feature(feature: i32, features: u32) -> bool {
    (feature.wrapping_add(1) as u32) > features
}

/// Marks the children, all of them below `count`; at a leaf that is the first node, which is nobody's.
fn mark<'a>(marks: &mut Vec<u8>, count: u32, children: impl Iterator<Item = &'a u32>) {
    marks.clear();
    marks.resize(count as usize, 0);
    let marks = marks.as_mut_slice();
    for child in children {
        marks[*child as usize] = 1;
    }
}
