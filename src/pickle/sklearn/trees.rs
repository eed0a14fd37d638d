//! Decision trees and forests: `sklearn/tree/_classes.py`, `sklearn/ensemble/_forest.py`.

use super::ATTRIBUTES_KEY;
use super::error::ReadError;
use super::estimator::{Estimator, Kept};
use super::item::Item;
use super::members;
use super::registry::Class;
use super::tree_nodes::{Column, Columns, Tree};
use super::tree_values;
use super::version::Version;
use crate::base::{Array, DType, Metadata, Parameters, Value};
use crate::pickle::Node;

const TREE: &str = "sklearn.tree";
const ENSEMBLE: &str = "sklearn.ensemble";
/// Since this version labels of several outputs keep their type.
const TYPED_LABELS: Version = Version(0, 21, 0);

pub(super) const CLASSES: &[Class] = &[
    (TREE, "DecisionTreeClassifier", |e| tree(e, "decision_tree_classifier")),
    (TREE, "ExtraTreeClassifier", |e| tree(e, "decision_tree_classifier")),
    (TREE, "DecisionTreeRegressor", |e| tree(e, "decision_tree_regressor")),
    (TREE, "ExtraTreeRegressor", |e| tree(e, "decision_tree_regressor")),
    (ENSEMBLE, "RandomForestClassifier", |e| forest(e, "random_forest_classifier")),
    (ENSEMBLE, "ExtraTreesClassifier", |e| forest(e, "random_forest_classifier")),
    (ENSEMBLE, "RandomForestRegressor", |e| forest(e, "random_forest_regressor")),
    (ENSEMBLE, "ExtraTreesRegressor", |e| forest(e, "random_forest_regressor")),
];

fn tree(estimator: &Estimator<'_>, kind: &'static str) -> Result<Parameters, ReadError> {
    let item = estimator.attribute("tree_")?;
    let trees = [Tree::read(&item)?];
    let mut kept = Metadata::new();
    kept.insert("type".into(), "tree".into());
    let learned = accepts_missing(estimator)?;
    let mut parameters = assemble(estimator, kind, &trees, learned, "tree_", &mut kept)?;
    let of_tree = |tree: &Tree<'_>| Value::Integer(tree.max_depth);
    kept.insert("max_depth".into(), trees.first().map_or(Value::Null, of_tree));
    estimator.keep("tree_", Kept::Value(kept.into()));
    outputs(estimator, &trees, &mut parameters)?;
    Ok(parameters)
}

fn forest(estimator: &Estimator<'_>, kind: &'static str) -> Result<Parameters, ReadError> {
    let list = estimator.attribute("estimators_")?;
    let members = list.list()?;
    let suffix = if kind.ends_with("classifier") { "Classifier" } else { "Regressor" };
    let trees = read_members(&list, &members, suffix)?;
    let learned = match members.first() {
        // Forests ask their first tree, since 1.4.
        Some(first) if estimator.version("whether NaN is accepted")? >= Version(1, 4, 0) => {
            accepts_missing(&first.object()?)?
        }
        _ => false,
    };
    let mut kept = Metadata::new();
    let mut parameters = assemble(estimator, kind, &trees, learned, "estimators_", &mut kept)?;
    let attributes = members::keep("estimators_", &members, &["tree_"], &mut parameters)?;
    keep_members(estimator, "estimators_", attributes, kept);
    outputs(estimator, &trees, &mut parameters)?;
    Ok(parameters)
}

/// The trees of the estimators in a list.
pub(super) fn read_members<'d>(
    list: &Item<'d>,
    members: &[Item<'d>],
    suffix: &str,
) -> Result<Vec<Tree<'d>>, ReadError> {
    let mut trees: Vec<Tree<'d>> = Vec::with_capacity(members.len());
    for member in members {
        let estimator = member.object()?;
        let name = estimator.class_name().strip_suffix(suffix);
        if !matches!(name, Some("DecisionTree" | "ExtraTree"))
            || !estimator.module().starts_with(TREE)
        {
            return Err(estimator.not_supported());
        }
        let tree = Tree::read(&estimator.attribute("tree_")?)?;
        if let Some(first) = trees.first()
            && (first.n_features, &first.n_classes) != (tree.n_features, &tree.n_classes)
        {
            let shape = |tree: &Tree<'_>| {
                format!("{} features and {:?} classes", tree.n_features, tree.n_classes)
            };
            return Err(member.found(shape(first), shape(&tree)));
        }
        trees.push(tree);
    }
    match trees.is_empty() {
        true => Err(list.found("at least one tree", "none")),
        false => Ok(trees),
    }
}

/// Notes that the estimators of an attribute are kept as columns and what they share.
pub(super) fn keep_members(
    estimator: &Estimator<'_>,
    attribute: &str,
    attributes: Value,
    columns: Metadata,
) {
    let value = match attributes {
        Value::Map(mut map) => {
            map.extend(columns);
            Value::Map(map)
        }
        other => other,
    };
    estimator.keep(attribute, Kept::Value(value));
}

/// Labels of each output, or a check that the numbers of outputs agree.
fn outputs(
    estimator: &Estimator<'_>,
    trees: &[Tree<'_>],
    parameters: &mut Parameters,
) -> Result<(), ReadError> {
    let Some(first) = trees.first() else { return Ok(()) };
    let counts = &first.n_classes;
    if parameters.kind().ends_with("regressor") {
        return match counts.iter().all(|count| *count == 1) {
            true => Ok(()),
            false => Err(estimator.item().found("one value an output", format!("{counts:?}"))),
        };
    }
    let item = estimator.attribute("classes_")?;
    let mismatch = |found: usize, expected: usize| {
        item.found(format!("{expected} classes, as its trees have"), found.to_string())
    };
    if let Some(item) = estimator.given("n_classes_") {
        let told = match item.value() {
            Node::List(_) => item.list()?.iter().map(Item::integer).collect::<Result<_, _>>()?,
            _ if item.is_array() => item.array()?.as_i64_vec().map_err(item.at())?,
            _ => vec![item.integer()?],
        };
        if !told.iter().copied().eq(counts.iter().map(|count| *count as i64)) {
            let found = format!("{told:?}");
            return Err(item.found(format!("{counts:?}, as its trees have"), found));
        }
    }
    if item.is_array() {
        let labels = item.labels()?;
        return match counts.as_slice() {
            [count] if labels.element_count() == *count => {
                estimator.put(parameters, "classes", "classes_", labels)
            }
            _ => Err(mismatch(labels.element_count(), counts.first().copied().unwrap_or(0))),
        };
    }
    let lists = item.list()?;
    if lists.len() != counts.len() || counts.len() < 2 {
        return Err(
            item.found(format!("{} lists of classes", counts.len()), lists.len().to_string())
        );
    }
    for (index, (list, count)) in lists.iter().zip(counts).enumerate() {
        let labels = list.labels()?;
        if labels.element_count() != *count {
            return Err(mismatch(labels.element_count(), *count));
        }
        // `predict` of several outputs made floats of all numbers before 0.21.
        let labels = match labels.dtype() {
            DType::I64 | DType::Bool if estimator.version("the type of labels")? < TYPED_LABELS => {
                list.as_float_labels()?
            }
            _ => labels,
        };
        let inserted = parameters.insert(format!("classes.{index}"), labels);
        inserted.map_err(|source| estimator.wrong(source))?;
    }
    Ok(())
}

/// Whether `predict` takes NaN (`_support_missing_values` and the tags of each class, compared with
/// what each version does).
fn accepts_missing(tree: &Estimator<'_>) -> Result<bool, ReadError> {
    let version = tree.version("whether NaN is accepted")?;
    let splitter = tree.text_or("splitter", "best")?;
    let extra = tree.class_name().starts_with("Extra");
    if version < Version(1, 3, 0) {
        return Ok(false);
    }
    if version >= Version(1, 9, 0) {
        return Ok(!extra || splitter == "random");
    }
    const CRITERIA: [&str; 6] =
        ["gini", "log_loss", "entropy", "squared_error", "friedman_mse", "poisson"];
    let plain = tree.given("monotonic_cst").is_none()
        && CRITERIA.contains(&tree.text_or("criterion", "")?.as_str());
    Ok(plain
        && match (version >= Version(1, 6, 0), extra) {
            (true, true) => splitter == "random",
            (true, false) => splitter == "random" || splitter == "best",
            (false, _) => splitter == "best",
        })
}

/// The columns of trees as parameters of a kind, and what else the trees hold beside them under the
/// name of the attribute; `kept` says where that is.
fn assemble(
    estimator: &Estimator<'_>,
    kind: &'static str,
    trees: &[Tree<'_>],
    learned: bool,
    attribute: &str,
    kept: &mut Metadata,
) -> Result<Parameters, ReadError> {
    let item = estimator.item();
    let mut assembly = Assembly::new(estimator, kind, trees, attribute)?;
    assembly.structure(learned)?;
    let Some(first) = trees.first() else { return Ok(assembly.parameters) };
    let n_classes = first.n_classes.as_slice();
    if kind.ends_with("classifier") {
        let version = estimator.version("the meaning of the values at the nodes")?;
        let fractions = tree_values::fractions(trees, n_classes, version, item)?;
        let shape = [assembly.nodes, fractions.width];
        let value = fractions.value.into_array(&shape, item)?;
        assembly.insert("value", value)?;
        if fractions.decided_otherwise && kind.starts_with("decision_tree") {
            let decided = tree_values::decided(trees, n_classes, item)?;
            let decided = decided.into_array(&[assembly.nodes, n_classes.len()], item)?;
            assembly.insert("decided", decided)?;
        }
        if fractions.counts_are_lost {
            let counts = tree_values::plain(trees, n_classes, item)?;
            assembly.beside("counts", counts.into_array(&shape, item)?)?;
        }
        assembly.parameters.set("aggregation", "mean_probability");
    } else {
        let value = tree_values::plain(trees, n_classes, item)?;
        let value = value.into_array(&[assembly.nodes, n_classes.len()], item)?;
        assembly.insert("value", value)?;
    }
    assembly.rest(kept)
}

/// Parameters of trees in the making.
pub(super) struct Assembly<'a, 'd> {
    estimator: &'a Estimator<'d>,
    trees: &'a [Tree<'d>],
    attribute: &'a str,
    columns: Option<Columns>,
    /// What was put beside the arrays of the kind: fields by the names of their arrays.
    fields: Metadata,
    pub parameters: Parameters,
    pub nodes: usize,
}

impl<'a, 'd> Assembly<'a, 'd> {
    pub fn new(
        estimator: &'a Estimator<'d>,
        kind: &'static str,
        trees: &'a [Tree<'d>],
        attribute: &'a str,
    ) -> Result<Self, ReadError> {
        let columns = Columns::read(trees, estimator.item())?;
        let nodes = trees.iter().map(|tree| tree.count).fold(0usize, usize::saturating_add);
        Ok(Assembly {
            estimator,
            trees,
            attribute,
            columns: Some(columns),
            fields: Metadata::new(),
            parameters: estimator.parameters(kind),
            nodes,
        })
    }

    pub fn insert(&mut self, name: &str, array: Array) -> Result<(), ReadError> {
        self.parameters.insert(name, array).map_err(|source| self.estimator.wrong(source))
    }

    /// An array that the kind does not name.
    pub fn beside(&mut self, field: &str, array: Array) -> Result<(), ReadError> {
        let name = format!("{ATTRIBUTES_KEY}.{}.{field}", self.attribute);
        self.insert(&name, array)?;
        self.fields.insert(field.to_owned(), name.into());
        Ok(())
    }

    /// The arrays that every kind of tree has, and its entries.
    pub fn structure(&mut self, learned: bool) -> Result<(), ReadError> {
        let Some(columns) = self.columns.take() else { return Ok(()) };
        let item = self.estimator.item();
        let nodes = [self.nodes];
        let trees = columns.offsets.len();
        self.insert("tree_offsets", item.from_vec(columns.offsets, &[trees])?)?;
        self.insert("feature", columns.feature.into_array(&nodes, item)?)?;
        self.insert("threshold", columns.threshold.into_array(&nodes, item)?)?;
        self.insert("left", columns.left.into_array(&nodes, item)?)?;
        self.insert("right", columns.right.into_array(&nodes, item)?)?;
        let missing_left = |column: Column<u8>| column.into_array_of(DType::Bool, &nodes, item);
        if learned {
            self.insert("missing_left", missing_left(columns.missing_left)?)?;
        } else if columns.any_left {
            self.beside("missing_go_to_left", missing_left(columns.missing_left)?)?;
        }
        self.beside("impurity", columns.impurity.into_array(&nodes, item)?)?;
        self.beside("n_node_samples", columns.samples.into_array(&nodes, item)?)?;
        self.beside("weighted_n_node_samples", columns.weighted.into_array(&nodes, item)?)?;
        let features = self.trees.first().map_or(0, |tree| tree.n_features);
        self.parameters.set("comparator", "less_or_equal");
        self.parameters.set("input_cast", "f32");
        self.parameters.set("missing", if learned { "learned" } else { "refused" });
        self.parameters.set("n_features", features as i64);
        Ok(())
    }

    /// The parameters, and where the fields are that the kind does not name.
    pub fn rest(mut self, kept: &mut Metadata) -> Result<Parameters, ReadError> {
        if self.trees.len() > 1 {
            let depths: Vec<i64> = self.trees.iter().map(|tree| tree.max_depth).collect();
            let depths = self.estimator.item().from_vec(depths, &[self.trees.len()])?;
            self.beside("max_depth", depths)?;
        }
        kept.insert("nodes".into(), self.fields.into());
        Ok(self.parameters)
    }
}
