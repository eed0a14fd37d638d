//! Steps that hand float32 to the next one.
//!
//! Rows are float64 here, which holds every float32 exactly. What matters is whether the step behind
//! calculates in single precision because of it: then it must be known how, or it is refused.

use super::categories::dtype_name;
use super::error::ReadError;
use super::item::Item;
use crate::base::{DType, Parameters};

/// Classes whose option `dtype` is the type of their result.
const CASTING: &[&str] = &["CountVectorizer", "TfidfVectorizer", "OneHotEncoder", "OrdinalEncoder"];
/// Transformers that keep the type of what they are given.
const KEEPING: &[&str] = &["TfidfTransformer", "FunctionTransformer"];
/// Compositions whose result is single when all of their parts are; one float64 makes it double.
const COMPOSED: &[&str] = &["ColumnTransformer", "FeatureUnion", "Pipeline"];

/// True when the result of a step is of single precision; `single` says that its rows are.
pub(super) fn gives_single(item: &Item<'_>, single: bool) -> Result<bool, ReadError> {
    let Some((_, class)) = item.class() else { return Ok(single) };
    if CASTING.contains(&class) {
        return Ok(dtype_name(&item.object()?)? == "float32");
    }
    if !COMPOSED.contains(&class) {
        return Ok(single && KEEPING.contains(&class));
    }
    // One look inside: what is composed of compositions counts as single when it may be.
    let estimator = item.object()?;
    let list = ["transformers_", "transformer_list", "steps"];
    let Some(list) = list.iter().find_map(|name| estimator.given(name)) else { return Ok(false) };
    let parts = list.list()?;
    let mut inside = Vec::new();
    for part in &parts {
        if let [_, part, ..] = part.list()?.as_slice() {
            inside.push(match part.class() {
                Some((_, class)) if CASTING.contains(&class) => {
                    dtype_name(&part.object()?)? == "float32"
                }
                Some((_, class)) => KEEPING.contains(&class) || COMPOSED.contains(&class),
                None => true,
            });
        }
    }
    let casts = |part: &Item<'_>| {
        let members = part.list().unwrap_or_default();
        let class = members.get(1).and_then(Item::class);
        class.is_some_and(|(_, class)| CASTING.contains(&class))
    };
    Ok(match class {
        "Pipeline" => inside.last().copied().unwrap_or(false) && (single || inside.contains(&true)),
        _ => inside.iter().all(|single| *single) && (single || parts.iter().any(casts)),
    })
}

/// Kinds that compare in single precision whatever they are given.
const INDIFFERENT: &[&str] = &["tree", "forest", "boosting", "identity"];

/// Makes a step ready for rows of single precision.
pub(super) fn receive(item: &Item<'_>, child: &mut Parameters) -> Result<(), ReadError> {
    let kind = child.kind().to_owned();
    if INDIFFERENT.iter().any(|part| kind.contains(part)) {
        return Ok(());
    }
    let estimator = item.object()?;
    if kind == "tfidf_transformer" {
        let sublinear = child.boolean("sublinear_tf").unwrap_or(true);
        if !sublinear {
            child.set("precision", "f32");
            return Ok(());
        }
    }
    // Products with float64 are float64: only coefficients of single precision make a difference.
    let linear = kind.contains("linear") || kind.contains("logistic") || kind.contains("support");
    if linear {
        let single = |item: Item<'_>| {
            item.is_array()
                && item.array().is_ok_and(|array| array.neutral_dtype() == Some(DType::F32))
        };
        if !["coef_", "_dual_coef_", "dual_coef_", "support_vectors_"]
            .iter()
            .filter_map(|name| estimator.given(name))
            .any(single)
        {
            return Ok(());
        }
    }
    Err(estimator.refuse("dtype", "float32 of the step before", "float64"))
}
