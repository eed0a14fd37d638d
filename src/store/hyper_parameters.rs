//! What a model was trained with, as far as its parameters tell.
//!
//! scikit-learn's estimators keep the arguments of their constructor as attributes without an
//! underscore at either end. Those of models inside models are called `scaler__with_mean`, as
//! scikit-learn does.

use crate::base::{Metadata, Parameters, Value};

/// Where content `full` keeps the attributes of the Python object.
const ATTRIBUTES: &str = "attributes";
/// Most hyper-parameters that are listed.
const MOST: usize = 1000;
/// Longest text of one.
const MAX_TEXT: usize = 1000;

/// Plain values by name, in the order in which they stand.
pub(super) fn of(parameters: &Parameters) -> Metadata {
    let mut found = Metadata::new();
    // Models inside models as a list of what is still to be looked at.
    let mut waiting = vec![(String::new(), parameters.metadata())];
    while let Some((prefix, metadata)) = waiting.pop() {
        if let Some(Value::Map(attributes)) = metadata.get(ATTRIBUTES) {
            for (name, value) in attributes {
                let own = !name.starts_with('_') && !name.ends_with('_');
                if own && is_plain(value) && found.len() < MOST {
                    found.insert(format!("{prefix}{name}"), value.clone());
                }
            }
        }
        for value in metadata.values().rev() {
            let Value::List(children) = value else { continue };
            for child in children.iter().rev() {
                let Value::Map(child) = child else { continue };
                if let (Some(Value::Text(name)), Some(Value::Map(metadata))) =
                    (child.get("name"), child.get("metadata"))
                    && prefix.len() <= MAX_TEXT
                {
                    waiting.push((format!("{prefix}{name}__"), metadata));
                }
            }
        }
    }
    found
}

fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) => true,
        Value::Text(text) => text.len() <= MAX_TEXT,
        Value::List(_) | Value::Map(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: Vec<(&str, Value)>) -> Metadata {
        entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    #[test]
    fn arguments_are_listed_and_what_was_fitted_is_not() {
        let scaler = map(vec![(ATTRIBUTES, map(vec![("with_mean", true.into())]).into())]);
        let step =
            map(vec![("name", "scaler".into()), ("kind", "x".into()), ("metadata", scaler.into())]);
        let attributes = map(vec![
            ("C", Value::Float(0.5)),
            ("n_iter_", Value::Integer(3)),
            ("_private", Value::Integer(3)),
            ("classes", Value::List(vec![])),
            ("random_state", Value::Null),
        ]);
        let parameters = Parameters::new("pipeline", 1)
            .with(ATTRIBUTES, attributes)
            .with("steps", vec![Value::Map(step)]);
        let found = of(&parameters);
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["C", "random_state", "scaler__with_mean"]);
    }
}
