//! Transformers that change the rows they are given, with `copy=False`.
//!
//! Side by side with others they change the rows of the next one, too: scikit-learn's answer then
//! depends on the order of the transformers. In a row of steps nobody sees the rows again.

use std::collections::HashSet;

use super::error::ReadError;
use super::item::Item;
use crate::pickle::Node;

/// Looks for `copy=False` in a transformer and all that it is made of.
///
/// # Errors
/// Names the transformer that has it.
pub(super) fn refuse(item: &Item<'_>) -> Result<(), ReadError> {
    let mut seen = HashSet::new();
    let mut waiting = vec![item.clone()];
    while let Some(item) = waiting.pop() {
        if !seen.insert(item.node()) {
            continue;
        }
        match item.value() {
            Node::List(_) | Node::Tuple(_) => waiting.extend(item.list()?),
            Node::Object(_) if item.class().is_some_and(|(module, _)| is_estimator(module)) => {
                let estimator = item.object()?;
                if !estimator.boolean_or("copy", true)? {
                    let supported = "True, where other transformers are given the same rows";
                    return Err(estimator.refuse("copy", "False", supported));
                }
                let parts = ["steps", "transformer_list", "transformers_", "best_estimator_"];
                waiting.extend(parts.iter().filter_map(|name| estimator.given(name)));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_estimator(module: &str) -> bool {
    module.starts_with("sklearn.")
}
