//! Imputers: `sklearn/impute/_base.py`.

use super::Estimator;
use super::categories::{Cell, cell, cells};
use super::error::ReadError;
use super::registry::Class;
use super::version::Version;
use crate::base::{Array, Parameters};

pub(super) const CLASSES: &[Class] = &[("sklearn.impute", "SimpleImputer", simple)];

/// Since then features in which nothing was seen are left out under `constant` as well.
const CONSTANT_DROPS: Version = Version(1, 8, 0);

fn simple(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("simple_imputer");
    let strategy = estimator.attribute("strategy")?;
    let strategy = match strategy.text() {
        Ok(strategy) => strategy,
        Err(_) => "a function".to_owned(),
    };
    const STRATEGIES: &[&str] = &["mean", "median", "most_frequent", "constant"];
    if !STRATEGIES.contains(&strategy.as_str()) {
        return Err(estimator.refuse("strategy", strategy, STRATEGIES.join(", ")));
    }
    let missing = estimator.attribute("missing_values")?;
    match cell(&missing)? {
        Cell::None => parameters.set("missing", "absent"),
        Cell::Number(number) if number.is_nan() => parameters.set("missing", "absent"),
        Cell::Number(number) => {
            parameters.set("missing", "number");
            parameters.set("missing_number", number);
        }
        Cell::Text(text) => {
            parameters.set("missing", "text");
            parameters.set("missing_text", text);
        }
    }
    let statistics = estimator.attribute("statistics_")?;
    let cells = cells(&statistics)?;
    let is_empty = |cell: &Cell| matches!(cell, Cell::Number(number) if number.is_nan());
    let keeps_all = estimator.boolean_or("keep_empty_features", false)?
        || (strategy == "constant"
            && cells.iter().any(is_empty)
            && estimator.version("which features are left out")? < CONSTANT_DROPS);
    let kept: Vec<bool> = cells.iter().map(|cell| keeps_all || !is_empty(cell)).collect();
    put_statistics(estimator, &mut parameters, &cells)?;
    let as_array = |source| ReadError::Array { path: statistics.shown_path(), source };
    let kept = Array::from_bools(&kept, &[kept.len()]).map_err(as_array)?;
    parameters.insert("kept", kept).map_err(|e| estimator.wrong(e))?;
    if estimator.boolean_or("add_indicator", false)? {
        let indicator = estimator.attribute("indicator_")?.object()?;
        let features = indicator.attribute("features_")?.integers(1)?;
        parameters.insert("indicator", features).map_err(|e| estimator.wrong(e))?;
    }
    Ok(parameters)
}

fn put_statistics(
    estimator: &Estimator<'_>,
    parameters: &mut Parameters,
    cells: &[Cell],
) -> Result<(), ReadError> {
    let item = estimator.attribute("statistics_")?;
    // Since 1.8 they are brought to the type of the data before they are used.
    let fill_type = match estimator.given("_fill_dtype") {
        Some(dtype) => item.source.document.dtype(dtype.node()).map_err(dtype.at())?.notation(),
        None => String::new(),
    };
    let round = |number: f64| match fill_type.trim_start_matches(['<', '>', '=', '|']) {
        "f4" => f64::from(number as f32),
        other if other.starts_with(['i', 'u']) && !number.is_nan() => number.trunc(),
        _ => number,
    };
    let numbers = cells.iter().map(|cell| match cell {
        Cell::Number(number) => Ok(round(*number)),
        Cell::Text(_) => Ok(f64::NAN),
        Cell::None => Err(item.found("numbers and texts", "None")),
    });
    let numbers = numbers.collect::<Result<Vec<f64>, _>>()?;
    let shape = [cells.len()];
    let wrong = |source| estimator.wrong(source);
    let numbers = item.from_vec(numbers, &shape)?;
    estimator.put(parameters, "statistics", "statistics_", numbers)?;
    if cells.iter().any(|cell| matches!(cell, Cell::Text(_))) {
        let texts: Vec<&str> = cells
            .iter()
            .map(|cell| match cell {
                Cell::Text(text) => text.as_str(),
                _ => "",
            })
            .collect();
        let is_text: Vec<bool> = cells.iter().map(|c| matches!(c, Cell::Text(_))).collect();
        let as_array = |source| ReadError::Array { path: item.shown_path(), source };
        let texts = Array::from_texts(&texts, &shape).map_err(as_array)?;
        let is_text = Array::from_bools(&is_text, &shape).map_err(as_array)?;
        parameters.insert("text_statistics", texts).map_err(wrong)?;
        parameters.insert("is_text", is_text).map_err(wrong)?;
    }
    Ok(())
}
