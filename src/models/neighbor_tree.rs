//! A search tree over training rows, searched as scikit-learn searches its own.
//!
//! A full scan finds the same distances; the tree is here for the rows: of equally near ones those
//! remain that the search meets first, and that depends on where the tree put them
//! (`sklearn/neighbors/_binary_tree.pxi.tp`, the depth-first search of a single point).

use super::ModelError;
use super::nearest::{Heap, Metric};
use crate::base::{Array, Parameters};

/// How the nodes bound their rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Least and largest value of each feature.
    Boxes,
    /// A centre and a radius.
    Balls,
}

/// The arrays of a tree; nothing in them is known to be right.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    shape: Shape,
    order: Array,
    first: Array,
    last: Array,
    leaf: Array,
    radius: Array,
    bounds: Array,
}

const NAMES: [&str; 6] =
    ["tree_order", "tree_first", "tree_last", "tree_leaf", "tree_radius", "tree_bounds"];

fn wrong(array: &'static str, index: usize, expected: &str, found: impl ToString) -> ModelError {
    ModelError::Invalid { array, index, expected: expected.into(), found: found.to_string() }
}

impl Tree {
    /// Takes the arrays from parameters whose kind was checked.
    pub(super) fn from_parameters(
        parameters: &Parameters,
        shape: Shape,
    ) -> Result<Self, ModelError> {
        let get = |name: &str| parameters.array(name).cloned();
        let tree = Tree {
            shape,
            order: get("tree_order")?,
            first: get("tree_first")?,
            last: get("tree_last")?,
            leaf: get("tree_leaf")?,
            radius: get("tree_radius")?,
            bounds: get("tree_bounds")?,
        };
        let planes = if shape == Shape::Boxes { 2 } else { 1 };
        match tree.bounds.shape().first() {
            Some(found) if *found == planes => Ok(tree),
            found => {
                let expected = format!("{planes} planes of bounds");
                Err(wrong("tree_bounds", 0, &expected, found.copied().unwrap_or(0)))
            }
        }
    }

    pub(super) fn arrays(&self) -> [(&'static str, &Array); 6] {
        let [order, first, last, leaf, radius, bounds] = NAMES;
        [
            (order, &self.order),
            (first, &self.first),
            (last, &self.last),
            (leaf, &self.leaf),
            (radius, &self.radius),
            (bounds, &self.bounds),
        ]
    }

    /// The arrays as slices, for many searches.
    pub(super) fn search<'a>(
        &'a self,
        data: &'a [f64],
        features: usize,
        metric: Metric,
    ) -> Result<Search<'a>, ModelError> {
        Ok(Search {
            shape: self.shape,
            metric,
            data,
            features,
            order: self.order.as_slice()?,
            first: self.first.as_slice()?,
            last: self.last.as_slice()?,
            leaf: self.leaf.as_slice()?,
            radius: self.radius.as_slice()?,
            bounds: self.bounds.as_slice()?,
        })
    }

    /// Each row stands once in the order, nodes lie in it, bounds are numbers.
    pub(super) fn validate(&self) -> Result<(), ModelError> {
        let order = self.order.as_slice::<i64>()?;
        let mut seen = vec![false; order.len()];
        for (place, index) in order.iter().enumerate() {
            let slot = usize::try_from(*index).ok().and_then(|index| seen.get_mut(index));
            match slot {
                Some(slot) if !*slot => *slot = true,
                _ => return Err(wrong("tree_order", place, "each row once", index)),
            }
        }
        let (first, last) = (self.first.as_slice::<i64>()?, self.last.as_slice::<i64>()?);
        for (node, (first, last)) in first.iter().zip(last).enumerate() {
            if *first < 0 || first > last {
                return Err(wrong("tree_first", node, "at most tree_last, at least 0", first));
            }
            if !usize::try_from(*last).is_ok_and(|last| last <= order.len()) {
                return Err(wrong("tree_last", node, "at most the number of rows", last));
            }
        }
        let leaf = self.leaf.as_slice::<i64>()?;
        for (node, is_leaf) in leaf.iter().enumerate() {
            let has_children = node.saturating_mul(2).saturating_add(2) < leaf.len();
            if !matches!((is_leaf, has_children), (0, true) | (1, _)) {
                return Err(wrong("tree_leaf", node, "1, or 0 where there are children", is_leaf));
            }
        }
        super::check_finite("tree_radius", self.radius.as_slice()?)?;
        super::check_finite("tree_bounds", self.bounds.as_slice()?)
    }
}

/// A tree ready to be searched.
pub(super) struct Search<'a> {
    shape: Shape,
    metric: Metric,
    data: &'a [f64],
    features: usize,
    order: &'a [i64],
    first: &'a [i64],
    last: &'a [i64],
    leaf: &'a [i64],
    radius: &'a [f64],
    bounds: &'a [f64],
}

impl Search<'_> {
    /// Fills the heap with the reduced distances and indices of the nearest rows. Looks at no more
    /// rows than there are, so that it ends soon over any tree.
    pub(super) fn nearest(&self, x: &[f64], heap: &mut Heap) -> Result<(), ModelError> {
        let mut rows_left = self.order.len();
        let mut waiting = vec![(0usize, self.lower_bound(0, x)?)];
        while let Some((node, bound)) = waiting.pop() {
            if bound > heap.largest() {
                continue;
            }
            if self.leaf[node] != 0 {
                self.scan(node, x, heap, &mut rows_left)?;
                continue;
            }
            // Indices grow, so that this ends; each node is met at most once.
            let (left, right) = (2 * node + 1, 2 * node + 2);
            let of_left = (left, self.lower_bound(left, x)?);
            let of_right = (right, self.lower_bound(right, x)?);
            // The nearer one is looked at first: it is put down last.
            waiting.extend(if of_left.1 <= of_right.1 {
                [of_right, of_left]
            } else {
                [of_left, of_right]
            });
        }
        Ok(())
    }

    fn scan(
        &self,
        node: usize,
        x: &[f64],
        heap: &mut Heap,
        rows_left: &mut usize,
    ) -> Result<(), ModelError> {
        let place = |value: i64| usize::try_from(value).unwrap_or(usize::MAX);
        let range = place(self.first[node])..place(self.last[node]);
        let Some(indices) = self.order.get(range).filter(|found| found.len() <= *rows_left) else {
            return Err(wrong(
                "tree_last",
                node,
                "places of rows that no leaf had",
                self.last[node],
            ));
        };
        *rows_left -= indices.len();
        for index in indices {
            let row = usize::try_from(*index)
                .ok()
                .and_then(|index| index.checked_mul(self.features))
                .and_then(|start| self.data.get(start..)?.get(..self.features));
            let Some(row) = row else {
                return Err(wrong("tree_order", node, "an index of a row", index));
            };
            heap.push(self.metric.reduced(x, row), *index as usize);
        }
        Ok(())
    }

    /// The least reduced distance that a row of the node can have.
    fn lower_bound(&self, node: usize, x: &[f64]) -> Result<f64, ModelError> {
        let nodes = self.leaf.len();
        if node >= nodes {
            return Err(wrong("tree_leaf", node / 2, "a node with children", "none"));
        }
        let plane = |plane: usize| &self.bounds[(plane * nodes + node) * self.features..];
        match self.shape {
            Shape::Balls => {
                let centre = &plane(0)[..self.features];
                let distance = self.metric.distance(self.metric.reduced(x, centre));
                Ok(self.metric.reduce((distance - self.radius[node]).max(0.0)))
            }
            Shape::Boxes => {
                // Twice the way from x to the box; the other half is nought.
                let gaps = x.iter().zip(plane(0)).zip(plane(1)).map(|((x, least), most)| {
                    let (low, high) = (least - x, x - most);
                    0.5 * ((low + low.abs()) + (high + high.abs()))
                });
                Ok(match self.metric {
                    Metric::Chebyshev => gaps.fold(0.0, f64::max),
                    Metric::Manhattan => gaps.sum(),
                    Metric::Minkowski(p) => gaps.map(|gap| gap.powf(p)).sum(),
                    Metric::Euclidean | Metric::EuclideanByProducts { .. } | Metric::Cosine => {
                        gaps.map(|gap| gap * gap).sum()
                    }
                })
            }
        }
    }
}
