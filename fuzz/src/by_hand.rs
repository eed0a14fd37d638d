//! The models that the tests calculate by hand, as what is changed.

#[path = "../../tests/support/by_hand.rs"]
#[allow(dead_code)]
mod examples;

use deadweight::base::Parameters;

/// All of them.
pub fn parameters() -> Vec<Parameters> {
    examples::parameters()
}

/// Those of one kind.
pub fn of_kind(kind: &str) -> Vec<Parameters> {
    let mut all = parameters();
    all.retain(|parameters| parameters.kind() == kind);
    all
}
