//! Two arrays over the same bytes of the file.

use super::*;

/// The intercept lies inside the coefficients.
pub const ATTACK: Attack = Attack {
    id: "overlapping-tensors",
    title: "two arrays that share their bytes",
    summary: "Two arrays of the header claim the same bytes. With many such arrays a small file asks for any amount \
              of memory; with two, whoever changes one changes the other.",
    severity: Severity::Medium,
    targets: Targets::Formats(&["safetensors", "raw"]),
    techniques: &[techniques::APPLICATION_OR_SYSTEM_EXPLOITATION],
    cwe: &[130, 409],
    references: &[
        Reference {
            title: "Audit shows that safetensors is safe and ready to become the default",
            url: "https://huggingface.co/blog/safetensors-security-audit",
        },
        Reference {
            title: "safetensors: the format and its benefits",
            url: "https://github.com/huggingface/safetensors",
        },
    ],
    build,
    expected: Expected::Refused,
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    if target.id() == "safetensors" {
        let header = concat!(
            r#"{"coef":{"dtype":"F64","shape":[1,2],"data_offsets":[0,16]},"#,
            r#""intercept":{"dtype":"F64","shape":[1],"data_offsets":[8,16]}}"#,
        );
        return Ok(data_file::safetensors(header, &data_file::coef()));
    }
    raw(&scene.valid).ok_or_else(|| data_file::unlike(ATTACK.id, target))
}

/// A raw file: length of the header at 8, its hash at 16, the header at 24, then the arrays from the
/// next multiple of 64. The hash is made to fit.
fn raw(valid: &[u8]) -> Option<Vec<u8>> {
    let length = usize::try_from(u64::from_le_bytes(valid.get(8..16)?.try_into().ok()?)).ok()?;
    let mut header: serde_json::Value =
        serde_json::from_slice(valid.get(24..24usize.checked_add(length)?)?).ok()?;
    let second = header.get_mut("arrays")?.get_mut(1)?;
    *second.get_mut(3)? = 0.into();
    *second.get_mut(4)? = 8.into();
    let header = header.to_string().into_bytes();
    let mut bytes = valid.get(..8)?.to_vec();
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(xxhash_rust::xxh3::xxh3_64(&header).to_le_bytes());
    bytes.extend(header);
    bytes.resize(bytes.len().next_multiple_of(64), 0);
    bytes.extend(data_file::coef());
    Some(bytes)
}
