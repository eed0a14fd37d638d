//! Vectorizers of texts: `sklearn/feature_extraction/text.py`.

use super::Estimator;
use super::categories::{dtype_name, text_members};
use super::error::ReadError;
use super::item::Item;
use super::registry::Class;
use super::scaling::set_width;
use super::version::Version;
use crate::base::{Array, DType, Metadata, Parameters};
use crate::pickle::Node;

const PACKAGE: &str = "sklearn.feature_extraction";

pub(super) const CLASSES: &[Class] = &[
    (PACKAGE, "CountVectorizer", count),
    (PACKAGE, "TfidfVectorizer", tfidf),
    (PACKAGE, "TfidfTransformer", transformer),
];

/// The words of `stop_words="english"`, the same in every version from 0.20 to 1.9, from
/// `sklearn/feature_extraction/_stop_words.py`.
const ENGLISH: &str = include_str!("english_stop_words.txt");

/// Since then combining characters are taken off texts that were decomposed already, too.
const STRIPS_DECOMPOSED: Version = Version(0, 22, 0);

/// Since then weights are multiplied where the counts stand. Before, the product with a diagonal
/// matrix left each row's columns in falling order (scipy's `csr_matmat`).
pub(super) const KEEPS_ORDER: Version = Version(1, 5, 0);

/// What a text is cut into, and which terms are counted.
fn put_terms(estimator: &Estimator<'_>, parameters: &mut Parameters) -> Result<(), ReadError> {
    let input = estimator.text_or("input", "content")?;
    if input != "content" {
        return Err(estimator.refuse("input", input, "content"));
    }
    for option in ["preprocessor", "tokenizer"] {
        if estimator.given(option).is_some() {
            return Err(estimator.refuse(option, estimator.shown(option), "None"));
        }
    }
    let analyzer = estimator.attribute("analyzer")?.text().unwrap_or_default();
    if !["word", "char", "char_wb"].contains(&analyzer.as_str()) {
        let shown = estimator.shown("analyzer");
        return Err(estimator.refuse("analyzer", shown, "word, char, char_wb"));
    }
    put_vocabulary(estimator, parameters)?;
    if analyzer == "word" {
        put_stop_words(estimator, parameters)?;
    }
    let range = estimator.attribute("ngram_range")?;
    match range.list()?.as_slice() {
        [least, most] => {
            let (least, most) = (least.integer()?, most.integer()?);
            if least < 1 || most < least {
                let found = format!("({least}, {most})");
                return Err(estimator.refuse("ngram_range", found, "from 1 on, the least first"));
            }
            parameters.set("ngram_min", least);
            parameters.set("ngram_max", most);
        }
        _ => return Err(range.expected("a pair of whole numbers")),
    }
    let pattern = match analyzer.as_str() {
        "word" => estimator.attribute("token_pattern")?.text()?,
        // It is not used.
        _ => estimator.text_or("token_pattern", "")?,
    };
    parameters.set("analyzer", analyzer);
    parameters.set("token_pattern", pattern);
    parameters.set("lowercase", estimator.boolean_or("lowercase", true)?);
    parameters.set("strip_accents", strip_accents(estimator)?);
    parameters.set("binary", estimator.boolean_or("binary", false)?);
    Ok(())
}

fn strip_accents(estimator: &Estimator<'_>) -> Result<&'static str, ReadError> {
    let Some(item) = estimator.given("strip_accents") else { return Ok("none") };
    Ok(match item.text().unwrap_or_default().as_str() {
        "ascii" => "ascii",
        "unicode" => match estimator.version("which accents are taken off")? {
            version if version < STRIPS_DECOMPOSED => "unicode_if_changed",
            _ => "unicode",
        },
        _ => {
            let shown = estimator.shown("strip_accents");
            return Err(estimator.refuse("strip_accents", shown, "None, ascii, unicode"));
        }
    })
}

/// `vocabulary_` is a dict of columns by term; a vocabulary that was given and never fitted may be a
/// dict, a list or a set.
fn put_vocabulary(estimator: &Estimator<'_>, parameters: &mut Parameters) -> Result<(), ReadError> {
    let (name, item) = match (estimator.given("vocabulary_"), estimator.given("vocabulary")) {
        (Some(item), _) => ("vocabulary_", item),
        (None, Some(item)) => ("vocabulary", item),
        (None, None) => ("vocabulary_", estimator.attribute("vocabulary_")?),
    };
    let terms = match item.value() {
        Node::List(_) | Node::Tuple(_) => text_members(&item)?,
        Node::Set(_) | Node::FrozenSet(_) => {
            let mut terms = text_members(&item)?;
            terms.sort_unstable();
            terms
        }
        _ => terms_by_column(&item)?,
    };
    let array = Array::from_texts(&terms, &[terms.len()])
        .map_err(|source| ReadError::Array { path: item.shown_path(), source })?;
    parameters.insert("vocabulary", array).map_err(|source| estimator.wrong(source))?;
    let mut kept = Metadata::new();
    kept.insert("type".into(), "columns by term".into());
    kept.insert("name".into(), "vocabulary".into());
    if matches!(item.value(), Node::Dict(_)) {
        estimator.keep(name, super::Kept::Value(kept.into()));
    }
    Ok(())
}

fn terms_by_column(item: &Item<'_>) -> Result<Vec<String>, ReadError> {
    let entries = item.entries()?;
    let mut terms: Vec<Option<String>> = vec![None; entries.len()];
    for (term, column) in &entries {
        let number = column.count()?;
        match terms.get_mut(number) {
            Some(place @ None) => *place = Some(term.text()?),
            Some(Some(_)) => return Err(column.found("a column for each term", "one for two")),
            None => {
                let expected = format!("a column below {}, the number of terms", entries.len());
                return Err(column.found(expected, number.to_string()));
            }
        }
    }
    Ok(terms.into_iter().flatten().collect())
}

fn put_stop_words(estimator: &Estimator<'_>, parameters: &mut Parameters) -> Result<(), ReadError> {
    let Some(item) = estimator.given("stop_words") else { return Ok(()) };
    let words: Vec<String> = match item.text() {
        Ok(language) if language == "english" => ENGLISH.lines().map(str::to_owned).collect(),
        Ok(other) => return Err(estimator.refuse("stop_words", other, "None, english, a list")),
        Err(_) => text_members(&item)?,
    };
    let array = Array::from_texts(&words, &[words.len()])
        .map_err(|source| ReadError::Array { path: item.shown_path(), source })?;
    parameters.insert("stop_words", array).map_err(|source| estimator.wrong(source))
}

fn count(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("count_vectorizer");
    put_terms(estimator, &mut parameters)?;
    let dtype = dtype_name(estimator)?;
    if !["int64", "float64", "float32", "int32", "uint64", "uint32"].contains(&dtype.as_str()) {
        // Narrow types wrap around.
        return Err(estimator.refuse("dtype", dtype, "int64, int32, float64, float32"));
    }
    Ok(parameters)
}

fn tfidf(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("tfidf_vectorizer");
    put_terms(estimator, &mut parameters)?;
    let single = match dtype_name(estimator)?.as_str() {
        "float32" => true,
        "float64" | "int64" | "int32" => false,
        other => return Err(estimator.refuse("dtype", other, "float64, float32")),
    };
    let weights = estimator.attribute("_tfidf")?.object()?;
    put_weights(&weights, &mut parameters, single)?;
    Ok(parameters)
}

fn transformer(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let mut parameters = estimator.parameters("tfidf_transformer");
    let width = put_weights(estimator, &mut parameters, false)?;
    set_width(estimator, &mut parameters, width)?;
    Ok(parameters)
}

/// The weights of terms, and how rows are normalized. `single` says that counts are float32.
fn put_weights(
    estimator: &Estimator<'_>,
    parameters: &mut Parameters,
    single: bool,
) -> Result<Option<usize>, ReadError> {
    let norm = match estimator.given("norm") {
        None => "none".to_owned(),
        Some(norm) => norm.text()?,
    };
    if !["none", "l1", "l2"].contains(&norm.as_str()) {
        return Err(estimator.refuse("norm", norm, "None, l1, l2"));
    }
    let sublinear = estimator.boolean_or("sublinear_tf", false)?;
    if single && sublinear {
        // The logarithm of single precision is numpy's own, and not rounded correctly.
        return Err(estimator.refuse("sublinear_tf", "True", "False with dtype=float32"));
    }
    parameters.set("norm", norm);
    parameters.set("sublinear_tf", sublinear);
    let mut precision = if single { "f32" } else { "f64" };
    let mut width = None;
    // Since 1.5 the weights are an array, used whenever it is there; before that a diagonal matrix,
    // which newer versions do not look at.
    let weights = match estimator.given("idf_") {
        Some(item) => Some((item.floats(1)?, true, "idf_")),
        None if !estimator.boolean_or("use_idf", true)? => None,
        None => {
            let matrix = estimator.attribute("_idf_diag")?;
            if estimator.version("what _idf_diag means")? >= KEEPS_ORDER {
                let found = "_idf_diag of a version before 1.5, saved again by a later one, which does not use it";
                return Err(estimator.item().found("weights in idf_", found));
            }
            let (weights, narrow) = diagonal(&matrix)?;
            Some((weights, narrow, "_idf_diag"))
        }
    };
    if let Some((weights, narrow, attribute)) = weights {
        if falls(estimator)? {
            parameters.set("norm_order", "descending");
        }
        if single && !narrow {
            // A matrix of float64 makes the product float64, and all that follows.
            precision = "f64";
        }
        width = Some(weights.element_count());
        match attribute {
            "idf_" => estimator.put(parameters, "idf", attribute, weights)?,
            _ => parameters.insert("idf", weights).map_err(|source| estimator.wrong(source))?,
        }
    }
    parameters.set("precision", precision);
    Ok(width)
}

/// True when the rows of a fitted tf-idf transformer come with their columns in falling order.
pub(super) fn falls(weights: &Estimator<'_>) -> Result<bool, ReadError> {
    let weighs = weights.given("idf_").is_some() || weights.boolean_or("use_idf", true)?;
    Ok(weighs && weights.version("the order in which a row's norm is summed")? < KEEPS_ORDER)
}

/// The diagonal of a sparse matrix that has nothing else (CSR, CSC or DIA), and whether it is of
/// single precision.
fn diagonal(item: &Item<'_>) -> Result<(Array, bool), ReadError> {
    let matrix = item.object()?;
    let data = matrix.attribute("data")?;
    let narrow = data.array()?.neutral_dtype() == Some(DType::F32);
    let array = data.array()?;
    let wrong = |found: String| item.found("a diagonal matrix", found);
    if let Some(offsets) = matrix.given("offsets") {
        let offsets = offsets.integers(1)?;
        let path = || item.shown_path();
        let is_main = offsets.as_slice::<i64>().is_ok_and(|offsets| offsets == [0]);
        if !is_main || array.shape().len() != 2 {
            return Err(wrong("other diagonals".to_owned()));
        }
        let weights = data.floats(2)?;
        let length = weights.element_count();
        let weights = weights.reshaped(&[length]);
        return Ok((weights.map_err(|source| ReadError::Array { path: path(), source })?, narrow));
    }
    let weights = data.floats(1)?;
    let length = weights.element_count();
    for (name, count) in [("indices", length), ("indptr", length.saturating_add(1))] {
        let places = matrix.attribute(name)?.integers(1)?;
        let in_order = places.as_slice::<i64>().is_ok_and(|places| {
            places.len() == count
                && (0i64..).zip(places).all(|(expected, found)| expected == *found)
        });
        if !in_order {
            return Err(wrong(format!("{name} of another")));
        }
    }
    Ok((weights, narrow))
}
