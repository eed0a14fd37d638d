//! Trees as columns: what decision trees and forests share.
//!
//! A prediction walks the columns as they lie, in a map or in memory; nothing is rebuilt. Each
//! step is checked (a child lies after its parent and inside its tree, a feature inside the row),
//! so a walk over any bytes stays inside the arrays and ends.

use ndarray::{Array2, ArrayView2};

use super::labels::{Classes, largest};
use super::{ModelError, Predictions};
use crate::base::{Array, Metadata, Parameters, kinds};

const ARRAYS: [&str; 6] = ["tree_offsets", "feature", "threshold", "left", "right", "value"];

/// Trees that are walked at the same time: about as many loads as a core keeps in flight.
const ABREAST: usize = 16;

/// The columns of a tree ensemble and how they are to be read.
#[derive(Debug, Clone)]
pub(super) struct TreeEnsemble {
    kind: &'static str,
    n_features: usize,
    strict: bool,
    single_precision: bool,
    missing_goes_right: bool,
    vote: bool,
    arrays: [Array; 6],
    classes: Classes,
    entries: Metadata,
}

/// The columns as slices, looked up once a call.
struct Columns<'a> {
    offsets: &'a [u64],
    feature: &'a [i32],
    threshold: &'a [f64],
    left: &'a [u32],
    right: &'a [u32],
    value: &'a [f64],
    n_classes: usize,
    strict: bool,
}

fn invalid(
    array: &'static str,
    index: usize,
    expected: impl Into<String>,
    found: impl std::fmt::Display,
) -> ModelError {
    ModelError::Invalid { array, index, expected: expected.into(), found: found.to_string() }
}

impl TreeEnsemble {
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let take = |name: &str| parameters.array(name).cloned();
        let [offsets, feature, threshold, left, right, value] = ARRAYS;
        let arrays = [
            take(offsets)?,
            take(feature)?,
            take(threshold)?,
            take(left)?,
            take(right)?,
            take(value)?,
        ];
        let [tree_offsets, ..] = &arrays;
        if tree_offsets.element_count() < 2 {
            return Err(invalid("tree_offsets", 0, "at least one tree", "none"));
        }
        let asked = parameters.integer("n_features")?;
        let n_features = usize::try_from(asked).ok().filter(|n| *n <= i32::MAX as usize);
        Ok(TreeEnsemble {
            kind: kind.id,
            n_features: n_features.ok_or_else(|| ModelError::Entry {
                entry: "n_features",
                expected: "0 to 2147483647".into(),
                found: asked.to_string(),
            })?,
            strict: parameters.text("comparator")? == "less",
            single_precision: parameters.text("input_cast")? == "f32",
            missing_goes_right: parameters.text("missing")? == "right",
            vote: parameters.text("aggregation")? == "vote",
            arrays,
            classes: Classes::from_parameters(parameters)?,
            entries: super::entries_of(kind, parameters),
        })
    }

    /// How many trees there are; at least one.
    pub(super) fn trees(&self) -> usize {
        let [tree_offsets, ..] = &self.arrays;
        tree_offsets.element_count().saturating_sub(1)
    }

    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn n_features(&self) -> usize {
        self.n_features
    }

    pub(super) fn to_parameters(&self) -> Parameters {
        let columns = ARRAYS.into_iter().zip(&self.arrays);
        let classes = ("classes", self.classes.array());
        super::assemble(self.kind, self.entries.clone(), columns.chain([classes]))
    }

    fn columns(&self) -> Result<Columns<'_>, ModelError> {
        let [offsets, feature, threshold, left, right, value] = &self.arrays;
        Ok(Columns {
            offsets: offsets.as_slice()?,
            feature: feature.as_slice()?,
            threshold: threshold.as_slice()?,
            left: left.as_slice()?,
            right: right.as_slice()?,
            value: value.as_slice()?,
            n_classes: self.classes.len(),
            strict: self.strict,
        })
    }

    pub(super) fn predict(&self, rows: ArrayView2<'_, f64>) -> Result<Predictions, ModelError> {
        let probabilities = self.predict_proba(rows)?;
        let indices: Vec<usize> =
            probabilities.outer_iter().map(|row| largest(row.iter().copied())).collect();
        self.classes.label(&indices)
    }

    pub(super) fn predict_proba(
        &self,
        rows: ArrayView2<'_, f64>,
    ) -> Result<Array2<f64>, ModelError> {
        super::check_features(self.n_features, &rows)?;
        let columns = self.columns()?;
        let trees = columns.offsets.len().saturating_sub(1);
        let mut probabilities = Array2::zeros((rows.nrows(), columns.n_classes));
        let mut row_values = vec![0.0; self.n_features];
        for (index, row) in rows.outer_iter().enumerate() {
            for (column, (target, value)) in row_values.iter_mut().zip(row).enumerate() {
                // Infinities compare as they should; NaN would go right without being asked.
                if value.is_nan() && !self.missing_goes_right {
                    return Err(ModelError::Input { row: index, column, found: *value });
                }
                *target = if self.single_precision { f64::from(*value as f32) } else { *value };
            }
            let mut sums = probabilities.row_mut(index);
            for first in (0..trees).step_by(ABREAST) {
                let mut leaves = [0; ABREAST];
                let leaves = &mut leaves[..ABREAST.min(trees - first)];
                columns.leaves(first, leaves, &row_values)?;
                // The sums are taken tree by tree, so that walking abreast changes no bit.
                for leaf in leaves {
                    let fractions = columns.fractions(*leaf)?;
                    if self.vote {
                        if let Some(sum) = sums.get_mut(largest(fractions.iter().copied())) {
                            *sum += 1.0;
                        }
                    } else {
                        sums.iter_mut().zip(fractions).for_each(|(sum, fraction)| *sum += fraction);
                    }
                }
            }
            sums.iter_mut().for_each(|sum| *sum /= trees as f64);
        }
        Ok(probabilities)
    }

    pub(super) fn validate(&self) -> Result<(), ModelError> {
        self.classes.validate()?;
        self.columns()?.validate(self.n_features)
    }
}

impl<'a> Columns<'a> {
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
    fn leaves(&self, first: usize, leaves: &mut [usize], row: &[f64]) -> Result<(), ModelError> {
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
                if let Some(next) = self.step(leaves[lane], ranges[lane], row)? {
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
    fn step(
        &self,
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
        let goes_left = if self.strict { *value < threshold } else { *value <= threshold };
        // Picked by index: a branch here is guessed wrong half of the time, and each wrong guess
        // throws away the steps of the other trees that had begun.
        let side = usize::from(goes_left);
        let child = [self.right, self.left][side].get(node).copied().unwrap_or(0);
        let next = start + child as usize;
        if next <= node || next >= end {
            let expected = format!("a child after {} and before {}", node - start, end - start);
            return Err(invalid(["right", "left"][side], node, expected, child));
        }
        Ok(Some(next))
    }

    /// The fractions of the classes at a node.
    fn fractions(&self, node: usize) -> Result<&'a [f64], ModelError> {
        let first = node.saturating_mul(self.n_classes);
        self.value
            .get(first..first.saturating_add(self.n_classes))
            .ok_or_else(|| invalid("value", first, "fractions of the node", "none"))
    }

    fn validate(&self, n_features: usize) -> Result<(), ModelError> {
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
        let mut has_parent = vec![false; nodes];
        for tree in 0..trees {
            let (start, end) = self.range(tree)?;
            for node in start..end {
                self.validate_node(node, start, end, n_features, &mut has_parent)?;
                if node != start && !has_parent[node] {
                    // Children lie after their parents, so a parent would have been met by now.
                    return Err(invalid("left", node, "a node with one parent", "none"));
                }
            }
        }
        self.validate_fractions()
    }

    fn validate_node(
        &self,
        node: usize,
        start: usize,
        end: usize,
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
        if !self.threshold[node].is_finite() {
            return Err(invalid("threshold", node, "a finite number", self.threshold[node]));
        }
        for (name, child) in children {
            let next = start + child as usize;
            if next <= node || next >= end {
                let expected = format!("a child after {} and before {}", node - start, end - start);
                return Err(invalid(name, node, expected, child));
            }
            if std::mem::replace(&mut has_parent[next], true) {
                return Err(invalid(name, node, "a child of no other node", child));
            }
        }
        Ok(())
    }

    fn validate_fractions(&self) -> Result<(), ModelError> {
        for (node, fractions) in self.value.chunks_exact(self.n_classes).enumerate() {
            let sum: f64 = fractions.iter().sum();
            let inside = fractions.iter().all(|fraction| (0.0..=1.0).contains(fraction));
            if !inside || (sum - 1.0).abs() > 1e-9 {
                let first = node * self.n_classes;
                return Err(invalid(
                    "value",
                    first,
                    "fractions that add up to 1",
                    format!("{fractions:?}"),
                ));
            }
        }
        Ok(())
    }
}
