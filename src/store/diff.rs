//! What differs between two versions: arrays, hyper-parameters, metrics, predictions.

use std::collections::{BTreeMap, BTreeSet};

use super::{Loaded, StoreError};
use crate::base::{Array, DType, Element, Metadata, Value};
use crate::models::{Predictions, Rows};

/// Two values of one name; `None` where one of the versions has none.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair<T> {
    /// The name.
    pub name: String,
    /// Of the first version.
    pub a: Option<T>,
    /// Of the second.
    pub b: Option<T>,
}

/// An array that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrayDifference {
    /// Its name.
    pub name: String,
    /// Its type and shape in each, as in `f64 (2, 3)`.
    pub shapes: Pair<String>,
    /// Where both have one type and shape: elements that differ in a bit.
    pub elements: Option<usize>,
    /// Where these are numbers: the largest difference.
    pub largest: Option<f64>,
}

/// How the predictions of the same rows differ.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionDifference {
    /// How many rows were predicted.
    pub rows: usize,
    /// How many of them got another prediction.
    pub differing: usize,
    /// Where predictions are numbers: the largest difference.
    pub largest: Option<f64>,
}

/// What differs between two versions. Empty lists: nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Fields of the manifest: kind, content, origin and others.
    pub fields: Vec<Pair<String>>,
    /// Arrays, in order of names.
    pub arrays: Vec<ArrayDifference>,
    /// How many arrays are the same to the bit.
    pub equal_arrays: usize,
    /// Hyper-parameters.
    pub hyper_parameters: Vec<Pair<Value>>,
    /// Metrics.
    pub metrics: Vec<Pair<f64>>,
    /// Predictions, where rows were given.
    pub predictions: Option<PredictionDifference>,
}

/// Compares two versions that were loaded; with `rows` what they predict, too.
///
/// # Errors
/// When one of them cannot predict the rows.
pub fn difference(
    a: &Loaded,
    b: &Loaded,
    rows: Option<Rows<'_>>,
) -> Result<Difference, StoreError> {
    let predictions = match rows {
        None => None,
        Some(rows) => Some(predictions(&a.predict(rows)?, &b.predict(rows)?)),
    };
    let names: BTreeSet<&str> =
        a.parameters.arrays().chain(b.parameters.arrays()).map(|(name, _)| name).collect();
    let mut arrays = Vec::new();
    let mut equal_arrays = 0;
    for name in names {
        match array(name, a.parameters.get(name), b.parameters.get(name)) {
            None => equal_arrays += 1,
            Some(different) => arrays.push(different),
        }
    }
    let (empty_a, empty_b) = (Metadata::new(), Metadata::new());
    let map = |value: &Value, empty: &Metadata| match value {
        Value::Map(map) => map.clone(),
        _ => empty.clone(),
    };
    let parameters_a = map(&a.manifest.hyper_parameters, &empty_a);
    let parameters_b = map(&b.manifest.hyper_parameters, &empty_b);
    let hyper_parameters = pairs(parameters_a.iter(), parameters_b.iter(), Value::bits_equal);
    let (metrics_a, metrics_b) = (&a.manifest.metrics.0, &b.manifest.metrics.0);
    let metrics = pairs(metrics_a.iter(), metrics_b.iter(), |a, b| a.to_bits() == b.to_bits());
    Ok(Difference {
        fields: fields(a, b),
        arrays,
        equal_arrays,
        hyper_parameters,
        metrics,
        predictions,
    })
}

/// The fields that differ wherever two models do are left out: number, hash, time.
fn fields(a: &Loaded, b: &Loaded) -> Vec<Pair<String>> {
    let listed = |loaded: &Loaded| {
        let manifest = &loaded.manifest;
        let origin = &manifest.origin;
        [
            ("kind", Some(manifest.kind.clone())),
            ("layout_version", Some(manifest.layout_version.to_string())),
            ("content", Some(manifest.content.clone())),
            ("dataset_sha256", manifest.dataset_sha256.clone()),
            ("seed", manifest.seed.map(|seed| seed.to_string())),
            ("origin.library", origin.library.clone()),
            ("origin.version", origin.version.clone()),
            ("origin.format", Some(origin.format.clone())),
        ]
    };
    let both = listed(a).into_iter().zip(listed(b));
    let different = both.filter(|((_, a), (_, b))| a != b);
    different.map(|((name, a), (_, b))| Pair { name: name.to_owned(), a, b }).collect()
}

/// Of iterators, since on macOS other crates add so many ways to become one that the compiler gives up on a
/// map of any type.
fn pairs<'m, T: Clone + 'm>(
    a: impl Iterator<Item = (&'m String, &'m T)>,
    b: impl Iterator<Item = (&'m String, &'m T)>,
    same: impl Fn(&T, &T) -> bool,
) -> Vec<Pair<T>> {
    let (a, b): (BTreeMap<&String, &T>, BTreeMap<&String, &T>) = (a.collect(), b.collect());
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).copied().collect();
    let mut different = Vec::new();
    for name in names {
        let (a, b) = (a.get(name).copied(), b.get(name).copied());
        if let (Some(a), Some(b)) = (a, b)
            && same(a, b)
        {
            continue;
        }
        different.push(Pair { name: name.clone(), a: a.cloned(), b: b.cloned() });
    }
    different
}

fn array(name: &str, a: Option<&Array>, b: Option<&Array>) -> Option<ArrayDifference> {
    if let (Some(a), Some(b)) = (a, b)
        && a.bits_equal(b)
    {
        return None;
    }
    let shape = |array: &Array| format!("{} {:?}", array.dtype(), array.shape());
    let shapes = Pair { name: name.to_owned(), a: a.map(shape), b: b.map(shape) };
    let mut difference =
        ArrayDifference { name: name.to_owned(), shapes, elements: None, largest: None };
    if let (Some(a), Some(b)) = (a, b)
        && a.dtype() == b.dtype()
        && a.shape() == b.shape()
    {
        let (elements, largest) = elements(a, b);
        difference.elements = Some(elements);
        difference.largest = largest;
    }
    Some(difference)
}

/// How many elements differ in a bit, and by how much at most, where they are numbers.
fn elements(a: &Array, b: &Array) -> (usize, Option<f64>) {
    fn numbers<T: Element>(a: &Array, b: &Array, float: impl Fn(T) -> f64) -> (usize, Option<f64>) {
        let (Ok(a), Ok(b)) = (a.as_slice::<T>(), b.as_slice::<T>()) else { return (0, None) };
        let different = |(a, b): &(&T, &T)| bytemuck::bytes_of(*a) != bytemuck::bytes_of(*b);
        let different = a.iter().zip(b).filter(different);
        let (count, largest) = different.fold((0, 0.0f64), |(count, largest), (a, b)| {
            (count + 1, largest.max((float(*a) - float(*b)).abs()))
        });
        (count, Some(largest))
    }
    match a.dtype() {
        DType::F64 => numbers::<f64>(a, b, |v| v),
        DType::F32 => numbers::<f32>(a, b, f64::from),
        DType::F16 => numbers::<half::f16>(a, b, f64::from),
        DType::Bf16 => numbers::<half::bf16>(a, b, f64::from),
        DType::I64 => numbers::<i64>(a, b, |v| v as f64),
        DType::I32 => numbers::<i32>(a, b, f64::from),
        DType::I16 => numbers::<i16>(a, b, f64::from),
        DType::I8 => numbers::<i8>(a, b, f64::from),
        DType::U64 => numbers::<u64>(a, b, |v| v as f64),
        DType::U32 => numbers::<u32>(a, b, f64::from),
        DType::U16 => numbers::<u16>(a, b, f64::from),
        DType::U8 => numbers::<u8>(a, b, f64::from),
        DType::Bool => {
            let (a, b) = (a.as_bytes(), b.as_bytes());
            (a.iter().zip(b).filter(|(a, b)| a != b).count(), None)
        }
        DType::Text => {
            let (a, b) = (a.texts().unwrap_or_default(), b.texts().unwrap_or_default());
            (a.iter().zip(&b).filter(|(a, b)| a != b).count(), None)
        }
    }
}

/// How the predictions of the same rows differ.
fn predictions(a: &Predictions, b: &Predictions) -> PredictionDifference {
    let rows = a.len();
    let mut differing = vec![false; rows];
    let mut largest: Option<f64> = None;
    mark(a, b, &mut differing, &mut largest);
    let differing = differing.into_iter().filter(|differs| *differs).count();
    PredictionDifference { rows, differing, largest }
}

fn mark(a: &Predictions, b: &Predictions, differing: &mut [bool], largest: &mut Option<f64>) {
    fn each<T: PartialEq>(a: &[T], b: &[T], differing: &mut [bool]) {
        for ((a, b), differs) in a.iter().zip(b).zip(differing) {
            *differs |= a != b;
        }
    }
    match (a, b) {
        (Predictions::Integers(a), Predictions::Integers(b)) => each(a, b, differing),
        (Predictions::Texts(a), Predictions::Texts(b)) => each(a, b, differing),
        (Predictions::Booleans(a), Predictions::Booleans(b)) => each(a, b, differing),
        (Predictions::Values(a), Predictions::Values(b)) if a.dim() == b.dim() => {
            for ((a, b), differs) in a.rows().into_iter().zip(b.rows()).zip(differing) {
                for (a, b) in a.iter().zip(b).filter(|(a, b)| a.to_bits() != b.to_bits()) {
                    *differs = true;
                    *largest = Some(largest.unwrap_or(0.0).max((a - b).abs()));
                }
            }
        }
        (Predictions::Outputs(a), Predictions::Outputs(b)) if a.len() == b.len() => {
            // One level: outputs have no outputs.
            for (a, b) in a.iter().zip(b) {
                match (a, b) {
                    (Predictions::Outputs(_), _) | (_, Predictions::Outputs(_)) => {
                        differing.fill(true)
                    }
                    (Predictions::Integers(a), Predictions::Integers(b)) => each(a, b, differing),
                    (Predictions::Texts(a), Predictions::Texts(b)) => each(a, b, differing),
                    (Predictions::Booleans(a), Predictions::Booleans(b)) => each(a, b, differing),
                    (a, b) if a.bits_equal(b) => {}
                    _ => differing.fill(true),
                }
            }
        }
        // Of different sorts: no row is the same.
        _ => differing.fill(true),
    }
}
