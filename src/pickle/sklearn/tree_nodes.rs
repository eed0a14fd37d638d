//! The nodes of scikit-learn's trees (`sklearn/tree/_tree.pyx`), copied into columns.
//!
//! A tree is an object of a compiled class: `Tree(n_features, n_classes, n_outputs)` with a state of
//! `nodes`, a structured array, and `values`, of shape (nodes, outputs, classes). Its structure grew
//! from 56 to 64 bytes in 1.3; fields are found by their names.
//!
//! Hundreds of trees become one column for each field. The columns are taken once, when the counts
//! of all trees have been compared with the bytes that are there, and each node is looked at once on
//! its way: a child that does not lie behind its parent, or outside of the tree, is refused here, so
//! that every walk over the columns ends.

use crate::base::storage::Arena;
use crate::base::{Array, DType, Element};
use crate::pickle::numpy::{NumpyArray, array::Data, dtype::ByteOrder, dtype::Kind};

use super::error::ReadError;
use super::item::Item;

/// What the columns have for a node, also where its dtype says that it has no bytes.
const NODE_BYTES: usize = 56;

/// What stands for a child of a leaf.
const NO_CHILD: i64 = -1;

/// Takes a node and its values.
pub(super) type GiveValues<'a> = dyn FnMut(usize, &[f64]) -> Result<(), ReadError> + 'a;

/// A tree as the file has it.
pub(super) struct Tree<'d> {
    item: Item<'d>,
    nodes: NumpyArray<'d>,
    /// Shape (nodes, outputs, most classes).
    pub values: NumpyArray<'d>,
    pub count: usize,
    pub n_features: usize,
    /// How many classes each output has; 1 in regression.
    pub n_classes: Vec<usize>,
    pub max_depth: i64,
    pub has_missing: bool,
}

impl<'d> Tree<'d> {
    /// The tree of a fitted estimator.
    pub fn read(item: &Item<'d>) -> Result<Self, ReadError> {
        let tree = item.object()?;
        if tree.class_name() != "Tree" || !tree.module().starts_with("sklearn.tree") {
            return Err(tree.not_supported());
        }
        let arguments = tree.arguments()?;
        let [n_features, n_classes, n_outputs] = arguments.as_slice() else {
            return Err(item.found("three arguments of a tree", arguments.len().to_string()));
        };
        let n_features = n_features.count()?;
        if i32::try_from(n_features).is_err() {
            return Err(item.found("at most 2147483647 features", n_features.to_string()));
        }
        let classes = n_classes.array()?.as_i64_vec().map_err(n_classes.at())?;
        let counts = classes.iter().map(|count| usize::try_from(*count).ok().filter(|n| *n > 0));
        let Some(n_classes) = counts.collect::<Option<Vec<usize>>>() else {
            return Err(n_classes.found("numbers of classes", format!("{classes:?}")));
        };
        if n_outputs.count()? != n_classes.len() || n_classes.is_empty() {
            let found = format!("{} numbers of classes", n_classes.len());
            return Err(n_outputs.found("as many outputs as numbers of classes", found));
        }
        let count = tree.attribute("node_count")?.count()?;
        let nodes = tree.attribute("nodes")?.array()?;
        let values_item = tree.attribute("values")?;
        let values = values_item.array()?;
        if nodes.shape() != [count] || count == 0 || u32::try_from(count).is_err() {
            let found = format!("{count} nodes in an array of shape {:?}", nodes.shape());
            return Err(item.found("at least one node, and an array of all nodes", found));
        }
        let most = n_classes.iter().copied().max().unwrap_or(0);
        let shape = [count, n_classes.len(), most];
        if values.shape() != shape {
            let found = format!("{:?}", values.shape());
            return Err(values_item.found(format!("values of shape {shape:?}"), found));
        }
        let has_missing = nodes.field("missing_go_to_left").is_ok();
        let max_depth = tree.attribute("max_depth")?.integer()?;
        let node_bytes = nodes.bytes().len().max(count.saturating_mul(NODE_BYTES));
        item.charge_bytes(node_bytes.saturating_add(values.bytes().len()))?;
        Ok(Tree {
            item: item.clone(),
            nodes,
            values,
            count,
            n_features,
            n_classes,
            max_depth,
            has_missing,
        })
    }

    /// The refusal of a node: where it lies in the file, what was expected, what was found.
    pub fn refuse_node(&self, node: usize, expected: String, found: String) -> ReadError {
        let size = self.nodes.dtype().item_size;
        let offset = match self.nodes.data() {
            Data::Borrowed { start, .. } => start.saturating_add(node.saturating_mul(size)),
            _ => self.item.offset(),
        };
        let path = format!("{}, node {node}", self.item.shown_path());
        ReadError::Value { path, offset, expected, found }
    }

    /// The error for values that are not what they have to be.
    pub fn refuse_value(&self, node: usize, expected: &str, found: &[f64]) -> ReadError {
        self.refuse_node(node, expected.to_owned(), format!("{found:?}"))
    }

    /// Gives each node's values: those of all outputs one after the other, with what fills up the
    /// outputs that have fewer classes than others.
    pub fn for_each_value(&self, give: &mut GiveValues<'_>) -> Result<(), ReadError> {
        let width = self.values.shape().iter().skip(1).product::<usize>().max(1);
        let dtype = self.values.dtype();
        let plain = dtype.kind == Kind::Float
            && dtype.item_size == 8
            && dtype.byte_order == ByteOrder::Little
            && self.values.is_c_order();
        if plain {
            let mut row = vec![0.0; width];
            let rows = self.values.bytes().chunks_exact(width.saturating_mul(8));
            for (node, bytes) in rows.enumerate() {
                for (value, bytes) in row.iter_mut().zip(bytes.as_chunks().0) {
                    *value = f64::from_le_bytes(*bytes);
                }
                give(node, &row)?;
            }
            return Ok(());
        }
        let values = self.values.as_f64_vec().map_err(self.item.at())?;
        values.chunks_exact(width).enumerate().try_for_each(|(node, row)| give(node, row))
    }

    /// The nodes as records of eight little-endian numbers of eight bytes: borrowed where they are
    /// that but for their places, else converted.
    fn records(&self) -> Result<Records<'_>, ReadError> {
        let mut offsets = [0; 8];
        let mut plain = self.nodes.is_c_order();
        for (offset, (name, kind)) in offsets.iter_mut().zip(FIELDS) {
            if *name == MISSING && !self.has_missing {
                continue;
            }
            let field = self.nodes.field(name).map_err(self.item.at())?;
            let size = if *name == MISSING { 1 } else { 8 };
            let order = if *name == MISSING { ByteOrder::None } else { ByteOrder::Little };
            let same = field.dtype.kind == *kind && field.dtype.item_size == size;
            plain &= same && field.dtype.byte_order == order;
            *offset = field.offset;
        }
        if plain {
            let size = self.nodes.dtype().item_size.max(1);
            return Ok(Records { bytes: self.nodes.bytes().into(), size, offsets });
        }
        const SIZE: usize = 8 * 8;
        let mut bytes = vec![0u8; self.count.saturating_mul(SIZE)];
        for (index, (name, kind)) in FIELDS.iter().enumerate() {
            let wrong = self.item.at();
            let numbers: Vec<[u8; 8]> = match kind {
                _ if *name == MISSING && !self.has_missing => continue,
                Kind::Float => {
                    let column = self.nodes.column::<f64>(name).map_err(wrong)?;
                    column.into_iter().map(f64::to_le_bytes).collect()
                }
                _ => {
                    let column = self.nodes.column::<i64>(name).map_err(wrong)?;
                    column.into_iter().map(i64::to_le_bytes).collect()
                }
            };
            for (record, number) in bytes.chunks_exact_mut(SIZE).zip(numbers) {
                let start = index.saturating_mul(8);
                if let Some(target) = record.get_mut(start..start.saturating_add(8)) {
                    target.copy_from_slice(&number);
                }
            }
        }
        Ok(Records { bytes: bytes.into(), size: SIZE, offsets: [0, 8, 16, 24, 32, 40, 48, 56] })
    }
}

const MISSING: &str = "missing_go_to_left";

/// The fields of a node, in the order of [`Records`].
const FIELDS: &[(&str, Kind)] = &[
    ("left_child", Kind::Int),
    ("right_child", Kind::Int),
    ("feature", Kind::Int),
    ("threshold", Kind::Float),
    ("impurity", Kind::Float),
    ("n_node_samples", Kind::Int),
    ("weighted_n_node_samples", Kind::Float),
    (MISSING, Kind::Uint),
];

struct Records<'d> {
    bytes: std::borrow::Cow<'d, [u8]>,
    size: usize,
    offsets: [usize; 8],
}

/// A column that is filled tree by tree.
pub(super) struct Column<T> {
    arena: Arena,
    at: usize,
    element: std::marker::PhantomData<T>,
}

impl<T: Element> Column<T> {
    pub fn new(count: usize, item: &Item<'_>) -> Result<Self, ReadError> {
        let bytes = count.saturating_mul(size_of::<T>());
        let arena = Arena::zeroed(bytes, item.source.pages).map_err(|source| ReadError::Array {
            path: item.shown_path(),
            source: source.into(),
        })?;
        Ok(Column { arena, at: 0, element: std::marker::PhantomData })
    }

    /// The next `count` places.
    pub fn next(&mut self, count: usize) -> &mut [T] {
        let start = self.at;
        self.at = start.saturating_add(count);
        let all: &mut [T] =
            bytemuck::try_cast_slice_mut(self.arena.as_mut_slice()).unwrap_or_default();
        all.get_mut(start..self.at).unwrap_or_default()
    }

    pub fn into_array(self, shape: &[usize], item: &Item<'_>) -> Result<Array, ReadError> {
        self.into_array_of(T::DTYPE, shape, item)
    }

    pub fn into_array_of(
        self,
        dtype: DType,
        shape: &[usize],
        item: &Item<'_>,
    ) -> Result<Array, ReadError> {
        let range = 0..self.arena.len();
        Array::from_storage(dtype, shape, self.arena.into(), range)
            .map_err(|source| ReadError::Array { path: item.shown_path(), source })
    }
}

/// The columns of all trees, but for the values.
pub(super) struct Columns {
    pub offsets: Vec<u64>,
    pub feature: Column<i32>,
    pub threshold: Column<f64>,
    pub left: Column<u32>,
    pub right: Column<u32>,
    pub missing_left: Column<u8>,
    pub impurity: Column<f64>,
    pub samples: Column<i64>,
    pub weighted: Column<f64>,
    /// Whether any node sends missing values to the left.
    pub any_left: bool,
}

impl Columns {
    /// Copies the nodes of all trees.
    pub fn read(trees: &[Tree<'_>], item: &Item<'_>) -> Result<Self, ReadError> {
        let nodes = trees.iter().map(|tree| tree.count).fold(0usize, usize::saturating_add);
        let mut columns = Columns {
            offsets: vec![0],
            feature: Column::new(nodes, item)?,
            threshold: Column::new(nodes, item)?,
            left: Column::new(nodes, item)?,
            right: Column::new(nodes, item)?,
            missing_left: Column::new(nodes, item)?,
            impurity: Column::new(nodes, item)?,
            samples: Column::new(nodes, item)?,
            weighted: Column::new(nodes, item)?,
            any_left: false,
        };
        let mut end = 0u64;
        for tree in trees {
            columns.copy(tree)?;
            end = end.saturating_add(tree.count as u64);
            columns.offsets.push(end);
        }
        Ok(columns)
    }

    fn copy(&mut self, tree: &Tree<'_>) -> Result<(), ReadError> {
        let records = tree.records()?;
        let [left, right, feature, threshold, impurity, samples, weighted, missing] =
            records.offsets;
        let count = tree.count;
        let targets = self.feature.next(count).iter_mut();
        let targets = targets.zip(self.threshold.next(count));
        let targets = targets.zip(self.left.next(count)).zip(self.right.next(count));
        let targets = targets.zip(self.missing_left.next(count));
        let targets = targets.zip(self.impurity.next(count)).zip(self.samples.next(count));
        let targets = targets.zip(self.weighted.next(count));
        let elements = records.bytes.chunks_exact(records.size).enumerate();
        let mut any_left = false;
        for ((node, bytes), targets) in elements.zip(targets) {
            let (
                (
                    (((((to_feature, to_threshold), to_left), to_right), to_missing), to_impurity),
                    to_samples,
                ),
                to_weighted,
            ) = targets;
            let integer = |offset: usize| i64::from_le_bytes(eight(bytes, offset));
            let float = |offset: usize| f64::from_le_bytes(eight(bytes, offset));
            *to_threshold = float(threshold);
            *to_impurity = float(impurity);
            *to_samples = integer(samples);
            *to_weighted = float(weighted);
            let (left, right, feature) = (integer(left), integer(right), integer(feature));
            if left == NO_CHILD && right == NO_CHILD {
                *to_feature = -1;
                continue;
            }
            let inside = |child: i64| child > node as i64 && child < count as i64;
            let known = feature >= 0 && feature < tree.n_features as i64;
            // The middle between inf and what is missing is NaN: nothing is less, so all that is not
            // missing goes right.
            let nowhere = to_threshold.is_nan() && !tree.has_missing;
            if !(inside(left) && inside(right) && known) || nowhere {
                return Err(refusal(tree, node, (left, right, feature), *to_threshold));
            }
            // Compared with counts that fit them before.
            *to_feature = feature as i32;
            *to_left = left as u32;
            *to_right = right as u32;
            if tree.has_missing {
                let goes_left = bytes.get(missing).is_some_and(|byte| *byte != 0);
                any_left |= goes_left;
                *to_missing = u8::from(goes_left);
            }
        }
        self.any_left |= any_left;
        Ok(())
    }
}

/// Eight bytes at an offset that lies in every element.
#[inline]
fn eight(bytes: &[u8], offset: usize) -> [u8; 8] {
    let eight = bytes.get(offset..).and_then(|bytes| bytes.first_chunk());
    eight.copied().unwrap_or_default()
}

/// What is wrong with a node.
#[cold]
fn refusal(
    tree: &Tree<'_>,
    node: usize,
    (left, right, feature): (i64, i64, i64),
    threshold: f64,
) -> ReadError {
    let count = tree.count;
    let inside = |child: i64| child > node as i64 && child < count as i64;
    for (name, child) in [("left", left), ("right", right)] {
        if !inside(child) {
            let expected =
                format!("a {name} child after {node} and before {count}, or none on both sides");
            return tree.refuse_node(node, expected, child.to_string());
        }
    }
    if threshold.is_nan() {
        return tree.refuse_node(node, "a threshold".to_owned(), "nan".to_owned());
    }
    let expected = format!("a feature below {}", tree.n_features);
    tree.refuse_node(node, expected, feature.to_string())
}
