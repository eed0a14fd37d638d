//! The values at the nodes of scikit-learn's trees, as every version means them.
//!
//! Up to 1.3 a classifier's tree holds the weighted counts of the classes at each node, and
//! `predict_proba` divides them by their sum; from 1.4 on it holds the fractions. Fractions are made
//! here of counts with the very operations of numpy, so that probabilities are the same to the bit.

use super::error::ReadError;
use super::item::Item;
use super::tree_nodes::{Column, Tree};
use super::version::Version;

/// The first version whose classifiers hold fractions.
const FRACTIONS_SINCE: Version = Version(1, 4, 0);
/// How far a sum of fractions may be from 1: it was rounded once for each class.
const TOLERANCE: f64 = 1e-6;

/// Fractions of the classes at each node.
pub(super) struct Fractions {
    pub value: Column<f64>,
    /// Columns of `value`: the classes of all outputs.
    pub width: usize,
    /// Whether the counts cannot be had back from the fractions and the weights of the nodes.
    pub counts_are_lost: bool,
    /// Whether some node's largest count is not its first largest fraction.
    pub decided_otherwise: bool,
}

/// The fractions of all trees; `n_classes` is the same for each.
pub(super) fn fractions(
    trees: &[Tree<'_>],
    n_classes: &[usize],
    version: Version,
    item: &Item<'_>,
) -> Result<Fractions, ReadError> {
    let width = n_classes.iter().copied().fold(0usize, usize::saturating_add);
    let nodes = trees.iter().map(|tree| tree.count).fold(0usize, usize::saturating_add);
    let mut fractions = Fractions {
        value: Column::new(nodes.saturating_mul(width), item)?,
        width,
        counts_are_lost: false,
        decided_otherwise: false,
    };
    let most = n_classes.iter().copied().max().unwrap_or(1);
    for tree in trees {
        let mut targets = fractions.value.next(tree.count.saturating_mul(width));
        let (mut lost, mut otherwise) = (false, false);
        tree.for_each_value(&mut |node, row| {
            for (given, count) in row.chunks_exact(most).zip(n_classes) {
                let (target, rest) = std::mem::take(&mut targets).split_at_mut_checked(*count).unwrap_or_default();
                targets = rest;
                let (given, filling) = given.split_at_checked(*count).unwrap_or_default();
                if filling.iter().any(|value| value.to_bits() != 0) {
                    return Err(tree.refuse_value(node, "zeros behind the classes", filling));
                }
                target.copy_from_slice(given);
                if given.iter().any(|value| !value.is_finite()) {
                    return Err(tree.refuse_value(node, "finite values", given));
                }
                if version < FRACTIONS_SINCE {
                    let sum = normalize(target);
                    lost |= !is_recomputed(given, target, sum);
                    otherwise |= first_largest(given) != first_largest(target);
                    continue;
                }
                let sum: f64 = given.iter().sum();
                // Also where a sum is not a number.
                if (sum - 1.0).abs() > TOLERANCE {
                    return Err(tree.refuse_value(
                        node,
                        "fractions that add up to 1 (counts of a version before 1.4 that were saved again by a later one, which takes them for fractions?)",
                        given,
                    ));
                }
            }
            Ok(())
        })?;
        fractions.counts_are_lost |= lost;
        fractions.decided_otherwise |= otherwise;
    }
    Ok(fractions)
}

/// Divides counts by their sum, or by one where that is zero; returns the sum.
fn normalize(counts: &mut [f64]) -> f64 {
    let sum = pairwise_sum(counts);
    let divisor = if sum == 0.0 { 1.0 } else { sum };
    counts.iter_mut().for_each(|count| *count /= divisor);
    sum
}

/// True when the counts are what rounding the fractions of their sum gives: whole numbers.
fn is_recomputed(counts: &[f64], fractions: &[f64], sum: f64) -> bool {
    counts.iter().zip(fractions).all(|(count, fraction)| {
        count.fract() == 0.0 && (fraction * sum).round().to_bits() == count.to_bits()
    })
}

fn first_largest(values: &[f64]) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (index, value) in values.iter().enumerate() {
        if *value > best.1 {
            best = (index, *value);
        }
    }
    best.0
}

/// Elements up to which numpy adds in one block.
const BLOCK: usize = 128;

/// The sum as numpy takes it over contiguous numbers (`pairwise_sum` in
/// `numpy/core/src/umath/loops_utils.h.src`): one by one below eight, then eight sums side by side,
/// and halves of what is longer than a block.
pub(super) fn pairwise_sum(values: &[f64]) -> f64 {
    // What is still to be added, and how the sums come together: in place of recursion.
    enum Work<'a> {
        Sum(&'a [f64]),
        Add,
    }
    let mut work = vec![Work::Sum(values)];
    let mut sums = Vec::new();
    while let Some(next) = work.pop() {
        match next {
            Work::Add => {
                let (right, left) = (sums.pop().unwrap_or(0.0), sums.pop().unwrap_or(0.0));
                sums.push(left + right);
            }
            Work::Sum(values) if values.len() <= BLOCK => sums.push(block_sum(values)),
            Work::Sum(values) => {
                let half = values.len() / 2;
                let (left, right) = values.split_at_checked(half - half % 8).unwrap_or_default();
                work.extend([Work::Add, Work::Sum(right), Work::Sum(left)]);
            }
        }
    }
    sums.pop().unwrap_or(0.0)
}

fn block_sum(values: &[f64]) -> f64 {
    let (eights, rest) = values.as_chunks::<8>();
    let Some((first, eights)) = eights.split_first() else {
        return values.iter().fold(0.0, |sum, value| sum + value);
    };
    let mut sums = *first;
    for eight in eights {
        sums.iter_mut().zip(eight).for_each(|(sum, value)| *sum += value);
    }
    let [a, b, c, d, e, f, g, h] = sums;
    let sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    rest.iter().fold(sum, |sum, value| sum + value)
}

/// The class of the largest count of each output at each node, the first of equals.
pub(super) fn decided(
    trees: &[Tree<'_>],
    n_classes: &[usize],
    item: &Item<'_>,
) -> Result<Column<u32>, ReadError> {
    let nodes = trees.iter().map(|tree| tree.count).fold(0usize, usize::saturating_add);
    let mut column = Column::new(nodes.saturating_mul(n_classes.len()), item)?;
    let most = n_classes.iter().copied().max().unwrap_or(1);
    for tree in trees {
        let mut targets = column.next(tree.count.saturating_mul(n_classes.len())).iter_mut();
        tree.for_each_value(&mut |_, row| {
            for ((counts, count), target) in
                row.chunks_exact(most).zip(n_classes).zip(targets.by_ref())
            {
                *target = first_largest(counts.get(..*count).unwrap_or_default()) as u32;
            }
            Ok(())
        })?;
    }
    Ok(column)
}

/// The values as they are, without what fills up outputs of fewer classes.
pub(super) fn plain(
    trees: &[Tree<'_>],
    n_classes: &[usize],
    item: &Item<'_>,
) -> Result<Column<f64>, ReadError> {
    let width = n_classes.iter().copied().fold(0usize, usize::saturating_add);
    let nodes = trees.iter().map(|tree| tree.count).fold(0usize, usize::saturating_add);
    let mut column = Column::new(nodes.saturating_mul(width), item)?;
    let most = n_classes.iter().copied().max().unwrap_or(1);
    for tree in trees {
        let mut targets = column.next(tree.count.saturating_mul(width)).iter_mut();
        tree.for_each_value(&mut |_, row| {
            for (given, count) in row.chunks_exact(most).zip(n_classes) {
                given
                    .iter()
                    .take(*count)
                    .zip(targets.by_ref())
                    .for_each(|(value, target)| *target = *value);
            }
            Ok(())
        })?;
    }
    Ok(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums that numpy 1.26 gives for these numbers, whose rounding shows the order.
    #[test]
    fn sums_are_taken_in_the_order_of_numpy() {
        let numbers = |count: usize| -> Vec<f64> {
            (0..count).map(|index| 0.1 * (index as f64 * 0.7 + 1.0)).collect()
        };
        let forward = |values: &[f64]| values.iter().fold(0.0, |sum, value| sum + value);
        for (count, expected) in EXPECTED {
            let values = numbers(*count);
            assert_eq!(pairwise_sum(&values).to_bits(), *expected, "{count}");
        }
        // The order makes a difference where it is another one.
        assert!(EXPECTED.iter().any(|(count, bits)| forward(&numbers(*count)).to_bits() != *bits));
    }

    const EXPECTED: &[(usize, u64)] = &[
        (1, 0x3fb999999999999a),
        (3, 0x3fe051eb851eb852),
        (7, 0x40015c28f5c28f5c),
        (8, 0x4006147ae147ae14),
        (9, 0x400b5c28f5c28f5c),
        (15, 0x4021b33333333333),
        (16, 0x4024000000000000),
        (17, 0x402670a3d70a3d71),
        (100, 0x407647ffffffffff),
        (128, 0x40822e147ae147ae),
        (129, 0x4082768f5c28f5c2),
        (136, 0x408481999999999a),
        (200, 0x4096140000000000),
        (257, 0x40a230d70a3d70a4),
        (1000, 0x40e11f2000000000),
    ];
}
