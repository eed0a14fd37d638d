//! Encoders of categories: `sklearn/preprocessing/_encoders.py`, `_label.py`.

use super::Estimator;
use super::categories::{
    CategoryList, Cell, category_lists, cell, cells, dtype_name, is_wide_integer,
    require_searchable,
};
use super::error::ReadError;
use super::item::Item;
use super::registry::Class;
use super::version::Version;
use crate::base::Parameters;

const PACKAGE: &str = "sklearn.preprocessing";

pub(super) const CLASSES: &[Class] = &[
    (PACKAGE, "OneHotEncoder", one_hot),
    (PACKAGE, "OrdinalEncoder", ordinal),
    (PACKAGE, "LabelEncoder", label),
];

/// Up to this version `drop` is looked at, later what fitting made of it.
const DROPS_BY_OPTION: Version = Version(1, 2, 0);

fn label(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("label_encoder");
    let item = estimator.attribute("classes_")?;
    let classes = item.labels()?;
    require_searchable(estimator, &item, &classes)?;
    estimator.put(&mut parameters, "classes", "classes_", classes)?;
    Ok(parameters)
}

/// Puts what each feature has under numbered names, and how missing values are encoded.
fn put_categories(
    estimator: &Estimator<'_>,
    parameters: &mut Parameters,
    lists: &[CategoryList],
) -> Result<(), ReadError> {
    for (index, list) in lists.iter().enumerate() {
        let name = format!("categories.{index}");
        parameters.insert(name, list.array.clone()).map_err(|e| estimator.wrong(e))?;
    }
    let missing = lists.iter().map(|list| list.missing.map_or(-1, |place| place as i64));
    put_integers(estimator, parameters, "missing", missing.collect())
}

fn put_integers(
    estimator: &Estimator<'_>,
    parameters: &mut Parameters,
    name: impl Into<String>,
    values: Vec<i64>,
) -> Result<(), ReadError> {
    let shape = [values.len()];
    let array = estimator.item().from_vec(values, &shape)?;
    parameters.insert(name, array).map_err(|e| estimator.wrong(e))
}

/// For each category the group it belongs to, where rare ones share one.
struct Groups {
    of_category: Vec<usize>,
    /// The group of rare categories, the last one.
    rare: Option<usize>,
    count: usize,
}

/// The groups of every feature; since 1.1 rare categories may share one. `without_missing` says
/// that the category of missing values has no group (ordinal codes).
fn groups(
    estimator: &Estimator<'_>,
    lists: &[CategoryList],
    missing: &[Option<usize>],
) -> Result<Vec<Groups>, ReadError> {
    let enabled = estimator.boolean_or("_infrequent_enabled", false)?;
    let mappings = match enabled {
        true => Some(estimator.attribute("_default_to_infrequent_mappings")?.list()?),
        false => None,
    };
    if let Some(mappings) = &mappings
        && mappings.len() != lists.len()
    {
        let found = format!("{}", mappings.len());
        let item = estimator.attribute("_default_to_infrequent_mappings")?;
        return Err(item.found(format!("{} mappings, one a feature", lists.len()), found));
    }
    let mut result = Vec::with_capacity(lists.len());
    for (feature, list) in lists.iter().enumerate() {
        let missing = missing.get(feature).copied().flatten();
        let count = list.array.element_count() - usize::from(missing.is_some());
        let mapping = mappings.as_ref().and_then(|mappings| mappings.get(feature));
        result.push(match mapping.filter(|mapping| !mapping.is_none()) {
            None => Groups { of_category: (0..count).collect(), rare: None, count },
            Some(mapping) => groups_of(mapping, count)?,
        });
    }
    Ok(result)
}

fn groups_of(mapping: &Item<'_>, count: usize) -> Result<Groups, ReadError> {
    let array = mapping.integers(1)?;
    let wrong = |source| ReadError::Array { path: mapping.shown_path(), source };
    let groups = array.as_slice::<i64>().map_err(wrong)?;
    let group = |group: &i64| usize::try_from(*group).ok().filter(|group| *group < count.max(1));
    let of_category: Option<Vec<usize>> = groups.iter().map(group).collect();
    match of_category {
        Some(of_category) if of_category.len() == count => {
            let rare = of_category.iter().copied().max();
            let groups = rare.map_or(0, |last| last.saturating_add(1));
            Ok(Groups { of_category, rare, count: groups })
        }
        _ => {
            let found = format!("{} groups", groups.len());
            Err(mapping.found(format!("a group for each of {count} categories"), found))
        }
    }
}

/// The dropped group of every feature.
fn dropped(estimator: &Estimator<'_>, features: usize) -> Result<Vec<Option<usize>>, ReadError> {
    // Since 1.2 `drop_idx_` counts categories, and this counts groups.
    let attribute = match estimator.get("_drop_idx_after_grouping") {
        Some(item) => Some(item),
        None => estimator.get("drop_idx_"),
    };
    // Before 1.2 the option decides whether anything is dropped.
    if let (Some(item), None) = (&attribute, estimator.given("drop"))
        && !item.is_none()
        && estimator.version("whether categories are dropped")? < DROPS_BY_OPTION
    {
        return Err(item.found("None, as no category is dropped", "places of categories"));
    }
    let Some(item) = attribute.filter(|item| !item.is_none()) else {
        return match estimator.given("drop") {
            // Fitted estimators that drop say what.
            Some(_) => Err(estimator.attribute("drop_idx_").err().unwrap_or_else(|| {
                estimator.refuse("drop", estimator.shown("drop"), "with drop_idx_")
            })),
            None => Ok(vec![None; features]),
        };
    };
    let dropped = |cell: Cell| match cell {
        Cell::None => Ok(None),
        Cell::Number(number) if number >= 0.0 && number.fract() == 0.0 && number < 1e15 => {
            Ok(Some(number as usize))
        }
        other => Err(item.found("places of categories, or None", format!("{other:?}"))),
    };
    let found = cells(&item)?.into_iter().map(dropped).collect::<Result<Vec<_>, _>>()?;
    match found.len() == features {
        true => Ok(found),
        false => {
            let found = format!("{}", found.len());
            Err(item.found(format!("{features} places, one a feature"), found))
        }
    }
}

fn one_hot(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    if estimator.boolean_or("_legacy_mode", false)? {
        return super::legacy_encoding::one_hot(estimator);
    }
    let mut parameters = estimator.parameters("one_hot_encoder");
    let lists = category_lists(estimator)?;
    let groups = groups(estimator, &lists, &[])?;
    let dropped = dropped(estimator, lists.len())?;
    let handle = estimator.text_or("handle_unknown", "error")?;
    let (handle_unknown, unknown_is_rare) = match handle.as_str() {
        "error" => ("error", false),
        "ignore" => ("ignore", false),
        "infrequent_if_exist" | "warn" => ("ignore", true),
        _ => {
            let supported = "error, ignore, infrequent_if_exist, warn";
            return Err(estimator.refuse("handle_unknown", handle, supported));
        }
    };
    put_categories(estimator, &mut parameters, &lists)?;
    let (mut widths, mut unknown) = (Vec::new(), Vec::new());
    for (feature, (groups, dropped)) in groups.iter().zip(dropped).enumerate() {
        let column = |group: usize| match dropped {
            Some(dropped) if group == dropped => -1,
            Some(dropped) if group > dropped => group as i64 - 1,
            _ => group as i64,
        };
        let columns = groups.of_category.iter().map(|group| column(*group)).collect();
        put_integers(estimator, &mut parameters, format!("columns.{feature}"), columns)?;
        let fewer = usize::from(dropped.is_some());
        widths.push(groups.count.saturating_sub(fewer) as i64);
        let rare = groups.rare.filter(|_| unknown_is_rare);
        unknown.push(rare.map_or(-1, column));
    }
    check_widths(estimator, &widths)?;
    put_integers(estimator, &mut parameters, "widths", widths)?;
    put_integers(estimator, &mut parameters, "unknown", unknown)?;
    parameters.set("handle_unknown", handle_unknown);
    Ok(parameters)
}

/// What the library counted itself, where it did.
fn check_widths(estimator: &Estimator<'_>, widths: &[i64]) -> Result<(), ReadError> {
    let Some(item) = estimator.given("_n_features_outs") else { return Ok(()) };
    let found = item.list()?.iter().map(Item::integer).collect::<Result<Vec<_>, _>>()?;
    match found == widths {
        true => Ok(()),
        false => Err(item.found(format!("{widths:?} columns"), format!("{found:?}"))),
    }
}

/// The category of missing values of every feature, since 1.0.
fn missing_indices(
    estimator: &Estimator<'_>,
    features: usize,
) -> Result<Vec<Option<usize>>, ReadError> {
    let mut result = vec![None; features];
    let Some(item) = estimator.given("_missing_indices") else { return Ok(result) };
    for (feature, place) in item.entries()? {
        match result.get_mut(feature.count()?) {
            Some(missing) => *missing = Some(place.count()?),
            None => return Err(feature.expected(format!("a feature below {features}"))),
        }
    }
    Ok(result)
}

fn ordinal(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("ordinal_encoder");
    let lists = category_lists(estimator)?;
    let missing = missing_indices(estimator, lists.len())?;
    let groups = groups(estimator, &lists, &missing)?;
    let dtype = dtype_name(estimator)?;
    let round = match dtype.as_str() {
        "float64" => |value: f64| value,
        "float32" => |value: f64| f64::from(value as f32),
        integer if is_wide_integer(integer) => |value: f64| value.trunc(),
        _ => return Err(estimator.refuse("dtype", dtype, "float64, float32, int64, int32")),
    };
    // Before 1.1 missing values stayed missing.
    let missing_code = match estimator.given("encoded_missing_value") {
        None => f64::NAN,
        Some(item) => match cell(&item)? {
            Cell::Number(number) => number,
            _ => return Err(item.expected("a number")),
        },
    };
    put_categories(estimator, &mut parameters, &lists)?;
    for (feature, (groups, missing)) in groups.iter().zip(missing).enumerate() {
        let mut codes: Vec<f64> = groups.of_category.iter().map(|group| *group as f64).collect();
        if let Some(place) = missing {
            if place > codes.len() {
                let item = estimator.attribute("_missing_indices")?;
                return Err(item.found("places of categories", place.to_string()));
            }
            codes.insert(place, missing_code);
        }
        let codes: Vec<f64> = codes.into_iter().map(round).collect();
        let shape = [codes.len()];
        let codes = estimator.item().from_vec(codes, &shape)?;
        let name = format!("codes.{feature}");
        parameters.insert(name, codes).map_err(|e| estimator.wrong(e))?;
    }
    let handle = estimator.text_or("handle_unknown", "error")?;
    match handle.as_str() {
        "error" => parameters.set("handle_unknown", "error"),
        "use_encoded_value" => {
            let value = estimator.attribute("unknown_value")?.float()?;
            parameters.set("handle_unknown", "value");
            parameters.set("unknown_value", round(value));
        }
        _ => return Err(estimator.refuse("handle_unknown", handle, "error, use_encoded_value")),
    }
    Ok(parameters)
}
