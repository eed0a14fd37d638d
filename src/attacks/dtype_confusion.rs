//! An array whose bytes are of another type than its header says.

use super::*;

/// Doubles that are said to be singles.
pub const ATTACK: Attack = Attack {
    id: "dtype-confusion",
    title: "a dtype that does not fit the bytes",
    summary: "The header says four bytes a number where the file has eight. A loader that trusts the one length and \
              the other shape reads numbers that are none, or beyond the array.",
    severity: Severity::Medium,
    targets: Targets::Formats(&["safetensors", "npz"]),
    techniques: &[techniques::STORED_DATA_MANIPULATION],
    cwe: &[843, 130],
    references: &[
        Reference {
            title: "Audit shows that safetensors is safe and ready to become the default",
            url: "https://huggingface.co/blog/safetensors-security-audit",
        },
        Reference {
            title: "numpy documentation: the npy format",
            url: "https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html",
        },
    ],
    build,
    expected: Expected::Refused,
    quick: false,
};

fn build(_scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    if target.id() == "safetensors" {
        let header = r#"{"coef":{"dtype":"F32","shape":[1,2],"data_offsets":[0,16]}}"#;
        return Ok(data_file::safetensors(header, &data_file::coef()));
    }
    let array = payload::npy("'<f4'", "(1, 2)", &data_file::coef());
    payload::archive(&[("coef.npy", &array)])
        .map_err(|error| data_file::failed(ATTACK.id, target, error))
}
