//! Steps whose rows are sparse, and in which order the values of a row stand.
//!
//! scikit-learn sums squares and products in the order in which a sparse row holds its values. The
//! last bit of a sum depends on it, and where two training rows are equally near, the last bit
//! decides which of them is a neighbour.

use super::error::ReadError;
use super::item::Item;
use super::text;
use crate::base::Parameters;

/// The order of the columns in the rows that a step makes of texts or counts; `None` for all other
/// steps.
pub(super) fn gives(item: &Item<'_>) -> Result<Option<&'static str>, ReadError> {
    let weights = match item.class() {
        Some((_, "CountVectorizer")) => return Ok(Some("ascending")),
        Some((_, "TfidfTransformer")) => item.object()?,
        Some((_, "TfidfVectorizer")) => item.object()?.attribute("_tfidf")?.object()?,
        _ => return Ok(None),
    };
    Ok(Some(if text::falls(&weights)? { "descending" } else { "ascending" }))
}

/// Tells a step what the rows are that it will be given.
pub(super) fn receive(order: Option<&'static str>, child: &mut Parameters) {
    let by_products = matches!(child.text("metric"), Ok("euclidean_by_products"));
    if let Some(order) = order.filter(|_| by_products) {
        child.set("row_order", order);
    }
}
