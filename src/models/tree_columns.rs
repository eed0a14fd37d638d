//! Trees as columns: what decision trees, forests and sums of trees share.
//!
//! A prediction walks the columns as they lie, in a map or in memory; nothing is rebuilt. Each
//! step is checked (a child lies after its parent and inside its tree, a feature inside the row),
//! so a walk over any bytes stays inside the arrays and ends.

use ndarray::{ArrayView1, ArrayView2};

use super::ModelError;
use super::tree_order::Nodes;
use crate::base::{Array, Parameters};

/// Columns that every kind of tree has.
const COLUMNS: [&str; 5] = ["tree_offsets", "feature", "threshold", "left", "right"];
const MISSING_LEFT: &str = "missing_left";

/// Trees that are walked at the same time: about as many loads as a core keeps in flight.
const ABREAST: usize = 16;

/// Where a row goes whose value is NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Nowhere: it is an error.
    Refused,
    /// To the right, as every comparison with NaN does.
    Right,
    /// Where the node says.
    Learned,
}

/// How a node sends a value on. Each rule has a walk of its own, so that none pays for another.
pub(super) trait Rule: Copy {
    /// True when the value of `feature` goes left at `node`.
    fn goes_left(self, node: usize, feature: usize, value: f64, threshold: f64) -> bool;
}

/// Left of the threshold, or on it.
#[derive(Clone, Copy)]
pub(super) struct LessOrEqual;

/// Left of the threshold.
#[derive(Clone, Copy)]
pub(super) struct Less;

/// Left of the threshold or on it, and what is missing where the node says.
#[derive(Clone, Copy)]
pub(super) struct Learned<'a>(pub(super) &'a [u8]);

impl Rule for LessOrEqual {
    fn goes_left(self, _: usize, _: usize, value: f64, threshold: f64) -> bool {
        value <= threshold
    }
}

impl Rule for Less {
    fn goes_left(self, _: usize, _: usize, value: f64, threshold: f64) -> bool {
        value < threshold
    }
}

impl Rule for Learned<'_> {
    fn goes_left(self, node: usize, _: usize, value: f64, threshold: f64) -> bool {
        value <= threshold || (value.is_nan() && self.missing_left(node))
    }
}

impl Learned<'_> {
    pub(super) fn missing_left(self, node: usize) -> bool {
        self.0.get(node).is_some_and(|left| *left != 0)
    }
}

/// The columns and how they are to be read.
#[derive(Debug, Clone)]
pub(super) struct Trees {
    arrays: [Array; 5],
    missing_left: Option<Array>,
    n_features: usize,
    single_precision: bool,
    missing: Missing,
}

/// The columns as slices, looked up once a call.
struct Columns<'a> {
    offsets: &'a [u64],
    feature: &'a [i32],
    threshold: &'a [f64],
    left: &'a [u32],
    right: &'a [u32],
}

pub(super) fn invalid(
    array: &'static str,
    index: usize,
    expected: impl Into<String>,
    found: impl std::fmt::Display,
) -> ModelError {
    ModelError::Invalid { array, index, expected: expected.into(), found: found.to_string() }
}

impl Trees {
    /// Takes the columns of parameters whose kind was checked.
    pub(super) fn from_parameters(
        parameters: &Parameters,
        missing: Missing,
        single_precision: bool,
    ) -> Result<Self, ModelError> {
        let take = |name: &str| parameters.array(name).cloned();
        let [offsets, feature, threshold, left, right] = COLUMNS;
        let arrays = [take(offsets)?, take(feature)?, take(threshold)?, take(left)?, take(right)?];
        let [tree_offsets, ..] = &arrays;
        if tree_offsets.element_count() < 2 {
            return Err(invalid("tree_offsets", 0, "at least one tree", "none"));
        }
        let missing_left = match missing {
            Missing::Learned => Some(take(MISSING_LEFT)?),
            _ => None,
        };
        let asked = parameters.integer("n_features")?;
        let n_features = usize::try_from(asked).ok().filter(|n| *n <= i32::MAX as usize);
        let n_features = n_features.ok_or_else(|| ModelError::Entry {
            entry: "n_features",
            expected: "0 to 2147483647".into(),
            found: asked.to_string(),
        })?;
        Ok(Trees { arrays, missing_left, n_features, single_precision, missing })
    }

    /// How many trees there are; at least one.
    pub(super) fn count(&self) -> usize {
        let [tree_offsets, ..] = &self.arrays;
        tree_offsets.element_count().saturating_sub(1)
    }

    pub(super) fn n_features(&self) -> usize {
        self.n_features
    }

    pub(super) fn missing(&self) -> Missing {
        self.missing
    }

    /// The rule of missing values that each node has learned.
    pub(super) fn learned(&self) -> Learned<'_> {
        Learned(self.missing_left.as_ref().map_or(&[], |array| array.as_bytes()))
    }

    /// The arrays with their names.
    pub(super) fn arrays(&self) -> impl Iterator<Item = (&'static str, &Array)> {
        let missing_left = self.missing_left.iter().map(|array| (MISSING_LEFT, array));
        COLUMNS.into_iter().zip(&self.arrays).chain(missing_left)
    }

    fn columns(&self) -> Result<Columns<'_>, ModelError> {
        let [offsets, feature, threshold, left, right] = &self.arrays;
        Ok(Columns {
            offsets: offsets.as_slice()?,
            feature: feature.as_slice()?,
            threshold: threshold.as_slice()?,
            left: left.as_slice()?,
            right: right.as_slice()?,
        })
    }

    /// Walks all trees with each row and gives `take` the row's index, a tree, and the nodes where
    /// it and the trees after it end; tree after tree, so that sums are taken in their order.
    pub(super) fn walk<R: Rule>(
        &self,
        rule: R,
        rows: ArrayView2<'_, f64>,
        mut take: impl FnMut(usize, usize, &[usize]) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        super::check_features(self.n_features, &rows)?;
        let columns = self.columns()?;
        let trees = self.count();
        let mut row_values = vec![0.0; self.n_features];
        for (index, row) in rows.outer_iter().enumerate() {
            self.fill(index, row, &mut row_values)?;
            for first in (0..trees).step_by(ABREAST) {
                let mut leaves = [0; ABREAST];
                let leaves = &mut leaves[..ABREAST.min(trees - first)];
                columns.leaves(rule, first, leaves, &row_values)?;
                take(index, first, leaves)?;
            }
        }
        Ok(())
    }

    /// A row as it is compared.
    fn fill(
        &self,
        index: usize,
        row: ArrayView1<'_, f64>,
        values: &mut [f64],
    ) -> Result<(), ModelError> {
        for (column, (target, value)) in values.iter_mut().zip(row).enumerate() {
            *target = if self.single_precision { f64::from(*value as f32) } else { *value };
            // NaN would go right without being asked. Where rows become float32, scikit-learn
            // refuses what is infinite then; elsewhere infinities compare as they should.
            let is_wrong = match value.is_nan() {
                true => self.missing == Missing::Refused,
                false => self.single_precision && target.is_infinite(),
            };
            if is_wrong {
                return Err(ModelError::Input { row: index, column, found: *value });
            }
        }
        Ok(())
    }

    /// Looks at every node. Thresholds may be infinite, or NaN, where a tree separates what is
    /// missing: scikit-learn writes the middle between inf and what is missing as NaN.
    pub(super) fn validate(&self, any_threshold: bool) -> Result<(), ModelError> {
        self.columns()?.validate(self.n_features, any_threshold)
    }
}

impl Columns<'_> {
    /// The nodes of a tree: first, and one past the last.
    fn range(&self, tree: usize) -> Result<(usize, usize), ModelError> {
        let bound =
            |index: usize| self.offsets.get(index).and_then(|offset| usize::try_from(*offset).ok());
        match (bound(tree), bound(tree + 1)) {
            (Some(start), Some(end)) if start < end && end <= self.feature.len() => {
                Ok((start, end))
            }
            (start, end) => Err(invalid(
                "tree_offsets",
                tree,
                format!("offsets that grow and end at {}", self.feature.len()),
                format!("{start:?} and {end:?}"),
            )),
        }
    }

    /// Walks as many trees as `leaves` has places, from `first` on, with a row; leaves the node
    /// where each ends.
    ///
    /// The trees are walked abreast, a step of each in turn: in a large forest each step waits
    /// for memory, and the waits of different trees overlap.
    fn leaves<R: Rule>(
        &self,
        rule: R,
        first: usize,
        leaves: &mut [usize],
        row: &[f64],
    ) -> Result<(), ModelError> {
        let mut ranges = [(0, 0); ABREAST];
        let mut walking = [0; ABREAST];
        for (lane, leaf) in leaves.iter_mut().enumerate() {
            ranges[lane] = self.range(first + lane)?;
            *leaf = ranges[lane].0;
            walking[lane] = lane;
        }
        let mut count = leaves.len();
        while count > 0 {
            let mut still = 0;
            for position in 0..count {
                let lane = walking[position];
                if let Some(next) = self.step(rule, leaves[lane], ranges[lane], row)? {
                    leaves[lane] = next;
                    walking[still] = lane;
                    still += 1;
                }
            }
            count = still;
        }
        Ok(())
    }

    /// The child that a row goes to from a node of the tree with this range, `None` at a leaf.
    fn step<R: Rule>(
        &self,
        rule: R,
        node: usize,
        (start, end): (usize, usize),
        row: &[f64],
    ) -> Result<Option<usize>, ModelError> {
        let feature = self.feature.get(node).copied().unwrap_or(-1);
        if feature == -1 {
            return Ok(None);
        }
        let value = usize::try_from(feature).ok().and_then(|feature| row.get(feature));
        let Some(value) = value else {
            let expected = format!("-1 or a feature below {}", row.len());
            return Err(invalid("feature", node, expected, feature));
        };
        let threshold = self.threshold.get(node).copied().unwrap_or(f64::NAN);
        // Picked by index: a branch here is guessed wrong half of the time, and each wrong guess
        // throws away the steps of the other trees that had begun.
        let side = usize::from(rule.goes_left(node, feature as usize, *value, threshold));
        let child = [self.right, self.left][side].get(node).copied().unwrap_or(0);
        let next = start + child as usize;
        if next <= node || next >= end {
            let expected = format!("a child after {} and before {}", node - start, end - start);
            return Err(invalid(["right", "left"][side], node, expected, child));
        }
        Ok(Some(next))
    }

    fn validate(&self, n_features: usize, any_threshold: bool) -> Result<(), ModelError> {
        let trees = self.offsets.len().saturating_sub(1);
        let nodes = self.feature.len();
        let first = self.offsets.first().copied().unwrap_or(1);
        if first != 0 {
            return Err(invalid("tree_offsets", 0, "0", first));
        }
        let last = self.offsets.last().copied().unwrap_or(0);
        if last != nodes as u64 {
            return Err(invalid("tree_offsets", trees, nodes.to_string(), last));
        }
        let mut marks = Vec::new();
        for tree in 0..trees {
            let range = self.range(tree)?;
            if !self.is_tree(range, n_features, any_threshold, &mut marks) {
                self.validate_tree(range, n_features, any_threshold)?;
            }
        }
        Ok(())
    }

    /// True where every node of a tree is as it must be. What is wrong, and where, is not asked.
    fn is_tree(
        &self,
        (start, end): (usize, usize),
        n_features: usize,
        any_threshold: bool,
        marks: &mut Vec<u8>,
    ) -> bool {
        let nodes = Nodes {
            feature: &self.feature[start..end],
            left: &self.left[start..end],
            right: &self.right[start..end],
        };
        nodes.make_a_tree(n_features, marks)
            && (any_threshold || super::all_finite(&self.threshold[start..end]))
    }

    /// Looks at a tree node by node, and names the first that is wrong.
    fn validate_tree(
        &self,
        (start, end): (usize, usize),
        n_features: usize,
        any_threshold: bool,
    ) -> Result<(), ModelError> {
        let mut has_parent = vec![false; end - start];
        for node in start..end {
            self.validate_node(node, (start, end), n_features, &mut has_parent)?;
            let threshold = self.threshold[node];
            if !(threshold.is_finite() || any_threshold) {
                return Err(invalid("threshold", node, "a finite number", threshold));
            }
            if node != start && !has_parent[node - start] {
                // Children lie after their parents, so a parent would have been met by now.
                return Err(invalid("left", node, "a node with one parent", "none"));
            }
        }
        Ok(())
    }

    fn validate_node(
        &self,
        node: usize,
        (start, end): (usize, usize),
        n_features: usize,
        has_parent: &mut [bool],
    ) -> Result<(), ModelError> {
        let feature = self.feature[node];
        let children = [("left", self.left[node]), ("right", self.right[node])];
        if feature == -1 {
            return match children.iter().find(|(_, child)| *child != 0) {
                None => Ok(()),
                Some((name, child)) => Err(invalid(name, node, "0 at a leaf", child)),
            };
        }
        if !usize::try_from(feature).is_ok_and(|feature| feature < n_features) {
            let expected = format!("-1 or a feature below {n_features}");
            return Err(invalid("feature", node, expected, feature));
        }
        for (name, child) in children {
            let next = start + child as usize;
            if next <= node || next >= end {
                let expected = format!("a child after {} and before {}", node - start, end - start);
                return Err(invalid(name, node, expected, child));
            }
            if std::mem::replace(&mut has_parent[next - start], true) {
                return Err(invalid(name, node, "a child of no other node", child));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const FEATURES: usize = 3;

    /// A tree that grows at random leaves, or each time at a later one than before: level by level.
    fn grown(
        rng: &mut ChaCha8Rng,
        splits: usize,
        by_level: bool,
    ) -> (Vec<i32>, Vec<f64>, Vec<u32>, Vec<u32>) {
        let mut tree = (vec![-1], vec![0.5], vec![0], vec![0]);
        let mut after = 0;
        for _ in 0..splits {
            let leaves: Vec<usize> =
                (after..tree.0.len()).filter(|node| tree.0[*node] == -1).collect();
            let node = leaves[rng.random_range(0..leaves.len())];
            after = if by_level { node + 1 } else { 0 };
            let next = tree.0.len() as u32;
            tree.0[node] = rng.random_range(0..FEATURES as i32);
            (tree.2[node], tree.3[node]) = (next, next + 1);
            for _ in 0..2 {
                tree.0.push(-1);
                tree.1.push(-0.25);
                tree.2.push(0);
                tree.3.push(0);
            }
        }
        tree
    }

    /// The same tree, each node before its left part before its right part.
    fn in_preorder(
        (feature, threshold, left, right): (Vec<i32>, Vec<f64>, Vec<u32>, Vec<u32>),
    ) -> (Vec<i32>, Vec<f64>, Vec<u32>, Vec<u32>) {
        let (mut order, mut waiting) = (Vec::new(), vec![0]);
        while let Some(node) = waiting.pop() {
            order.push(node);
            if feature[node] != -1 {
                waiting.extend([right[node] as usize, left[node] as usize]);
            }
        }
        let place = |child: &u32| order.iter().position(|node| *node == *child as usize).unwrap();
        let children = |side: &[u32]| order.iter().map(|node| place(&side[*node]) as u32).collect();
        (
            order.iter().map(|node| feature[*node]).collect(),
            order.iter().map(|node| threshold[*node]).collect(),
            children(&left),
            children(&right),
        )
    }

    #[test]
    fn the_quick_look_accepts_exactly_what_the_thorough_one_does() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let (mut good, mut bad) = (0, 0);
        for round in 0..30_000 {
            let splits = rng.random_range(0..6);
            let tree = grown(&mut rng, splits, round % 3 == 0);
            let tree = if round % 3 == 1 { in_preorder(tree) } else { tree };
            let (mut feature, mut threshold, mut left, mut right) = tree;
            let nodes = feature.len();
            for _ in 0..rng.random_range(0..3) {
                let node = rng.random_range(0..nodes);
                match rng.random_range(0..5) {
                    0 => feature[node] = rng.random_range(-3..4),
                    1 => threshold[node] = [f64::NAN, f64::INFINITY, 1e300][rng.random_range(0..3)],
                    2 => left[node] = rng.random_range(0..nodes as u32 + 2),
                    3 => right[node] = rng.random_range(0..nodes as u32 + 2),
                    _ => right[node] = u32::MAX - rng.random_range(0..2),
                }
            }
            // Behind another tree, so that numbers within a tree are not those of the columns.
            let offset = round % 2;
            let shifted = |column: &[u32]| [vec![0; offset], column.to_vec()].concat();
            let columns = Columns {
                offsets: &[],
                feature: &[vec![-1; offset], feature].concat(),
                threshold: &[vec![f64::NAN; offset], threshold].concat(),
                left: &shifted(&left),
                right: &shifted(&right),
            };
            let range = (offset, offset + nodes);
            let any_threshold = rng.random_bool(0.2);
            let quick = columns.is_tree(range, FEATURES, any_threshold, &mut vec![7; 3]);
            let thorough = columns.validate_tree(range, FEATURES, any_threshold);
            assert_eq!(quick, thorough.is_ok(), "{thorough:?}: {:?}", columns.left);
            *(if quick { &mut good } else { &mut bad }) += 1;
        }
        assert!(good > 5000 && bad > 5000, "{good}, {bad}");
    }
}
