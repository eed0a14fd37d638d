//! Trees and forests, trained tree by tree by linfa.
//!
//! What is ours: the bootstrap and the draw of features for each tree (each from a seed of its
//! own, so that threads change nothing), the flat columns, and the fractions at each node, which
//! linfa does not keep: every training row is routed through the flat tree and counted.
//!
//! linfa 0.8 partitions training rows with `<=` and predicts with `<`; the columns say `<=`,
//! under which the counts at the nodes are those of the training. It also prunes leaves of equal
//! prediction, and draws a tied prediction from the order of a hash map: rows are weighted by
//! 1 + a few millionths, so that no two classes tie, and the same seed gives the same trees.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use linfa::prelude::*;
use linfa_trees::{DecisionTree, TreeNode};
use ndarray::{Array1, Array2, Axis};
use rand::seq::index::sample;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::ModelError;
use super::recipes::Hyper;
use crate::base::{Array, Parameters};

/// One tree as columns, children counted from its root.
#[derive(Debug, Default)]
struct FlatTree {
    feature: Vec<i32>,
    threshold: Vec<f64>,
    left: Vec<u32>,
    right: Vec<u32>,
    counts: Vec<f64>,
}

/// Trains a forest, or a single tree where `hyper` asks for one tree on all rows.
pub(super) fn fit(
    kind: &'static str,
    rows: &Array2<f64>,
    classes: &[usize],
    hyper: Hyper<'_>,
    seed: u64,
    progress: &(dyn Fn(f64) + Sync),
) -> Result<Parameters, ModelError> {
    let trees = hyper.count("trees");
    let n_classes = classes.iter().max().map_or(0, |largest| largest + 1);
    let done = AtomicUsize::new(0);
    let flat: Vec<FlatTree> = (0..trees)
        .into_par_iter()
        .map(|tree| {
            let flat = fit_tree(rows, classes, n_classes, hyper, seed, tree as u64);
            progress((done.fetch_add(1, Ordering::Relaxed) + 1) as f64 / trees as f64);
            flat
        })
        .collect::<Result<_, _>>()?;
    assemble(kind, &flat, rows.ncols(), n_classes)
}

fn fit_tree(
    rows: &Array2<f64>,
    classes: &[usize],
    n_classes: usize,
    hyper: Hyper<'_>,
    seed: u64,
    tree: u64,
) -> Result<FlatTree, ModelError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(tree + 1);
    let (drawn, features) = match hyper.get("rows_per_tree") {
        Some(count) => {
            let draw = |_| rng.random_range(0..rows.nrows());
            let drawn: Vec<usize> = (0..count as usize).map(draw).collect();
            let wanted = hyper.count("features_per_tree").min(rows.ncols());
            let mut features = sample(&mut rng, rows.ncols(), wanted).into_vec();
            features.sort_unstable();
            (drawn, features)
        }
        None => ((0..rows.nrows()).collect(), (0..rows.ncols()).collect::<Vec<usize>>()),
    };
    let records = rows.select(Axis(0), &drawn).select(Axis(1), &features);
    let targets: Vec<usize> = drawn.iter().map(|row| classes[*row]).collect();
    let untied: Array1<f32> =
        (0..drawn.len()).map(|row| 1.0 + (row % 997) as f32 * 3.1e-6).collect();
    let dataset = Dataset::new(records, Array1::from(targets.clone())).with_weights(untied);
    let depth = hyper.get("max_depth").map(|depth| depth as usize);
    let tree = DecisionTree::params()
        .max_depth(depth)
        .fit(&dataset)
        .map_err(|error| ModelError::Training { what: "tree", message: error.to_string() })?;
    let mut flat = flatten(tree.root_node(), &features);
    flat.count(dataset.records(), &targets, &features, n_classes);
    Ok(flat)
}

/// Breadth first, so that children come after their parents.
fn flatten(root: &TreeNode<f64, usize>, features: &[usize]) -> FlatTree {
    let mut flat = FlatTree::default();
    let mut waiting = VecDeque::from([root]);
    let mut next = 1;
    while let Some(node) = waiting.pop_front() {
        let children: Vec<&TreeNode<f64, usize>> =
            node.children().into_iter().filter_map(Option::as_deref).collect();
        let (feature, threshold, _) = node.split();
        if let (false, [left, right]) = (node.is_leaf(), children.as_slice()) {
            flat.feature.push(features[feature] as i32);
            flat.threshold.push(threshold);
            flat.left.push(next);
            flat.right.push(next + 1);
            next += 2;
            waiting.extend([*left, *right]);
        } else {
            flat.feature.push(-1);
            flat.threshold.push(0.0);
            flat.left.push(0);
            flat.right.push(0);
        }
    }
    flat
}

impl FlatTree {
    /// Routes each training row through the tree and counts its class at every node it passes.
    fn count(
        &mut self,
        records: &Array2<f64>,
        targets: &[usize],
        features: &[usize],
        n_classes: usize,
    ) {
        self.counts = vec![0.0; self.feature.len() * n_classes];
        for (row, class) in records.outer_iter().zip(targets) {
            let mut node = 0;
            loop {
                self.counts[node * n_classes + class] += 1.0;
                let feature = self.feature[node];
                if feature < 0 {
                    break;
                }
                let column = features.iter().position(|known| *known as i32 == feature);
                let goes_left = column.is_some_and(|column| row[column] <= self.threshold[node]);
                node = if goes_left { self.left[node] } else { self.right[node] } as usize;
            }
        }
    }
}

fn assemble(
    kind: &'static str,
    trees: &[FlatTree],
    n_features: usize,
    n_classes: usize,
) -> Result<Parameters, ModelError> {
    let mut offsets = vec![0u64];
    for tree in trees {
        offsets.push(offsets.last().copied().unwrap_or(0) + tree.feature.len() as u64);
    }
    let nodes: usize = trees.iter().map(|tree| tree.feature.len()).sum();
    let mut value = Vec::with_capacity(nodes * n_classes);
    for counts in trees.iter().flat_map(|tree| tree.counts.chunks_exact(n_classes)) {
        let sum: f64 = counts.iter().sum();
        value.extend(counts.iter().map(|count| count / sum));
    }
    let mut parameters = Parameters::new(kind, 1)
        .with("comparator", "less_or_equal")
        .with("input_cast", "none")
        .with("missing", "refused")
        .with("aggregation", "mean_probability")
        .with("n_features", n_features as i64);
    let column = |take: fn(&FlatTree) -> &Vec<u32>| -> Vec<u32> {
        trees.iter().flat_map(take).copied().collect()
    };
    let feature: Vec<i32> = trees.iter().flat_map(|tree| &tree.feature).copied().collect();
    let threshold: Vec<f64> = trees.iter().flat_map(|tree| &tree.threshold).copied().collect();
    parameters.insert("tree_offsets", Array::from_vec(offsets, &[trees.len() + 1])?)?;
    parameters.insert("feature", Array::from_vec(feature, &[nodes])?)?;
    parameters.insert("threshold", Array::from_vec(threshold, &[nodes])?)?;
    parameters.insert("left", Array::from_vec(column(|tree| &tree.left), &[nodes])?)?;
    parameters.insert("right", Array::from_vec(column(|tree| &tree.right), &[nodes])?)?;
    parameters.insert("value", Array::from_vec(value, &[nodes, n_classes])?)?;
    Ok(parameters)
}
