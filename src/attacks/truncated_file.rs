//! Half of a file: a download that broke off, or was made to.

use super::*;

/// The second half is missing.
pub const ATTACK: Attack = Attack {
    id: "truncated-file",
    title: "a file that breaks off in the middle",
    summary: "The first half of a valid file. A loader that trusts the lengths in it reads beyond its end, or fills \
              what is missing with whatever the memory holds.",
    severity: Severity::Low,
    targets: Targets::EveryFormat,
    techniques: &[techniques::APPLICATION_OR_SYSTEM_EXPLOITATION],
    cwe: &[125, 130],
    references: &[Reference {
        title: "RFC 8949, 5.3: invalid items, among them those that end too early",
        url: "https://www.rfc-editor.org/rfc/rfc8949#section-5.3",
    }],
    build,
    expected: Expected::Refused,
    quick: false,
};

fn build(scene: &Scene, _target: Target) -> Result<Vec<u8>, BuildError> {
    Ok(scene.valid.iter().copied().take(scene.valid.len() / 2).collect())
}
