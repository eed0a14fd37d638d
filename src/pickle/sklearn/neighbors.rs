//! Nearest neighbours: `sklearn/neighbors/_base.py`, `_classification.py`, `_regression.py`,
//! `_binary_tree.pxi.tp`.

use super::Estimator;
use super::error::ReadError;
use super::item::Item;
use super::registry::Class;
use super::version::Version;
use crate::base::{Array, DType, Parameters};

const PACKAGE: &str = "sklearn.neighbors";

pub(super) const CLASSES: &[Class] =
    &[(PACKAGE, "KNeighborsClassifier", classifier), (PACKAGE, "KNeighborsRegressor", regressor)];

/// Since this version rows of float64 are searched with a heap; before, and for others, with
/// numpy's `argpartition`.
const HEAP: Version = Version(1, 1, 0);
/// Since this version sparse rows are too.
const SPARSE_HEAP: Version = Version(1, 2, 0);
/// Since this version they are not any more where distances are Euclidean.
const SPARSE_EUCLIDEAN_PARTITION: Version = Version(1, 4, 1);

fn classifier(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("k_neighbors_classifier");
    search(estimator, &mut parameters)?;
    let labels = estimator.attribute("_y")?;
    let classes = estimator.attribute("classes_")?;
    if classes.is_array() {
        estimator.put(&mut parameters, "labels", "_y", labels.integers(1)?)?;
        estimator.put(&mut parameters, "classes", "classes_", classes.labels()?)?;
        return Ok(parameters);
    }
    let classes = classes.list()?;
    let labels = labels.integers(2)?;
    let columns = columns_of(&estimator.attribute("_y")?, &labels, classes.len())?;
    for (index, (labels, classes)) in columns.into_iter().zip(&classes).enumerate() {
        let wrong = |source| estimator.wrong(source);
        parameters.insert(format!("labels.{index}"), labels).map_err(wrong)?;
        parameters.insert(format!("classes.{index}"), classes.labels()?).map_err(wrong)?;
    }
    Ok(parameters)
}

fn columns_of(item: &Item<'_>, labels: &Array, outputs: usize) -> Result<Vec<Array>, ReadError> {
    let (rows, columns) = match labels.shape() {
        [rows, columns] if *columns == outputs && outputs > 0 => (*rows, *columns),
        shape => {
            let found = format!("shape {shape:?}");
            return Err(item.found(format!("a column for each of {outputs} outputs"), found));
        }
    };
    let path = || item.path().to_owned();
    let values =
        labels.as_slice::<i64>().map_err(|source| ReadError::Array { path: path(), source })?;
    let column = |column: usize| {
        let values: Vec<i64> = values.iter().skip(column).step_by(columns).copied().collect();
        item.from_vec(values, &[rows])
    };
    (0..columns).map(column).collect()
}

fn regressor(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("k_neighbors_regressor");
    search(estimator, &mut parameters)?;
    let item = estimator.attribute("_y")?;
    let found = item.array()?;
    let single = matches!(found.neutral_dtype(), Some(DType::F32 | DType::F16));
    if single && parameters.text("weights").is_ok_and(|weights| weights == "uniform") {
        // numpy takes their mean in that precision, in an order of its own.
        let found = found.dtype().notation();
        return Err(estimator.refuse("dtype of y", found, "float64 and whole numbers"));
    }
    let targets = match found.shape() {
        [rows] => {
            let targets = item.floats(1)?.reshaped(&[*rows, 1]);
            let path = item.path().to_owned();
            targets.map_err(|source| ReadError::Array { path, source })?
        }
        _ => item.floats(2)?,
    };
    estimator.put(&mut parameters, "targets", "_y", targets)?;
    Ok(parameters)
}

/// The data and how it is searched.
fn search(estimator: &Estimator<'_>, parameters: &mut Parameters) -> Result<(), ReadError> {
    let data = estimator.attribute("_fit_X")?;
    let (sparse, matrix) = (data.is_sparse(), data.matrix()?);
    let single = !sparse && data.array()?.neutral_dtype() != Some(DType::F64);
    estimator.put(parameters, "data", "_fit_X", matrix)?;
    let neighbors = estimator.attribute("n_neighbors")?.integer()?;
    parameters.set("n_neighbors", neighbors);
    let weights = match estimator.given("weights") {
        None => "uniform".to_owned(),
        Some(item) => item.text().unwrap_or_else(|_| estimator.shown("weights")),
    };
    if !["uniform", "distance"].contains(&weights.as_str()) {
        return Err(estimator.refuse("weights", weights, "uniform, distance"));
    }
    parameters.set("weights", weights);
    let metric = metric(estimator, parameters)?;
    let method = estimator.attribute("_fit_method")?.text()?;
    match method.as_str() {
        "kd_tree" | "ball_tree" => {
            tree(estimator, parameters)?;
            parameters.set("search", method);
        }
        "brute" => {
            let version = estimator.version("which of equally near rows are taken")?;
            let since = if sparse { SPARSE_HEAP } else { HEAP };
            let given_up = sparse && metric == "euclidean" && version >= SPARSE_EUCLIDEAN_PARTITION;
            let heap = version >= since && !given_up && !single && metric != "cosine";
            // Since 1.2 the distances of sparse rows are taken in one walk over both, which goes
            // wrong where columns are not sorted: what it then gives depends on the order of the
            // columns in the rows that are asked about, and nobody but the writer has that.
            if heap && metric != "euclidean" && !data.has_sorted_rows()? {
                let found = format!("{metric} on sparse rows whose columns are not sorted");
                return Err(estimator.refuse("metric", found, "euclidean, or sorted columns"));
            }
            if single && metric == "euclidean" && estimator.text_or("weights", "")? == "distance" {
                // Which of its ways to sum squares numpy takes depends on its version.
                let found = "distance on rows of single precision";
                return Err(estimator.refuse("weights", found, "uniform, or rows of float64"));
            }
            parameters.set("search", if heap { "heap" } else { "partition" });
            if metric == "euclidean" {
                let fused = if heap && !sparse { "fused_products" } else { "products" };
                parameters.set("metric", format!("euclidean_by_{fused}"));
                if sparse {
                    let inserted = parameters.insert("square_lengths", data.square_lengths()?);
                    inserted.map_err(|source| estimator.wrong(source))?;
                }
            }
        }
        _ => {
            return Err(estimator.refuse("_fit_method", method, "brute, kd_tree, ball_tree"));
        }
    }
    Ok(())
}

/// The metric by the name and the options that it was fitted with.
fn metric(
    estimator: &Estimator<'_>,
    parameters: &mut Parameters,
) -> Result<&'static str, ReadError> {
    const SUPPORTED: &str = "euclidean, manhattan, chebyshev, minkowski, cosine";
    let Ok(found) = estimator.attribute("effective_metric_")?.text() else {
        return Err(estimator.refuse("metric", estimator.shown("metric"), SUPPORTED));
    };
    let metric = match found.as_str() {
        "euclidean" | "l2" => "euclidean",
        "manhattan" | "l1" | "cityblock" => "manhattan",
        "chebyshev" | "infinity" => "chebyshev",
        "minkowski" => "minkowski",
        "cosine" => "cosine",
        _ => return Err(estimator.refuse("metric", found, SUPPORTED)),
    };
    for (key, value) in estimator.attribute("effective_metric_params_")?.entries()? {
        match key.text()?.as_str() {
            "p" if metric == "minkowski" => parameters.set("p", value.float()?),
            "w" if value.is_none() => {}
            option => {
                let option = format!("metric_params[{option:?}]");
                return Err(estimator.refuse(&option, "a value", "p of minkowski"));
            }
        }
    }
    if metric == "minkowski" && parameters.float("p").is_err() {
        return Err(estimator.refuse("metric_params", "without p", "p of minkowski"));
    }
    check_options(estimator, metric, parameters)?;
    parameters.set("metric", metric);
    Ok(metric)
}

/// The options must say what was fitted: since 1.3 some versions predict by the option and others by
/// what was made of it, so one that was changed after fitting has two meanings.
fn check_options(
    estimator: &Estimator<'_>,
    metric: &str,
    parameters: &Parameters,
) -> Result<(), ReadError> {
    let option = estimator.attribute("metric")?.text().unwrap_or_default();
    let power = estimator.float_or("p", 2.0)?;
    let said = match option.as_str() {
        "l2" => "euclidean",
        "l1" | "cityblock" => "manhattan",
        "infinity" => "chebyshev",
        // A p among metric_params goes before the option; it is compared below.
        "minkowski" if estimator.given("metric_params").is_some() => metric,
        "minkowski" if power == 1.0 => "manhattan",
        "minkowski" if power == 2.0 => "euclidean",
        "minkowski" if power == f64::INFINITY => "chebyshev",
        said => said,
    };
    let same_power = metric != "minkowski"
        || estimator.given("metric_params").is_some()
        || parameters.float("p").is_ok_and(|fitted| fitted == power);
    if said == metric && same_power {
        return Ok(());
    }
    let found = format!("{option} (p={power}), fitted with {metric}");
    Err(estimator.refuse("metric", found, "what it was fitted with"))
}

/// The state of a KDTree or BallTree: data, order, nodes, bounds, and counts that say the same.
fn tree(estimator: &Estimator<'_>, parameters: &mut Parameters) -> Result<(), ReadError> {
    let item = estimator.attribute("_tree")?;
    let tree = item.object()?;
    let state = tree.state().ok_or_else(|| item.expected("a search tree with its state"))?;
    let members = state.list()?;
    let [data, order, nodes, bounds, ..] = members.as_slice() else {
        return Err(state.expected("data, order, nodes and bounds of a search tree"));
    };
    let mut insert = |name: &str, array: Array| {
        parameters.insert(name, array).map_err(|source| estimator.wrong(source))
    };
    insert("tree_order", order.integers(1)?)?;
    let columns = nodes.array()?;
    let length = [columns.element_count()];
    for (name, field) in
        [("tree_first", "idx_start"), ("tree_last", "idx_end"), ("tree_leaf", "is_leaf")]
    {
        let values = columns.column::<i64>(field).map_err(nodes.at())?;
        insert(name, nodes.from_vec(values, &length)?)?;
    }
    let radius = columns.column::<f64>("radius").map_err(nodes.at())?;
    insert("tree_radius", nodes.from_vec(radius, &length)?)?;
    insert("tree_bounds", bounds.floats(3)?)?;
    // The tree has the data once more; it is what `_fit_X` says, or the file was tampered with.
    let same = match parameters.get("data") {
        Some(known) => known.bits_equal(&data.floats(2)?),
        None => false,
    };
    if same { Ok(()) } else { Err(data.found("the data of _fit_X", "other data")) }
}
