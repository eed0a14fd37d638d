//! Gradient boosting over histograms: `sklearn/ensemble/_hist_gradient_boosting/`.
//!
//! A tree is a structured array of nodes, packed and unaligned, of 46 bytes in 0.21 to 56 in 1.3:
//! `threshold` became `num_threshold`, missing values came with 0.22, categories with 0.24. Nodes are
//! compared with what was asked for, in double precision.

use super::categories::category_lists;
use super::error::ReadError;
use super::estimator::{Estimator, Kept};
use super::histogram_nodes::{Columns, Predictor};
use super::item::Item;
use super::loss;
use super::registry::Class;
use super::version::Version;
use crate::base::{Array, DType, Metadata, Parameters, Value};

const ENSEMBLE: &str = "sklearn.ensemble";

pub(super) const CLASSES: &[Class] = &[
    (ENSEMBLE, "HistGradientBoostingClassifier", classifier),
    (ENSEMBLE, "HistGradientBoostingRegressor", regressor),
];

/// Since this version the class is chosen by the sums.
const SUMS_DECIDE_SINCE: Version = Version(1, 5, 0);
/// Since this version negative categories are missing values; before, they wrapped around.
const NEGATIVE_IS_MISSING_SINCE: Version = Version(1, 2, 0);
/// Words of a set of categories.
const WORDS: usize = 8;

fn classifier(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    const LOSSES: [&str; 4] =
        ["auto", "log_loss", "binary_crossentropy", "categorical_crossentropy"];
    loss::named(estimator, &LOSSES)?;
    let version = estimator.version("how the class is chosen")?;
    let item = estimator.attribute("classes_")?;
    let labels = item.labels()?;
    let classes = labels.element_count();
    if classes < 2 {
        return Err(item.found("at least two classes", classes.to_string()));
    }
    let sums = if classes == 2 { 1 } else { classes };
    let mut parameters = sum(estimator, "hist_gradient_boosting_classifier", sums)?;
    estimator.put(&mut parameters, "classes", "classes_", labels)?;
    parameters.set("link", if sums == 1 { "logistic" } else { "softmax" });
    parameters.set(
        "decision",
        match sums {
            _ if version < SUMS_DECIDE_SINCE => "probability",
            1 => "positive",
            _ => "largest",
        },
    );
    Ok(parameters)
}

fn regressor(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    const LOGARITHMIC: [&str; 2] = ["poisson", "gamma"];
    const LOSSES: [&str; 7] = [
        "squared_error",
        "least_squares",
        "absolute_error",
        "least_absolute_deviation",
        "quantile",
        "poisson",
        "gamma",
    ];
    let loss = loss::named(estimator, &LOSSES)?;
    let mut parameters = sum(estimator, "hist_gradient_boosting_regressor", 1)?;
    let log = LOGARITHMIC.contains(&loss.as_str());
    parameters.set("link", if log { "log" } else { "identity" });
    Ok(parameters)
}

/// Trees, where their sums begin, and the categories.
fn sum(
    estimator: &Estimator<'_>,
    kind: &'static str,
    sums: usize,
) -> Result<Parameters, ReadError> {
    let predictors = predictors(estimator, sums)?;
    let n_features =
        estimator.any_of(&["n_features_in_", "n_features_", "_n_features"])?.count()?;
    let mapper = estimator.any_of(&["_bin_mapper", "bin_mapper_"])?.object()?;
    let known = known_categories(&mapper, n_features)?;
    let item = estimator.item();
    let columns = Columns::read(&predictors, n_features, known.is_some(), item)?;
    let mut parameters = estimator.parameters(kind);
    let mut fields = Metadata::new();
    let categorical = columns.has_categories;
    columns.put(item, &mut parameters, &mut fields)?;
    let baseline = baseline(estimator, sums)?;
    let wrong = |source| estimator.wrong(source);
    parameters.insert("baseline", baseline).map_err(wrong)?;
    let encoded = encoder(estimator, n_features, &mut parameters)?;
    if categorical || encoded {
        if categorical {
            let version = estimator.version("what negative categories mean")?;
            let missing = version >= NEGATIVE_IS_MISSING_SINCE;
            parameters.set("negative_categories", if missing { "missing" } else { "wrapped" });
        }
        let known = known.unwrap_or_else(|| vec![0; n_features.saturating_mul(WORDS)]);
        let known = item.from_vec(known, &[n_features, WORDS])?;
        parameters.insert("known_categories", known).map_err(wrong)?;
    }
    parameters.set("n_features", n_features as i64);
    let mut kept = Metadata::new();
    kept.insert("type".into(), "predictors".into());
    let class = predictors.first().map(|predictor| predictor.class.clone()).unwrap_or_default();
    kept.insert("class".into(), class.into());
    kept.insert("count".into(), Value::Integer(predictors.len() as i64));
    kept.insert("nodes".into(), fields.into());
    estimator.keep("_predictors", Kept::Value(kept.into()));
    Ok(parameters)
}

/// The trees of all iterations in order.
fn predictors<'d>(estimator: &Estimator<'d>, sums: usize) -> Result<Vec<Predictor<'d>>, ReadError> {
    let iterations = estimator.attribute("_predictors")?;
    let mut predictors = Vec::new();
    for iteration in iterations.list()? {
        let members = iteration.list()?;
        if members.len() != sums {
            let expected = format!("{sums} trees, one for each sum");
            return Err(iteration.found(expected, members.len().to_string()));
        }
        for member in &members {
            predictors.push(Predictor::read(member)?);
        }
    }
    match predictors.is_empty() {
        true => Err(iterations.found("at least one iteration", "none")),
        false => Ok(predictors),
    }
}

/// A number for each sum: one number, a column of them, or since 1.1 a row.
fn baseline(estimator: &Estimator<'_>, sums: usize) -> Result<Array, ReadError> {
    let item = estimator.attribute("_baseline_prediction")?;
    let values = match item.is_array() {
        true => item.array()?.as_f64_vec().map_err(item.at())?,
        false => vec![item.float()?],
    };
    if values.len() != sums {
        let expected = format!("{sums} values to begin with");
        return Err(item.found(expected, values.len().to_string()));
    }
    item.from_vec(values, &[sums])
}

/// The categories that the training met, as sets of bits, one for each column; `None` where no
/// column holds categories.
fn known_categories(
    mapper: &Estimator<'_>,
    n_features: usize,
) -> Result<Option<Vec<u32>>, ReadError> {
    let Some(flags) = mapper.given("is_categorical_") else { return Ok(None) };
    let categorical = flags.array()?.as_i64_vec().map_err(flags.at())?;
    let thresholds = mapper.attribute("bin_thresholds_")?;
    let lists = thresholds.list()?;
    if categorical.len() != n_features || lists.len() != n_features {
        let found = format!("{} and {}", categorical.len(), lists.len());
        return Err(flags.found(format!("flags and thresholds of {n_features} features"), found));
    }
    if categorical.iter().all(|flag| *flag == 0) {
        return Ok(None);
    }
    let mut sets = vec![0u32; n_features.saturating_mul(WORDS)];
    for ((flag, list), words) in categorical.iter().zip(&lists).zip(sets.chunks_exact_mut(WORDS)) {
        if *flag == 0 {
            continue;
        }
        for category in list.array()?.as_i64_vec().map_err(list.at())? {
            let word = usize::try_from(category / 32).ok().filter(|_| category >= 0);
            match word.and_then(|word| words.get_mut(word)) {
                Some(word) => *word |= 1 << (category % 32),
                None => return Err(list.found("categories from 0 to 255", category.to_string())),
            }
        }
    }
    Ok(Some(sets))
}

/// Since 1.4 an encoder inside makes codes of categories and puts their columns first. True when
/// there is one.
fn encoder(
    estimator: &Estimator<'_>,
    n_features: usize,
    parameters: &mut Parameters,
) -> Result<bool, ReadError> {
    let Some(preprocessor) = estimator.given("_preprocessor") else { return Ok(false) };
    let flags = estimator.attribute("is_categorical_")?;
    let array = flags.array()?;
    if array.neutral_dtype() != Some(DType::Bool) || array.shape() != [n_features] {
        let found = format!("{} of shape {:?}", array.dtype().notation(), array.shape());
        return Err(flags.found(format!("{n_features} truth values"), found));
    }
    let flags = array.as_i64_vec().map_err(flags.at())?;
    let columns: Vec<i64> =
        (0i64..).zip(&flags).filter(|(_, flag)| **flag != 0).map(|(column, _)| column).collect();
    let encoder = inner_encoder(&preprocessor)?;
    let lists = category_lists(&encoder)?;
    if lists.len() != columns.len() {
        let expected = format!("categories of {} columns", columns.len());
        return Err(encoder.item().found(expected, lists.len().to_string()));
    }
    let item = estimator.item();
    let wrong = |source| estimator.wrong(source);
    let count = columns.len();
    let columns = item.from_vec(columns, &[count])?;
    parameters.insert("categorical_columns", columns).map_err(wrong)?;
    for (index, list) in lists.into_iter().enumerate() {
        let array = match list.missing {
            None => list.array,
            // What is missing has no code: it stays missing, as what is not known.
            Some(missing) => without(&list.array, missing, item)?,
        };
        parameters.insert(format!("categories.{index}"), array).map_err(wrong)?;
    }
    Ok(true)
}

/// The encoder of categories: the first of two steps side by side, fitted.
fn inner_encoder<'d>(preprocessor: &Item<'d>) -> Result<Estimator<'d>, ReadError> {
    let transformer = preprocessor.object()?;
    if transformer.class_name() != "ColumnTransformer" {
        return Err(transformer.not_supported());
    }
    let list = transformer.attribute("transformers_")?;
    let steps = list.list()?;
    let unexpected = || list.found("an encoder and the numbers behind it", "others");
    let mut encoder = None;
    for (index, step) in steps.iter().enumerate() {
        let [name, step, _] = &step.list()?[..] else { return Err(unexpected()) };
        match (index, name.text()?.as_str()) {
            (0, "encoder") => encoder = Some(step.object()?),
            (1, "numerical") | (_, "remainder") => {}
            _ => return Err(unexpected()),
        }
    }
    let encoder = encoder.ok_or_else(unexpected)?;
    let known = encoder.text_or("handle_unknown", "")? == "use_encoded_value"
        && encoder.float_or("unknown_value", 0.0)?.is_nan()
        && encoder.float_or("encoded_missing_value", 0.0)?.is_nan()
        && encoder.given("max_categories").is_none()
        && encoder.given("min_frequency").is_none();
    match (encoder.class_name(), known) {
        ("OrdinalEncoder", true) => Ok(encoder),
        _ => Err(encoder
            .item()
            .found("an encoder that makes NaN of what it does not know", "another")),
    }
}

/// Categories without the one that stands for what is missing, which is the last.
fn without(categories: &Array, missing: usize, item: &Item<'_>) -> Result<Array, ReadError> {
    let count = categories.element_count();
    if missing.saturating_add(1) != count {
        return Err(item.found("what is missing behind all categories", format!("at {missing}")));
    }
    let wrong = |source| ReadError::Array { path: item.shown_path(), source };
    if categories.dtype() == DType::Text {
        let texts = categories.texts().map_err(wrong)?;
        let texts = texts.get(..missing).unwrap_or_default();
        return Array::from_texts(texts, &[missing]).map_err(wrong);
    }
    let numbers: &[f64] = categories.as_slice().map_err(wrong)?;
    item.from_vec(numbers.get(..missing).unwrap_or_default().to_vec(), &[missing])
}
