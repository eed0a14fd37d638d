//! A tree whose nodes point outside of it, and back to themselves.

use serde_json::json;

use super::*;

/// One child is far away, the other is its own parent.
pub const ATTACK: Attack = Attack {
    id: "index-poisoning",
    title: "a decision tree whose children point nowhere",
    summary: "The left child of the root is the node four billion, the right one is the root. A predictor that trusts \
              them reads memory that is not the model's, or never ends.",
    severity: Severity::High,
    targets: Targets::Formats(&["safetensors"]),
    techniques: &[
        techniques::APPLICATION_OR_SYSTEM_EXPLOITATION,
        techniques::ML_SUPPLY_CHAIN_COMPROMISE_MODEL,
    ],
    cwe: &[129, 125, 835],
    references: &[Reference {
        title: "CVE-2020-28975",
        url: "https://nvd.nist.gov/vuln/detail/CVE-2020-28975",
    }],
    build,
    expected: Expected::Inert,
    quick: false,
};

/// What stands in the file: name, dtype in the envelope and in the header, shape, bytes.
type Column = (&'static str, &'static str, &'static str, &'static [usize], Vec<u8>);

fn build(_scene: &Scene, _target: Target) -> Result<Vec<u8>, BuildError> {
    let columns: [Column; 6] = [
        ("tree_offsets", "u64", "U64", &[2], [0u64, 3].map(u64::to_le_bytes).concat()),
        ("threshold", "f64", "F64", &[3], data_file::bytes_of(&[0.5, 0.0, 0.0])),
        ("value", "f64", "F64", &[3, 1], data_file::bytes_of(&[0.0, 1.0, 2.0])),
        ("feature", "i32", "I32", &[3], [0i32, -1, -1].map(i32::to_le_bytes).concat()),
        ("left", "u32", "U32", &[3], [4_000_000_000u32, 0, 0].map(u32::to_le_bytes).concat()),
        ("right", "u32", "U32", &[3], [0u32, 0, 0].map(u32::to_le_bytes).concat()),
    ];
    let listed = columns.iter().map(|(name, dtype, _, shape, _)| json!([name, dtype, shape]));
    let envelope = json!({
        "version": 1,
        "kind": "decision_tree_regressor",
        "layout_version": 1,
        "metadata": {
            "comparator": "less_or_equal",
            "input_cast": "none",
            "missing": "right",
            "n_features": 1,
        },
        "arrays": listed.collect::<Vec<_>>(),
    });
    let mut header = json!({"__metadata__": {"deadweight": envelope.to_string()}});
    let mut data = Vec::new();
    for (name, _, dtype, shape, bytes) in columns {
        let start = data.len();
        data.extend(bytes);
        let offsets = [start, data.len()];
        header[name] = json!({"dtype": dtype, "shape": shape, "data_offsets": offsets});
    }
    Ok(data_file::safetensors(&header.to_string(), &data))
}
