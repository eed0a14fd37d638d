//! The nodes of trees over histograms, as columns.

use super::ATTRIBUTES_KEY;
use super::error::ReadError;
use super::item::Item;
use crate::base::{Array, Metadata, Parameters};
use crate::pickle::numpy::{NumpyArray, array::Data};

/// Words of a set of categories.
const WORDS: usize = 8;

/// A tree as the file has it.
pub(super) struct Predictor<'d> {
    item: Item<'d>,
    pub class: String,
    nodes: NumpyArray<'d>,
    /// Sets of categories that go left, and the same in codes of bins; since 0.24.
    sets: Option<(Vec<u32>, Vec<u32>)>,
}

/// What the columns have for a node at least, also where its dtype says that it has no bytes.
const NODE_BYTES: usize = 32;

impl<'d> Predictor<'d> {
    pub fn read(item: &Item<'d>) -> Result<Self, ReadError> {
        let predictor = item.object()?;
        if predictor.class_name() != "TreePredictor"
            || !predictor.module().starts_with("sklearn.ensemble")
        {
            return Err(predictor.not_supported());
        }
        let nodes_item = predictor.attribute("nodes")?;
        let nodes = nodes_item.array()?;
        if !matches!(nodes.shape(), [count] if *count > 0) {
            let found = format!("{:?}", nodes.shape());
            return Err(nodes_item.found("nodes in one dimension", found));
        }
        let least = nodes.element_count().saturating_mul(NODE_BYTES);
        item.charge_bytes(nodes.bytes().len().max(least).saturating_mul(2))?;
        let sets = |name: &str| -> Result<Option<Vec<u32>>, ReadError> {
            let Some(item) = predictor.given(name) else { return Ok(None) };
            let array = item.array()?;
            if !matches!(array.shape(), [_, WORDS]) {
                return Err(item.found("rows of 8 words", format!("{:?}", array.shape())));
            }
            item.charge_bytes(array.bytes().len())?;
            let words = array.as_i64_vec().map_err(item.at())?;
            let words: Result<Vec<u32>, _> = words.into_iter().map(u32::try_from).collect();
            words.map(Some).map_err(|_| item.expected("words of 32 bits"))
        };
        let sets = match (sets("raw_left_cat_bitsets")?, sets("binned_left_cat_bitsets")?) {
            (Some(raw), Some(binned)) => Some((raw, binned)),
            (None, None) => None,
            _ => return Err(item.expected("sets of categories, and the same of bins")),
        };
        Ok(Predictor { item: item.clone(), class: predictor.class(), nodes, sets })
    }

    fn has(&self, field: &str) -> bool {
        self.nodes.field(field).is_ok()
    }

    fn refuse_node(&self, node: usize, expected: String, found: String) -> ReadError {
        let size = self.nodes.dtype().item_size;
        let offset = match self.nodes.data() {
            Data::Borrowed { start, .. } => start.saturating_add(node.saturating_mul(size)),
            _ => self.item.offset(),
        };
        let path = format!("{}, node {node}", self.item.shown_path());
        ReadError::Value { path, offset, expected, found }
    }
}

/// The columns of all trees.
#[derive(Default)]
pub(super) struct Columns {
    offsets: Vec<u64>,
    feature: Vec<i32>,
    threshold: Vec<f64>,
    left: Vec<u32>,
    right: Vec<u32>,
    value: Vec<f64>,
    missing_left: Vec<u8>,
    category_set: Vec<i32>,
    left_categories: Vec<u32>,
    binned_left_categories: Vec<u32>,
    count: Vec<u32>,
    gain: Vec<f64>,
    depth: Vec<u32>,
    bin_threshold: Vec<u8>,
    has_missing: bool,
    pub has_categories: bool,
}

/// The fields that decide, of one tree; used again for the next.
#[derive(Default)]
struct Scratch {
    feature: Vec<i64>,
    left: Vec<u32>,
    right: Vec<u32>,
    is_leaf: Vec<u8>,
    threshold: Vec<f64>,
    is_categorical: Vec<u8>,
    set: Vec<u32>,
}

impl Scratch {
    fn read(&mut self, tree: &Predictor<'_>) -> Result<(), ReadError> {
        let at = tree.item.at();
        let nodes = &tree.nodes;
        self.feature.clear();
        self.left.clear();
        self.right.clear();
        self.is_leaf.clear();
        self.threshold.clear();
        self.is_categorical.clear();
        self.set.clear();
        let threshold = if tree.has("num_threshold") { "num_threshold" } else { "threshold" };
        nodes.extend_column("feature_idx", &mut self.feature).map_err(&at)?;
        nodes.extend_column("left", &mut self.left).map_err(&at)?;
        nodes.extend_column("right", &mut self.right).map_err(&at)?;
        nodes.extend_column("is_leaf", &mut self.is_leaf).map_err(&at)?;
        nodes.extend_column(threshold, &mut self.threshold).map_err(&at)?;
        if tree.has("is_categorical") {
            nodes.extend_column("is_categorical", &mut self.is_categorical).map_err(&at)?;
            nodes.extend_column("bitset_idx", &mut self.set).map_err(&at)?;
        } else {
            self.is_categorical.resize(self.feature.len(), 0);
            self.set.resize(self.feature.len(), 0);
        }
        Ok(())
    }
}

impl Columns {
    /// Copies the nodes of all trees; `categories` says that some column holds categories.
    pub fn read(
        trees: &[Predictor<'_>],
        n_features: usize,
        categories: bool,
        item: &Item<'_>,
    ) -> Result<Self, ReadError> {
        if i32::try_from(n_features).is_err() {
            return Err(item.found("at most 2147483647 features", n_features.to_string()));
        }
        let has_missing = trees.iter().all(|tree| tree.has("missing_go_to_left"));
        let mut columns = Columns { offsets: vec![0], has_missing, ..Columns::default() };
        let mut scratch = Scratch::default();
        for tree in trees {
            scratch.read(tree)?;
            columns.copy(tree, &scratch, n_features, categories)?;
            columns.offsets.push(columns.feature.len() as u64);
        }
        columns.has_categories = columns.category_set.iter().any(|set| *set >= 0);
        Ok(columns)
    }

    fn copy(
        &mut self,
        tree: &Predictor<'_>,
        scratch: &Scratch,
        n_features: usize,
        categories: bool,
    ) -> Result<(), ReadError> {
        let (at, nodes) = (tree.item.at(), &tree.nodes);
        nodes.extend_column("value", &mut self.value).map_err(&at)?;
        nodes.extend_column("count", &mut self.count).map_err(&at)?;
        nodes.extend_column("gain", &mut self.gain).map_err(&at)?;
        nodes.extend_column("depth", &mut self.depth).map_err(&at)?;
        nodes.extend_column("bin_threshold", &mut self.bin_threshold).map_err(&at)?;
        if self.has_missing {
            nodes.extend_column("missing_go_to_left", &mut self.missing_left).map_err(&at)?;
        }
        let sets_before = self.left_categories.len() / WORDS;
        let sets = tree.sets.as_ref().map_or(0, |(raw, _)| raw.len() / WORDS);
        if let Some((raw, binned)) = &tree.sets {
            self.left_categories.extend(raw);
            self.binned_left_categories.extend(binned);
        }
        let count = scratch.feature.len();
        let fields = scratch.feature.iter().zip(&scratch.left).zip(&scratch.right);
        let fields = fields.zip(&scratch.is_leaf).zip(&scratch.threshold);
        let fields = fields.zip(scratch.is_categorical.iter().zip(&scratch.set));
        for (node, (((((feature, left), right), is_leaf), threshold), (is_categorical, set))) in
            fields.enumerate()
        {
            if *is_leaf != 0 {
                self.push((-1, 0, 0), *threshold, -1);
                continue;
            }
            for (name, child) in [("left", *left), ("right", *right)] {
                if child as usize <= node || child as usize >= count {
                    let expected = format!("a {name} child after {node} and before {count}");
                    return Err(tree.refuse_node(node, expected, child.to_string()));
                }
            }
            let known = usize::try_from(*feature).ok().filter(|feature| *feature < n_features);
            let Some(feature) = known.and_then(|feature| i32::try_from(feature).ok()) else {
                let expected = format!("a feature below {n_features}");
                return Err(tree.refuse_node(node, expected, feature.to_string()));
            };
            if *is_categorical == 0 {
                if threshold.is_nan() {
                    let expected = "a threshold".to_owned();
                    return Err(tree.refuse_node(node, expected, "nan".to_owned()));
                }
                self.push((feature, *left, *right), *threshold, -1);
                continue;
            }
            let of_all = sets_before.saturating_add(*set as usize);
            let row = i32::try_from(of_all).ok().filter(|_| (*set as usize) < sets && categories);
            let Some(row) = row else {
                let expected = format!("a set of categories below {sets}");
                return Err(tree.refuse_node(node, expected, set.to_string()));
            };
            self.push((feature, *left, *right), *threshold, row);
        }
        Ok(())
    }

    /// A node. Thresholds that decide nothing may be no numbers.
    fn push(&mut self, (feature, left, right): (i32, u32, u32), threshold: f64, set: i32) {
        let idle = feature == -1 || set >= 0;
        self.feature.push(feature);
        self.left.push(left);
        self.right.push(right);
        self.threshold.push(if idle && threshold.is_nan() { 0.0 } else { threshold });
        self.category_set.push(set);
    }

    /// Puts all columns into the parameters; `fields` gets the names of those that the kind does
    /// not name.
    pub fn put(
        self,
        item: &Item<'_>,
        parameters: &mut Parameters,
        fields: &mut Metadata,
    ) -> Result<(), ReadError> {
        let nodes = [self.feature.len()];
        let trees = [self.offsets.len()];
        let rows = |words: &[u32]| [words.len() / WORDS, WORDS];
        let mut insert = |name: &str, array: Array| {
            let path = item.shown_path();
            parameters.insert(name, array).map_err(|source| ReadError::Parameters { path, source })
        };
        insert("tree_offsets", item.from_vec(self.offsets, &trees)?)?;
        insert("feature", item.from_vec(self.feature, &nodes)?)?;
        insert("threshold", item.from_vec(self.threshold, &nodes)?)?;
        insert("left", item.from_vec(self.left, &nodes)?)?;
        insert("right", item.from_vec(self.right, &nodes)?)?;
        if self.has_missing {
            let flags: Vec<bool> = self.missing_left.iter().map(|flag| *flag != 0).collect();
            let flags = Array::from_bools(&flags, &nodes);
            let path = item.shown_path();
            insert("missing_left", flags.map_err(|source| ReadError::Array { path, source })?)?;
        }
        insert("value", item.from_vec(self.value, &nodes)?)?;
        if self.has_categories {
            insert("category_set", item.from_vec(self.category_set, &nodes)?)?;
            let shape = rows(&self.left_categories);
            insert("left_categories", item.from_vec(self.left_categories, &shape)?)?;
        }
        let mut beside = |field: &str, array: Array| {
            let name = format!("{ATTRIBUTES_KEY}._predictors.{field}");
            fields.insert(field.to_owned(), name.as_str().into());
            insert(&name, array)
        };
        beside("count", item.from_vec(self.count, &nodes)?)?;
        beside("gain", item.from_vec(self.gain, &nodes)?)?;
        beside("depth", item.from_vec(self.depth, &nodes)?)?;
        beside("bin_threshold", item.from_vec(self.bin_threshold, &nodes)?)?;
        if self.has_categories {
            let shape = rows(&self.binned_left_categories);
            beside("binned_left_categories", item.from_vec(self.binned_left_categories, &shape)?)?;
        }
        let missing = if self.has_missing { "learned" } else { "refused" };
        parameters.set("missing", missing);
        Ok(())
    }
}
