//! What encoders, imputers and vectorizers read alike: lists of numbers or texts in which something
//! may be missing, and types by name.

use super::Estimator;
use super::error::ReadError;
use super::item::Item;
use super::version::Version;
use super::way::Step;
use crate::base::{Array, DType};
use crate::pickle::numpy::Scalar;
use crate::pickle::{Node, NodeId};

/// One value of an object array.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    None,
    Number(f64),
    Text(String),
}

/// A value that is None, a number, a truth value or a text.
pub(super) fn cell(item: &Item<'_>) -> Result<Cell, ReadError> {
    if item.is_none() {
        return Ok(Cell::None);
    }
    match item.scalar()? {
        Scalar::Text(text) => Ok(Cell::Text(text)),
        scalar => {
            let number = scalar.as_f64();
            number.map(Cell::Number).ok_or_else(|| item.expected("a number that a float holds"))
        }
    }
}

/// The values of an array of one dimension.
pub(super) fn cells(item: &Item<'_>) -> Result<Vec<Cell>, ReadError> {
    let array = item.array()?;
    if array.shape().len() != 1 {
        let found = format!("shape {:?}", array.shape());
        return Err(item.found("an array of one dimension", found));
    }
    if let Some(elements) = array.elements() {
        item.charge_work(elements.len())?;
        let (below, elements) = (item.below(), elements.iter().enumerate());
        return elements.map(|(i, node)| cell(&below.at(Step::Index(i), *node))).collect();
    }
    let array = match array.neutral_dtype() {
        Some(DType::Text) => item.to_array()?,
        _ => item.floats(1)?,
    };
    let wrong = |source| ReadError::Array { path: item.shown_path(), source };
    match array.dtype() {
        DType::Text => {
            let texts = array.texts().map_err(wrong)?;
            Ok(texts.into_iter().map(|text| Cell::Text(text.to_owned())).collect())
        }
        _ => Ok(array.as_slice().map_err(wrong)?.iter().copied().map(Cell::Number).collect()),
    }
}

/// The categories of a feature.
pub(super) struct CategoryList {
    /// Numbers or texts.
    pub array: Array,
    /// Which of them stands for missing values.
    pub missing: Option<usize>,
}

/// The lists of `categories_`.
pub(super) fn category_lists(estimator: &Estimator<'_>) -> Result<Vec<CategoryList>, ReadError> {
    let lists = estimator.attribute("categories_")?;
    let mut found = Vec::new();
    for item in lists.list()? {
        let list = category_list(&item)?;
        require_searchable(estimator, &item, &list.array)?;
        found.push(list);
    }
    Ok(found)
}

/// Since this version texts of any dtype are looked up in a dict; before, those of numpy's own in
/// sorted order.
const TEXTS_BY_DICT: Version = Version(0, 24, 0);

/// scikit-learn finds numbers by binary search, so it finds others than these where they are not
/// sorted. Objects are looked up in a dict, in whatever order.
pub(super) fn require_searchable(
    estimator: &Estimator<'_>,
    item: &Item<'_>,
    values: &Array,
) -> Result<(), ReadError> {
    let objects = !item.is_array() || item.array()?.elements().is_some();
    let sorted = match values.dtype() {
        _ if objects => true,
        DType::F64 => values.as_slice::<f64>().is_ok_and(|values| {
            // Missing values come last.
            values.is_sorted_by(|a, b| a < b || (b.is_nan() && !a.is_nan()))
        }),
        DType::I64 => {
            values.as_slice::<i64>().is_ok_and(|values| values.is_sorted_by(|a, b| a < b))
        }
        DType::Text if estimator.version("how texts are looked up")? < TEXTS_BY_DICT => {
            values.texts().is_ok_and(|texts| texts.is_sorted_by(|a, b| a < b))
        }
        _ => true,
    };
    match sorted {
        true => Ok(()),
        false => Err(item.found("rising values, each once", "others")),
    }
}

fn category_list(item: &Item<'_>) -> Result<CategoryList, ReadError> {
    let cells = cells(item)?;
    let is_missing = |cell: &Cell| match cell {
        Cell::None => true,
        Cell::Number(number) => number.is_nan(),
        Cell::Text(_) => false,
    };
    let mut absent = cells.iter().enumerate().filter(|(_, cell)| is_missing(cell));
    let missing = absent.next().map(|(index, _)| index);
    if absent.next().is_some() {
        let expected = "one category for missing values";
        return Err(item.found(expected, "None and nan, which input files cannot tell apart"));
    }
    let text = cells.iter().any(|cell| matches!(cell, Cell::Text(_)));
    let number = cells.iter().any(|c| matches!(c, Cell::Number(value) if !value.is_nan()));
    let array = match (text, number) {
        (true, true) => {
            return Err(item.found("categories that are all texts or all numbers", "both"));
        }
        (true, false) => {
            let texts = cells.iter().map(|cell| match cell {
                Cell::Text(text) => text.as_str(),
                _ => "",
            });
            let texts: Vec<&str> = texts.collect();
            Array::from_texts(&texts, &[texts.len()])
                .map_err(|source| ReadError::Array { path: item.shown_path(), source })?
        }
        (false, _) => {
            let numbers = cells.iter().map(|cell| match cell {
                Cell::Number(number) => *number,
                _ => f64::NAN,
            });
            item.from_vec(numbers.collect(), &[cells.len()])?
        }
    };
    Ok(CategoryList { array, missing })
}

/// What a `dtype` option names: `float32` for `numpy.float32`, `np.dtype("float32")`, `"float32"`.
pub(super) fn dtype_name(estimator: &Estimator<'_>) -> Result<String, ReadError> {
    let Some(item) = estimator.given("dtype") else { return Ok("float64".to_owned()) };
    Ok(match item.value() {
        Node::Global(global) => match global.name.as_ref() {
            "float" | "double" | "float_" => "float64".to_owned(),
            "single" => "float32".to_owned(),
            "int" | "int_" | "intp" | "long" => "int64".to_owned(),
            name => name.to_owned(),
        },
        _ => match item.text() {
            Ok(text) => text,
            Err(_) => {
                let dtype = item.source.document.dtype(item.node()).map_err(item.at())?;
                match dtype.notation().trim_start_matches(['<', '>', '=', '|']) {
                    "f8" => "float64".to_owned(),
                    "f4" => "float32".to_owned(),
                    "i8" => "int64".to_owned(),
                    "i4" => "int32".to_owned(),
                    other => other.to_owned(),
                }
            }
        },
    })
}

/// True for the types of whole numbers that hold every code.
pub(super) fn is_wide_integer(dtype: &str) -> bool {
    ["int64", "int32", "uint64", "uint32"].contains(&dtype)
}

/// The members of a set, list or tuple of texts.
pub(super) fn text_members(item: &Item<'_>) -> Result<Vec<String>, ReadError> {
    let members: Vec<Item<'_>> = match item.value() {
        Node::Set(members) => members_of_set(item, members)?,
        Node::FrozenSet(members) => members_of_set(item, members)?,
        _ => item.list()?,
    };
    members.iter().map(Item::text).collect()
}

fn members_of_set<'d>(item: &Item<'d>, nodes: &[NodeId]) -> Result<Vec<Item<'d>>, ReadError> {
    item.charge_work(nodes.len())?;
    let below = item.below();
    Ok(nodes.iter().map(|node| below.at(Step::Other("[...]".into()), *node)).collect())
}
