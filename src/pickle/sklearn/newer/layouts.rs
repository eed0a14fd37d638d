//! Nodes of trees, whose structure in memory is their structure in the file: compiled code takes no
//! other.

use super::{Concern, Effect, Rule};
use crate::pickle::numpy::Dtype;
use crate::pickle::sklearn::{Estimator, Version};

/// The structure of the nodes, where there are any.
fn nodes(estimator: &Estimator<'_>) -> Option<Dtype> {
    let nodes = estimator.get("nodes")?;
    Some(nodes.array().ok()?.dtype().clone())
}

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "tree-nodes",
        effect: Effect::LoadFails,
        concern: Concern::Object {
            classes: &["Tree"],
            holds: |tree| nodes(tree).is_some_and(|nodes| nodes.field(MISSING).is_none()),
        },
        since: Version(1, 3, 0),
        until: None,
        why: "the nodes of trees have a field missing_go_to_left since 1.3, and Tree takes no others",
    },
    Rule {
        id: "histogram-nodes-missing",
        effect: Effect::PredictFails,
        concern: Concern::Object {
            classes: &["TreePredictor"],
            holds: |tree| nodes(tree).is_some_and(|nodes| nodes.field(MISSING).is_none()),
        },
        since: Version(0, 22, 0),
        until: Some(Version(0, 23, 0)),
        why: "the nodes of histogram boosting have a field missing_go_to_left since 0.22",
    },
    Rule {
        id: "histogram-nodes-feature",
        effect: Effect::PredictFails,
        concern: Concern::Object {
            classes: &["TreePredictor"],
            holds: |tree| {
                let nodes = nodes(tree);
                let feature = nodes.as_ref().and_then(|nodes| nodes.field("feature_idx"));
                feature.is_some_and(|field| field.dtype.item_size == 4)
            },
        },
        since: Version(1, 3, 0),
        until: Some(Version(1, 3, 0)),
        why: "the nodes of histogram boosting count features in 64 bits since 1.3, in 32 before",
    },
];

const MISSING: &str = "missing_go_to_left";
