//! One array name twice: the reader that checks takes the first, the reader that loads takes the last.

use super::data_file::Member;
use super::*;

/// Two arrays called `coef`.
pub const ATTACK: Attack = Attack {
    id: "duplicate-keys",
    title: "one array name that stands twice",
    summary: "Two arrays have the same name and other numbers. A scanner that keeps the first and a loader that keeps \
              the last see two models in one file.",
    severity: Severity::Medium,
    targets: Targets::Formats(&["json", "json-elements", "safetensors", "npz"]),
    techniques: &[techniques::STORED_DATA_MANIPULATION],
    cwe: &[436, 694],
    references: &[
        Reference {
            title: "An Exploration of JSON Interoperability Vulnerabilities",
            url: "https://bishopfox.com/blog/json-interoperability-vulnerabilities",
        },
        Reference {
            title: "Audit shows that safetensors is safe and ready to become the default",
            url: "https://huggingface.co/blog/safetensors-security-audit",
        },
    ],
    build,
    expected: Expected::Refused,
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let coef = data_file::coef();
    match target.id() {
        // Both fit the bytes, so that the file is whole whichever of them is kept.
        "safetensors" => Ok(data_file::safetensors(
            concat!(
                r#"{"coef":{"dtype":"F64","shape":[1,2],"data_offsets":[0,16]},"#,
                r#""coef":{"dtype":"I64","shape":[2,1],"data_offsets":[0,16]}}"#,
            ),
            &coef,
        )),
        "npz" => {
            let array = |shape| Member::stored("coef.npy", payload::npy("'<f8'", shape, &coef));
            Ok(data_file::zip(&[array("(1, 2)"), array("(2, 1)")]))
        }
        _ => data_file::replaced(&scene.valid, br#""intercept""#, br#""coef""#)
            .ok_or_else(|| data_file::unlike(ATTACK.id, target)),
    }
}
